"""How commands print: JSON documents, tables on a terminal, tab-separated lines elsewhere. Data on stdout, talk on stderr."""

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum

import click

TABLE_ROWS = 50
_NARROWEST = 8

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
limit_option = click.option("--limit", type=click.IntRange(min=1), help="At most so many.")


def is_terminal() -> bool:
    return sys.stdout.isatty()


def print_json(document: object) -> None:
    """One document. Characters stay readable; what is no character of text was cleaned when it was read."""
    click.echo(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def say(text: str) -> None:
    """Talk: stderr, so that pipes carry data only."""
    click.echo(clean(text), err=True)


def clean(text: str, *, lines: bool = False) -> str:
    """Text fit for a terminal: mail data may hold escape sequences and control characters (OPERATIONS X24)."""
    kept = "\n\t" if lines else ""
    return "".join(
        character if character in kept or unicodedata.category(character) not in ("Cc", "Cf", "Cs") or character in "\u200c\u200d" else " "
        for character in text
    )


def print_rows(titles: Sequence[str], rows: Iterable[Sequence[object]], *, limit: int | None = None) -> None:
    """A table on a terminal, elsewhere one tab-separated line a row; at most 50 rows unless `limit` says otherwise."""
    all_rows = list(rows)
    shown = [[clean(_cell(value)) for value in row] for row in all_rows[: limit or TABLE_ROWS]]
    if is_terminal():
        _print_table(titles, shown)
    else:
        for row in shown:
            click.echo("\t".join(row))
    if len(all_rows) > len(shown):
        say(f"… and {len(all_rows) - len(shown)} more (--limit N, or --json for all)")


def _print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = _widths(titles, rows, shutil.get_terminal_size().columns)
    click.secho(_line(titles, widths), bold=True)
    for row in rows:
        click.echo(_line(row, widths))


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


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


def print_fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Named values, one a line."""
    for name, value in pairs:
        if value not in (None, "", (), frozenset()):
            click.echo(f"{click.style(f'{name:>12}', dim=True) if is_terminal() else name + ':'}  {clean(_cell(value))}")
