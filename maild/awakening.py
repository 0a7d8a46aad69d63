"""Awakening: a ticket whose snooze is over comes back by itself (PRODUCT 18), and somebody is told."""

from datetime import datetime

from maild.desk.audience import agent_homes
from maild.desk.letters import answered_on
from maild.desk.snooze import tell_return
from maild.due import DueJob, settle
from maild.effects import Decision, Effect, IncomingState
from maild.office import Office
from maild.reason import Reason
from maild.store import absences, suppressions, tickets
from maild.store.engine import Store, Transaction
from maild.store.recall import earlier_on, last_words_of
from maild.ticket import TicketView


def wake_tickets(store: Store, office: Office, now: datetime) -> None:
    """Bring back what is due."""
    settle(WAKING, store, office, now)


def _wake(tx: Transaction, number: int, office: Office, now: datetime) -> Decision | None:
    ticket = tickets.view(tx, number)
    if ticket.snoozed_until is None or ticket.snoozed_until > now:
        return None
    effects = _told(tx, ticket, office, now)
    return Decision(IncomingState.DONE, Reason("snooze", "its time is over"), ticket, ticket.awake(), effects)


def _told(tx: Transaction, ticket: TicketView, office: Office, now: datetime) -> tuple[Effect, ...]:
    settings = office.desk.settings
    answered = answered_on(ticket, last_words_of(tx, ticket.number))
    suppressed, away = suppressions.find_holding(tx, agent_homes(settings), now), absences.find_holding(tx, now)
    return tuple(tell_return(ticket, answered, earlier_on(tx, ticket.number), settings, suppressed=suppressed, away=away))


WAKING = DueJob("wake", "snoozed tickets", "snooze of #{}", tickets.find_snoozed_until, _wake)
