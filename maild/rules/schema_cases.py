"""The form of test cases in rule files, by the tables that load them. Pure."""

from collections.abc import Mapping

from maild.effects import IncomingState
from maild.rules import load_cases, load_given
from maild.rules.desk_words import DeskWords
from maild.rules.fields import AGENTS, FieldKind
from maild.rules.schema_conditions import plain_value
from maild.rules.schema_forms import (
    COUNT,
    EMPTY,
    FLAG,
    NUMBER,
    SCALAR,
    SPAN,
    TEXT,
    Schema,
    any_of,
    list_of,
    one_of,
    reference,
    strict,
    suggesting,
)
from maild.ticket import Status


def case_form(words: DeskWords) -> Schema:
    """One item of `tests`."""
    forms: Mapping[str, Schema] = {
        "name": TEXT,
        "at": {"type": "string", "pattern": rf"^{load_cases.AT.pattern}$"},
        "mail": strict(_mail(), "from", "to"),
        "given": _given(words),
        "steps": {"type": "array", "items": reference("step"), "minItems": 1},
        "expect": reference("expectation"),
    }
    properties = {name: forms.get(name, {}) for name in load_cases.CASE_KEYS}
    later = {"required": ["steps"], "properties": {"steps": {"contains": {"required": ["expect"]}}}}
    return {**strict(properties, "name", "mail"), "anyOf": [{"required": ["expect"]}, later]}


def _given(words: DeskWords) -> Schema:
    known = {name: list_of(one_of(words.of(known))) for name, known in load_given.KNOWN.items()}
    customer = {"tickets": COUNT, "last_agent": known["owner"], "tags": reference("values")}
    counts: Schema = {"type": "object", "additionalProperties": COUNT}
    forms: Mapping[str, Schema] = {
        **known,
        "tags": reference("values"),
        "replies": strict({name: COUNT for name in load_given.REPLY_KEYS}),
        "reopened": COUNT,
        "customer": strict({name: customer.get(name, {}) for name in load_given.CUSTOMER_KEYS}),
        "away": known["owner"],
        **dict.fromkeys(("age", "waiting", "idle"), plain_value(FieldKind.DURATION)),
        **dict.fromkeys(("load", "length"), counts),
    }
    return {**strict({name: forms.get(name, {}) for name in load_given.GIVEN_KEYS}), "patternProperties": {r"^field\.": SCALAR}}


def _mail() -> dict[str, Schema]:
    lines = dict.fromkeys(("to", "cc", "attachments"), reference("values"))
    headers: Schema = {"type": "object", "additionalProperties": SCALAR}
    return {name: headers if name == "headers" else lines.get(name, SCALAR) for name in load_cases.MAIL_KEYS}


def step_form(words: DeskWords) -> Schema:
    """A mail, a wait, something expected; or what an agent does, who says one thing at most beside it."""
    said = {"reply": SCALAR, "note": SCALAR}
    commands = {name: _command(name) for name in load_cases.COMMANDS}
    deed = {
        **strict({"by": one_of(words.of(AGENTS)), **said, **commands}),
        "anyOf": [{"required": [name]} for name in (*said, *commands)],
        "not": {"required": list(said)},
    }
    other = {"mail": strict(_mail()), "wait": SPAN, "expect": reference("expectation")}
    return any_of(*(strict({name: form}, name) for name, form in other.items()), deed)


def _command(name: str) -> Schema:
    if name == "set":
        return {"type": "object", "additionalProperties": SCALAR}
    return FLAG if name in load_cases.FLAGS else reference("values") if name in load_cases.SETS else SCALAR


def expectation_form(words: DeskWords) -> Schema:
    """What a test, or a step of one, expects."""
    rules = any_of(list_of(one_of(words.rules, SCALAR)), EMPTY)
    ticket = {name: reference("values") if name == "tags" else SCALAR for name in load_cases.TICKET_KEYS}
    ticket["tasks"] = {"type": "object", "additionalProperties": SCALAR}
    ticket["status"] = suggesting((status.value for status in Status), SCALAR)
    forms: Mapping[str, Schema] = {
        "fired": rules,
        "not_fired": rules,
        "ticket": {**strict(ticket), "patternProperties": {r"^field\.": SCALAR}},
        "forks": reference("values"),
        "sent": {"type": "object", "additionalProperties": {"type": "integer"}},
        "state": {"enum": [state.value for state in IncomingState]},
        "score": NUMBER,
    }
    return strict({name: forms.get(name, {}) for name in load_cases.EXPECT_KEYS})
