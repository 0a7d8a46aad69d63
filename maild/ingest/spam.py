"""What filters on the way called spam (MAIL.md S4). Pure. Only evidence for spam counts; "not spam" anybody can write himself.

The fields, words and thresholds stand in `data/spam.toml` and in the desk's `spam:`. What becomes of spam is `maild.desk.doubt`'s to say.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from maild.config.settings import SpamPolicy, SpamScore
from maild.ingest.data import rows
from maild.ingest.hygiene import one_line
from maild.ingest.opinion import Opinion
from maild.ingest.witness import Witness, find_testimony
from maild.message import HeaderField, InboundMessage
from maild.reason import Reason

_NUMBER = re.compile(r"[-+]?\d{1,6}(?:\.\d{1,6})?")
_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,99}")
_RSPAMD_SYMBOL = re.compile(rf"\s*({_NAME.pattern})\([-+]?\d")
# Folded within the list, and amavis gives each its weight: "tests=[BAYES_50=0.8, AWL=-0.1] autolearn=no".
_TESTS = re.compile(rf"tests=\[?((?:{_NAME.pattern}(?:=[-+]?[\d.]+)?,?\s*)*)")
MOST_CHARACTERS = 100
MOST_SYMBOLS = 500
MOST_TESTS = 10_000
_USUAL = SpamPolicy()


@dataclass(frozen=True, slots=True)
class Spam:
    """`reason`: the first thing that calls the message spam, None if nothing does. `score`: the highest any filter gave, None without one.

    Scales differ by filter: about 5 is the usual threshold. `action` and `symbols`: what rspamd advises, and what
    filters found.
    """

    reason: Reason | None = None
    score: float | None = None
    action: str = ""
    symbols: tuple[str, ...] = ()


NO_SPAM = Spam()


def find_spam(message: InboundMessage, witness: Witness | None, policy: SpamPolicy | None) -> Spam:
    """What the headers say that speaks for spam.

    Those count which a trusted host wrote; where nobody is trusted, or the policy says so, all of them. `policy` None:
    scores are read for the rules, and nothing is called spam.
    """
    chosen = policy or _USUAL
    is_bounded = witness is not None and chosen.evidence == "trusted"
    fields = find_testimony(message, witness) if witness and is_bounded else message.headers
    signs = _signs_of(chosen)
    scores = tuple(_scores(fields, signs))
    score = max((found.score for found in scores), default=None)
    reason = None if policy is None else _flagged(fields, signs) or _over_the_limit(scores)
    return Spam(reason, score, _advised(fields), tuple(dict.fromkeys(_symbols(fields))))


def with_opinion(found: Spam, opinion: Opinion | None) -> Spam:
    """What the headers say, and what the filter says that was asked. The headers' reason stands first."""
    if opinion is None or opinion.score is None:
        return found
    said = Reason("spam", str(opinion)) if opinion.is_spam else None
    score = opinion.score if found.score is None else max(found.score, opinion.score)
    symbols = tuple(dict.fromkeys((*opinion.symbols, *found.symbols)))
    return Spam(found.reason or said, score, opinion.action or found.action, symbols)


@dataclass(frozen=True, slots=True)
class _Scale:
    """How a number is found in a field: behind `after`, or how often the character `counts` stands there. `spam_from` None: never spam."""

    spam_from: float | None
    after: str = ""
    counts: str = ""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A number that was found, in which field, and from where on it says spam."""

    field: str
    score: float
    spam_from: float | None


@dataclass(frozen=True, slots=True)
class _Signs:
    """By field, in lower case: the patterns that say spam (a star in them is any text), and the numbers that do."""

    flags: Mapping[str, tuple[str, ...]]
    scales: Mapping[str, tuple[_Scale, ...]]


def _flagged(fields: Iterable[HeaderField], signs: _Signs) -> Reason | None:
    for field in fields:
        if any(_says(field.value, pattern) for pattern in signs.flags.get(field.name.casefold(), ())):
            return _reason(field.name, field.value)
    return None


def _says(value: str, pattern: str) -> bool:
    """Whether a value begins with a pattern, without case. Linear: each piece between stars is looked for behind the one before."""
    first, *others = pattern.casefold().split("*")
    text = value.strip().casefold()
    if not text.startswith(first):
        return False
    position = len(first)
    for piece in others:
        position = text.find(piece, position)
        if position < 0:
            return False
        position += len(piece)
    return True


def _advised(fields: Iterable[HeaderField]) -> str:
    return next((one_line(field.value)[:MOST_CHARACTERS].casefold() for field in fields if field.name.casefold() == "x-rspamd-action"), "")


def _symbols(fields: Iterable[HeaderField]) -> Iterator[str]:
    """What rspamd lists behind its score, `NAME(1.50)[…]; NAME(…)`, and SpamAssassin as `tests=NAME,NAME`."""
    for field in fields:
        match field.name.casefold():
            case "x-spamd-result":
                parts = field.value.partition("]")[2].split(";", MOST_SYMBOLS)
                yield from (found[1] for part in parts if (found := _RSPAMD_SYMBOL.match(part)))
            case "x-spam-status":
                tests = _TESTS.search(field.value[:MOST_TESTS])
                yield from _NAME.findall(tests[1] if tests else "")


def _over_the_limit(scores: Iterable[_Measured]) -> Reason | None:
    over = (found for found in scores if found.spam_from is not None and found.score >= found.spam_from)
    return next((_reason(found.field, f"{found.score:g}") for found in over), None)


def _scores(fields: Iterable[HeaderField], signs: _Signs) -> Iterator[_Measured]:
    for field in fields:
        for scale in signs.scales.get(field.name.casefold(), ()):
            if (score := _measure(field.value.strip(), scale)) is not None:
                yield _Measured(field.name, score, scale.spam_from)


def _measure(value: str, scale: _Scale) -> float | None:
    if scale.counts:
        return float(len(value)) if set(value) == {scale.counts} else None
    _, found, rest = value.partition(scale.after) if scale.after else ("", "yes", value)
    number = _NUMBER.match(rest.strip()) if found else None
    return float(number[0]) if number else None


def _reason(name: str, value: str) -> Reason:
    return Reason("spam", f"{name}: {one_line(value)[:80]}")


@cache
def _signs_of(policy: SpamPolicy) -> _Signs:
    """The packaged signs, where the desk does not name the same field with signs of its own."""
    flags, scales = _packaged_flags(), _packaged_scales()
    own_scales = {score.field.casefold(): _scales_of(score, scales) for score in policy.scores}
    return _Signs({**flags, **{flag.field.casefold(): flag.says for flag in policy.flags}}, {**scales, **own_scales})


def _scales_of(score: SpamScore, packaged: Mapping[str, tuple[_Scale, ...]]) -> tuple[_Scale, ...]:
    """Where the desk does not say how its number is found, it is found as in the packaged signs, else at the beginning."""
    known = packaged.get(score.field.casefold())
    if known and score.after is None:
        return tuple(replace(scale, spam_from=score.spam_from) for scale in known)
    return (_Scale(score.spam_from, score.after or ""),)


def _packaged_flags() -> Mapping[str, tuple[str, ...]]:
    flags: dict[str, tuple[str, ...]] = {}
    for row in rows("spam", "flag"):
        field = row["field"].casefold()
        flags[field] = (*flags.get(field, ()), row["says"])
    return flags


def _packaged_scales() -> Mapping[str, tuple[_Scale, ...]]:
    scales: dict[str, tuple[_Scale, ...]] = {}
    for row in rows("spam", "score"):
        field, limit = row["field"].casefold(), row.get("spam_from")
        scale = _Scale(float(limit) if limit else None, row.get("after", ""), row.get("counts", ""))
        scales[field] = (*scales.get(field, ()), scale)
    return scales
