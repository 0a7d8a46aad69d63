"""What is to be done in a department, and in which order, with the reason for each place (PRODUCT 15). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from maild.desk.query import Field, Filter
from maild.ticket import Priority, Status

_URGENT_FIRST = tuple(reversed(Priority))
_TO_DO = (Status.NEW, Status.OPEN)


class Ordered(Protocol):
    """What of a ticket decides over its place."""

    @property
    def number(self) -> int: ...

    @property
    def priority(self) -> Priority: ...

    @property
    def created(self) -> datetime: ...


Ticket = TypeVar("Ticket", bound=Ordered)


@dataclass(frozen=True, slots=True)
class Place(Generic[Ticket]):
    """A ticket in its place, and why it stands there."""

    ticket: Ticket
    why: str


def to_do(queue: str) -> tuple[Filter, ...]:
    """Which tickets of a department have a place: what waits for a customer, or is snoozed, has none."""
    idle = (Filter(Field.STATUS, status.value, negated=True) for status in Status if status not in _TO_DO)
    return (Filter(Field.QUEUE, queue), Filter(Field.SNOOZED, None, negated=True), *idle)


def order(tickets: Iterable[Ticket]) -> list[Place[Ticket]]:
    """The most urgent first; among equals the one that was opened first."""
    ordered = sorted(tickets, key=lambda ticket: (_URGENT_FIRST.index(ticket.priority), ticket.created, ticket.number))
    return [Place(ticket, _why(ticket, before)) for ticket, before in zip(ordered, [None, *ordered], strict=False)]


def _why(ticket: Ordered, before: Ordered | None) -> str:
    if before is None or before.priority is not ticket.priority:
        return f"{ticket.priority.value}, opened first"
    return f"{ticket.priority.value}, opened after #{before.number}"
