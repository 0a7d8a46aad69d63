"""Where the quoted mail begins: the line classifier of MAIL.md P8. Pure; words of all languages are in `data/quotes.toml`.

A place counts only with evidence: an attribution names a date, a time or an address and something quoted follows it; a header block has
at least three known labels. Everything is decided line by line on capped lines, so any text takes linear time.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from maild.ingest.data import words
from maild.ingest.html_text import Line, Origin

MAX_LINE = 2_000
ATTRIBUTION_LINES = 4
ATTRIBUTION_LENGTH = 500
BLOCK_LINES = 14
BLOCK_STRANGERS = 3
LEAST_LABELS = 3
LABEL_WIDTH = 40
UNSPACED_SCRIPTS = "\u0e00"

_QUOTED = re.compile(r"\s{0,4}(?:[A-Za-z]{1,15})?>|\s{0,2}\|(?:\s|$)")
_DATE = re.compile(
    r"\b\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}\b|\b\d{4}\s?[./年-]\s?\d{1,2}\s?[./月-]|\b(?:19|20)\d\d\b|\d{1,2}月\s?\d{1,2}日|\d{4}년"
)
_TIME = re.compile(r"\b\d{1,2}\s?[:.hH時时点시]\s?\d{2}\b")
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@]{1,200}")
_BEGINS_WITH_DATE = re.compile(r"\W{0,3}(?:\w{2,12},?\s)?(?:\d{4}[./年-]|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})")
_HINT = re.compile(r"[\d@]")
_WORD = re.compile(r"\w+")
# Seen in practice, without any verb: `30.09.2017, 18.30, "Ann" <ann@x>:`
_NAMES_WRITER = re.compile(r"<[^<>\s]{1,200}@[^<>\s]{1,200}>\s?[:：]\s*$")
_RULE = re.compile(r"\s{0,4}[-_=*~#—–─]{3,}\s*$")
_DECORATION = re.compile(r"^[\s>*_=~#\-—–─+.:：|]{1,200}|[\s*_=~#\-—–─+.:：|]{1,200}$")
_OWN_MARKER = "maild-ref:"


@dataclass(frozen=True, slots=True)
class Quote:
    """A quoted mail: `start` is its first line, `content` the first of the quoted words; `is_marked` if each of those has a quote mark."""

    start: int
    content: int
    is_marked: bool


def find_quote(lines: Sequence[Line]) -> Quote | None:
    """The earliest evidenced quote, None if the text has none."""
    texts = [line.text[:MAX_LINE] for line in lines]
    for number, line in enumerate(lines):
        if not texts[number].strip():
            continue
        found = _container(lines, number) if line.origin is Origin.QUOTE else _quote_at(texts, lines, number)
        if found:
            return found
    return None


def is_quoted(text: str) -> bool:
    """Does the line begin with a quote mark? Seen in practice: `>`, `| `, and the quoted person's initials before it."""
    return _QUOTED.match(text) is not None


def _container(lines: Sequence[Line], number: int) -> Quote:
    return Quote(number, number, is_marked=True)


def _quote_at(texts: list[str], lines: Sequence[Line], number: int) -> Quote | None:
    """The quote that begins at this line, if one does."""
    text = texts[number]
    if is_quoted(text):
        return Quote(number, number, is_marked=True)
    if _OWN_MARKER in text.lower():
        return Quote(number, number + 1, is_marked=False)
    if is_marker(text):
        return Quote(number, number + 1, is_marked=False)
    block = _header_block(texts, number)
    if block:
        return Quote(number, block, is_marked=False)
    return _attribution(texts, lines, number)


def is_marker(text: str) -> bool:
    """A line of dashes or arrows with "Original Message" or the like in it, in any language."""
    if len(text) > 200:
        return False
    bare = _DECORATION.sub("", text).lower()
    if not bare or bare == text.strip().lower():
        return bare in _bare_markers()
    return len(bare) < 80 and bare.startswith(words("quotes", "markers"))


@lru_cache(maxsize=1)
def _bare_markers() -> frozenset[str]:
    """Markers that are enough without dashes: those of two words or more."""
    return frozenset(marker for marker in words("quotes", "markers") if " " in marker and not marker.isascii())


def _header_block(texts: list[str], number: int) -> int | None:
    """The line after a block of header lines that begins here. A rule directly above the block belongs to it."""
    first = _next_written(texts, number + 1) if _RULE.match(texts[number]) else number
    if first is None or not _known_label(texts[first]):
        return None
    labels: set[str] = set()
    strangers = end = 0
    for position in range(first, min(len(texts), first + BLOCK_LINES)):
        if label := _known_label(texts[position]):
            labels.add(label)
            end = position + 1
        elif texts[position].strip():
            strangers += 1
            if strangers > BLOCK_STRANGERS:
                break
    block = " ".join(texts[first:end])
    return end if len(labels) >= LEAST_LABELS and (_ADDRESS.search(block) or _DATE.search(block)) else None


def _known_label(text: str) -> str:
    """The known label this line begins with, in lower case, or ""."""
    if ":" not in text[:LABEL_WIDTH] and "：" not in text[:LABEL_WIDTH]:
        return ""
    found = _label().match(text)
    return found.group(1).lower() if found else ""


@lru_cache(maxsize=1)
def _label() -> re.Pattern[str]:
    labels = sorted(words("quotes", "labels"), key=len, reverse=True)
    return re.compile(rf"[\s*>]{{0,6}}({'|'.join(map(re.escape, labels))})\s{{0,3}}\*{{0,2}}\s{{0,3}}[:：]", re.IGNORECASE)


def _attribution(texts: list[str], lines: Sequence[Line], number: int) -> Quote | None:
    """ "On Monday at 10:00 Ann wrote:" over one to four lines, with something quoted after it."""
    joined = ""
    for last in range(number, min(number + ATTRIBUTION_LINES, len(texts))):
        text = texts[last].strip()
        if not text or is_quoted(text):
            return None
        joined = f"{joined} {text}".strip()
        if len(joined) > ATTRIBUTION_LENGTH:
            return None
        if is_attribution(joined) and (found := _judge_attribution(texts, lines, number, last, joined)):
            return found
    return None


def _judge_attribution(texts: list[str], lines: Sequence[Line], number: int, last: int, joined: str) -> Quote | None:
    """Is what follows an attribution quoted?"""
    if any(_is_better_start(texts, later, last) for later in range(number + 1, last + 1)):
        return None
    content = _next_written(texts, last + 1)
    if content is None:
        return Quote(number, last + 1, is_marked=False) if _is_full_attribution(joined) else None
    if is_quoted(texts[content]) or lines[content].origin is Origin.QUOTE:
        return Quote(number, content, is_marked=True)
    if _header_block(texts, content) or is_marker(texts[content]) or _is_full_attribution(joined):
        return Quote(number, content, is_marked=False)
    return None


def _is_better_start(texts: list[str], later: int, last: int) -> bool:
    """An attribution begins at its last possible line, what stands before is the writer's own; but its date belongs to it."""
    shorter = " ".join(text.strip() for text in texts[later : last + 1])
    return is_attribution(shorter) and (_has_date(shorter) or not _has_date(texts[later - 1]))


def is_attribution(text: str) -> bool:
    """The words and the evidence of an attribution, whatever follows it."""
    if not _HINT.search(text) or text.count("<") != text.count(">") or text.count("(") != text.count(")"):
        return False
    ends = text.rstrip(" *_").endswith((":", "：", "...", "…", ">", ")"))
    if _has_verb(text):
        return (ends and (_has_date(text) or _has_address(text))) or (_has_address(text) and _has_date(text))
    return (
        ends
        and _has_address(text)
        and (_NAMES_WRITER.search(text) is not None or _BEGINS_WITH_DATE.match(text) is not None)
        and _has_date(text)
    )


def _is_full_attribution(text: str) -> bool:
    """One that cannot be anything else, so that quoted words without marks may follow: a date, a writer, and a colon at the end."""
    if not text.rstrip(" *_").endswith((":", "：")) or not _has_date(text):
        return False
    if _NAMES_WRITER.search(text):
        return True
    return _has_verb(text) and bool(_DATE.search(text)) and (bool(_TIME.search(text)) or _has_address(text))


def _has_date(text: str) -> bool:
    return _DATE.search(text) is not None or _TIME.search(text) is not None


def _has_address(text: str) -> bool:
    return "@" in text and _ADDRESS.search(text) is not None


def _has_verb(text: str) -> bool:
    """Whole words; phrases, and verbs of scripts without blanks, anywhere."""
    lowered = text.lower()
    single, phrases = _verbs()
    return not single.isdisjoint(_WORD.findall(lowered)) or any(phrase in lowered for phrase in phrases)


@lru_cache(maxsize=1)
def _verbs() -> tuple[frozenset[str], tuple[str, ...]]:
    verbs = words("quotes", "verbs")
    single = frozenset(verb for verb in verbs if verb < UNSPACED_SCRIPTS and _WORD.fullmatch(verb))
    return single, tuple(verb for verb in verbs if verb not in single)


def _next_written(texts: list[str], number: int) -> int | None:
    """The next line that is not blank."""
    return next((position for position in range(number, len(texts)) if texts[position].strip()), None)
