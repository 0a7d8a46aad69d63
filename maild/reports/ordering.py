"""The order in which a department's tickets want to be worked on, with the reason for each place (PRODUCT 15). Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from maild.store.tickets import TicketRow
from maild.ticket import Priority

_URGENT_FIRST = tuple(reversed(Priority))


@dataclass(frozen=True, slots=True)
class Place:
    """A ticket in its place, and why it stands there."""

    ticket: TicketRow
    why: str


def order(tickets: Iterable[TicketRow]) -> list[Place]:
    """The most urgent first; among equals the one that was opened first."""
    ordered = sorted(tickets, key=lambda ticket: (_URGENT_FIRST.index(ticket.priority), ticket.created, ticket.number))
    return [Place(ticket, _why(ticket, before)) for ticket, before in zip(ordered, [None, *ordered], strict=False)]


def _why(ticket: TicketRow, before: TicketRow | None) -> str:
    if before is None or before.priority is not ticket.priority:
        return f"{ticket.priority.value}, opened first"
    return f"{ticket.priority.value}, opened after #{before.number}"
