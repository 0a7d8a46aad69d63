"""Regroupings: what was merged, linked or split, as it is remembered to be undone. Plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from maild.ticket import Participant, Status, TicketView, Tier


class RegroupingKind(Enum):
    MERGE = "merge"
    LINK = "link"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Standing:
    """All of a ticket that a merge may change, beside what can be counted. `tasks` are the ids of its tasks, and their numbers there.

    `tier` None: that was not remembered, and neither was its `follower`.
    """

    status: Status
    closed_at: datetime | None
    owner: str | None
    tags: frozenset[str]
    participants: tuple[Participant, ...]
    references: tuple[str, ...]
    last_customer_id: str | None
    snoozed_until: datetime | None = None
    tasks: tuple[tuple[int, int], ...] = ()
    tier: Tier | None = None
    follower: str | None = None


def standing_of(ticket: TicketView) -> Standing:
    return Standing(
        ticket.status,
        ticket.closed_at,
        ticket.owner,
        ticket.tags,
        ticket.participants,
        ticket.references,
        ticket.last_customer_id,
        ticket.snoozed_until,
        tuple((task.id, task.number) for task in ticket.tasks),
        ticket.tier,
        ticket.follower,
    )


@dataclass(frozen=True, slots=True)
class Regrouping:
    """Something done to two tickets that can be undone. `other`, as it stands now, went into `ticket`, was linked with it, or split off.

    `before` and `after` are `ticket` without and with the other at that time, `other_before` is the other then; None where nothing of them
    was changed. `copied`: how many messages of the customer's had been made for what was split off. `newer_on`: a ticket to which something
    has happened since that must be undone first. `beside`: what the same mail has split off before, the newest first.
    """

    id: int
    kind: RegroupingKind
    ticket: int
    other: TicketView
    at: datetime
    before: Standing | None = None
    after: Standing | None = None
    other_before: Standing | None = None
    copied: int = 0
    newer_on: int | None = None
    beside: tuple["Regrouping", ...] = ()

    @property
    def whole(self) -> tuple["Regrouping", ...]:
        """All that was done by one mail, the newest first, as it is undone."""
        return (self, *self.beside)
