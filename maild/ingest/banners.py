"""What mail systems put before a text: "[EXTERNAL]", "Caution: this mail came from outside" (MAIL.md P9). Pure.

The words are in `data/banners.toml`. Lines come simplified (`maild.ingest.lines`).
"""

import re
from collections.abc import Sequence

from maild.ingest.data import words
from maild.ingest.lines import Line, next_written

MAX_BANNER_LINES = 12
MAX_BANNER_TEXT = 700

_DECORATION = " \t*_|=~#!>-⚠\ufe0f"
_RULE = re.compile(r"\s{0,4}[-_=*~#|+ ]{3,200}$")


def end_of_banners(lines: Sequence[Line]) -> int:
    """The line after the last banner at the front, 0 without one. A banner ends with its paragraph; the text is never all banner."""
    end = 0
    while (found := _end_of_banner(lines, end)) is not None:
        end = found
    return end if next_written(lines, end) is not None else 0


def _end_of_banner(lines: Sequence[Line], start: int) -> int | None:
    first = next((number for number in range(start, len(lines)) if _has_words(lines[number].text)), None)
    if first is None:
        return None
    end = first + 1
    while end < len(lines) and end < first + MAX_BANNER_LINES and _has_words(lines[end].text):
        end += 1
    paragraph = " ".join(line.text for line in lines[first:end])
    if len(paragraph) > MAX_BANNER_TEXT or not _is_banner(paragraph):
        return None
    while end < len(lines) and not _has_words(lines[end].text):
        end += 1
    return end


def _has_words(text: str) -> bool:
    return bool(text.strip()) and not _RULE.match(text)


def _is_banner(paragraph: str) -> bool:
    folded = " ".join(paragraph.lower().split()).strip(_DECORATION)
    if folded.strip("[](){}<>:. ") in words("banners", "marks"):
        return True
    return any(phrase in folded for phrase in words("banners", "phrases"))
