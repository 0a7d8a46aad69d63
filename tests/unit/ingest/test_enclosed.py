"""What the mails attached to a mail mention (MAIL.md A8)."""

from base64 import encodebytes
from quopri import encodestring

from maild.ingest.enclosed import MOST_LEVELS, MOST_MENTIONED
from maild.ingest.parse import parse_message
from maild.ingest.tree import MAX_DEPTH, MAX_PARTS
from maild.outbox.leaks import find_leak
from maild.tokens import LetterKind
from tests.rig.letters import TOKENS
from tests.rig.linear import is_linear
from tests.rig.mails import an_email, an_email_with_files

LINE = TOKENS.mint_reference_line(1042, 77, "anna")
IDENTIFIER = TOKENS.mint_message_id(LetterKind.NOTIFICATION, 1042, 77, "anna")
ADDRESS = f"support+{TOKENS.mint_answer(1042, 77, 'anna')}@acme.example"
ANNA = ("anna@acme.example",)


def enclosed(inner: bytes, *, content_type: str = "message/rfc822", name: str = "notice.eml") -> bytes:
    return an_email_with_files([(name, content_type, inner)], message_id="outer@globex.example", sender="bob@globex.example")


def declared(inner: bytes) -> bytes:
    """As mail programs declare it: with no transfer encoding."""
    boundary = "=_outer"
    body = f"--{boundary}\nContent-Type: text/plain\n\nSee below.\n--{boundary}\nContent-Type: message/rfc822\n\n"
    return an_email(body=f"{body}{inner.decode()}\n--{boundary}--\n", content_type=f'multipart/mixed; boundary="{boundary}"')


def encoded(encoding: str, content: str, subtype: str = "plain") -> bytes:
    octets = encodebytes(content.encode()) if encoding == "base64" else encodestring(content.encode())
    head = {"Content-Transfer-Encoding": encoding}
    return an_email(body=octets.decode(), headers=head, content_type=f"text/{subtype}; charset=utf-8")


def check(raw: bytes, expected: str | None) -> None:
    found = [
        leak.code
        for attachment in parse_message(raw).attachments
        if (leak := find_leak("\n".join(attachment.mentions or ()), ANNA)) is not None
    ]
    assert found == ([expected] if expected else [])


def test_tokens_are_found_wherever_they_stand_in_an_attached_mail():
    check(enclosed(an_email(body=f"Hello\n\n{LINE}\n")), "agent-token")
    check(declared(an_email(body=f"Hello\n\n> {LINE}\n")), "agent-token")
    check(enclosed(an_email(message_id=IDENTIFIER)), "agent-token")
    check(enclosed(an_email(headers={"References": f"<a@b>\r\n <{IDENTIFIER}>"})), "agent-token")
    check(enclosed(an_email(headers={"Reply-To": f"Support <{ADDRESS}>"})), "agent-token")
    check(enclosed(an_email(body="Hello\n"), content_type="application/octet-stream"), None)
    check(enclosed(an_email(body=f"{LINE}\n"), content_type="application/octet-stream"), "agent-token")
    check(enclosed(an_email(body=f"{LINE}\n"), content_type="application/octet-stream", name="Notice.EML"), "agent-token")


INVITATION = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nORGANIZER;CN=Anna:mailto:anna@\r\n acme.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_who_invites_is_found_in_an_invitation_wherever_its_lines_are_broken():
    check(enclosed(INVITATION.encode(), content_type="text/calendar", name="invite.ics"), "agent-address")
    check(enclosed(INVITATION.encode(), content_type="application/octet-stream", name="Invite.ICS"), "agent-address")
    check(enclosed(INVITATION.replace("anna", "joanna").encode(), content_type="text/calendar", name="invite.ics"), None)


def test_tokens_are_found_in_a_notification_that_was_saved_and_addresses_are_not():
    for content_type, name in (("text/html", "notice.html"), ("application/octet-stream", "notice.txt"), ("text/plain", "notice")):
        check(enclosed(f"Reply = to Ann\n\n{LINE}\n".encode(), content_type=content_type, name=name), "agent-token")
        check(enclosed(b"anna@acme.example\n" * 9000, content_type=content_type, name=name), None)
    check(enclosed(an_email(body=f"{LINE}\n"), content_type="application/x-mimearchive", name="notice.mht"), "agent-token")
    check(enclosed(f"{LINE}\n".encode(), content_type="image/png", name="notice.png"), None)


def test_of_very_long_text_files_nothing_is_looked_through():
    log = enclosed(b"n.1042.77 @ maild-ref anna@acme.example\n" * 60_000, content_type="text/plain", name="x.log")
    (attachment,) = parse_message(log).attachments
    assert attachment.mentions == ()


def test_tokens_are_found_behind_every_transfer_encoding():
    for encoding in ("base64", "quoted-printable"):
        check(enclosed(encoded(encoding, f"Grüße,\n\n{'x' * 60} {LINE}\n")), "agent-token")
        check(declared(encoded(encoding, f"Grüße,\n\n{'x' * 60} {LINE}\n")), "agent-token")
        check(enclosed(encoded(encoding, f'<a href="mailto:{ADDRESS.replace("@", "%40")}?subject=x">Close</a>', "html")), "agent-token")


def test_tokens_are_found_in_mails_within_attached_mails():
    inner = encoded("base64", f"Hello\n\n{LINE}\n")
    for depth in range(MOST_LEVELS + 1):
        check(enclosed(inner), "agent-token")
        inner = enclosed(inner, content_type=("message/rfc822", "application/octet-stream")[depth % 2])
    opened = parse_message(enclosed(an_email_with_files([("plan.pdf", "application/pdf", b"%PDF anna@acme.example")])))
    assert [attachment.mentions for attachment in opened.attachments if "anna@acme.example" in (attachment.mentions or ())] == []


def test_the_agents_own_address_is_found_however_it_is_dressed():
    check(enclosed(an_email(to="Anna <anna@acme.example>")), "agent-address")
    check(enclosed(an_email(headers={"X-For": "=?utf-8?b?YW5uYUBhY21lLmV4YW1wbGU=?="})), "agent-address")
    check(enclosed(encoded("base64", "Write to anna<b></b>&#64;acme.example", "html")), "agent-address")
    check(enclosed(an_email(to="joanna@acme.example")), None)


def test_other_files_mention_nothing():
    opened = parse_message(an_email_with_files([("notes.txt", "text/plain", b"anna@acme.example"), ("a.pdf", "application/pdf", b"a@b")]))
    assert [attachment.mentions for attachment in opened.attachments] == [(), ()]


def test_a_mail_that_names_more_than_anybody_looks_through_says_so():
    def named(number: int) -> tuple[str, ...] | None:
        people = "\n".join(f"person{index}@globex.example" for index in range(number))
        (attachment,) = parse_message(enclosed(an_email(body=f"{people}\n"))).attachments
        return attachment.mentions

    assert f"person{MOST_MENTIONED // 2}@globex.example" in (named(MOST_MENTIONED - 100) or ())
    assert named(MOST_MENTIONED + 1) is None


def test_no_more_is_opened_than_of_any_mail():
    """P2: 500 parts in all that is attached to a mail, and 30 levels of files within files and messages within messages."""
    parts = [(f"{number}.txt", "text/plain", b"bob@globex.example") for number in range(MAX_PARTS // 2)]
    file = ("mails.eml", "application/octet-stream", an_email_with_files(parts))
    first, second, third = parse_message(an_email_with_files([file, file, ("plan.pdf", "application/pdf", b"%PDF")])).attachments
    assert "bob@globex.example" in (first.mentions or ())
    assert second.mentions is None
    assert third.mentions == ()
    hidden = b"Content-Transfer-Encoding: base64\n\nYUBiLmV4YW1wbGU="
    (near,) = parse_message(b"Content-Type: message/rfc822\n\n" * (MAX_DEPTH - 1) + hidden).attachments
    assert near.mentions == ("a@b.example",)
    (deep,) = parse_message(b"Content-Type: message/rfc822\n\n" * MAX_DEPTH + hidden).attachments
    assert deep.mentions == ()


def test_looking_through_takes_linear_time():
    for piece in ("a@", "<", "n.1.2.", "x" * 70 + "\n", "@\n", "%40"):
        assert is_linear(parse_message, lambda size, piece=piece: enclosed(an_email(body=piece * size))), piece
