"""The calendar of Iran, for dates in letters in Persian. Pure."""

from datetime import date

CYCLE_DAYS, FOUR_YEARS, YEAR = 12053, 1461, 365
"""33 years, eight of them with a day more; reckoned so, dates are right from 1799 to 2256."""
LONG_MONTHS = 6
_SINCE_CYCLE = 356032


def to_solar(day: date) -> tuple[int, int]:
    """The month, from 1, and its day. Six months have 31 days, the others 30, or 29 at the end."""
    passed = (day.toordinal() + _SINCE_CYCLE) % CYCLE_DAYS % FOUR_YEARS
    if passed > YEAR:
        # The first of four years has a day more.
        passed = (passed - 1) % YEAR
    if passed < LONG_MONTHS * 31:
        return passed // 31 + 1, passed % 31 + 1
    return (passed - LONG_MONTHS * 31) // 30 + LONG_MONTHS + 1, (passed - LONG_MONTHS * 31) % 30 + 1
