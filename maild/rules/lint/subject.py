"""A rule as lint looks at it: what it does, and where each of its words stands. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from maild.config.faults import Place
from maild.config.nodes import Entry, Items, Node, Scalar, Table
from maild.rules.load import LoadedRules
from maild.rules.ruleset import Rule

NEAREST = 100
"""So many rules before a rule are held against it: what takes two rules must not take for ever of a large set."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule and how it is written."""

    rule: Rule
    table: Table

    @property
    def place(self) -> Place:
        node = self.table.get("id")
        return node.place if node else self.table.place

    def place_of(self, key: str) -> Place:
        """Where one of its keys stands; its id where it is not written."""
        found = self.table.key(key)
        return found.place if found else self.place

    def refer_to(self, other: "Subject") -> str:
        """How another rule is called in a warning about this one."""
        where = f"line {other.rule.line}" if other.rule.file == self.rule.file else f"{other.rule.file}:{other.rule.line}"
        return f'"{other.rule.id}" ({where})'

    @property
    def is_live(self) -> bool:
        return self.rule.disabled is None and not self.rule.shadow

    @property
    def events(self) -> frozenset[str]:
        """The events at which it is asked after the rules before it: a macro runs alone, and time has an order of its own."""
        if isinstance(self.table.get("when"), Table):
            return frozenset()
        return frozenset(event.value for event in self.rule.events) - {"macro"}

    @property
    def always_stops(self) -> bool:
        """Whether later rules are never asked where its condition holds. While it rests (`once`) it stops nothing."""
        return self.rule.stops and self.is_live and self.rule.once is None

    def stops(self, later: "Subject") -> bool:
        return self.always_stops and (not self.rule.stops_group or self.rule.group == later.rule.group)

    def is_asked_whenever(self, later: "Subject") -> bool:
        """About what rules have changed, rules with `cascade` alone are asked."""
        return self.rule.cascade or not later.rule.cascade


def find_subjects(loaded: LoadedRules) -> Iterator[Subject]:
    """Every rule of a set that loads, in the order in which they run."""
    tables = (table for file in loaded.files for table in _items(file.sections.get("rules")) if isinstance(table, Table))
    written = {node.text: table for table in tables if isinstance(node := table.get("id"), Scalar)}
    return (Subject(rule, written[rule.id]) for rule in (loaded.rules.rules if loaded.rules else ()))


def _items(entry: Entry | None) -> tuple[Node, ...]:
    return entry.value.items if entry and isinstance(entry.value, Items) else ()
