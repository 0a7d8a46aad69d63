"""Tasks (PRODUCT 20): those of a ticket, those that are due, and those an agent is to do."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update

from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import tasks, tickets
from maild.task import ListedTask, Task
from maild.ticket import Status

_OF_TICKETS = Prepared(
    select(tasks).where(tasks.c.ticket.in_(bindparam("numbers", expanding=True))).order_by(tasks.c.ticket, tasks.c.number)
)
_INSERT = tasks.insert().returning(tasks.c.id)
_UPDATE = update(tasks).where(tasks.c.id == bindparam("changed"))


def find_on(tx: Transaction, numbers: Collection[int]) -> Mapping[int, tuple[Task, ...]]:
    """The tasks of each of these tickets that has any, by number."""
    found: dict[int, tuple[Task, ...]] = {}
    for row in _OF_TICKETS.read(tx, {"numbers": list(numbers)}):
        found[row.ticket] = (*found.get(row.ticket, ()), _task(row))
    return found


def write(tx: Transaction, ticket: int, before: Sequence[Task], after: Sequence[Task]) -> Mapping[int, int]:
    """What is different, also of a task that comes from another ticket; answers the ids of all by their number. One that has gone to
    another ticket is written with that."""
    old = {task.id: task for task in before}
    ids = {task.number: task.id for task in after}
    for task in after:
        if not task.id:
            ids[task.number] = tx.execute(_INSERT, _values(ticket, task)).scalar_one()
        elif old.get(task.id) != task:
            tx.execute(_UPDATE, {"changed": task.id, **_values(ticket, task)})
    return ids


def find_due(tx: Transaction, now: datetime) -> tuple[int, ...]:
    """The tickets with open tasks that are due by now, of which nobody has been told; the first due first."""
    query = select(tasks.c.ticket).where(tasks.c.due <= now, tasks.c.told.is_(None), tasks.c.done.is_(None)).order_by(tasks.c.due)
    return tuple(dict.fromkeys(tx.execute(query).scalars()))


def find_open(tx: Transaction, agent: str) -> tuple[ListedTask, ...]:
    """All that an agent is to do, the first due first, and what is due at no certain time behind that. Spam is nobody's task."""
    query = (
        select(tasks, tickets.c.subject)
        .join(tickets, tickets.c.number == tasks.c.ticket)
        .where(tasks.c.agent == agent, tasks.c.done.is_(None), tickets.c.status != Status.SPAM.value)
        .order_by(tasks.c.due.is_(None), tasks.c.due, tasks.c.id)
    )
    return tuple(ListedTask(_task(row), row.ticket, row.subject) for row in tx.execute(query))


def _values(ticket: int, task: Task) -> dict[str, object]:
    return {
        "ticket": ticket,
        "number": task.number,
        "title": task.title,
        "agent": task.agent,
        "made_by": task.made_by,
        "made": task.made,
        "due": task.due,
        "told": task.told,
        "done": task.done,
        "done_by": task.done_by,
    }


def _task(row: AnyRow) -> Task:
    return Task(
        number=row.number,
        title=row.title,
        agent=row.agent,
        made_by=row.made_by,
        made=row.made,
        due=row.due,
        told=row.told,
        done=row.done,
        done_by=row.done_by,
        id=row.id,
    )
