"""Schedules: the moments that a cron expression names, by the clock on the wall of a time zone. The door to cronsim, which is
loaded where a rule has a schedule.

Where that clock jumps it is as with Debian's cron: what falls into the hour that is skipped comes right behind it, and what falls into the
hour that comes twice comes once, unless it is for every hour.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

FIELDS = 5
_SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """An expression that `is_schedule` takes."""

    expression: str
    zone: ZoneInfo

    def find_next(self, moment: datetime) -> datetime:
        """The first moment of it, in UTC, that is later."""
        from cronsim import CronSim

        return next(CronSim(self.expression, moment.astimezone(self.zone))).astimezone(UTC)


def is_schedule(expression: str) -> bool:
    """Whether it is one, and ever comes: minute, hour, day of the month, month, day of the week."""
    from cronsim import CronSim, CronSimError

    try:
        return len(expression.split()) == FIELDS and next(CronSim(expression, _SOME_DAY), None) is not None
    except CronSimError:
        return False
