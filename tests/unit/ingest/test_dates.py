"""Dates read and believed (MAIL.md P15)."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.dates import read_date, shown_date

ARRIVED = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def check(written: str, expected: datetime | None) -> None:
    assert read_date(written) == expected


def test_dates_others_refuse_are_read():
    check("Mon Jan  5 10:00:00 2026", ARRIVED)
    check("2026-01-05T10:00:00Z", ARRIVED)
    check("2026-01-05 11:00:00+01:00", ARRIVED)
    check("20260105T100000", ARRIVED)


def test_nonsense_is_no_date():
    for written in ("", "yesterday", "Mon, 01 Jan 0000 00:00:00 +0000", "32 Jan 2026", "1" * 200, "Mon, 5 Jan 1900 10:00:00 +0000"):
        check(written, None)


def check_shown(offset: timedelta, *, is_believed: bool) -> None:
    written = ARRIVED + offset
    assert shown_date(written, ARRIVED) == (written if is_believed else ARRIVED)


def test_a_date_far_from_arrival_is_not_shown():
    check_shown(timedelta(), is_believed=True)
    check_shown(timedelta(days=-30), is_believed=True)
    check_shown(timedelta(days=-30, seconds=-1), is_believed=False)
    check_shown(timedelta(days=1), is_believed=True)
    check_shown(timedelta(days=1, seconds=1), is_believed=False)
    assert shown_date(None, ARRIVED) == ARRIVED


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(written: str) -> None:
    date = read_date(written)
    assert date is None or date.tzinfo is UTC
