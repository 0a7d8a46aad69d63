"""Rule and RuleSet: what `load` makes of the rule files and `engine` runs. Frozen; a reload builds a new set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from maild.rules.actions import Action
from maild.rules.cases import Case
from maild.rules.conditions import Comparison, Condition
from maild.rules.verdict import Event


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `file` is relative to the configuration, `file_hash` that of the file's bytes.

    `captures` are the comparisons of `condition` whose named groups the actions may use. `stops` with `group` None: no later rule of
    the event; with `stops_group` no later rule of its group. `disabled`: the reason why it is off.
    """

    id: str
    events: tuple[Event, ...]
    condition: Condition
    actions: tuple[Action, ...]
    file: str
    line: int
    file_hash: str
    captures: tuple[Comparison, ...] = ()
    stops: bool = False
    stops_group: bool = False
    group: str | None = None
    shadow: bool = False
    disabled: str | None = None
    about: str | None = None
    owner: str | None = None

    @property
    def mode(self) -> str:
        return "disabled" if self.disabled is not None else "shadow" if self.shadow else "live"


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in the order in which they run. `digest` is short and changes with any byte of any file."""

    rules: tuple[Rule, ...]
    digest: str
    cases: tuple[Case, ...]
    by_event: Mapping[Event, tuple[Rule, ...]]

    @classmethod
    def of(cls, rules: Iterable[Rule], digest: str = "0000", cases: Iterable[Case] = ()) -> "RuleSet":
        ordered = tuple(rules)
        by_event = {event: tuple(rule for rule in ordered if event in rule.events) for event in Event}
        return cls(ordered, digest, tuple(cases), MappingProxyType(by_event))


NO_RULES = RuleSet.of(())
