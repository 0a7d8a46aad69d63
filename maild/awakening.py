"""Awakening: a ticket whose snooze is over comes back by itself (PRODUCT 18), and somebody is told."""

from collections.abc import Container, Iterator, Mapping, Sequence
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.answered import answered_on
from maild.desk.audience import MOST_AT_ONCE, agent_homes
from maild.desk.snooze import find_crowded_by_returns, tell_return
from maild.due import DueJob, DueTicket, settle
from maild.effects import Decision, Effect, IncomingState
from maild.known import Absence, Suppression
from maild.office import Office
from maild.reason import Reason
from maild.store import absences, suppressions, tickets
from maild.store.engine import Store, Transaction
from maild.store.said import earlier_on, last_words_of
from maild.store.views import ticket_views
from maild.ticket import TicketView


def wake_tickets(store: Store, office: Office, now: datetime) -> None:
    """Bring back what is due."""
    settle(WAKING, store, office, now)


def _find(tx: Transaction, office: Office, now: datetime) -> Iterator[DueTicket]:
    due = tickets.find_snoozed_until(tx, now)
    crowded = _crowded(tx, due, office.desk.settings, now)
    return (DueTicket(number, crowded) for number in due)


def _crowded(tx: Transaction, due: Sequence[int], settings: Settings, now: datetime) -> frozenset[str]:
    """Who gets one mail for all of these (`maild.floods`), since half a day was put off until Monday at nine, say."""
    if len(due) <= MOST_AT_ONCE:
        return frozenset()
    suppressed, away = _unavailable(tx, settings, now)
    return find_crowded_by_returns(ticket_views(tx, due).values(), settings, suppressed=suppressed, away=away)


def _unavailable(tx: Transaction, settings: Settings, now: datetime) -> tuple[Mapping[str, Suppression], Mapping[str, Absence]]:
    """To which of the agents' addresses mail comes back, and who of them is away."""
    return suppressions.find_holding(tx, agent_homes(settings), now), absences.find_holding(tx, now)


def _wake(tx: Transaction, due: DueTicket, office: Office, now: datetime) -> Decision | None:
    ticket = tickets.view(tx, due.number)
    if ticket.snoozed_until is None or ticket.snoozed_until > now:
        return None
    effects = _told(tx, ticket, office, due.crowded, now)
    return Decision(IncomingState.DONE, Reason("snooze", "its time is over"), ticket, ticket.awake(), effects)


def _told(tx: Transaction, ticket: TicketView, office: Office, crowded: Container[str], now: datetime) -> tuple[Effect, ...]:
    settings = office.desk.settings
    answered, earlier = answered_on(ticket, last_words_of(tx, ticket.number)), earlier_on(tx, ticket.number)
    suppressed, away = _unavailable(tx, settings, now)
    return tuple(tell_return(ticket, answered, earlier, settings, suppressed=suppressed, away=away, flooded=crowded))


WAKING = DueJob("wake", "snoozed tickets", "snooze of #{}", _find, _wake)
