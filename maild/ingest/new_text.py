"""The new words of a reply (MAIL.md P8): text lines → what is shown, and what is set aside. Pure; nothing is deleted.

Where the quote begins is `maild.ingest.quotes`'s question, where the signature begins `maild.ingest.signatures`'s.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from maild.ingest.html_text import MAX_LINES, Line, Origin
from maild.ingest.quotes import Quote, find_quote, is_attribution, is_quoted
from maild.ingest.signatures import find_signature

MAX_SHARED = 500

_SHARED = re.compile(r"(.{0,500}?[^\s-])\s?-{3,}\s{1,3}(.{10,300})")
# Seen in practice: the character Gmail leaves behind for its tracking pixel.
_LEADS_OVER = re.compile(r"\s{0,8}(?:[-_=*~#+—–─]{3,200}|ᐧ)\s{0,8}")


@dataclass(frozen=True, slots=True)
class NewText:
    """`visible` is what the writer wrote now, `elided` the rest of the mail in its order."""

    visible: str
    elided: str


def cut_reply(lines: Sequence[Line]) -> NewText:
    """The new text of a reply. Where text stands below or between quotes, and where nothing would be left, all of it is shown."""
    lines = tuple(_part_attributions(lines))
    examined = lines[:MAX_LINES]
    is_whole = len(examined) == len(lines)
    body = examined[: find_signature(examined)] if is_whole else examined
    quote = find_quote(body)
    if quote and _is_written(body[: quote.start]) and not _is_answered_below(body, quote, is_whole):
        return _divide(lines, _end_of_text(body[: quote.start]))
    return _divide(lines, _end_of_text(body) if is_whole else len(lines))


def _part_attributions(lines: Sequence[Line]) -> Iterator[Line]:
    """Seen in practice: the writer's last words and the attribution on one line: "Fine by me --- On Monday at 10:00 Ann wrote:"."""
    for line in lines:
        found = _SHARED.fullmatch(line.text) if "--- " in line.text[:MAX_SHARED] else None
        if found and is_attribution(found.group(2)):
            yield replace(line, text=found.group(1))
            yield replace(line, text=found.group(2))
        else:
            yield line


def _end_of_text(kept: Sequence[Line]) -> int:
    """Where the writer's words end: before his signature, and before rules and marks that led over to the quote."""
    signature = find_signature(kept)
    end = len(kept) if signature is None else signature
    while end and (not kept[end - 1].text.strip() or _LEADS_OVER.fullmatch(kept[end - 1].text)):
        end -= 1
    return end or len(kept)


def _is_written(lines: Sequence[Line]) -> bool:
    return any(line.text.strip() for line in lines)


def _divide(lines: Sequence[Line], end: int) -> NewText:
    return NewText(_join(lines[:end]), _join(lines[end:]))


def _join(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines).strip("\n").rstrip()


def _is_answered_below(lines: Sequence[Line], quote: Quote, is_whole: bool) -> bool:
    """Is there, or may there be, text of the writer's own below or between the quoted lines?"""
    if not quote.is_marked:
        return False
    return not is_whole or any(_is_own(lines, number) for number in range(quote.content, len(lines)))


def _is_own(lines: Sequence[Line], number: int) -> bool:
    """Neither blank nor quoted. Seen in practice: long quoted lines wrapped on the way, their ends without a mark."""
    line = lines[number]
    if not line.text.strip() or line.origin is not Origin.BODY or is_quoted(line.text):
        return False
    is_wrapped = 0 < number < len(lines) - 1 and is_quoted(lines[number - 1].text) and is_quoted(lines[number + 1].text)
    return not is_wrapped
