"""Posted answers: an agent's answer in the outbox, as it is known to be taken back (MAIL.md A7). Plain values."""

from dataclasses import dataclass
from datetime import datetime

from maild.outbox.delivery import DeliveryState
from maild.regrouping import Standing

STOPPABLE = frozenset({DeliveryState.QUEUED, DeliveryState.DEFERRED})
"""No relay has taken it, and nobody is handing it over."""
_REACHED = frozenset({DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Way:
    """How far an answer has come to one recipient. `settled`: when it was taken by the relay, or given up; None: there is more to come."""

    recipient: str
    state: DeliveryState
    settled: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delayed:
    """What is kept of an answer that was held back `until` then: its `message` on the ticket with its text, the mail it came in, the ticket
    `before` and `after` it, how many `answers` it had then with this one, and the agents, by key, who were told of it."""

    until: datetime
    message: int
    text: str
    incoming: int | None
    before: Standing
    after: Standing
    answers: int
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PostedAnswer:
    """An answer by its letter. `author` is an agent's key, `delayed` None: it was not held back, so it cannot be taken back."""

    letter: int
    author: str
    at: datetime
    ways: tuple[Way, ...]
    delayed: Delayed | None = None

    @property
    def reached(self) -> tuple[str, ...]:
        """Whoever has it, or may have it, or gets it at this moment."""
        return tuple(way.recipient for way in self.ways if way.state in _REACHED)

    @property
    def stoppable(self) -> tuple[str, ...]:
        return tuple(way.recipient for way in self.ways if way.state in STOPPABLE)

    @property
    def can_be_taken_back(self) -> bool:
        """For some at least. What failed for everybody, or was cancelled, has reached nobody."""
        return self.delayed is not None and (bool(self.stoppable) or not self.reached)


@dataclass(frozen=True, slots=True)
class WaitingAnswer:
    """An agent's answer, by his key, that goes out at this time at the earliest."""

    author: str
    until: datetime


@dataclass(frozen=True, slots=True)
class WaitingNotice:
    """A notice to a customer, the letter of that number, that goes out once an answer before it has. `template` says of what."""

    letter: int
    template: str
