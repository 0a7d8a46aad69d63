"""MIME parts, read back by the standard library."""

import email
import email.policy
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from maild.outbox.mime_parts import Part, alternative, attachment_part, mixed, read_text, text_part


def read(part: Part) -> EmailMessage:
    message = email.message_from_bytes(part.to_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def check_text(text: str, expected: str, encoding: str) -> None:
    part = text_part(text)
    raw = part.to_bytes()
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert read(part)["Content-Transfer-Encoding"] == encoding
    assert read(part).get_content().replace("\r\n", "\n") == expected


def test_text_is_quoted_printable_or_base64_whichever_is_shorter():
    check_text("Hello\n", "Hello\n", "quoted-printable")
    check_text("Die Größe passt nicht = falsch", "Die Größe passt nicht = falsch\n", "quoted-printable")
    check_text("Не мога да вляза", "Не мога да вляза\n", "base64")
    check_text("x" * 5000, "x" * 5000 + "\n", "quoted-printable")


def test_every_line_end_becomes_one():
    check_text("a\r\nb\rc\nd", "a\nb\nc\nd\n", "quoted-printable")
    check_text(".\r\n..\nFrom me\n trailing \t\n", ".\n..\nFrom me\n trailing \t\n", "quoted-printable")
    check_text("a\0b", "ab\n", "quoted-printable")
    check_text("", "\n", "quoted-printable")


@given(st.text(max_size=400))
def test_any_text_comes_back(text: str):
    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").encode("utf-8", "replace").decode()
    expected = clean if clean.endswith("\n") else f"{clean}\n"
    assert read(text_part(text)).get_content().replace("\r\n", "\n") == expected


def test_the_text_of_a_letter_is_read_wherever_it_stands_and_with_nothing_behind_it():
    for text in ("Hello Ann,\nit is Größe 7=8.\n", "Не мога да вляза\n", "--=_a_7\n"):
        plain, html = text_part(text), text_part("<p>other</p>", "html")
        for whole in (plain, alternative([plain, html], "7"), mixed([alternative([plain, html], "7"), text_part("a file")], "7")):
            assert read_text(b"From: a@b.example\r\n" + whole.to_bytes()) == text
    assert read_text(b"From: a@b.example\r\n\r\nHello") == ""


def test_no_content_can_close_a_boundary():
    evil = "--=_a_77--\r\n--=_m_77\r\n"
    message = read(
        mixed([alternative([text_part(evil), text_part(evil, "html")], "77"), attachment_part("x", "text/plain", evil.encode())], "77")
    )
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/plain",
    ]
    assert [part.get_content() for part in message.iter_attachments()] == [evil]


def test_types_that_readers_would_unfold_travel_as_plain_bytes():
    for kind in ("message/rfc822", "multipart/mixed", "text/calendar", "nonsense", "text/x\r\nBcc: evil@x"):
        assert read(attachment_part("x", kind, b"x")).get_content_type() == "application/octet-stream"
    assert read(attachment_part("x", "image/png", b"x")).get_content_type() == "image/png"
