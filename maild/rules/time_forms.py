"""The forms of a time rule's `when` (RULES.md 2), as frozen values. When such a rule is asked is decided in `times`."""

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from maild.rules.conditions import Condition
from maild.rules.schedules import Schedule
from maild.rules.spans import describe_span


class Deadline(Enum):
    """The moments of a ticket ahead of which a rule can be asked."""

    SNOOZE = "snooze"
    TASK = "task.due"


class Clock(Enum):
    """What counts: every hour, or those in which the ticket's department is open by its calendar."""

    REAL = "real"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class After:
    """A state has held without a break for so long."""

    lasts: timedelta
    state: Condition
    clock: Clock = Clock.REAL

    def describe(self) -> str:
        return f"after {describe_span(self.lasts)}{' of opening hours' if self.clock is Clock.BUSINESS else ''}"


@dataclass(frozen=True, slots=True)
class Before:
    """Ahead of a moment; at once, where less time is left already."""

    lead: timedelta
    of: Deadline

    def describe(self) -> str:
        return f"{describe_span(self.lead)} before {self.of.value}"


@dataclass(frozen=True, slots=True)
class Cron:
    """Each moment of a schedule, on every ticket that is in the state by then. `state` None: on all that have not ended. `on_tickets`
    False: on none, but once for each department."""

    schedule: Schedule
    state: Condition | None
    on_tickets: bool = True

    def describe(self) -> str:
        return f"cron {self.schedule.expression}{'' if self.on_tickets else ', once'}"


TimeForm = After | Before | Cron
