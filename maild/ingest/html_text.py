"""HTML → text lines (MAIL.md P7): quotes as `>`, links once, tables as rows, hidden elements and pixels dropped. Linear time.

Each line says whether it stood in a mail client's quote or signature element, and whether a rule stands above it. Which elements mean what
is `maild.ingest.html_marks`'s.
"""

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote

from maild.ingest.html_marks import begins_rest, draws_rule, find_names, find_origin, is_indentation
from maild.ingest.html_nesting import VOID
from maild.ingest.html_tokens import Tag, read_html
from maild.ingest.html_visibility import MAX_STYLE, find_tininess, is_hiding
from maild.ingest.hygiene import one_line
from maild.ingest.lines import Line, Origin

MAX_HTML = 2 * 1024 * 1024
MAX_OPEN = 2_000
MAX_SOURCE = 500
MAX_SMILEY = 8
MAX_IMAGES = 200
MAX_BLANK_LINES = 20
MAX_MARKS = 20

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "pre", "table", "blockquote"})
_BLOCKS = _PARAGRAPHS | {
    "div",
    "li",
    "tr",
    "section",
    "article",
    "header",
    "footer",
    "center",
    "form",
    "fieldset",
    "dt",
    "dd",
    "body",
    "address",
}
SELF_CLOSING = frozenset({"p", "li", "tr", "td", "th", "option", "dt", "dd"})
_CELLS = frozenset({"td", "th"})
_BLANKS = re.compile(r"[ \t\r\n\f]+")


class _Element(NamedTuple):
    """An open element. `depth` is the quote depth inside it, `preformatted` keeps its blanks. `is_tiny`: its font has no size, but an
    element in it may have one. Seen in practice: whole newsletters built so."""

    name: str
    depth: int = 0
    is_hidden: bool = False
    is_tiny: bool = False
    preformatted: bool = False
    origin: Origin = Origin.BODY
    link: str = ""


def html_lines(html: str) -> tuple[Line, ...]:
    """The visible text, line by line."""
    writer = _Writer()
    for token in read_html(_capped(html)):
        if isinstance(token, str):
            writer.text(token)
        elif token.closes:
            writer.close(token.name)
        else:
            writer.open(token)
    return writer.finish()


def _capped(html: str) -> str:
    """At most 2 MiB, and no tag cut in two."""
    if len(html) <= MAX_HTML:
        return html
    last_tag = html.rfind("<", MAX_HTML - MAX_STYLE, MAX_HTML)
    return html[: last_tag if last_tag >= 0 else MAX_HTML]


def html_to_text(html: str) -> str:
    return "\n".join(line.text for line in html_lines(html))


@dataclass(slots=True)
class _Writer:
    """The text so far and the elements open around it."""

    _lines: list[Line] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _open: list[_Element] = field(default_factory=lambda: [_Element("")])
    _counts: dict[str, int] = field(default_factory=dict)
    _links: set[str] = field(default_factory=set)
    _rest: Origin = Origin.BODY
    _line_top: _Element | None = None
    _is_ruled: bool = False
    _images: list[str] = field(default_factory=list)

    def text(self, text: str) -> None:
        top = self._open[-1]
        if top.is_hidden or top.is_tiny:
            return
        if top.preformatted:
            first, *others = text.split("\n")
            self._write(first)
            for line in others:
                self._break()
                self._write(line)
        else:
            self._write(_BLANKS.sub(" ", text))

    def open(self, tag: Tag) -> None:
        name = tag.name
        if name == "br":
            self._break(forced=True)
            return
        if name in SELF_CLOSING and self._open[-1].name == name:
            self.close(name)
        if name in _BLOCKS:
            self._break(paragraph=name in _PARAGRAPHS)
        match name:
            case "hr":
                self._rule(tag)
            case "img":
                self._show(tag)
            case "li":
                self._write("- ")
            case _ if name in _CELLS and self._pieces:
                self._write(" | ")
        if name not in VOID and len(self._open) < MAX_OPEN:
            self._push(tag)

    def close(self, name: str) -> None:
        if not self._counts.get(name):
            return
        while True:
            element = self._open.pop()
            self._counts[element.name] -= 1
            self._leave(element)
            if element.name == name:
                break
        if name in _BLOCKS:
            self._break(paragraph=name in _PARAGRAPHS)

    def finish(self) -> tuple[Line, ...]:
        self._break()
        while self._lines and not self._lines[-1].text.strip("> "):
            self._images += self._lines.pop().images
        if self._lines and self._images:
            self._lines[-1] = replace(self._lines[-1], images=(*self._lines[-1].images, *self._images))
        return tuple(self._lines)

    def _push(self, tag: Tag) -> None:
        """An element inherits what its parent is; only elements with attributes, quotes and pre can differ."""
        element = _Element._make((tag.name, *self._open[-1][1:-1], ""))
        attributes = tag.read_attributes() if tag.attributes.strip(" /") else {}
        if tag.name == "pre":
            element = element._replace(preformatted=True)
        if tag.name == "blockquote" and not is_indentation(attributes):
            element = self._quoted(element)
        if attributes:
            element = self._with_attributes(element, attributes)
        self._open.append(element)
        self._counts[tag.name] = self._counts.get(tag.name, 0) + 1

    def _quoted(self, element: _Element) -> _Element:
        """A quotation. In a mail client's frame only what is quoted in it is surely another's."""
        origin = Origin.QUOTE if element.origin is Origin.FRAME else element.origin
        return element._replace(depth=element.depth + 1, origin=origin)

    def _with_attributes(self, element: _Element, attributes: dict[str, str]) -> _Element:
        if "hidden" in attributes:
            element = element._replace(is_hidden=True)
        if style := attributes.get("style", "").lower()[:MAX_STYLE]:
            element = self._with_style(element, style)
        if element.name == "a":
            element = element._replace(link=one_line(attributes.get("href", "")[:2_000]))
        if names := find_names(attributes):
            element = self._with_names(element, names)
        return element

    def _with_style(self, element: _Element, style: str) -> _Element:
        if is_hiding(style):
            element = element._replace(is_hidden=True)
        if (is_tiny := find_tininess(style)) is not None:
            element = element._replace(is_tiny=is_tiny)
        if element.name in _BLOCKS and draws_rule(style):
            self._is_ruled = True
        return element

    def _with_names(self, element: _Element, names: frozenset[str]) -> _Element:
        if begins_rest(names):
            self._break()
            self._rest = Origin.QUOTE
        origin = find_origin(names, element.name)
        is_deeper = element.origin is Origin.BODY or (element.origin is Origin.FRAME and origin is Origin.QUOTE)
        if origin is Origin.BODY or not is_deeper:
            return element
        self._break()
        return element._replace(origin=origin)

    def _rule(self, tag: Tag) -> None:
        self._break()
        self._is_ruled = True
        if begins_rest(find_names(tag.read_attributes())):
            self._rest = Origin.QUOTE

    def _show(self, tag: Tag) -> None:
        """A picture belongs to the line it stands in; one that stands alone to the line before it, unless a quote has begun since.

        Seen in practice: Gmail's smileys as pictures, with the character as their words.
        """
        attributes = tag.read_attributes()
        if (words := attributes.get("alt", "")) and len(words) <= MAX_SMILEY and not words.isascii():
            self.text(words)
        source = unquote(attributes.get("src", "").strip()[:MAX_SOURCE]).casefold().removeprefix("cid:")
        if not source or self._open[-1].is_hidden or len(self._images) >= MAX_IMAGES:
            return
        number = None if self._pieces else self._last_written()
        line = None if number is None else self._lines[number]
        if number is not None and line and line.origin is self._open[-1].origin and len(line.images) < MAX_IMAGES:
            self._lines[number] = replace(line, images=(*line.images, source))
        else:
            self._images.append(source)

    def _last_written(self) -> int | None:
        """The last line with words, not looked for far away."""
        last = len(self._lines) - 1
        nearby = range(last, max(-1, last - MAX_BLANK_LINES), -1)
        return next((number for number in nearby if self._lines[number].text.strip("> ")), None)

    def _leave(self, element: _Element) -> None:
        if element.origin is not self._open[-1].origin:
            self._break()
        link = element.link
        if not link.startswith(("http:", "https:", "mailto:")) or element.is_hidden or link in self._links:
            return
        self._links.add(link)
        target = link.removeprefix("mailto:").rstrip("/")
        if self._pieces and target not in "".join(self._pieces[-20:]):
            self._write(f" <{link}>")

    def _write(self, text: str) -> None:
        if not text.strip() and not self._pieces:
            return
        if not self._pieces:
            self._line_top = self._open[-1]
            text = text if self._open[-1].preformatted else text.lstrip(" ")
        self._pieces.append(text)

    def _break(self, *, forced: bool = False, paragraph: bool = False) -> None:
        """End the line. A paragraph leaves one empty line, a forced break as many as there are."""
        if self._pieces:
            top = self._line_top or self._open[-1]
            content = "".join(self._pieces).replace("\xa0", " ")
            content = content.rstrip() if top.preformatted else _BLANKS.sub(" ", content).strip()
            self._lines.append(self._line(content, top, is_ruled=self._is_ruled, images=tuple(self._images)))
            self._pieces.clear()
            self._images.clear()
            self._is_ruled = False
        elif forced:
            self._lines.append(self._line("", self._open[-1]))
            return
        if paragraph and self._lines:
            self._space(self._line("", self._open[-1]))

    def _space(self, blank: Line) -> None:
        """One empty line between paragraphs, at the lesser quote depth of the two."""
        last = self._lines[-1].text
        if last.strip("> "):
            self._lines.append(blank)
        elif len(blank.text) < len(last):
            self._lines[-1] = replace(blank, images=self._lines[-1].images)

    def _line(self, content: str, element: _Element, *, is_ruled: bool = False, images: tuple[str, ...] = ()) -> Line:
        origin = element.origin if self._rest is Origin.BODY else self._rest
        if not content and not is_ruled and not images:
            return _blank_line(min(element.depth, MAX_MARKS), origin)
        quoted = f"{'>' * min(element.depth, MAX_MARKS)} {content}".rstrip() if element.depth else content
        return Line(quoted, origin, is_ruled, images)


@lru_cache(maxsize=128)
def _blank_line(depth: int, origin: Origin) -> Line:
    """Kept, because a mail may have a hundred thousand of them."""
    return Line(">" * depth, origin)
