"""HTML → tags and texts, in linear time on any input. What tags mean is `maild.ingest.html_text`'s.

On Python 3.11 stdlib's own parser takes the square of the length of `<!--<!--…`, and drops what follows an unclosed tag.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from maild.ingest.hygiene import clean_text

MAX_ATTRIBUTES = 50

# Possessive, so that nothing is tried twice. A quote counts only after "=", as in browsers; seen in practice: title=don't.
_REST_OF_TAG = re.compile(r"(?>[^>\"'=]++|=\s*+(?>\"[^\"]*+\"|'[^']*+')?+|[\"'])*+>")
# A tag without values, as most are, is taken whole: it reaches no farther than the next "<".
_OPENING = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:_-]{0,60})(?:([^<>\"'=]*+)>)?|(!--)|[!?])")
_ATTRIBUTE = re.compile(r"([^\s=\"'/>]{1,60})\s*+(?>=\s*+(?>\"([^\"]*+)\"|'([^']*+)'|([^\s>]*+)))?")
_RAW_TEXT = frozenset({"script", "style", "title", "textarea", "xmp", "template", "object", "svg"})


class Tag(NamedTuple):
    """A start tag, or an end tag with `closes`. `attributes` is the raw text after the name."""

    name: str
    closes: bool
    attributes: str

    def read_attributes(self) -> dict[str, str]:
        """Values by lower-case name, character references resolved; the first 50 attributes."""
        found: dict[str, str] = {}
        for count, attribute in enumerate(_ATTRIBUTE.finditer(self.attributes)):
            if count >= MAX_ATTRIBUTES:
                break
            name, double, single, bare = attribute.groups()
            found.setdefault(name.lower(), _resolved(double or single or bare or ""))
        return found


def render_tag(tag: Tag) -> str:
    """The tag as markup again."""
    return f"<{'/' if tag.closes else ''}{tag.name}{tag.attributes}>"


def read_html(html: str) -> Iterator[Tag | str]:
    """Tags and the texts between them, character references resolved. Comments, declarations, scripts and styles are left out."""
    return _Scanner(html).scan()


def _resolved(text: str) -> str:
    """Character references resolved. What they stand for has not been cleaned yet (MAIL.md P3)."""
    return clean_text(unescape(text)) if "&" in text else text


class _Scanner:
    """Where reading is, and what has been found to have no end: it is not looked for again."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._simple: dict[str, Tag] = {}
        self._last_end = html.rfind(">")
        self._endless: set[str] = set()

    def scan(self) -> Iterator[Tag | str]:
        html = self._html
        position = start = 0
        while opening := _OPENING.search(html, position):
            # Most tags have no values, and have been read before.
            if tag := self._simple.get(opening[0]):
                end: int | None = opening.end()
            else:
                end, tag = self._read_markup(opening)
            if end is None:
                position = opening.end()
                continue
            if (begin := opening.start()) > start:
                yield _resolved(html[start:begin])
            if tag:
                yield tag
            position = start = end
        if start < len(html):
            yield _resolved(html[start:])

    def _read_markup(self, opening: re.Match[str]) -> tuple[int | None, Tag | None]:
        """(where the markup ends, the tag in it); an end of None means that this is text after all."""
        slash, name, attributes, comment = opening.groups()
        is_simple = attributes is not None
        end = opening.end()
        if comment:
            return self._find("-->", end), None
        if end > self._last_end + 1:
            return None, None
        if not name:
            return self._find(">", end), None
        if attributes is None:
            begin, end = end, self._find_tag_end(end)
            attributes = self._html[begin : end - 1]
        name = name.lower()
        if name in _RAW_TEXT and not slash:
            return self._skip_raw_text(name, end), None
        tag = Tag(name, bool(slash), attributes)
        if is_simple:
            self._simple[opening[0]] = tag
        return end, tag

    def _find_tag_end(self, position: int) -> int:
        found = None if "tag" in self._endless else _REST_OF_TAG.match(self._html, position)
        if found:
            return found.end()
        self._endless.add("tag")
        return self._html.index(">", position) + 1

    def _find(self, wanted: str, position: int) -> int:
        """Behind the wanted text; right here where there is no more of it."""
        found = -1 if wanted in self._endless else self._html.find(wanted, position)
        if found < 0:
            self._endless.add(wanted)
            return position
        return found + len(wanted)

    def _skip_raw_text(self, name: str, position: int) -> int:
        closing = f"</{name}"
        if closing in self._endless:
            return position
        found = re.compile(re.escape(closing), re.IGNORECASE).search(self._html, position)
        if found is None:
            self._endless.add(closing)
            return position
        return self._find(">", found.end())
