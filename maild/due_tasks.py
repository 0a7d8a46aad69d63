"""Tasks that are due (PRODUCT 20): whoever is to do one is told again, once."""

from dataclasses import replace
from datetime import datetime

from maild.desk.letters import answered_on
from maild.desk.tasks import Telling, tell_due
from maild.due import DueJob, settle
from maild.effects import Decision, IncomingState
from maild.office import Office
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.store import absences, tasks, tickets
from maild.store.engine import Store, Transaction
from maild.store.recall import earlier_on, last_words_of
from maild.task import Task
from maild.ticket import TicketView


def tell_of_due_tasks(store: Store, office: Office, now: datetime) -> None:
    """Tell of what is due."""
    settle(TELLING, store, office, now)


def _tell(tx: Transaction, number: int, office: Office, now: datetime) -> Decision | None:
    ticket = tickets.view(tx, number)
    due = tuple(task for task in ticket.tasks if _is_due(task, now))
    if not due:
        return None
    after = replace(ticket, tasks=tuple(replace(task, told=now) if task in due else task for task in ticket.tasks))
    telling = _telling(tx, after, office, now)
    effects = tuple(effect for task in due for effect in tell_due(task, telling))
    return Decision(IncomingState.DONE, Reason("task", "it is due"), ticket, after, effects, events=(Event.TASK_DUE,))


def _is_due(task: Task, now: datetime) -> bool:
    return task.is_open and task.told is None and task.due is not None and task.due <= now


def _telling(tx: Transaction, ticket: TicketView, office: Office, now: datetime) -> Telling:
    answered = answered_on(ticket, last_words_of(tx, ticket.number))
    return Telling(ticket, answered, earlier_on(tx, ticket.number), office.desk.settings, absences.find_holding(tx, now))


TELLING = DueJob("due", "tasks", "tasks of #{}", tasks.find_due, _tell)
