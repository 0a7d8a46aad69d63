"""Times in plain words: `3d`, `mon 9:00`, `12 May` (MAIL.md A7), as an agent means them in his own time zone. Pure.

The words of the desk's languages stand in `data/time_words.toml`. What can be read in two ways is not read.
"""

import re
import tomllib
import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from maild.ingest.dates import read_date

MORNING = time(9)
"""The hour of a day that is named without one."""
FURTHEST = timedelta(days=5 * 365 + 2)
EXAMPLES = "write it as in 3d, mon 9:00, tomorrow 14:00 or 12 May"
LONGEST = 80
"""In characters."""

_STOP = re.compile(r"(?:(?<=[^\W\d_])|(?<=[:-]\d\d)|(?<=\d{4}))\.")
"""Behind a word, an hour or a year, where it ends a sentence or shortens a name; behind the month of `12.5.` it says that it is one."""
_AMOUNTS = re.compile(r"(?:\d{1,6} ?[^\W\d_]+ ?)+")
_AMOUNT = re.compile(r"(\d+) ?([^\W\d_]+)")
_CLOCK = r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::00)?(?: ?(?P<half>[ap])m)?| ?(?P<bare_half>[ap])m)"
_CLOCK_FIRST = re.compile(rf"{_CLOCK}(?: (?P<day>.+))?")
_CLOCK_LAST = re.compile(rf"(?P<day>.+) {_CLOCK}")
_BARE_HOUR = re.compile(r"(?P<day>.*[^\W\d_]) (?P<hour>\d{1,2})")
_ISO = re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_DOTTED = re.compile(r"(?P<day>\d{1,2})\. ?(?P<month>\d{1,2})\.(?: ?(?P<year>\d{4}))?")
_TWO_WAYS = re.compile(r"\d{1,2}/\d{1,2}(?:/\d{2,4})?|\d{1,2}\.\d{1,2}")
_DAY_MONTH = re.compile(r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.)? ?(?P<month>[^\W\d_]+)(?: (?P<year>\d{4}))?")
_MONTH_DAY = re.compile(r"(?P<month>[^\W\d_]+) (?P<day>\d{1,2})(?:st|nd|rd|th|\.)?(?: (?P<year>\d{4}))?")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ANY_CLOCK = re.compile(r"(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?(?: ?(?P<half>[ap])m)?(?P<bare_half>(?!))?(?![\d:])")
_WORD = re.compile(r"\d+|[^\W\d_]+")
_OFFSET = re.compile(r"[+-]\d{4}(?: \([^()]*\))?$")
_GREENWICH = re.compile(r"\s(?:GMT|UTC)(?:(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?)?$")
_ROUGHLY = {"minutes": 1 / 1440, "hours": 1 / 24, "days": 1, "weeks": 7, "months": 28}
"""In days."""
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why words are no time that can be waited for, and what to write, for whoever wrote them. `is_time` False: nothing in
    them is like one."""

    text: str
    is_time: bool = True


@dataclass(frozen=True, slots=True)
class _Words:
    """What words mean, by their folded form: weekdays from 0, months from 1."""

    units: Mapping[str, str]
    weekdays: Mapping[str, int]
    months: Mapping[str, int]
    days_on: Mapping[str, int]
    beside: frozenset[str]


_Found = datetime | Unreadable | None


def read_when(text: str, now: datetime, zone: ZoneInfo) -> datetime | Unreadable:
    """The next moment, in UTC, that the words name in that zone; always one behind `now`.

    A day without an hour means nine in the morning. Days, weeks and months end at the same hour of the clock on the wall, hours and
    minutes are counted as they pass, across any change of the clock.
    """
    words = _plain(text) if len(text) <= LONGEST else ""
    here = now.astimezone(zone)
    found = _after_a_while(words, here) or _at_a_clock(words, here)
    if found is None:
        why = f'"{text[:LONGEST]}" is no time' if text.strip() else "no time is named"
        return Unreadable(f"{why}; {EXAMPLES}", is_time=False)
    if isinstance(found, Unreadable):
        return found
    if found <= now:
        return Unreadable(f'"{text}" is past; {EXAMPLES}')
    return found.astimezone(UTC) if found - now <= FURTHEST else _too_far(text)


def is_filler(word: str) -> bool:
    """Whether a word may stand in a time and says nothing there, like `at`."""
    return not _plain(word)


def describe_moment(moment: datetime, zone: ZoneInfo) -> str:
    """`Tue 12 May 2026 09:00 (Europe/Sofia)`; but for the zone, words that are read as the same moment again."""
    here = moment.astimezone(zone)
    return f"{_WEEKDAYS[here.weekday()]} {here.day} {_MONTHS[here.month - 1]} {here:%Y %H:%M} ({zone.key})"


def read_written(text: str, zone: ZoneInfo) -> datetime | None:
    """The moment, in UTC, that a mail program has written out for people, as `Friday, November 20, 2026 at 10:02 AM`; None where that is
    not certain. `zone`: where whoever made it write lives."""
    if len(text) > LONGEST:
        return None
    if _OFFSET.search(text):
        return read_date(text)
    place: tzinfo = zone
    if match := _GREENWICH.search(text):
        text, place = text[: match.start()], _greenwich(match)
    words = _plain(text)
    clock, year = _ANY_CLOCK.search(words), _YEAR.search(words)
    if clock is None or year is None or not (hour := _clock(clock)) or not (day := _day_written(words, clock, int(year[0]))):
        return None
    return datetime.combine(day, hour, place).astimezone(UTC)


def _greenwich(match: re.Match[str]) -> timezone:
    """`GMT+1`, `GMT+01:00`, `UTC`."""
    hours, minutes = int(match["hours"] or 0), int(match["minutes"] or 0)
    offset = timedelta(hours=min(hours, 14), minutes=min(minutes, 59))
    return timezone(-offset if match["sign"] == "-" else offset)


def _day_written(words: str, clock: re.Match[str], year: int) -> date | None:
    """The day in words that name this year."""
    without_clock = f"{words[: clock.start()]} {words[clock.end() :]}"
    if match := _ISO.search(without_clock) or _DOTTED.search(without_clock):
        return _date(year, int(match["month"]), int(match["day"]))
    found = _WORD.findall(_YEAR.sub(" ", without_clock, count=1))
    months = [month for word in found if (month := _words().months.get(word))]
    days = [int(word) for word in found if word.isdigit()]
    return _date(year, months[0], days[0]) if len(months) == len(days) == 1 else None


def _too_far(text: str) -> Unreadable:
    return Unreadable(f'"{text}" is more than five years away; {EXAMPLES}')


def _plain(text: str) -> str:
    """Folded, one blank between words, and without those that say nothing. `2026-05-12T09:00` is two words."""
    apart = re.sub(r"(?<=\d)t(?=\d)|,", " ", _STOP.sub("", fold(text)))
    return " ".join(word for word in apart.split() if word not in _words().beside)


def _after_a_while(words: str, here: datetime) -> _Found:
    amounts = _amounts(words)
    if not amounts:
        return None
    if _is_too_far(amounts):
        return _too_far(words)
    passing = {unit: count for unit, count in amounts if unit in ("hours", "minutes")}
    day = _days_later(here.date(), amounts)
    # Hours are added in UTC: on a day with a change of the clock the one on the wall would be wrong by an hour.
    return _on_the_wall(day, here.time(), here).astimezone(UTC) + timedelta(**passing)


def _amounts(words: str) -> tuple[tuple[str, int], ...]:
    """`1d 12h` as units and counts, each unit once; none where it is anything else."""
    if not _AMOUNTS.fullmatch(words):
        return ()
    amounts = [(_words().units.get(unit, ""), int(count)) for count, unit in _AMOUNT.findall(words)]
    units = [unit for unit, _ in amounts]
    return () if "" in units or len(set(units)) < len(units) else tuple(amounts)


def _is_too_far(amounts: tuple[tuple[str, int], ...]) -> bool:
    return sum(_ROUGHLY[unit] * count for unit, count in amounts) > FURTHEST.days


def _days_later(day: date, amounts: tuple[tuple[str, int], ...]) -> date:
    """A month after 31 January is the last day of February."""
    counts = dict(amounts)
    years, month = divmod(day.month - 1 + counts.get("months", 0), 12)
    year = day.year + years
    day = day.replace(year=year, month=month + 1, day=min(day.day, monthrange(year, month + 1)[1]))
    return day + timedelta(days=counts.get("days", 0), weeks=counts.get("weeks", 0))


def _at_a_clock(words: str, here: datetime) -> _Found:
    """A day with or without an hour, or an hour alone."""
    match = _CLOCK_FIRST.fullmatch(words) or _CLOCK_LAST.fullmatch(words)
    if match:
        clock, day = _clock(match), match["day"] or ""
    elif (match := _BARE_HOUR.fullmatch(words)) and _is_named_day(match["day"]):
        clock, day = _clock_of(int(match["hour"]), 0), match["day"]
    else:
        clock, day = MORNING, words
    if clock is None:
        return Unreadable(f'"{words}" names no hour of a day; write it as in 14:00')
    return _on_the_day(day, clock, here, is_told=match is not None)


def _clock(match: re.Match[str]) -> time | None:
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"] or match["bare_half"]
    if half is None:
        return _clock_of(hour, minute)
    return _clock_of(hour % 12 + (12 if half == "p" else 0), minute) if 1 <= hour <= 12 else None


def _clock_of(hour: int, minute: int) -> time | None:
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _is_named_day(day: str) -> bool:
    return day in _words().weekdays or day in _words().days_on


def _on_the_day(day: str, clock: time, here: datetime, *, is_told: bool) -> _Found:
    """`is_told`: the hour was written, and is not the morning's by default."""
    known = _words()
    if day in known.days_on:
        if not (is_told or known.days_on[day]):
            return Unreadable(f'"{day}" needs an hour, as in today 17:00')
        return _on_the_wall(here.date() + timedelta(days=known.days_on[day]), clock, here)
    if day in known.weekdays:
        nearest = here.date() + timedelta(days=(known.weekdays[day] - here.weekday()) % 7)
        return _first_ahead((nearest, nearest + timedelta(days=7)), clock, here)
    if not day and is_told:
        return _first_ahead((here.date(), here.date() + timedelta(days=1)), clock, here)
    amounts = _amounts(day)
    if amounts and is_told and all(unit in ("days", "weeks", "months") for unit, _ in amounts):
        return _too_far(day) if _is_too_far(amounts) else _on_the_wall(_days_later(here.date(), amounts), clock, here)
    return _on_a_date(day, clock, here)


def _first_ahead(days: tuple[date, ...], clock: time, here: datetime) -> datetime:
    moments = [_on_the_wall(day, clock, here) for day in days]
    return next((moment for moment in moments if moment > here.astimezone(UTC)), moments[-1])


def _on_the_wall(day: date, clock: time, here: datetime) -> datetime:
    """The moment at which the clock on the wall says so. It says an hour twice in autumn, and the one that is ahead counts; an hour that it
    leaves out in spring is the one after it."""
    first = datetime.combine(day, clock.replace(fold=0), here.tzinfo).astimezone(UTC)
    second = datetime.combine(day, clock.replace(fold=1), here.tzinfo).astimezone(UTC)
    return second if first <= here < second else first


def _on_a_date(words: str, clock: time, here: datetime) -> _Found:
    """A date, a weekday before it or not. Without a year it is the next such day; today's with an hour that is past could be meant for a
    year later only by somebody who says so."""
    weekday, _, rest = words.partition(" ")
    named = _words().weekdays.get(weekday)
    written = words if named is None else rest
    if _TWO_WAYS.fullmatch(written):
        return Unreadable(f'"{written}" can be read in two ways; write it as in 12 May, 2026-05-12 or 9:30')
    match = next((found for shape in (_ISO, _DOTTED, _DAY_MONTH, _MONTH_DAY) if (found := shape.fullmatch(written))), None)
    month = (int(match["month"]) if match["month"].isdecimal() else _words().months.get(match["month"])) if match else None
    if match is None or month is None:
        return None
    day = _next_date(int(match["day"]), month, int(match["year"]) if match["year"] else None, here.date())
    if day is None:
        return Unreadable(f'there is no day "{written}"; {EXAMPLES}')
    if day.year > here.year + 6:
        return _too_far(words)
    if named is not None and day.weekday() != named:
        return Unreadable(f'"{written}" is no {_WEEKDAYS[named]} but a {_WEEKDAYS[day.weekday()]}; leave the weekday out')
    return _on_the_wall(day, clock, here)


def _next_date(day: int, month: int, year: int | None, today: date) -> date | None:
    """None: no calendar has it. 29 February may be up to eight years away."""
    years = range(today.year, today.year + 9) if year is None else (year,)
    days = (found for year in years if (found := _date(year, month, day)))
    return next((found for found in days if found >= today or year is not None), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@cache
def _words() -> _Words:
    """The words of all languages, which mean one thing each."""
    data = tomllib.loads(files("maild.desk").joinpath("data/time_words.toml").read_text(encoding="utf-8"))
    return _Words(
        units={word: unit for unit in _ROUGHLY for word in _listed(data, unit)},
        weekdays=_numbered(data, "weekdays", 0),
        months=_numbered(data, "names", 1),
        days_on={word: days for days, name in enumerate(("today", "tomorrow")) for word in _listed(data, name)},
        beside=frozenset(_listed(data, "beside")),
    )


def _listed(data: Mapping[str, Mapping[str, list[str]]], name: str) -> Iterator[str]:
    return (fold(word) for language in data.values() for word in language.get(name, ()))


def _numbered(data: Mapping[str, Mapping[str, list[list[str]]]], name: str, first: int) -> dict[str, int]:
    lists = (language.get(name, ()) for language in data.values())
    return {fold(word): number for forms in lists for number, words in enumerate(forms, first) for word in words}


def fold(text: str) -> str:
    """Case, accents and what nobody sees off; digits and colons of the East as ours."""
    apart = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return "".join(character for character in apart if not (unicodedata.combining(character) or unicodedata.category(character) == "Cf"))
