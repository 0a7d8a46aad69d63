"""Attributions: "On Monday at 10:00 Ann Smith wrote:" in all languages of `data/attributions.toml` (MAIL.md P8, P10). Pure, linear.

Lines come simplified (`maild.ingest.lines`). What stands below an attribution is judged by `maild.ingest.quotes`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from maild.ingest.data import word_set, words
from maild.ingest.lines import Line

MAX_LENGTH = 500
MAX_ATTRIBUTION_LINES = 6
MAX_NAME_WORDS = 8
MAX_SMALL_WORDS = 3
MAX_WORD = 60
UNSPACED_SCRIPTS = "\u0e00"

# All of them begin with a digit, and say so first: what must begin so is soon looked for. `(?<!\w\d)`: it begins a word.
_DATE = re.compile(
    r"\d(?:(?<!\w\d)(?:\d?\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2,4}\b|\d{3}\s?[./年-]\s?\d{1,2}\s?[./月-]|(?:(?<=1)9|(?<=2)[05])\d\d\b)"
    r"|\d?月\s?\d{1,2}日|\d{3}년)"
)
_TIME = re.compile(r"\d(?<!\w\d)\d?\s?[:.hH時时点시]\s?\d{2}\b")
_ADDRESS = re.compile(r"[^\s<>@]{1,100}@[^\s<>@]{1,200}")
_HINT = re.compile(r"[\d@]")
_FIRST_HINT = re.compile(r"[\d@<]")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"\w+")
_TOLD_WORD = re.compile(r"[^\W\d_](?:[\w']{0,30}\w)?")
_OTHER_FORMS = re.compile(r"^(?:\(\w{1,4}\)|/-?\w{1,3}(?!\w)|\s\w{1,2}(?!\w)){1,3}")
_QUOTES = "\"'(),«»“”„"
# A weekday may stand before it: "пн, 5 янв. 2026 г. в 10:00", "2026年1月5日"; in Gmail until 2013 it was all: "2011/4/7 Ann <ann@x>".
_BEGINS_WITH_DATE = re.compile(r"\W{0,3}(?:[^\W\d]{1,20}\W{1,3}){0,2}\d")
# Gmail in 2014, with the writer's name alone behind it.
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT[+-]\d\d:\d\d \S")
# Seen in practice, without any verb: `30.09.2017, 18.30, "Ann" <ann@x>:`
_NAMES_WRITER = re.compile(r"<[^<>\s]{1,200}@[^<>\s]{1,200}>\s?:$")
# Seen in practice: "<ann@x" and ">:", because a mail program broke the line before it added quote marks.
_CLOSES_BRACKET = re.compile(r"\s{0,3}>(?:.{0,60}:)?\s{0,3}$")


class Evidence(IntEnum):
    """How much speaks for an attribution: nothing; enough where a quote follows; enough whatever follows."""

    NONE = 0
    BEFORE_QUOTE = 1
    ALONE = 2


@lru_cache(maxsize=128)
def weigh(text: str) -> Evidence:
    """Whether this is an attribution: it has a date, a time or an address, and a verb or another sign of being one.

    Remembered for a while: the same few lines are weighed together and apart.
    """
    bare = text.strip(" *_-\t")
    is_closed = bare.endswith((":", "...", "…", ">", ")"))
    if _STAMP.match(bare):
        return Evidence.BEFORE_QUOTE
    if not _HINT.search(bare) or not (is_closed or _ends_with_verb(bare)) or not _is_balanced(bare):
        return Evidence.NONE
    is_dated, is_addressed = has_date(bare), has_address(bare)
    if not (is_dated or is_addressed) or is_told(bare):
        return Evidence.NONE
    if _stands_alone(bare):
        return Evidence.ALONE
    if verb := _find_verb(bare):
        is_exact = is_dated and (is_addressed or (_DATE.search(bare) is not None and _TIME.search(bare) is not None))
        is_enough = _leads_to_quote(bare, verb) and (is_exact or (is_closed and (is_dated or is_addressed)))
    else:
        is_closed = bare.endswith(":") or (bare.endswith(">") and _BEGINS_WITH_DATE.match(bare) is not None)
        is_enough = is_closed and is_addressed and _DATE.search(bare) is not None
    return Evidence.BEFORE_QUOTE if is_enough else Evidence.NONE


def _is_balanced(text: str) -> bool:
    return text.count("<") == text.count(">") and text.count("(") == text.count(")")


def _stands_alone(bare: str) -> bool:
    """One that cannot be anything else, so that quoted words without marks may follow: a date, a writer, and a colon at the end."""
    if not bare.endswith(":") or not _DATE.search(bare):
        return False
    is_timed = _TIME.search(bare) is not None
    if verb := _find_verb(bare):
        return _leads_to_quote(bare, verb) and (has_address(bare) or (is_timed and _names_person(bare, verb)))
    return is_timed and _BEGINS_WITH_DATE.match(bare) is not None and _NAMES_WRITER.search(bare) is not None


def _leads_to_quote(bare: str, verb: re.Match[str]) -> bool:
    """Nothing but a writer, a date or an address stands behind the verb. Seen in practice: "At 10:00 Bob wrote the following code:"."""
    behind = _behind(bare, verb)
    if not behind or has_date(behind) or has_address(behind):
        return True
    return len(behind.split()) <= MAX_NAME_WORDS and not behind.lstrip(_QUOTES)[:1].islower()


def _names_person(bare: str, verb: re.Match[str]) -> bool:
    """Is the writer named beside the verb? Small words may stand between: "Ann a écrit", "heeft Ann het volgende geschreven"."""
    behind = _behind(bare, verb)
    if behind and not has_date(behind):
        return _is_name(behind.split()[0])
    for word in reversed(bare[: verb.start()].split()[-MAX_SMALL_WORDS - 1 :]):
        name = word.strip(_QUOTES)
        if not name.isalpha():
            return False
        if _is_name(name):
            return True
    return False


def _behind(bare: str, verb: re.Match[str]) -> str:
    """What follows the verb, but for its other forms: "napsal(a)", "написав(ла)", "napisao/la", "napisao je"."""
    return _OTHER_FORMS.sub("", bare[verb.end() :]).strip(" :.>")


def _is_name(word: str) -> bool:
    """A word that may be somebody's name: written large, or in a script that knows no large letters."""
    name = word.strip(_QUOTES)
    return not name[:1].islower() and name.lower() not in word_set("attributions", "nobody")


def find_attributions(lines: Sequence[Line], number: int) -> Iterator[tuple[int, str]]:
    """(last line, words) of everything that begins at this line and may be an attribution, the shortest first."""
    first = lines[number].text
    if not _FIRST_HINT.search(first):
        return
    joined = ""
    most = MAX_ATTRIBUTION_LINES if _may_be_wrapped(first) else 1
    for last in range(number, min(number + most, len(lines))):
        text = lines[last].text.strip()
        if lines[last].origin is not lines[number].origin:
            return
        if not text:
            if _goes_on_after_gap(lines, last, joined):
                continue
            return
        if text.startswith(">") and not (joined.count("<") > joined.count(">") and _CLOSES_BRACKET.match(text)):
            return
        joined = f"{joined} {text}".strip()
        if len(joined) > MAX_LENGTH:
            return
        yield last, joined


def _may_be_wrapped(first: str) -> bool:
    """Only a line with the date or the writer's address in it begins an attribution of several lines."""
    return "<" in first or has_date(first)


def _goes_on_after_gap(lines: Sequence[Line], number: int, joined: str) -> bool:
    """Seen in practice (Polymail): "On Monday at 10:00 Ann Smith", an empty line, and her address in brackets."""
    following = lines[number + 1].text.strip() if number + 1 < len(lines) else ""
    return following.startswith("<") and has_date(joined) and not joined.endswith(":")


def is_told(text: str) -> bool:
    """Does a person tell who wrote what: "on 5 January 2026 at 10:00 your colleague Bob wrote:"? His own words may follow what he cites."""
    return not word_set("attributions", "told").isdisjoint(_TOLD_WORD.findall(_ADDRESS.sub(" ", text)))


def has_date(text: str) -> bool:
    """Is there a date or a time of day? Most lines have no digit, which is soon seen."""
    return _DIGIT.search(text) is not None and (_TIME.search(text) is not None or _DATE.search(text) is not None)


def has_address(text: str) -> bool:
    return "@" in text and _ADDRESS.search(text) is not None


def has_verb(text: str) -> bool:
    """Whole words; phrases, and verbs of scripts without blanks, anywhere."""
    return _find_verb(text) is not None


def _find_verb(text: str) -> re.Match[str] | None:
    """The last verb."""
    lowered = text.lower()
    verbs = _verbs()
    last = None
    if not verbs.single.isdisjoint(_WORD.findall(lowered)):
        last = next((word for word in reversed(list(_WORD.finditer(lowered))) if word.group() in verbs.single), None)
    for phrase in verbs.ascii_phrases if lowered.isascii() else verbs.phrases:
        if phrase in lowered and (found := re.compile(re.escape(phrase)).search(lowered)) and (last is None or found.end() > last.end()):
            last = found
    return last


def _ends_with_verb(text: str) -> bool:
    """The last word alone; of a language that puts no blanks between words, the end of the text."""
    last = text[-MAX_WORD:].rpartition(" ")[2]
    if last.partition("(")[0].partition("/")[0].strip(_QUOTES).lower() in _verbs().single:
        return True
    return not text.isascii() and text.endswith(_verbs().phrases)


@dataclass(frozen=True, slots=True)
class _Verbs:
    """Verbs that count as whole words, and those that count anywhere."""

    single: frozenset[str]
    phrases: tuple[str, ...]
    ascii_phrases: tuple[str, ...]


@lru_cache(maxsize=1)
def _verbs() -> _Verbs:
    verbs = words("attributions", "verbs")
    single = frozenset(verb for verb in verbs if verb < UNSPACED_SCRIPTS and _WORD.fullmatch(verb))
    phrases = tuple(verb for verb in verbs if verb not in single)
    return _Verbs(single, phrases, tuple(phrase for phrase in phrases if phrase.isascii()))


def find_opener(text: str) -> int | None:
    """Where an attribution begins behind the writer's last sentence on the same line, None where none does.

    Seen in practice: "Thanks! On Mon, Jan 5, 2026 at 10:00 Ann <ann@x> wrote:" after a mail program lost the line break.
    """
    for found in _opener().finditer(text[:MAX_LENGTH]):
        if _DATE.search(text[found.end() : found.end() + 40]) and weigh(text[found.start("opener") :]):
            return found.start("opener")
    return None


@lru_cache(maxsize=1)
def _opener() -> re.Pattern[str]:
    return re.compile(rf"[.!?…。！？)]\s{{1,5}}(?P<opener>(?:{'|'.join(map(re.escape, words('attributions', 'openers')))})\s)")
