"""The lines of a text and what is known of each: the markup it stood in, and how the classifiers of quotes and signatures see it. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

MAX_LINES = 5_000
MAX_LINE = 2_000

_SIMPLER = {
    # Marks for the direction of writing, soft hyphens, blanks of no width. Seen in practice: Gmail wraps addresses in Hebrew
    # attributions in them, Apple Mail begins quoted lines with a byte order mark.
    **dict.fromkeys("\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e", ""),
    **dict.fromkeys("\u2060\u2066\u2067\u2068\u2069\ufeff", ""),
    **dict.fromkeys("\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2500\u2501\u2550\ufe58\ufe63\uff0d", "-"),
    **dict.fromkeys("\u2014\u2015\u2e3a", "--"),
    **dict.fromkeys("\u2019\u02bc\u2032\uff07", "'"),
    # Arabic, Persian, Devanagari, Bengali and full-width digits.
    **{chr(zero + digit): str(digit) for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xFF10) for digit in range(10)},
    "\uff1e": ">",
    "\uff1c": "<",
    "\uff1a": ":",
    "\uff20": "@",
    "\uff3f": "_",
    "\uff1d": "=",
    "\uff0a": "*",
}
_SIMPLIFIED = re.compile(f"[{''.join(_SIMPLER)}]")


class Origin(Enum):
    """What a line is, by the markup it stood in. A frame holds an attribution and its quote, and perhaps answers between quotes."""

    BODY = "body"
    FRAME = "frame"
    QUOTE = "quote"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text. `is_ruled`: a rule stands above it, or the border of its element. `images`: the pictures in it or next to it, by
    Content-ID or location in lower case."""

    text: str
    origin: Origin = Origin.BODY
    is_ruled: bool = False
    images: tuple[str, ...] = ()


def plain_lines(text: str) -> tuple[Line, ...]:
    """A text line by line. What comes after the first 5,000 lines is one more "line", and nobody looks into it."""
    return tuple(map(Line, text.split("\n", MAX_LINES)))


def simplify(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The same lines to be judged: capped, without invisible characters, and with one kind of blank, dash, apostrophe and bracket each."""
    return tuple(map(_simplify_line, lines))


def _simplify_line(line: Line) -> Line:
    """Most lines have nothing to simplify, whatever their script, and the others a few characters: translating all costs far more."""
    text = line.text[:MAX_LINE]
    if not text.isascii() and _SIMPLIFIED.search(text):
        for character in _SIMPLER.keys() & set(text):
            text = text.replace(character, _SIMPLER[character])
    return line if text == line.text else replace(line, text=text)


def next_written(lines: Sequence[Line], number: int) -> int | None:
    """The next line that is not blank, None if there is none."""
    return next((position for position in range(number, len(lines)) if lines[position].text.strip()), None)
