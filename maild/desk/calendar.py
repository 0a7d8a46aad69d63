"""Calendars: when a desk is open, and open time measured (PRODUCT 19). Pure; no moment here is ever guessed from the clock.

It is open as the clock on the wall says. Where that jumps, an hour that is skipped was never open, and one that comes twice counts twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MINUTES_A_DAY = 24 * 60
FURTHEST = timedelta(days=20 * 366)
"""Nobody plans further ahead. A calendar that has not opened by then never does."""
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """Open from the minute `opens` of a day to just before the minute `closes`, at most 1440: midnight."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours of each weekday, Monday first. On a holiday it is closed from midnight to midnight; `yearly` are those of each year, as
    month and day."""

    zone: ZoneInfo
    week: tuple[tuple[Hours, ...], ...]
    holidays: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()
    _joined: tuple[tuple[Hours, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_joined", tuple(map(_join, self.week)))

    def is_open(self, moment: datetime) -> bool:
        """Whether it is open at that moment."""
        here = moment.astimezone(self.zone)
        minute = here.hour * 60 + here.minute
        return any(hours.opens <= minute < hours.closes for hours in self._hours_on(here.date()))

    def next_opening(self, moment: datetime) -> datetime | None:
        """The first moment, in UTC, at which it is open, `moment` itself if it is; None where it never is again."""
        return next((opens for opens, _ in self._stretches(moment, moment + FURTHEST)), None)

    def add(self, moment: datetime, span: timedelta) -> datetime:
        """The moment, in UTC, at which so much open time has passed since: the closing one, where a day ends with it. The furthest that can
        be planned, where so much never passes."""
        left = span
        if left <= timedelta():
            return moment.astimezone(UTC)
        for opens, closes in self._stretches(moment, moment + FURTHEST):
            if closes - opens >= left:
                return opens + left
            left -= closes - opens
        return moment.astimezone(UTC) + FURTHEST

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time passes from one moment to the other; less than nothing where `end` is the earlier one."""
        if end < start:
            return -self.between(end, start)
        return sum((closes - opens for opens, closes in self._stretches(start, end)), timedelta())

    def _hours_on(self, day: date) -> tuple[Hours, ...]:
        is_holiday = day in self.holidays or (day.month, day.day) in self.yearly
        return () if is_holiday else self._joined[day.weekday()]

    def _stretches(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """Open time between the two, in UTC and in order. Stretches that adjoin are not joined."""
        for since, until, offset in _regimes(start.astimezone(UTC), end.astimezone(UTC), self.zone):
            for opens, closes in self._open_on_the_wall((since + offset).replace(tzinfo=None), (until + offset).replace(tzinfo=None)):
                yield opens.replace(tzinfo=UTC) - offset, closes.replace(tzinfo=UTC) - offset

    def _open_on_the_wall(self, start: datetime, end: datetime) -> Iterator[Stretch]:
        """The same by a clock on the wall that nobody turns between the two."""
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        while midnight < end:
            for hours in self._hours_on(midnight.date()):
                opens, closes = max(start, midnight + hours.opens * _MINUTE), min(end, midnight + hours.closes * _MINUTE)
                if opens < closes:
                    yield opens, closes
            midnight += _DAY


def add_time(calendar: Calendar | None, moment: datetime, span: timedelta) -> datetime:
    """The moment, in UTC, at which so much time has passed since, of which counts what is open; without a calendar all of it."""
    return calendar.add(moment, span) if calendar else moment.astimezone(UTC) + span


def describe_calendar(calendar: Calendar) -> str:
    """All of it in one line, which is the same in every process."""
    return f"{calendar.zone.key} {calendar.week} {sorted(calendar.holidays)} {sorted(calendar.yearly)}"


def _join(hours: tuple[Hours, ...]) -> tuple[Hours, ...]:
    """In order, those that overlap made one."""
    joined: list[Hours] = []
    for each in sorted(hours):
        if joined and each.opens <= joined[-1].closes:
            joined[-1] = Hours(joined[-1].opens, max(joined[-1].closes, each.closes))
        else:
            joined.append(each)
    return tuple(joined)


def _regimes(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time between, cut where the clock on the wall jumps, each piece with what that clock is ahead of UTC."""
    while start < end:
        until, offset = min(start + _WEEK, end), _offset(start, zone)
        if _offset(until, zone) != offset:
            until = _jump(start, until, zone)
        yield start, until, offset
        start = until


def _jump(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The moment between the two at which the clock on the wall jumps: once a week at most, at a full second."""
    first, offset = before.replace(microsecond=0), _offset(before, zone)
    still, jumped = 0, int((after - before) / _SECOND) + 1
    while jumped - still > 1:
        middle = (still + jumped) // 2
        if _offset(first + middle * _SECOND, zone) == offset:
            still = middle
        else:
            jumped = middle
    return first + jumped * _SECOND


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
