"""Tasks that are due (PRODUCT 20): whoever is to do one is told again, once.

His letter, and that he is told, are one commit, in which the ticket is looked at again: whatever is killed, he is told once, and not of
what has been done meanwhile.
"""

from collections.abc import Container, Sequence
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.letters import answered_on
from maild.desk.tasks import Telling, find_crowded_by_tasks, tell_due
from maild.effects import Decision, IncomingState
from maild.jobs import scheduled_job
from maild.killpoint import reach
from maild.office import Office
from maild.reason import Reason
from maild.recording import record
from maild.rules.verdict import Event
from maild.store import absences, tasks, tickets
from maild.store.engine import Store, Transaction
from maild.store.recall import earlier_on, last_words_of
from maild.store.views import ticket_views
from maild.task import Task
from maild.ticket import TicketView


@scheduled_job("tasks")
def tell_of_due_tasks(store: Store, office: Office, now: datetime) -> None:
    """Tell of what is due. What breaks over one ticket keeps nobody else from being told."""
    with store.reading() as tx:
        due = tasks.find_due(tx, now)
        crowded = _crowded(tx, due, office.desk.settings, now)
    for number in due:
        with scheduled_job(f"tasks of #{number}"):
            _tell(store, office, number, crowded, now)


def _crowded(tx: Transaction, due: Sequence[int], settings: Settings, now: datetime) -> frozenset[str]:
    """Who gets one mail for all of these (`maild.floods`): many tasks are due on Monday at nine."""
    if not due:
        return frozenset()
    found = (task for ticket in ticket_views(tx, due).values() for task in ticket.tasks if _is_due(task, now))
    return find_crowded_by_tasks(found, settings, absences.find_holding(tx, now))


def _tell(store: Store, office: Office, number: int, crowded: Container[str], now: datetime) -> None:
    with store.writing() as tx:
        ticket = tickets.view(tx, number)
        due = tuple(task for task in ticket.tasks if _is_due(task, now))
        if not due:
            return
        after = replace(ticket, tasks=tuple(replace(task, told=now) if task in due else task for task in ticket.tasks))
        telling = _telling(tx, after, office, crowded, now)
        effects = tuple(effect for task in due for effect in tell_due(task, telling))
        decision = Decision(IncomingState.DONE, Reason("task", "it is due"), ticket, after, effects, events=(Event.TASK_DUE,))
        record(tx, decision, office, now)
        reach("due.written")
    reach("due.committed")


def _is_due(task: Task, now: datetime) -> bool:
    return task.is_open and task.told is None and task.due is not None and task.due <= now


def _telling(tx: Transaction, ticket: TicketView, office: Office, crowded: Container[str], now: datetime) -> Telling:
    answered, earlier = answered_on(ticket, last_words_of(tx, ticket.number)), earlier_on(tx, ticket.number)
    return Telling(ticket, answered, earlier, office.desk.settings, absences.find_holding(tx, now), crowded=crowded)
