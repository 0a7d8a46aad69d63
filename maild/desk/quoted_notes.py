"""Words of notes in an answer (MAIL.md A8, F11). A notification shows notes, and an agent who answers between its lines quotes it. Pure.

`furniture` has cut what it knows of a notification; this is what looks whether anything of a note is left over.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

_QUOTE_SIGNS = (">", "＞", "|")
_QUOTE_MARK = re.compile(r"[\s>＞|]*(?:[^\W\d_]{1,15}>+[\s>＞|]*)?")
"""What a mail program writes before a quoted line, with the initials of who wrote it (The Bat!) or without."""
_HEAD_OF_NOTE = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d #(?:note|from) ")
"""What stands before a note among what was said before (`agents.txt`), whosever it is."""
TELLING = 15
"""So many characters say something that is not said everywhere."""
_SHOWN = 400
"""A notification shows no more of a note. What `#show` gets shows it whole."""


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
    """Whether a piece of a note stands in an answer written between quoted lines: of its beginning, which notifications show, anywhere, of
    the rest in what is quoted. What the customer knows, `known_to_all`, is none."""
    notes = tuple(notes)
    begun = (piece for note in notes for piece in _pieces(plain(note[:_SHOWN])))
    whole = (piece for note in notes for piece in _pieces(plain(note)))
    return _repeats(unquoted(body), begun, known_to_all) or _repeats(_quoted(body), whole, known_to_all)


def repeats_own(body: str, notes: Iterable[str], known_to_all: str) -> bool:
    """Whether a piece of a note of the writer's own is quoted in his answer. What he writes anew is his business, and what he has quoted in
    a note himself is none."""
    said = _quoted(body)
    told = (plain("\n".join(line for line in note.splitlines() if not has_quotes(line))) for note in notes)
    pieces = (piece for note in told if len(note) >= TELLING for piece in _pieces(note))
    return _HEAD_OF_NOTE.search(said) is not None or _repeats(said, pieces, known_to_all)


def _quoted(body: str) -> str:
    return unquoted("\n".join(line for line in body.splitlines() if has_quotes(line)))


def _repeats(said: str, pieces: Iterable[str], known_to_all: str) -> bool:
    found = _find(pieces, said)
    return bool(found) and bool(found - _find(found, unquoted(known_to_all)))


def _find(pieces: Iterable[str], text: str) -> set[str]:
    """Those that stand in a text. Each place of it is looked at once, since there may be many, and much text."""
    by_beginning: dict[str, list[str]] = defaultdict(list)
    for piece in dict.fromkeys(pieces):
        by_beginning[piece[:TELLING]].append(piece)
    short = (piece for beginning, (piece, *_) in by_beginning.items() if len(beginning) < TELLING)
    places = ((place, by_beginning.get(text[place : place + TELLING], ())) for place in range(len(text)))
    return {
        *(piece for piece in short if piece in text),
        *(piece for place, begun in places for piece in begun if text.startswith(piece, place)),
    }


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
