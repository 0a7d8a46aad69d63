"""Which rules can fire at all: what each of them must find in some field is looked for in one pass for all of them. Pure.

Of a thousand rules next to none finds anything in a mail. Those are not asked; why they did not fire is found out when somebody wants to
know it (`engine`). A rule of which nobody can say what it must find is always asked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from maild.rules.conditions import AllOf, Comparison, Condition, OneOf
from maild.rules.fields import Facts, Field, FieldKind, FieldValue
from maild.rules.folding import split_words
from maild.rules.operators import Clue, Form
from maild.rules.patterns import Literals, PatternSet

Needs = tuple[tuple[Field, Clue], ...]
"""One of these is found wherever the condition holds."""


class Finder(Protocol):
    """Looks for many clues at once."""

    def find(self, text: str) -> Iterable[int]:
        """The positions of those that stand in the text, and perhaps of some that do not."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """All that rules look for in one form of one field. `rules`: for each clue the ids of those that look for it."""

    field: Field
    form: Form
    finder: Finder
    rules: tuple[frozenset[str], ...]

    def sift(self, facts: Facts) -> Iterator[str]:
        """The rules that find something there."""
        for text in _READERS[self.form](facts.value(self.field)):
            for position in self.finder.find(text):
                yield from self.rules[position]


@dataclass(frozen=True, slots=True)
class Index:
    """The rules of one event by what they must find, `of_ticket` where rules can change that. `always`: those that need nothing."""

    rules: frozenset[str]
    always: frozenset[str]
    of_message: tuple[Sieve, ...]
    of_ticket: tuple[Sieve, ...]

    @classmethod
    def of(cls, conditions: Mapping[str, Condition]) -> "Index":
        """`conditions`: those of the rules, by id."""
        needs = {rule: find_needs(condition) for rule, condition in conditions.items()}
        always = {rule for rule, needed in needs.items() if needed is None}
        sieves = []
        for (_, form), (field, wanted) in _group(needs).items():
            if finder := _FINDERS[form](tuple(wanted)):
                sieves.append(Sieve(field, form, finder, tuple(map(frozenset, wanted.values()))))
            else:
                always.update(*wanted.values())
        of_ticket = tuple(sieve for sieve in sieves if sieve.field.of_ticket)
        return cls(frozenset(conditions), frozenset(always), tuple(sieve for sieve in sieves if not sieve.field.of_ticket), of_ticket)

    def find_lasting(self, facts: Facts) -> frozenset[str]:
        """The rules that may fire whatever others make of the ticket."""
        return self.always.union(*(sieve.sift(facts) for sieve in self.of_message))

    def find_passing(self, facts: Facts) -> frozenset[str]:
        """Those that may fire as the ticket is now."""
        return frozenset().union(*(sieve.sift(facts) for sieve in self.of_ticket))


def find_needs(condition: Condition) -> Needs | None:
    """What the condition must find; None where nobody can say. Of what must all hold, that which the fewest mails have is enough."""
    match condition:
        case Comparison(field, test=test, negated=False) if (clues := test.clues) is not None:
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


def _group(needs: Mapping[str, Needs | None]) -> Mapping[tuple[str, Form], tuple[Field, Mapping[str, set[str]]]]:
    """The rules that want each clue, by form and field. Fields of one key are one."""
    grouped: dict[tuple[str, Form], tuple[Field, dict[str, set[str]]]] = {}
    for rule, needed in needs.items():
        for field, clue in needed or ():
            _, wanted = grouped.setdefault((field.key, clue.form), (field, {}))
            wanted.setdefault(clue.text, set()).add(rule)
    return grouped


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
