"""When a wait is over (OPERATIONS I23)."""

from datetime import UTC, datetime, timedelta

from maild.waits import is_over

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def check(until: timedelta, expected: bool, longest: timedelta = 15 * MINUTE) -> None:
    assert is_over(NOW + until, longest, NOW) is expected


def test_a_wait_is_over_at_its_end():
    check(-MINUTE, True)
    check(timedelta(), True)
    check(MINUTE, False)
    check(15 * MINUTE, False)


def test_a_wait_longer_than_any_was_begun_before_the_clock_was_set_back():
    check(16 * MINUTE, False)
    check(17 * MINUTE, True)
    check(300 * MINUTE, True)
