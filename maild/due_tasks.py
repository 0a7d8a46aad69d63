"""Tasks that are due (PRODUCT 20): whoever is to do one is told again, once."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.answered import answered_on
from maild.desk.tasks import Telling, find_crowded_by_tasks, tell_due
from maild.due import DueJob, DueTicket, settle
from maild.effects import Decision, IncomingState
from maild.office import Office
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.store import absences, tasks, tickets
from maild.store.engine import Store, Transaction
from maild.store.said import earlier_on, last_words_of
from maild.store.views import ticket_views
from maild.task import Task
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
    found = (task for ticket in ticket_views(tx, due).values() for task in ticket.tasks if _is_due(task, now))
    return find_crowded_by_tasks(found, settings, absences.find_holding(tx, now))


def _tell(tx: Transaction, case: DueTicket, office: Office, now: datetime) -> Decision | None:
    ticket = tickets.view(tx, case.number)
    due = tuple(task for task in ticket.tasks if _is_due(task, now))
    if not due:
        return None
    after = replace(ticket, tasks=tuple(replace(task, told=now) if task in due else task for task in ticket.tasks))
    telling = _telling(tx, after, office, case.crowded, now)
    effects = tuple(effect for task in due for effect in tell_due(task, telling))
    return Decision(IncomingState.DONE, Reason("task", "it is due"), ticket, after, effects, events=(Event.TASK_DUE,))


def _is_due(task: Task, now: datetime) -> bool:
    return task.is_open and task.told is None and task.due is not None and task.due <= now


def _telling(tx: Transaction, ticket: TicketView, office: Office, crowded: Container[str], now: datetime) -> Telling:
    answered, earlier = answered_on(ticket, last_words_of(tx, ticket.number)), earlier_on(tx, ticket.number)
    return Telling(ticket, answered, earlier, office.desk.settings, absences.find_holding(tx, now), crowded=crowded)


TELLING = DueJob("due", "tasks", "tasks of #{}", _find, _tell)
