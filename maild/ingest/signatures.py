"""Where a trailing signature begins (MAIL.md P9), and what machines write below a mail. Pure; their words are in `data/signatures.toml`.

Lines come simplified (`maild.ingest.lines`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from maild.ingest.data import words
from maild.ingest.lines import Line, Origin

MAX_SIGNATURE_LINES = 25
MAX_LOOSE_LINES = 10
MAX_LOOSE_WORDS = 9
MAX_LINES_AFTER_PROGRAM = 3
MAX_PROGRAM_LINE = 120
MAX_PROGRAM_WORDS = 8
MOST_BEHIND_DEVICE = 3
MAX_WEAK_WORDS = 12
MAX_FOOTER_LINES = 15
MAX_NOTICE_LINES = 60
MAX_LIST_LINES = 6
MAX_LIST_WORDS = 12
LEAST_SENTENCE = 3

_SEPARATOR = re.compile(r"\s{0,2}--\s{0,4}$")
_RULE = re.compile(r"\s{0,4}[-_=*~#]{3,}\s*$")
_LINK = re.compile(r"https?://\S{1,300}|\S{1,100}@\S{1,100}")
_REFERENCE = re.compile(r"[\d@/]")
_QUESTION_MARKS = ("?", "？")
_SENTENCE_END = (*_QUESTION_MARKS, "。", "！")
# The rest of the device's word: "iPhone's", "iPhone-Gerät". Scripts without blanks go on at once.
_ENDING = re.compile(r"^[!-~\u00a1-\u0dff]{1,20}")
_SYSTEM = re.compile(r"\b(?:ios|ipados|mac|macos|android|windows)\b")
_DECORATION = "*_-– \t<[(|\"'"


def find_signature(lines: Sequence[Line]) -> int | None:
    """The line at which the trailing signature begins, None without one. It never takes the whole text."""
    body = lines[: _by_list(lines)]
    candidates = (
        *(_marked_up(body), _separated(body), _by_program(body), _first_footer(body, "footers", MAX_FOOTER_LINES)),
        len(body) if len(body) < len(lines) else None,
    )
    found = [number for number in candidates if number is not None and _has_text(lines[:number])]
    return min(found, default=None)


def find_notice(lines: Sequence[Line]) -> int | None:
    """The line at which a legal notice begins that ends the text, None without one. Some servers write it below everything."""
    number = _first_footer(lines, "notices", MAX_NOTICE_LINES)
    if number is None:
        return _first_footer(lines, "footers", MAX_FOOTER_LINES)
    words_of_it = " ".join(line.text for line in lines[number:]).lower()
    return number if any(piece in words_of_it for piece in words("signatures", "legal")) else None


def _has_text(lines: Sequence[Line]) -> bool:
    return any(line.text.strip() for line in lines)


def _by_list(lines: Sequence[Line]) -> int | None:
    """Where a list server's block begins: a rule, a few short lines, among them the list's address; or that address alone."""
    written = [number for number in range(max(0, len(lines) - MAX_FOOTER_LINES), len(lines)) if lines[number].text.strip()]
    alone = written[-1] if written and _is_list_address_alone(lines, written) else None
    has_address = False
    for number in written[: -MAX_LIST_LINES - 2 : -1]:
        text = lines[number].text
        if _RULE.match(text):
            return number if has_address else None
        if len(text.split()) > MAX_LIST_WORDS or text.lstrip().startswith(">"):
            break
        has_address = has_address or _is_list_address(text)
    return alone


def _is_list_address_alone(lines: Sequence[Line], written: Sequence[int]) -> bool:
    """A paragraph by itself, and none the writer leads over to: "How do I leave this list?"."""
    last = lines[written[-1]].text.strip()
    if not _is_list_address(last) or not _LINK.fullmatch(last) or not _begins_paragraph(lines, written[-1]):
        return False
    return len(written) < 2 or not lines[written[-2]].text.rstrip().endswith((":", *_QUESTION_MARKS))


def _is_list_address(text: str) -> bool:
    lowered = text.lower()
    return any(piece in lowered for piece in words("signatures", "list_addresses")) and _LINK.search(lowered) is not None


def _marked_up(lines: Sequence[Line]) -> int | None:
    """A signature element of an HTML mail, with nothing but blanks after it."""
    number = len(lines)
    while number and (lines[number - 1].origin is Origin.SIGNATURE or not lines[number - 1].text.strip()):
        number -= 1
    return number if number < len(lines) and _has_text(lines[number:]) else None


def _separated(lines: Sequence[Line]) -> int | None:
    """The first `-- ` line not too far from the end: a list's footer may follow the writer's signature, but no postscript of his."""
    tail = range(max(0, len(lines) - MAX_SIGNATURE_LINES), len(lines))
    exact = next((number for number in tail if lines[number].text == "-- "), None)
    if exact is None:
        return _loosely_separated(lines, tail)
    return None if any(_is_postscript(line.text) for line in lines[exact + 1 :]) else exact


def _loosely_separated(lines: Sequence[Line], tail: range) -> int | None:
    """Seen in practice: the separator without its blank, or a long dash. Those divide texts too, so only one alone counts, and only over
    a few short lines."""
    found = [number for number in tail if _SEPARATOR.match(lines[number].text)]
    if len(found) != 1:
        return None
    below = [line.text for line in lines[found[0] + 1 :] if line.text.strip()]
    return found[0] if len(below) <= MAX_LOOSE_LINES and all(map(_may_be_signature, below)) else None


def _may_be_signature(text: str) -> bool:
    """Names, places, numbers; no sentence, and no postscript."""
    if _is_postscript(text) or _is_sentence(text):
        return False
    return len(text.split()) <= MAX_LOOSE_WORDS or _REFERENCE.search(text) is not None


def _is_postscript(text: str) -> bool:
    return text.strip(_DECORATION).lower().startswith(words("signatures", "postscripts"))


@lru_cache(maxsize=128)
def _is_sentence(text: str) -> bool:
    """A question, or words most of which are written small; names, ranks and places are not.

    Remembered for a while: the last lines are judged for several kinds of signatures, and with and without what stands above them.
    """
    bare = text.strip(_DECORATION + "*_)")
    if bare.endswith(_SENTENCE_END):
        return True
    found = [word for word in bare.split() if word[0].isalpha()]
    return len(found) >= LEAST_SENTENCE and 2 * sum(word[0].islower() for word in found) >= len(found) and not _LINK.search(bare)


def _by_program(lines: Sequence[Line]) -> int | None:
    """ "Sent from my telephone", at most three written lines before the end; several such lines are one signature."""
    written = 0
    found = None
    for number in range(len(lines) - 1, -1, -1):
        text = lines[number].text.strip()
        if not text:
            continue
        if is_program_line(text):
            found = number
            continue
        written += 1
        if found is not None or written > MAX_LINES_AFTER_PROGRAM or not _may_be_signature(text):
            break
    return found


def is_program_line(text: str) -> bool:
    """A line that a mail program wrote, in any language."""
    if len(text) > MAX_PROGRAM_LINE:
        return False
    bare = text.strip(_DECORATION).lower()
    is_known = bare.startswith(words("signatures", "begins")) or bare.rstrip(" .!)]>*_").endswith(words("signatures", "ends"))
    if not is_known and not bare.startswith(words("signatures", "weak")):
        return False
    if bare.endswith(_QUESTION_MARKS) or _says_more(text.strip(_DECORATION)):
        return False
    length = len(bare.split())
    if is_known:
        # Seen in practice: "Sent from my desk, which is much easier than my mobile phone."
        is_sentence = bare.endswith(".") and length > MAX_PROGRAM_WORDS
        return not is_sentence or _brand().search(bare) is not None
    return length <= MAX_WEAK_WORDS and (_brand().search(bare) is not None or _device_word().search(bare) is not None)


def _says_more(text: str) -> bool:
    """Seen in practice: "From my iPhone it does not work." Behind the device stand large letters, numbers, links, or a verb of sending; of
    small ones a few, where a verb stands in front."""
    lowered = text.lower()
    # No sentence begins like "Sent from my iPhone, please excuse my typos".
    if len(lowered) != len(text) or lowered.startswith("sent from"):
        return False
    if lowered.rstrip(" .!)]>*_").endswith((*words("signatures", "closings"), *words("signatures", "ends"))):
        return False
    devices = [*_brand().finditer(lowered), *_device_word().finditer(lowered), *_SYSTEM.finditer(lowered)]
    is_place = lowered.startswith(words("signatures", "places"))
    if not devices:
        return is_place
    behind = _ENDING.sub("", _LINK.sub("", text[max(found.end() for found in devices) :]))
    count = sum(word[0].isalpha() and not word[0].isupper() for word in behind.split())
    return count > (0 if is_place else MOST_BEHIND_DEVICE)


@lru_cache(maxsize=1)
def _brand() -> re.Pattern[str]:
    return _any_of(words("signatures", "brands"))


@lru_cache(maxsize=1)
def _device_word() -> re.Pattern[str]:
    return _any_of(words("signatures", "device_words"))


def _any_of(beginnings: tuple[str, ...]) -> re.Pattern[str]:
    """Words that begin so. Chinese and Japanese put no blank before them."""
    return re.compile(rf"(?<![a-z\u00c0-\u052f])(?:{'|'.join(map(re.escape, beginnings))})")


def _first_footer(lines: Sequence[Line], kind: str, most: int) -> int | None:
    """The earliest paragraph in the last so many lines that begins like such a footer, and the rule above it. No quote may follow, and
    below a footer of few words no paragraph of the writer's own."""
    beginnings = words("signatures", kind)
    found = None
    for number in range(len(lines) - 1, max(-1, len(lines) - 1 - most), -1):
        line = lines[number]
        if line.origin in (Origin.QUOTE, Origin.FRAME) or line.text.lstrip().startswith(">"):
            break
        if line.text.strip() and _begins_paragraph(lines, number):
            if line.text.strip(_DECORATION).lower().startswith(beginnings):
                found = number
            elif kind == "footers" and _is_sentence(line.text):
                break
    while found and (not lines[found - 1].text.strip() or _RULE.match(lines[found - 1].text)):
        found -= 1
    return found


def _begins_paragraph(lines: Sequence[Line], number: int) -> bool:
    above = lines[number - 1].text if number else ""
    return not above.strip() or lines[number].is_ruled or _RULE.match(above) is not None or above.lstrip().startswith(">")
