"""What spam filters on the way wrote into the headers (MAIL.md S4). Only evidence for spam counts; "not spam" anybody can write himself.

The fields, words and thresholds stand in `data/spam.toml`. What becomes of spam is decided elsewhere.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from maild.ingest.data import rows
from maild.ingest.hygiene import one_line
from maild.message import InboundMessage
from maild.reason import Reason

_STARS_OF_SPAM = 5
_NUMBER = re.compile(r"[-+]?\d{1,6}(?:\.\d{1,6})?")


def spam_evidence(message: InboundMessage) -> Reason | None:
    """The first header that calls the message spam, None if none does."""
    return _flagged(message) or _scored(message) or _starred(message)


def spam_score(message: InboundMessage) -> float | None:
    """The highest score any filter gave, None where none left one. Scales differ by filter: about 5 is the usual threshold."""
    return max((score for _, score in _scores(message)), default=None)


@dataclass(frozen=True, slots=True)
class _Flag:
    """A field that says spam by how its value begins."""

    field: str
    begins: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """A field with a number, behind `after`; from `spam_from` upwards it says spam, with None it never does."""

    field: str
    after: str
    spam_from: float | None


def _flagged(message: InboundMessage) -> Reason | None:
    for flag in _flags():
        for value in message.fields(flag.field):
            if value.strip().casefold().startswith(flag.begins):
                return _reason(flag.field, value)
    return None


def _scored(message: InboundMessage) -> Reason | None:
    for scale, score in _scores(message):
        if scale.spam_from is not None and score >= scale.spam_from:
            return _reason(scale.field, f"{score:g}")
    return None


def _starred(message: InboundMessage) -> Reason | None:
    """SpamAssassin's field with one star for each point."""
    for value in message.fields("X-Spam-Level"):
        stars = value.strip()
        if set(stars) == {"*"} and len(stars) >= _STARS_OF_SPAM:
            return _reason("X-Spam-Level", stars[:20])
    return None


def _scores(message: InboundMessage) -> Iterator[tuple[_Scale, float]]:
    for scale in _scales():
        for value in message.fields(scale.field):
            _, found, rest = value.partition(scale.after) if scale.after else ("", "yes", value)
            if found and (number := _NUMBER.match(rest.strip())):
                yield scale, float(number[0])


def _reason(name: str, value: str) -> Reason:
    return Reason("spam", f"{name}: {one_line(value)[:80]}")


@cache
def _flags() -> tuple[_Flag, ...]:
    return tuple(_Flag(row["field"], row["begins"]) for row in rows("spam", "flag"))


@cache
def _scales() -> tuple[_Scale, ...]:
    found = ((row, row.get("spam_from")) for row in rows("spam", "score"))
    return tuple(_Scale(row["field"], row.get("after", ""), float(limit) if limit else None) for row, limit in found)
