"""The rules as a picture, in Mermaid's words: events, rules in order, stops, and what one rule sets and another tests. Pure."""

from collections.abc import Iterator

from maild.rules.conditions import find_fields
from maild.rules.lint.order import fields_changed
from maild.rules.ruleset import Rule, RuleSet
from maild.rules.verdict import ASKED_BY_NAME

_NOT_IN_LABELS = {'"': "#quot;", "<": "#lt;", ">": "#gt;"}


def draw(rules: RuleSet) -> Iterator[str]:
    """The lines of a flowchart. Rules that are disabled are left out; those in shadow stop nothing and set nothing; macros and time
    rules run alone."""
    drawn = {rule.id: f"r{number}" for number, rule in enumerate(rules.rules, start=1) if rule.disabled is None}
    shown = [rule for rule in rules.rules if rule.id in drawn]
    yield "flowchart TD"
    yield from (f'  {drawn[rule.id]}["{_label(rule)}"]' for rule in shown)
    for number, (event, asked) in enumerate(rules.by_event.items(), start=1):
        if live := [rule for rule in asked if rule.id in drawn]:
            yield f'  e{number}(["{event.value}"])'
            yield f"  e{number} --> {(' & ' if event in ASKED_BY_NAME else ' --> ').join(drawn[rule.id] for rule in live)}"
    yield from (f'  {drawn[rule.id]} --> s{drawn[rule.id]}(("{_stop(rule)}"))' for rule in shown if rule.stops and not rule.shadow)
    for rule, later, names in _links(shown):
        yield f'  {drawn[rule.id]} -. "{_escape(", ".join(names))}" .-> {drawn[later.id]}'


def _label(rule: Rule) -> str:
    return _escape(f"{rule.id} (shadow)" if rule.shadow else rule.id)


def _stop(rule: Rule) -> str:
    return _escape(f"stop {rule.group}" if rule.stops_group else "stop")


def _escape(text: str) -> str:
    return "".join(_NOT_IN_LABELS.get(letter, letter) for letter in text)


def _links(rules: list[Rule]) -> Iterator[tuple[Rule, Rule, list[str]]]:
    """A rule, a later one that is asked at the same event, and the fields that the first changes and the second tests."""
    for position, rule in enumerate(rules):
        changed = {name for action in rule.actions for name in fields_changed(action)} if not rule.shadow else set()
        for later in rules[position + 1 :] if changed else ():
            names = sorted(changed & find_fields(later.condition)) if (set(rule.events) & set(later.events)) - ASKED_BY_NAME else []
            if names:
                yield rule, later, names
