"""Rules with `cascade` that make each other fire for ever, were there no limit (RULES.md 5.3). Pure.

Found by trying, with the engine itself: a ticket that comes back to a state in which it has been is proof. So a circle that is warned of is
one, and one that takes more than the values which two of its rules name is not found.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import combinations_with_replacement, islice, product

from maild.config.faults import Faults
from maild.message import NOT_JUDGED, Address
from maild.rules.actions import Action, Assign, Close, Reply, SetField, Tag, Untag, set_field
from maild.rules.conditions import Comparison, Condition
from maild.rules.engine import DEPTH, evaluate
from maild.rules.happenings import CHANGES, Happening, find_changes
from maild.rules.lint.order import fields_changed
from maild.rules.lint.subject import Subject
from maild.rules.operators import Equals, HasAll
from maild.rules.ruleset import Rule, RuleSet
from maild.rules.said import NOTHING_SAID, read_said
from maild.rules.verdict import Cause, Occasion, Source, Verdict
from maild.ticket import Priority, Status, TicketView

MOST_ASKED = 10_000
"""So often a rule is asked in all: what is tried grows with the square of the rules, and must not take for ever of a large set."""
MOST_STATES = 48
MOST_ROUNDS = 6
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_TICKET = TicketView(1, "", "", Status.OPEN, Priority.NORMAL, Address("", ""), _NOW, _NOW)
_ORDINARY: Mapping[str, str | None] = {"status": "open", "priority": "normal", "tier": "L1", "owner": None, "team": None, "language": None}
_CAUSE = Cause(("another",), 1)
_CHANGES = frozenset(event.value for event in CHANGES)


@dataclass(frozen=True, slots=True)
class _Circle:
    """The ids of rules that change a ticket in turn."""

    rules: tuple[str, ...]


def check_circles(subjects: Sequence[Subject], faults: Faults) -> None:
    """Each circle once, at the last of its rules. A rule that rests (`once`) ends any."""
    asked = tuple(subject for subject in subjects if _may_go_on(subject))
    rules = RuleSet.of(tuple(subject.rule for subject in asked))
    told: set[tuple[str, ...]] = set()
    for before, after in islice(_find_beginnings(asked), MOST_ASKED // max(1, len(asked))):
        circle = _find_circle(rules, before, after)
        if circle and circle.rules not in told:
            told.add(circle.rules)
            _tell(circle, asked, faults)


def _may_go_on(subject: Subject) -> bool:
    return subject.is_live and subject.rule.cascade and subject.rule.once is None and not subject.events.isdisjoint(_CHANGES)


def _tell(circle: _Circle, asked: Iterable[Subject], faults: Faults) -> None:
    *others, last = (subject for subject in asked if subject.rule.id in circle.rules)
    with_whom = f" with {' and '.join(map(last.refer_to, others))}" if others else ""
    message = (
        f'rule "{last.rule.id}" goes round in a circle{with_whom}: what one changes makes the next fire, and is changed back; it ends '
        f'after {DEPTH} rounds. Take "cascade" out of one, add "once", or write conditions that do not meet'
    )
    faults.add(last.place_of("cascade"), "W312", message)


def _find_circle(rules: RuleSet, before: TicketView, after: TicketView) -> _Circle | None:
    """The rules that bring the ticket back to where it was, each round seeing what the one before has changed."""
    states: list[tuple[TicketView, TicketView]] = []
    changers: list[tuple[str, ...]] = []
    for _ in range(MOST_ROUNDS):
        if (before, after) in states:
            first = states.index((before, after))
            names = frozenset(name for state in states[first:] for name in _names_changed(*state))
            turn = frozenset(rule for found in changers[first:] for rule in found)
            return _Circle(tuple(rule.id for rule in rules.rules if rule.id in turn and not names.isdisjoint(_changed_by(rule))))
        states.append((before, after))
        verdict = _go_round(rules, before, after)
        if not any(find_changes(after, verdict.ticket)):
            return None
        changers.append(verdict.changers)
        before, after = after, verdict.ticket
    return None


def _names_changed(before: TicketView, after: TicketView) -> Iterator[str]:
    """The fields of rules that differ."""
    yield from (name for name in (*_ORDINARY, "queue", "tags") if getattr(before, name) != getattr(after, name))
    yield from (f"field.{name}" for name in before.fields.keys() | after.fields.keys() if before.fields.get(name) != after.fields.get(name))


def _changed_by(rule: Rule) -> frozenset[str]:
    return frozenset(name for action in rule.actions for name in fields_changed(action))


def _go_round(rules: RuleSet, before: TicketView, after: TicketView) -> Verdict:
    verdict = Verdict(after)
    for happening in find_changes(before, after):
        verdict = evaluate(rules, _occasion(happening, before, verdict.ticket)).following(verdict)
    return verdict


def _occasion(happening: Happening, before: TicketView, ticket: TicketView) -> Occasion:
    """Nothing was said; whatever else a rule asks about is not there."""
    said = read_said(None, ticket)
    return Occasion(happening.event, said, NOTHING_SAID, NOT_JUDGED, ticket, "", _NOW, before=before, cause=_CAUSE, source=Source.DESK)


def _find_beginnings(subjects: Sequence[Subject]) -> Iterator[tuple[TicketView, TicketView]]:
    """Tickets of which somebody has changed one field, with values that two of the rules name: before and after. Whatever goes round is
    set by one of them and set back by the other."""
    pairs = combinations_with_replacement(subjects, 2)
    for pair in (pair for pair in pairs if not _changed_by(pair[0].rule).isdisjoint(_changed_by(pair[1].rule))):
        values = _values_named(pair)
        for state in islice(product(*values.values()), MOST_STATES):
            after = _ticket_with(dict(zip(values, state, strict=True)))
            for name, others in values.items():
                yield from ((_with(after, name, other), after) for other in others)


def _values_named(subjects: Iterable[Subject]) -> Mapping[str, tuple[str | None, ...]]:
    """By field, or `#tag`, what these rules ask for and what they set, beside what is ordinary."""
    found: dict[str, dict[str | None, None]] = {}
    for subject in subjects:
        named = (*_values_asked(subject.rule.condition), *(value for action in subject.rule.actions for value in _values_set(action)))
        for name, value in named:
            found.setdefault(name, {_ORDINARY.get(name): None})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def _values_asked(condition: Condition) -> Iterator[tuple[str, str | None]]:
    if not isinstance(condition, Comparison):
        yield from (value for part in condition.parts for value in _values_asked(part))
        return
    name = condition.field.name.removeprefix("was.")
    if isinstance(condition.test, Equals | HasAll) and (name in (*_ORDINARY, "queue", "tags") or name.startswith("field.")):
        yield from ((f"#{value}", value) if name == "tags" else (name, value) for value in sorted(condition.test.wanted))


def _values_set(action: Action) -> Iterator[tuple[str, str | None]]:
    match action:
        case SetField(name, value) if value is None or not value.names:
            yield name, None if value is None else str(value)
        case Assign(agent, team):
            yield from (("owner", agent), ("team", team))
        case Tag(tags) | Untag(tags):
            yield from ((f"#{tag}", str(tag)) for tag in tags)
        case Reply(then=Status() as status):
            yield "status", status.value
        case Close():
            yield "status", Status.CLOSED.value


def _ticket_with(values: Mapping[str, str | None]) -> TicketView:
    ticket = _TICKET
    for name, value in values.items():
        ticket = _with(ticket, name, value)
    return ticket


def _with(ticket: TicketView, name: str, value: str | None) -> TicketView:
    """A value that the field cannot have leaves it as it is."""
    if name.startswith("#"):
        tags = ticket.tags | {name[1:]} if value else ticket.tags - {name[1:]}
        return replace(ticket, tags=tags)
    try:
        return set_field(ticket, name, value, _NOW)
    except ValueError:
        return ticket
