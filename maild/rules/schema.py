"""A JSON Schema of rule files, for editors: built of the tables that load rules, so that it says what they say.

Here is the file with its rules; conditions, what rules do, and test cases have their forms in the rooms beside this one.

Pure. Draft 7, which every editor's YAML extension reads. It takes whatever loads, and cannot see all that `maild rules check` does: names
used twice, patterns that do not compile, conditions that use themselves. A word it has no form for takes any value.
"""

from collections.abc import Mapping

from maild.rules import load, load_times, meanings
from maild.rules.desk_words import DeskWords
from maild.rules.fields import FieldKind
from maild.rules.schema_actions import actions_form
from maild.rules.schema_cases import case_form, expectation_form, step_form
from maild.rules.schema_conditions import condition_form, definition_name, field_value, plain_value, values_form
from maild.rules.schema_forms import EMPTY, FLAG, SPAN, TEXT, Schema, any_of, described, in_any_case, list_of, reference, strict, suggesting
from maild.rules.time_forms import Clock, Deadline
from maild.rules.verdict import NAMED_EVENTS


def build_schema(words: DeskWords) -> Schema:
    """The schema of one rule file at that desk."""
    kinds = {definition_name(kind): field_value(kind, plain_value(kind)) for kind in FieldKind}
    changing = {
        definition_name(kind, True): field_value(kind, plain_value(kind), can_change=True) for kind in (FieldKind.TEXT, FieldKind.SET)
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "maild rules",
        "type": "object",
        "properties": described(meanings.SECTIONS, {name: _section(name) for name in load.TOP_KEYS}),
        "additionalProperties": False,
        "definitions": {
            **kinds,
            **changing,
            "values": values_form(words),
            "condition": condition_form(words),
            "rule": _rule(words),
            "actions": actions_form(words),
            "test": case_form(words),
            "step": step_form(words),
            "expectation": expectation_form(words),
        },
    }


def _section(name: str) -> Schema:
    """A section may be left empty."""
    forms: Mapping[str, Schema] = {
        "version": {"enum": [load.VERSION]},
        "lists": {"type": "object", "additionalProperties": reference("values")},
        "conditions": {"type": "object", "additionalProperties": reference("condition")},
        "rules": {"type": "array", "items": reference("rule")},
        "tests": {"type": "array", "items": reference("test")},
    }
    return any_of(forms[name], {"type": "null"}, EMPTY) if name in forms else {}


def _rule(words: DeskWords) -> Schema:
    agents = tuple(words.settings.agents) if words.settings else ()
    events = [event.value for event in NAMED_EVENTS]
    switch = any_of({"enum": [True, False, "group"]}, in_any_case(("true", "false", "group")))
    forms: Mapping[str, Schema] = {
        "id": {**TEXT, "pattern": r"^\S{1,80}$"},
        "when": any_of(
            list_of({"enum": events, "enumDescriptions": [meanings.EVENTS.get(event, "") for event in events]}),
            *(_time_form(form) for form in load_times.FORMS),
        ),
        "if": reference("condition"),
        "do": {"type": "array", "items": reference("actions"), "minItems": 1},
        "stop": switch,
        "mode": any_of({"enum": ["live", "shadow"]}, in_any_case(("live", "shadow"))),
        "owner": suggesting(agents, TEXT),
        "once": any_of({"enum": ["event", "stay", "ticket"]}, SPAN),
        "cascade": FLAG,
        "limit": strict({"mails": {"type": "integer", "minimum": 1, "maximum": load.MOST_MAILS}, "per": SPAN}, *load.LIMIT_KEYS),
        **dict.fromkeys(("group", "disabled", "about"), TEXT),
    }
    return {
        "type": "object",
        "properties": described(meanings.RULE_KEYS, {key: forms.get(key, {}) for key in load.RULE_KEYS}),
        "required": ["id", "when", "do"],
        "additionalProperties": False,
        "if": {"required": ["stop"], "properties": {"stop": in_any_case(("group",))}},
        "then": {"required": ["group"]},
    }


def _time_form(form: str) -> Schema:
    forms: Mapping[str, Schema] = {
        "while": reference("condition"),
        "clock": {"enum": [clock.value for clock in Clock]},
        "of": {"enum": [deadline.value for deadline in Deadline]},
        "cron": {"type": "string", "pattern": r"^\s*\S+(?:\s+\S+){4}\s*$"},
        "tz": TEXT,
        "each": {"enum": list(load_times.EACH)},
    }
    needed = [form, load_times.NEEDED[form]] if form in load_times.NEEDED else [form]
    return strict(described(meanings.TIME_KEYS, {key: forms.get(key, SPAN) for key in load_times.FORMS[form]}), *needed)
