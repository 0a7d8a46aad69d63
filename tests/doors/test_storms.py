"""One mail for a storm of tickets (MAIL.md L6)."""

from pathlib import Path

from maild.effects import Suppress
from maild.known import Absence
from maild.message import Address
from maild.office import Office
from maild.store import absences, suppressions, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.storms import tell_of_storms
from tests.rig.desk import MINUTE, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.small_office import DESK, an_office, read_outbox


def opened(store: Store, *, minutes: float = 0, sender: str = "bot@globex.example", tag: str = "storm") -> None:
    ticket = a_ticket(tags=frozenset({tag}), requester=Address("", sender), created=NOW + minutes * MINUTE)
    with store.writing() as tx:
        decision = a_decision(a_message(), after=ticket)
        apply(tx, decision, now=ticket.created, compose=composed, incoming=None, first_number=1)


def told(store: Store, office: Office, minutes: float) -> list[tuple[str, str]]:
    """Whom all letters up to then went to, and their words."""
    tell_of_storms(store, office, NOW + minutes * MINUTE)
    return read_outbox(store)


def test_agents_get_one_mail_that_names_every_ticket_once_the_storm_is_over(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for minute in range(3):
        opened(store, minutes=minute)
    assert told(store, office, 3.5) == [], "more may come"
    mails = told(store, office, 4.1)
    assert [recipient for recipient, _ in mails] == ["anna@acme.example", "boris@acme.example"]
    assert all(f"{number}  The printer is on fire" in text for number in (1, 2, 3) for _, text in mails)
    assert told(store, office, 60) == mails, "nobody is told twice"
    with store.reading() as tx:
        log = [(row.kind, row.by, row.text) for row in tickets.list_events(tx, 1)]
    assert ("notified", "maild", "one mail about 3 tickets of a storm") in log


def test_a_storm_without_end_is_told_of_all_the_same(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for minute in range(11):
        opened(store, minutes=minute)
    assert len(told(store, office, 10.1)) == 2


def test_a_storm_from_before_the_clock_was_set_back_is_told_of(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    opened(store)
    assert told(store, office, 1) == []
    assert len(told(store, office, -300)) == 2


def test_storms_of_two_domains_are_two_mails(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    opened(store)
    opened(store, sender="bot@initech.example")
    opened(store, sender="ann@globex.example", tag="vip")
    mails = told(store, office, 10)
    assert [recipient for recipient, _ in mails] == ["anna@acme.example"] * 2 + ["boris@acme.example"] * 2


def test_without_agents_the_admins_are_told_unless_nobody_is_wanted(store: Store, tmp_path: Path):
    """L6: nothing is lost; a new ticket of such a queue would be told to them too."""
    opened(store)
    office = an_office(tmp_path, DESK.replace("agents: [anna, boris], mode", "agents: [], notify: {new: none}, mode"))
    assert told(store, office, 10) == []
    opened(store, minutes=20)
    office = an_office(tmp_path, DESK.replace("agents: [anna, boris], mode", "agents: [], mode"))
    assert [recipient for recipient, _ in told(store, office, 30)] == ["ops@acme.example"]


def test_an_agent_whose_mailbox_bounces_is_told_of_no_storm(store: Store, tmp_path: Path):
    """B6: others take his place, and without any the admins."""
    suppress(store, "anna@acme.example")
    opened(store)
    office = an_office(tmp_path)
    assert [recipient for recipient, _ in told(store, office, 10)] == ["boris@acme.example"]
    suppress(store, "boris@acme.example")
    opened(store, minutes=20)
    assert [recipient for recipient, _ in told(store, office, 30)] == ["boris@acme.example", "ops@acme.example"]


def test_an_agent_who_is_away_is_told_of_no_storm(store: Store, tmp_path: Path):
    """PRODUCT 12."""
    with store.writing() as tx:
        absences.store(tx, Absence("anna", NOW, NOW + 20 * MINUTE))
    opened(store)
    office = an_office(tmp_path)
    assert [recipient for recipient, _ in told(store, office, 10)] == ["boris@acme.example"]
    opened(store, minutes=30)
    assert [recipient for recipient, _ in told(store, office, 40)] == ["anna@acme.example", *["boris@acme.example"] * 2]


def suppress(store: Store, address: str) -> None:
    with store.writing() as tx:
        suppressions.store(tx, Suppress(address, "mail bounced", None), NOW)
