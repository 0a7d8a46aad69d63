"""Conditions: the tree of a rule's `if`, asked of the facts of one occasion. Pure.

`none` and `not` are pushed down to the comparisons when a rule is loaded, so there are only "all", "any" and comparisons that may be
negated; a leaf of the trace that came out false is therefore always what spoke against the rule.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from maild.background import Aspect
from maild.rules.fields import Clue, Facts, Field, FieldValue, shorten
from maild.rules.operators import Test
from maild.rules.verdict import Leaf

Tested = tuple["Comparison", FieldValue, str | None]
"""What was asked of which value, and what `Test.find` found there. A plain tuple: a thousand are made for each mail."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One operator on one field. `operator` and `wanted` are words for the trace; a negated operator begins with `not `. `clues`: those of
    the test, kept since each mail asks for them."""

    field: Field
    operator: str
    wanted: str
    test: Test
    negated: bool = False
    clues: tuple[Clue, ...] | None = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clues", self.test.clues)

    def holds(self, facts: Facts, tested: list[Tested]) -> bool:
        """Whether it is true; what was found goes into `tested`."""
        value = facts.value(self.field)
        hit = None if value.absent and value.lacks(self.clues) else self.test.find(value)
        tested.append((self, value, hit))
        return (hit is None) is self.negated

    def capture(self, facts: Facts, tested: list[Tested]) -> Mapping[str, str]:
        """The named groups of a `matches`; what was passed over until now goes into `tested`."""
        value = facts.value(self.field)
        hit = self.test.search(value)
        found = (self, value, shorten(hit.text) if hit else None)
        if found not in tested:
            tested.append(found)
        return hit.captures if hit else {}


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds; asking ends at the first that does not. Without parts it holds."""

    parts: tuple["Condition", ...]

    def holds(self, facts: Facts, tested: list[Tested]) -> bool:
        for part in self.parts:  # noqa: SIM110 (`all` takes twice as long, a thousand times a mail)
            if not part.holds(facts, tested):
                return False
        return True


@dataclass(frozen=True, slots=True)
class OneOf:
    """Some part holds; asking ends at the first that does."""

    parts: tuple["Condition", ...]

    def holds(self, facts: Facts, tested: list[Tested]) -> bool:
        for part in self.parts:  # noqa: SIM110
            if part.holds(facts, tested):
                return True
        return False


def build_leaf(tested: Tested) -> Leaf:
    """What was found, in words."""
    comparison, value, hit = tested
    found = value.shown if hit is None else hit
    return Leaf(comparison.field.name, comparison.operator, comparison.wanted, found, (hit is None) is comparison.negated)


Condition = Comparison | AllOf | OneOf
ALWAYS = AllOf(())


def join(parts: Iterable[Condition], *, every: bool) -> Condition:
    """One condition of several; a single one stays as it is."""
    kind = AllOf if every else OneOf
    flat = tuple(inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,)))
    return flat[0] if len(flat) == 1 else kind(flat)


def find_aspects(condition: Condition) -> Iterator[Aspect]:
    """What must be looked up before it can be asked."""
    match condition:
        case AllOf(parts) | OneOf(parts):
            for part in parts:
                yield from find_aspects(part)
        case Comparison(field=field) if field.aspect:
            yield field.aspect


def find_captures(condition: Condition) -> Iterator[Comparison]:
    """The comparisons that capture, in file order: `matches` with named groups. What is negated captures nothing."""
    match condition:
        case AllOf(parts) | OneOf(parts):
            for part in parts:
                yield from find_captures(part)
        case Comparison(test=test, negated=False) if test.names:
            yield condition


def find_fields(condition: Condition) -> frozenset[str]:
    """The names of all fields it asks about."""
    if isinstance(condition, Comparison):
        return frozenset({condition.field.name.removesuffix(".count")})
    return frozenset(name for part in condition.parts for name in find_fields(part))


def capture_all(comparisons: Iterable[Comparison], facts: Facts, tested: list[Tested]) -> Mapping[str, str]:
    """RULES.md 3: every `matches` is evaluated, even one that `any` had no need of, so that captures do not depend on order.

    Where two of them capture one name, the first in file order has it.
    """
    captures: dict[str, str] = {}
    for comparison in comparisons:
        captures = {**comparison.capture(facts, tested), **captures}
    return captures
