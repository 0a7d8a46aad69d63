"""`--json` of every command that prints: one document with the contract's keys, from the installed command."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk
from tests.rig.sink import SmtpSink

TICKET = "number tag subject queue status priority owner requester tags created updated messages"
MESSAGE = "id kind from at text attachments message_id"
OUTBOX = "id ticket kind to subject state message_id attempts next_attempt error"
INCOMING = "id mailbox uid received from subject state class reason ticket"
INSPECTED = (
    "file from to cc reply_to subject date message_id in_reply_to references text html new_text elided attachments class bounce "
    "may_acknowledge reasons defects"
)
EVENT = "at kind by text"
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
RULES = "version: 1\nrules: [{id: one, when: ticket.created, do: [{tag: [first]}]}]\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink) -> Iterator[RunningDesk]:
    """A desk with a ticket that has a file, an answer and a note, one quarantined mail and a rule."""
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, rules=RULES) as running:
        raw = an_email_with_files(
            [("plan.pdf", "application/pdf", b"%PDF")], sender="Ann Smith <ann@json.example>", to=running.at("support"), subject="Документ"
        )
        running.receive(b"Cc: bob@json.example\r\n" + raw)
        running.receive(an_email(sender="bob@json.example", to=running.at("support"), headers={"X-Autoreply": "yes"}))
        running.ask("ticket", "reply", "1", "An answer.", "--as", "anna")
        running.ask("ticket", "note", "1", "A note.", "--as", "anna")
        running.ask("ticket", "set", "1", "order=12345")
        running.settle()
        yield running


def document(desk: RunningDesk, *arguments: str) -> Any:
    """What the command itself prints: one JSON document and nothing else."""
    return json.loads(desk.maild(*arguments, "--json"))


def has(found: dict[str, Any], keys: str) -> None:
    assert [key for key in keys.split() if key not in found] == []


def test_tickets(desk: RunningDesk):
    (ticket,) = document(desk, "ticket", "list")
    has(ticket, TICKET)
    assert (ticket["number"], ticket["subject"], ticket["messages"], ticket["tags"]) == (1, "Документ", 3, ["first"])
    assert ticket["requester"] == {"name": "Ann Smith", "address": "ann@json.example"}
    assert re.fullmatch(r"\[Acme #1-[0-9A-Z]{4}\]", ticket["tag"])
    for moment in (ticket["created"], ticket["updated"]):
        assert RFC_3339_UTC.fullmatch(moment)


def test_one_ticket(desk: RunningDesk):
    ticket = document(desk, "ticket", "show", "1")
    has(ticket, f"{TICKET} cc fields events")
    assert (ticket["cc"], ticket["fields"]) == ([{"name": "", "address": "bob@json.example"}], {"order": "12345"})
    assert [message["kind"] for message in ticket["messages"]] == ["customer", "agent", "note"]
    for message in ticket["messages"]:
        has(message, MESSAGE)
        has(message["from"], "name address")
    (attachment,) = ticket["messages"][0]["attachments"]
    assert (attachment["name"], attachment["type"], attachment["size"]) == ("plan.pdf", "application/pdf", 4)
    for event in ticket["events"]:
        has(event, EVENT)
    assert document(desk, "ticket", "log", "1") == ticket["events"]


def test_incoming_mail(desk: RunningDesk):
    rows = document(desk, "message", "list")
    assert {row["state"] for row in rows} == {"done", "quarantined"}
    for row in rows:
        has(row, INCOMING)
    (kept_out,) = document(desk, "message", "list", "--state", "quarantined")
    assert (kept_out["class"], kept_out["ticket"], kept_out["mailbox"]) == ("auto_reply", None, "support")
    has(document(desk, "message", "show", str(kept_out["id"])), INCOMING)


def test_outgoing_mail(desk: RunningDesk):
    rows = document(desk, "outbox", "list")
    assert {row["kind"] for row in rows} == {"ack", "answer", "notification"}
    for row in rows:
        has(row, OUTBOX)
        assert (row["state"], row["error"]) == ("sent", None)
    has(document(desk, "outbox", "show", str(rows[0]["id"])), OUTBOX)


def test_inspected_mail_files_need_no_desk_and_print_one_object_a_line(desk: RunningDesk):
    folder = desk.directory / "mails"
    folder.mkdir()
    (folder / "one.eml").write_bytes(an_email(subject="Inspected"))
    (folder / "two.eml").write_bytes(an_email_with_files([("a.txt", "text/plain", b"a")]))
    lines = [json.loads(line) for line in desk.maild("message", "inspect", str(folder)).splitlines()]
    assert len(lines) == 2
    for line in lines:
        has(line, INSPECTED)
    has(lines[1]["attachments"][0], "name type size sha256 inline")


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        (("status",), "mailboxes incoming outbox troubles"),
        (("check",), "valid faults"),
        (("queue", "list"), "queue"),
        (("queue", "show", "support"), "queue"),
        (("agent", "list"), "agent name email role"),
        (("mailbox", "list"), "mailbox state error"),
        (("template", "list"), "kind language"),
        (("rules", "list"), "rule when mode"),
        (("rules", "check"), "valid faults"),
        (("rules", "explain", "1"), "rule fired"),
        (("db", "status"), "state"),
    ],
)
def test_everything_else_that_prints(desk: RunningDesk, arguments: tuple[str, ...], keys: str):
    found = document(desk, *arguments)
    for item in found if isinstance(found, list) else [found]:
        has(item, keys)
    assert found


def test_lists_are_complete_unless_a_limit_is_given(desk: RunningDesk):
    assert len(document(desk, "message", "list")) == 2
    assert len(document(desk, "message", "list", "--limit", "1")) == 1
    assert document(desk, "rules", "test") == []


def test_a_mistake_is_one_sentence_on_stderr_and_a_status(desk: RunningDesk):
    assert desk.maild("ticket", "show", "999", status=1) == ""
    assert desk.maild("ticket", "assign", "1", "nobody", status=2) == ""
    assert desk.maild("tickets", status=2) == ""
