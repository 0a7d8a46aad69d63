"""Dates by the calendar of Iran."""

from datetime import date, timedelta

from maild.desk.solar_calendar import to_solar


def test_known_days():
    def check(day: date, expected: tuple[int, int]) -> None:
        assert to_solar(day) == expected

    check(date(1979, 2, 11), (11, 22))
    check(date(2021, 3, 20), (12, 30))
    check(date(2021, 3, 21), (1, 1))
    check(date(2024, 3, 20), (1, 1))
    check(date(2025, 3, 20), (12, 30))
    check(date(2026, 9, 22), (6, 31))
    check(date(2026, 9, 23), (7, 1))
    check(date(2026, 11, 30), (9, 9))
    check(date(2030, 3, 20), (12, 30))


def test_each_day_follows_the_one_before():
    day = date(2020, 3, 20)
    assert to_solar(day) == (1, 1)
    for _ in range(40 * 366):
        (month, number), day = to_solar(day), day + timedelta(days=1)
        follows = [(month, number + 1)] if number < 29 else [(month, number + 1), (month % 12 + 1, 1)]
        assert to_solar(day) in follows
        assert number <= (31 if month <= 6 else 30)
