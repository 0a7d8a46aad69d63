"""One mail for many notifications (MAIL.md L4), and for what comes back, or is due, in one moment (PRODUCT 18, 20)."""

from dataclasses import replace
from pathlib import Path

from maild.awakening import wake_tickets
from maild.desk.audience import MOST_AT_ONCE
from maild.due_tasks import tell_of_due_tasks
from maild.effects import Fold, Post
from maild.floods import tell_of_floods
from maild.office import Office
from maild.question import Question
from maild.store import tasks, tickets
from maild.store.apply import apply
from maild.store.caps import count_sent
from maild.store.engine import Store
from maild.task import Task
from maild.ticket import TicketView
from tests.rig.desk import MINUTE, NOTIFICATION, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.small_office import DESK, an_office, read_outbox

WINDOW = 600


def folded(store: Store, *agents: str, minutes: float = 0) -> None:
    """A new ticket of which these agents are not told by itself."""
    opened = NOW + minutes * MINUTE
    decision = a_decision(a_message(), *map(Fold, agents), after=a_ticket(created=opened))
    with store.writing() as tx:
        apply(tx, decision, now=opened, compose=composed, incoming=None, first_number=1)


def opened(store: Store, ticket: TicketView) -> None:
    with store.writing() as tx:
        apply(tx, a_decision(a_message(), after=ticket), now=NOW, compose=composed, incoming=None, first_number=1)


def told(store: Store, office: Office, minutes: float) -> list[tuple[str, str]]:
    """Whom all letters up to then went to, and their words."""
    tell_of_floods(store, office, NOW + minutes * MINUTE)
    return read_outbox(store)


def test_an_agent_gets_one_mail_about_all_he_was_not_told_of(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for minute in range(3):
        folded(store, "anna", minutes=minute)
    folded(store, "anna", "boris", minutes=3)
    assert told(store, office, 4.5) == [], "more may come"
    mails = told(store, office, 5.1)
    assert [recipient for recipient, _ in mails] == ["anna@acme.example", "boris@acme.example"]
    assert [[f"{number}  The printer is on fire" in text for number in range(1, 5)] for _, text in mails] == [
        [True, True, True, True],
        [False, False, False, True],
    ]
    assert told(store, office, 60) == mails, "nobody is told twice"
    with store.reading() as tx:
        log = [event.text for event in tickets.list_events(tx, 1)]
    assert "Anna, by one mail about 4 tickets" in log


def test_a_flood_without_end_is_told_of_all_the_same(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for minute in range(11):
        folded(store, "anna", minutes=minute)
    assert len(told(store, office, 10.1)) == 1


def test_a_ticket_stands_in_the_mail_once_however_much_came_in_on_it(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    folded(store, "anna")
    with store.writing() as tx:
        ticket = tickets.view(tx, 1)
        decision = a_decision(a_message(), Fold("anna"), before=ticket, after=ticket)
        apply(tx, decision, now=NOW + MINUTE, compose=composed, incoming=None, first_number=1)
    (mail,) = told(store, office, 10)
    assert mail[1].count("1  The printer is on fire") == 1


def test_an_agent_to_whom_many_tickets_come_back_at_once_gets_one_mail_for_them_all(store: Store, tmp_path: Path):
    """PRODUCT 18: half a day was put off until Monday at nine."""
    office, monday = an_office(tmp_path), NOW + 60 * MINUTE
    for owner in ("anna",) * (MOST_AT_ONCE + 1) + ("boris",) * MOST_AT_ONCE:
        opened(store, a_ticket(owner=owner, snoozed_until=monday))
    wake_tickets(store, office, monday)
    assert [recipient for recipient, _ in read_outbox(store)] == ["boris@acme.example"] * MOST_AT_ONCE
    with store.reading() as tx:
        assert all(row.snoozed_until is None for row in tickets.list_tickets(tx))
        assert [event.kind for event in tickets.list_events(tx, 1)] == ["woke", "notify_folded"]
    (text,) = (text for recipient, text in told(store, office, 63) if recipient == "anna@acme.example")
    assert [f"{number}  The printer is on fire (back in the queue)" in text for number in range(1, 9)] == [True] * 6 + [False] * 2
    assert "reply to this mail with its number, as in #show 1" in " ".join(text.replace("=\r\n", "").split())


def test_an_agent_of_whom_many_tasks_are_due_at_once_gets_one_mail_that_names_them(store: Store, tmp_path: Path):
    """PRODUCT 20."""
    office, monday = an_office(tmp_path), NOW + 60 * MINUTE
    invoice = Task(1, "check the invoice", "boris", "anna", NOW, monday)
    for _ in range(3):
        opened(
            store, replace(a_ticket(), tasks=(invoice, replace(invoice, number=2, title="call him"), replace(invoice, number=3, due=None)))
        )
    opened(store, replace(a_ticket(), tasks=(replace(invoice, agent="anna"),)))
    tell_of_due_tasks(store, office, monday)
    assert [recipient for recipient, _ in read_outbox(store)] == ["anna@acme.example"]
    with store.writing() as tx:
        second = tickets.view(tx, 2)
        done = replace(second, tasks=tuple(replace(task, done=monday, done_by="boris") for task in second.tasks))
        apply(tx, a_decision(a_message(), before=second, after=done), now=monday, compose=composed, incoming=None, first_number=1)
    (text,) = (text for recipient, text in told(store, office, 63) if recipient == "boris@acme.example")
    assert (
        "1  The printer is on fire\r\n  Task: 1. check the invoice (2026-11-20 11:02)\r\n  Task: 2. call him (2026-11-20 11:02)\r\n2  The"
        in text
    )
    assert text.count("Task: 1.") == 2, "what was done meanwhile is no task any more"
    with store.reading() as tx:
        assert tasks.find_due(tx, monday) == ()


def test_whoever_is_no_agent_any_more_is_told_nothing(store: Store, tmp_path: Path):
    folded(store, "anna")
    without = DESK.replace("agents: [anna, boris]", "agents: [boris]").replace("anna: {name: Anna, email: anna@acme.example}, ", "")
    assert told(store, an_office(tmp_path, without), 10) == []


def test_notifications_are_counted_for_each_agent_within_the_window(store: Store):
    others = replace(NOTIFICATION, agent="anna")
    for minute in range(2):
        with store.writing() as tx:
            decision = a_decision(a_message(), Post(NOTIFICATION), Post(others), Post(replace(NOTIFICATION, template="escalation")))
            apply(tx, decision, now=NOW + minute * MINUTE, compose=composed, incoming=None, first_number=1)

    def count(agent: str, minutes: float) -> int:
        question = Question("", windows=(("all", WINDOW), ("agent", WINDOW)))
        with store.reading() as tx:
            return count_sent(tx, question, (), NOW + minutes * MINUTE).count("agent", agent, WINDOW)

    assert (count("boris", 2), count("anna", 2), count("clara", 2)) == (2, 2, 0)
    assert count("boris", 10.5) == 1
    assert count("boris", -300) == 0, "after the clock was set back"
