"""`maild message inspect`: files to JSON through the real reading workers (INTERFACE.md, JSON)."""

import json
import os
from pathlib import Path

from maild.reports.inspection import inspect_paths

KEYS = [
    "file",
    "from",
    "to",
    "cc",
    "reply_to",
    "subject",
    "date",
    "message_id",
    "in_reply_to",
    "references",
    "text",
    "html",
    "new_text",
    "elided",
    "attachments",
    "class",
    "bounce",
    "may_acknowledge",
    "reasons",
    "defects",
    "wrappings",
    "invitation",
    "forwarded",
]
MAIL = b"From: Ann Smith <ann@globex.example>\nTo: support@acme.example\nSubject: Printer\nMessage-ID: <m1@globex.example>\n\nIt burns.\n"
BOUNCE = b"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<bob@globex.example>:\n550 5.1.1 no such user\n"
SUCCESS = b"Final-Recipient: rfc822; bob@globex.example\nAction: delivered\nStatus: 2.1.5"


def test_every_file_of_a_folder_gives_one_object_in_order(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(MAIL)
    (tmp_path / "2.eml").write_bytes(BOUNCE)
    mail, bounce = inspect_paths([tmp_path])
    assert list(mail) == KEYS
    assert (mail["file"], mail["from"]) == (str(tmp_path / "1.eml"), {"name": "Ann Smith", "address": "ann@globex.example"})
    assert (mail["class"], mail["bounce"], mail["may_acknowledge"]) == ("human", None, True)
    assert bounce["bounce"] == {
        "recipients": [{"address": "bob@globex.example", "kind": "hard", "status": "5.1.1", "diagnostic": "550 5.1.1 no such user"}]
    }
    assert (bounce["class"], bounce["may_acknowledge"]) == ("bounce", False)
    json.dumps([mail, bounce])


def test_a_mail_that_is_passed_on_is_shown_as_it_is_understood(tmp_path: Path) -> None:
    block = b"---------- Forwarded message ---------\nFrom: Bob <bob@globex.example>\nDate: today\nSubject: Lamp\nTo: Ann\n\nIt is dark.\n"
    (tmp_path / "1.eml").write_bytes(MAIL.replace(b"Subject: Printer", b"Subject: Fwd: Lamp").replace(b"It burns.\n", b"See.\n\n" + block))
    (tmp_path / "2.eml").write_bytes(MAIL)
    forward, plain = inspect_paths([tmp_path])
    assert plain["forwarded"] is None
    assert isinstance(forward["forwarded"], dict)
    assert forward["forwarded"].pop("message_id").startswith("gen-")
    assert forward["forwarded"] == {
        "from": {"name": "Bob", "address": "bob@globex.example"},
        "subject": "Lamp",
        "date": "today",
        "text": "It is dark.",
        "attachments": [],
        "attached": False,
        "words": "See.",
    }


def test_a_report_of_success_is_no_bounce(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(BOUNCE.replace(b"<bob@globex.example>:\n550 5.1.1 no such user", SUCCESS))
    (report,) = inspect_paths([tmp_path])
    assert (report["class"], report["bounce"], report["may_acknowledge"]) == ("mdn", None, False)


def test_a_folder_within_a_folder_is_read_too_and_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "mail.eml").write_bytes(MAIL)
    os.mkfifo(tmp_path / "pipe")
    (only,) = inspect_paths([tmp_path])
    assert only["file"] == str(tmp_path / "below" / "mail.eml")


def test_a_file_that_cannot_be_read_gives_its_error_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "here.eml").write_bytes(MAIL)
    missing, here = inspect_paths([tmp_path / "missing.eml", tmp_path / "here.eml"])
    assert missing == {"file": str(tmp_path / "missing.eml"), "error": "No such file or directory"}
    assert here["subject"] == "Printer"
