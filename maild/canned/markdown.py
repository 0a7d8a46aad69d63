"""The door to markdown-it: Markdown → safe HTML, with variables in their places.

Each variable goes through as one made-up word, so that neither its name nor what is filled in later is read as Markdown.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from maild.canned.shelf import Piece, Variable
from maild.ingest.clean_html import clean

_BLOCKS = frozenset(("paragraph_open", "heading_open", "bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"))
_ALIGNMENT = re.compile(r"text-align:(left|right|center)")
_WAYS = ("http://", "https://", "mailto:", "tel:")


@dataclass(frozen=True, slots=True)
class Problem:
    """What cannot be sent as it is written, and the line it stands in, from 1."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """The HTML of a text, in pieces like it; the same variable may stand in it more or less often."""

    html: tuple[Piece, ...]
    problems: tuple[Problem, ...] = ()


def render(pieces: Sequence[Piece]) -> Page:
    variables = [piece for piece in pieces if isinstance(piece, Variable)]
    stem = _unused_word("".join(piece for piece in pieces if isinstance(piece, str)))
    words = iter(f"{stem}{number}x" for number in range(len(variables)))
    tokens = _parser().parse("".join(next(words) if isinstance(piece, Variable) else piece for piece in pieces))
    _dress(tokens)
    html = clean(_parser().renderer.render(tokens, _parser().options, {})).strip()
    return Page(tuple(_placed(re.split(rf"{stem}(\d+)x", html), variables)), tuple(_find_problems(tokens, stem)))


def _dress(tokens: Sequence[Token]) -> None:
    """Each block runs as its own words do, beside whatever an agent writes; tables look like some also where no style is left."""
    for token in tokens:
        if token.type in _BLOCKS:
            token.attrSet("dir", "auto")
        if token.type == "table_open":
            token.attrSet("cellpadding", "4")
        if aligned := _ALIGNMENT.match(str(token.attrGet("style") or "")):
            token.attrSet("align", aligned[1])


def _placed(parts: Sequence[str], variables: Sequence[Variable]) -> Iterator[Piece]:
    """Words and numbers of variables in turn, as `re.split` gives them. Within a tag there is no other place for one than an address, in
    which Markdown leaves no angle bracket."""
    in_tag = False
    for place, part in enumerate(parts):
        if place % 2 == 0:
            opened, closed = part.rfind("<"), part.rfind(">")
            in_tag = opened > closed if opened != closed else in_tag
            yield part
        else:
            variable = variables[int(part)]
            yield replace(variable, in_link=in_tag or variable.in_link)


def _find_problems(tokens: Sequence[Token], stem: str) -> Iterator[Problem]:
    foreign_host = re.compile(rf"https?://[^/?#]*{stem}")
    for token in tokens:
        line = token.map[0] + 1 if token.map else 1
        for child in token.children or ():
            line += child.type in ("softbreak", "hardbreak")
            target = str(child.attrGet("href") or "")
            if child.type == "image":
                yield Problem(line, "a picture cannot be sent along; write a link")
            elif child.type == "link_open" and (not target.startswith(_WAYS) or foreign_host.match(target)):
                yield Problem(line, "a link must name its server itself, as [orders](https://acme.example/orders) does")


def _unused_word(source: str) -> str:
    """Letters that occur nowhere in the source, which Markdown takes for a word."""
    word = "variable"
    while word in source.casefold():
        word += "z"
    return word


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    """CommonMark with tables. HTML within it is text."""
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
