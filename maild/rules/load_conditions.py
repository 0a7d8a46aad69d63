"""YAML nodes → conditions: groups, names, fields, and the operators beside them (RULES.md 3).

How the values of an operator are written is read in `load_operators`. A reader returns None where something is wrong; the fault is then
already noted, and the rest is read on so that every fault shows at once.
"""

from dataclasses import dataclass, replace

from maild.config.faults import did_you_mean
from maild.config.nodes import Entry, Items, Node, Scalar, Table
from maild.rules import operators
from maild.rules.conditions import Comparison, Condition, join
from maild.rules.fields import (
    CALENDARS,
    FIELDS,
    Field,
    FieldKind,
    change_of,
    field_before,
    find_field,
    hours_of,
    is_planned,
)
from maild.rules.foreign_words import MEANT, suggest
from maild.rules.load_operators import OPERATORS, Written
from maild.rules.loading import COMPARISON, Loading
from maild.rules.operators import Test
from maild.rules.verdict import Occasion

MAX_DEPTH = 5
GROUPS = ("all", "any", "none", "not", "use")
CHANGES = ("changed", "changed_to", "changed_from")
"""Operators on a field and on what it was before; not rows of `OPERATORS`, since they are several comparisons."""


@dataclass(frozen=True, slots=True)
class _Position:
    """Where in the tree of conditions we are: how deep, under a negation or not, and inside which named conditions."""

    depth: int = 0
    negated: bool = False
    names: tuple[str, ...] = ()

    @property
    def inverted(self) -> "_Position":
        return replace(self, negated=not self.negated)


def read_condition(node: Node, loading: Loading) -> Condition | None:
    """The condition of an `if` or of a named condition."""
    return _mapping(node, loading, _Position())


def _mapping(node: Node, loading: Loading, position: _Position) -> Condition | None:
    several = ', and no list: write "all: […]" or "any: […]"' if isinstance(node, Items) else ""
    table = loading.table(node, "a condition", several)
    if table is None:
        return None
    if position.depth > MAX_DEPTH:
        loading.add(table.place, "E108", f"conditions are nested deeper than {MAX_DEPTH} levels; give an inner one a name and `use` it")
        return None
    if not table.entries:
        loading.add(table.place, "E305", "the condition is empty")
        return None
    return _joined([_entry(entry, loading, position) for entry in table.entries], every=not position.negated)


def _entry(entry: Entry, loading: Loading, position: _Position) -> Condition | None:
    if position.names:
        loading.growth.add(COMPARISON, entry.key.place)
    match entry.key.text:
        case "all":
            return _group(entry, loading, position, every=True)
        case "any":
            return _group(entry, loading, position, every=False)
        case "none":
            return _group(entry, loading, position.inverted, every=False)
        case "not":
            return _negated(entry.value, loading, replace(position.inverted, depth=position.depth + 1))
        case "use":
            return _named(entry.value, loading, position)
    field = _field(entry.key, loading)
    if field is None and MEANT.get(entry.key.text) in GROUPS[:3]:
        _group(entry, loading, position, every=True)  # of what it would hold all faults are told, too
    return _value(field, entry.value, loading, position.negated) if field else None


def _negated(node: Node, loading: Loading, position: _Position) -> Condition | None:
    if not isinstance(node, Items):
        return _mapping(node, loading, position)
    loading.add(node.place, "E301", '"not" takes one table of conditions; of a list none must hold: write "none" (or "not" below a field)')
    return None


def _field(key: Scalar, loading: Loading) -> Field | None:
    """The field of that name. Which calendars there are is the desk's to say."""
    family, _, rest = key.text.partition(".")
    if family == "hours" and rest:
        is_known = loading.check_name(replace(key, text=rest), CALENDARS)
        return hours_of(key.text, loading.settings.calendars[rest]) if is_known else None
    if field := find_field(key.text):
        return field
    _refuse_field(key, loading)
    return None


def _group(entry: Entry, loading: Loading, position: _Position, *, every: bool) -> Condition | None:
    items = loading.items(entry.value, f'"{entry.key.text}"')
    if items is None:
        return None
    inner = replace(position, depth=position.depth + 1)
    return _joined([_mapping(item, loading, inner) for item in items], every=every is not position.negated)


def _named(node: Node, loading: Loading, position: _Position) -> Condition | None:
    name = loading.text(node, "use")
    if name is None:
        return None
    if name in position.names:
        loading.add(node.place, "E206", f'the condition "{name}" uses itself')
        return None
    if name not in loading.conditions:
        loading.add(node.place, "E206", f'there is no condition "{name}"{did_you_mean(name, loading.conditions)}')
        return None
    return _mapping(loading.conditions[name], loading, replace(position, depth=position.depth + 1, names=(*position.names, name)))


def _refuse_field(key: Scalar, loading: Loading) -> None:
    if is_planned(key.text):
        loading.add(key.place, "E109", f'the field "{key.text}" is not built yet')
        return
    loading.add(key.place, "E102", f'unknown field "{key.text}"{suggest(key.text, (*GROUPS, *FIELDS))}')


def _value(field: Field, node: Node, loading: Loading, negated: bool) -> Condition | None:
    """What stands beside a field: a plain value means equals, a list any of, a mapping holds operators that must all be true."""
    if not isinstance(node, Table):
        return _comparison(Written(field, "has" if field.kind is FieldKind.SET else "is", node), loading, negated)
    cased_node = node.get("cased")
    cased = cased_node is not None and loading.flag(cased_node, "cased") is True
    entries = [entry for entry in node.entries if entry.key.text != "cased"]
    if not entries:
        loading.add(node.place, "E305", f'"{field.name}" has no operator')
        return None
    return _joined([_operator(field, entry, loading, negated, cased) for entry in entries], every=not negated)


def _operator(field: Field, entry: Entry, loading: Loading, negated: bool, cased: bool) -> Condition | None:
    name = entry.key.text
    if name == "not":
        return _value(field, entry.value, loading, not negated)
    if name == "count" and field.kind is FieldKind.SET:
        return _value(_count_of(field), entry.value, loading, negated)
    if name in CHANGES:
        return _change(field, entry, loading, negated, cased)
    if name not in OPERATORS:
        loading.refuse_unknown("operator", entry.key, (*OPERATORS, *CHANGES, "not", "cased"), ())
        return None
    if field.kind not in OPERATORS[name].kinds:
        fitting = ", ".join(other for other, row in OPERATORS.items() if field.kind in row.kinds)
        loading.add(entry.key.place, "E301", f'"{name}" does not fit "{field.name}" ({field.kind.value}); it takes {fitting}')
        return None
    return _comparison(Written(field, name, entry.value, cased), loading, negated)


def _change(field: Field, entry: Entry, loading: Loading, negated: bool, cased: bool) -> Condition | None:
    """`changed`, `changed_to`, `changed_from`. To a set something came, or from it something went, where that is among others still."""
    name = entry.key.text
    if not field.can_change:
        loading.add(entry.key.place, "E301", f'"{name}" does not fit "{field.name}", which nobody sets')
        return None
    if name == "changed":
        wanted = loading.flag(entry.value, "changed")
        return None if wanted is None else _has_changed(field, negated is wanted)
    equals = "has" if field.kind is FieldKind.SET else "is"
    then, other = (field, field_before(field)) if name == "changed_to" else (field_before(field), field)
    parts: list[Condition | None] = [
        _has_changed(field, negated),
        _comparison(Written(then, equals, entry.value, cased), loading, negated),
    ]
    if field.kind is FieldKind.SET:
        parts.append(_comparison(Written(other, equals, entry.value, cased), loading, not negated))
    return _joined(parts, every=not negated)


def _has_changed(field: Field, negated: bool) -> Comparison:
    return Comparison(change_of(field), "not changed" if negated else "changed", "", operators.Exists(), negated)


def _count_of(field: Field) -> Field:
    """How many values a set has, as a number of its own."""

    def count(occasion: Occasion) -> float:
        return len(tuple(field.read(occasion))) if field.read else 0

    return Field(f"{field.name}.count", FieldKind.NUMBER, measure=count, of_ticket=field.of_ticket, aspect=field.aspect)


def _comparison(written: Written, loading: Loading, negated: bool) -> Condition | None:
    """`none`, `not`, `has_none` and `exists: false` are the same comparison, negated."""
    if _is_nothing(written):
        written = replace(written, operator="exists", node=Scalar(written.node.place, "false", False, False))
    test: Test | None
    if written.operator == "exists":
        wanted = loading.flag(written.node, "exists")
        negated = negated is not (wanted is False)
        test = operators.Exists() if wanted is not None else None
    else:
        negated = negated is not (written.operator == "has_none")
        test = OPERATORS[written.operator].read(written, loading)
    if test is None:
        return None
    words = "has" if written.operator == "has_none" else written.operator
    return Comparison(written.field, f"not {words}" if negated else words, _wanted(written, loading), test, negated)


def _is_nothing(written: Written) -> bool:
    """`owner: null` asks for a ticket without owner."""
    return written.operator in ("is", "has") and isinstance(written.node, Scalar) and written.node.value is None


def _wanted(written: Written, loading: Loading) -> str:
    """The values in words, for the trace: the first five of them."""
    if written.operator == "exists":
        return ""
    texts = [scalar.text for scalar in loading.scalars(written.node) or ()]
    rest = f" … ({len(texts)})" if len(texts) > 5 else ""
    return ", ".join(texts[:5])[:200] + rest


def _joined(parts: list[Condition | None], *, every: bool) -> Condition | None:
    whole = [part for part in parts if part is not None]
    return join(whole, every=every) if len(whole) == len(parts) else None
