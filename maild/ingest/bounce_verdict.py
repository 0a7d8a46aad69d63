"""Hard or soft (MAIL.md B3), from a status, a diagnostic and the words of a notice. Pure."""

import re

from maild.ingest.data import words
from maild.message import BounceKind

# RFC 3463. A third dot or a digit before it would make it an IP address or a version.
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\.\d)(?!\d)")
_STATUS_AFTER_CODE = re.compile(r"(?<![\d.])[45]\d\d[ -]{1,2}#?([45]\.\d{1,3}\.\d{1,3})(?![\d])")
_STATUS_IN_BRACKETS = re.compile(r"\(#?([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?<![\w.\[:/-])(4[2357]\d|5[057]\d|52[013]|53[0-9]|54[0-9])(?=[ :-]|$)")
_LONGEST = 4000


def read_kind(status: str, diagnostic: str) -> BounceKind | None:
    """The kind of one recipient's failure: its status, else a code in the diagnostic, else known words; None if none of them tells."""
    return (
        kind_of_status(status)
        or kind_of_status(find_status(diagnostic))
        or _kind_of_code(diagnostic)
        or _kind_of_words(" ".join(diagnostic[:_LONGEST].casefold().replace("’", "'").split()))
    )


def kind_of_status(status: str) -> BounceKind | None:
    """RFC 3463: the class is the first digit. 2 is a success, anything else is nonsense."""
    return {"5": BounceKind.HARD, "4": BounceKind.SOFT}.get(status[:1]) if status else None


def find_status(text: str) -> str:
    """The enhanced status code of a diagnostic, "" without one. The one after a reply code is the server's own."""
    for pattern in (_STATUS_AFTER_CODE, _STATUS_IN_BRACKETS, _STATUS):
        if match := pattern.search(text[:_LONGEST]):
            return match[1]
    return ""


def _kind_of_code(text: str) -> BounceKind | None:
    match = _CODE.search(text[:_LONGEST])
    return kind_of_status(match[1]) if match else None


def _kind_of_words(folded: str) -> BounceKind | None:
    if any(phrase in folded for phrase in words("notices", "soft")):
        return BounceKind.SOFT
    return BounceKind.HARD if any(phrase in folded for phrase in words("notices", "hard")) else None
