"""Tasks that are due (PRODUCT 20): whoever is to do one is told again, once."""

from collections.abc import Container, Iterator, Sequence
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.answered import answered_on
from maild.desk.reminders import find_due_tasks, remind
from maild.desk.tasks import Telling, find_crowded_by_tasks
from maild.due import DueJob, DueTicket, settle
from maild.effects import Decision
from maild.office import Office
from maild.store import absences, tasks, tickets
from maild.store.engine import Store, Transaction
from maild.store.said import earlier_on, last_words_of
from maild.store.views import ticket_views
from maild.ticket import TicketView


def tell_of_due_tasks(store: Store, office: Office, now: datetime) -> None:
    """Tell of what is due."""
    settle(TELLING, store, office, now)


def _find(tx: Transaction, office: Office, now: datetime) -> Iterator[DueTicket]:
    due = tasks.find_due(tx, now)
    crowded = _crowded(tx, due, office.desk.settings, now)
    return (DueTicket(number, crowded) for number in due)


def _crowded(tx: Transaction, due: Sequence[int], settings: Settings, now: datetime) -> frozenset[str]:
    """Who gets one mail for all of these (`maild.floods`): many tasks are due on Monday at nine."""
    if not due:
        return frozenset()
    found = (task for ticket in ticket_views(tx, due).values() for task in find_due_tasks(ticket, now))
    return find_crowded_by_tasks(found, settings, absences.find_holding(tx, now))


def _tell(tx: Transaction, case: DueTicket, office: Office, now: datetime) -> Decision | None:
    return remind(tickets.view(tx, case.number), lambda after: _telling(tx, after, office, case.crowded, now), now)


def _telling(tx: Transaction, ticket: TicketView, office: Office, crowded: Container[str], now: datetime) -> Telling:
    answered, earlier = answered_on(ticket, last_words_of(tx, ticket.number)), earlier_on(tx, ticket.number)
    return Telling(ticket, answered, earlier, office.desk.settings, absences.find_holding(tx, now), crowded=crowded)


TELLING = DueJob("due", "tasks", "tasks of #{}", _find, _tell)
