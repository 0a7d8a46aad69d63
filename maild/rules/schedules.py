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
    """An expression in which `find_schedule_fault` finds none."""

    expression: str
    zone: ZoneInfo

    def find_next(self, moment: datetime) -> datetime:
        """The first moment of it, in UTC, that is later."""
        from cronsim import CronSim

        return next(CronSim(self.expression, moment.astimezone(self.zone))).astimezone(UTC)


def find_schedule_fault(expression: str) -> str:
    """Why it is none that ever comes, "" if it is: minute, hour, day of the month, month, day of the week."""
    from cronsim import CronSim, CronSimError

    if (count := len(expression.split())) != FIELDS:
        return f"there {'is' if count == 1 else 'are'} {count}"
    try:
        return "" if next(CronSim(expression, _SOME_DAY), None) else "it never comes"
    except CronSimError as error:
        return f"the {str(error).removeprefix('Bad ')} is none"
