"""What rules make people do, or put off, through the real walk and store (RULES.md 4)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.store import regroupings, tickets
from maild.task import Task
from tests.rig.mails import an_email, an_email_with_files, parsed
from tests.rig.office import text_of
from tests.rig.replay import Replay, a_replay

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], lead: anna, mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
  billing: {address: billing@acme.example, agents: [boris], mode: live, mailbox: support}
agents: {anna: {name: Anna Ivanova, email: anna@acme.example}, boris: {name: Boris Petrov, email: boris@acme.example}}
"""
RULES = """
rules:
  - {id: angry, when: ticket.created, if: {text: {word: complaint*}}, do: [{task: {title: Call her, for: lead, due: 1d}}]}
  - {id: money, when: ticket.created, if: {text: {word: invoice}}, do: [{fork: billing}]}
  - {id: later, when: ticket.created, if: {text: {word: christmas}}, do: [{snooze: 3w}]}
  - {id: bank, when: [ticket.created, message.customer], if: {text: {contains: bank account}}, do: [{hold: who is it?}]}
  - {id: second, when: ticket.created, if: {customer.tickets: 1, customer.last_agent: null}, do: [{tag: second}]}
"""
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Replay]:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "10.yaml").write_text(RULES)
    with a_replay(tmp_path, DESK) as desk:
        yield desk


def received(desk: Replay, body: str, minutes: int = 0) -> int:
    raw = an_email(sender="Ann Smith <ann@globex.example>", subject="Printer", body=body, message_id=f"{minutes}@globex.example")
    return desk.receive(raw, NOW + timedelta(minutes=minutes)) or 0


def told(desk: Replay, agent: str, number: int) -> list[str]:
    return [" ".join(text_of(parsed(sent.raw)).split()) for sent in desk.letters_about(f"{agent}@acme.example", number)]


def events(desk: Replay, number: int) -> list[tuple[str, str, str]]:
    with desk.store.reading() as tx:
        return [(row.kind, row.by, row.text) for row in tickets.list_events(tx, number)]


def test_whoever_has_a_task_by_a_rule_is_told_and_ticks_it_off_like_any_other(desk: Replay):
    number = received(desk, "This is a complaint.")
    due = NOW + timedelta(days=1)
    assert desk.ticket(number).tasks == (Task(1, "Call her", "anna", "rule angry", NOW, due, id=1),)
    assert ("task", "rule angry", "task 1 for Anna Ivanova, by Sat 21 Nov 2026 12:00 (UTC): Call her") in events(desk, number)
    _, letter = told(desk, "anna", number)
    assert [words for words in ("Call her", "rule angry", "This is a complaint.") if words not in letter] == []
    assert len(told(desk, "boris", number)) == 1


def test_a_fork_is_a_ticket_of_its_own_of_which_its_department_is_told(desk: Replay):
    number = received(desk, "Where is the invoice?")
    with desk.store.reading() as tx:
        (other,) = regroupings.find_links(tx, number)
        messages = tickets.list_messages(tx, other)
    fork = desk.ticket(other)
    assert (fork.queue, fork.subject, fork.requester.address, fork.customer_messages) == ("billing", "Printer", "ann@globex.example", 1)
    assert [(row.author.address, row.visible) for row in messages] == [("ann@globex.example", "Where is the invoice?")]
    assert ("split", "rule money", f"#{other} was split off: Printer") in events(desk, number)
    assert told(desk, "anna", other) == []
    (letter,) = told(desk, "boris", other)
    assert "Rule money opened this ticket beside one of support." in letter
    assert "Where is the invoice?" in letter
    assert len(desk.letters["ann@globex.example"]) == 1


def test_the_files_of_a_forked_mail_stay_where_they_are(desk: Replay):
    raw = an_email_with_files([("invoice.pdf", "application/pdf", b"%PDF")], subject="Invoice", body="The invoice is attached.")
    number = desk.receive(raw, NOW) or 0
    with desk.store.reading() as tx:
        (other,) = regroupings.find_links(tx, number)
        assert [row.attachments for row in tickets.list_messages(tx, other)] == [()]
    assert "Its files are on the other ticket alone." in told(desk, "boris", other)[0]


def test_a_ticket_is_snoozed_by_a_rule(desk: Replay):
    number = received(desk, "Nothing to do before Christmas.")
    assert desk.ticket(number).snoozed_until == NOW + timedelta(weeks=3)


def test_who_is_told_of_a_mail_that_is_held_reads_why(desk: Replay):
    number = received(desk, "My bank account is another one.")
    assert desk.ticket(number).tags == {"hold"}
    (letter,) = told(desk, "boris", number)
    assert "Note: rule bank: On hold until somebody has looked at it: who is it?" in letter


def test_the_store_says_who_a_customer_is(desk: Replay):
    assert desk.ticket(received(desk, "Hello")).tags == frozenset()
    assert desk.ticket(received(desk, "Hello again", 1)).tags == {"second"}
    assert desk.ticket(received(desk, "And again", 2)).tags == frozenset()
