"""Rule and RuleSet: what `load` makes of the rule files and `engine` runs. Frozen; a reload builds a new set."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from types import MappingProxyType

from maild.background import Limit, Sought
from maild.rules.actions import Action, Forward
from maild.rules.cases import Case
from maild.rules.conditions import Comparison, Condition, find_aspects
from maild.rules.index import Index
from maild.rules.schedules import Schedule
from maild.rules.time_forms import After, Before, Cron, TimeForm
from maild.rules.verdict import ASKED_BY_NAME, Event, Occasion

PAUSED = "paused"
ONCE_ON_TICKET = timedelta.max
"""A rule that rests so long fires once in a ticket's life."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `file` is relative to the configuration, `file_hash` that of the file's bytes.

    `captures` are the comparisons of `condition` whose named groups the actions may use. `stops` with `group` None: no later rule of
    the event; with `stops_group` no later rule of its group. `disabled`: the reason why it is off.
    `cascade`: it is asked about what other rules have changed, too. `once`: so long it rests on a ticket where it has fired; None: it does
    not. `limit`: so much mail it may send; None where it sends none, but when an agent runs it. `time`: what it waits for, where it is a
    rule for `Event.TIME`; its `condition` asks for the state that must have held, too. `written` changes with what stands there, the lists
    and conditions it uses included.
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
    cascade: bool = False
    once: timedelta | None = None
    limit: Limit | None = None
    time: TimeForm | None = None
    written: str = ""

    @property
    def moments(self) -> tuple[str, ...]:
        """When it is asked, in words."""
        return (self.time.describe(),) if self.time else tuple(event.value for event in self.events)

    @property
    def repeats(self) -> bool:
        """Whether it is asked again and again as long as what it waits for goes on."""
        return isinstance(self.time, After | Before) and self.once not in (None, ONCE_ON_TICKET)

    @property
    def mode(self) -> str:
        return "disabled" if self.disabled is not None else "shadow" if self.shadow else "live"

    def mode_when(self, *, paused: bool) -> str:
        """`paused`: it has gone past its limit, which keeps only a live rule from anything."""
        return PAUSED if paused and self.mode == "live" else self.mode


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in the order in which they run. `digest` is short and changes with any byte of any file. `aspects` are what those for an
    event want to have looked up; `indexes` tell which of them may fire. `outsiders`: to whom they send on what customers write, as
    addresses are compared. `zone`: the desk's, in which traces tell times."""

    rules: tuple[Rule, ...]
    digest: str
    cases: tuple[Case, ...]
    by_event: Mapping[Event, tuple[Rule, ...]]
    aspects: Mapping[Event, frozenset[Sought]]
    indexes: Mapping[Event, Index]
    outsiders: frozenset[str]
    zone: tzinfo

    @classmethod
    def of(cls, rules: Iterable[Rule], digest: str = "0000", cases: Iterable[Case] = (), zone: tzinfo = UTC) -> "RuleSet":
        ordered = tuple(rules)
        by_event = {event: tuple(rule for rule in ordered if event in rule.events) for event in Event}
        aspects = {event: frozenset(aspect for rule in asked for aspect in _aspects_of(rule)) for event, asked in by_event.items()}
        indexes = {event: Index.of({rule.id: rule.condition for rule in asked}) for event, asked in by_event.items()}
        forwards = (action for rule in ordered for action in rule.actions if isinstance(action, Forward))
        outsiders = frozenset(address.casefold() for forward in forwards for address in forward.to)
        tables = (MappingProxyType(by_event), MappingProxyType(aspects), MappingProxyType(indexes))
        return cls(ordered, digest, tuple(cases), *tables, outsiders, zone)

    def aspects_of(self, events: Iterable[Event]) -> frozenset[Sought]:
        """What must be looked up before rules are asked about these events, and about what they change themselves."""
        first = frozenset(aspect for event in events for aspect in self.aspects[event])
        caused = (aspect for rule in self.rules if rule.cascade for aspect in _aspects_of(rule))
        return first.union(caused)

    def asked(self, occasion: Occasion) -> tuple[Rule, ...]:
        """The rules for that, in order."""
        rules = self.by_event[occasion.event]
        return tuple(rule for rule in rules if rule.id == occasion.rule) if occasion.event in ASKED_BY_NAME else rules

    @property
    def timed(self) -> tuple[Rule, ...]:
        """Those that wait for their time; none that is disabled."""
        return tuple(rule for rule in self.by_event[Event.TIME] if rule.disabled is None)

    @property
    def schedules(self) -> Mapping[str, tuple[Rule, Schedule]]:
        """Those that report of departments, by id, each with when; none that is disabled."""
        found = (rule for rule in self.by_event[Event.SCHEDULE] if rule.disabled is None)
        return {rule.id: (rule, rule.time.schedule) for rule in found if isinstance(rule.time, Cron)}

    def hears_of(self, event: Event) -> bool:
        """Whether a rule for it is not disabled."""
        return any(rule.disabled is None for rule in self.by_event[event])

    @property
    def has_resting(self) -> bool:
        """Whether it must be remembered of any of them where it has fired."""
        return any(rule.once is not None for rule in self.rules)

    def find(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == name), None)

    def find_macro(self, name: str) -> Rule | None:
        """The rule an agent may run by that name, however he spells it."""
        return next((rule for rule in self.by_event[Event.MACRO] if rule.id.casefold() == name.casefold()), None)

    @property
    def macros(self) -> tuple[str, ...]:
        return tuple(rule.id for rule in self.by_event[Event.MACRO])


def _aspects_of(rule: Rule) -> Iterator[Sought]:
    if rule.disabled is None:
        yield from find_aspects(rule.condition)
        yield from (rule.limit,) if rule.limit and not rule.shadow else ()
        yield from (aspect for action in rule.actions for aspect in action.aspects)


NO_RULES = RuleSet.of(())
