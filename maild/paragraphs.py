"""Plain text as HTML: blank lines part paragraphs, other line breaks and leading blanks stay, `>` lines become a quotation. Pure."""

import re
from html import escape

MAX_QUOTE_DEPTH = 5
_BULLET = "- "
_TYPED = re.compile(r"`([^`\n]{1,500})`")


def paragraphs(text: str, direction: str = "") -> str:
    """`direction` "auto": each paragraph runs as its own words do, whatever the letter's language; for what people wrote."""
    return _paragraphs(text, f'<p dir="{escape(direction)}">' if direction else "<p>")


def prose(text: str) -> str:
    """What a template says itself: lines behind `- ` are a list there, and what stands in backticks is to be typed as it is."""
    blocks = (block.strip("\n") for block in text.split("\n\n") if block.strip())
    return "\n".join(_list(block) if block.startswith(_BULLET) else _TYPED.sub(_typed, _block(block, "<p>", 0)) for block in blocks)


def _list(block: str) -> str:
    """A line without its own mark goes on with the item above it."""
    items = block.removeprefix(_BULLET).split(f"\n{_BULLET}")
    shown = ("<br>\n".join(map(line_of, item.split("\n"))) for item in items)
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in shown) + "\n</ul>"


def _typed(match: re.Match[str]) -> str:
    """In bold, as usages stand in letters: without style, letters of one width are smaller, and lines with them uneven."""
    return f'<strong dir="ltr">{match[1]}</strong>'


def line_of(text: str) -> str:
    """One line, its leading blanks kept."""
    words = text.lstrip(" ")
    return "&nbsp;" * (len(text) - len(words)) + escape(words, quote=False)


def _paragraphs(text: str, opening: str, depth: int = 0) -> str:
    blocks = (block.strip("\n") for block in text.split("\n\n") if block.strip())
    return "\n".join(_block(block, opening, depth) for block in blocks)


def _block(block: str, opening: str, depth: int) -> str:
    lines = block.split("\n")
    if depth < MAX_QUOTE_DEPTH and all(line.startswith(">") for line in lines):
        inner = "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
        return f"<blockquote>{_paragraphs(inner, opening, depth + 1)}</blockquote>"
    return opening + "<br>\n".join(map(line_of, lines)) + "</p>"
