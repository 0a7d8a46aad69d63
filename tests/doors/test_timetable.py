"""The timetable: jobs come round, wherever the clock is set (OPERATIONS I23)."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from apscheduler.triggers.base import BaseTrigger

from maild.timetable import Timetable, _Every

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def timetable() -> Iterator[Timetable]:
    timetable = Timetable()
    yield timetable
    timetable.stop()


def test_a_job_comes_round_again_and_again(timetable: Timetable):
    rounds = list[float]()
    timetable.every(0.05, lambda: rounds.append(time.monotonic()))
    timetable.start()
    deadline = time.monotonic() + 10
    while len(rounds) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_may_be_due_already_is_done_at_once(timetable: Timetable):
    ran, waits = Event(), Event()
    timetable.every(3600, ran.set, at_once=True)
    timetable.every(3600, waits.set)
    timetable.start()
    assert ran.wait(10)
    assert not waits.wait(0.3)


def test_a_job_that_a_clock_set_back_has_put_off_runs_now(timetable: Timetable):
    ran = Event()
    timetable.every(3600, ran.set)
    timetable.start()
    timetable.look(now())
    assert not ran.wait(0.3), "it is as far off as it should be"
    timetable.look(now() - 5 * HOUR)
    assert ran.wait(10)


def test_no_round_is_made_up_for_after_the_clock_was_set_forward_by_years():
    """APScheduler counts them one by one, and keeps each."""
    trigger: BaseTrigger = _Every(timedelta(seconds=5), at_once=False)
    before, after = datetime(1970, 1, 1, tzinfo=UTC), now()
    assert trigger.get_next_fire_time(before, after) == after + timedelta(seconds=5)
