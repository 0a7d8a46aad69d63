"""The part of a mail's HTML that says what was chosen of its text (MAIL.md A8, O7): both are cut at the same place. Pure.

The text is cut elsewhere, by line (`maild.ingest.new_text`) and by command (`maild.desk.commands`). Here its letters and digits are looked
for in the HTML, so it does not matter which of the two was cut, or what a mail program writes into plain text for bold words, links and
pictures. Where the HTML does not say the same, word for word, there is no such part: then the text alone is shown.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape

from maild.ingest.clean_html import MAX_DEPTH, MAX_HTML, clean
from maild.ingest.html_marks import find_names, find_origin
from maild.ingest.html_nesting import VOID, Nesting
from maild.ingest.html_text import MAX_SMILEY, SELF_CLOSING
from maild.ingest.html_tokens import Tag, read_html, render_tag
from maild.ingest.html_visibility import MAX_STYLE, find_tininess, is_hiding
from maild.ingest.lines import Origin

MAX_EXCERPT = 256 * 1024
MAX_TRIES = 50

_WORD = re.compile(r"[^\W_]+")
_LINK = re.compile(r"<(?:https?:|mailto:|tel:)[^<>\s]{1,2000}>")
_PICTURE = re.compile(r"\[(?:cid|image):[^\[\]\n]{1,300}\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\[\]\n]{1,300}\]")
_NUMBER = re.compile(r"^[\s>]{0,40}\d{1,3}[.)](?=\s)", re.MULTILINE)
# Read backwards from the word: forwards, each mark before it would begin a search of its own.
_BEFORE_WORD = re.compile(r"[^\w\])}>.,;:!?]*")
_AFTER_WORD = re.compile(r"[^\w\s]*")
_NO_WORD = re.compile(r"\W*")
_SMILEYS = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d\\s]+")


@dataclass(frozen=True, slots=True)
class _Word:
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


def safe_excerpt(html: str, text: str) -> str:
    """The part of a mail's HTML that says what the text says, made safe to show and to send; "" where there is none.

    Hidden elements are left out: without their style they would be seen. Pictures are those of the mail itself.
    """
    excerpt = cut_excerpt(html[:MAX_HTML], text)
    cleaned = clean(excerpt) if 0 < len(excerpt) <= MAX_EXCERPT else ""
    # Whatever another reader of HTML makes of the markup: not a word more goes out, and not one less.
    return cleaned if cleaned and _Shown.read(cleaned).letters == _Shown.read(excerpt).letters else ""


def cut_excerpt(html: str, text: str) -> str:
    """The same, as markup that is no safer than the HTML is."""
    shown = _Shown.read(html) if html else None
    for wanted in _readings(text) if shown else ():
        if shown and (span := shown.find(wanted)):
            return "".join(_render(shown.pieces, shown.asides, *span))
    return ""


def _readings(text: str) -> tuple[str, ...]:
    """The letters of a text: without what stands in plain text for links and pictures, for the numbers of a list, for a picture's words.

    Seen in practice: Outlook writes "[A close up of a map, description automatically generated]".
    """
    bare = _PICTURE.sub("", _LINK.sub("", text))
    forms = (bare, _NUMBER.sub("", bare), _BRACKETS.sub("", bare), _BRACKETS.sub("", _NUMBER.sub("", bare)))
    return tuple(filter(None, dict.fromkeys(map(_letters, forms))))


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text)).casefold()


@dataclass(slots=True)
class _Shown:
    """What can be seen of an HTML text: tags and texts, each end tag with its start tag. A text is one line where line ends count.

    `asides` are the places of start tags that begin a quote or a signature.
    """

    pieces: list[Tag | str] = field(default_factory=list)
    words: list[_Word] = field(default_factory=list)
    asides: set[int] = field(default_factory=set)
    letters: str = ""
    _nesting: Nesting[_Look] = field(default_factory=Nesting)

    @classmethod
    def read(cls, html: str) -> "_Shown":
        shown = cls()
        for token in read_html(html):
            if isinstance(token, str):
                shown._add_text(token)
            elif token.closes:
                shown._close(token.name)
            else:
                shown._open(token)
        for name, _ in reversed(shown._nesting.elements):
            shown._close(name)
        shown._spell()
        return shown

    def find(self, wanted: str) -> tuple[_Word, _Word] | None:
        """The first and the last word of the first place where these letters stand, in whole words."""
        offsets = [*(word.offset for word in self.words), len(self.letters)]
        place = self.letters.find(wanted)
        for _ in range(MAX_TRIES):
            if place < 0:
                break
            first, after = bisect_left(offsets, place), bisect_left(offsets, place + len(wanted))
            if offsets[first] == place and offsets[after] == place + len(wanted):
                return self.words[first], self.words[after - 1]
            place = self.letters.find(wanted, place + 1)
        return None

    @property
    def _look(self) -> _Look:
        return self._nesting.elements[-1][1] if self._nesting.elements else _Look()

    def _add_text(self, text: str) -> None:
        look = self._look
        if not look.is_hidden and not look.is_tiny:
            self.pieces += text.splitlines(keepends=True) if look.is_preformatted else [text]

    def _open(self, tag: Tag) -> None:
        elements = self._nesting.elements
        if tag.name in SELF_CLOSING and elements and elements[-1][0] == tag.name:
            self._close(tag.name)
        attributes = tag.read_attributes() if tag.attributes.strip(" /") else {}
        look = self._look_of(tag, attributes)
        if not look.is_hidden and find_origin(find_names(attributes), tag.name) is not Origin.BODY:
            self.asides.add(len(self.pieces))
        if tag.name == "img":
            self._show_picture(tag, attributes, look)
        elif look.is_kept:
            self.pieces.append(tag)
        if tag.name not in VOID:
            self._nesting.open(tag.name, look)

    def _close(self, name: str) -> None:
        self.pieces += [Tag(ended, True, "") for ended, look in self._nesting.close(name) if look.is_kept]

    def _look_of(self, tag: Tag, attributes: dict[str, str]) -> _Look:
        outer = self._look
        style = attributes.get("style", "").lower()[:MAX_STYLE]
        is_hidden = outer.is_hidden or "hidden" in attributes or is_hiding(style)
        is_tiny = find_tininess(style)
        return _Look(
            is_kept=not is_hidden and len(self._nesting.elements) < MAX_DEPTH,
            is_hidden=is_hidden,
            is_tiny=outer.is_tiny if is_tiny is None else is_tiny,
            is_preformatted=outer.is_preformatted or tag.name == "pre",
        )

    def _show_picture(self, tag: Tag, attributes: dict[str, str], look: _Look) -> None:
        """A picture of the mail itself, or the character a smiley stands for; of pictures from elsewhere not even the frame."""
        words = attributes.get("alt", "")
        if look.is_hidden:
            return
        if attributes.get("src", "").strip().lower().startswith("cid:"):
            self.pieces.append(tag)
        elif words and len(words) <= MAX_SMILEY and not words.isascii():
            self._add_text(words)

    def _spell(self) -> None:
        """Note where each word stands."""
        spelled: list[str] = []
        offset = 0
        for place, piece in enumerate(self.pieces):
            for found in _WORD.finditer(piece) if isinstance(piece, str) else ():
                self.words.append(_Word(offset, place, found.start(), found.end()))
                spelled.append(found.group().casefold())
                offset += len(spelled[-1])
        self.letters = "".join(spelled)


def _render(pieces: Sequence[Tag | str], asides: set[int], first: _Word, last: _Word) -> Iterator[str]:
    """The markup from the first to the last word, with the elements around it, and with pictures that stand right before or after."""
    begin, end = _first_picture(pieces, first.piece), _last_picture(pieces, asides, last.piece)
    opened = _opened_at(pieces, begin)
    yield from map(render_tag, opened)
    for place in range(begin, end + 1):
        piece = pieces[place]
        if isinstance(piece, str):
            yield escape(_trimmed(piece, place, first, last), quote=False)
            continue
        yield render_tag(piece)
        if piece.closes:
            opened.pop()
        elif piece.name not in VOID:
            opened.append(piece)
    yield from (f"</{tag.name}>" for tag in reversed(opened))


def _opened_at(pieces: Sequence[Tag | str], place: int) -> list[Tag]:
    opened: list[Tag] = []
    for piece in pieces[:place]:
        if isinstance(piece, str):
            continue
        if piece.closes:
            opened.pop()
        elif piece.name not in VOID:
            opened.append(piece)
    return opened


def _trimmed(text: str, place: int, first: _Word, last: _Word) -> str:
    """A text without the words that are not wanted of it; marks that belong to the first and the last wanted word stay."""
    end = len(text)
    if place == last.piece:
        rest = _NO_WORD.match(text, last.end)
        is_last = rest is not None and rest.end() == end
        kept = None if is_last else _AFTER_WORD.match(text, last.end)
        end = kept.end() if kept else end
    start = 0
    if place == first.piece:
        before = _BEFORE_WORD.match(text[: first.start][::-1])
        start = first.start - (before.end() if before else 0)
    return text[start:end].lstrip() if start else text[:end]


def _first_picture(pieces: Sequence[Tag | str], place: int) -> int:
    """The first of the pictures between the words before and these; `place` itself without one."""
    found = place
    for before in range(place - 1, -1, -1):
        piece = pieces[before]
        if _is_picture(piece):
            found = before
        elif isinstance(piece, str) and piece.strip():
            break
    return found


def _last_picture(pieces: Sequence[Tag | str], asides: set[int], place: int) -> int:
    """The last of the pictures between these words and what follows: other words, a rule, a quote, a signature."""
    found = place
    for after in range(place + 1, len(pieces)):
        piece = pieces[after]
        if _is_picture(piece):
            found = after
        elif after in asides or (piece.strip() if isinstance(piece, str) else piece.name in ("hr", "blockquote")):
            break
    return found


def _is_picture(piece: Tag | str) -> bool:
    if isinstance(piece, str):
        return piece.strip() != "" and _SMILEYS.fullmatch(piece) is not None
    return piece.name == "img"
