"""Tasks in the store, on both engines, and those that are due (PRODUCT 20): whoever is to do one is told once."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from maild.config.load import require_settings
from maild.due_tasks import tell_of_due_tasks
from maild.effects import Post
from maild.known import Absence
from maild.office import Office, open_office
from maild.question import Question
from maild.store import absences, letters, outbox, tasks, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.recall import recall
from maild.store.retention import forget_tickets
from maild.task import Task
from maild.ticket import Status
from tests.rig.desk import MINUTE, NOTIFICATION, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.letters import text_of

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example], timezone: Europe/Sofia}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example, timezone: Asia/Tokyo}}
"""
BREAKS_OVER_THE_FIRST = '{% extends "maild/task.body.txt" %}{% block message %}{{ 10 // (ticket.number - 1) }}{% endblock %}'
INVOICE = Task(1, "check the invoice", "boris", "anna", NOW, NOW + 5 * MINUTE)


def an_office(directory: Path, template: str = "") -> Office:
    (directory / "secret.key").write_text("k" * 64, encoding="ascii")
    (directory / "maild.yaml").write_text(DESK, encoding="utf-8")
    (directory / "templates").mkdir(exist_ok=True)
    own = directory / "templates" / "task.body.txt"
    own.write_text(template, encoding="utf-8") if template else own.unlink(missing_ok=True)
    return open_office(require_settings(directory))


def opened(store: Store, *made: Task, status: Status = Status.NEW) -> int:
    ticket = replace(a_ticket(status=status), tasks=made)
    with store.writing() as tx:
        applied = apply(tx, a_decision(a_message(), after=ticket), now=NOW, compose=composed, incoming=None, first_number=1)
    assert applied.ticket is not None
    return applied.ticket.number


def told(store: Store) -> list[tuple[str, int | None, str]]:
    """Who has got a letter, about which ticket, and how it begins."""
    with store.reading() as tx:
        rows = outbox.list_outbox(tx)
        return sorted((row.recipient, row.ticket, _second(letters.raw(tx, row.id))) for row in rows)


def _second(raw: bytes) -> str:
    """What stands below the line that says where a reply goes."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return text_of(message).split("\n")[2]


def on(store: Store, number: int) -> tuple[Task, ...]:
    with store.reading() as tx:
        return tickets.view(tx, number).tasks


def test_tasks_are_kept_as_they_are_and_what_changes_is_written(store: Store):
    number = opened(store, INVOICE, replace(INVOICE, number=2, title="call her — срочно", agent="anna", due=None))
    first, second = on(store, number)
    assert (replace(first, id=0), second.title, second.due) == (INVOICE, "call her — срочно", None)
    done = replace(first, done=NOW + MINUTE, done_by="boris", told=NOW, agent="anna")
    with store.writing() as tx:
        before = tickets.view(tx, number)
        after = replace(before, tasks=(done, second))
        apply(tx, a_decision(a_message(), before=before, after=after), now=NOW, compose=composed, incoming=None, first_number=1)
    assert on(store, number) == (done, second)


def test_a_letter_keeps_which_task_it_tells_of(store: Store):
    letter = replace(NOTIFICATION, template="task", task=2)
    ticket = replace(a_ticket(), tasks=(INVOICE, replace(INVOICE, number=2)))
    with store.writing() as tx:
        decision = a_decision(a_message(), Post(letter), Post(NOTIFICATION), after=ticket)
        applied = apply(tx, decision, now=NOW, compose=composed, incoming=None, first_number=1)
    with store.writing() as tx:
        known = recall(tx, Question("x@x", letters=frozenset(applied.letters)), NOW)
    assert [known.letters[number].task for number in applied.letters] == [known.tickets[1].tasks[1].id, None]


def test_what_an_agent_is_to_do_is_found_over_all_tickets_the_first_due_first(store: Store):
    later, sometime, other = replace(INVOICE, due=NOW + timedelta(days=1)), replace(INVOICE, due=None), replace(INVOICE, agent="anna")
    for made in ((sometime,), (later, replace(other, number=2)), (INVOICE, replace(INVOICE, number=2, done=NOW, done_by="boris"))):
        opened(store, *made)
    opened(store, INVOICE, status=Status.SPAM)
    opened(store, INVOICE, status=Status.CLOSED)
    with store.reading() as tx:
        found = tasks.find_open(tx, "boris")
    assert [(listed.ticket, listed.task.due) for listed in found] == [(3, INVOICE.due), (5, INVOICE.due), (2, later.due), (1, None)]
    assert found[0].subject == "The printer is on fire"


def test_tasks_go_with_a_ticket_that_is_forgotten(store: Store):
    opened(store, INVOICE, status=Status.CLOSED)
    with store.writing() as tx:
        assert forget_tickets(tx, Status.CLOSED, NOW + MINUTE, 10) == 1
        assert (tasks.find_open(tx, "boris"), tasks.find_due(tx, NOW + timedelta(days=1))) == ((), ())


def test_what_is_due_is_told_of_once(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for minutes in (5, 1, 90):
        opened(store, replace(INVOICE, due=NOW + minutes * MINUTE))
    tell_of_due_tasks(store, office, NOW)
    assert told(store) == []
    due = NOW + timedelta(minutes=5)
    tell_of_due_tasks(store, office, due)
    assert told(store) == [("boris@acme.example", 1, "A task is due"), ("boris@acme.example", 2, "A task is due")]
    tell_of_due_tasks(store, office, NOW + timedelta(minutes=6))
    assert len(told(store)) == 2, "nobody is told twice"
    assert [on(store, number)[0].told for number in (1, 2, 3)] == [due, due, None]
    with store.reading() as tx:
        assert [(row.kind, row.by, row.text) for row in tickets.list_events(tx, 1)] == [
            ("task_due", "maild", "task 1 for Boris, by Fri 20 Nov 2026 12:07 (Europe/Sofia): check the invoice"),
            ("notified", "maild", "Boris of task 1"),
        ]


def test_several_of_one_ticket_are_a_letter_each(store: Store, tmp_path: Path):
    opened(store, INVOICE, replace(INVOICE, number=2, agent="anna"), replace(INVOICE, number=3, done=NOW, done_by="anna"))
    tell_of_due_tasks(store, an_office(tmp_path), NOW + timedelta(hours=1))
    assert [recipient for recipient, _, _ in told(store)] == ["anna@acme.example", "boris@acme.example"]


def test_his_letter_has_the_time_by_his_clock_the_words_and_how_to_tick_it_off(store: Store, tmp_path: Path):
    opened(store, INVOICE)
    tell_of_due_tasks(store, an_office(tmp_path), NOW + timedelta(hours=1))
    with store.reading() as tx:
        (row,) = outbox.list_outbox(tx)
        message = message_from_bytes(letters.raw(tx, row.id), policy=policy.default)
    assert isinstance(message, EmailMessage)
    text = text_of(message)
    assert text.startswith(
        "Reply = internal note\n\nA task is due\n\nWhat to do: 1. check the invoice\nDue: 2026-11-20 19:07\nFrom: Anna\n\n"
        "To tick it off, reply to this mail with the one word: done\n"
    )
    assert "Since this morning the printer on the second floor is on fire." in text
    assert "Task: 1. check the invoice (Boris, 2026-11-20 19:07)\n" in text
    assert "maild-ref: n.1." in text


def test_while_he_is_away_his_deputy_is_told_too(store: Store, tmp_path: Path):
    """PRODUCT 12."""
    opened(store, INVOICE)
    with store.writing() as tx:
        absences.store(tx, Absence("boris", NOW, None, "anna"))
    tell_of_due_tasks(store, an_office(tmp_path), NOW + timedelta(hours=1))
    assert [recipient for recipient, _, _ in told(store)] == ["anna@acme.example", "boris@acme.example"]


def test_nobody_is_told_of_spam(store: Store, tmp_path: Path):
    opened(store, INVOICE, status=Status.SPAM)
    tell_of_due_tasks(store, an_office(tmp_path), NOW + timedelta(hours=1))
    assert told(store) == []
    with store.reading() as tx:
        assert tasks.find_due(tx, NOW + timedelta(hours=1)) == ()


def test_two_rounds_that_found_the_same_task_due_tell_once(store: Store, tmp_path: Path):
    """As of a daemon and `run --once`."""
    office = an_office(tmp_path)
    opened(store, INVOICE)
    due = NOW + timedelta(minutes=5)
    with store.reading() as tx:
        assert tasks.find_due(tx, due) == (1,)
        # SQLite goes on showing this reader the task untold; PostgreSQL's sees each commit.
        tell_of_due_tasks(store, office, due)
    tell_of_due_tasks(store, office, due)
    assert len(told(store)) == 1


def test_a_letter_that_cannot_be_written_leaves_its_task_untold_and_tells_of_the_others(store: Store, tmp_path: Path):
    for _ in range(2):
        opened(store, INVOICE)
    due = NOW + timedelta(minutes=5)
    tell_of_due_tasks(store, an_office(tmp_path, BREAKS_OVER_THE_FIRST), due)
    assert ([number for _, number, _ in told(store)], on(store, 1)[0].told) == ([2], None)
    with store.reading() as tx:
        assert tickets.list_events(tx, 1) == ()
    tell_of_due_tasks(store, an_office(tmp_path), due)
    assert sorted(number or 0 for _, number, _ in told(store)) == [1, 2]
