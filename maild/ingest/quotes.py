"""Where the quoted mail begins (MAIL.md P8). Pure; the words of all languages are data files.

A place counts only with evidence: a quote mark, a marker, a header block, an attribution with something quoted after it. Everything is
decided line by line on capped, simplified lines (`maild.ingest.lines`), so any text takes linear time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maild.ingest.attributions import Evidence, find_attributions, has_address, has_date, has_verb, weigh
from maild.ingest.data import word_set, words
from maild.ingest.header_blocks import find_header_block, role_of
from maild.ingest.introductions import is_introduced
from maild.ingest.lines import Line, Origin, next_written

MAX_MARKER = 200
MAX_MARKER_WORDS = 120
MAX_BARE_MARKER = 60
MAX_REQUEST_WORDS = 10
MAX_UNMARKED = 3

# `>`, also behind the quoted person's initials (The Bat!) but not behind a program's prompt, and `| ` before words that are no row of a
# table. ">From " is an mbox's doing.
_QUOTED = re.compile(r"\s{0,4}>(?!From )|\s{0,4}(?!SQL>|PS>)[^\W\d_a-zà-ÿа-яё][^\W\d_]{0,14}>+(?:\s|$)|\s{0,2}\|(?!.*\|)\s\s{0,9}\S")
_INITIALS = re.compile(r"\s{0,4}([^\W\d_]{1,3}>)")
_DECORATION = re.compile(r"^[\s>*_=~#\-+.:|\[(]{1,200}|[\s*_=~#\-+.:|\])<]{1,200}$")
_DECORATED = re.compile(r"\s{0,9}[>*_=~#\-+|\s]{0,80}[*_=~#\-+]{2}")
_DECORATED_BOTH = re.compile(r"\s{0,9}[*_=~#\-]{2,80}[^*_=~#\-].{0,400}[^*_=~#\-][*_=~#\-]{2,80}\s{0,9}$")
_HELP_DESK = re.compile(r"\s{0,3}##-.{1,150}-##\s{0,3}$")
# GroupWise: ">>> Ann Smith <ann@x> 01/05/26 10:00 >>>", and the mail below it as it was.
_GROUPWISE = re.compile(r"\s{0,3}>>>\s.{1,300}(?:>>>|:)\s{0,3}$")
_RULED_WHOLE = re.compile(r"\s{0,9}[-=_]{3,200}[^-=_]{1,120}[-=_]{3,200}\s{0,9}$")
# All that can begin a quote has one of these in it, but for the bare words of a marker: no mark, label, rule, date or address without.
_SIGN = re.compile(r"[>:|\d@<*_=~#\-+]")
_CITED = re.compile(r"[?\"“”„«»]|(?<!\w)'")
_OWN_REFERENCE = re.compile(r"maild-ref:\s{0,8}(?:[nw]\.\d|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted mail: `start` is its first line, `content` the first of the quoted words; `is_marked` if each of those has a quote mark."""

    start: int
    content: int
    is_marked: bool


def find_quote(lines: Sequence[Line], *, is_careful: bool = True, last: int | None = None) -> Quote | None:
    """The earliest evidenced quote, None if the text has none. `is_careful`: what the writer's own words introduce is his.

    `last`: one that begins behind this line is not looked for.
    """
    end = len(lines) if last is None else last + 1
    separator = _find_separator(lines[:end])
    number = 0
    while number < end:
        if number == separator:
            return _below(lines, number)
        found = _quote_at(lines, number) if lines[number].text.strip() else None
        if found and not (is_careful and _is_the_writers(lines, found)):
            return found
        number = _end_of_citation(lines, found) if found else number + 1
    return None


def _is_the_writers(lines: Sequence[Line], quote: Quote) -> bool:
    """Quote marks and header blocks are weak evidence where the writer leads over to them; what a mail program marked is not."""
    line = lines[quote.start]
    if line.origin is not Origin.BODY or line.is_ruled:
        return False
    if is_quoted(line.text):
        return is_introduced(lines, quote.start, by_attribution=True)
    return role_of(line.text) != "" and is_introduced(lines, quote.start)


def _end_of_citation(lines: Sequence[Line], quote: Quote) -> int:
    """The line after what the writer cites himself."""
    end = max(quote.content, quote.start + 1)
    while end < len(lines) and is_quoted(lines[end].text):
        end += 1
    return end


def _find_separator(lines: Sequence[Line]) -> int | None:
    """The first line that asks for answers above it. The whole text is searched at once: hardly any has one."""
    text = "\n".join(line.text for line in lines).lower()
    present = tuple(phrase for phrase in words("markers", "separators") if phrase in text)
    if not present:
        return None
    short = ((number, line.text.lower()) for number, line in enumerate(lines) if len(line.text) <= MAX_MARKER_WORDS)
    return next((number for number, line in short if any(phrase in line for phrase in present) and _is_separator(lines, number)), None)


def _is_separator(lines: Sequence[Line], number: int) -> bool:
    """A request that begins a paragraph, or dashes around it. Seen in practice: "I see no line to write above this line, where is it?"."""
    text = lines[number].text
    if _DECORATED.match(text) or is_quoted(text):
        return True
    begins_paragraph = number == 0 or not lines[number - 1].text.strip()
    return begins_paragraph and len(text.split()) <= MAX_REQUEST_WORDS and not _CITED.search(text)


def has_own_reference(text: str) -> bool:
    """Does our own reference line stand here, which is written into agents' notifications only?"""
    return ":" in text and _OWN_REFERENCE.search(text) is not None


def is_quoted(text: str) -> bool:
    """Does the line begin with a quote mark?"""
    return _QUOTED.match(text) is not None


def _quote_at(lines: Sequence[Line], number: int) -> Quote | None:
    """The quote that begins at this line, if one does."""
    line = lines[number]
    if line.origin in (Origin.QUOTE, Origin.FRAME):
        return Quote(number, number, is_marked=True)
    if not line.is_ruled and not _SIGN.search(line.text):
        return _words_of_marker(lines, number)
    if _is_quoted_by_itself(lines, number):
        return _groupwise(lines, number) or Quote(number, number, is_marked=True)
    if has_own_reference(line.text) or is_marker(line.text):
        return _below(lines, number)
    if block := find_header_block(lines, number):
        return Quote(number, block, is_marked=_is_quotation_at(lines, block))
    return _words_of_marker(lines, number) or _attribution(lines, number)


def _below(lines: Sequence[Line], number: int) -> Quote:
    """What stands below a marker. Seen in practice (Outlook Express): a header block, marked lines, and answers between them."""
    block = next_written(lines, number + 1)
    content = (find_header_block(lines, block) if block is not None else None) or number + 1
    return Quote(number, content, is_marked=is_quoted(lines[number].text) or _is_quotation_at(lines, content))


def _is_quotation_at(lines: Sequence[Line], number: int) -> bool:
    content = next_written(lines, number)
    return content is not None and _is_quotation(lines[content])


def _is_quoted_by_itself(lines: Sequence[Line], number: int) -> bool:
    """`>` is a quote mark also without an attribution above it, a bar never: it draws trees and tables. Initials are one over two lines
    or more; what stands before `>` in one line may be a menu or a prompt."""
    if not is_quoted(lines[number].text):
        return False
    if lines[number].text.lstrip().startswith(">"):
        return True
    initials = _INITIALS.match(lines[number].text)
    return initials is not None and number + 1 < len(lines) and lines[number + 1].text.lstrip().startswith(initials[1])


def _groupwise(lines: Sequence[Line], number: int) -> Quote | None:
    text = lines[number].text
    if not _GROUPWISE.match(text) or not (has_date(text) and (has_address(text) or has_verb(text) or text.rstrip().endswith(">>>"))):
        return None
    content = next_written(lines, number + 1)
    is_marked = content is not None and is_quoted(lines[content].text)
    return Quote(number, number + 1, is_marked)


def is_marker(text: str) -> bool:
    """A line that says that another mail follows: "-----Original Message-----" and the like, in any language."""
    lowered = text.strip().lower()
    is_decorated = _DECORATED.match(lowered) is not None
    if len(lowered) > MAX_MARKER or not (is_decorated or lowered.endswith(":")):
        return False
    bare = _DECORATION.sub("", lowered)
    if not bare or len(bare) > MAX_MARKER_WORDS:
        return False
    return _is_decorated_marker(lowered, bare) if is_decorated else _is_plain_marker(bare)


def _is_decorated_marker(lowered: str, bare: str) -> bool:
    if bare in word_set("markers", "markers") or _HELP_DESK.match(lowered):
        return True
    if bare in word_set("markers", "whole"):
        return _RULED_WHOLE.match(lowered) is not None
    says_when_or_who = lowered.rstrip(" -_=*~#").endswith(":") or has_date(bare) or has_address(bare)
    is_decorated_behind = _DECORATED_BOTH.match(lowered) is not None
    # Seen in practice, and no marker: "-- original message was lost, sorry".
    if bare.startswith(words("markers", "markers")):
        return is_decorated_behind or says_when_or_who
    # Zoho: "---- On Mon, 5 Jan 2026 10:00 Ann <ann@x> wrote ----"; Notes: "-----Ann Smith/Globex wrote: -----".
    return says_when_or_who and is_decorated_behind and has_verb(bare)


def _is_plain_marker(bare: str) -> bool:
    """Apple Mail's "Begin forwarded message:"; without the colon it may be an item of the writer's list."""
    return len(bare) <= MAX_BARE_MARKER and bare.startswith(words("markers", "markers"))


def _words_of_marker(lines: Sequence[Line], number: int) -> Quote | None:
    """BlackBerry: "Original Message" without dashes, and the header block below it."""
    bare = lines[number].text.strip().lower()
    if len(bare) > MAX_BARE_MARKER or not bare.startswith(words("markers", "markers")):
        return None
    following = next_written(lines, number + 1)
    block = find_header_block(lines, following) if following is not None else None
    return Quote(number, block, is_marked=_is_quotation_at(lines, block)) if block else None


def _attribution(lines: Sequence[Line], number: int) -> Quote | None:
    """An attribution over one or more lines, with something quoted after it."""
    for last, joined in find_attributions(lines, number):
        evidence = weigh(joined)
        if evidence and (found := _judge_attribution(lines, number, last, evidence)):
            return found
    return None


def _judge_attribution(lines: Sequence[Line], number: int, last: int, evidence: Evidence) -> Quote | None:
    """Is what follows an attribution quoted?"""
    if any(_is_better_start(lines, number, later, last) for later in range(number + 1, last + 1)):
        return None
    content = next_written(lines, last + 1)
    if content is None:
        return Quote(number, last + 1, is_marked=False) if evidence is Evidence.ALONE else None
    if _is_quotation(lines[content]):
        return Quote(number, content, is_marked=True)
    if evidence is Evidence.ALONE and _has_marks_soon(lines, content):
        return Quote(number, content, is_marked=True)
    if evidence is Evidence.ALONE or find_header_block(lines, content) or is_marker(lines[content].text):
        return Quote(number, content, is_marked=False)
    return None


def _is_quotation(line: Line) -> bool:
    return is_quoted(line.text) or line.origin in (Origin.QUOTE, Origin.FRAME)


def _has_marks_soon(lines: Sequence[Line], content: int) -> bool:
    """Seen in practice: "[...]" or a word of thanks between the attribution and the quoted lines, and the answer below them."""
    number: int | None = content
    for _ in range(MAX_UNMARKED):
        number = next_written(lines, number + 1) if number is not None else None
        if number is not None and _is_quotation(lines[number]):
            return True
    return False


def _is_better_start(lines: Sequence[Line], number: int, later: int, last: int) -> bool:
    """An attribution begins at its last possible line, what stands before is the writer's own; but its date belongs to it."""
    shorter = _joined(lines, later, last + 1)
    return weigh(shorter) is not Evidence.NONE and (has_date(shorter) or not has_date(_joined(lines, number, later)))


def _joined(lines: Sequence[Line], start: int, end: int) -> str:
    return " ".join(line.text.strip() for line in lines[start:end])
