"""The whole language in its own words: the rule files of `tests/language`, run by their own tests through the daemon's walk.

Each row of the language's tables must stand in a rule that one of these tests sees fire, so that a new row without a test is found here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pytest

from maild.config.faults import Faults
from maild.config.nodes import Entry, Items, Node, Scalar, Table, parse_yaml
from maild.config.settings import Settings
from maild.desk.assignment import Pick
from maild.pipeline import Desk
from maild.rehearsal import rehearse
from maild.rules import (
    action_scope,
    load,
    load_actions,
    load_cases,
    load_conditions,
    load_given,
    load_letters,
    load_operators,
    load_times,
    strings,
)
from maild.rules.cases import Case, Expectation
from maild.rules.fields import FIELDS, FieldKind, find_field
from maild.rules.load import load_rules
from maild.rules.ruleset import RuleSet
from maild.rules.spans import read_span
from maild.rules.time_forms import Clock, Deadline
from maild.rules.trial import run_case
from maild.rules.verdict import NAMED_EVENTS
from maild.tokens import Tokens
from tests.rig.occasions import a_desk

LANGUAGE = Path(__file__).parents[2] / "language"
SETTINGS: Settings = a_desk(LANGUAGE)


def rules_of(path: Path) -> RuleSet:
    loaded = load_rules(LANGUAGE, SETTINGS, {path.name: path.read_bytes()})
    assert loaded.rules is not None, [fault.describe(LANGUAGE) for fault in loaded.faults]
    return loaded.rules


FILES = {path: rules_of(path) for path in sorted(LANGUAGE.glob("*.yaml"))}
CASES = [(rules, case) for rules in FILES.values() for case in rules.cases]


@pytest.mark.parametrize(("rules", "case"), CASES, ids=[case.name for _, case in CASES])
def test_the_language_does_what_its_tests_say(rules: RuleSet, case: Case):
    desk = Desk(SETTINGS, rules, Tokens([b"0" * 32], "acme.example", ["Acme"], SETTINGS.agents))
    result = run_case(case, rehearse(desk))
    assert result.passed, "\n".join(result.describe())


@dataclass(frozen=True, slots=True)
class Written:
    """Every rule and every test as it is written, and the rules that a test sees fire or not fire, by file and id."""

    rules: tuple[tuple[Path, str, Table], ...]
    tests: tuple[Table, ...]
    fired: frozenset[tuple[Path, str]]
    not_fired: frozenset[tuple[Path, str]]

    def conditions(self, ids: frozenset[tuple[Path, str]]) -> Iterator[Node]:
        for path, rule, table in self.rules:
            if (path, rule) in ids and (condition := table.get("if")):
                yield condition

    def actions(self) -> Iterator[Entry]:
        for path, rule, table in self.rules:
            does = table.get("do")
            if (path, rule) in self.fired and isinstance(does, Items):
                yield from (entry for action in does if isinstance(action, Table) for entry in action.entries)


def written() -> Written:
    rules: list[tuple[Path, str, Table]] = []
    tests: list[Table] = []
    fired: set[tuple[Path, str]] = set()
    not_fired: set[tuple[Path, str]] = set()
    for path, loaded in FILES.items():
        root = parse_yaml(path.read_bytes(), path, Faults())
        assert isinstance(root, Table)
        rules += ((path, text(table, "id"), table) for table in tables(root.get("rules")))
        tests += tables(root.get("tests"))
        for expectation in (step.what for case in loaded.cases for step in case.steps if isinstance(step.what, Expectation)):
            fired.update((path, rule) for rule in expectation.fired)
            not_fired.update((path, rule) for rule in expectation.not_fired)
    return Written(tuple(rules), tuple(tests), frozenset(fired), frozenset(not_fired))


def tables(node: Node | None) -> Iterator[Table]:
    yield from (item for item in (node if isinstance(node, Items) else ()) if isinstance(item, Table))


def text(table: Table, key: str) -> str:
    value = table.get(key)
    return value.text if isinstance(value, Scalar) else ""


def entries(node: Node | None) -> Iterator[Entry]:
    """Of a table and of all within it."""
    if isinstance(node, Table):
        for entry in node.entries:
            yield entry
            yield from entries(entry.value)
    elif isinstance(node, Items):
        for item in node:
            yield from entries(item)


def scalars(node: Node | None) -> Iterator[str]:
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, Items):
        for item in node:
            yield from scalars(item)
    elif isinstance(node, Table):
        for entry in node.entries:
            yield from scalars(entry.value)


WRITTEN = written()
ELSEWHERE = {"bounce.received"}
"""This needs a server's report about a letter that has an id: `tests/doors/test_rule_events.py` has it."""


def keys(nodes: Iterable[Node | None]) -> set[str]:
    return {entry.key.text for node in nodes for entry in entries(node)}


def operators_in(nodes: Iterable[Node]) -> set[tuple[str, FieldKind]]:
    """Each operator with the kind of field it stands at; a plain value is `is`, or `has` of a set."""
    found: set[tuple[str, FieldKind]] = set()
    for entry in chain.from_iterable(map(entries, nodes)):
        field = find_field(entry.key.text)
        if field:
            found |= {(name.key.text, field.kind) for name in entries(entry.value)}
    return found


def missing(wanted: Iterable[str], found: Iterable[str]) -> list[str]:
    return sorted(set(wanted) - set(found))


def test_every_field_is_asked():
    asked = keys(WRITTEN.conditions(WRITTEN.fired))
    assert missing(FIELDS, asked) == []
    assert {name.partition(".")[0] for name in asked if name not in FIELDS} >= {"header", "field", "was", "hours"}


def test_every_operator_is_tried_on_every_kind_of_field_it_takes_once_true_and_once_false():
    wanted = {(name, kind) for name, row in load_operators.OPERATORS.items() for kind in row.kinds}
    assert sorted(map(str, wanted - operators_in(WRITTEN.conditions(WRITTEN.fired)))) == []
    assert sorted(map(str, wanted - operators_in(WRITTEN.conditions(WRITTEN.not_fired)))) == []


def test_what_has_changed_is_asked_once_true_and_once_false():
    assert missing(load_conditions.CHANGES, keys(WRITTEN.conditions(WRITTEN.fired))) == []
    assert missing(load_conditions.CHANGES, keys(WRITTEN.conditions(WRITTEN.not_fired))) == []


def test_every_way_of_joining_conditions_is_tried():
    wanted = (*load_conditions.GROUPS, "cased")
    assert missing(wanted, keys(WRITTEN.conditions(WRITTEN.fired))) == []
    assert missing(wanted, keys(WRITTEN.conditions(WRITTEN.not_fired))) == []


def test_every_action_is_done_and_every_key_in_one_is_used():
    done = list(WRITTEN.actions())
    assert missing(load_actions.ACTIONS, (entry.key.text for entry in done)) == []
    for name in ("set", "default"):
        inner = keys(entry.value for entry in done if entry.key.text == name)
        assert missing(load_actions.SETTINGS, inner) == [], name
        assert any(key.startswith("field.") for key in inner), name
    for name, wanted in action_scope.ACTION_KEYS.items():
        assert missing(wanted, keys(entry.value for entry in done if entry.key.text == name)) == [], name
    named = {word for entry in done if entry.key.text == "notify" for word in scalars(entry.value)}
    assert missing(load_letters.AUDIENCES, named) == []


def test_every_value_that_texts_may_name_is_named():
    texts = " ".join(chain.from_iterable(scalars(entry.value) for entry in WRITTEN.actions()))
    names = [*(f"ticket.{name}" for name in strings.TICKET_VALUES), *(f"customer.{name}" for name in strings.CUSTOMER_VALUES)]
    assert [name for name in (*names, "match.", "ticket.field.") if f"{{{{ {name}" not in texts] == []


def test_every_event_asks_a_rule_that_fires():
    events = {event.value for event in NAMED_EVENTS} - ELSEWHERE
    asked = {word for path, rule, table in WRITTEN.rules if (path, rule) in WRITTEN.fired for word in scalars(table.get("when"))}
    assert missing(events, asked) == []


def test_every_form_of_time_with_every_word_in_it_asks_a_rule_that_fires():
    asked = [when for path, rule, table in WRITTEN.rules if (path, rule) in WRITTEN.fired and isinstance(when := table.get("when"), Table)]
    for form, names in load_times.FORMS.items():
        assert missing(names, keys(when for when in asked if when.key(form))) == [], form
    assert missing((clock.value for clock in Clock), chain.from_iterable(scalars(when.get("clock")) for when in asked)) == []
    assert missing((deadline.value for deadline in Deadline), chain.from_iterable(scalars(when.get("of")) for when in asked)) == []
    assert missing(load_times.EACH, chain.from_iterable(scalars(when.get("each")) for when in asked)) == []


def test_every_word_that_a_rules_own_keys_take_is_written_at_a_rule_that_fires():
    def written_at(key: str) -> set[str]:
        return {word for path, rule, table in WRITTEN.rules if (path, rule) in WRITTEN.fired for word in scalars(table.get(key))}

    wanted = {"mode": ("live", "shadow"), "stop": ("true", "false", "group"), "once": ("event", "stay", "ticket")}
    for key, words in wanted.items():
        assert missing(words, written_at(key)) == [], key
    assert any(read_span(word) for word in written_at("once"))


def test_whoever_can_be_picked_is_picked_in_every_way():
    picked = {word for entry in WRITTEN.actions() if entry.key.text == "assign" for word in named(entry.value, "pick")}
    assert missing((pick.value for pick in Pick), picked) == []


def named(node: Node, key: str) -> Iterator[str]:
    yield from scalars(node.get(key)) if isinstance(node, Table) else ()


def test_every_key_of_rules_and_of_tests_is_used():
    assert missing(load.RULE_KEYS, (entry.key.text for _, _, table in WRITTEN.rules for entry in table.entries)) == []
    assert missing(load_cases.CASE_KEYS, (entry.key.text for test in WRITTEN.tests for entry in test.entries)) == []
    assert missing(load_cases.MAIL_KEYS, keys(test.get("mail") for test in WRITTEN.tests)) == []
    given = keys(test.get("given") for test in WRITTEN.tests)
    assert missing(load_given.GIVEN_KEYS, given) == []
    assert missing((*load_given.CUSTOMER_KEYS, *load_given.REPLY_KEYS), given) == []
    expected = keys(chain.from_iterable((test.get("expect"), test.get("steps")) for test in WRITTEN.tests))
    assert missing((*load_cases.EXPECT_KEYS, *load_cases.TICKET_KEYS), expected) == []
