"""The schema for editors, tried with a real validator: it takes what loads, and refuses what is written wrongly."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from maild.config.faults import Faults
from maild.config.nodes import Items, Scalar, Table, parse_yaml
from maild.rules import meanings
from maild.rules.desk_words import DeskWords, find_words
from maild.rules.fields import FIELDS, FieldKind
from maild.rules.load import RULE_KEYS, TOP_KEYS, load_rules
from maild.rules.load_actions import ACTIONS
from maild.rules.load_cases import COMMANDS
from maild.rules.load_conditions import CHANGES
from maild.rules.load_operators import OPERATORS
from maild.rules.schema import build_schema
from maild.rules.verdict import NAMED_EVENTS
from maild.templates.render import list_templates
from tests.rig.occasions import a_desk, load_text
from tests.rig.pages import MANUAL, blocks

ROOT = Path(__file__).parents[3]
DESK = a_desk(ROOT / "etc")
WORDS = find_words(DESK, {item.kind for item in list_templates(DESK)}, load_rules(ROOT / "etc", DESK))
SCHEMA, GENERAL = build_schema(WORDS), build_schema(DeskWords())
VALIDATOR, OF_NO_DESK = Draft7Validator(SCHEMA), Draft7Validator(GENERAL)
UNSEEN = {
    *("broken-pattern", "look-around", "between-upside-down", "blank-needle", "word-without-letters", "too-deep"),  # of values
    *("listed-pattern", "tags-that-are-none"),
    *("condition-uses-itself", "same-id-twice", "test-of-unknown-rule", "unknown-list", "unknown-condition"),  # across rules and files
    *("capture-that-is-none", "expression-in-text", "unknown-name-in-text"),  # in texts
    *("quarantine-too-late", "score-too-late", "reply-too-early", "macro-asks-too-much", "length-and-tickets"),  # of an event
    *("anchor", "duplicate-key", "not-yaml", "tab", "wrong-indentation", "braces-without-quotes"),  # below JSON
}
"""Broken files in which only `maild rules check` finds what is wrong."""


def plain(node):
    """A node as an editor's YAML reader gives it to the validator."""
    match node:
        case Scalar(value=value):
            return value
        case Items(items=items):
            return [plain(item) for item in items]
        case Table(entries=entries):
            return {entry.key.text: plain(entry.value) for entry in entries}


def read(raw):
    return plain(parse_yaml(raw if isinstance(raw, bytes) else raw.encode(), Path("rules.yaml"), Faults()))


def faults(text, validator=VALIDATOR):
    return [error.message for error in validator.iter_errors(read(text))]


def rule(inner):
    return f"rules: [{{id: a, when: ticket.created, do: [{{tag: x}}], {inner}}}]"


def test_both_schemas_are_schemas():
    for schema in (SCHEMA, GENERAL):
        Draft7Validator.check_schema(schema)
        assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("file", sorted((ROOT / "etc/rules").glob("*.yaml")), ids=lambda file: file.name)
def test_the_example_desks_files_are_valid(file):
    assert faults(file.read_bytes()) == []
    assert faults(file.read_bytes(), OF_NO_DESK) == []


def test_the_rules_of_the_manual_are_valid():
    found = [block.text for block in blocks(MANUAL / "rules.md", "yaml") if "rules" in block.marks]
    assert found
    assert [faults(text, OF_NO_DESK) for text in found] == [[]] * len(found)


@pytest.mark.parametrize("case", sorted((ROOT / "tests/bad_rules").glob("*.yaml")), ids=lambda case: case.stem)
def test_of_broken_files_all_are_refused_that_are_written_wrongly(case):
    assert case.stem in UNSEEN or faults(case.read_bytes())


def test_an_editor_is_told_the_names_of_the_desk():
    assert faults(rule("if: {queue: supprt}"))
    assert faults(rule("if: {queue: [support, SALES, Ｓales, $mine]}")) == []
    assert faults("rules: [{id: a, when: ticket.created, do: [{set: {owner: olga}}]}]")
    assert faults("rules: [{id: a, when: ticket.created, do: [{reply: {template: recieved}}]}]")
    assert faults("rules: [{id: a, when: ticket.created, do: [{set: {owner: olga}}, {reply: {template: mine}}]}]", OF_NO_DESK) == []


def test_words_that_are_free_are_proposed_and_not_demanded():
    tags = build_schema(DeskWords(DESK, tags=("vip",)))["definitions"]["actions"]["properties"]["tag"]
    assert {"enum": ["vip"]} in tags["anyOf"][0]["anyOf"]
    assert not list(Draft7Validator(build_schema(DeskWords(DESK, tags=("vip",)))).iter_errors(read(rule("about: x"))))


def test_words_are_those_of_the_desk_and_its_rules():
    assert WORDS.tags == ("complaint", "faq", "keep-open", "payment", "vip")
    assert set(WORDS.lists) == {"vip_domains", "pay_words", "angry_words"}
    assert WORDS.conditions == ("a_person",)
    assert "received" in WORDS.templates


def test_every_word_of_the_language_has_its_meaning():
    assert set(meanings.EVENTS) == {event.value for event in NAMED_EVENTS}
    assert set(meanings.SECTIONS) == set(TOP_KEYS)
    assert set(RULE_KEYS) <= set(meanings.RULE_KEYS)
    assert set(meanings.FIELDS) == set(FIELDS)
    assert set(meanings.OPERATORS) == {*OPERATORS, *CHANGES, "not", "cased"}
    assert set(meanings.ACTIONS) == set(ACTIONS)


def test_every_field_and_action_stands_in_the_schema_with_its_meaning():
    definitions = SCHEMA["definitions"]
    for told, properties in {"FIELDS": "condition", "ACTIONS": "actions", "RULE_KEYS": "rule"}.items():
        for name, meaning in getattr(meanings, told).items():
            if name in definitions[properties]["properties"]:
                assert definitions[properties]["properties"][name]["description"] == meaning
    assert set(FIELDS) <= set(definitions["condition"]["properties"])
    assert set(ACTIONS) == set(definitions["actions"]["properties"])
    assert all(definitions["actions"]["properties"][name].keys() - {"description"} for name in ACTIONS), "an action without a form"


def listed(values):
    """Flow sequences of these."""
    return values.map(lambda items: f"[{', '.join(items)}]")


def paired(keys, values):
    return st.tuples(st.sampled_from(keys), values).map(": ".join)


def mapped(pairs):
    """Flow mappings of these, each key once."""
    return st.lists(pairs, min_size=1, max_size=3, unique_by=lambda pair: pair.partition(":")[0]).map(
        lambda found: f"{{{', '.join(found)}}}"
    )


WORDS_OF_THE_DESK = [
    "a",
    "open",
    "invoice",
    "Ann",
    "support",
    "SUPPORT",
    "anna",
    "high",
    "human",
    "pass",
    "closed",
    "payments",
    "true",
    "12",
    "$l",
    "parts@supplier.example",
]
NUMBERS = ["0", "5", "2.5", "5MiB", "3 kb", "30m", "2d", "1h", "$n", "-1", "12 W"]
ODD = ["null", "~", "''", "{}", "[]", "1e3", "'5'", "[1, a]", "{is: a}", "$m", "TRUE", "no", "[null]", "2026-01-01", "false"]
VALUES = st.sampled_from(WORDS_OF_THE_DESK + NUMBERS + ODD)
LISTS = VALUES | listed(st.lists(VALUES, max_size=3))
TABLES = mapped(paired([*OPERATORS, *CHANGES, "not", "cased"], LISTS))
BEFORE = [f"was.{name}" for name in FIELDS]
LEAVES = paired([*FIELDS, *BEFORE, "header.X", "field.x", "was.field.x", "hours.support", "hours.sales"], LISTS | TABLES).map(
    "{{{}}}".format
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: (paired(["all", "any", "none"], listed(st.lists(inner, max_size=2))) | paired(["not"], inner)).map("{{{}}}".format),
    max_leaves=3,
)
SETTINGS = paired(["queue", "status", "priority", "tier", "owner", "team", "language", "sender", "field.x"], LISTS)
LETTERS = paired(["to", "team", "template", "then", "who", "days", "why"], LISTS | st.sampled_from(["received", "lead"]))
ACTION = paired(list(ACTIONS), LISTS | mapped(SETTINGS | LETTERS))
FREE_KEYS = [key for key in RULE_KEYS if key not in ("id", "when", "if", "do")]
OPTIONS = st.dictionaries(
    st.sampled_from(FREE_KEYS),
    LISTS | st.sampled_from(["group", "ticket", "event", "stay", "1d 2h", "{mails: 5, per: 1h}", "{mails: 5, per: 99d}"]),
    max_size=2,
)
TIMES = mapped(
    paired(["after", "before"], st.sampled_from(["30m", "1d 2h", "0m", "soon"]))
    | paired(["while"], st.sampled_from(["{status: new}", "{tags: [a, b], snoozed: false}", "{}", "new"]))
    | paired(["clock", "of", "each", "tz"], st.sampled_from(["real", "business", "snooze", "task.due", "ticket", "once", "Europe/Sofia"]))
    | paired(["cron"], st.sampled_from(["'0 8 * * mon'", "0 8 * *", "'*/5 * 1 1-3 *'"]))
)
EVENTS = st.sampled_from([*(event.value for event in NAMED_EVENTS), "[ticket.created, message.customer]"]) | LISTS | TIMES


RULES = st.one_of(
    CONDITIONS.map("id: a, when: ticket.created, if: {}, do: [{{tag: x}}]".format),
    LEAVES.map("id: a, when: mail.received, if: {}, do: [{{drop: x}}]".format),
    st.tuples(st.sampled_from(["mail.received", "ticket.created"]), ACTION).map(lambda pair: "id: a, when: {}, do: [{{{}}}]".format(*pair)),
    EVENTS.map("id: a, when: {}, do: [{{tag: x}}]".format),
    OPTIONS.map(lambda found: "id: a, when: ticket.created, do: [{tag: x}]" + "".join(f", {key}: {value}" for key, value in found.items())),
)


@given(RULES)
@settings(max_examples=600)
def test_whatever_loads_is_valid(written):
    text = f"lists: {{l: [support, anna], n: [1, 2], m: [x]}}\nrules: [{{{written}}}]"
    if load_text(text).rules is not None:
        assert faults(text) == [], text
        assert faults(text, OF_NO_DESK) == [], text


STEP = mapped(paired(["mail", "wait", "expect", "by", "reply", "note", *COMMANDS], LISTS | st.sampled_from(["{to: a@a.example}", "{}"])))


@given(st.lists(STEP, min_size=1, max_size=3))
@settings(max_examples=300)
def test_whatever_steps_load_are_valid(steps):
    mail = "{from: a@a.example, to: b@b.example}"
    text = f"lists: {{l: [x], n: [1], m: [x]}}\ntests: [{{name: a, mail: {mail}, steps: [{', '.join(steps)}]}}]"
    if load_text(text).rules is not None:
        assert faults(text) == [], text


@pytest.mark.parametrize(
    ("step", "loads"),
    [
        ("reply: Soon, close: true, by: anna", True),
        ("macro: refund", True),
        ("set: {order: '7'}", True),
        ("mail: {body: Again}", True),
        ("wait: 1d 2h", True),
        ("wait: soon", False),
        ("by: anna", False),
        ("reply: x, note: y", False),
        ("mail: {body: x}, wait: 1h", False),
        ("by: olga, close: true", False),
        ("close: now", False),
        ("clsoe: true", False),
    ],
)
def test_a_step_is_judged_as_it_loads(step, loads):
    text = f"tests: [{{name: a, mail: {{from: a@a.example, to: b@b.example}}, steps: [{{{step}}}, {{expect: {{}}}}]}}]"
    assert (load_text(text).rules is not None) is loads
    assert (faults(text) == []) is loads


@pytest.mark.parametrize(
    ("due", "loads"),
    [
        ("due: 1d 2h, clock: business", True),
        ("due: fri 9:00, clock: real", True),
        ("due: fri 9:00", True),
        ("clock: real", True),
        ("due: fri 9:00, clock: business", False),
        ("clock: business", False),
        ("due: 1d, clock: sun", False),
    ],
)
def test_when_a_task_is_due_is_judged_as_it_loads(due, loads):
    text = f"rules: [{{id: a, when: ticket.created, do: [{{task: {{title: x, for: anna, {due}}}}}]}}]"
    assert (load_text(text).rules is not None) is loads
    assert (faults(text) == []) is loads


def test_a_test_without_anything_expected_is_refused():
    text = "tests: [{name: a, mail: {from: a@a.example, to: b@b.example}, steps: [{reply: x}]}]"
    assert load_text(text).rules is None
    assert faults(text)


@pytest.mark.parametrize("name", ["tags", "language", "field.x", "was.tags", "was.field.x", "subject", "to", "header.X", "age", "auto"])
@pytest.mark.parametrize("operator", CHANGES)
def test_changes_are_asked_of_what_people_set(name, operator):
    for written in (f"{operator}: true", f"{operator}: [a, b]", f"not: {{{operator}: true}}", f"{operator}: {{is: a}}"):
        text = rule(f"if: {{{name}: {{{written}}}}}")
        assert (load_text(text).rules is not None) == (faults(text) == []), text


@pytest.mark.parametrize("kind", FieldKind)
@pytest.mark.parametrize("operator", [*OPERATORS, "not"])
def test_each_operator_with_each_kind_of_field_is_judged_as_it_loads(kind, operator):
    """The other way round, too, for every value that is whole: what the schema takes, loads."""
    field = next(field for field in FIELDS.values() if field.kind is kind and not field.known)
    for value in ("abc", "[abc, d]", "5", "[5, 6]", "30m", "5MiB", "true", "{gt: 1}", "[[a]]"):
        text = rule(f"if: {{{field.name}: {{{operator}: {value}}}}}")
        assert (load_text(text).rules is not None) == (faults(text) == []), text
