"""How what is typed is read."""

import click
import pytest

from cli.options import count, number


def test_numbers_begin_with_one_and_counts_with_none():
    assert [number("1"), number("042"), count("0"), count("7")] == [1, 42, 0, 7]
    for read, text in ((number, "0"), (count, "-1"), (count, ""), (count, "x")):
        with pytest.raises(click.BadParameter):
            read(text)
