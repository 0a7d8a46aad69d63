"""Chronicle: what time rules do to tickets in a replay, beside what is recorded of them (`maild.rules.backtest`). Pure.

The record knows when the desk came round to a rule, not when it was due. So the order of things is compared, ticket by ticket: what has
been done between two mails.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maild.effects import Decision
from maild.past import PastFiring

LATE = timedelta(minutes=5)
"""A desk that runs comes round to a rule that is due within that time."""

Firing = tuple[str, tuple[str, ...]]
"""A rule that fired, and what it did in words."""


@dataclass(frozen=True, slots=True)
class Lived:
    """What time rules have made of a ticket in the replay."""

    at: datetime
    decision: Decision
    firings: tuple[Firing, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What time rules have done to a ticket until a mail came on it, or the time was over: in the replay, and by the record."""

    until: datetime
    lived: tuple[Lived, ...]
    recorded: tuple[PastFiring, ...]

    def ahead_of(self, hand: datetime) -> "Stretch":
        """Without what came after somebody had changed the ticket by hand."""
        lived, recorded = (item for item in self.lived if item.at < hand), (firing for firing in self.recorded if firing.at < hand)
        return replace(self, lived=tuple(lived), recorded=tuple(recorded))

    @property
    def began(self) -> datetime | None:
        """When first something was done; None: nothing was."""
        return min((*(item.at for item in self.lived), *(firing.at for firing in self.recorded)), default=None)

    @property
    def firings(self) -> tuple[Firing, ...]:
        return tuple(firing for item in self.lived for firing in item.firings)

    @property
    def recorded_firings(self) -> tuple[Firing, ...]:
        return tuple((firing.rule, firing.actions) for firing in self.recorded)

    @property
    def differing(self) -> tuple[str, ...]:
        """The rules that have fired on one side only, or done something else there. How often one has that fires again and again is not
        compared: each time it waits from when the desk has come round to it."""
        return tuple(dict.fromkeys(rule for rule, _ in (*self._new, *self._gone)))

    @property
    def is_late(self) -> bool:
        """Nothing differs but what the desk may just not have come round to then."""
        return not self._gone and all(at > self.until - LATE for at in self._new.values())

    @property
    def parted(self) -> datetime:
        """When first something was done that the other side does not know of."""
        return min((*self._new.values(), *self._gone.values()), default=self.until)

    @property
    def _new(self) -> dict[Firing, datetime]:
        """What has been done here only, and when first."""
        told = set(self.recorded_firings)
        done = ((firing, item.at) for item in reversed(self.lived) for firing in item.firings)
        return {firing: at for firing, at in done if firing not in told}

    @property
    def _gone(self) -> dict[Firing, datetime]:
        """What has been done then only, and when first."""
        done = set(self.firings)
        told = (((firing.rule, firing.actions), firing.at) for firing in reversed(self.recorded))
        return {firing: at for firing, at in told if firing not in done}


class Chronicle:
    """`recorded`: what time rules did then, by ticket, the oldest first."""

    def __init__(self, recorded: Mapping[int, Sequence[PastFiring]]) -> None:
        self._recorded = {number: list(firings) for number, firings in recorded.items()}
        self._lived: dict[int, list[Lived]] = {}

    def note(self, number: int, lived: Lived) -> None:
        self._lived.setdefault(number, []).append(lived)

    @property
    def tickets(self) -> list[int]:
        """Of which there is something to tell."""
        return sorted(self._lived.keys() | self._recorded.keys())

    def take(self, number: int, until: datetime) -> Stretch:
        """What has been done to a ticket since this was asked last. Each thing is told once."""
        lived, recorded = self._lived.pop(number, []), self._recorded.get(number, [])
        told = [firing for firing in recorded if firing.at <= until]
        if told:
            self._recorded[number] = recorded[len(told) :]
        return Stretch(until, tuple(lived), tuple(told))
