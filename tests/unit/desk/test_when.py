"""Times in plain words (MAIL.md A7): the next such moment, in the zone of whoever writes them."""

import tomllib
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from maild.desk.when import FURTHEST, Unreadable, describe_moment, read_when, read_written

SOFIA = ZoneInfo("Europe/Sofia")
WEDNESDAY = datetime(2026, 5, 6, 13, 30, tzinfo=SOFIA)


def check(text: str, expected: str, now: datetime = WEDNESDAY, zone: ZoneInfo = SOFIA) -> None:
    """`expected` is a time on the wall there."""
    moment = read_when(text, now.astimezone(UTC), zone)
    assert isinstance(moment, datetime), moment
    assert moment.tzinfo is UTC
    assert f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M}" == expected, text


def refused(text: str, now: datetime = WEDNESDAY) -> str:
    found = read_when(text, now, SOFIA)
    assert isinstance(found, Unreadable), found
    return found.text


def test_a_while_is_counted_from_now():
    check("30m", "Wed 2026-05-06 14:00")
    check("2h", "Wed 2026-05-06 15:30")
    check("3d", "Sat 2026-05-09 13:30")
    check("1w", "Wed 2026-05-13 13:30")
    check("3 days", "Sat 2026-05-09 13:30")
    check("in 3 Days", "Sat 2026-05-09 13:30")
    check("1d 12h", "Fri 2026-05-08 01:30")
    check("1h30m", "Wed 2026-05-06 15:00")
    check("2 months", "Mon 2026-07-06 13:30")
    check("1 month", "Sun 2027-02-28 08:00", datetime(2027, 1, 31, 8, tzinfo=SOFIA))
    check("3d 9:00", "Sat 2026-05-09 09:00")


def test_a_weekday_is_the_next_one_whose_hour_is_ahead():
    check("mon", "Mon 2026-05-11 09:00")
    check("mon 9:00", "Mon 2026-05-11 09:00")
    check("Monday 09:00", "Mon 2026-05-11 09:00")
    check("on Mon. at 9am", "Mon 2026-05-11 09:00")
    check("mon 14", "Mon 2026-05-11 14:00")
    check("9:00 mon", "Mon 2026-05-11 09:00")
    check("fri, 12:30 pm", "Fri 2026-05-08 12:30")
    check("wed", "Wed 2026-05-13 09:00")
    check("wed 14:00", "Wed 2026-05-06 14:00")
    check("wed 13:30", "Wed 2026-05-13 13:30")


def test_today_and_tomorrow_and_an_hour_alone():
    check("tomorrow", "Thu 2026-05-07 09:00")
    check("tomorrow 14:00", "Thu 2026-05-07 14:00")
    check("today 17:00", "Wed 2026-05-06 17:00")
    check("17:00", "Wed 2026-05-06 17:00")
    check("at 2 p.m.", "Wed 2026-05-06 14:00")
    check("9:00", "Thu 2026-05-07 09:00")
    check("12am", "Thu 2026-05-07 00:00")


def test_a_date_without_a_year_is_the_next_one():
    check("12 May", "Tue 2026-05-12 09:00")
    check("12 May 9:00", "Tue 2026-05-12 09:00")
    check("until the 12th of May, 18:15.", "Tue 2026-05-12 18:15")
    check("May 12", "Tue 2026-05-12 09:00")
    check("May 12, 2027 8:00", "Wed 2027-05-12 08:00")
    check("2026-05-12", "Tue 2026-05-12 09:00")
    check("2026-05-12 09:00", "Tue 2026-05-12 09:00")
    check("2026-05-12T10:00:00", "Tue 2026-05-12 10:00")
    check("12.5.", "Tue 2026-05-12 09:00")
    check("12. 5. 8:00", "Tue 2026-05-12 08:00")
    check("12.05.2026", "Tue 2026-05-12 09:00")
    check("Tue 12 May", "Tue 2026-05-12 09:00")
    check("6 May 14:00", "Wed 2026-05-06 14:00")
    check("5 May", "Wed 2027-05-05 09:00")
    check("29 Feb", "Tue 2028-02-29 09:00")


def test_the_words_of_other_languages_are_read():
    check("bis Montag um 8 Uhr", "Mon 2026-05-11 08:00")
    check("morgen", "Thu 2026-05-07 09:00")
    check("12. März", "Fri 2027-03-12 09:00")
    check("3 Tage", "Sat 2026-05-09 13:30")
    check("jusqu'à demain 10:00", "Thu 2026-05-07 10:00")
    check("1er août", "Sat 2026-08-01 09:00")
    check("12 de mayo", "Tue 2026-05-12 09:00")
    check("до вторник", "Tue 2026-05-12 09:00")
    check("через 2 недели", "Wed 2026-05-20 13:30")
    check("12 μαΐου", "Tue 2026-05-12 09:00")
    check("۳ روز", "Sat 2026-05-09 13:30")
    check("سه\u200cشنبه", "Tue 2026-05-12 09:00")
    check("سه شنبه", "Tue 2026-05-12 09:00")


def test_no_word_means_two_things():
    data = tomllib.loads(files("maild.desk").joinpath("data/time_words.toml").read_text(encoding="utf-8"))
    meanings: dict[str, set[object]] = {}
    for language in data.values():
        for kind in ("today", "tomorrow", "beside", "hours", "minutes", "days", "weeks", "months"):
            for word in language.get(kind, ()):
                meanings.setdefault(word, set()).add("number" if kind.endswith("s") else kind)
        for kind in ("weekdays", "names"):
            for number, words in enumerate(language.get(kind, ())):
                for word in words:
                    meanings.setdefault(word, set()).add((kind, number))
    # A week in Russian, Sunday in Bulgarian: there is a number before the one only.
    assert {word for word, found in meanings.items() if len(found) > 1} == {"неделя"}
    assert all(len(language["weekdays"]) == 7 and len(language.get("names", range(12))) == 12 for language in data.values())


def test_days_end_at_the_same_hour_on_the_wall_and_hours_as_they_pass_when_the_clock_changes():
    saturday = datetime(2026, 3, 28, 13, 30, tzinfo=SOFIA)
    check("1d", "Sun 2026-03-29 13:30", saturday)
    check("24h", "Sun 2026-03-29 14:30", saturday)
    check("1w", "Sat 2026-04-04 13:30", saturday)
    autumn = datetime(2026, 10, 24, 13, 30, tzinfo=SOFIA)
    check("1d", "Sun 2026-10-25 13:30", autumn)
    check("24h", "Sun 2026-10-25 12:30", autumn)
    check("mon 9:00", "Mon 2026-10-26 09:00", autumn)


def test_an_hour_that_the_clock_leaves_out_is_the_next_and_of_one_that_it_says_twice_the_one_ahead():
    check("tomorrow 3:30", "Sun 2026-03-29 04:30", datetime(2026, 3, 28, 13, 30, tzinfo=SOFIA))
    first = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    assert read_when("3:30", first - timedelta(hours=1), SOFIA) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert read_when("3:30", first, SOFIA) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_a_day_is_that_of_the_writers_own_zone():
    late = datetime(2026, 5, 6, 22, 30, tzinfo=UTC)
    check("tomorrow", "Fri 2026-05-08 09:00", late)
    check("tomorrow", "Thu 2026-05-07 09:00", late, ZoneInfo("America/New_York"))


def test_what_is_past_is_refused():
    past = "is past; write it as in 3d, mon 9:00, tomorrow 14:00 or 12 May"
    assert refused("2020-01-01") == f'"2020-01-01" {past}'
    assert refused("today 9:00") == f'"today 9:00" {past}'
    assert refused("6 May") == f'"6 May" {past}'
    assert refused("0d") == f'"0d" {past}'


def test_what_is_years_away_is_refused():
    for text in ("99999d", "999999 months", "999999w 9:00", "9999-12-31", "12.5.2099", "12.5.2032"):
        assert "is more than five years away" in refused(text)
    check("48 months", "Mon 2030-05-06 13:30")


def test_what_cannot_be_read_says_what_to_write():
    no_time = "is no time; write it as in 3d, mon 9:00, tomorrow 14:00 or 12 May"
    for text in ("soon", "next monday", "3", "3x", "1d 1d", "12 May 26", "-3d", "mon tue", "3d please", "12 Foo", "9 9:00", ":", "May"):
        assert refused(text) == f'"{text}" {no_time}'
    assert refused("x" * 5000) == f'"{"x" * 80}" {no_time}'
    assert refused(" ") == "no time is named; write it as in 3d, mon 9:00, tomorrow 14:00 or 12 May"
    assert refused("30 Feb").startswith('there is no day "30 feb"')
    assert refused("today") == '"today" needs an hour, as in today 17:00'
    assert refused("24:00") == '"24:00" names no hour of a day; write it as in 14:00'
    assert "names no hour" in refused("mon 13pm")
    assert refused("12/5") == '"12/5" can be read in two ways; write it as in 12 May, 2026-05-12 or 9:30'
    assert "can be read in two ways" in refused("9.10")
    assert refused("Mon 12 May") == '"12 may" is no Mon but a Tue; leave the weekday out'


def test_a_moment_described_is_read_as_the_same_again():
    moment = datetime(2026, 11, 2, 6, 5, tzinfo=UTC)
    assert describe_moment(moment, SOFIA) == "Mon 2 Nov 2026 08:05 (Europe/Sofia)"
    check("Mon 2 Nov 2026 08:05", "Mon 2026-11-02 08:05")


_PIECES = ("3", "d", "mon", "9:00", "12", "May", ".", "-", "2026", " ", "at", "29", "feb", "today", "h", "month", ":", "pm", "۳", "²")
_MOMENTS = st.integers(0, 5 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join) | st.text(max_size=30), _MOMENTS)
def test_any_words_are_a_moment_ahead_or_a_fault(text: str, now: datetime):
    moment = read_when(text, now, SOFIA)
    assert isinstance(moment, Unreadable) or now < moment <= now + FURTHEST


@given(_MOMENTS)
def test_any_moment_is_read_as_it_is_described(moment: datetime):
    shown = describe_moment(moment, SOFIA).partition(" (")[0]
    read = read_when(shown, moment - timedelta(days=2), SOFIA)
    assert isinstance(read, datetime)
    assert describe_moment(read, SOFIA).startswith(shown)


def test_a_date_that_a_program_wrote_out_for_people_is_read_in_their_zone():
    """Seen in practice: the line "Sent:" or "Date:" above a forwarded mail. Sofia is two hours ahead in winter, three in summer."""
    for written, expected in (
        ("Friday, November 20, 2026 10:02 AM", "2026-11-20 08:02"),
        ("Fri, Nov 20, 2026 at 10:02\u202fPM", "2026-11-20 20:02"),
        ("On Friday, November 20th, 2026 at 12:02 AM", "2026-11-19 22:02"),
        ("20 November 2026 at 10:02:11", "2026-11-20 08:02"),
        ("20 November 2026 at 10:02:11 GMT", "2026-11-20 10:02"),
        ("Friday, November 20, 2026 at 10:02:11 AM GMT+1", "2026-11-20 09:02"),
        ("November 20, 2026 10:02:11 AM GMT-03:30", "2026-11-20 13:32"),
        ("Fri, 20 Nov 2026 10:02:11 +0100", "2026-11-20 09:02"),
        ("Freitag, 20. November 2026 10:02", "2026-11-20 08:02"),
        ("vendredi 20 novembre 2026 10:02", "2026-11-20 08:02"),
        ("viernes, 20 de noviembre de 2026 10:02", "2026-11-20 08:02"),
        ("пт, 20.11.2026 г. в 10:02", "2026-11-20 08:02"),
        ("20 июля 2026 г. 10:02", "2026-07-20 07:02"),
        ("2026-11-20 10:02", "2026-11-20 08:02"),
        ("11/12/2026 10:02 AM", None),
        ("Friday, November 20, 2026", None),
        ("November 31, 2026 10:02", None),
        ("20 Nov 21 Dec 2026 10:02", None),
        ("20 November 2026 25:02", None),
        ("soon", None),
        ("", None),
        ("x" * 1000, None),
    ):
        found = read_written(written, ZoneInfo("Europe/Sofia"))
        assert (f"{found:%Y-%m-%d %H:%M}" if found else None) == expected, written
