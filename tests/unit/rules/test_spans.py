"""Durations as rules write them."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from maild.rules.spans import describe_span, read_span


def test_a_duration_is_written_as_people_write_it():
    def check(span: timedelta, words: str) -> None:
        assert describe_span(span) == words

    check(timedelta(hours=1), "1h")
    check(timedelta(minutes=90), "1h 30m")
    check(timedelta(days=31), "31d")
    check(timedelta(days=1, seconds=5), "1d 5s")
    check(timedelta(seconds=0.4), "0s")


@given(st.integers(1, 10**8))
def test_what_is_written_is_read_back(seconds: int):
    span = timedelta(seconds=seconds)
    assert read_span(describe_span(span)) == span


def test_what_no_calendar_has_is_no_duration():
    assert read_span("36600d") == timedelta(days=36600)
    for words in ("36601d", "999999w", "999999w " * 200):
        assert read_span(words) is None
