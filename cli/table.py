"""Rows in columns, as wide as the terminal is. Pure: cells → lines; what stands in the cells was cleaned before."""

import unicodedata
from collections.abc import Iterator, Sequence

import click

_NARROWEST = 8


def lay_out(titles: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> Iterator[str]:
    """The head and one line a row, none wider than `columns` if that can be."""
    # A subject of 60,000 characters is not measured only to be cut; a letter may carry a few marks.
    rows = [[cell[: 4 * columns] for cell in row] for row in rows]
    widths = _widths(titles, rows, columns)
    yield click.style(_line(titles, widths), bold=True)
    yield from (_line(row, widths) for row in rows)


def _widths(titles: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Every column as wide as it wants; what is too much is taken from the widest."""
    widths = [max([width(title), *(width(row[index]) for row in rows)]) for index, title in enumerate(titles)]
    while sum(widths) + 2 * len(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(_fit(cell, room) for cell, room in zip(cells, widths, strict=True)).rstrip()


def _fit(text: str, room: int) -> str:
    if width(text) > room:
        while width(text) > room - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (room - width(text))


def width(text: str) -> int:
    """Columns a text takes on a terminal: East Asian wide characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
