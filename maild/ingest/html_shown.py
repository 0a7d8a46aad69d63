"""What can be seen of a mail's HTML, and where which words of it stand (MAIL.md P7, A8). Pure, in linear time.

It keeps the tags, so that a part of it can be cut out and is still markup: `maild.ingest.excerpt` does that.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from maild.ingest.clean_html import MAX_DEPTH
from maild.ingest.html_marks import find_names, find_origin
from maild.ingest.html_nesting import VOID, Nesting
from maild.ingest.html_text import MAX_SMILEY, SELF_CLOSING
from maild.ingest.html_tokens import Tag, read_html
from maild.ingest.html_visibility import MAX_STYLE, find_tininess, is_hiding
from maild.ingest.lines import Origin

MAX_TRIES = 50
LONGEST_KEPT = 500
TAGS_KEPT = 1024

_WORD = re.compile(r"[^\W_]+")
_ASCII_MARKS = bytes(octet for octet in range(128) if not chr(octet).isalnum())


def letters_of(text: str) -> str:
    """The letters and digits of a text, their case folded. Most of what is left out is ASCII, which bytes are soonest rid of."""
    rest = text.encode("utf-8", "surrogatepass").translate(None, _ASCII_MARKS).decode("utf-8", "surrogatepass")
    return (rest if rest.isascii() else "".join(_WORD.findall(rest))).casefold()


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters in one piece of the HTML; `offset` is where it stands among the letters of all."""

    offset: int
    piece: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Look:
    """What is known of an open element: whether its tags are kept, and what can be seen in it."""

    is_kept: bool = True
    is_hidden: bool = False
    is_tiny: bool = False
    is_preformatted: bool = False


@dataclass(frozen=True, slots=True)
class _Marks:
    """What a start tag says of itself. `is_tiny`: None where it says nothing of the size of its letters."""

    is_hiding: bool = False
    is_tiny: bool | None = None
    is_aside: bool = False


class Shown:
    """What can be seen of an HTML text: tags and texts, each end tag with its start tag. A text is one line where line ends count.

    `letters` are those of all words; `asides` the places of start tags that begin a quote or a signature.
    """

    def __init__(self, html: str) -> None:
        reader = _Reader()
        for token in read_html(html):
            if isinstance(token, str):
                reader.add_text(token)
            elif token.closes:
                reader.close(token.name)
            else:
                reader.open(token)
        self.pieces: Sequence[Tag | str] = reader.finish()
        self.asides: frozenset[int] = frozenset(reader.asides)
        self.letters = ""
        self._texts: list[int] = []
        self._offsets: list[int] = []
        self._words: dict[int, list[Word]] = {}
        self._spell()

    def find(self, wanted: str) -> tuple[Word, Word] | None:
        """The first and the last word of the first place where these letters stand, in whole words."""
        place = self.letters.find(wanted)
        for _ in range(MAX_TRIES):
            if place < 0:
                break
            first, last = self._word_from(place), self._word_to(place + len(wanted))
            if first and last:
                return first, last
            place = self.letters.find(wanted, place + 1)
        return None

    def _spell(self) -> None:
        """Note at which of the letters each text begins, and where the last one ends."""
        spelled: list[str] = []
        offset = 0
        for place, piece in enumerate(self.pieces):
            if isinstance(piece, str) and (letters := letters_of(piece)):
                self._texts.append(place)
                self._offsets.append(offset)
                spelled.append(letters)
                offset += len(letters)
        self.letters = "".join(spelled)
        self._offsets.append(offset)

    def _word_from(self, place: int) -> Word | None:
        """The word that begins with this letter."""
        words = self._words_of(bisect_right(self._offsets, place) - 1)
        word = words[bisect_right(words, place, key=_offset) - 1]
        return word if word.offset == place else None

    def _word_to(self, place: int) -> Word | None:
        """The word that ends before this letter."""
        number = bisect_left(self._offsets, place) - 1
        words = self._words_of(number)
        after = bisect_left(words, place, key=_offset)
        ends = words[after].offset if after < len(words) else self._offsets[number + 1]
        return words[after - 1] if ends == place else None

    def _words_of(self, number: int) -> list[Word]:
        """The words of a text, which is read for them once only: it may be long, and asked for often."""
        if number not in self._words:
            place, offset = self._texts[number], self._offsets[number]
            self._words[number] = words = []
            for found in _WORD.finditer(str(self.pieces[place])):
                words.append(Word(offset, place, found.start(), found.end()))
                offset += len(found.group().casefold())
        return self._words[number]


def _offset(word: Word) -> int:
    return word.offset


class _Reader:
    """The pieces so far, and the elements that are open."""

    def __init__(self) -> None:
        self.asides: list[int] = []
        self._pieces: list[Tag | str] = []
        self._nesting: Nesting[_Look] = Nesting()

    def add_text(self, text: str) -> None:
        look = self._look
        if not look.is_hidden and not look.is_tiny:
            self._pieces += text.splitlines(keepends=True) if look.is_preformatted else [text]

    def open(self, tag: Tag) -> None:
        elements = self._nesting.elements
        if tag.name in SELF_CLOSING and elements and elements[-1][0] == tag.name:
            self.close(tag.name)
        marks = _marks_of(tag)
        look = self._look_of(tag, marks)
        if marks.is_aside and not look.is_hidden:
            self.asides.append(len(self._pieces))
        if tag.name == "img":
            self._show_picture(tag, look)
        elif look.is_kept:
            self._pieces.append(tag)
        if tag.name not in VOID:
            self._nesting.open(tag.name, look)

    def close(self, name: str) -> None:
        self._pieces += [_end_of(ended) for ended, look in self._nesting.close(name) if look.is_kept]

    def finish(self) -> list[Tag | str]:
        for name, _ in reversed(self._nesting.elements):
            self.close(name)
        return self._pieces

    @property
    def _look(self) -> _Look:
        elements = self._nesting.elements
        return elements[-1][1] if elements else _PLAIN

    def _look_of(self, tag: Tag, marks: _Marks) -> _Look:
        outer = self._look
        is_kept = len(self._nesting.elements) < MAX_DEPTH
        if marks is _NO_MARKS and tag.name != "pre" and outer.is_kept == is_kept:
            return outer
        is_hidden = outer.is_hidden or marks.is_hiding
        return _Look(
            is_kept=is_kept and not is_hidden,
            is_hidden=is_hidden,
            is_tiny=outer.is_tiny if marks.is_tiny is None else marks.is_tiny,
            is_preformatted=outer.is_preformatted or tag.name == "pre",
        )

    def _show_picture(self, tag: Tag, look: _Look) -> None:
        """A picture of the mail itself, or the character a smiley stands for; of pictures from elsewhere not even the frame."""
        if look.is_hidden:
            return
        attributes = tag.read_attributes()
        words = attributes.get("alt", "")
        if attributes.get("src", "").strip().lower().startswith("cid:"):
            self._pieces.append(tag)
        elif words and len(words) <= MAX_SMILEY and not words.isascii():
            self.add_text(words)


_PLAIN = _Look()
_NO_MARKS = _Marks()


def _marks_of(tag: Tag) -> _Marks:
    """Mail programs write the same few tags over and over: they are read once. Long ones are not kept, as the sender fills that memory."""
    if not tag.attributes.strip(" /"):
        return _NO_MARKS
    return _read_marks_once(tag) if len(tag.attributes) <= LONGEST_KEPT else _read_marks(tag)


def _read_marks(tag: Tag) -> _Marks:
    attributes = tag.read_attributes()
    style = attributes.get("style", "").lower()[:MAX_STYLE]
    marks = _Marks(
        is_hiding="hidden" in attributes or is_hiding(style),
        is_tiny=find_tininess(style),
        is_aside=find_origin(find_names(attributes), tag.name) is not Origin.BODY,
    )
    return _NO_MARKS if marks == _NO_MARKS else marks


_read_marks_once = lru_cache(TAGS_KEPT)(_read_marks)


@lru_cache(TAGS_KEPT)
def _end_of(name: str) -> Tag:
    return Tag(name, True, "")
