"""The new words of a reply (MAIL.md P8): text lines → what is shown, and what is set aside. Pure; nothing is deleted.

Where the quote begins is `maild.ingest.quotes`'s question, where the signature begins `maild.ingest.signatures`'s, and what mail systems
put before a text `maild.ingest.banners`'s.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from maild.ingest.attributions import Evidence, find_opener, has_verb, weigh
from maild.ingest.banners import end_of_banners
from maild.ingest.introductions import is_greeting, promises_answers
from maild.ingest.lines import MAX_LINES, Line, Origin, next_written, plain_lines, simplify
from maild.ingest.quotes import Quote, find_quote, has_own_reference, is_marker, is_quoted
from maild.ingest.signatures import find_notice, find_signature

MAX_SHARED = 500
LEAST_WRAPPED = 72

_SHARED = re.compile(r"(.{0,500}?[^\s-])\s?-{3,}\s{1,3}(.{10,300})")
_WORDS = re.compile(r"\w|[^\x00-\x7f]")
_SNIPPED = re.compile(r"\W{0,5}(?:snip\w{0,5}|schnipp\w{0,2}|cut|gekürzt|coupé)\W{0,5}$", re.IGNORECASE)
_LINKS = ("(http", "<http")
_LINK_PIECES = ("http", "_", "&", "=", "%", "/", "?")
_SENTENCE_END = (".", "!", "?", ":", "…", "。", "？", "！")
_WORDS_ABOVE = (Line("Words."), Line(""))
# Seen in practice: the character Gmail leaves behind for its tracking pixel.
_LEADS_OVER = re.compile(r"\s{0,8}(?:[-_=*~#+]{3,200}|ᐧ)\s{0,8}")


@dataclass(frozen=True, slots=True)
class NewText:
    """`visible` is what the writer wrote now, `elided` the rest of the mail in its order. `is_old`: the writer wrote nothing now; what is
    visible is a quotation or a signature, since a mail is never shown empty."""

    visible: str
    elided: str
    is_old: bool = False


def cut_reply(lines: Sequence[Line], *, is_careful: bool = True) -> NewText:
    """The new text of a reply. Where text stands below or between quotes, and where nothing would be left, all of it is shown.

    `is_careful`: where it is in doubt whether something is quoted, it is shown. A mail with our own reference line is never in doubt.
    """
    lines, start, end = _find_new(lines, is_careful)
    return replace(_divide(lines, start, end), is_old=_is_old(lines[start:end]))


def is_old_text(text: str) -> bool:
    """Is there nothing in it but what is quoted, and a signature?"""
    return _is_old(plain_lines(text))


def keep_reply(lines: Sequence[Line]) -> NewText:
    """All of the text but the banners in front, as the first message of a ticket is shown: it is never cut."""
    return _divide(lines, end_of_banners(simplify(lines[:MAX_LINES])), len(lines))


def find_elided_images(lines: Sequence[Line]) -> frozenset[str]:
    """The pictures that stand nowhere in the new text (MAIL.md P11)."""
    lines, start, end = _find_new(lines, is_careful=True)
    shown = {image for line in lines[start:end] for image in line.images}
    return frozenset(image for line in lines for image in line.images) - shown


def _find_new(lines: Sequence[Line], is_careful: bool) -> tuple[Sequence[Line], int, int]:
    """(the lines, the first new one, the line after the last new one); attributions stand on lines of their own then."""
    lines = tuple(_part_attributions(lines))
    examined = simplify(lines[:MAX_LINES])
    start = end_of_banners(examined)
    is_careful = is_careful and not any(has_own_reference(line.text) for line in examined)
    end = _end_of_new_text(examined[start:], is_whole=len(examined) == len(lines), is_careful=is_careful)
    return lines, start, len(lines) if end is None else start + end


def _part_attributions(lines: Sequence[Line]) -> Iterator[Line]:
    """Seen in practice: the writer's last words and the attribution on one line: "Fine by me --- On Monday at 10:00 Ann wrote:".

    A quoted line has its writer's last words in it, and parted, its end would be taken for words written below a quote.
    """
    for line in lines:
        if parted := _parted(line.text):
            yield replace(line, text=parted[0])
            yield replace(line, text=parted[1], is_ruled=False)
        else:
            yield line


def _parted(text: str) -> tuple[str, str] | None:
    is_ruled, is_closed = "--- " in text, text.rstrip().endswith((":", "："))
    if not (is_ruled or is_closed) or len(text) > MAX_SHARED or is_quoted(text):
        return None
    found = _SHARED.fullmatch(text) if is_ruled else None
    if found and weigh(found.group(2)) is not Evidence.NONE:
        return found.group(1), text[found.end(1) :].lstrip()
    opener = find_opener(text) if is_closed else None
    return (text[:opener].rstrip(), text[opener:]) if opener else None


def _end_of_new_text(examined: Sequence[Line], *, is_whole: bool, is_careful: bool) -> int | None:
    """The line after the last one to show; None where everything is."""
    body = examined[: _trailing_signature(examined, is_careful)] if is_whole else examined
    quote = find_quote(body, is_careful=is_careful)
    if quote and _is_written(body[: quote.start]) and not _is_answered_below(body, quote, is_whole, is_careful):
        return _end_of_text(body[: quote.start], is_careful)
    return _end_of_text(body, is_careful) if is_whole else None


def _trailing_signature(lines: Sequence[Line], is_careful: bool) -> int | None:
    """Where a signature below everything begins. One that quoted lines follow is none: answers may stand between those. Nor is one below
    a greeting alone: the answer stands in it."""
    quoted = next((number for number in range(len(lines) - 1, -1, -1) if _is_marked(lines[number])), None)
    if quoted is None:
        found = find_signature(lines)
        return None if is_careful and found is not None and _is_greeting(lines[:found]) else found
    found = find_signature((*_WORDS_ABOVE, *lines[quoted + 1 :]))
    return None if found is None else max(quoted + 1, quoted + 1 + found - len(_WORDS_ABOVE))


def _is_marked(line: Line) -> bool:
    return line.text.lstrip().startswith(">") or line.origin in (Origin.QUOTE, Origin.FRAME)


def _end_of_text(kept: Sequence[Line], is_careful: bool) -> int:
    """Where the writer's words end: before his signature, and before rules and marks that led over to the quote."""
    signature = _trailing_signature(kept, is_careful)
    end = len(kept) if signature is None else signature
    while end and (not kept[end - 1].text.strip() or _leads_over(kept, end - 1)):
        end -= 1
    return end or len(kept)


def _leads_over(lines: Sequence[Line], number: int) -> bool:
    """One right below words is theirs: the border of a table, a line under a heading."""
    if not _LEADS_OVER.fullmatch(lines[number].text):
        return False
    above = lines[number - 1].text if number else ""
    return not above.strip() or _LEADS_OVER.fullmatch(above) is not None


def _is_old(lines: Sequence[Line]) -> bool:
    """Of a text too long to be looked at whole nobody knows."""
    if len(lines) > MAX_LINES:
        return False
    examined = simplify(lines)
    # A signature is looked for below words only.
    signature = find_signature((*_WORDS_ABOVE, *examined))
    body = examined if signature is None else examined[: max(0, signature - len(_WORDS_ABOVE))]
    first = next_written(body, 0)
    quote = find_quote(body, last=first) if first is not None else None
    if quote is None:
        return first is None
    return not _is_answered_below(body, quote, is_whole=True, is_careful=False)


def _is_written(lines: Sequence[Line]) -> bool:
    return any(line.text.strip() for line in lines)


def _divide(lines: Sequence[Line], start: int, end: int) -> NewText:
    return NewText(_join(lines[start:end]), "\n\n".join(filter(None, (_join(lines[:start]), _join(lines[end:])))))


def _join(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines).strip("\n").rstrip()


def _is_answered_below(lines: Sequence[Line], quote: Quote, is_whole: bool, is_careful: bool) -> bool:
    """Is there, or may there be, text of the writer's own below or between the quoted lines?"""
    if is_careful and _is_answered_within(lines, quote):
        return True
    if not quote.is_marked:
        return False
    end = find_notice(lines) or len(lines)
    within = range(quote.content, end)
    frames_count = not is_marker(lines[quote.start].text) or has_verb(lines[quote.start].text)
    first_quoted = next((number for number in within if is_quoted(lines[number].text)), end) if frames_count else end
    return not is_whole or any(_is_own(lines, number, first_quoted) for number in within)


def _is_answered_within(lines: Sequence[Line], quote: Quote) -> bool:
    """Do the writer's words say that his answers stand in a quote without marks, or are they no more than a greeting?"""
    above, content = lines[: quote.start], next_written(lines, quote.content)
    if content is None or is_quoted(lines[content].text):
        return False
    if promises_answers(above):
        return True
    is_bare = not any(is_quoted(line.text) for line in lines[quote.start :])
    return is_bare and _is_greeting(above)


def _is_greeting(lines: Sequence[Line]) -> bool:
    return is_greeting("\n".join(line.text for line in lines))


def _is_own(lines: Sequence[Line], number: int, first_quoted: int) -> bool:
    """Words that are not quoted. A line in a mail client's frame is the writer's own where quoted ones stand before it."""
    line = lines[number]
    if not _WORDS.search(line.text) or _SNIPPED.match(line.text) or is_quoted(line.text) or line.origin in (Origin.QUOTE, Origin.SIGNATURE):
        return False
    if line.origin is Origin.FRAME:
        return first_quoted < number
    return not is_wrapped(lines, number)


def is_wrapped(lines: Sequence[Line], number: int) -> bool:
    """Seen in practice: long quoted lines wrapped on the way, their ends without a mark."""
    if not 0 < number < len(lines) - 1:
        return False
    before, text, after = (lines[place].text.strip() for place in (number - 1, number, number + 1))
    if not is_quoted(before) or not is_quoted(after):
        return False
    if text.startswith(_LINKS) or (text.startswith(_LINK_PIECES) and "://" in before.rpartition(" ")[2]):
        return True
    is_full = len(before) + len(text.partition(" ")[0]) >= LEAST_WRAPPED
    return is_full and not text[:1].isupper() and not before.endswith(_SENTENCE_END)
