"""How much lies where: the counts of `maild status` and `maild queue list`. Reading only."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, func, select

from maild.effects import IncomingState
from maild.outbox.delivery import DeliveryState
from maild.store import delayed_answers
from maild.store.engine import Transaction
from maild.store.tables.mail_in import UNSETTLED, incoming
from maild.store.tables.mail_out import UNDELIVERED, deliveries, letters
from maild.store.tables.tickets import tickets
from maild.ticket import Status

UNFINISHED = (Status.NEW.value, Status.OPEN.value, Status.WAITING.value)

_NEXT_QUEUE = select(func.min(tickets.c.queue)).where(tickets.c.queue > bindparam("last"))


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """One department's unfinished tickets. `load` is how many each owner holds; None: nobody. Of those that are snoozed nothing counts but
    their number; `oldest` None: there are no others."""

    queue: str
    by_status: Mapping[Status, int]
    load: Mapping[str | None, int]
    oldest: datetime | None
    snoozed: int

    @property
    def depth(self) -> int:
        return sum(self.by_status.values())


@dataclass(frozen=True, slots=True)
class Depths:
    """Incoming mail that is not done, and mail out that is neither sent nor cancelled, by state; states without any are left out."""

    incoming: Mapping[IncomingState, int]
    outbox: Mapping[DeliveryState, int]
    oldest_queued: datetime | None


def find_depths(tx: Transaction) -> Depths:
    waiting = select(incoming.c.state, func.count()).where(UNSETTLED).group_by(incoming.c.state)
    leaving = select(deliveries.c.state, func.count()).where(UNDELIVERED).group_by(deliveries.c.state)
    # What is held back (`send_after`) is not late before its time has come.
    since = case((delayed_answers.is_waiting(), deliveries.c.next_attempt), else_=deliveries.c.created)
    oldest = select(func.min(since)).where(UNDELIVERED, deliveries.c.state == DeliveryState.QUEUED.value)
    return Depths(
        incoming={IncomingState(state): number for state, number in tx.execute(waiting)},
        outbox={DeliveryState(state): number for state, number in tx.execute(leaving)},
        oldest_queued=tx.execute(oldest).scalar(),
    )


@dataclass(frozen=True, slots=True)
class Stopped:
    """An incoming message or a letter that goes no further without a person, and since when. `template` is a letter's."""

    id: int
    since: datetime
    template: str = ""


def find_held(tx: Transaction) -> tuple[Stopped, ...]:
    """Incoming mail that something broke over."""
    query = select(incoming.c.id, incoming.c.settled).where(UNSETTLED, incoming.c.state == IncomingState.HELD.value)
    return tuple(Stopped(row.id, row.settled) for row in tx.execute(query))


def find_given_up(tx: Transaction, state: DeliveryState) -> tuple[Stopped, ...]:
    """Letters that failed, or whose fate is unknown, and that are not tried again."""
    query = (
        select(deliveries.c.id, deliveries.c.settled, letters.c.template)
        .join(letters, letters.c.number == deliveries.c.letter)
        .where(UNDELIVERED, deliveries.c.state == state.value, deliveries.c.settled.is_not(None))
    )
    return tuple(Stopped(row.id, row.settled, row.template) for row in tx.execute(query))


def find_queue_depths(tx: Transaction) -> tuple[QueueDepth, ...]:
    """Departments that hold unfinished tickets, by name."""
    awake = tickets.c.snoozed_until.is_(None)
    query = (
        select(tickets.c.queue, tickets.c.status, tickets.c.owner, awake, func.count(), func.min(tickets.c.created))
        .where(tickets.c.status.in_(UNFINISHED))
        .group_by(tickets.c.queue, tickets.c.status, tickets.c.owner, awake)
        .order_by(tickets.c.queue)
    )
    grouped: dict[str, list[_Group]] = {}
    for queue, status, owner, is_awake, number, oldest in tx.execute(query):
        grouped.setdefault(queue, []).append(_Group(Status(status), owner, bool(is_awake), number, oldest))
    return tuple(_queue_depth(queue, groups) for queue, groups in grouped.items())


def count_elsewhere(tx: Transaction, queues: Collection[str]) -> Mapping[str, int]:
    """How many unfinished tickets stand in each queue that is none of these."""
    elsewhere = [queue for queue in _queues_with_tickets(tx) if queue not in queues]
    if not elsewhere:
        return {}
    theirs = (tickets.c.status.in_(UNFINISHED), tickets.c.queue.in_(elsewhere))
    query = select(tickets.c.queue, func.count()).where(*theirs).group_by(tickets.c.queue).order_by(tickets.c.queue)
    return {queue: number for queue, number in tx.execute(query)}


def _queues_with_tickets(tx: Transaction) -> Iterator[str]:
    """From one to the next in the index: to ask for all that differ would read every ticket, and the daemon asks twice a minute."""
    queue: str | None = ""
    while queue := tx.execute(_NEXT_QUEUE, {"last": queue}).scalar():
        yield queue


@dataclass(frozen=True, slots=True)
class _Group:
    """Tickets of one department that are alike: how many, and when the first was opened."""

    status: Status
    owner: str | None
    is_awake: bool
    number: int
    oldest: datetime


def _queue_depth(queue: str, groups: list[_Group]) -> QueueDepth:
    by_status: dict[Status, int] = {}
    load: dict[str | None, int] = {}
    waking = [group for group in groups if group.is_awake]
    for group in waking:
        by_status[group.status] = by_status.get(group.status, 0) + group.number
        load[group.owner] = load.get(group.owner, 0) + group.number
    snoozed = sum(group.number for group in groups if not group.is_awake)
    return QueueDepth(queue, by_status, load, min((group.oldest for group in waking), default=None), snoozed)
