"""One mail for many notifications (MAIL.md L4)."""

from dataclasses import replace
from pathlib import Path

from maild.effects import Fold, Post
from maild.floods import tell_of_floods
from maild.known import Question
from maild.office import Office
from maild.store import tickets
from maild.store.apply import apply
from maild.store.caps import count_sent
from maild.store.engine import Store
from tests.rig.desk import MINUTE, NOTIFICATION, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.small_office import DESK, an_office, read_outbox

WINDOW = 600


def folded(store: Store, *agents: str, minutes: float = 0) -> None:
    """A new ticket of which these agents are not told by itself."""
    opened = NOW + minutes * MINUTE
    decision = a_decision(a_message(), *map(Fold, agents), after=a_ticket(created=opened))
    with store.writing() as tx:
        apply(tx, decision, now=opened, compose=composed, incoming=None, first_number=1)


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
