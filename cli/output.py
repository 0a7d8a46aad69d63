"""How commands print: JSON documents, tables on a terminal, tab-separated lines elsewhere. Data on stdout, talk on stderr.

Mail data may hold escape sequences. None reaches a terminal: in text they become blanks, in JSON escapes (OPERATIONS X24).
"""

import json
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from enum import Enum

import click

from cli.table import lay_out
from maild.moments import show_moment

TABLE_ROWS = 50
_ZONE = "maild.zone"
_FORMULA = ("=", "+", "-", "@")
_JOINERS = "\u200c\u200d"
_BEYOND_ASCII = re.compile(r"[^\n -~]+")


def is_terminal() -> bool:
    """Whether somebody looks on. There is no stdout at all where it was closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def print_json(document: object) -> None:
    """One document, in UTF-8 whatever the terminal speaks (RFC 8259 section 8.1)."""
    click.echo(to_json(document, indent=2).encode())


def print_json_line(document: object) -> None:
    """One document on one line."""
    click.echo(to_json(document).encode())


def to_json(document: object, indent: int | None = None) -> str:
    """Letters of every script stay readable; what is no text (controls, bidi overrides, lone surrogates) is escaped and not lost."""
    return _BEYOND_ASCII.sub(_escape, json.dumps(document, default=_plain, ensure_ascii=False, indent=indent))


def _escape(run: re.Match[str]) -> str:
    if run[0].isprintable():
        return run[0]
    return "".join(character if _is_text(character) else json.dumps(character)[1:-1] for character in run[0])


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


def print_text(text: str) -> None:
    """Data in words, one line or many."""
    click.echo(clean(text, lines=True))


def print_bytes(content: bytes) -> None:
    """Data exactly as it is."""
    click.echo(content, nl=False)


def counted(number: int, noun: str) -> str:
    """`1 ticket`, `2 tickets`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def say(text: str) -> None:
    """Talk: stderr, so that pipes carry data only."""
    click.echo(clean(text), err=True)


def confirm(question: str, *, yes: bool) -> None:
    """Ask before an act that cannot be undone; `yes` has answered already. Any other answer than yes ends the command."""
    if not yes and not click.confirm(clean(question), err=True):
        raise click.Abort


def clean(text: str, *, lines: bool = False) -> str:
    """Text fit for a terminal. `lines`: line breaks and tabs stay."""
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(character if character in kept or _is_text(character) else " " for character in text)


def _is_text(character: str) -> bool:
    """Controls, invisible formats, lone surrogates and foreign line breaks are none; the joiners of Persian and of emoji are."""
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or character in _JOINERS


def room_for(limit: int | None) -> int:
    """How many rows a list shows, unless it is JSON: as many as wanted, else fifty; nobody waits for 100,000 tickets by accident."""
    return limit or TABLE_ROWS


def print_rows(titles: Sequence[str], rows: Iterable[Sequence[object]], *, limit: int | None = None, total: int | None = None) -> None:
    """A table on a terminal, elsewhere one tab-separated line a row. `total`: how many there are, where `rows` are not all."""
    all_rows = list(rows)
    shown = [[clean(_cell(value)) for value in row] for row in all_rows[: room_for(limit)]]
    lines = list(lay_out(titles, shown, shutil.get_terminal_size().columns)) if is_terminal() else ["\t".join(row) for row in shown]
    if lines:
        click.echo("\n".join(lines))
    more = (total or len(all_rows)) - len(shown)
    if more > 0 and limit is None:
        say(f"… and {more} more (--limit N, or --json for all)")


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value)) or "-"
    if isinstance(value, datetime):
        return shown_time(value)
    return str(value.value) if isinstance(value, Enum) else str(value)


def show_times_in(zone: tzinfo) -> None:
    """From now on, this command shows times by the clock of that zone: the desk's, once it is known."""
    if context := click.get_current_context(silent=True):
        context.meta[_ZONE] = zone


def shown_time(moment: datetime, *, seconds: bool = False) -> str:
    """For whoever looks on by the clock of the desk's time zone, where no desk is known by the machine's; elsewhere RFC 3339 in UTC."""
    if not is_terminal():
        return rfc3339(moment)
    context = click.get_current_context(silent=True)
    return show_moment(moment, context.meta.get(_ZONE) if context else None, seconds=seconds)


def print_csv(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """RFC 4180, in UTF-8. What a spreadsheet would take for a formula out of a mail begins with an apostrophe, so that it is none."""
    import csv
    import io

    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows([titles, *(map(_csv_cell, row) for row in rows)])
    click.echo(buffer.getvalue().encode(), nl=False)


def _csv_cell(value: object) -> object:
    if value is None or isinstance(value, int | float):
        return value
    text = clean(rfc3339(value) if isinstance(value, datetime) else str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def print_fields(pairs: Iterable[tuple[str, object]]) -> None:
    """Named values, one a line; what is empty is left out."""
    for name, value in pairs:
        if value not in (None, "", (), frozenset()):
            click.echo(f"{click.style(f'{name:>12}', dim=True) if is_terminal() else name + ':'}  {clean(_cell(value))}")
