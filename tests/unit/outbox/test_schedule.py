"""When letters are tried again (MAIL.md O6)."""

from datetime import UTC, datetime, timedelta

from maild.outbox.schedule import back_off, next_try, try_after_unknown

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def check(attempts: int, age: timedelta, expected: timedelta | None, jitter: float = 0.0) -> None:
    at = next_try(attempts, NOW - age, NOW, jitter)
    assert (at - NOW if at else None) == expected


def test_tries_come_after_1_5_15_60_minutes_then_hourly_to_48_hours():
    check(0, timedelta(), MINUTE)
    check(1, MINUTE, 5 * MINUTE)
    check(2, 6 * MINUTE, 15 * MINUTE)
    check(3, 21 * MINUTE, HOUR)
    check(4, 81 * MINUTE, HOUR)
    check(40, 37 * HOUR, HOUR)
    check(48, 47 * HOUR, HOUR)
    check(49, 48 * HOUR, None)


def test_one_try_is_not_enough_to_give_up_however_much_later_it_is():
    """The clock was set forward, or the daemon lay still for a week."""
    check(0, 7 * 24 * HOUR, MINUTE)
    check(7, 7 * 24 * HOUR, HOUR)
    check(8, 7 * 24 * HOUR, None)


def test_jitter_lengthens_the_wait_by_a_fifth_at_most():
    check(0, timedelta(), MINUTE * 1.2, jitter=1.0)
    check(3, timedelta(), HOUR * 1.1, jitter=0.5)


def test_an_unknown_outcome_is_tried_once_more():
    assert try_after_unknown(False, 15 * MINUTE, NOW) == NOW + 15 * MINUTE
    assert try_after_unknown(True, 15 * MINUTE, NOW) is None


def test_an_unreachable_account_rests_longer_each_time_up_to_a_quarter_of_an_hour():
    waits = [back_off(failures, 0.0).total_seconds() for failures in range(12)]
    assert waits[:4] == [5, 10, 20, 40]
    assert waits[-1] == 900
    assert back_off(10**6, 1.0) == 18 * MINUTE
