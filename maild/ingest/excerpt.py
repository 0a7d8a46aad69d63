"""The part of a mail's HTML that says what was chosen of its text (MAIL.md A8, O7): both are cut at the same place. Pure.

The text is cut elsewhere, by line (`maild.ingest.new_text`) and by command (`maild.desk.command_lines`). Here its letters and digits are
looked for in the HTML, so it does not matter which of the two was cut, or what a mail program writes into plain text for bold words, links
and pictures. Where the HTML does not say the same, word for word, there is no such part: then the text alone is shown.
"""

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from html import escape, unescape

from maild.ingest.clean_html import clean
from maild.ingest.html_nesting import VOID
from maild.ingest.html_shown import Shown, Word, letters_of
from maild.ingest.html_tokens import Tag, render_tag

MAX_HTML = 512 * 1024
MAX_EXCERPT = 256 * 1024

_LINK = re.compile(r"<(?:https?:|mailto:|tel:)[^<>\s]{1,2000}>")
_PICTURE = re.compile(r"\[(?:cid|image):[^\[\]\n]{1,300}\]", re.IGNORECASE)
_BRACKETS = re.compile(r"\[[^\[\]\n]{1,300}\]")
_NUMBER = re.compile(r"^[\s>]{0,40}\d{1,3}[.)](?=\s)", re.MULTILINE)
# Read backwards from the word: forwards, each mark before it would begin a search of its own.
_BEFORE_WORD = re.compile(r"[^\w\])}>.,;:!?]*")
_AFTER_WORD = re.compile(r"[^\w\s]*")
_NO_WORD = re.compile(r"\W*")
# In what nh3 writes `<` and `>` stand in tags and in quoted values only.
_CLEAN_TAG = re.compile(r"<[^>\"]*+(?:\"[^\"]*+\"[^>\"]*+)*+>")
_SMILEYS = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff\ufe0f\u200d\\s]+")


@dataclass(frozen=True, slots=True)
class _Cut:
    """A part of the HTML and the letters that are seen in it."""

    markup: str
    letters: str


@dataclass(frozen=True)
class Excerpts:
    """The HTML of one mail, of which several parts may be asked for: it is read once."""

    html: str

    def safe(self, text: str) -> str:
        """The part of the HTML that says what the text says, made safe to show and to send; "" where there is none.

        Hidden elements are left out: without their style they would be seen. Pictures are those of the mail itself.
        """
        cut = self._cut(text)
        if cut is None or len(cut.markup) > MAX_EXCERPT:
            return ""
        cleaned = clean(cut.markup)
        # Whatever another reader of HTML makes of the markup: not a word more goes out, and not one less.
        return cleaned if _letters_seen(cleaned) == cut.letters else ""

    def raw(self, text: str) -> str:
        """The same, as markup that is no safer than the HTML is."""
        cut = self._cut(text)
        return cut.markup if cut else ""

    @cached_property
    def _shown(self) -> Shown:
        return Shown(self.html[:MAX_HTML])

    def _cut(self, text: str) -> _Cut | None:
        for wanted in _readings(text) if self.html else ():
            if wanted and (span := self._shown.find(wanted)):
                return _Cut("".join(_render(self._shown.pieces, self._shown.asides, *span)), wanted)
        return None


def _readings(text: str) -> Iterator[str]:
    """The letters of a text: without what stands in plain text for links and pictures, for the numbers of a list, for a picture's words.

    Seen in practice: Outlook writes "[A close up of a map, description automatically generated]".
    """
    bare = _PICTURE.sub("", _LINK.sub("", text))
    yield letters_of(bare)
    numberless = _NUMBER.sub("", bare)
    others = dict.fromkeys((numberless, _BRACKETS.sub("", bare), _BRACKETS.sub("", numberless)))
    yield from (letters_of(form) for form in others if form != bare)


def _letters_seen(cleaned: str) -> str:
    """The letters of cleaned HTML, in which nothing is hidden."""
    return letters_of(unescape(_CLEAN_TAG.sub("", cleaned)))


def _render(pieces: Sequence[Tag | str], asides: Set[int], first: Word, last: Word) -> Iterator[str]:
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


def _trimmed(text: str, place: int, first: Word, last: Word) -> str:
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


def _last_picture(pieces: Sequence[Tag | str], asides: Set[int], place: int) -> int:
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
