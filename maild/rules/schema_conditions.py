"""The form of conditions, by the tables that load them: what may stand beside each kind of field. Pure."""

from collections.abc import Iterable

from maild.rules import load_conditions, load_operators, meanings
from maild.rules.desk_words import DeskWords
from maild.rules.fields import CALENDARS, FIELDS, HOURS, Field, FieldKind, Known, field_before
from maild.rules.folding import fold
from maild.rules.schema_forms import (
    FLAG,
    NUMBER,
    SCALAR,
    Schema,
    any_of,
    described,
    list_of,
    one_of,
    pattern_in_any_case,
    reference,
    suggesting,
)
from maild.rules.spans import DURATIONS

_BEYOND_PLAIN = r"[^a-z0-9_@.+-]"
"""Text with anything else in it may still fold to a word that is known; a word of nothing else is one, or is not."""


def values_form(words: DeskWords) -> Schema:
    """One value that conditions compare, or several, or a list's name."""
    return list_of(suggesting((f"${name}" for name in words.lists), SCALAR))


def condition_form(words: DeskWords) -> Schema:
    """One table of conditions, as deep as it goes."""
    several = {"type": "array", "items": reference("condition"), "minItems": 1}
    groups = {"all": several, "any": several, "none": several, "not": reference("condition"), "use": one_of(words.conditions)}
    fields = {name: _field(field, words) for name, field in FIELDS.items()}
    before = {f"was.{name}": _field(field_before(field), words) for name, field in FIELDS.items() if field.can_change}
    hours = {f"hours.{name}": {"allOf": [_hours(words)], "description": meanings.HOURS} for name in words.of(CALENDARS)}
    told = {f"was.{name}": f"{meaning}, before what happened" for name, meaning in meanings.FIELDS.items()}
    return {
        "type": "object",
        "properties": {**described(meanings.GROUPS, groups), **described(meanings.FIELDS, fields), **described(told, before), **hours},
        "patternProperties": {
            r"^(header|was\.field)\..+": reference(definition_name(FieldKind.TEXT)),
            r"^field\..+": reference(definition_name(FieldKind.TEXT, True)),
            **({} if words.settings else {r"^hours\..+": _hours(words)}),
        },
        "additionalProperties": False,
        "minProperties": 1,
    }


def _hours(words: DeskWords) -> Schema:
    return field_value(FieldKind.TEXT, _folded(HOURS, words))


def _field(field: Field, words: DeskWords) -> Schema:
    if field.known:
        return field_value(field.kind, _folded(field.known, words), can_change=field.can_change)
    if field.name in ("tags", "was.tags"):
        return field_value(field.kind, suggesting(words.tags, SCALAR), can_change=field.can_change)
    return reference(definition_name(field.kind, field.can_change))


def _folded(known: Known, words: DeskWords) -> Schema:
    """A word that conditions compare: in any spelling that folds to one."""
    names = words.of(known)
    if not names or known.code.startswith("W"):
        return suggesting(names, SCALAR)
    spelt: Schema = {"type": "string", "pattern": _BEYOND_PLAIN}
    return any_of({"enum": [*dict.fromkeys((*names, *map(fold, names)))]}, spelt, {"type": "null"})


def definition_name(kind: FieldKind, can_change: bool = False) -> str:
    """Under which name the schema defines what stands beside fields of that kind."""
    return f"changing_{kind.name.casefold()}" if can_change else kind.name.casefold()


def field_value(kind: FieldKind, plain: Schema, *, can_change: bool = False) -> Schema:
    """What stands beside a field of that kind: a value, a list, or operators; those of changes, too, where it can change."""
    values = any_of(list_of(plain) if kind is not FieldKind.FLAG else plain, {"type": "null"})
    fitting = {name: _operand(name, plain, values) for name, row in load_operators.OPERATORS.items() if kind in row.kinds}
    changes = {name: FLAG if name == "changed" else values for name in load_conditions.CHANGES} if can_change else {}
    everywhere = {"not": reference(definition_name(kind, can_change)), "cased": FLAG}
    operators = {
        "type": "object",
        "properties": described(meanings.OPERATORS, {**fitting, **changes, **everywhere}),
        "additionalProperties": False,
        "minProperties": 1,
    }
    return any_of(values, operators)


def _operand(name: str, plain: Schema, values: Schema) -> Schema:
    match name:
        case "gt" | "gte" | "lt" | "lte":
            return plain
        case "between":
            return {"type": "array", "items": plain, "minItems": 2, "maxItems": 2}
        case "exists":
            return FLAG
        case "count":
            return reference(definition_name(FieldKind.NUMBER))
        case "listed" | "contains" | "contains_all" | "starts" | "ends" | "word" | "glob" | "matches":
            return reference("values")
    return values


def plain_value(kind: FieldKind) -> Schema:
    """A single value of a field."""
    match kind:
        case FieldKind.FLAG:
            return FLAG
        case FieldKind.NUMBER:
            return NUMBER
        case FieldKind.SIZE:
            return any_of(NUMBER, _with_unit(load_operators.SIZES))
        case FieldKind.DURATION:
            return _with_unit(DURATIONS)
    return SCALAR


def _with_unit(units: Iterable[str]) -> Schema:
    return {"type": "string", "pattern": rf"^[0-9]{{1,12}}(?:\.[0-9]{{1,6}})?\s?{pattern_in_any_case(units)}$"}
