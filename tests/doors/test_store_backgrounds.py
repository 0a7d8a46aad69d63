"""What rules may ask beyond a mail and its ticket, found in the store (RULES.md 3)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from maild.background import NO_BACKGROUND, Aspect, Background, Behind
from maild.effects import AddMessage, Effect, RecordEvent
from maild.message import Address
from maild.store import backgrounds, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import MessageKind, Status
from tests.rig.desk import ANN, NOW, a_decision, a_message, a_ticket, composed

DAY = timedelta(days=1)


def said(at: datetime, **fields: Any) -> AddMessage:
    return replace(a_message(**fields), at=at)


def opened(store: Store, days: int = 0, **fields: Any) -> int:
    ticket = a_ticket(created=NOW + days * DAY, **fields)
    with store.writing() as tx:
        decision = a_decision(said(ticket.created), after=ticket)
        return apply(tx, decision, now=ticket.created, compose=composed, incoming=None, first_number=1).ticket_number or 0


def happened(store: Store, number: int, at: datetime, *effects: Effect, **changes: Any) -> None:
    with store.writing() as tx:
        before = tickets.view(tx, number)
        decision = a_decision(*effects, before=before, after=replace(before, updated=at, **changes))
        apply(tx, decision, now=at, compose=composed, incoming=None, first_number=1)


def found(store: Store, aspect: Aspect, ticket: int = 0, requester: str = ANN.key) -> Background:
    with store.reading() as tx:
        return backgrounds.find(tx, Behind(frozenset({aspect}), ticket, requester), NOW)


def test_a_requester_is_known_by_his_other_tickets(store: Store):
    opened(store, 1, status=Status.CLOSED, owner="boris", tags=frozenset({"vip"}))
    opened(store, 2, tags=frozenset({"vip", "faq"}))
    opened(store, 3, requester=Address("Bob", "bob@globex.example"), owner="anna", tags=frozenset({"bob"}))
    opened(store, 4, status=Status.SPAM, owner="anna", tags=frozenset({"spam"}))
    opened(store, 5, status=Status.MERGED, owner="anna")
    everything = Background(tickets=2, tags=frozenset({"vip", "faq"}), last_agent="boris")
    assert found(store, Aspect.REQUESTER) == everything
    assert found(store, Aspect.REQUESTER, ticket=1) == Background(tickets=1, tags=frozenset({"vip", "faq"}))
    assert found(store, Aspect.REQUESTER, requester="nobody@globex.example") == NO_BACKGROUND


def test_of_a_machines_many_tickets_all_are_counted(store: Store):
    for _ in range(backgrounds.MOST_TICKETS + 2):
        opened(store)
    assert found(store, Aspect.REQUESTER).tickets == backgrounds.MOST_TICKETS + 2
    assert found(store, Aspect.REQUESTER, ticket=7).tickets == backgrounds.MOST_TICKETS + 1


def test_there_is_to_do_what_is_new_or_open_and_not_snoozed(store: Store):
    opened(store, owner="boris")
    opened(store, owner="boris", queue="sales", status=Status.OPEN)
    opened(store, owner="anna", status=Status.WAITING)
    opened(store, owner="anna", snoozed_until=NOW + DAY)
    opened(store)
    assert found(store, Aspect.WORKLOAD) == Background(loads={"boris": 2}, lengths={"support": 2, "sales": 1})


def test_whose_turn_it_is_tells_each_ones_newest_ticket_whatever_has_become_of_it(store: Store):
    assert found(store, Aspect.TURNS) == NO_BACKGROUND
    for owner, status in (("boris", Status.OPEN), ("anna", Status.OPEN), (None, Status.NEW), ("boris", Status.CLOSED)):
        opened(store, owner=owner, status=status)
    assert found(store, Aspect.TURNS) == Background(newest={"anna": 2, "boris": 4})


def test_a_customer_waits_since_his_first_message_without_an_answer(store: Store):
    number = opened(store)
    happened(store, number, NOW + DAY, said(NOW + DAY))
    assert found(store, Aspect.PAST, number) == Background(waits_since=NOW, changed=NOW + DAY)
    happened(store, number, NOW + 2 * DAY, said(NOW + 2 * DAY, kind=MessageKind.NOTE, internal=True))
    assert found(store, Aspect.PAST, number).waits_since == NOW
    happened(store, number, NOW + 3 * DAY, said(NOW + 3 * DAY, kind=MessageKind.AGENT))
    assert found(store, Aspect.PAST, number) == Background(changed=NOW + 3 * DAY)
    happened(store, number, NOW + 4 * DAY, said(NOW + 4 * DAY))
    assert found(store, Aspect.PAST, number).waits_since == NOW + 4 * DAY


def test_nobody_waits_on_a_closed_ticket_and_thanks_before_it_was_reopened_are_over(store: Store):
    number = opened(store)
    happened(store, number, NOW + DAY, status=Status.CLOSED, closed_at=NOW + DAY)
    assert found(store, Aspect.PAST, number).waits_since is None
    again = RecordEvent("reopened", "maild", "the customer writes again")
    happened(store, number, NOW + 2 * DAY, said(NOW + 2 * DAY), again, status=Status.OPEN, closed_at=None)
    assert found(store, Aspect.PAST, number) == Background(waits_since=NOW + 2 * DAY, changed=NOW + 2 * DAY, reopenings=1)


def test_a_ticket_that_is_not_yet_opened_has_no_past(store: Store):
    assert found(store, Aspect.PAST) == NO_BACKGROUND
