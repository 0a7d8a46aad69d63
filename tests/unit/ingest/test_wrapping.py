"""Signed, encrypted, packed and partial mail, and what is shown in place of its text (MAIL.md P7, P12)."""

from maild.ingest.parse import parse_message
from maild.ingest.placeholder import placeholder
from maild.message import InboundMessage, Wrapping

ENVELOPED = bytes.fromhex("308006092a864886f70d010703a080")
SIGNED = bytes.fromhex("308006092a864886f70d010702a080")


def a_leaf(kind: str, content: bytes = b"xx") -> InboundMessage:
    return parse_message(f"Content-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n".encode() + content)


def a_multipart(kind: str, *parts: str) -> InboundMessage:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return parse_message(f"Content-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n".encode())


def check(message: InboundMessage, *wrappings: Wrapping) -> None:
    assert message.wrappings == wrappings


PLAIN = "Content-Type: text/plain\n\nhello"


def test_detached_signatures_are_told_apart():
    check(a_multipart('signed; protocol="application/pgp-signature"', PLAIN, "\nx"), Wrapping.PGP_SIGNED)
    check(a_multipart("signed; protocol=application/pkcs7-signature", PLAIN, "\nx"), Wrapping.SMIME_SIGNED)
    check(a_multipart("signed", PLAIN, "Content-Type: application/x-pkcs7-signature; name=smime.p7s\n\nx"), Wrapping.SMIME_SIGNED)
    check(a_multipart("signed", PLAIN, "\nx"))
    assert a_multipart("signed; protocol=application/pkcs7-signature", PLAIN, "\nx").text.startswith("hello")


def test_encrypted_mail_is_known():
    check(a_multipart("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1", "\nxx"), Wrapping.PGP_ENCRYPTED)
    # Seen in practice: Exchange makes multipart/mixed of it.
    check(a_multipart("mixed", PLAIN, "Content-Type: application/pgp-encrypted\n\nVersion: 1", "\nxx"), Wrapping.PGP_ENCRYPTED)
    check(a_leaf("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"), Wrapping.SMIME_ENCRYPTED)
    check(a_leaf("application/x-pkcs7-mime; name=smime.p7m", ENVELOPED), Wrapping.SMIME_ENCRYPTED)
    check(a_leaf("application/octet-stream; name=smime.p7m", ENVELOPED), Wrapping.SMIME_ENCRYPTED)


def test_opaque_signatures_are_known():
    check(a_leaf("application/pkcs7-mime; smime-type=signed-data"), Wrapping.SMIME_SIGNED)
    check(a_leaf("application/pkcs7-mime; name=smime.p7m", SIGNED), Wrapping.SMIME_SIGNED)
    check(a_leaf("application/pkcs7-mime; smime-type=certs-only", SIGNED))
    check(a_leaf("application/pkcs7-mime", b"garbage"))


def test_pieces_and_inline_armour_are_known():
    check(a_leaf('message/partial; id="x"; number=2; total=3'), Wrapping.PARTIAL)
    inline = "-----BEGIN PGP MESSAGE-----\n\nhQIM\n-----END PGP MESSAGE-----"
    check(a_leaf("text/plain", inline.encode()), Wrapping.PGP_ENCRYPTED)


def test_what_an_attached_message_is_wrapped_in_does_not_count():
    check(
        a_multipart("mixed", PLAIN, "Content-Type: message/rfc822\n\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx")
    )


def check_placeholder(message: InboundMessage, expected: str) -> None:
    assert placeholder(message) == expected


def test_something_stands_where_no_text_is():
    check_placeholder(a_leaf("text/plain"), "")
    check_placeholder(a_leaf("text/plain", b""), "(no text)")
    check_placeholder(a_leaf("image/png; name=p.png"), "(no text)\nAttachments: p.png")
    check_placeholder(
        a_leaf("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"),
        "(encrypted with S/MIME: only its recipient's key opens it)\nAttachments: smime.p7m",
    )
    check_placeholder(a_leaf("message/partial"), "(one piece of a mail that was sent in several)\nAttachments: attachment-1.bin")
    calendar = a_leaf("text/calendar; method=REQUEST", b"BEGIN:VEVENT\nSUMMARY:Lunch\nEND:VEVENT")
    check_placeholder(calendar, "Invitation: Lunch\nAttachments: attachment-1.ics")
