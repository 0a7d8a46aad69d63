"""Deliveries: one recipient of one letter, on its way out, and what may come of it. Plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from maild.message import Address


class DeliveryState(Enum):
    """INTERFACE.md, JSON: the states of an outbox row."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One recipient's transaction (MAIL.md O5). `sender` may be "", the null path; `id` is what a delivery report gives back (RFC 3461)."""

    recipient: Address
    sender: str
    id: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A rendered letter: the bytes every attempt sends (MAIL.md O6), in one envelope for each recipient. `message_id` without brackets.

    `is_copied`: once a relay has taken it, a copy goes into the department's Sent folder (O10).
    """

    message_id: str
    subject: str
    raw: bytes
    envelopes: tuple[Envelope, ...]
    is_copied: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One claimed outbox row. `attempts` counts earlier tries; `was_unknown`: the last try ended without an answer (MAIL.md O6)."""

    id: int
    letter: int
    queue: str
    kind: str
    ticket: int | None
    message_id: str
    envelope_sender: str
    envelope_id: str
    recipient: str
    raw: bytes
    attempts: int
    created: datetime
    was_unknown: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """The relay took it. `reply` is its final line."""

    reply: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Not now. `retry_at` is when to try again."""

    error: str
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Failed:
    """Never."""

    error: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The connection was lost after the final dot: it may or may not have been taken. One more try at `retry_at`, None if that was it."""

    error: str
    retry_at: datetime | None


Outcome = Sent | Deferred | Failed | Unknown
