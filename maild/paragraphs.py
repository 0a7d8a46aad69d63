"""Plain text as HTML: blank lines part paragraphs, other line breaks and leading blanks stay, `>` lines become a quotation. Pure."""

from html import escape

MAX_QUOTE_DEPTH = 5


def paragraphs(text: str, direction: str = "") -> str:
    """`direction` "auto": each paragraph runs as its own words do, whatever the letter's language; for what people wrote."""
    return _paragraphs(text, f'<p dir="{escape(direction)}">' if direction else "<p>")


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
