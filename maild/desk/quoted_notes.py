"""Words of notes in an answer (MAIL.md A8, F11). A notification shows notes, and an agent who answers between its lines quotes it. Pure.

`furniture` has cut what it knows of a notification; this is what looks whether anything of a note is left over.
"""

import re
from collections.abc import Iterable, Iterator

_QUOTE_SIGNS = (">", "＞", "|")
_QUOTE_MARK = re.compile(r"[\s>＞|]*(?:[^\W\d_]{1,15}>+[\s>＞|]*)?")
"""What a mail program writes before a quoted line, with the initials of who wrote it (The Bat!) or without."""
_HEAD_OF_NOTE = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d #(?:note|from) ")
"""What stands before a note among what was said before (`agents.txt`), whosever it is."""
TELLING = 15
"""So many characters say something that is not said everywhere."""
_SHOWN = 400
"""A notification shows no more of a note."""


def has_quotes(text: str) -> bool:
    return any(line.lstrip().startswith(_QUOTE_SIGNS) for line in text.splitlines())


def quotes(body: str, words: str) -> bool:
    """Whether a line of these words, or a piece of one, is quoted in an answer."""
    said = plain(words)
    quoted = (unquoted(line) for line in body.splitlines() if has_quotes(line))
    return any(line in said for line in quoted if any(map(str.isalnum, line)))


def unquoted(text: str) -> str:
    """A text as one line without quote marks, to be compared, wherever its lines break."""
    return plain(" ".join(_QUOTE_MARK.sub("", line, count=1) for line in text.splitlines()))


def plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def repeats(body: str, notes: Iterable[str], known_to_all: str) -> bool:
    """Whether a piece of a note stands in an answer written between quoted lines. What the customer
    has said himself, `known_to_all`, is none.
    """
    said, public = unquoted(body), unquoted(known_to_all)
    return any(piece in said and piece not in public for note in notes for piece in _pieces(plain(note[:_SHOWN])))


def repeats_own(body: str, notes: Iterable[str], known_to_all: str) -> bool:
    """Whether a piece of a note of the writer's own is quoted in his answer. What he writes anew is his business, and what he has quoted in
    a note himself is none."""
    said, public = unquoted("\n".join(line for line in body.splitlines() if has_quotes(line))), unquoted(known_to_all)
    told = (plain("\n".join(line for line in note[:_SHOWN].splitlines() if not has_quotes(line))) for note in notes)
    pieces = (piece for note in told if len(note) >= TELLING for piece in _pieces(note))
    return _HEAD_OF_NOTE.search(said) is not None or any(piece in said and piece not in public for piece in pieces)


def _pieces(note: str) -> Iterator[str]:
    """Its runs of words that are just long enough to tell something; the whole of it where it is shorter."""
    words = note.split(" ")
    for start in range(len(words)):
        piece = ""
        for word in words[start:]:
            piece = f"{piece} {word}" if piece else word
            if len(piece) >= TELLING:
                yield piece
                break
    if 0 < len(note) < TELLING:
        yield note
