"""A stay: a time rule waits on a ticket for its time to come (RULES.md 2). Plain values; when that is, `maild.rules.times` says."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """What the rule waits for has been there without a break `since`. `about`: a task's number; 0: it is about the ticket itself.
    `due`: when the rule is to be asked, or the stay looked at again; None: it has been asked, once and for all."""

    ticket: int
    rule: str
    about: int
    since: datetime
    due: datetime | None


@dataclass(frozen=True, slots=True)
class StayEnded:
    """What the rule waited for is there no longer."""

    ticket: int
    rule: str
    about: int


@dataclass(frozen=True, slots=True)
class StayDisturbed:
    """It goes on, but may be over at another time than was thought: it is to be looked at, if the rule has yet to be asked."""

    ticket: int
    rule: str
    about: int


@dataclass(frozen=True, slots=True)
class LengthChanged:
    """One ticket more waits in a department, or less: it is to be asked about which rules are for that."""

    queue: str
    by: int


StayChange = Stay | StayEnded | StayDisturbed
"""A `Stay` begins, or begins anew."""
Followed = StayChange | LengthChanged
