"""Report: faults as people read them, each with its source line and carets (RULES.md 6)."""

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from maild.config.faults import Fault, Place, Severity
from maild.config.nodes import MAX_BYTES
from maild.errors import ConfigurationError

MAX_SHOWN = 160
_LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")


def render_faults(faults: Sequence[Fault], base: Path) -> str:
    """All faults, one after the other, and how many there are. Files are named relative to `base` where they lie below it."""
    sources: dict[Path, list[str]] = {}
    shown = [_render(fault, base, sources) for fault in faults]
    return "\n".join([*shown, describe_counts(faults)])


def describe_counts(faults: Sequence[Fault]) -> str:
    """`2 errors, 1 warning`; "no faults" where there are none."""
    errors = sum(fault.severity is Severity.ERROR for fault in faults)
    counts = (_counted(errors, "error"), _counted(len(faults) - errors, "warning"))
    return ", ".join(filter(None, counts)) or "no faults"


def describe_first(error: ConfigurationError, base: Path) -> tuple[int, str]:
    """For a log: how many errors there are, and the first of them with its place; of an error that has none its own words."""
    errors = [fault for fault in error.faults if fault.severity is Severity.ERROR]
    return (len(errors), printable(errors[0].describe(base))) if errors else (1, printable(str(error)))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count > 1 else ''}" if count else ""


def _render(fault: Fault, base: Path, sources: dict[Path, list[str]]) -> str:
    lines = sources.setdefault(fault.place.file, _source(fault.place.file))
    head = printable(fault.describe(base))
    if not 0 < fault.place.line <= len(lines):
        return head
    return f"{head}\n{_excerpt(fault.place, lines[fault.place.line - 1])}"


def _source(file: Path) -> list[str]:
    """The file's lines as the YAML reader counts them; none where it cannot be shown."""
    try:
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            return []
        return _LINE_BREAK.split(file.read_bytes().decode("utf-8-sig", "replace"))
    except OSError:
        return []


def _excerpt(place: Place, line: str) -> str:
    """The source line, of a long one the piece around the place, and below it the carets."""
    start = place.column - 1
    cut = max(0, min(start - MAX_SHOWN // 2, len(line) - MAX_SHOWN))
    margin = f"{place.line:5} | {'…' if cut else ''}"
    piece = printable(line)[cut : cut + MAX_SHOWN]
    width = min(place.width, max(1, len(piece) - (start - cut)))
    more = "…" if cut + MAX_SHOWN < len(line) else ""
    return f"{margin}{piece}{more}\n{' ' * (len(margin) + start - cut)}{'^' * width}"


def printable(text: str) -> str:
    """Text safe for a terminal: control characters and direction overrides become a blank (OPERATIONS X24)."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") else char for char in text)
