"""Whole messages: what is read, and everything that crashes other parsers (MAIL.md P1-P10, "Seen"; OPERATIONS X3-X5, X14-X16)."""

from datetime import UTC, datetime
from hashlib import sha256
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.parse import open_message, parse_message
from maild.message import Address, InboundMessage
from tests.rig.hostile_mails import HOSTILE, SEEN
from tests.rig.mails import a_reply, an_email, an_email_with_files


def test_an_ordinary_mail_is_read() -> None:
    raw = an_email(subject="=?utf-8?q?Dr=C3=BCcker?=", headers={"Cc": "Bob <bob@x>, c@x", "Reply-To": "replies@x"}, message_id="one@x")
    message = parse_message(raw, reply=False)
    assert message.header_from == (Address("Ann Smith", "ann@globex.example"),)
    assert (message.from_fields, message.from_defect, message.defects) == (1, "", ())
    assert message.to == (Address("", "support@acme.example"),)
    assert message.cc == (Address("Bob", "bob@x"), Address("", "c@x"))
    assert message.reply_to == (Address("", "replies@x"),)
    assert message.subject == "Drücker"
    assert message.date == datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
    assert (message.message_id, message.message_id_given) == ("one@x", True)
    assert message.text == message.new_text
    assert message.language == "en"
    assert message.text.startswith("Hello,\n\nsince this morning")
    assert (message.size, message.raw_sha256) == (len(raw), sha256(raw).hexdigest())


def test_a_reply_is_cut_and_a_first_message_is_not() -> None:
    body = "Thanks.\n\nOn Mon, Jan 5, 2026 at 10:00, Bob <bob@x> wrote:\n> Have you?\n"
    raw = a_reply(in_reply_to="b@x", references=["a@x"], body=body)
    message = parse_message(raw)
    assert message.new_text == "Thanks."
    assert message.elided.endswith("> Have you?")
    assert (message.in_reply_to, message.references) == (("b@x",), ("a@x", "b@x"))
    assert parse_message(raw, reply=False).new_text == message.text


def test_attachments_are_described_and_can_be_taken_out() -> None:
    raw = an_email_with_files([("a.pdf", "application/pdf", b"pdf bytes"), ("b.txt", "text/plain", b"text bytes")])
    first, second = parse_message(raw).attachments
    assert (first.name, first.content_type, first.size, first.sha256) == ("a.pdf", "application/pdf", 9, sha256(b"pdf bytes").hexdigest())
    assert second.name == "b.txt"
    assert open_message(raw, with_files=True).files == {first.part: b"pdf bytes", second.part: b"text bytes"}
    assert open_message(raw).files == {}


def test_our_own_headers_are_dropped_from_foreign_mail_and_loop_marks_kept_apart() -> None:
    message = parse_message(b"X-Maild-Queue: x\r\nx-MAILD-Priority:\r\n folded\r\nX-Maild-Loop: i; m\r\nX-Other: y\r\n\r\nhi")
    assert [field.name for field in message.headers] == ["X-Other"]
    assert message.loop_marks == ("i; m",)


def test_trace_fields_are_read() -> None:
    message = parse_message(b"Delivered-To: a@x\r\nX-Original-To: b@x\r\nEnvelope-To: <c@x>\r\nReturn-Path: <ann@x>\r\n\r\nhi")
    assert message.recipients == ("a@x", "b@x", "c@x")
    assert message.return_path == "ann@x"


def check_return_path(header: bytes, expected: str | None) -> None:
    assert parse_message(header + b"\r\nhi").return_path == expected


def test_the_null_return_path_is_told_from_a_missing_one() -> None:
    check_return_path(b"Return-Path: <>\r\n", "")
    check_return_path(b"Return-Path: <ann@x>\r\n", "ann@x")
    check_return_path(b"", None)


def check_from(header: str, *, fields: int, addresses: list[str], is_strict: bool) -> None:
    message = parse_message(f"{header}\r\n\r\nhi".encode("utf-8", "surrogateescape"))
    assert message.from_fields == fields
    assert [address.address for address in message.header_from] == addresses
    assert (message.from_defect == "") is is_strict


def test_only_a_plain_from_is_strict() -> None:
    check_from("From: Agent <agent@corp>", fields=1, addresses=["agent@corp"], is_strict=True)
    check_from("From: M\udcfcller <agent@corp>", fields=1, addresses=["agent@corp"], is_strict=True)
    check_from('From: "Agent, Our" <Agent@Corp>', fields=1, addresses=["Agent@Corp"], is_strict=True)
    check_from("From: agent@corp <evil@x>", fields=1, addresses=["evil@x"], is_strict=False)
    check_from("From: <agent@corp> <evil@x>", fields=1, addresses=["agent@corp"], is_strict=False)
    check_from("From: agent@corp)evil@x", fields=1, addresses=["agent@corp)evil@x"], is_strict=False)
    check_from("From: agent@corp\r\nFrom: evil@x", fields=2, addresses=["agent@corp", "evil@x"], is_strict=True)
    check_from("From: agent@corp, evil@x", fields=1, addresses=["agent@corp", "evil@x"], is_strict=True)


def check_date(value: str, expected: datetime | None) -> None:
    assert parse_message(f"Date: {value}\r\n\r\nhi".encode()).date == expected


def test_dates_are_read_or_refused() -> None:
    check_date("Fri, 20 Nov 2026 12:02:11 +0200", datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC))
    check_date("20 Nov 26 10:02 GMT", datetime(2026, 11, 20, 10, 2, tzinfo=UTC))
    check_date("Fri Nov 20 10:02:11 2026", datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC))
    for bad in (
        "",
        "yesterday",
        "Fri, 20 Nov 0000 10:02:11 +0000",
        "Fri, 20 Nov 9999999999 10:00:00 +0000",
        "1" * 5_000,
        "32 Nov 2026 10:00",
    ):
        check_date(bad, None)


def test_a_message_without_id_gets_one_and_keeps_it() -> None:
    raw = an_email(message_id="")
    assert parse_message(raw).message_id == parse_message(raw).message_id
    assert not parse_message(raw).message_id_given
    assert parse_message(an_email(message_id="", subject="else")).message_id != parse_message(raw).message_id


def test_the_same_mail_by_another_way_has_the_same_fingerprint() -> None:
    raw = an_email(message_id="one@x")
    other = b"Received: from elsewhere\r\nX-Spam: no\r\n" + raw.replace(b"fire.\r\n", b"fire.  \r\n\r\n")
    assert parse_message(raw).fingerprint == parse_message(other).fingerprint
    assert parse_message(raw).fingerprint != parse_message(raw.replace(b"fire.", b"ice.")).fingerprint


def test_headers_cannot_smuggle_lines() -> None:
    message = parse_message(b"Subject: =?utf-8?q?hello=0D=0ABcc=3A_evil=40x=00?=\r\nFrom: =?utf-8?q?A=0D=0AB?= <a@x>\r\n\r\nhi")
    assert message.subject == "hello Bcc: evil@x"
    assert message.header_from[0].name == "A B"


@pytest.mark.parametrize("name", SEEN)
def test_what_crashes_other_parsers_is_read(name: str) -> None:
    """Acceptance row 12."""
    check_clean(parse_message(SEEN[name]))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_read_in_time(name: str) -> None:
    """Acceptance row 12."""
    start = process_time()
    message = parse_message(HOSTILE[name])
    assert process_time() - start < 2
    check_clean(message)


def check_clean(message: InboundMessage) -> None:
    """MAIL.md P3 on everything that is shown: storable, one line where one line is due, and nothing that controls a terminal."""
    lines = [message.subject, message.message_id, *(attachment.name for attachment in message.attachments)]
    lines += [text for address in message.header_from + message.to for text in (address.name, address.address)]
    for text in [*lines, message.text, message.html, message.new_text, message.elided]:
        text.encode()
        assert not set(text) & set("\x00\x1b\r")
    assert not any("\n" in line for line in lines)


@given(st.binary(max_size=600))
def test_any_bytes_are_a_message(raw: bytes) -> None:
    check_clean(parse_message(raw))


PIECES = [
    b"From: a@x\n",
    b"Subject: =?utf-8?q?x?=\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: text/html\n",
    b"\n",
    b"--b\n",
    b"--b--\n",
]
PIECES += [
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Disposition: attachment; filename*=utf-8''%C3\n",
    b"> q\n",
    b"<p>x",
]
PIECES += [
    b"Content-Type: multipart/alternative; boundary=c\n",
    b"--c\n",
    b"aGk=\n",
    b"\xff\x00",
    b"Content-Type: message/delivery-status\n",
    b"begin 644 x\n",
]


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_any_pieces_are_a_message(pieces: list[bytes]) -> None:
    raw = b"".join(pieces)
    opened = open_message(raw, with_files=True)
    read = (opened.message, *((opened.message.forwarded.mail,) if opened.message.forwarded else ()))
    for message in read:
        check_clean(message)
    assert set(opened.files) == {attachment.part for message in read for attachment in message.attachments}
