"""The timetable: jobs that come round every few seconds, in threads of their own. The door to APScheduler.

It goes by the clock on the wall. Set forward by years, as on a machine that starts without a clock, it would reckon up every missed round;
set back by hours, no job would run for hours. Neither may happen.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from maild.waits import find_latest_end


class Timetable:
    """Jobs are added before the start. None runs beside itself."""

    def __init__(self) -> None:
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._pauses: dict[str, timedelta] = {}

    def every(self, seconds: float, job: Callable[[], object], *, at_once: bool = False) -> None:
        """Run a job again and again, so long after its last round began; the first time after that pause, too, or `at_once`."""
        pause = timedelta(seconds=seconds)
        added = self._scheduler.add_job(job, _Every(pause, at_once), max_instances=1, coalesce=True, misfire_grace_time=None)
        self._pauses[added.id] = pause

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Let the jobs under way end, and begin none."""
        self._scheduler.shutdown(wait=True)

    def look(self, now: datetime) -> None:
        """To be called every second or so: a job that is due later than it can be was put off by a clock that was set back; it runs now."""
        for job in self._scheduler.get_jobs():
            if job.next_run_time > find_latest_end(now, self._pauses[job.id]):
                job.modify(next_run_time=now)


class _Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """Counts from now, not from the last time, so that nothing is made up for."""

    def __init__(self, pause: timedelta, at_once: bool) -> None:
        self._pause = pause
        self._at_once = at_once

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now if self._at_once and previous_fire_time is None else now + self._pause
