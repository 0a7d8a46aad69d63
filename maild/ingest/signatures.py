"""Where a trailing signature begins (MAIL.md P9). Pure; what mail programs write is in `data/signatures.toml`."""

import re
from collections.abc import Sequence

from maild.ingest.data import words
from maild.ingest.html_text import Line, Origin

MAX_SIGNATURE_LINES = 25
MAX_LINES_AFTER_PROGRAM = 3
MAX_PROGRAM_LINE = 120
MAX_PROGRAM_WORDS = 8

_SEPARATOR = re.compile(r"\s{0,2}(?:--|—|–)\s{0,4}$")
_DECORATION = "*_-–— \t<[("


def find_signature(lines: Sequence[Line]) -> int | None:
    """The line at which the trailing signature begins, None without one. It never takes the whole text."""
    candidates = (_marked_up(lines), _separated(lines), _by_program(lines))
    found = [number for number in candidates if number is not None and _has_text(lines[:number])]
    return min(found, default=None)


def _has_text(lines: Sequence[Line]) -> bool:
    return any(line.text.strip() for line in lines)


def _marked_up(lines: Sequence[Line]) -> int | None:
    """A signature element of an HTML mail, with nothing but blanks after it."""
    number = len(lines)
    while number and (lines[number - 1].origin is Origin.SIGNATURE or not lines[number - 1].text.strip()):
        number -= 1
    return number if number < len(lines) and _has_text(lines[number:]) else None


def _separated(lines: Sequence[Line]) -> int | None:
    """The first `-- ` line not too far from the end: a list's footer may follow the writer's signature.

    Seen in practice: without its blank, or as a long dash; of those only the last counts, they divide texts too.
    """
    tail = range(max(0, len(lines) - MAX_SIGNATURE_LINES), len(lines))
    exact = next((number for number in tail if lines[number].text == "-- "), None)
    if exact is not None:
        return exact
    return next((number for number in reversed(tail) if _SEPARATOR.match(lines[number].text)), None)


def _by_program(lines: Sequence[Line]) -> int | None:
    """ "Sent from my telephone", at most three written lines before the end; several such lines are one signature."""
    written = 0
    found = None
    for number in range(len(lines) - 1, -1, -1):
        text = lines[number].text.strip()
        if not text:
            continue
        if is_program_line(text):
            found = number
            continue
        written += 1
        if found is not None or written > MAX_LINES_AFTER_PROGRAM:
            break
    return found


def is_program_line(text: str) -> bool:
    """A line that a mail program wrote, in any language."""
    if len(text) > MAX_PROGRAM_LINE:
        return False
    if text.endswith(".") and len(text.split()) > MAX_PROGRAM_WORDS:
        return False  # Seen in practice: "Sent from my desk, which is much easier than my phone."
    return text.strip(_DECORATION).lower().startswith(words("signatures", "programs"))
