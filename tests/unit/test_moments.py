"""Times for people bear the name of the clock they are told by."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from maild.moments import show_moment


def check(moment: str, zone: str, expected: str) -> None:
    assert show_moment(datetime.fromisoformat(moment), ZoneInfo(zone), seconds=True) == expected
    assert show_moment(datetime.fromisoformat(moment).astimezone(UTC), ZoneInfo(zone)) == f"{expected[:16]} {expected.split()[-1]}"


def test_a_moment_is_told_by_the_clock_of_a_place_which_is_named():
    check("2026-11-20T10:02:11+00:00", "Europe/Sofia", "2026-11-20 12:02:11 EET")
    check("2026-11-20T10:02:11+00:00", "UTC", "2026-11-20 10:02:11 UTC")
    check("2026-11-20T21:02:11+00:00", "Asia/Tehran", "2026-11-21 00:32:11 +0330")


def test_the_hour_that_comes_twice_is_told_apart():
    check("2026-10-25T00:30:00+00:00", "Europe/Sofia", "2026-10-25 03:30:00 EEST")
    check("2026-10-25T01:30:00+00:00", "Europe/Sofia", "2026-10-25 03:30:00 EET")
