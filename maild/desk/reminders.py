"""Tasks whose time has come (PRODUCT 20): whoever is to do one is told again, once, and rules hear of it. Pure."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from maild.desk.tasks import Telling, tell_due
from maild.effects import Decision, IncomingState
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.task import Task
from maild.ticket import TicketView


def find_due_tasks(ticket: TicketView, now: datetime) -> tuple[Task, ...]:
    return tuple(task for task in ticket.tasks if _waits(task) and task.due and task.due <= now)


def find_next_due(ticket: TicketView) -> datetime | None:
    """When the next task falls due of which nobody was told yet."""
    return min((task.due for task in ticket.tasks if _waits(task) and task.due), default=None)


def remind(ticket: TicketView, telling_of: Callable[[TicketView], Telling], now: datetime) -> Decision | None:
    """None where nothing is due. `telling_of`: what letters show of the ticket as it is then."""
    due = find_due_tasks(ticket, now)
    if not due:
        return None
    after = replace(ticket, tasks=tuple(replace(task, told=now) if task in due else task for task in ticket.tasks))
    telling = telling_of(after)
    effects = tuple(effect for task in due for effect in tell_due(task, telling))
    return Decision(IncomingState.DONE, Reason("task", "it is due"), ticket, after, effects, events=(Event.TASK_DUE,))


def _waits(task: Task) -> bool:
    return task.is_open and task.told is None
