"""What is to be done in a department, and in which order, with the reason for each place (PRODUCT 15); the orders of views. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from maild.config.settings import Sort, SortKey
from maild.desk.query import Field, Filter
from maild.ticket import Priority, Status

RANKED_PRIORITIES = tuple(reversed(Priority))
RANKED_STATUSES = tuple(Status)
TO_DO = (Status.NEW, Status.OPEN)


class Ordered(Protocol):
    """What of a ticket decides over its place."""

    @property
    def number(self) -> int: ...

    @property
    def priority(self) -> Priority: ...

    @property
    def status(self) -> Status: ...

    @property
    def created(self) -> datetime: ...

    @property
    def updated(self) -> datetime: ...


Ticket = TypeVar("Ticket", bound=Ordered)


_DEFAULT = (Sort(SortKey.PRIORITY), Sort(SortKey.CREATED))
_RANKS: Mapping[SortKey, Callable[[Ordered], Any]] = {
    SortKey.PRIORITY: lambda ticket: RANKED_PRIORITIES.index(ticket.priority),
    SortKey.STATUS: lambda ticket: RANKED_STATUSES.index(ticket.status),
    SortKey.CREATED: lambda ticket: ticket.created,
    SortKey.UPDATED: lambda ticket: ticket.updated,
}


@dataclass(frozen=True, slots=True)
class Place(Generic[Ticket]):
    """A ticket in its place, and why it stands there."""

    ticket: Ticket
    why: str


def to_do(queue: str) -> tuple[Filter, ...]:
    """Which tickets of a department have a place: what waits for a customer, or is snoozed, has none."""
    idle = (Filter(Field.STATUS, status.value, negated=True) for status in Status if status not in TO_DO)
    return (Filter(Field.QUEUE, queue), Filter(Field.SNOOZED, None, negated=True), *idle)


def order(tickets: Iterable[Ticket], sort: Sequence[Sort] = ()) -> list[Place[Ticket]]:
    """The most urgent first; among equals the one that was opened first. In a view with an order of its own as that says."""
    ordered = sort_by(tickets, sort or _DEFAULT)
    if sort:
        return [Place(ticket, f"by {', '.join(map(str, sort))}") for ticket in ordered]
    return [Place(ticket, _why(ticket, before)) for ticket, before in zip(ordered, [None, *ordered], strict=False)]


def sort_by(tickets: Iterable[Ticket], sort: Sequence[Sort]) -> list[Ticket]:
    """In this order; what is equal by all of it by number. `maild.store.tickets` has the database do the same."""
    ordered = sorted(tickets, key=lambda ticket: ticket.number)
    for step in reversed(sort):
        ordered.sort(key=_RANKS[step.key], reverse=step.backwards)
    return ordered


def _why(ticket: Ordered, before: Ordered | None) -> str:
    if before is None or before.priority is not ticket.priority:
        return f"{ticket.priority.value}, opened first"
    return f"{ticket.priority.value}, opened after #{before.number}"
