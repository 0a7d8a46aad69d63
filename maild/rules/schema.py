"""A JSON Schema of rule files, for editors: built of the tables that load rules, so that it says what they say.

Pure. Draft 7, which every editor's YAML extension reads. It takes whatever loads, and cannot see all that `maild rules check` does: names
used twice, patterns that do not compile, conditions that use themselves. A word it has no form for takes any value.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from maild.config.nodes import Items, Scalar, Table, walk_entries
from maild.config.settings import Desk, Secret, Settings, Storage, Trust
from maild.desk.assignment import Pick
from maild.effects import IncomingState
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
    load_work,
    meanings,
)
from maild.rules.fields import AGENTS, CALENDARS, FIELDS, HOURS, QUEUES, Field, FieldKind, Known, field_before
from maild.rules.folding import fold
from maild.rules.load import LoadedRules
from maild.rules.spans import DURATIONS, SPANS
from maild.rules.time_forms import Clock, Deadline
from maild.rules.verdict import NAMED_EVENTS
from maild.ticket import Status

Schema = dict[str, object]

_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
_TEXT: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
_FLAG: Schema = {"type": "boolean"}
_NUMBER: Schema = {"type": "number"}
_POINTS: Schema = {"type": "number", "minimum": -load_actions.MOST_POINTS, "maximum": load_actions.MOST_POINTS, "not": {"const": 0}}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_SPAN: Schema = {"type": "string", "pattern": rf"^(?:\s*{SPANS.pattern})+\s*$"}
_LIST_NAME: Schema = {"type": "string", "pattern": r"^\$[A-Za-z_][\w-]*$"}
_BEYOND_PLAIN = r"[^a-z0-9_@.+-]"
"""Text with anything else in it may still fold to a word that is known; a word of nothing else is one, or is not."""


@dataclass(frozen=True, slots=True)
class DeskWords:
    """What an editor may propose of one desk."""

    settings: Settings | None = None
    templates: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    def of(self, known: Known) -> tuple[str, ...]:
        """The words of a closed set; none where only a desk knows them."""
        return tuple(known.words(self.settings or _NO_DESK))


_NO_DESK = Settings(Path(), Desk("", "", "", Secret("plain", "")), Storage(), None, Trust(), {}, {}, {})


def find_words(settings: Settings, templates: Iterable[str], loaded: LoadedRules) -> DeskWords:
    """The words of a desk, and of its rules as they are written, valid or not."""
    names = {section: _keys_of(loaded, section) for section in ("lists", "conditions")}
    entries = [entry for file in loaded.files for section in file.sections.values() for entry in walk_entries(section.value)]
    tags = sorted({text for entry in entries if entry.key.text in ("tag", "tags", "untag") for text in _plain_texts(entry.value)})
    rules = tuple(entry.value.text for entry in entries if entry.key.text == "id" and isinstance(entry.value, Scalar))
    return DeskWords(settings, tuple(sorted(templates)), tuple(tags), names["lists"], names["conditions"], rules)


def _keys_of(loaded: LoadedRules, section: str) -> tuple[str, ...]:
    tables = (file.sections[section].value for file in loaded.files if section in file.sections)
    return tuple(entry.key.text for table in tables if isinstance(table, Table) for entry in table.entries)


def _plain_texts(node: object) -> list[str]:
    items = node.items if isinstance(node, Items) else (node,)
    return [item.text for item in items if isinstance(item, Scalar) and re.fullmatch(r"[^${}\s]+", item.text)]


def build_schema(words: DeskWords) -> Schema:
    """The schema of one rule file at that desk."""
    kinds = {_definition(kind): _value_of(kind, _plain(kind)) for kind in FieldKind}
    changing = {_definition(kind, True): _value_of(kind, _plain(kind), can_change=True) for kind in (FieldKind.TEXT, FieldKind.SET)}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "maild rules",
        "type": "object",
        "properties": _described(meanings.SECTIONS, {name: _section(name) for name in load.TOP_KEYS}),
        "additionalProperties": False,
        "definitions": {
            **kinds,
            **changing,
            "values": _values(words),
            "condition": _condition(words),
            "rule": _rule(words),
            "actions": _actions(words),
            "test": _test(words),
            "step": _step(words),
            "expectation": _expectation(words),
        },
    }


def _section(name: str) -> Schema:
    """A section may be left empty."""
    forms: Mapping[str, Schema] = {
        "version": {"enum": [load.VERSION]},
        "lists": {"type": "object", "additionalProperties": _reference("values")},
        "conditions": {"type": "object", "additionalProperties": _reference("condition")},
        "rules": {"type": "array", "items": _reference("rule")},
        "tests": {"type": "array", "items": _reference("test")},
    }
    return _any(forms[name], {"type": "null"}, _EMPTY) if name in forms else {}


_EMPTY: Schema = {"type": "array", "maxItems": 0}


def _any(*forms: Schema) -> Schema:
    return {"anyOf": list(forms)}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _described(told: Mapping[str, str], properties: Mapping[str, Schema]) -> dict[str, Schema]:
    """Each with its meaning. What stands beside a `$ref` is overlooked in draft 7, so that goes a level down."""
    return {
        name: {**({"allOf": [form]} if "$ref" in form else form), **({"description": told[name]} if name in told else {})}
        for name, form in properties.items()
    }


def _one_of(names: Iterable[str], otherwise: Schema = _TEXT) -> Schema:
    """One of these words; where none are known, any text."""
    known = list(dict.fromkeys(names))
    return {"enum": known} if known else otherwise


def _suggesting(names: Iterable[str], form: Schema) -> Schema:
    """What an editor proposes, though anything of that form will do."""
    known = list(dict.fromkeys(names))
    return _any({"enum": known}, form) if known else form


def _in_any_case(names: Iterable[str]) -> Schema:
    return {"type": "string", "pattern": f"^{_pattern_in_any_case(names)}$"}


def _pattern_in_any_case(names: Iterable[str]) -> str:
    written = "|".join("".join(f"[{re.escape(letter.lower())}{re.escape(letter.upper())}]" for letter in name) for name in names)
    return f"(?:{written})"


def _list_of(form: Schema) -> Schema:
    """One value, a list of values, or the name of a list: wherever `Loading.scalars` reads."""
    return _any(form, _LIST_NAME, {"type": "array", "items": _any(form, _LIST_NAME), "minItems": 1})


def _values(words: DeskWords) -> Schema:
    return _list_of(_suggesting((f"${name}" for name in words.lists), _SCALAR))


def _folded(known: Known, words: DeskWords) -> Schema:
    """A word that conditions compare: in any spelling that folds to one."""
    names = words.of(known)
    if not names or known.code.startswith("W"):
        return _suggesting(names, _SCALAR)
    spelt: Schema = {"type": "string", "pattern": _BEYOND_PLAIN}
    return _any({"enum": [*dict.fromkeys((*names, *map(fold, names)))]}, spelt, {"type": "null"})


def _definition(kind: FieldKind, can_change: bool = False) -> str:
    return f"changing_{kind.name.casefold()}" if can_change else kind.name.casefold()


def _plain(kind: FieldKind) -> Schema:
    """A single value of a field."""
    match kind:
        case FieldKind.FLAG:
            return _FLAG
        case FieldKind.NUMBER:
            return _NUMBER
        case FieldKind.SIZE:
            return _any(_NUMBER, _with_unit(load_operators.SIZES))
        case FieldKind.DURATION:
            return _with_unit(DURATIONS)
    return _SCALAR


def _with_unit(units: Iterable[str]) -> Schema:
    return {"type": "string", "pattern": rf"^[0-9]{{1,12}}(?:\.[0-9]{{1,6}})?\s?{_pattern_in_any_case(units)}$"}


def _value_of(kind: FieldKind, plain: Schema, *, can_change: bool = False) -> Schema:
    """What stands beside a field of that kind: a value, a list, or operators; those of changes, too, where it can change."""
    values = _any(_list_of(plain) if kind is not FieldKind.FLAG else plain, {"type": "null"})
    fitting = {name: _operand(name, plain, values) for name, row in load_operators.OPERATORS.items() if kind in row.kinds}
    changes = {name: _FLAG if name == "changed" else values for name in load_conditions.CHANGES} if can_change else {}
    everywhere = {"not": _reference(_definition(kind, can_change)), "cased": _FLAG}
    operators = {
        "type": "object",
        "properties": _described(meanings.OPERATORS, {**fitting, **changes, **everywhere}),
        "additionalProperties": False,
        "minProperties": 1,
    }
    return _any(values, operators)


def _operand(name: str, plain: Schema, values: Schema) -> Schema:
    match name:
        case "gt" | "gte" | "lt" | "lte":
            return plain
        case "between":
            return {"type": "array", "items": plain, "minItems": 2, "maxItems": 2}
        case "exists":
            return _FLAG
        case "count":
            return _reference(_definition(FieldKind.NUMBER))
        case "listed" | "contains" | "contains_all" | "starts" | "ends" | "word" | "glob" | "matches":
            return _reference("values")
    return values


def _condition(words: DeskWords) -> Schema:
    several = {"type": "array", "items": _reference("condition"), "minItems": 1}
    groups = {"all": several, "any": several, "none": several, "not": _reference("condition"), "use": _one_of(words.conditions)}
    fields = {name: _field(field, words) for name, field in FIELDS.items()}
    before = {f"was.{name}": _field(field_before(field), words) for name, field in FIELDS.items() if field.can_change}
    hours = {f"hours.{name}": {"allOf": [_hours(words)], "description": meanings.HOURS} for name in words.of(CALENDARS)}
    told = {f"was.{name}": f"{meaning}, before what happened" for name, meaning in meanings.FIELDS.items()}
    return {
        "type": "object",
        "properties": {**_described(meanings.GROUPS, groups), **_described(meanings.FIELDS, fields), **_described(told, before), **hours},
        "patternProperties": {
            r"^(header|was\.field)\..+": _reference(_definition(FieldKind.TEXT)),
            r"^field\..+": _reference(_definition(FieldKind.TEXT, True)),
            **({} if words.settings else {r"^hours\..+": _hours(words)}),
        },
        "additionalProperties": False,
        "minProperties": 1,
    }


def _hours(words: DeskWords) -> Schema:
    return _value_of(FieldKind.TEXT, _folded(HOURS, words))


def _field(field: Field, words: DeskWords) -> Schema:
    if field.known:
        return _value_of(field.kind, _folded(field.known, words), can_change=field.can_change)
    if field.name in ("tags", "was.tags"):
        return _value_of(field.kind, _suggesting(words.tags, _SCALAR), can_change=field.can_change)
    return _reference(_definition(field.kind, field.can_change))


def _rule(words: DeskWords) -> Schema:
    agents = tuple(words.settings.agents) if words.settings else ()
    events = [event.value for event in NAMED_EVENTS]
    switch = _any({"enum": [True, False, "group"]}, _in_any_case(("true", "false", "group")))
    forms: Mapping[str, Schema] = {
        "id": {**_TEXT, "pattern": r"^\S{1,80}$"},
        "when": _any(
            _list_of({"enum": events, "enumDescriptions": [meanings.EVENTS.get(event, "") for event in events]}),
            *(_time_form(form) for form in load_times.FORMS),
        ),
        "if": _reference("condition"),
        "do": {"type": "array", "items": _reference("actions"), "minItems": 1},
        "stop": switch,
        "mode": _any({"enum": ["live", "shadow"]}, _in_any_case(("live", "shadow"))),
        "owner": _suggesting(agents, _TEXT),
        "once": _any({"enum": ["event", "stay", "ticket"]}, _SPAN),
        "cascade": _FLAG,
        "limit": _strict({"mails": {"type": "integer", "minimum": 1, "maximum": load.MOST_MAILS}, "per": _SPAN}, *load.LIMIT_KEYS),
        **dict.fromkeys(("group", "disabled", "about"), _TEXT),
    }
    return {
        "type": "object",
        "properties": _described(meanings.RULE_KEYS, {key: forms.get(key, {}) for key in load.RULE_KEYS}),
        "required": ["id", "when", "do"],
        "additionalProperties": False,
        "if": {"required": ["stop"], "properties": {"stop": _in_any_case(("group",))}},
        "then": {"required": ["group"]},
    }


def _time_form(form: str) -> Schema:
    forms: Mapping[str, Schema] = {
        "while": _reference("condition"),
        "clock": {"enum": [clock.value for clock in Clock]},
        "of": {"enum": [deadline.value for deadline in Deadline]},
        "cron": {"type": "string", "pattern": r"^\s*\S+(?:\s+\S+){4}\s*$"},
        "tz": _TEXT,
        "each": {"enum": list(load_times.EACH)},
    }
    needed = [form, load_times.NEEDED[form]] if form in load_times.NEEDED else [form]
    return _strict(_described(meanings.TIME_KEYS, {key: forms.get(key, _SPAN) for key in load_times.FORMS[form]}), *needed)


def _actions(words: DeskWords) -> Schema:
    """One item of `do`: one action, or several."""
    forms = {name: _action(name, words) for name in load_actions.ACTIONS}
    return {"type": "object", "properties": _described(meanings.ACTIONS, forms), "additionalProperties": False}


def _action(name: str, words: DeskWords) -> Schema:
    desk = words.settings
    agents = tuple(desk.agents) if desk else ()
    match name:
        case "set" | "default":
            return _settings(words, with_sender=name == "set")
        case "tag" | "untag":
            return _list_of(_suggesting(words.tags, _TEXT))
        case "assign":
            named = _strict({"to": _one_of(agents), "team": _team(words)}, minimum=1)
            picks = _list_of({"enum": [pick.value for pick in Pick]})
            room: Schema = {"type": "integer", "minimum": 1}
            search = {"team": _team(words), "pick": picks, "cap": room, "hours": _one_of(words.of(CALENDARS))}
            return _any(_one_of(agents), named, _strict(search, minimum=1))
        case "ack" | "reply" | "notify" | "forward" | "close":
            return _writing(name, words)
        case "task":
            receivers = _one_of((*load_work.RECEIVERS, *agents) if desk else ())
            clock: Schema = {"enum": [clock.value for clock in Clock]}
            form = _strict({"title": _TEXT, "for": receivers, "due": _TEXT, "clock": clock}, "title", "for")
            by_business = {"required": ["clock"], "properties": {"clock": {"const": Clock.BUSINESS.value}}}
            return {**form, "if": by_business, "then": {"required": ["due"], "properties": {"due": _SPAN}}}
        case "fork":
            queue = _one_of(words.of(QUEUES))
            return _any(queue, _strict({"queue": queue}, "queue"))
        case "score":
            return _any(_POINTS, _strict({"points": _POINTS, "reason": _TEXT}, "points"))
        case "note" | "hold" | "snooze" | "allow" | "quarantine" | "drop":
            return _TEXT
    return {}


def _writing(name: str, words: DeskWords) -> Schema:
    """An action by which somebody is written to."""
    desk = words.settings
    match name:
        case "ack":
            return _any(
                _FLAG, _letter(words, **{action_scope.TITLES: {"type": "integer", "minimum": 0, "maximum": action_scope.MOST_TITLES}})
            )
        case "reply":
            return _letter(words, then={"enum": [status.value for status in action_scope.SETTABLE]})
        case "notify":
            who = _one_of((*load_letters.AUDIENCES, *desk.agents, *desk.teams) if desk else ())
            return _letter(words, "who", who=_list_of(who))
        case "forward":
            return _any(_list_of(_TEXT), {**_letter(words, "to", to=_list_of(_TEXT)), "required": ["to"]})
        case "close":
            return _any({"enum": [True]}, _strict({"template": _one_of(words.templates)}, minimum=1))
    return {}


def _strict(properties: Mapping[str, Schema], *required: str, minimum: int = 0) -> Schema:
    form: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False, "minProperties": minimum}
    return {**form, "required": list(required)} if required else form


def _team(words: DeskWords) -> Schema:
    """At a desk without teams there is none to name."""
    return {"enum": list(words.settings.teams)} if words.settings else _TEXT


def _letter(words: DeskWords, *required: str, **own: Schema) -> Schema:
    """A letter that an action sends: its template, and whatever else stands there is a value for that."""
    properties = {"template": _one_of(words.templates), **own}
    return {"type": "object", "properties": properties, "additionalProperties": _SCALAR, "required": ["template", *required]}


def _settings(words: DeskWords, *, with_sender: bool) -> Schema:
    clearable = {name: _any(form, {"type": "null"}) for name in load_actions.CLEARABLE if (form := _setting(name, words))}
    forms = {name: clearable.get(name) or _setting(name, words) for name in load_actions.SETTINGS}
    own = {r"^field\..+": _any(_TEXT, {"type": "null"})}
    sender = {load_actions.SENDER: _TEXT} if with_sender else {}
    described = _described(meanings.SETTINGS, {**forms, **sender})
    return {"type": "object", "properties": described, "patternProperties": own, "additionalProperties": False}


def _setting(name: str, words: DeskWords) -> Schema:
    known = load_actions.SETTINGS[name]
    if known is None:
        return _TEXT
    names = words.of(known)
    return {"enum": list(names)} if names or (words.settings and known.code != "E302") else _TEXT


def _test(words: DeskWords) -> Schema:
    forms: Mapping[str, Schema] = {
        "name": _TEXT,
        "at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?: \S+)?$"},
        "mail": _strict(_mail(), "from", "to"),
        "given": _given(words),
        "steps": {"type": "array", "items": _reference("step"), "minItems": 1},
        "expect": _reference("expectation"),
    }
    properties = {name: forms.get(name, {}) for name in load_cases.CASE_KEYS}
    later = {"required": ["steps"], "properties": {"steps": {"contains": {"required": ["expect"]}}}}
    return {**_strict(properties, "name", "mail"), "anyOf": [{"required": ["expect"]}, later]}


def _given(words: DeskWords) -> Schema:
    known = {name: _list_of(_one_of(words.of(known))) for name, known in load_given.KNOWN.items()}
    customer = {"tickets": _COUNT, "last_agent": known["owner"], "tags": _reference("values")}
    counts: Schema = {"type": "object", "additionalProperties": _COUNT}
    forms: Mapping[str, Schema] = {
        **known,
        "tags": _reference("values"),
        "replies": _strict({name: _COUNT for name in load_given.REPLY_KEYS}),
        "reopened": _COUNT,
        "customer": _strict({name: customer.get(name, {}) for name in load_given.CUSTOMER_KEYS}),
        "away": known["owner"],
        **dict.fromkeys(("age", "waiting", "idle"), _plain(FieldKind.DURATION)),
        **dict.fromkeys(("load", "length"), counts),
    }
    return {**_strict({name: forms.get(name, {}) for name in load_given.GIVEN_KEYS}), "patternProperties": {r"^field\.": _SCALAR}}


def _mail() -> dict[str, Schema]:
    lines = dict.fromkeys(("to", "cc", "attachments"), _reference("values"))
    headers: Schema = {"type": "object", "additionalProperties": _SCALAR}
    return {name: headers if name == "headers" else lines.get(name, _SCALAR) for name in load_cases.MAIL_KEYS}


def _step(words: DeskWords) -> Schema:
    """A mail, a wait, something expected; or what an agent does, who says one thing at most beside it."""
    said = {"reply": _SCALAR, "note": _SCALAR}
    commands = {name: _command(name) for name in load_cases.COMMANDS}
    deed = {
        **_strict({"by": _one_of(words.of(AGENTS)), **said, **commands}),
        "anyOf": [{"required": [name]} for name in (*said, *commands)],
        "not": {"required": list(said)},
    }
    other = {"mail": _strict(_mail()), "wait": _SPAN, "expect": _reference("expectation")}
    return _any(*(_strict({name: form}, name) for name, form in other.items()), deed)


def _command(name: str) -> Schema:
    if name == "set":
        return {"type": "object", "additionalProperties": _SCALAR}
    return _FLAG if name in load_cases.FLAGS else _reference("values") if name in load_cases.SETS else _SCALAR


def _expectation(words: DeskWords) -> Schema:
    rules = _any(_list_of(_one_of(words.rules, _SCALAR)), _EMPTY)
    ticket = {name: _reference("values") if name == "tags" else _SCALAR for name in load_cases.TICKET_KEYS}
    ticket["tasks"] = {"type": "object", "additionalProperties": _SCALAR}
    ticket["status"] = _suggesting((status.value for status in Status), _SCALAR)
    forms: Mapping[str, Schema] = {
        "fired": rules,
        "not_fired": rules,
        "ticket": {**_strict(ticket), "patternProperties": {r"^field\.": _SCALAR}},
        "forks": _reference("values"),
        "sent": {"type": "object", "additionalProperties": {"type": "integer"}},
        "state": {"enum": [state.value for state in IncomingState]},
        "score": _NUMBER,
    }
    return _strict({name: forms.get(name, {}) for name in load_cases.EXPECT_KEYS})
