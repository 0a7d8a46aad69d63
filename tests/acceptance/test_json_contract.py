"""`--json` of every command that prints: one document with the contract's keys."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rig.bounces import a_bounce_of
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk
from tests.rig.pages import MANUAL, rows, sections
from tests.rig.sink import SmtpSink

TICKET = "number tag subject queue status priority owner requester tags created updated messages"
MESSAGE = "id kind from at text attachments message_id"
OUTBOX = "id ticket kind to subject state message_id attempts next_attempt error"
SUPPRESSED = "address reason since until"
INCOMING = "id mailbox uid received from subject state class reason ticket"
INSPECTED = (
    "file from to cc reply_to subject date message_id in_reply_to references text html new_text elided attachments class bounce "
    "may_acknowledge reasons defects"
)
EVENT = "at kind by text"
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
RULES = """
version: 1
rules: [{id: one, when: ticket.created, owner: anna, do: [{tag: [first]}, {set: {team: payments}}]}]
tests: [{name: one, mail: {from: a@b.example, to: support@acme.example}, expect: {fired: [one]}}]
"""


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk with a ticket that has a file, an answer and a note, one quarantined mail and a rule."""
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), rules=RULES) as running:
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
    has(ticket, f"{TICKET} cc fields events team")
    assert ticket["team"] == "payments"
    assert "team:  payments" in desk.maild("ticket", "show", "1").splitlines()
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
    shown = document(desk, "outbox", "show", str(rows[0]["id"]))
    has(shown, OUTBOX)
    assert shown["reply"].startswith("250 ")
    assert shown["created"] <= shown["settled"]


def test_suppressed_addresses(desk: RunningDesk):
    """MAIL.md B5: listed with reason and expiry, and lifted by hand."""
    number = desk.receive(an_email(sender="gone@json.example", to=desk.at("support"), subject="Soon gone"))["ticket"]
    (ack,) = desk.letters("gone@json.example")
    assert desk.receive(a_bounce_of(ack, desk.at("support")))["ticket"] == number
    (row,) = document(desk, "outbox", "suppressed")
    has(row, SUPPRESSED)
    assert (row["address"], row["reason"]) == ("gone@json.example", "mail bounced: 550 5.1.1 User unknown")
    lifted = document(desk, "outbox", "lift", "Gone@json.example")
    assert lifted == {"address": "gone@json.example", "reason": None, "since": None, "until": None}
    assert document(desk, "outbox", "suppressed") == []


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


OTHERS = {
    ("status",): "daemon mailboxes incoming outbox oldest_queued paused accounts observing troubles",
    ("report",): "since until queues",
    ("check",): "valid errors warnings faults",
    ("queue", "list"): "queue name address mode lead new open waiting depth unassigned oldest load",
    ("queue", "show", "support"): "queue depth oldest load teams tickets",
    ("agent", "list"): "agent name email emails role queues leads teams",
    ("mailbox", "list"): "mailbox host username folder queues state last_success error",
    ("mailbox", "test"): "mailbox ok findings",
    ("template", "list"): "kind language own files",
    ("template", "preview", "received"): "kind language subject own_subject text html",
    ("rules", "list"): "rule when mode does place about owner disabled limit paused",
    ("rules", "check"): "valid errors warnings faults waits",
    ("rules", "stats"): "rule mode asked fired would_have_fired failed skipped letters",
    ("rules", "lint"): "valid errors warnings faults waits",
    ("rules", "test"): "name passed place report",
    ("rules", "explain", "1"): "at event rule file line file_hash fired leaves actions problem skipped shadow",
    ("rules", "backtest"): "since until baseline judged rules differences mails rules_mails limit_mails unjudged problems pauses",
    ("db", "status"): "database state schema wanted",
    ("db", "upgrade"): "database state schema wanted before",
    ("outbox", "pause"): "paused",
    ("outbox", "resume"): "paused",
}


@pytest.mark.parametrize("arguments", OTHERS, ids=" ".join)
def test_everything_else_that_prints(desk: RunningDesk, arguments: tuple[str, ...]):
    found = document(desk, *arguments)
    for item in found if isinstance(found, list) else [found]:
        has(item, OTHERS[arguments])
    assert found


@pytest.mark.parametrize(
    ("thing", "arguments"),
    [
        ("department", ("queue", "list")),
        ("mailbox", ("mailbox", "list")),
        ("agent", ("agent", "list")),
        ("rule", ("rules", "list")),
        ("rule of rules explain", ("rules", "explain", "1")),
        ("rules backtest", ("rules", "backtest")),
        ("template", ("template", "list")),
        ("status, run --once", ("status",)),
        ("report", ("report",)),
    ],
)
def test_the_manual_names_every_key(desk: RunningDesk, thing: str, arguments: tuple[str, ...]):
    told = {row[0]: row[1].split() for row in rows(sections(MANUAL / "commands.md")["JSON"])}
    found = document(desk, *arguments)
    assert list(found[0] if isinstance(found, list) else found) == told[thing]


def test_a_run_prints_the_status_afterwards(make_desk: Callable[..., RunningDesk]):
    desk = make_desk()
    desk.deliver(sender="ann@json.example")
    status = json.loads(desk.maild_process("run", "--once", "--json"))
    has(status, OTHERS["status",])
    assert ([mailbox["state"] for mailbox in status["mailboxes"]], status["outbox"]["queued"]) == (["watching", "watching"], 0)
    assert len(desk.tickets()) == 1


def test_a_process_of_its_own_prints_the_same(desk: RunningDesk):
    assert desk.maild_process("ticket", "list", "--json") == desk.maild("ticket", "list", "--json")


def test_verbs_print_the_thing_as_it_stands_with_the_keys_of_its_list(desk: RunningDesk):
    file = desk.directory / "injected.eml"
    file.write_bytes(an_email(sender="carol@json.example", to=desk.at("support"), subject="Injected"))
    opened = document(desk, "ticket", "new", "--queue", "sales", "--from", "eve@json.example", "--subject", "By phone", "She called.")
    number = str(opened["number"])
    for arguments in (
        ("ticket", "reply", number, "An answer."),
        ("ticket", "note", number, "A note."),
        ("ticket", "assign", number, "boris"),
        ("ticket", "move", number, "support"),
        ("ticket", "set", number, "priority=high"),
        ("ticket", "tag", number, "vip"),
        ("ticket", "untag", number, "vip"),
        ("ticket", "close", number),
        ("ticket", "reopen", number),
        ("ticket", "spam", number),
    ):
        has(document(desk, *arguments, "--as", "anna"), TICKET)
    has(document(desk, "message", "inject", str(file), "--mailbox", "support"), f"{INCOMING} attempts error")
    (kept_out,) = document(desk, "message", "list", "--state", "quarantined")
    has(document(desk, "message", "release", str(kept_out["id"])), f"{INCOMING} attempts error")
    desk.settle()


def test_lists_are_complete_unless_a_limit_is_given(desk: RunningDesk):
    assert len(document(desk, "message", "list")) > 1
    assert len(document(desk, "message", "list", "--limit", "1")) == 1


def test_a_mistake_is_one_sentence_on_stderr_and_a_status(desk: RunningDesk):
    assert desk.maild("ticket", "show", "999", status=1) == ""
    assert desk.maild("ticket", "assign", "1", "nobody", status=2) == ""
    assert desk.maild("tickets", status=2) == ""
