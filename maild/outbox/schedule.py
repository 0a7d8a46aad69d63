"""When a letter is tried again (MAIL.md O6). Pure: the hour and the jitter are handed in."""

from datetime import datetime, timedelta

STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
GIVE_UP_AFTER = timedelta(hours=48)
GIVE_UP_TRIES = 8
"""Six hours' worth: a clock that is set forward by days, or a daemon that lay still for so long, gives up no letter after one try."""
JITTER = 0.2
LONGEST_WAIT = max(STEPS) * (1 + JITTER)


def next_try(attempts: int, created: datetime, now: datetime, jitter: float) -> datetime | None:
    """When to try again after one more temporary failure: 1, 5, 15, 60 minutes, then hourly to 48 hours; None: no more, after enough tries.

    `attempts` counts the earlier tries. `jitter`, between 0 and 1, lengthens the wait by up to a fifth, so that a restart does not fire
    everything at once (OPERATIONS T5).
    """
    step = STEPS[min(attempts, len(STEPS) - 1)]
    at = now + step * (1 + JITTER * jitter)
    return at if at - created <= GIVE_UP_AFTER or attempts < GIVE_UP_TRIES else None


def try_after_unknown(was_unknown: bool, wait: timedelta, now: datetime) -> datetime | None:
    """One more try after a try that ended without an answer; None after the second such (MAIL.md O6)."""
    return None if was_unknown else now + wait


def back_off(failures: int, jitter: float) -> timedelta:
    """How long an account that cannot be reached is left alone: 5 s, doubling to 15 min, and up to a fifth longer."""
    doubled = timedelta(seconds=5 << min(failures, 12))
    return min(doubled, timedelta(minutes=15)) * (1 + JITTER * jitter)
