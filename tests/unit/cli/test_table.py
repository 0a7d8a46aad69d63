"""Tables fit the terminal, whatever stands in them."""

import click

from cli.table import lay_out, width


def table(*rows: tuple[str, ...], columns: int = 40) -> list[str]:
    return [click.unstyle(line) for line in lay_out(("ID", "SUBJECT", "REASON"), rows, columns)]


def test_columns_are_as_wide_as_they_want_where_there_is_room():
    assert table(("1", "Printer", "new"), ("1042", "Refund", "-")) == [
        "ID    SUBJECT  REASON",
        "1     Printer  new",
        "1042  Refund   -",
    ]


def test_what_is_too_much_is_taken_from_the_widest():
    head, line = table(("1", "A subject that is much longer than the terminal is wide", "new"))
    assert line == "1   A subject that is much lo…  new"
    assert head == "ID  SUBJECT                     REASON"


def test_wide_characters_take_two_columns_and_marks_none():
    assert [width(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]
    for line in table(("1", "日本語" * 30, "é" * 50)):
        assert width(line) <= 40


def test_an_endless_subject_is_cut_at_once():
    _, line = table(("1", "x" * 1_000_000, "y" * 1_000_000))
    assert width(line) <= 40


def test_without_rows_there_is_the_head():
    assert table() == ["ID  SUBJECT  REASON"]
