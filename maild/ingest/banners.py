"""What mail systems put before a text: "[EXTERNAL]", "Caution: this mail came from outside" (MAIL.md P9). Pure.

The words are in `data/banners.toml`. Lines come simplified (`maild.ingest.lines`).
"""

import re
from collections.abc import Sequence

from maild.ingest.data import word_set, words
from maild.ingest.lines import Line, next_written

MAX_BANNER_LINES = 12
MAX_BANNER_LINE = 700
LEAST_WRAPPED = 60

_DECORATION = " \t*_|=~#!>-⚠\ufe0f"
_COMMAND = re.compile(r"\s*[#＃﹟](?=[^\W\d_])[^#]*$")
"""An agent's word after #, right or wrong (MAIL.md A7): "#ext" may be a slip for "#next", and must come back. "### EXT ###" is a banner."""
_RULE = re.compile(r"\s{0,4}[-_=*~#|+ ]{3,200}$")


def end_of_banners(lines: Sequence[Line]) -> int:
    """The line after the last banner at the front, 0 without one. The text is never all banner."""
    end = 0
    while (found := _end_of_banner(lines, end)) is not None:
        end = found
    return end if next_written(lines, end) is not None else 0


def _end_of_banner(lines: Sequence[Line], start: int) -> int | None:
    """The first written line behind the banner that begins here. Seen in practice: the text right below it, without an empty line."""
    first = next((number for number in range(start, len(lines)) if _has_words(lines[number].text)), None)
    if first is None or not _is_banner(lines[first].text):
        return None
    end = first + 1
    while end < min(len(lines), first + MAX_BANNER_LINES) and (_is_banner(lines[end].text) or _is_wrapped(lines, end)):
        end += 1
    return next((number for number in range(end, len(lines)) if _has_words(lines[number].text)), len(lines))


def _has_words(text: str) -> bool:
    return bool(text.strip()) and not _RULE.match(text)


def _is_banner(text: str) -> bool:
    if len(text) > MAX_BANNER_LINE or _COMMAND.match(text):
        return False
    folded = text.lower().strip(_DECORATION)
    if folded.strip("[](){}<>:. |*") in word_set("banners", "marks"):
        return True
    lowered = text.lower()
    return any(_opens(text[: lowered.index(phrase)]) for phrase in words("banners", "phrases") if phrase in lowered)


def _opens(before: str) -> bool:
    """May a banner's sentence begin behind these words? Seen in practice: "CAUTION: This email …"; but not "Why do I see “This email …"."""
    bare = before.strip(_DECORATION)
    return not bare or bare.isupper() or before.rstrip().endswith((":", "!", ".", ")", "]"))


def _is_wrapped(lines: Sequence[Line], number: int) -> bool:
    """The end of a long sentence that began on the line before. What begins with a capital may be the writer's first word."""
    before, text = lines[number - 1].text.rstrip(), lines[number].text.lstrip()
    return (
        _has_words(text)
        and not text[:1].isupper()
        and len(before) >= LEAST_WRAPPED
        and not before.endswith((".", "!", "?", ">", ")", "]", ":"))
    )
