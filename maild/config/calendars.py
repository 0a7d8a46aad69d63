"""Readers of a calendar's parts: the hours of each weekday and the days off. What a calendar means is `maild.desk.calendar`'s."""

import re
from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from maild.config.faults import did_you_mean
from maild.config.findings import BAD, Bad, Reading
from maild.config.nodes import Node, Scalar
from maild.config.readers import as_table, one_of, one_or_more, text
from maild.config.settings import UTC
from maild.desk.calendar import MINUTES_A_DAY, WEEKDAYS, Calendar, Hours

_SPAN = re.compile(r"(\d{1,2}):([0-5]\d)\s?[-–]\s?(\d{1,2}):([0-5]\d)")
_DATE = re.compile(r"(?:(\d{4})-)?(\d{2})-(\d{2})")
_SOME_LEAP_YEAR = 2024

Week = tuple[tuple[Hours, ...], ...]
YearlyDay = tuple[int, int]


def build_calendar(hours: Week, timezone: ZoneInfo = UTC, holidays: Iterable[date | YearlyDay] = ()) -> Calendar:
    """A calendar; `timezone` is the desk's where it says nothing (`inherit.py`)."""
    dates = frozenset(day for day in holidays if isinstance(day, date))
    return Calendar(timezone, hours, dates, frozenset(day for day in holidays if not isinstance(day, date)))


def hours_of_week(node: Node, reading: Reading) -> Week | Bad:
    """`{mon-fri: "09:00-18:00", sat: ["10:00-13:00", "14:00-16:00"]}`; a day that is not named is closed."""
    table = as_table(node, reading)
    if table is BAD:
        return BAD
    if not table.entries:
        return reading.refuse(node.place, "E301", f'"{reading.name}" is empty; give hours such as mon-fri: "09:00-18:00"')
    read = [(_days(entry.key, reading), one_or_more(_span)(entry.value, reading.at(entry.key))) for entry in table.entries]
    _refuse_repeated_days([(entry.key, days) for entry, (days, _) in zip(table.entries, read, strict=True)], reading)
    return _as_week([(day, span) for days, spans in read if spans is not BAD for day in days for span in spans])


def _refuse_repeated_days(named: Iterable[tuple[Scalar, tuple[int, ...]]], reading: Reading) -> None:
    first: dict[int, Scalar] = {}
    for key, days in named:
        if day := next((day for day in days if first.setdefault(day, key) is not key), None):
            message = f'{WEEKDAYS[day]} has hours already, in "{first[day].text}"; name each day once'
            reading.refuse(key.place, "E318", message)


def _as_week(spans: Iterable[tuple[int, Hours]]) -> Week:
    """What goes on past midnight belongs to the next day."""
    week: list[list[Hours]] = [[] for _ in WEEKDAYS]
    for day, span in spans:
        week[day].append(Hours(span.opens, min(span.closes, MINUTES_A_DAY)))
        if span.closes > MINUTES_A_DAY:
            week[(day + 1) % len(WEEKDAYS)].append(Hours(0, span.closes - MINUTES_A_DAY))
    return tuple(map(tuple, week))


def _days(key: Scalar, reading: Reading) -> tuple[int, ...]:
    """Weekdays from 0: `mon`, `mon-fri`, and `fri-mon` over the weekend. Empty, with a fault, for any other key."""
    first, dash, last = key.text.casefold().partition("-")
    if first in WEEKDAYS and (last in WEEKDAYS or not dash):
        start = WEEKDAYS.index(first)
        length = (WEEKDAYS.index(last) - start) % len(WEEKDAYS) + 1 if dash else 1
        return tuple((start + number) % len(WEEKDAYS) for number in range(length))
    hint = did_you_mean(key.text, WEEKDAYS)
    reading.refuse(key.place, "E318", f'"{key.text}" is no weekday: write {one_of(WEEKDAYS)}, or several as mon-fri{hint}')
    return ()


def _span(node: Node, reading: Reading) -> Hours | Bad:
    """`09:00-18:00`. What ends no later than it begins ends on the next day: there `closes` is more than a day has minutes."""
    found = text(node, reading)
    if found is BAD:
        return BAD
    if match := _SPAN.fullmatch(found):
        opens, closes = (int(match[hour]) * 60 + int(match[hour + 1]) for hour in (1, 3))
        if opens < MINUTES_A_DAY and closes <= MINUTES_A_DAY and opens != closes:
            return Hours(opens, closes if opens < closes else closes + MINUTES_A_DAY)
    wanted = "hours such as 09:00-18:00, 22:00-06:00 over midnight, or 00:00-24:00"
    return reading.refuse(node.place, "E317", f'"{reading.name}" takes {wanted}, not "{found}"')


def holiday(node: Node, reading: Reading) -> date | YearlyDay | Bad:
    """`2026-12-25`, or `12-25`, which is every year's."""
    found = text(node, reading)
    if found is BAD:
        return BAD
    match = _DATE.fullmatch(found)
    try:
        day = date(int(match[1] or _SOME_LEAP_YEAR), int(match[2]), int(match[3])) if match else None
    except ValueError:
        day = None
    if match is None or day is None:
        wanted = "days such as 2026-12-25, or 12-25 for every year's"
        return reading.refuse(node.place, "E319", f'"{reading.name}" takes {wanted}, not "{found}"')
    return day if match[1] else (day.month, day.day)
