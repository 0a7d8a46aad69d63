"""What the command line does in the daemon's own transactions, on each engine (PRODUCT 12, 16)."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.config.settings import Agent
from maild.desk.acts import Act
from maild.desk.command import Command
from maild.errors import UsageError
from maild.front_desk import FrontDesk
from maild.office import Office
from maild.store import absences, letters, outbox, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import Priority
from tests.rig.desk import ANN, MINUTE, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.small_office import an_office

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], mailbox: support}
views: {burning: "priority:urgent"}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example}}
"""


ANNA = Agent("anna", "Anna", "anna@acme.example")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return an_office(tmp_path, DESK)


def opened(
    store: Store, queue: str = "support", *, minutes: int = 0, owner: str | None = None, priority: Priority = Priority.NORMAL
) -> int:
    ticket = replace(a_ticket(queue=queue, owner=owner, created=NOW + minutes * MINUTE), priority=priority)
    with store.writing() as tx:
        decision = a_decision(a_message(), after=ticket)
        return apply(tx, decision, now=ticket.created, compose=composed, incoming=None, first_number=1).ticket_number or 0


def at_the_desk(store: Store, office: Office, agent: str) -> FrontDesk:
    return FrontDesk(store, office, office.desk.settings.agents[agent])


def taken(desk: FrontDesk, queue: str = "") -> int | None:
    row = desk.next(queue)
    assert row is None or row.owner == desk.actor.key
    return row.number if row else None


def test_the_next_ticket_is_the_first_of_all_departments_one_works_in(store: Store, office: Office):
    of_others, old, urgent = (
        opened(store, owner="anna"),
        opened(store, minutes=1),
        opened(store, "sales", minutes=9, priority=Priority.URGENT),
    )
    boris, anna = at_the_desk(store, office, "boris"), at_the_desk(store, office, "anna")
    assert [taken(boris), taken(anna), taken(boris), taken(anna)] == [urgent, old, None, None]
    with store.reading() as tx:
        assert tickets.row(tx, of_others).owner == "anna"
        assert [(event.kind, event.by, event.text) for event in tickets.list_events(tx, old)][-1] == ("assigned", "anna", "to Anna")


def test_the_next_ticket_of_one_department(store: Store, office: Office):
    opened(store)
    of_sales = opened(store, "sales", minutes=5)
    assert taken(at_the_desk(store, office, "boris"), "sales") == of_sales
    with pytest.raises(UsageError, match="you do not work in that department"):
        at_the_desk(store, office, "anna").next("sales")
    with pytest.raises(UsageError, match=r'there is no queue and no view "saels"; did you mean sales\?'):
        at_the_desk(store, office, "anna").next("saels")


def test_the_next_ticket_of_a_view(store: Store, office: Office):
    opened(store, minutes=9)
    burning = opened(store, minutes=1, priority=Priority.URGENT)
    opened(store, "sales", minutes=5, priority=Priority.URGENT)
    assert [taken(at_the_desk(store, office, "anna"), "burning") for _ in range(2)] == [burning, None]


def away(store: Store, *, hours: float = 0) -> dict[str, tuple[datetime | None, str | None]]:
    """Who is away some hours from now, until when, and who stands in."""
    with store.reading() as tx:
        found = absences.find_holding(tx, datetime.now(UTC) + timedelta(hours=hours))
    return {key: (absence.until, absence.deputy) for key, absence in found.items()}


def test_an_absence_ends_by_itself_or_when_the_agent_says_so(store: Store, office: Office):
    boris = at_the_desk(store, office, "boris")
    until = boris.leave("1h", "anna").until
    assert (away(store), away(store, hours=1.1)) == ({"boris": (until, "anna")}, {})
    boris.leave()
    assert away(store, hours=1000) == {"boris": (None, None)}
    boris.come_back()
    boris.come_back()
    assert away(store) == {}
    with pytest.raises(UsageError, match='"someday" is no time'):
        boris.leave("someday")


def test_a_ticket_opened_by_hand_is_told_to_who_is_there(store: Store, office: Office):
    at_the_desk(store, office, "boris").leave()
    row = at_the_desk(store, office, "anna").open("sales", ANN, "A call", "She called.", acknowledge=False)
    with store.reading() as tx:
        told = [(event.kind, event.text) for event in tickets.list_events(tx, row.number)]
    assert ("notify_withheld", "Boris is away; others are told") in told
    at_the_desk(store, office, "anna").act(row.number, Act(ANNA, "anna", NOW + 10_000 * MINUTE, commands=(Command("assign", "boris"),)))
    with store.reading() as tx:
        assert "warned" in [event.kind for event in tickets.list_events(tx, row.number)]


def test_agents_who_ask_at_once_get_a_ticket_each(store: Store, office: Office):
    wanted = {opened(store, minutes=minute) for minute in range(12)}
    got: list[int | None] = []
    start = threading.Barrier(4)

    def take_three(agent: str) -> None:
        start.wait(10)
        got.extend([taken(at_the_desk(store, office, agent)) for _ in range(3)])

    threads = [threading.Thread(target=take_three, args=(agent,)) for agent in ("anna", "boris", "anna", "boris")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number or 0 for number in got) == sorted(wanted)


def card_after(store: Store, office: Office, number: int, command: str) -> list[str]:
    """What Boris reads of the customer's other tickets in the mail about what Anna has just done to his."""
    act = Act(ANNA, "anna", datetime.now(UTC), (Command(*command.partition(" ")[::2]),), "Look at this.", internal=True)
    at_the_desk(store, office, "anna").act(number, act)
    with store.reading() as tx:
        newest = max(row.id for row in outbox.list_outbox(tx) if row.recipient == "boris@acme.example")
        text = letters.raw(tx, newest).decode()
    return [line for line in text.splitlines() if line.startswith(("Customer:", "Other ticket:"))]


def test_the_card_names_the_customers_other_tickets_as_they_are_after_what_was_done(store: Store, office: Office):
    """Whoever was told of a merge read that the ticket that had gone was waiting, and of an undone split that its tickets were new."""
    first, second = (opened(store, owner="boris", minutes=minutes) for minutes in range(2))
    since, alone = f"Customer: since {NOW:%Y-%m-%d}, tickets: 2", ["Customer: first ticket"]
    both = [f"{since}, last with Boris", f"Other ticket: #{second} The printer is on fire (new, Support)"]
    assert card_after(store, office, first, "note") == both
    assert card_after(store, office, second, f"merge {first}") == alone
    assert card_after(store, office, first, "undo") == both
    assert card_after(store, office, second, f"merge {first}") == alone
    with store.reading() as tx:
        last = tickets.list_messages(tx, first)[-1]
    split_off = at_the_desk(store, office, "anna").split(first, last.id, "My chair")
    assert card_after(store, office, first, "note") == [since, f"Other ticket: #{split_off.number} My chair (new, Support)"]
    assert card_after(store, office, first, "undo") == alone
