"""Waits that outlive the process, or are told by the clock on the wall, and clocks that are set (OPERATIONS I23). Pure.

A clock set forward ends them early, which does no harm. One set back by hours would lengthen them by hours. But of each it is known how
long it can be at most: an end further off than that was written down before the clock was set back, and the wait is over.
"""

from datetime import datetime, timedelta

SLACK = timedelta(minutes=1)
"""By so much clocks may disagree without anybody having set one."""


def is_over(until: datetime, longest: timedelta, now: datetime) -> bool:
    """Whether a wait has come to its end, or to one that it cannot have."""
    return until <= now or until > find_latest_end(now, longest)


def find_latest_end(now: datetime, longest: timedelta = timedelta()) -> datetime:
    """What lies behind this was written before the clock was set back."""
    return now + longest + SLACK
