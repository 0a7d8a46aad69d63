"""When a desk is open, and open time measured, also where the clock on the wall jumps."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from maild.desk.calendar import FURTHEST, Calendar, Hours

SOFIA = ZoneInfo("Europe/Sofia")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NINE_TO_SIX = (Hours(9 * 60, 18 * 60),)
OFFICE = Calendar(
    SOFIA,
    (*(NINE_TO_SIX,) * 5, (Hours(10 * 60, 13 * 60), Hours(14 * 60, 16 * 60)), ()),
    frozenset({date(2026, 5, 6)}),
    frozenset({(12, 25), (1, 1)}),
)
ALWAYS = Calendar(SOFIA, ((Hours(0, 1440),),) * 7)
NEVER = Calendar(SOFIA, ((),) * 7)
SUNDAY_NIGHT = Calendar(SOFIA, (*((),) * 6, (Hours(60, 5 * 60),)))


def at(text: str, zone: ZoneInfo = SOFIA) -> datetime:
    """A moment on the wall there; `+` behind it is the second time that the clock shows this hour."""
    return datetime.fromisoformat(text.rstrip("+")).replace(tzinfo=zone, fold=int(text.endswith("+"))).astimezone(UTC)


def shown(moment: datetime | None) -> str | None:
    assert moment is None or moment.tzinfo is UTC
    return moment and f"{moment.astimezone(SOFIA):%a %Y-%m-%d %H:%M}"


def test_it_is_open_from_the_first_minute_to_the_last():
    for moment, expected in (
        ("2026-05-04 08:59:59", False),
        ("2026-05-04 09:00", True),
        ("2026-05-04 17:59:59", True),
        ("2026-05-04 18:00", False),
        ("2026-05-06 10:00", False),  # a holiday of that year
        ("2027-05-06 10:00", True),
        ("2026-12-25 10:00", False),  # a holiday of every year
        ("2028-12-25 10:00", False),
        ("2026-05-09 12:59", True),
        ("2026-05-09 13:30", False),
        ("2026-05-09 14:00", True),
        ("2026-05-10 12:00", False),
    ):
        assert OFFICE.is_open(at(moment)) is expected, moment


def test_the_next_opening_is_now_where_it_is_open():
    for moment, expected in (
        ("2026-05-04 10:30", "Mon 2026-05-04 10:30"),
        ("2026-05-04 08:00", "Mon 2026-05-04 09:00"),
        ("2026-05-04 18:00", "Tue 2026-05-05 09:00"),
        ("2026-05-05 18:00", "Thu 2026-05-07 09:00"),
        ("2026-05-09 13:10", "Sat 2026-05-09 14:00"),
        ("2026-05-09 16:00", "Mon 2026-05-11 09:00"),
        ("2026-12-24 18:00", "Sat 2026-12-26 10:00"),
    ):
        assert shown(OFFICE.next_opening(at(moment))) == expected, moment
    assert NEVER.next_opening(at("2026-05-04 10:00")) is None


def test_only_open_time_is_added():
    for moment, span, expected in (
        ("2026-05-04 10:00", timedelta(), "Mon 2026-05-04 10:00"),
        ("2026-05-04 20:00", timedelta(), "Mon 2026-05-04 20:00"),
        ("2026-05-04 17:50", 30 * MINUTE, "Tue 2026-05-05 09:20"),
        ("2026-05-04 17:30", 30 * MINUTE, "Mon 2026-05-04 18:00"),
        ("2026-05-04 20:00", 9 * HOUR, "Tue 2026-05-05 18:00"),
        ("2026-05-05 17:00", 2 * HOUR, "Thu 2026-05-07 10:00"),
        ("2026-05-09 12:00", 2 * HOUR, "Sat 2026-05-09 15:00"),
    ):
        assert shown(OFFICE.add(at(moment), span)) == expected, (moment, span)
    assert NEVER.add(at("2026-05-04 10:00"), MINUTE) == at("2026-05-04 10:00") + FURTHEST


def test_open_time_between_two_moments_is_counted_in_both_directions():
    start, end = at("2026-05-04 17:00"), at("2026-05-07 09:30")
    assert OFFICE.between(start, end) == HOUR + 9 * HOUR + 30 * MINUTE
    assert OFFICE.between(end, start) == -OFFICE.between(start, end)
    assert ALWAYS.between(start, end) == end - start
    assert NEVER.between(start, end) == timedelta()


def test_hours_that_overlap_count_once():
    twice = Calendar(SOFIA, ((Hours(600, 720), Hours(540, 660), Hours(720, 780)), *((),) * 6))
    assert twice.between(at("2026-05-04 00:00"), at("2026-05-05 00:00")) == 4 * HOUR


def test_an_hour_that_the_clock_skips_was_never_open():
    before = at("2026-03-29 00:00")  # at 3:00 it is 4:00
    assert SUNDAY_NIGHT.between(before, before + DAY) == 3 * HOUR
    assert shown(SUNDAY_NIGHT.add(before, 150 * MINUTE)) == "Sun 2026-03-29 04:30"
    at_three = Calendar(SOFIA, (*((),) * 6, (Hours(180, 210),)))
    assert shown(at_three.next_opening(before)) == "Sun 2026-04-05 03:00"


def test_an_hour_that_comes_twice_counts_twice():
    before = at("2026-10-25 00:00")  # at 4:00 it is 3:00
    assert SUNDAY_NIGHT.between(before, before + DAY) == 5 * HOUR
    assert SUNDAY_NIGHT.add(before, 150 * MINUTE) == at("2026-10-25 03:30")
    assert SUNDAY_NIGHT.add(before, 210 * MINUTE) == at("2026-10-25 03:30+")
    half_past = Calendar(SOFIA, (*((),) * 6, (Hours(180, 210),)))
    assert half_past.next_opening(at("2026-10-25 03:40")) == at("2026-10-25 03:00+")


def test_a_day_that_an_island_skips_was_never_open():
    apia = ZoneInfo("Pacific/Apia")  # Thursday 29 December 2011 was followed by Saturday the 31st
    office = Calendar(apia, (*((),) * 4, NINE_TO_SIX, NINE_TO_SIX, ()))
    assert office.next_opening(at("2011-12-29 12:00", apia)) == at("2011-12-31 09:00", apia)
    assert office.between(at("2011-12-29 00:00", apia), at("2012-01-01 00:00", apia)) == 9 * HOUR


ZONES = ("UTC", "Europe/Sofia", "America/St_Johns", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca")
HOURS = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda two: two[0] < two[1]).map(lambda two: Hours(*two))
CALENDARS = st.builds(
    Calendar,
    st.sampled_from(ZONES).map(ZoneInfo),
    st.tuples(*(st.lists(HOURS, max_size=3).map(tuple),) * 7),
    st.frozensets(st.dates(date(2006, 1, 1), date(2027, 12, 31)), max_size=5),
    st.frozensets(st.tuples(st.integers(1, 12), st.integers(1, 28)), max_size=30),
)
MOMENTS = st.integers(0, 22 * 365 * 1440).map(lambda minutes: at("2006-01-01 00:00") + minutes * MINUTE)
NEAR_A_JUMP = st.sampled_from([at("2026-03-29 00:00"), at("2026-10-25 00:00"), at("2006-10-29 00:00", ZoneInfo("America/St_Johns"))])
STARTS = MOMENTS | st.builds(lambda jump, minutes: jump + minutes * MINUTE, NEAR_A_JUMP, st.integers(-1500, 1500))


@given(CALENDARS, STARTS, st.integers(0, 2000))
@example(Calendar(ZoneInfo("America/St_Johns"), ((Hours(0, 1440),),) * 7, frozenset({date(2006, 10, 28)})), at("2006-10-28 12:00"), 2000)
def test_it_measures_as_who_looks_at_the_clock_each_minute(calendar: Calendar, start: datetime, minutes: int):
    looked = [calendar.is_open(start + minute * MINUTE) for minute in range(minutes)]
    assert calendar.between(start, start + minutes * MINUTE) == sum(looked) * MINUTE
    if any(looked):
        assert calendar.next_opening(start) == start + looked.index(True) * MINUTE
        closes = max(minute for minute, is_open in enumerate(looked) if is_open) + 1
        assert calendar.add(start, sum(looked) * MINUTE) == start + closes * MINUTE


@settings(max_examples=50)
@given(CALENDARS, STARTS, st.integers(1, 3000))
def test_what_is_added_lies_between(calendar: Calendar, start: datetime, minutes: int):
    end = calendar.add(start, minutes * MINUTE)
    assert end - start >= minutes * MINUTE
    assert end == start + FURTHEST or calendar.between(start, end) == minutes * MINUTE


def test_years_are_measured_in_no_time():
    start, started = at("2026-05-04 10:00"), time.process_time()
    assert OFFICE.between(start, OFFICE.add(start, timedelta(days=1000))) == timedelta(days=1000)
    assert time.process_time() - started < 1
