"""Which styles hide the text they are set for (MAIL.md P7). Pure. Styles come in lower case."""

import re

MAX_STYLE = 2_000

_HIDDEN = re.compile(
    r"display\s{0,5}:\s{0,5}none|visibility\s{0,5}:\s{0,5}hidden|mso-hide\s{0,5}:\s{0,5}all|(?<![\w-])opacity\s{0,5}:\s{0,5}0(?![.\d])"
)
_FLAT = re.compile(r"max-height\s{0,5}:\s{0,5}0(?![.\d])")
_CLIPPED = re.compile(r"overflow\s{0,5}:\s{0,5}hidden")
_FONT_SIZE = re.compile(r"font-size\s{0,5}:\s{0,5}(?:(0(?:px|pt|em|rem|%)?(?![.\d%a-z]))|[^;\s])")


def is_hiding(style: str) -> bool:
    """Whether nothing inside such an element can be seen, whatever its own style."""
    return _HIDDEN.search(style) is not None or (_FLAT.search(style) is not None and _CLIPPED.search(style) is not None)


def find_tininess(style: str) -> bool | None:
    """Whether the font has no size, which an element inside may give it again; None where the style says nothing of it."""
    size = _FONT_SIZE.search(style)
    return None if size is None else size.group(1) is not None
