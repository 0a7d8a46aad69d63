"""What `maild status` says of departments that only observe."""

from datetime import UTC, datetime, timedelta

from maild.reports.status import Observing

NOW = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)


def test_days_are_counted_once_they_have_begun():
    def check(ago: timedelta, days: int) -> None:
        assert Observing("support", NOW - ago).days(NOW) == days, ago

    check(timedelta(), 1)
    check(timedelta(hours=23), 1)
    check(timedelta(days=1), 2)
    check(timedelta(days=6, hours=23), 7)
    check(timedelta(seconds=-1), 1)  # another clock's first contact
