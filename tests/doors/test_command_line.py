"""The command line at its edges: what it is given, where it writes, what it may not (INTERFACE.md, Command line). No server is needed."""

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from cli.main import command
from maild.effects import IncomingState, Suppress
from maild.message import Address
from maild.reason import Reason
from maild.store import incoming, suppressions
from maild.store.engine import open_store
from tests.rig.commands import run_here
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_desk_without_servers
from tests.rig.servers import free_port
from tests.rig.terminal import shown_on_a_terminal

BOUND_BY_RIGHTS = "setpriv --bounding-set=-dac_override,-dac_read_search"
ESCAPES = "\x1b]0;owned\x07\x9b31m\u202e"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TIMES = re.compile(r"\d{4}-\d\d-\d\d.\d\d:\d\d\S*")
UTC_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def desk(tmp_path: Path) -> RunningDesk:
    """A desk with an empty database that is not running."""
    desk = a_desk_without_servers(tmp_path / "desk")
    open_store(desk.storage, desk.directory, create=True).close()
    return desk


def maild(desk: RunningDesk, *arguments: str, status: int = 0, text: str | None = None) -> Result:
    """Run a command in this process."""
    done = CliRunner().invoke(command, ["-c", str(desk.directory), *arguments], input=text)
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code == status, done.output
    return done


def shell(script: str, directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's line in which `$maild` is the command, for a desk. What it prints is read as UTF-8, as far as it is."""
    words = f"{sys.executable} -m cli.main -c {directory}"
    return subprocess.run(
        ["/bin/bash", "-c", script],
        env=os.environ | {"maild": words} | environment,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
        check=False,
    )


def one_sentence(done: subprocess.CompletedProcess[str], *words: str, status: int = 1) -> None:
    """The command failed with one line on stderr that has these words, and nothing else."""
    assert (done.returncode, done.stdout) == (status, "")
    assert re.fullmatch(r"maild: [^\n]+\n", done.stderr), done.stderr
    for word in words:
        assert word in done.stderr


def a_ticket(desk: RunningDesk, *more: str, subject: str = "Printer", text: str = "It is on fire.") -> dict[str, Any]:
    who = "Ann Smith <ann@globex.example>"
    return dict(desk.ask("ticket", "new", "--queue", "support", "--from", who, "--subject", subject, text, *more))


def an_arrival(desk: RunningDesk, **mail: Any) -> int:
    """A mail injected and not read."""
    file = desk.directory / "mail.eml"
    file.write_bytes(an_email(**mail))
    return int(desk.ask("message", "inject", str(file), "--mailbox", "support")["id"])


def settled(desk: RunningDesk, message: int, state: IncomingState, reason: Reason) -> None:
    """As the clerk leaves it behind."""
    store = open_store(desk.storage, desk.directory, create=False)
    with store.writing() as tx:
        incoming.finish(tx, message, state, reason, NOW, message_class="human", author=Address("", "ann@globex.example"), subject="Printer")
    store.close()


# Verbs print the thing as it now stands


def test_mail_that_is_not_read_has_nulls(desk: RunningDesk):
    message = an_arrival(desk, subject="Printer")
    (row,) = desk.ask("message", "list")
    assert {key: row[key] for key in ("id", "state", "mailbox", "uid")} == {
        "id": message,
        "state": "received",
        "mailbox": "support",
        "uid": None,
    }
    assert {row[key] for key in ("from", "subject", "class", "reason", "ticket")} == {None}
    shown = desk.ask("message", "show", str(message))
    assert shown == row | {"attempts": 0, "error": None, "evidence": []}


@pytest.mark.parametrize(("verb", "state"), [("retry", IncomingState.HELD), ("release", IncomingState.QUARANTINED)])
def test_a_mail_let_go_on_is_printed_as_it_waits(desk: RunningDesk, verb: str, state: IncomingState):
    message = an_arrival(desk)
    settled(desk, message, state, Reason("auto", "an automatic answer"))
    assert desk.ask("message", "list")[0]["reason"] == "auto: an automatic answer"
    freed = desk.ask("message", verb, str(message))
    assert freed | {"evidence": []} == desk.ask("message", "show", str(message))
    assert (freed["state"], freed["reason"]) == ("received", None)


def test_letters_are_printed_as_they_stand_after_each_verb(desk: RunningDesk):
    a_ticket(desk)
    (letter,) = desk.ask("outbox", "list")
    identifier = str(letter["id"])
    cancelled = desk.ask("outbox", "cancel", identifier, "--yes")
    assert cancelled == letter | {"state": "cancelled", "next_attempt": None}
    shown = desk.ask("outbox", "show", identifier)
    assert shown == cancelled | {"settled": shown["settled"], "reply": None}
    assert shown["settled"] >= letter["created"]
    again = desk.ask("outbox", "retry", identifier)
    assert (again["state"], again["id"]) == ("queued", letter["id"])
    assert again["next_attempt"] is not None
    assert desk.ask("outbox", "show", identifier)["settled"] is None


def suppress(desk: RunningDesk, address: str, reason: str, until: datetime | None) -> None:
    store = open_store(desk.storage, desk.directory, create=False)
    with store.writing() as tx:
        suppressions.store(tx, Suppress(address, reason, until), NOW)
    store.close()


def test_a_suppressed_address_is_listed_and_lifted(desk: RunningDesk):
    """MAIL.md B5: nothing but this lifts a complaint."""
    suppress(desk, "ann@globex.example", "mail bounced: 550", datetime(2099, 1, 1, tzinfo=UTC))
    suppress(desk, "bob@globex.example", "complained of it as spam", None)
    suppress(desk, "old@globex.example", "mail bounced: 550", NOW)
    listed = maild(desk, "outbox", "suppressed").stdout.splitlines()
    assert [line.split("\t") for line in listed] == [
        ["ann@globex.example", "2026-11-20T10:00:00Z", "2099-01-01T00:00:00Z", "mail bounced: 550"],
        ["bob@globex.example", "2026-11-20T10:00:00Z", "lifted by hand", "complained of it as spam"],
    ]
    assert len(desk.ask("outbox", "suppressed", "--limit", "1")) == 1
    maild(desk, "outbox", "lift", "ANN@globex.example")
    refused = maild(desk, "outbox", "lift", "bob@globex.example", status=1, text="n\n")
    assert "complained of it as spam" in refused.stderr
    assert [row["address"] for row in desk.ask("outbox", "suppressed")] == ["bob@globex.example"]
    maild(desk, "outbox", "lift", "bob@globex.example", "--yes")
    assert desk.ask("outbox", "suppressed") == []
    one_sentence(shell("$maild outbox lift bob@globex.example", desk.directory), "bob@globex.example is not suppressed")


def test_the_brake_is_printed_as_status_tells_it(desk: RunningDesk):
    assert desk.ask("outbox", "pause") == {"paused": True}
    assert desk.ask("status")["paused"] is True
    assert desk.ask("outbox", "resume") == {"paused": False}
    assert desk.ask("status")["paused"] is False


def test_tickets_are_printed_as_the_list_has_them_after_each_verb(desk: RunningDesk):
    printed = a_ticket(desk)
    assert printed == desk.tickets()[0]
    for verb in (
        ("reply", "1", "An answer."),
        ("note", "1", "A note."),
        ("move", "1", "sales"),
        ("assign", "1", "anna"),
        ("set", "1", "priority=high", "status=waiting"),
        ("snooze", "1", "mon", "9:00"),
        ("tag", "1", "vip", "b"),
        ("untag", "1", "b"),
        ("task", "1", "boris", "check", "it"),
        ("done", "1", "1"),
        ("close", "1"),
        ("reopen", "1"),
        ("spam", "1"),
    ):
        printed = desk.ask("ticket", *verb, "--as", "anna")
        assert [printed] == desk.tickets(f"status:{printed['status']}"), verb
    assert (printed["messages"], printed["tags"], printed["queue"], printed["owner"]) == (3, ["vip"], "sales", "anna")


def test_the_log_of_a_ticket_opened_by_hand_says_who_was_mailed(desk: RunningDesk):
    desk.support = "agents: [anna], mode: live"
    desk.configure()
    number = str(a_ticket(desk, "--ack", "--as", "boris")["number"])
    assert [(event["kind"], event["by"], event["text"]) for event in desk.ask("ticket", "log", number)] == [
        ("opened", "boris", "for Ann Smith <ann@globex.example> at the command line"),
        ("acknowledged", "boris", "ann@globex.example, with the template received"),
        ("notified", "maild", "Anna Ivanova"),
    ]


def test_status_counts_every_state(desk: RunningDesk):
    status = desk.ask("status")
    assert status["incoming"] == {"received": 0, "held": 0, "quarantined": 0}
    assert status["outbox"] == {"queued": 0, "sending": 0, "deferred": 0, "failed": 0, "unknown": 0}
    assert maild(desk, "status").stdout.splitlines()[-2:] == ["incoming: 0 received, 0 held, 0 quarantined", "outbox: empty"]


def test_an_upgrade_prints_the_database_as_it_stands(desk: RunningDesk):
    upgraded = desk.ask("db", "upgrade")
    assert upgraded == desk.ask("db", "status") | {"before": upgraded["schema"]}
    assert upgraded["state"] == "current"


def test_a_preview_has_all_of_the_letter(desk: RunningDesk):
    letter = desk.ask("template", "preview", "received", "--language", "de")
    assert list(letter) == ["kind", "language", "subject", "own_subject", "text", "html"]
    assert letter["subject"] == "Re: [Acme #1042-7QKD] Where is my order?"
    assert letter["language"] == "de"
    assert letter["text"].strip() in maild(desk, "template", "preview", "received", "--language", "de").stdout


def test_init_says_what_it_wrote(tmp_path: Path):
    folder = tmp_path / "new"
    done = CliRunner().invoke(command, ["init", str(folder), "--non-interactive", "--address", "support@acme.example", "--json"])
    written = json.loads(done.stdout)
    names = ("maild.yaml", "secret.key", "rules/10-example.yaml", "canned/refund.en.md", "canned/refund.bg.md")
    assert written["files"] == [str(folder / name) for name in names]
    assert (written["directory"], written["login"]) == (str(folder), None)


def test_a_ticket_is_snoozed_until_a_time_in_plain_words_and_brought_back(desk: RunningDesk):
    """PRODUCT 18, A7."""
    a_ticket(desk)
    snoozed = desk.ask("ticket", "snooze", "1", "3", "days")["snoozed_until"]
    assert timedelta(days=2.9) < datetime.fromisoformat(snoozed) - datetime.now(UTC) < timedelta(days=3)
    assert re.fullmatch(r"#1 new in support, snoozed until \S+Z: Printer\n", maild(desk, "ticket", "snooze", "1", "mon", "9:00").stdout)
    assert (desk.ticket(1)["snoozed_until"][-10:], desk.ask("queue", "show", "support")["tickets"]) == ("T09:00:00Z", [])
    counts = desk.ask("queue", "list")[0]
    assert (counts["depth"], counts["new"], counts["oldest"], counts["snoozed"]) == (0, 0, None, 1)
    assert ([row["number"] for row in desk.tickets("snoozed")], desk.tickets("-snoozed"), len(desk.tickets())) == ([1], [], 1)
    assert "snoozed until" in maild(desk, "ticket", "show", "1").stdout
    one_sentence(run_here(desk.directory, "queue", "next", "--as", "anna"), "nothing waits in Anna Ivanova's departments", status=1)
    assert desk.ask("ticket", "snooze", "1", "off")["snoozed_until"] is None
    assert len(desk.ask("queue", "show", "support")["tickets"]) == 1
    assert desk.events(1)[-3:] == ["snoozed", "snoozed", "woke"]
    one_sentence(shell("$maild ticket snooze 1 12/5", desk.directory), '"12/5" can be read in two ways; write it as in 12 May', status=2)
    torn = run_here(desk.directory, "ticket", "set", "1", "status=open", "priority=low", "status=closed")
    one_sentence(torn, "#set status=closed contradicts #set status=open; write only one of them", status=2)


def test_a_department_shows_its_tickets_in_order_with_the_reason(desk: RunningDesk):
    for subject, priority in (("old", "normal"), ("burning", "urgent"), ("waiting", "urgent"), ("new", "normal")):
        number = str(a_ticket(desk, subject=subject)["number"])
        desk.ask("ticket", "set", number, f"priority={priority}", f"status={'waiting' if subject == 'waiting' else 'open'}")
    shown = desk.ask("queue", "show", "support")
    assert [(ticket["number"], ticket["why"]) for ticket in shown["tickets"]] == [
        (2, "urgent, opened first"),
        (1, "normal, opened first"),
        (4, "normal, opened after #1"),
    ]
    assert (shown["depth"], shown["unassigned"], shown["load"]) == (4, 4, {"anna": 0})
    first = maild(desk, "queue", "show", "support").stdout.splitlines()[-3]
    assert first.split("\t")[:4] == ["2", "urgent, opened first", "-", "Ann Smith"]


def test_the_next_ticket_is_taken_from_a_department(desk: RunningDesk):
    number = a_ticket(desk)["number"]
    row = desk.ask("queue", "next", "support", "--as", "anna")
    assert (row["number"], row["owner"]) == (number, "anna")
    one_sentence(run_here(desk.directory, "queue", "next", "--as", "anna"), "nothing waits in Anna Ivanova's departments", status=1)
    one_sentence(run_here(desk.directory, "queue", "next"), "name one with --as", status=2)
    one_sentence(run_here(desk.directory, "queue", "next", "sales", "--as", "anna"), "you do not work in that department", status=2)


def test_an_agent_is_away_until_then_with_a_deputy_and_back(desk: RunningDesk):
    desk.maild("agent", "list")
    row = desk.ask("agent", "away", "boris", "--until", "3d", "--deputy", "anna")
    assert (row["agent"], row["away"]["deputy"]) == ("boris", "anna")
    listed = {row["agent"]: row["away"] for row in desk.ask("agent", "list")}
    assert (listed["anna"], listed["boris"]) == (None, row["away"])
    shown = maild(desk, "agent", "list").stdout.splitlines()
    assert shown[0].split("\t")[6] == "-"
    assert re.fullmatch(r"until \S+, deputy anna", shown[1].split("\t")[6])
    assert maild(desk, "agent", "back", "boris").stdout == "Boris Petrov is back\n"
    assert desk.ask("agent", "list")[1]["away"] is None
    assert maild(desk, "agent", "away", "boris").stdout == "Boris Petrov is away\n"
    number = str(a_ticket(desk)["number"])
    assert maild(desk, "ticket", "assign", number, "boris").stderr == "Boris Petrov is away; others are told.\n"
    assert maild(desk, "ticket", "tag", number, "vip").stderr == ""
    one_sentence(run_here(desk.directory, "agent", "away", "boris", "--until", "someday"), '"someday" is no time', status=2)
    one_sentence(run_here(desk.directory, "agent", "away", "bors"), 'there is no agent "bors"', status=2)


def test_an_agent_is_shown_and_welcomed(desk: RunningDesk):
    """PRODUCT 34c. What answers show: `tests/acceptance/test_welcome_acceptance.py`."""
    shown = desk.ask("agent", "show", "anna")
    assert (shown["agent"], shown["welcome"], shown["devices"]) == ("anna", None, [])
    (sent,) = desk.ask("agent", "welcome", "anna")
    assert (sent["agent"], sent["email"], sent["answers"]) == ("anna", desk.at("anna"), 0)
    assert desk.ask("agent", "show", "anna")["welcome"] == {key: sent[key] for key in ("sent", "until", "answers")}
    (row,) = desk.ask("outbox", "list")
    assert (row["kind"], row["template"], row["to"], row["ticket"]) == ("welcome", "welcome", desk.at("anna"), None)
    assert "Anna Ivanova is written to at" in maild(desk, "agent", "welcome", "anna", "boris").stdout
    assert "welcomed:" in maild(desk, "agent", "show", "anna").stdout
    for verb in ("show", "welcome"):
        one_sentence(run_here(desk.directory, "agent", verb, "ana"), 'there is no agent "ana" (did you mean "anna"?)', status=2)
    for arguments in ((), ("anna", "--all")):
        one_sentence(run_here(desk.directory, "agent", "welcome", *arguments), "or say --all", status=2)


def test_teams_are_shown_with_their_agents(desk: RunningDesk):
    desk.support = "agents: [anna, boris]"
    desk.configure()
    assert {agent["agent"]: agent["teams"] for agent in desk.ask("agent", "list")} == {"anna": [], "boris": ["payments"]}
    assert [line.split("\t")[0::5] for line in maild(desk, "agent", "list").stdout.splitlines()] == [["anna", "-"], ["boris", "payments"]]
    assert desk.ask("queue", "show", "support")["teams"] == {"payments": ["boris"]}
    assert "boris\t0\tpayments" in maild(desk, "queue", "show", "support").stdout.splitlines()


def test_what_the_rules_would_make_of_a_mail_file_is_told_with_what_becomes_of_it(desk: RunningDesk):
    desk.rules = "version: 1\nrules: [{id: pay, when: ticket.created, if: {subject: {contains: invoice}}, do: [{tag: [paid]}]}]\n"
    desk.configure()
    file = desk.directory / "mail.eml"
    file.write_bytes(an_email(subject="My invoice", to=desk.at("support")))
    told = maild(desk, "rules", "explain", str(file))
    assert told.stdout == 'ticket.created    rule pay: subject contains "invoice" → tagged paid   (rules/10-test.yaml:2)\n'
    assert told.stderr == "This mail would be done (new: no token, no known reference, no tag)\n"
    (trace,) = desk.ask("rules", "explain", str(file))
    assert (trace["at"], trace["rule"], trace["fired"], trace["problem"]) == (None, "pay", True, "")
    desk.rules = desk.rules.replace("ticket.created", "message.customer")
    desk.configure()
    a_ticket(desk)
    silent = maild(desk, "rules", "explain", "1")
    assert (silent.stdout, silent.stderr) == ("", "no rules ran\n")
    assert desk.incoming() == []


def test_what_the_rules_made_of_an_incoming_mail_is_told_by_its_number(desk: RunningDesk):
    """Also of one that came to no ticket, for which nothing else has kept it; and what a rule in shadow would have done is counted."""
    desk.rules = """version: 1
rules:
  - {id: spam, when: mail.received, if: {subject: prize}, do: [{quarantine: spam}]}
  - {id: trial, mode: shadow, when: ticket.created, do: [{notify: {who: boris, template: escalation}}, {tag: x}]}
"""
    desk.configure()
    for subject in ("Printer", "Prize"):
        (desk.directory / "mail.eml").write_bytes(an_email(subject=subject, to=desk.at("support")))
        desk.ask("message", "inject", str(desk.directory / "mail.eml"), "--mailbox", "support")
    desk.ask("run", "--once")
    numbers = {row["subject"]: str(row["id"]) for row in desk.ask("message", "list")}
    told = maild(desk, "rules", "explain", "--message", numbers["Prize"]).stdout
    assert told.endswith("  mail.received     rule spam: subject is Prize → quarantined: spam   (rules/10-test.yaml:3)\n")
    why_not = maild(desk, "rules", "explain", "--message", numbers["Printer"], "--why-not", "spam").stdout
    assert why_not == "mail.received: rule spam did not fire: subject is Printer, wanted prize   (rules/10-test.yaml:3)\n"
    stats = {row["rule"]: row for row in desk.ask("rules", "stats")}
    trial = {"rule": "trial", "mode": "shadow", "asked": 1, "fired": 0, "would_have_fired": 1, "failed": 0, "skipped": 0, "letters": 1}
    assert (stats["trial"], stats["spam"]["asked"], stats["spam"]["fired"]) == (trial, 2, 1)
    assert desk.ask("ticket", "show", "1")["tags"] == []
    assert desk.ask("rules", "explain", "--message", numbers["Prize"])[0]["fired"] is True
    assert run_here(desk.directory, "rules", "explain", "--message", "99").returncode == 1
    assert run_here(desk.directory, "rules", "explain", "--message", "mail.eml").returncode == 2


def test_a_template_and_the_rules_that_use_it_are_judged_together(desk: RunningDesk):
    """MAIL.md O9: what a template needs and a rule does not give would break only when mail comes."""
    (desk.directory / "templates/en").mkdir(parents=True)
    (desk.directory / "templates/en/refund.body.txt").write_text("You get {{ amount }} back, order {{ order }}.\n")
    asked = "if: {subject: {matches: 'order (?P<order>[0-9]+)'}}"
    given = "amount: 12, order: '{{ match.order }}'"
    desk.rules = f"version: 1\nrules: [{{id: one, when: ticket.created, {asked}, do: [{{reply: {{template: refund, {given}}}}}]}}]\n"
    desk.configure()
    assert maild(desk, "check").stdout.startswith(f"{desk.directory}: valid")
    assert maild(desk, "template", "preview", "refund").stdout.endswith("\n\nYou get 12 back, order [match.order].\n")
    desk.rules = desk.rules.replace("amount: 12, ", "")
    desk.configure()
    for arguments in (("check",), ("rules", "check")):
        faults = json.loads(maild(desk, *arguments, "--json", status=2).stdout)["faults"]
        (fault,) = (fault for fault in faults if fault["severity"] == "error")
        assert (fault["file"], fault["line"], fault["code"]) == ("templates/en/refund.body.txt", 1, "E405")
        assert 'unknown name "amount"' in fault["message"]
    refused = run_here(desk.directory, "ticket", "note", "1", "hello", "--as", "anna")
    assert (refused.returncode, "E405" in refused.stderr) == (2, True)


def test_a_mail_file_is_explained_with_its_points_and_without_a_filter_that_is_not_heard(desk: RunningDesk):
    desk.rules = "version: 1\nrules: [{id: links, owner: anna, when: mail.received, do: [{score: +4}]}]\n"
    port = free_port()
    desk.extra = f"spam: {{threshold: 9, rspamd: {{url: 'http://127.0.0.1:{port}'}}}}"
    desk.configure()
    file = desk.directory / "a.eml"
    file.write_bytes(an_email(to=desk.at("support")))
    told = run_here(desk.directory, "rules", "explain", str(file))
    assert told.stdout.startswith("mail.received     rule links: always → score +4, now 4   (")
    assert told.stderr == (
        "This mail would be done (new: no token, no known reference, no tag)\n"
        f"rspamd at 127.0.0.1:{port} was not heard: Connection refused\n"
        "score 4 of 9: links +4\n"
    )
    points = 'points lead to nothing: all rules together give 4 at most, and "spam.threshold" is 9'
    assert all(points in maild(desk, *command.split()).stderr for command in ("check", "rules check"))


def test_warnings_of_rules_end_lint_with_1_and_check_only_where_it_is_strict(desk: RunningDesk):
    desk.rules = "version: 1\nrules: [{id: pay, when: ticket.created, do: [{tag: [paid]}]}]\n"
    desk.configure()
    for arguments, status in {"rules lint": 1, "rules check": 0, "rules check --strict": 1}.items():
        found = maild(desk, *arguments.split(), status=status)
        assert 'rules/10-test.yaml:2:14: W313 rule "pay" has no' in found.stderr
        assert "             ^^^\n1 warning" in found.stderr
        assert "valid (1 warning): 1 rule, set " in found.stdout
    assert "W313" in maild(desk, "check").stderr
    desk.rules = "version: 1\nrules: [{id: pay, when: ticket.created, do: [{tag: [paid]}], owner: anna}]\n"
    desk.configure()
    assert maild(desk, "rules", "lint").stderr == ""
    assert maild(desk, "rules", "test").stderr == "the rule files have no tests\n"


def test_on_how_many_tickets_rules_wait_is_told_where_a_database_is_at_hand(desk: RunningDesk):
    desk.rules = "rules: [{id: late, when: {after: 1h, while: {status: new}}, do: [{tag: [late]}], owner: anna}]\n"
    desk.configure()
    assert maild(desk, "rules", "check").stdout.endswith("rule late waits on 0 tickets, and is due at once on 0\n")
    assert json.loads(maild(desk, "rules", "check", "--json").stdout)["waits"] == [{"rule": "late", "tickets": 0, "due": 0}]
    desk.storage = "sqlite:///elsewhere.db"
    desk.configure()
    assert "waits" not in maild(desk, "rules", "check").stdout


def test_what_a_time_rule_waits_for_on_a_ticket_is_explained(desk: RunningDesk):
    desk.rules = """
rules:
  - {id: late, when: {after: 1h, while: {status: new}}, do: [{tag: [late]}], owner: anna}
  - {id: silent, when: {after: 3d, while: {status: waiting}}, do: [{tag: [silent]}], owner: anna}
"""
    desk.configure()
    number = a_ticket(desk)["number"]
    found = maild(desk, "rules", "explain", str(number)).stdout
    assert "rule late waits on it since " in found
    assert ", and is asked at " in found
    assert "silent" not in found
    assert maild(desk, "rules", "explain", str(number), "--why-not", "silent").stdout == (
        "rule silent does not wait on it: status is new, wanted waiting\n"
    )


def test_editors_are_given_the_words_of_the_desk_or_the_language_alone(desk: RunningDesk):
    desk.rules = "version: 1\nrules: [{id: pay, when: ticket.created, do: [{tag: [paid]}], owner: anna}]\n"
    desk.configure()
    told = json.loads(maild(desk, "rules", "schema").stdout)["definitions"]["actions"]["properties"]
    assert told["set"]["properties"]["queue"]["enum"] == ["support", "sales", "billing"]
    assert "paid" in json.dumps(told["tag"])
    general = run_here(desk.directory / "rules", "rules", "schema")
    assert "support" not in json.dumps(json.loads(general.stdout)["definitions"]["actions"])


def test_broken_rules_leave_a_running_desk_alone_and_say_so(desk: RunningDesk):
    desk.rules = "version: 1\nrules: [{id: pay, whne: ticket.created, do: [{tag: [paid]}]}]\n"
    desk.configure()
    found = maild(desk, "rules", "check", status=2)
    assert found.stdout.endswith("not valid (2 errors): a running desk keeps the rules it has\n")
    assert 'unknown key "whne" in a rule' in found.stderr, found.stderr


def test_broken_rules_keep_no_agent_from_his_work_and_are_told_all_the_same(desk: RunningDesk):
    a_ticket(desk)
    desk.rules = "version: 1\nrules: [{id: pay, whne: ticket.created, do: [{reply: {template: refund, amount: 12}}]}]\n"
    desk.configure()
    (desk.directory / "templates/en").mkdir(parents=True)
    (desk.directory / "templates/en/refund.body.txt").write_text("You get {{ amount }} back.\n", encoding="utf-8")
    for verb, *words in (("reply", "Come by."), ("note", "He comes."), ("assign", "anna"), ("tag", "seen"), ("close",)):
        done = maild(desk, "ticket", verb, "1", *words, "--as", "anna")
        assert done.stdout.startswith("#1 ")
        assert 'unknown key "whne" in a rule' in done.stderr
        assert "a running daemon keeps its last good rules" in done.stderr
    ticket = desk.ticket(1)
    assert (ticket["status"], ticket["owner"], ticket["tags"]) == ("closed", "anna", ["seen"])
    assert [letter["to"] for letter in desk.ask("outbox", "list") if letter["kind"] == "answer"] == ["ann@globex.example"]
    assert maild(desk, "rules", "explain", "1").stderr == "no rules ran\n"
    for arguments in (("rules", "list"), ("rules", "test"), ("run", "--once")):
        refused = run_here(desk.directory, *arguments)
        assert (refused.returncode, 'unknown key "whne" in a rule' in refused.stderr) == (2, True)


# Lists


def test_in_a_pipe_a_list_is_tab_separated_with_times_in_utc(desk: RunningDesk):
    an_arrival(desk)
    identifier, state, kind, mailbox, received, *rest = maild(desk, "message", "list").stdout.rstrip("\n").split("\t")
    assert (identifier, state, kind, mailbox, rest) == ("1", "received", "-", "support", ["-", "-", "-", "-"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", received)


def test_a_list_shows_fifty_rows_and_says_how_many_more_there_are_and_json_has_them_all(desk: RunningDesk):
    for number in range(52):
        an_arrival(desk, subject=f"Mail {number}")
    short = maild(desk, "message", "list")
    assert (len(short.stdout.splitlines()), short.stderr) == (50, "… and 2 more (--limit N, or --json for all)\n")
    longer = maild(desk, "message", "list", "--limit", "51")
    assert (len(longer.stdout.splitlines()), longer.stderr) == (51, "")
    assert len(desk.ask("message", "list")) == 52
    assert len(desk.ask("message", "list", "--limit", "51")) == 51


def test_a_tag_without_check_characters_is_told_as_letters_have_it(tmp_path: Path):
    """MAIL.md F5: `trust.tag_check: off`."""
    desk = a_desk_without_servers(tmp_path / "desk", extra="trust: {tag_check: off}")
    open_store(desk.storage, desk.directory, create=True).close()
    opened = desk.ask("ticket", "new", "--queue", "support", "--subject", "Printer", "--from", "ann@globex.example", "It smokes.")
    listed, shown = desk.ask("ticket", "list")[0], desk.ask("ticket", "show", "1")
    (waiting,) = desk.ask("queue", "show", "support")["tickets"]
    assert {document["tag"] for document in (opened, listed, shown, waiting)} == {"[Acme #1]"}
    assert "[Acme #1]" in maild(desk, "ticket", "show", "1").stdout


def test_on_a_terminal_a_list_is_a_table_of_fifty_rows(desk: RunningDesk):
    for number in range(52):
        an_arrival(desk, subject=f"Mail {number}")
    maild_here = [sys.executable, "-m", "cli.main", "-c", str(desk.directory)]
    shown = shown_on_a_terminal([*maild_here, "message", "list"]).splitlines()
    assert len(shown) == 52
    assert shown[0].startswith("\x1b[1mID  STATE")
    assert shown[-1] == "… and 2 more (--limit N, or --json for all)"
    assert len(shown_on_a_terminal([*maild_here, "message", "list", "--limit", "51"]).splitlines()) == 52
    assert shown_on_a_terminal([*maild_here, "template", "list"]).splitlines()[-1].startswith("… and ")


def test_heads_of_tables_are_in_capitals(desk: RunningDesk):
    a_ticket(desk)
    for arguments in (("ticket", "list"), ("queue", "list"), ("message", "list"), ("outbox", "list"), ("mailbox", "list"), ("status",)):
        head = shown_on_a_terminal([sys.executable, "-m", "cli.main", "-c", str(desk.directory), *arguments], NO_COLOR="1").splitlines()[0]
        assert head == head.upper(), arguments


def test_colours_can_be_left_out(desk: RunningDesk):
    agents = [sys.executable, "-m", "cli.main", "-c", str(desk.directory), "agent", "list"]
    assert "\x1b[" in shown_on_a_terminal(agents)
    assert "\x1b[" not in shown_on_a_terminal(agents, NO_COLOR="1")


@pytest.mark.parametrize("noun", ["queue", "agent", "mailbox", "template", "rules"])
def test_every_list_takes_a_limit(desk: RunningDesk, noun: str):
    desk.rules = (
        "version: 1\nrules: [{id: one, when: ticket.created, do: [{tag: [a]}]}, {id: two, when: ticket.created, do: [{tag: [b]}]}]\n"
    )
    desk.configure()
    whole = desk.ask(noun, "list")
    assert len(whole) > 1
    assert desk.ask(noun, "list", "--limit", "1") == whole[:1]
    assert len(maild(desk, noun, "list", "--limit", "1").stdout.splitlines()) == 1


def test_a_view_is_shown_and_listed_by_its_name(desk: RunningDesk):
    sorted_view = "all: {query: 'burning', sort: [priority, created]}"
    desk.extra = f"views: {{burning: 'priority:high', {sorted_view}, mine: {{query: 'owner:me', about: yours, agents: [anna]}}}}"
    desk.configure()
    burning, other = (int(a_ticket(desk, subject=subject)["number"]) for subject in ("Burning", "burning the lamp"))
    desk.maild("ticket", "set", str(burning), "priority=high")
    desk.maild("ticket", "assign", str(other), "anna")
    assert [row["number"] for row in desk.tickets("burning")] == [burning]
    assert [row["number"] for row in desk.tickets('"burning"')] == [other, burning]
    assert [row["number"] for row in desk.tickets("all")] == [burning, other]
    assert [row["number"] for row in desk.tickets("view:mine", "--as", "anna")] == [other]
    assert desk.ask("view", "list", "--as", "boris") == desk.ask("view", "list", "--limit", "2")
    whole = {"name": "mine", "query": "owner:me", "sort": [], "about": "yours", "queues": [], "agents": ["anna"]}
    assert desk.ask("view", "list")[2] == desk.ask("view", "show", "MINE") == whole
    assert "owner:me" in maild(desk, "view", "list").stdout
    one_sentence(run_here(desk.directory, "view", "show", "mien"), 'there is no view "mien" (did you mean "mine"?)')
    one_sentence(run_here(desk.directory, "view", "show", "mine", "--as", "boris"), 'there is no view "mine"')
    one_sentence(run_here(desk.directory, "ticket", "list", "view:mine"), '"owner:me" needs to know who you are', status=2)


def test_words_of_a_query_may_begin_with_a_minus(desk: RunningDesk):
    a_ticket(desk, subject="Printer")
    a_ticket(desk, subject="Refund")
    assert [ticket["number"] for ticket in desk.tickets("-printer")] == [2]
    assert [ticket["number"] for ticket in desk.tickets("-hello", "refund", "-status:closed")] == [2]
    assert maild(desk, "ticket", "list", "--", "-refund").stdout.startswith("1\t")
    assert "Tickets that meet QUERY" in maild(desk, "ticket", "list", "-h").stdout
    assert "No such option '--typo'" in maild(desk, "ticket", "list", "--typo", status=2).stderr


# What a mail says


def test_no_mail_controls_the_terminal(desk: RunningDesk):
    a_ticket(desk, subject=f"Printer {ESCAPES}", text=f"It is {ESCAPES} on fire.")
    an_arrival(desk, subject="Hello")
    store = open_store(desk.storage, desk.directory, create=False)
    with store.writing() as tx:
        who = Address(f"Ann {ESCAPES}", "ann@globex.example")
        incoming.hold(tx, 1, Reason("error", f"ValueError: {ESCAPES}"), f"Traceback {ESCAPES}", NOW, author=who, subject=ESCAPES)
    store.close()
    for arguments in (
        ("ticket", "list"),
        ("ticket", "show", "1"),
        ("ticket", "log", "1"),
        ("message", "list"),
        ("message", "show", "1"),
        ("outbox", "list"),
        ("outbox", "show", "1"),
    ):
        for form in ((), ("--json",)):
            done = maild(desk, *arguments, *form)
            assert not CONTROLS.search(done.stdout.replace("\t", " ")), arguments
    assert desk.ask("message", "show", "1")["subject"] == ESCAPES


def test_the_question_before_a_destructive_act_shows_no_escapes_and_leaves_stdout_alone(desk: RunningDesk):
    a_ticket(desk, subject=f"Printer {ESCAPES}")
    for answer, status in (("n\n", 1), ("", 1)):
        refused = maild(desk, "outbox", "cancel", "1", "--json", status=status, text=answer)
        assert refused.stdout == ""
        assert "Never send" in refused.stderr
        assert not CONTROLS.search(refused.stderr)
        assert desk.ask("outbox", "show", "1")["state"] == "queued"
    assert json.loads(maild(desk, "outbox", "cancel", "1", "--json", text="y\n").stdout)["state"] == "cancelled"


# What the command is given


def test_what_is_no_tag_is_refused_and_each_argument_is_one(desk: RunningDesk):
    a_ticket(desk)
    refused = run_here(desk.directory, "ticket", "tag", "1", "vip", "a b", "ä!")
    one_sentence(refused, '"a b" is no tag: a tag is one word', '"ä!" is no tag', status=2)
    assert desk.ticket(1)["tags"] == []
    assert desk.ask("ticket", "tag", "1", "vip", "#schön")["tags"] == ["schön", "vip"]


@pytest.mark.parametrize("number", ["0", "-3", "1.5", "²", "x", "99999999999999999999", "9" * 5000])
@pytest.mark.parametrize("arguments", [("ticket", "show", "{}"), ("outbox", "list", "--ticket", "{}"), ("ticket", "list", "--limit", "{}")])
def test_what_is_no_number_is_refused(desk: RunningDesk, arguments: tuple[str, ...], number: str):
    assert maild(desk, *(word.format(number) for word in arguments), status=2).stdout == ""


def test_a_ticket_is_named_as_people_see_it(desk: RunningDesk):
    tag = a_ticket(desk, subject="Printer")["tag"]
    checked = tag.removeprefix("[Acme #").removesuffix("]")
    for name in ("1", "#1", checked, f"#{checked}", tag, f"Re: {tag} Printer", "[Acme #1]"):
        assert desk.ask("ticket", "show", name)["number"] == 1, name
        assert desk.ask("ticket", "tag", name, "seen")["number"] == 1
        assert [letter["ticket"] for letter in desk.ask("outbox", "list", "--ticket", name)] == [1]
        assert desk.ask("rules", "explain", name) == []
    for name in ("#1-AAAA", "[Acme #1-AAAA]"):
        assert "check characters" in maild(desk, "ticket", "show", name, status=2).stderr
    for name in ("[Other #1]", "#", "# 1", "##1"):
        assert "is no number" in maild(desk, "ticket", "show", name, status=2).stderr
    one_sentence(run_here(desk.directory, "rules", "explain", "#1-AAAA"), "neither a ticket number nor a file", status=2)


def test_nothing_is_held_beside_a_record_that_is_not_there_any_more(desk: RunningDesk):
    """RULES.md 5.7: of what rules were asked, 90 days are kept."""
    one_sentence(run_here(desk.directory, "rules", "backtest", "--since", "91d"), "what rules did is recorded for 90 days", status=2)
    assert run_here(desk.directory, "rules", "backtest", "--since", "90d").returncode == 0
    (desk.directory / "others").mkdir()
    assert run_here(desk.directory, "rules", "backtest", "--since", "91d", "--rules", str(desk.directory / "others")).returncode == 0


def test_a_field_that_no_query_knows_is_wrong_usage(desk: RunningDesk):
    one_sentence(run_here(desk.directory, "ticket", "list", "foo:bar"), 'there is no field "foo"', status=2)
    one_sentence(run_here(desk.directory, "ticket", "list", "owner:anan"), 'no agent "anan" (did you mean "anna"?)', status=2)


def test_a_command_that_is_not_built_yet_says_so(desk: RunningDesk):
    one_sentence(shell("$maild top", desk.directory), 'does not have "top" yet; `maild status`', status=2)
    for words in ("kb search refund", "backup copy.db --json", "ticket export 1", "customer --help"):
        one_sentence(shell(f"$maild {words}", desk.directory), "this version of maild does not have", status=2)


def test_a_misspelt_command_is_told_with_what_was_meant(desk: RunningDesk):
    for words, meant in {"tickt list": "ticket", "ticket shwo 1": "show", "outbox suppresed": "suppressed", "rules lst": "list"}.items():
        refused = maild(desk, *words.split(), status=2).stderr
        assert refused.endswith(f'(did you mean "{meant}"?)\n')
        assert "--help' for help" in refused
    assert maild(desk, "frobnicate", status=2).stderr.endswith('there is no command "frobnicate"\n')


def test_servers_that_are_not_there_are_told_in_words(desk: RunningDesk):
    """Seen in practice: "[Errno 111] Connection refused", which is no word of anybody's."""
    for server in (desk.sink, desk.dovecot):
        with socket.create_server(("127.0.0.1", 0)) as once:
            server.port = once.getsockname()[1]
    desk.configure()
    found = {finding["check"]: finding["reason"] for finding in json.loads(maild(desk, "doctor", "--json", status=1).stdout)}
    assert found["mailbox support"].endswith(f":{desk.dovecot.port} does not answer: Connection refused")
    assert found[f"smtp 127.0.0.1:{desk.sink.port}"].endswith("cannot be used: Connection refused")


def test_what_is_not_there_is_told_with_what_may_have_been_meant(desk: RunningDesk):
    desk.rules = "version: 1\nrules: [{id: route-sales, when: ticket.created, do: [{tag: [a]}]}]\n"
    desk.configure()
    a_ticket(desk)
    one_sentence(run_here(desk.directory, "rules", "explain", "1", "--why-not", "rout-sales"), '(did you mean "route-sales"?)')
    one_sentence(run_here(desk.directory, "queue", "show", "suport"), 'there is no queue "suport" (did you mean "support"?)')
    one_sentence(run_here(desk.directory, "template", "preview", "recieved"), '(did you mean "received"?)')


def test_numbers_of_nothing_are_not_found(desk: RunningDesk):
    for arguments in (
        ("ticket", "show"),
        ("ticket", "close"),
        ("message", "show"),
        ("message", "retry"),
        ("outbox", "show"),
        ("rules", "explain"),
    ):
        one_sentence(run_here(desk.directory, *arguments, "999999999999999999"), "there is no")


def test_a_thing_in_another_state_is_a_failure_and_no_wrong_usage(desk: RunningDesk):
    an_arrival(desk)
    one_sentence(run_here(desk.directory, "message", "retry", "1"), "is received, not held")
    one_sentence(run_here(desk.directory, "message", "release", "1"), "is received, not quarantined")


def test_arguments_are_as_clean_as_mail(desk: RunningDesk):
    a_ticket(desk, subject=f"two\nlines {ESCAPES}")
    one_sentence(run_here(desk.directory, "ticket", "tag", "1", f"a{ESCAPES}"), "is no tag", status=2)
    desk.ask("ticket", "set", "1", "order=12\r\nBcc: evil@prizes.example")
    assert desk.ticket(1)["fields"] == {"order": "12 Bcc: evil@prizes.example"}
    assert desk.ticket(1)["subject"] == "two lines ]0;owned31m"


@pytest.mark.parametrize("content", [b"junk that is no database", b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_is_no_database_is_one_sentence_that_names_it(desk: RunningDesk, content: bytes):
    for file in desk.directory.glob("maild.db*"):
        file.unlink()
    (desk.directory / "maild.db").write_bytes(content)
    for arguments in ("ticket list", "status --json", "db status"):
        done = run_here(desk.directory, *arguments.split())
        one_sentence(done, f"the database {desk.directory}/maild.db does not answer", "it is damaged")


def test_text_is_read_from_standard_input_whatever_its_bytes(desk: RunningDesk):
    a_ticket(desk)
    assert shell(r"printf 'caf\xe9 \x1b[31m\x00' | $maild ticket note 1 --as anna", desk.directory).returncode == 0
    assert desk.ticket(1)["messages"][-1]["text"] == "caf\ufffd [31m"
    for nothing in ("< /dev/null", "<&-", "''"):
        one_sentence(shell(f"$maild ticket note 1 {nothing}", desk.directory), "there is no text", status=2)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("--from", "no address", "--subject", "x"), "is not one mail address"),
        (("--from", "a@b.example, c@d.example", "--subject", "x"), "is not one mail address"),
        (("--from", "a@b.example", "--subject", " "), "has no subject"),
        (("--from", "a@b.example", "--subject", "x", "--queue", "nope"), "there is no queue"),
    ],
)
def test_a_ticket_that_makes_no_sense_is_not_opened(desk: RunningDesk, arguments: tuple[str, ...], fault: str):
    queue = () if "--queue" in arguments else ("--queue", "support")
    done = CliRunner().invoke(command, ["-c", str(desk.directory), "ticket", "new", *queue, *arguments, "text"])
    assert fault in str(done.exception)
    assert desk.tickets() == []


def test_the_desk_is_not_its_own_customer(desk: RunningDesk):
    done = run_here(desk.directory, "ticket", "new", "--queue", "support", "--from", desk.at("sales"), "--subject", "x", "text")
    one_sentence(done, "is the desk's own address", status=2)


def test_a_mail_put_in_arrives_where_it_was_written_to(desk: RunningDesk):
    desk.configure()
    mail = desk.directory / "mail.eml"
    for address, mailbox in ((desk.at("support"), "support"), (f"Sales <{desk.at('sales')}>", "sales")):
        mail.write_bytes(an_email(to=address))
        assert desk.ask("message", "inject", str(mail))["mailbox"] == mailbox
    mail.write_bytes(an_email(to="nobody@globex.example"))
    refused = "the mail is addressed to no department; name the mailbox with --mailbox; one of: support, sales"
    one_sentence(run_here(desk.directory, "message", "inject", str(mail)), refused, status=2)
    wrong = run_here(desk.directory, "message", "inject", str(mail), "--mailbox", "nope")
    one_sentence(wrong, 'there is no mailbox "nope"; one of: support, sales', status=2)


def test_an_empty_mail_is_not_taken_in(desk: RunningDesk):
    one_sentence(run_here(desk.directory, "message", "inject", "/dev/null", "--mailbox", "support"), "is empty", status=2)
    assert desk.incoming() == []


def test_a_missing_mail_file_has_its_line_and_the_others_are_read(tmp_path: Path):
    (tmp_path / "here.eml").write_bytes(an_email(subject="Here"))
    done = run_here(tmp_path, "message", "inspect", "--json", f"{tmp_path}/missing.eml", f"{tmp_path}/here.eml")
    missing, here = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, missing["error"], here["subject"]) == (1, "No such file or directory", "Here")


def test_a_file_name_of_any_bytes_is_inspected(tmp_path: Path):
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.eml"))).write_bytes(an_email(subject="Here"))
    done = shell(f"$maild message inspect {tmp_path}", tmp_path)
    assert os.fsencode(json.loads(done.stdout)["file"]).endswith(b"/\xff.eml")


# Where it writes


def test_times_are_those_of_the_desk_on_a_terminal_and_in_utc_elsewhere(desk: RunningDesk):
    """Wherever the reader's machine stands: rules, letters and commands speak of the same hour."""
    desk.desk = ", timezone: Asia/Tehran"
    desk.rules = "version: 1\nrules: [{id: all, when: ticket.created, do: [{tag: [a]}]}]\n"
    desk.configure()
    raw = an_email(sender="ann@globex.example", to=desk.at("support"))
    (desk.directory / "mail.eml").write_bytes(raw)
    desk.ask("message", "inject", str(desk.directory / "mail.eml"), "--mailbox", "support")
    desk.ask("run", "--once")
    (ticket,) = desk.tickets()
    created = datetime.fromisoformat(ticket["created"])
    # The minute may end between the mail's arrival and what is done about it.
    at_the_desk = [f"{created.astimezone(ZoneInfo('Asia/Tehran')) + later:%Y-%m-%d %H:%M}" for later in (timedelta(), timedelta(minutes=1))]
    words = [sys.executable, "-m", "cli.main", "-c", str(desk.directory)]
    for command_line in ("ticket show 1", "ticket log 1", "ticket list", "rules explain 1", "queue show support"):
        piped = shell(f"$maild {command_line}", desk.directory, TZ="Asia/Tokyo").stdout
        assert set(TIMES.findall(piped)) == set(UTC_TIMES.findall(piped)) != set(), command_line
        shown = shown_on_a_terminal([*words, *command_line.split()], TZ="Asia/Tokyo")
        assert any(minute in shown for minute in at_the_desk), command_line
        assert "+0330" in shown, command_line
        assert not UTC_TIMES.search(shown), command_line


def test_a_full_disk_is_one_sentence(desk: RunningDesk):
    a_ticket(desk)
    for arguments in ("ticket list", "ticket list --json", "outbox show 1 --raw", "db status", "--help", "--version"):
        one_sentence(shell(f"$maild {arguments} > /dev/full", desk.directory), "No space left on device")


def test_a_closed_pipe_is_silent(desk: RunningDesk):
    for arguments in ("template list --json", "template list"):
        done = shell(f"$maild {arguments} | true; exit ${{PIPESTATUS[0]}}", desk.directory)
        assert (done.returncode, done.stderr) in ((1, ""), (0, ""))


def test_a_closed_stdout_does_no_harm(desk: RunningDesk):
    a_ticket(desk)
    for arguments in ("ticket list", "ticket list --json", "outbox show 1 --raw", "ticket show 1"):
        done = shell(f"$maild {arguments} >&-", desk.directory)
        assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_the_letters_gets_the_rest_and_json_is_whole(desk: RunningDesk):
    russian = shell("$maild template preview received --language ru", desk.directory, PYTHONIOENCODING="latin-1")
    assert russian.returncode == 0
    assert "?" in russian.stdout
    document = shell("$maild template preview received --language ru --json", desk.directory, PYTHONIOENCODING="latin-1")
    assert "сообщение" in json.loads(document.stdout)["own_subject"]


@pytest.mark.parametrize("arguments", [("mailbox", "test"), ("run", "--once")])
def test_an_interrupt_ends_a_command_without_a_traceback(desk: RunningDesk, arguments: tuple[str, ...]):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        desk.dovecot.port = silent.getsockname()[1]
        desk.configure()
        words = [sys.executable, "-m", "cli.main", "-c", str(desk.directory), *arguments]
        # Whoever runs the tests in the background has them ignore interrupts, and what they start does so too.
        hearing = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=hearing) as process:
            connection, _ = silent.accept()
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=60)
            connection.close()
    assert process.returncode == 1
    assert told.endswith("\nAborted.\n")
    assert "Traceback" not in told


# What it may not, and where there is no desk


@pytest.mark.parametrize("arguments", ["ticket list", "status", "status --json", "rules list", "run --once", "outbox pause"])
def test_a_folder_that_is_no_desk_says_so(tmp_path: Path, arguments: str):
    def run(folder: Path) -> subprocess.CompletedProcess[str]:
        # A run takes over logging.
        return shell(f"$maild {arguments}", folder) if arguments.startswith("run") else run_here(folder, *arguments.split())

    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no maild.yaml here; `maild init DIR` writes one" in done.stderr
    assert "Traceback" not in done.stderr
    nowhere = run(tmp_path / "nowhere")
    assert f"there is no directory {tmp_path}/nowhere; `-c DIR` names another one" in nowhere.stderr


def test_faults_are_named_from_the_desks_folder_by_every_command(tmp_path: Path):
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "maild.yaml").write_text("desk: {name: Acme}\nqueue: {}\n")
    for arguments in ("check", "ticket list"):
        for folder, named in ((tmp_path, "desk"), (tmp_path / "desk", "."), (tmp_path / "desk", str(tmp_path / "desk"))):
            words = f"cd {folder}; {sys.executable} -m cli.main -c {named} {arguments}"
            done = subprocess.run(["/bin/bash", "-c", words], capture_output=True, text=True, check=False, timeout=60)
            assert (done.returncode, re.findall(r"^(\S+?):2:1: E102", done.stderr, re.MULTILINE)) == (2, ["maild.yaml"]), done.stderr


def test_paths_that_are_printed_are_absolute(tmp_path: Path):
    a_desk_without_servers(tmp_path / "desk")
    script = f"cd {tmp_path}; {sys.executable} -m cli.main -c desk"
    for arguments, path in (
        ("template copy en/closed.body.txt", "desk/templates/en/closed.body.txt"),
        ("secret rotate", "desk/secret.key"),
    ):
        done = subprocess.run(["/bin/bash", "-c", f"{script} {arguments}"], capture_output=True, text=True, check=False, timeout=60)
        assert done.stdout.startswith(str(tmp_path / path)), done


def test_a_desk_that_never_ran_says_what_makes_the_database(tmp_path: Path):
    desk = a_desk_without_servers(tmp_path / "desk")
    for arguments in ("ticket list", "status", "db status", "db upgrade", "message list", "outbox pause"):
        one_sentence(run_here(desk.directory, *arguments.split()), "does not exist yet", "`maild run` creates it")
    assert [row["state"] for row in desk.ask("mailbox", "list")] == ["never read", "never read"]


def test_what_may_not_be_read_or_written_is_one_sentence(desk: RunningDesk):
    mail = desk.directory / "mail.eml"
    mail.write_bytes(an_email())
    mail.chmod(0)
    one_sentence(without_rights(f"rules explain {mail}", desk), "mail.eml: Permission denied")
    assert json.loads(without_rights(f"message inspect {mail}", desk).stdout)["error"] == "Permission denied"
    desk.directory.chmod(0o555)
    one_sentence(without_rights(f"init {desk.directory}/new --non-interactive --address support@acme.example", desk), "Permission denied")
    for rights in (0o444, 0):
        for file in desk.directory.glob("maild.db*"):
            file.chmod(rights)
        one_sentence(without_rights("outbox pause", desk), "the database", "does it belong to another user?")


def without_rights(arguments: str, desk: RunningDesk) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody for whom the rights of files hold; they do not hold for root."""
    return shell(f"{BOUND_BY_RIGHTS if os.geteuid() == 0 else ''} $maild {arguments}", desk.directory)


@pytest.mark.parametrize("arguments", [["status"], ["ticket", "list"], ["ticket", "list", "status:nonsense"], ["outbox", "show", "7"]])
def test_a_command_closes_the_database_however_it_ends(desk: RunningDesk, arguments: list[str]):
    """Where a server counts connections, what is left to the garbage collector is one too many."""
    gc.disable()
    try:
        CliRunner().invoke(command, ["-c", str(desk.directory), *arguments])
        assert not [path for path in open_files() if path.startswith(str(desk.directory))]
    finally:
        gc.enable()


def test_a_command_ends_without_a_search_for_garbage():
    """Who asks first to be called at the end is called last."""
    script = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count())); from cli.main import main; main(['--version'])"
    version, frozen = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
    assert version.startswith("maild ")
    assert int(frozen) > 1000


def open_files() -> list[str]:
    """What this process has open; the folder itself is read through a descriptor that is closed by now."""
    return [str(descriptor.readlink()) for descriptor in list(Path("/proc/self/fd").iterdir()) if descriptor.is_symlink()]


def test_a_task_is_given_changed_shown_and_done(desk: RunningDesk):
    """PRODUCT 20."""
    a_ticket(desk)
    desk.ask("ticket", "task", "1", "boris", "--due", "mon 9:00", "check", "the", "invoice", "--as", "anna")
    desk.ask("ticket", "task", "1", "me", "do it, too", "--as", "anna")
    desk.ask("ticket", "task", "1", "1", "anna", "--as", "boris")
    first, second = desk.ticket(1)["tasks"]
    assert list(first) == ["number", "title", "agent", "due", "made_by", "made", "done", "done_by"]
    assert (first["title"], first["agent"], first["due"][-10:], first["made_by"]) == ("check the invoice", "anna", "T09:00:00Z", "anna")
    assert (second["title"], second["due"], second["done"]) == ("do it, too", None, None)
    desk.ask("ticket", "done", "1", "2", "--as", "boris")
    assert [(task["done"] is None, task["done_by"]) for task in desk.ticket(1)["tasks"]] == [(True, None), (False, "boris")]
    shown = maild(desk, "ticket", "show", "1").stdout
    lines = r"task:  1\. check the invoice \(anna, due \S+Z\)\ntask:  2\. do it, too \(anna, done by boris \S+Z\)\n"
    assert re.search(lines, shown)
    one_sentence(shell("$maild ticket task 1 boris --due soon call her", desk.directory), '"soon" is no time', status=2)
    one_sentence(shell("$maild ticket done 1 2", desk.directory), 'task 2, "do it, too", is done already', status=2)
    desk.ask("agent", "away", "boris")
    assert "Boris Petrov is away; the task waits" in shell("$maild ticket task 1 boris call her --as anna", desk.directory).stderr
