"""What can be proved of conditions: that one implies another, that one can never hold. Pure, and careful: no proof is no statement.

Both look at the shape of conditions only. Values of fields are asked of the operators themselves wherever a condition names them all
(`is` and lists), so that folding is judged exactly as the engine judges it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import inf
from operator import ge, gt, le, lt

from maild.rules.conditions import AllOf, Comparison, Condition, OneOf
from maild.rules.fields import NUMERIC, Field, FieldKind, FieldValue
from maild.rules.operators import (
    Between,
    Bound,
    Contains,
    ContainsAll,
    Ends,
    Equals,
    Exists,
    Glob,
    HasAll,
    HasWord,
    Listed,
    Matches,
    NumberIs,
    Starts,
    Test,
)

Usable = Callable[[Field], bool]
"""Whether what is known of a field at one moment still holds at the other."""

_NAMING = (Equals, HasAll, NumberIs)
_NON_BLANK = (Listed, Contains, ContainsAll, Starts, Ends, HasWord, Bound, Between)
_FOLDING = (Equals, Listed, HasAll, Contains, ContainsAll, Starts, Ends, HasWord, Glob)

MAX_CONTRADICTIONS_SOUGHT = 64
"""Comparisons of one field in one condition that are held against each other, two by two."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Comparisons of one field that are never true together."""

    parts: tuple[Comparison, ...]

    @property
    def field(self) -> str:
        return self.parts[0].field.name

    def __str__(self) -> str:
        wanted = " and ".join(f"{part.operator} {part.wanted}".strip() for part in self.parts)
        return f'"{self.field}" is never {wanted} at once' if len(self.parts) > 1 else f'"{self.field}" is never {wanted}'


def implies(premise: Condition, conclusion: Condition, usable: Usable = lambda field: True) -> bool:
    """Whether `conclusion` certainly holds wherever `premise` does. Comparisons of fields that are not `usable` prove nothing."""
    match premise, conclusion:
        case _, AllOf(parts):
            return all(implies(premise, part, usable) for part in parts)
        case OneOf(parts), _:
            return all(implies(part, conclusion, usable) for part in parts)
        case AllOf(parts), OneOf(others):
            return any(implies(part, conclusion, usable) for part in parts) or any(implies(premise, other, usable) for other in others)
        case AllOf(parts), Comparison():
            return any(implies(part, conclusion, usable) for part in parts) or _range_implies(parts, conclusion, usable)
        case Comparison(), OneOf(others):
            return any(implies(premise, other, usable) for other in others)
        case Comparison(), Comparison():
            return premise.field.key == conclusion.field.key and usable(premise.field) and _comparison_implies(premise, conclusion)
    return False


def find_contradictions(condition: Condition) -> Iterator[Contradiction]:
    """Why the condition, or a part of its `any`, can never hold; nothing where that cannot be proved."""
    match condition:
        case AllOf(parts):
            yield from _contradictions_of(parts)
            for part in parts:
                yield from find_contradictions(part)
        case OneOf(parts):
            for part in parts:
                yield from find_contradictions(part)


def is_impossible(condition: Condition) -> bool:
    """Whether it can be proved never to hold."""
    match condition:
        case AllOf(parts):
            return any(_contradictions_of(parts)) or any(map(is_impossible, parts))
        case OneOf(parts):
            return bool(parts) and all(map(is_impossible, parts))
    return False


def ask_for_different_values(one: Condition, other: Condition) -> bool:
    """The commonest way to exclude each other, seen at a glance: `from.domain: a.example` and `from.domain: b.example` come first."""
    first, second = (part.parts[0] if isinstance(part, AllOf) and part.parts else part for part in (one, other))
    if not isinstance(first, Comparison) or not isinstance(second, Comparison) or first.field.name != second.field.name:
        return False
    if first.negated or second.negated or not isinstance(first.test, Equals) or not isinstance(second.test, Equals):
        return False
    return _has_one_value(first.field) and first.test.cased is second.test.cased and first.test.wanted.isdisjoint(second.test.wanted)


def _contradictions_of(parts: Iterable[Condition]) -> Iterator[Contradiction]:
    """One for each field, of the comparisons that must all be true."""
    by_field: dict[str, list[Comparison]] = {}
    for part in parts:
        if isinstance(part, Comparison):
            by_field.setdefault(part.field.key, []).append(part)
    for same in by_field.values():
        if len(same) > 1 and (found := _contradiction(same[:MAX_CONTRADICTIONS_SOUGHT])):
            yield Contradiction(found)


def _contradiction(same: list[Comparison]) -> tuple[Comparison, ...] | None:
    """Two comparisons that exclude each other, or several that leave no value."""
    for one, other in combinations(same, 2):
        if _exclude(one, other):
            return one, other
    return tuple(same) if len(same) > 2 and _leaves_nothing(same) else None


def _exclude(one: Comparison, other: Comparison) -> bool:
    if one.negated is not other.negated:
        positive, negative = (other, one) if one.negated else (one, other)
        return _comparison_implies(positive, replace(negative, negated=False)) or _leaves_nothing([one, other])
    if one.negated or not _has_one_value(one.field):
        return False
    return _are_disjoint(one.test, other.test) or _leaves_nothing([one, other])


def _comparison_implies(premise: Comparison, conclusion: Comparison) -> bool:
    """Of two comparisons of one field. All operators ask whether there is a value that fits; of sets that may be any of several."""
    premise, conclusion = _plain_flag(premise), _plain_flag(conclusion)
    if premise.negated is not conclusion.negated:
        return conclusion.negated and _has_one_value(premise.field) and _are_disjoint(premise.test, conclusion.test)
    if premise.negated:
        return _test_implies(conclusion.test, premise.test)
    return _test_implies(premise.test, conclusion.test)


def _plain_flag(comparison: Comparison) -> Comparison:
    """Of a flag, not true is false."""
    test = comparison.test
    if comparison.field.kind is not FieldKind.FLAG or not comparison.negated or not isinstance(test, Equals):
        return comparison
    return replace(comparison, negated=False, test=Equals(frozenset({"true", "false"}) - test.wanted))


def _has_one_value(field: Field) -> bool:
    """At most one, that is: a header may stand in a mail several times."""
    return field.kind is not FieldKind.SET and not field.name.startswith("header.")


def _test_implies(premise: Test, conclusion: Test) -> bool:
    """Whether each value that fits one test fits the other."""
    if premise == conclusion:
        return True
    if isinstance(premise, _NAMING):
        return _values_imply(premise, conclusion)
    if isinstance(conclusion, Exists):
        return isinstance(premise, _NON_BLANK)
    if (inner := _range(premise)) and (outer := _range(conclusion)):
        return outer.includes(inner)
    if isinstance(premise, Glob) and isinstance(conclusion, Glob):
        return premise.cased is conclusion.cased and set(premise.patterns) <= set(conclusion.patterns)
    if isinstance(premise, Matches) and isinstance(conclusion, Matches):
        return {pattern.source for pattern in premise.patterns} <= {pattern.source for pattern in conclusion.patterns}
    return _needles_imply(premise, conclusion)


def _values_imply(premise: Equals | HasAll | NumberIs, conclusion: Test) -> bool:
    """The values are named: the other test is asked about each."""
    if isinstance(premise, NumberIs):
        return all(conclusion.find(FieldValue((), number, False)) is not None for number in premise.wanted)
    if not _can_judge(conclusion, premise.cased):
        return False
    groups = [premise.wanted] if isinstance(premise, HasAll) else [frozenset({text}) for text in premise.wanted]
    return all(conclusion.find(FieldValue(tuple(sorted(group)), None, False)) is not None for group in groups)


def _can_judge(test: Test, cased: bool) -> bool:
    """Whether a test says of a named value what it says of the field: of a folded one only a test that folds does so."""
    if isinstance(test, Exists):
        return True
    if isinstance(test, _FOLDING):
        return cased or not test.cased
    return cased and isinstance(test, Matches)


def _needles_imply(premise: Test, conclusion: Test) -> bool:
    """A longer text that is there contains the shorter ones, and begins and ends as those do."""
    match premise, conclusion:
        case Listed(entries, cased), Listed(_, same):
            return cased is same and all(conclusion.find(FieldValue((entry,), None, False)) is not None for entry in entries)
        case Listed(entries, cased), Ends(wanted, same):
            return cased is same and all(entry.endswith(wanted) for entry in entries)
        case Contains(needles, cased) | Starts(needles, cased) | Ends(needles, cased), Contains(wanted, same):
            return cased is same and all(any(short in needle for short in wanted) for needle in needles)
        case Contains(needles, cased) | Starts(needles, cased) | Ends(needles, cased), ContainsAll(wanted, same):
            return cased is same and all(short in needle for needle in needles for short in wanted)
        case ContainsAll(needles, cased), Contains(wanted, same):
            return cased is same and any(short in needle for needle in needles for short in wanted)
        case ContainsAll(needles, cased), ContainsAll(wanted, same):
            return cased is same and all(any(short in needle for needle in needles) for short in wanted)
        case Starts(needles, cased), Starts(wanted, same):
            return cased is same and all(needle.startswith(wanted) for needle in needles)
        case Ends(needles, cased), Ends(wanted, same):
            return cased is same and all(needle.endswith(wanted) for needle in needles)
        case HasWord(needles, cased), HasWord(wanted, same):
            return cased is same and all(any(short in needle for short in wanted) for needle in needles)
        case HasWord(needles, cased), Contains(wanted, same):
            words = [needle.strip() for needle in needles]
            return cased is same and all(" " not in word and any(short in word for short in wanted) for word in words)
    return False


def _are_disjoint(one: Test, other: Test) -> bool:
    """Whether no single value fits both."""
    match one, other:
        case Equals(wanted, cased), Equals(others, same) if cased is same:
            return wanted.isdisjoint(others)
        case Starts(needles, cased), Starts(others, same):
            return cased is same and not any(a.startswith(b) or b.startswith(a) for a in needles for b in others)
        case Ends(needles, cased), Ends(others, same):
            return cased is same and not any(a.endswith(b) or b.endswith(a) for a in needles for b in others)
    first, second = _range(one), _range(other)
    if first and second:
        return not first.meets(second)
    named, judge = (other, one) if isinstance(other, Equals | NumberIs) else (one, other)
    return isinstance(named, Equals | NumberIs) and _none_fits(named, [(judge, False)])


def _leaves_nothing(same: list[Comparison]) -> bool:
    """Whether comparisons of a field with one value leave none: of those that `is` names, one or the other does not fit."""
    plain = [_plain_flag(comparison) for comparison in same]
    named = next((each.test for each in plain if not each.negated and isinstance(each.test, Equals | NumberIs)), None)
    if not isinstance(named, Equals | NumberIs) or not _has_one_value(same[0].field):
        return False
    return _none_fits(named, [(each.test, each.negated) for each in plain if each.test is not named])


def _none_fits(named: Equals | NumberIs, judges: list[tuple[Test, bool]]) -> bool:
    """Whether each of the values that are named fails one of the others, which may be negated."""
    if isinstance(named, NumberIs):
        values = [FieldValue((), number, False) for number in named.wanted]
        able = judges
    else:
        values = [FieldValue((text,), None, False) for text in named.wanted]
        able = [(test, negated) for test, negated in judges if _can_judge(test, named.cased) and not isinstance(test, Exists)]
    return bool(able) and not any(all((test.find(value) is None) is negated for test, negated in able) for value in values)


@dataclass(frozen=True, slots=True)
class _Range:
    """Numbers from `low` to `high`; the ends belong to it where they are closed."""

    low: float = -inf
    high: float = inf
    low_closed: bool = True
    high_closed: bool = True

    def includes(self, other: "_Range") -> bool:
        above = other.low > self.low or (other.low == self.low and (self.low_closed or not other.low_closed))
        below = other.high < self.high or (other.high == self.high and (self.high_closed or not other.high_closed))
        return above and below

    def meets(self, other: "_Range") -> bool:
        both = self.narrowed(other)
        return both.low < both.high or (both.low == both.high and both.low_closed and both.high_closed)

    def narrowed(self, other: "_Range") -> "_Range":
        low, low_open = max((self.low, not self.low_closed), (other.low, not other.low_closed))
        high, high_closed = min((self.high, self.high_closed), (other.high, other.high_closed))
        return _Range(low, high, not low_open, high_closed)


def _range(test: Test) -> _Range | None:
    match test:
        case Between(low, high):
            return _Range(low, high)
        case Bound(compare, limit):
            if compare in (gt, ge):
                return _Range(limit, inf, low_closed=compare is ge)
            return _Range(-inf, limit, high_closed=compare is le) if compare in (lt, le) else None
    return None


def _range_implies(parts: tuple[Condition, ...], conclusion: Comparison, usable: Usable) -> bool:
    """`gt: 5` and `lt: 10` together lie between 0 and 20, which neither does alone."""
    wanted = _range(conclusion.test)
    if wanted is None or conclusion.negated or conclusion.field.kind not in NUMERIC or not usable(conclusion.field):
        return False
    both = _Range()
    for part in parts:
        if isinstance(part, Comparison) and not part.negated and part.field.name == conclusion.field.name:
            both = both.narrowed(_range(part.test) or _Range())
    return both != _Range() and wanted.includes(both)
