"""Do the writer's own words lead over to what looks like a quote, so that it belongs to them (MAIL.md P8)? Pure.

"I get this error:" over quote marks, "The mail said:" over a header block, "my answers are below in red" over a mail without marks, nothing
but a greeting over one. The words are in `data/introductions.toml`. Lines come simplified (`maild.ingest.lines`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from maild.ingest.attributions import has_address, has_date, has_verb, is_told
from maild.ingest.data import word_set, words
from maild.ingest.lines import Line, Origin

MAX_GAP = 2
MAX_PROMISE = 400
MAX_GREETING = 50
MOST_FAREWELL = 3
UNSPACED = "\u0e00"

_GREETING_ENDS = (",", "!", ":", "،", "，", "、", "。", "！")
_NAME = re.compile(r"[^\W\d_][\w'.-]{0,40}|\d{1,20}")


def is_introduced(lines: Sequence[Line], number: int, *, by_attribution: bool = False) -> bool:
    """Does the writer's own sentence above this line end in a colon? An attribution does too: it says when or who, in no person's words.

    `by_attribution`: it may also say no more than "Ann Smith wrote:".
    """
    text = _line_above(lines, number).rstrip(" *_")
    if not text.endswith(":"):
        return False
    return is_told(text) or not (has_date(text) or has_address(text) or (by_attribution and has_verb(text)))


def _line_above(lines: Sequence[Line], number: int) -> str:
    """The written line above, at most one empty line away; "" without one, or where it is no line of the writer's."""
    for position in range(number - 1, max(-1, number - 1 - MAX_GAP), -1):
        if lines[position].text.strip():
            return lines[position].text if lines[position].origin is Origin.BODY else ""
    return ""


def says_nothing_else(text: str) -> bool:
    """Is a text no more than a greeting, or a promise of answers with a greeting and a few words of farewell?"""
    written = [line.strip() for line in text.split("\n") if line.strip()]
    rest = [line for line in written if not is_greeting(line) and not _promises(line[:MAX_PROMISE].lower())]
    is_promise = any(_promises(line[:MAX_PROMISE].lower()) for line in written)
    return is_greeting(text) or (is_promise and all(len(line.split()) <= MOST_FAREWELL for line in rest))


def is_greeting(text: str) -> bool:
    """One line such as "Hello Bob,": a greeting, names behind it, and a mark after which more should come."""
    line = text.strip()
    if len(line) > MAX_GREETING or "\n" in line or not line.endswith(_GREETING_ENDS):
        return False
    begin = _greetings().match(line.lower())
    return begin is not None and all(_is_name(word) for word in _NAME.findall(line[begin.end() :]))


def _is_name(word: str) -> bool:
    return not word[0].islower() or word in word_set("introductions", "addressed")


def promises_answers(lines: Sequence[Line]) -> bool:
    """Does a line say that answers stand below, or in a colour? Then a quote without marks has them in it."""
    return any(_promises(line.text.lower()) for line in lines if 0 < len(line.text) <= MAX_PROMISE)


def _promises(lowered: str) -> bool:
    return _beginnings("answers").search(lowered) is not None and _beginnings("places").search(lowered) is not None


@lru_cache(maxsize=1)
def _greetings() -> re.Pattern[str]:
    longest_first = sorted(words("introductions", "greetings"), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


@lru_cache(maxsize=2)
def _beginnings(key: str) -> re.Pattern[str]:
    """Words that begin so; in scripts without blanks anywhere."""
    spaced = [re.escape(word) for word in words("introductions", key) if word < UNSPACED]
    unspaced = [re.escape(word) for word in words("introductions", key) if word >= UNSPACED]
    return re.compile(rf"(?<!\w)(?:{'|'.join(spaced)})|{'|'.join(unspaced)}")
