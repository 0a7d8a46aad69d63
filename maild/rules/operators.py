"""The operators of the rule language: each a small frozen value that looks at a field and answers with what it found. Pure.

Which operator takes which values, and how they are written, is decided in `load_operators`; negation in `conditions`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from maild.rules.fields import Clue, FieldValue, Form, shorten
from maild.rules.folding import split_words
from maild.rules.patterns import Hit, Pattern

MOST_LABELS = 127
"""So many a domain can have (RFC 1035)."""


class Test(ABC):
    """One operator with the values it was given."""

    __slots__ = ()

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        """One of these stands in each field for which the operator is true; None where nobody can say."""
        return None

    @abstractmethod
    def find(self, value: FieldValue) -> str | None:
        """What made the operator true, in words for the trace; None where it is false."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names it can capture."""
        return ()

    def search(self, value: FieldValue) -> Hit | None:
        """Where a pattern matched, with its captures; None for every operator that has no pattern."""
        return None


@dataclass(frozen=True, slots=True)
class Equals(Test):
    """`is`, `has`, `in`, a plain value or a list: one of the field's values is one of these. `cased` here and below: not folded."""

    wanted: frozenset[str]
    cased: bool = False

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        return _clues(Form.CASED_VALUE if self.cased else Form.VALUE, sorted(self.wanted))

    def find(self, value: FieldValue) -> str | None:
        for text, form in zip(value.texts, _forms(value, self.cased), strict=True):
            if form in self.wanted:
                return shorten(text)
        return None


@dataclass(frozen=True, slots=True)
class Listed(Test):
    """`listed`: an address that is named itself, or whose domain is, or one above that. Names without "@" are domains."""

    entries: frozenset[str]
    cased: bool = False

    def find(self, value: FieldValue) -> str | None:
        for form in _forms(value, self.cased):
            for name in _names_of(form):
                if name in self.entries:
                    return shorten(name)
        return None


@dataclass(frozen=True, slots=True)
class HasAll(Test):
    wanted: frozenset[str]
    cased: bool = False

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        return _clues(Form.CASED_VALUE if self.cased else Form.VALUE, sorted(self.wanted)[:1]) or None

    def find(self, value: FieldValue) -> str | None:
        return shorten(", ".join(sorted(self.wanted))) if self.wanted <= set(_forms(value, self.cased)) else None


@dataclass(frozen=True, slots=True)
class _Needles(Test):
    """Some of these stand in a text; they are as texts are compared."""

    needles: tuple[str, ...]
    cased: bool = False

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        return None if self.cased else _clues(Form.PART, (_longest(needle.split()) for needle in self.needles))


@dataclass(frozen=True, slots=True)
class Contains(_Needles):
    def find(self, value: FieldValue) -> str | None:
        for form in _forms(value, self.cased):
            for needle in self.needles:
                if needle in form:
                    return shorten(needle)
        return None


@dataclass(frozen=True, slots=True)
class ContainsAll(_Needles):
    """Every one of them stands in the same value."""

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        return None if self.cased else _clues(Form.PART, [_longest(" ".join(self.needles).split())])

    def find(self, value: FieldValue) -> str | None:
        for form in _forms(value, self.cased):
            if all(needle in form for needle in self.needles):
                return shorten(", ".join(self.needles))
        return None


@dataclass(frozen=True, slots=True)
class Starts(_Needles):
    def find(self, value: FieldValue) -> str | None:
        return next((shorten(form) for form in _forms(value, self.cased) if form.startswith(self.needles)), None)


@dataclass(frozen=True, slots=True)
class Ends(_Needles):
    def find(self, value: FieldValue) -> str | None:
        return next((shorten(form) for form in _forms(value, self.cased) if form.endswith(self.needles)), None)


@dataclass(frozen=True, slots=True)
class HasWord(_Needles):
    """`word`: needles are as `folding.split_words` gives them, those with a final `*` without their last blank."""

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        return None if self.cased else _clues(Form.WORD, map(_whole_word, self.needles))

    def find(self, value: FieldValue) -> str | None:
        texts = map(split_words, value.texts) if self.cased else value.words
        for words in texts:
            for needle in self.needles:
                start = words.find(needle)
                if start >= 0:
                    return shorten(words[start + 1 : words.index(" ", start + len(needle.rstrip()))])
        return None


@dataclass(frozen=True, slots=True)
class Glob(Test):
    """`*` any text, `?` one character, over the whole value."""

    patterns: tuple[Pattern, ...]
    cased: bool = False

    def find(self, value: FieldValue) -> str | None:
        for form in _forms(value, self.cased):
            if any(pattern.search(form) for pattern in self.patterns):
                return shorten(form)
        return None


@dataclass(frozen=True, slots=True)
class Matches(Test):
    """A regular expression, tried on the text as it stands: its author decides on case, and captures keep their spelling."""

    patterns: tuple[Pattern, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for pattern in self.patterns for name in pattern.names)

    @property
    def clues(self) -> tuple[Clue, ...] | None:
        return _clues(Form.PATTERN, [pattern.source for pattern in self.patterns])

    def find(self, value: FieldValue) -> str | None:
        hit = self.search(value)
        return shorten(hit.text) if hit else None

    def search(self, value: FieldValue) -> Hit | None:
        hits = (pattern.search(text) for text in value.texts for pattern in self.patterns)
        return next((hit for hit in hits if hit), None)


@dataclass(frozen=True, slots=True)
class NumberIs(Test):
    wanted: frozenset[float]

    def find(self, value: FieldValue) -> str | None:
        return value.shown if value.number in self.wanted else None


@dataclass(frozen=True, slots=True)
class Bound(Test):
    """`gt gte lt lte`: `compare` is one of the operator module's functions. An unknown number is neither."""

    compare: Callable[[float, float], bool]
    limit: float

    def find(self, value: FieldValue) -> str | None:
        return value.shown if value.number is not None and self.compare(value.number, self.limit) else None


@dataclass(frozen=True, slots=True)
class Between(Test):
    """Both ends included."""

    low: float
    high: float

    def find(self, value: FieldValue) -> str | None:
        return value.shown if value.number is not None and self.low <= value.number <= self.high else None


@dataclass(frozen=True, slots=True)
class Exists(Test):
    """There is a value, and it is not blank."""

    def find(self, value: FieldValue) -> str | None:
        is_there = value.number is not None or any(text.strip() for text in value.texts)
        return value.shown if is_there else None


def _names_of(address: str) -> Iterator[str]:
    """What an address may be listed under: itself, its domain, and each domain above. Seen in practice: one of sixty thousand labels."""
    yield address
    labels = address.rpartition("@")[2].split(".")[-MOST_LABELS:]
    for start in range(len(labels)):
        yield ".".join(labels[start:])


def word_needle(folded: str) -> str:
    """What `HasWord` looks for: ` invoice ` for the word, ` invoice` for `invoice*`; blank where there is no letter or digit in it."""
    words = split_words(folded)
    return words.rstrip() if folded.endswith("*") else words


def _clues(form: Form, texts: Iterable[str]) -> tuple[Clue, ...]:
    return tuple(Clue(form, text) for text in texts)


def _longest(parts: Iterable[str]) -> str:
    return max(parts, key=len)


def _whole_word(needle: str) -> str:
    """Of several words the longest that is no prefix; a single one as it is."""
    *words, _ = needle.split()
    return f" {_longest(words)} " if words else needle


def _forms(value: FieldValue, cased: bool) -> tuple[str, ...]:
    return value.texts if cased else value.folded
