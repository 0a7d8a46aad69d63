"""Small forms of JSON Schema that the schema of rule files is built of. Pure."""

import re
from collections.abc import Iterable, Mapping

from maild.rules.spans import SPANS

Schema = dict[str, object]

SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}
TEXT: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SPAN: Schema = {"type": "string", "pattern": rf"^(?:\s*{SPANS.pattern})+\s*$"}
_LIST_NAME: Schema = {"type": "string", "pattern": r"^\$[A-Za-z_][\w-]*$"}
EMPTY: Schema = {"type": "array", "maxItems": 0}


def any_of(*forms: Schema) -> Schema:
    """What has one of these forms."""
    return {"anyOf": list(forms)}


def reference(name: str) -> Schema:
    """What has the form that `definitions` names so."""
    return {"$ref": f"#/definitions/{name}"}


def described(told: Mapping[str, str], properties: Mapping[str, Schema]) -> dict[str, Schema]:
    """Each with its meaning. What stands beside a `$ref` is overlooked in draft 7, so that goes a level down."""
    return {
        name: {**({"allOf": [form]} if "$ref" in form else form), **({"description": told[name]} if name in told else {})}
        for name, form in properties.items()
    }


def one_of(names: Iterable[str], otherwise: Schema = TEXT) -> Schema:
    """One of these words; where none are known, any text."""
    known = list(dict.fromkeys(names))
    return {"enum": known} if known else otherwise


def suggesting(names: Iterable[str], form: Schema) -> Schema:
    """What an editor proposes, though anything of that form will do."""
    known = list(dict.fromkeys(names))
    return any_of({"enum": known}, form) if known else form


def in_any_case(names: Iterable[str]) -> Schema:
    """One of these words, whatever letters are capitals."""
    return {"type": "string", "pattern": f"^{pattern_in_any_case(names)}$"}


def pattern_in_any_case(names: Iterable[str]) -> str:
    """The same as a part of a pattern."""
    written = "|".join("".join(f"[{re.escape(letter.lower())}{re.escape(letter.upper())}]" for letter in name) for name in names)
    return f"(?:{written})"


def list_of(form: Schema) -> Schema:
    """One value, a list of values, or the name of a list: wherever `Loading.scalars` reads."""
    return any_of(form, _LIST_NAME, {"type": "array", "items": any_of(form, _LIST_NAME), "minItems": 1})


def strict(properties: Mapping[str, Schema], *required: str, minimum: int = 0) -> Schema:
    """A table of these keys and no others."""
    form: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False, "minProperties": minimum}
    return {**form, "required": list(required)} if required else form
