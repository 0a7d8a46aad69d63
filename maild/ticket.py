"""TicketView: a ticket as the pure rooms see it, a snapshot. Changing one is `dataclasses.replace`; the store writes the difference."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from maild.message import Address
from maild.task import Task

THREAD_IDS = 10
"""MAIL.md O2: a letter names at most so many messages of its thread."""
MERGE_DEPTH = 10
"""MAIL.md F9: so many merges are followed, and circles end there."""


class Status(Enum):
    """PRODUCT 3: four statuses, and two ends that are not one of them."""

    NEW = "new"
    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"
    SPAM = "spam"
    MERGED = "merged"


ENDED = frozenset({Status.CLOSED, Status.SPAM, Status.MERGED})
"""Statuses in which a ticket is in nobody's queue."""


class Priority(Enum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Tier(Enum):
    """PRODUCT 14: who is to look at a ticket, those who look at all of them or the specialists."""

    L1 = "L1"
    L2 = "L2"


class ParticipantRole(Enum):
    """Who somebody is on a ticket. A third party is shown and flagged, never relayed to the requester (MAIL.md F6, F8).

    A participant who is the requester is her at another address.
    """

    REQUESTER = "requester"
    CC = "cc"
    THIRD_PARTY = "third_party"


class MessageKind(Enum):
    """INTERFACE.md, JSON: the kinds of a ticket's messages."""

    CUSTOMER = "customer"
    AGENT = "agent"
    NOTE = "note"
    THIRD_PARTY = "third_party"
    AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Participant:
    address: Address
    role: ParticipantRole


@dataclass(frozen=True, slots=True)
class TicketView:
    """A ticket. `number` 0: not yet opened.

    `reply_to` is where the requester wants his letters, None: where he writes from (MAIL.md P14). `requester_since`: since when he is the
    requester, who is shown nothing that was said before, and by which agent; None: it has been nobody else.
    `references` are the ids of the thread's last messages, oldest first, without brackets. `decided` names the fields a rule or a person
    has set, which a rule's `default` leaves alone. `watchers` are queues that got the same mail (MAIL.md F10). `snoozed_until`: out of its
    queue until then, whatever its status; None: it is not (PRODUCT 18). `tasks` are open and done, by number. `follower`: the
    agent whose it was before it went to the second tier, who hears of it as its owner does (PRODUCT 14). `sought_by`: the rule that looks
    for an owner, since it has found none (RULES.md 4).
    """

    number: int
    subject: str
    queue: str
    status: Status
    priority: Priority
    requester: Address
    created: datetime
    updated: datetime
    owner: str | None = None
    team: str | None = None
    tags: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()
    participants: tuple[Participant, ...] = ()
    watchers: frozenset[str] = frozenset()
    language: str | None = None
    closed_at: datetime | None = None
    merged_into: int | None = None
    follow_up_of: int | None = None
    acknowledged: bool = False
    customer_messages: int = 0
    agent_messages: int = 0
    references: tuple[str, ...] = ()
    last_customer_id: str | None = None
    reply_to: str | None = None
    snoozed_until: datetime | None = None
    requester_since: datetime | None = None
    requester_by: str | None = None
    tasks: tuple[Task, ...] = ()
    tier: Tier = Tier.L1
    follower: str | None = None
    sought_by: str | None = None

    def with_status(self, status: Status, now: datetime) -> "TicketView":
        """This ticket in another status; `closed_at` says since when it is closed, and of an open one nothing. What has ended does not
        come back by itself."""
        closed_at = (self.closed_at or now) if status is Status.CLOSED else None
        if status in ENDED:
            return replace(self, status=status, closed_at=closed_at, snoozed_until=None, sought_by=None)
        return replace(self, status=status, closed_at=closed_at)

    def owned_by(self, agent: str | None) -> "TicketView":
        """This ticket with another owner; who owns it does not follow it, too, and is no longer looked for."""
        follower = None if self.follower == agent else self.follower
        return replace(self, owner=agent, follower=follower, sought_by=None)

    def sought(self, rule: str) -> "TicketView":
        """This ticket without an owner, for whom that rule goes on looking."""
        return replace(self, owner=None, sought_by=rule)

    def awake(self) -> "TicketView":
        return replace(self, snoozed_until=None)

    @property
    def seeker(self) -> str | None:
        """The rule that looks for an owner still: until somebody has the ticket, or it has ended."""
        return self.sought_by if self.owner is None and self.status not in ENDED else None

    @property
    def addressee(self) -> Address:
        """Where letters to the requester go."""
        return Address(self.requester.name, self.reply_to) if self.reply_to else self.requester

    @property
    def cc(self) -> tuple[Address, ...]:
        """Who gets copies, other addresses of the requester's among them."""
        return tuple(person.address for person in self.participants if person.role is not ParticipantRole.THIRD_PARTY)

    def role_of(self, address: str) -> ParticipantRole | None:
        """The role of an address on this ticket, None for a stranger. Whoever answers where the requester wants his letters takes part."""
        key = address.casefold()
        if key == self.requester.key:
            return ParticipantRole.REQUESTER
        role = next((person.role for person in self.participants if person.address.key == key), None)
        is_third_party = role in (None, ParticipantRole.THIRD_PARTY)
        return ParticipantRole.CC if is_third_party and key == self.addressee.key else role


def latest_ids(ids: tuple[str, ...]) -> tuple[str, ...]:
    """Those of a thread's ids that letters go on to name, oldest first."""
    return tuple(dict.fromkeys(reversed(ids)))[:THREAD_IDS][::-1]


def follow_merges(number: int, tickets: Mapping[int, TicketView]) -> TicketView | None:
    """The ticket a number leads to (F9: at most 10 merges, and no circles); None where that is not among these."""
    ticket = tickets.get(number)
    for _ in range(MERGE_DEPTH):
        if ticket is None or ticket.status is not Status.MERGED or ticket.merged_into is None:
            return ticket
        ticket = tickets.get(ticket.merged_into)
    return None
