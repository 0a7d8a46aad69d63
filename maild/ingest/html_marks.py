"""What the elements of mail clients' HTML mean for the text in them (MAIL.md P8): quotes, frames, signatures, rules. Pure.

The ids, classes and names are in `data/html_quotes.toml`; a client is one line there.
"""

import re
from functools import lru_cache

from maild.ingest.data import word_set, words
from maild.ingest.lines import Origin

MAX_STYLE = 2_000
MAX_NAMES = 1_000

_MARKING = ("name", "type", "data-marker", "fairemail")
_TOP_BORDER = re.compile(r"border-top\s{0,5}:(?!\s{0,5}(?:none|0(?![.\d])|unset|initial|inherit))")
_NO_BORDER = re.compile(r"border(?:-width|-style)?\s{0,5}:\s{0,5}(?:none|0(?![.\d]))")
_SIDE_BORDER = re.compile(r"border-(?:left|right|inline-start)[a-z-]{0,10}\s{0,5}:(?!\s{0,5}(?:none|0(?![.\d])))")


def find_names(attributes: dict[str, str]) -> frozenset[str]:
    """Ids and classes in lower case, without what other mail programs put before or behind them, and attributes that mark quotes."""
    found = f"{attributes.get('class', '')} {attributes.get('id', '')}".lower()[:MAX_NAMES].split()
    marks = [f"{name}={attributes[name].lower()[:100]}" for name in _MARKING if name in attributes]
    return frozenset([_foreign().sub("", word) for word in found] + marks)


@lru_cache(maxsize=1)
def _foreign() -> re.Pattern[str]:
    before, behind = ("|".join(words("html_quotes", key)) for key in ("prefixes", "suffixes"))
    return re.compile(rf"^(?:{before}){{1,5}}(?=[a-z_])|(?:{behind})$")


def begins_rest(names: frozenset[str]) -> bool:
    """Is everything after the beginning of this element quoted?"""
    return not names.isdisjoint(word_set("html_quotes", "rest"))


def find_origin(names: frozenset[str], element: str) -> Origin:
    """What the text in an element of these names is. A frame is a container beside its quotes; as a quote itself it is one."""
    if not names.isdisjoint(word_set("html_quotes", "frames")):
        return Origin.QUOTE if element == "blockquote" else Origin.FRAME
    if not names.isdisjoint(word_set("html_quotes", "containers")):
        return Origin.QUOTE
    return Origin.BODY if names.isdisjoint(word_set("html_quotes", "signatures")) else Origin.SIGNATURE


def draws_rule(style: str) -> bool:
    """A border above the element and nowhere else: Outlook's way of parting a mail from the one it answers."""
    return "border-top" in style and _TOP_BORDER.search(style[:MAX_STYLE]) is not None and not _SIDE_BORDER.search(style[:MAX_STYLE])


def is_indentation(attributes: dict[str, str]) -> bool:
    """A blockquote that quotes nobody: what Gmail's and Apple's buttons for indenting make."""
    if "type" in attributes or "cite" in attributes:
        return False
    names = find_names(attributes)
    if names & word_set("html_quotes", "indentations"):
        return True
    style = attributes.get("style", "").lower()[:MAX_STYLE]
    return not names and _NO_BORDER.search(style) is not None and not _SIDE_BORDER.search(style)
