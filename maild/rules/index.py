"""Which rules can fire at all: what each of them must find in some field is looked for in one pass for all of them. Pure.

Of a thousand rules next to none finds anything in a mail. Those are not asked; why they did not fire is found out when somebody wants to
know it (`engine`). A rule of which nobody can say what it must find is always asked.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from maild.rules.conditions import AllOf, Comparison, Condition, OneOf
from maild.rules.fields import Clue, Facts, Field, FieldKind, FieldValue, Form
from maild.rules.folding import split_words
from maild.rules.patterns import Literals, PatternSet

Needs = tuple[tuple[Field, Clue], ...]
"""One of these is found wherever the condition holds."""


class Finder(Protocol):
    """Looks for many clues at once."""

    def find(self, text: str) -> Iterable[int]:
        """The positions of those that stand in the text, and perhaps of some that do not."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """All clues in one form of one field, and their `numbers`, in the order in which the finder has them."""

    field: Field
    form: Form
    finder: Finder
    numbers: Mapping[str, int]

    def sift(self, facts: Facts) -> frozenset[int]:
        """The clues that are found. Of the others nobody needs to look again."""
        value, numbers = facts.value(self.field), tuple(self.numbers.values())
        found = frozenset(numbers[position] for text in _READERS[self.form](value) for position in self.finder.find(text))
        value.absent[self.form] = lambda text: text in self.numbers and self.numbers[text] not in found
        return found


@dataclass(frozen=True, slots=True)
class Index:
    """The rules of one event by the clues of which each must find one. `bound`: those rules; of the others nobody knows what they need.
    `rules`: by the number of a clue, the rules that may fire where it is found. `of_ticket`: the sieves of what rules can change."""

    bound: frozenset[str]
    rules: Mapping[int, Sequence[str]]
    of_message: tuple[Sieve, ...]
    of_ticket: tuple[Sieve, ...]

    @classmethod
    def of(cls, conditions: Mapping[str, Condition]) -> "Index":
        """`conditions`: those of the rules, by id."""
        clues = _Clues()
        needs = {rule: clues.number(needed) for rule, each in conditions.items() if (needed := find_needs(each)) is not None}
        sieves, lost = clues.sieves()
        bound = [rule for rule, needed in needs.items() if needed.isdisjoint(lost)]
        rules: dict[int, list[str]] = {}
        for rule in bound:
            for clue in needs[rule]:
                rules.setdefault(clue, []).append(rule)
        return cls(
            frozenset(bound),
            rules,
            tuple(sieve for sieve in sieves if not sieve.field.of_ticket),
            tuple(sieve for sieve in sieves if sieve.field.of_ticket),
        )

    def find_lasting(self, facts: Facts) -> frozenset[str]:
        """The rules that may fire whatever rules make of the ticket."""
        return self._find(self.of_message, facts)

    def find_passing(self, facts: Facts) -> frozenset[str]:
        """Those that may fire as the ticket is now."""
        return self._find(self.of_ticket, facts)

    def _find(self, sieves: Iterable[Sieve], facts: Facts) -> frozenset[str]:
        return frozenset(rule for sieve in sieves for clue in sieve.sift(facts) for rule in self.rules.get(clue, ()))

    def leaves_out(self, rule: str, found: frozenset[str]) -> bool:
        """Whether the rule cannot fire, where those are found that may."""
        return rule not in found and rule in self.bound


def find_needs(condition: Condition) -> Needs | None:
    """What the condition must find; None where nobody can say. Of what must all hold, that which the fewest mails have is enough."""
    match condition:
        case Comparison(field, negated=False, clues=clues) if clues is not None:
            return tuple((field, clue) for clue in clues)
        case OneOf(parts):
            needs = [find_needs(part) for part in parts]
            return None if None in needs else tuple(need for needed in needs for need in needed or ())
        case AllOf(parts):
            return min((needed for part in parts if (needed := find_needs(part)) is not None), key=_is_common, default=None)
    return None


def _is_common(needs: Needs) -> bool:
    """Whether many mails have it: fields with but a few values hold one of them each time."""
    return any(field.kind is FieldKind.FLAG or field.known for field, _ in needs)


class _Clues:
    """The clues of all rules, numbered as they come. Fields of one key are one."""

    def __init__(self) -> None:
        self._next = count()
        self._groups: dict[tuple[str, Form], tuple[Field, dict[str, int]]] = {}

    def number(self, needs: Needs) -> frozenset[int]:
        return frozenset(self._number(field, clue) for field, clue in needs)

    def _number(self, field: Field, clue: Clue) -> int:
        _, numbers = self._groups.setdefault((field.key, clue.form), (field, {}))
        return numbers.setdefault(clue.text, next(self._next))

    def sieves(self) -> tuple[Sequence[Sieve], frozenset[int]]:
        """One for each form of each field, and the clues that are too many for one."""
        sieves, lost = [], frozenset[int]()
        for (_, form), (field, numbers) in self._groups.items():
            if finder := _FINDERS[form](tuple(numbers)):
                sieves.append(Sieve(field, form, finder, numbers))
            else:
                lost = lost.union(numbers.values())
        return sieves, lost


class _Values:
    """Whole values, which are looked up."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._positions = {text: (position,) for position, text in enumerate(texts)}

    def find(self, text: str) -> Iterable[int]:
        return self._positions.get(text, ())


_FINDERS: Mapping[Form, Callable[[Sequence[str]], Finder | None]] = {
    Form.VALUE: _Values,
    Form.CASED_VALUE: _Values,
    Form.PART: Literals.of,
    Form.WORD: Literals.of,
    Form.PATTERN: PatternSet.of,
}

_READERS: Mapping[Form, Callable[[FieldValue], Iterable[str]]] = {
    Form.VALUE: lambda value: value.folded,
    Form.CASED_VALUE: lambda value: value.texts,
    Form.PART: lambda value: value.parts,
    Form.WORD: lambda value: map(split_words, value.parts),
    Form.PATTERN: lambda value: value.texts,
}
