"""Task: what a colleague is to do on a ticket, and perhaps by when (PRODUCT 20). A plain value."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

LONGEST_TITLE = 200
"""In characters."""
MOST_OPEN = 50
"""On one ticket."""


@dataclass(frozen=True, slots=True)
class Task:
    """`number` counts within its ticket, `id` is the store's, 0 as long as it has none.

    `agent` is who is to do it, by key, `made_by` who has said so, a rule as `rule ID`. `due` None: at no certain time; `told`: since when
    he has been told that it is due. `done` None: it is open; `done_by` is who has ticked it off.
    """

    number: int
    title: str
    agent: str
    made_by: str
    made: datetime
    due: datetime | None = None
    told: datetime | None = None
    done: datetime | None = None
    done_by: str | None = None
    id: int = 0

    @property
    def is_open(self) -> bool:
        return self.done is None


@dataclass(frozen=True, slots=True)
class ListedTask:
    """An open task as a line of a list shows it, with its ticket."""

    task: Task
    ticket: int
    subject: str


def open_tasks(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """Those that are to be done, the first due first, and what is due at no certain time behind them."""
    still = (task for task in tasks if task.is_open)
    return tuple(sorted(still, key=lambda task: (task.due is None, task.due or task.made, task.number)))


def together(tasks: tuple[Task, ...], others: Iterable[Task]) -> tuple[Task, ...]:
    """Those of a ticket and of another that comes to it, whose numbers go on behind."""
    first = next_number(tasks)
    return (*tasks, *(replace(task, number=number) for number, task in enumerate(others, first)))


def next_number(tasks: Iterable[Task]) -> int:
    return max((task.number for task in tasks), default=0) + 1
