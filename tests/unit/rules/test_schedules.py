"""Schedules: the moments that a cron expression names, by the clock on a wall that jumps."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from maild.rules.schedules import Schedule, find_schedule_fault

SOFIA = ZoneInfo("Europe/Sofia")
MINUTE = timedelta(minutes=1)


def check(expression, moment, *expected):
    """The next moments, as the clock on the wall in Sofia shows them."""
    at = datetime.fromisoformat(moment).replace(tzinfo=SOFIA)
    found = []
    for _ in expected:
        at = Schedule(expression, SOFIA).find_next(at)
        found.append(f"{at.astimezone(SOFIA):%Y-%m-%d %H:%M}")
    assert found == list(expected)


def test_a_schedule_names_the_moments_behind_a_moment():
    check("0 8 * * mon", "2026-03-02 08:00", "2026-03-09 08:00")
    check("0 8 * * mon", "2026-03-02 07:59", "2026-03-02 08:00")
    check("*/20 9-10 1 * *", "2026-02-27 12:00", "2026-03-01 09:00", "2026-03-01 09:20", "2026-03-01 09:40", "2026-03-01 10:00")
    check("0 8 L * *", "2026-02-10 12:00", "2026-02-28 08:00", "2026-03-31 08:00")


def test_what_falls_into_the_hour_that_is_skipped_comes_behind_it():
    check("30 3 * * *", "2026-03-28 12:00", "2026-03-29 04:00", "2026-03-30 03:30")
    check("30 * * * *", "2026-03-29 02:00", "2026-03-29 02:30", "2026-03-29 04:30")


def test_what_falls_into_the_hour_that_comes_twice_comes_once_unless_it_is_for_every_hour():
    check("30 3 * * *", "2026-10-24 12:00", "2026-10-25 03:30", "2026-10-26 03:30")
    check("30 * * * *", "2026-10-25 02:45", "2026-10-25 03:30", "2026-10-25 03:30", "2026-10-25 04:30")


def test_what_is_no_schedule_or_never_comes_is_refused():
    for expression in ("0 8 * * mon", "* * * * *", "0 0 29 2 *", "0 9 * * MON#1"):
        assert find_schedule_fault(expression) == ""
    for expression, fault in (
        ("", "there are 0"),
        ("0 8 * *", "there are 4"),
        ("@daily", "there is 1"),
        ("0 25 * * *", "the hour is none"),
        ("0 8 31 2 *", "the day-of-month is none"),
        ("0 8 * * lun", "the day-of-week is none"),
        ("é * * * *", "the minute is none"),
    ):
        assert find_schedule_fault(expression) == fault


MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE)


@given(st.integers(0, 59), st.integers(0, 23), st.sampled_from(["*", "1-5", "sun"]), MOMENTS)
def test_across_all_jumps_it_is_the_first_minute_that_shows_that_time(minute, hour, days, moment):
    """Against a model that looks at every minute, but where the clock has jumped that day."""
    found = Schedule(f"{minute} {hour} * * {days}", SOFIA).find_next(moment)
    wanted = {"*": range(7), "1-5": range(5), "sun": (6,)}[days]

    def shows(at):
        here = at.astimezone(SOFIA)
        return (here.minute, here.hour) == (minute, hour) and here.weekday() in wanted

    assert found > moment
    offsets = {(found + timedelta(hours=hours)).astimezone(SOFIA).utcoffset() for hours in (-24, 0, 24)}
    first = moment.replace(second=0, microsecond=0) + MINUTE
    minutes = int((found - first) / MINUTE)
    assert minutes >= 0
    if len(offsets) == 1 and minutes < 1500:
        assert next(step for step in range(minutes + 1) if shows(first + step * MINUTE)) == minutes
