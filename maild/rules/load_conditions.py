"""YAML nodes → conditions: which operators a field takes, and how their values are written (RULES.md 3).

A reader returns None where something is wrong; the fault is then already noted, and the rest is read on so that every fault shows at once.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from maild.config.faults import did_you_mean
from maild.config.nodes import Entry, Items, Node, Scalar, Table
from maild.rules import operators
from maild.rules.conditions import Comparison, Condition, join
from maild.rules.fields import (
    CALENDARS,
    FIELDS,
    NUMERIC,
    Field,
    FieldKind,
    change_of,
    field_before,
    find_field,
    hours_of,
    is_planned,
)
from maild.rules.folding import fold
from maild.rules.foreign_words import MEANT, suggest
from maild.rules.loading import COMPARISON, Loading
from maild.rules.operators import Test
from maild.rules.patterns import Pattern, compile_glob, compile_pattern
from maild.rules.spans import DURATIONS
from maild.rules.verdict import Occasion

MAX_DEPTH = 5
GROUPS = ("all", "any", "none", "not", "use")
CHANGES = ("changed", "changed_to", "changed_from")
"""Operators on a field and on what it was before; not rows of `OPERATORS`, since they are several comparisons."""
_NUMBER_WITH_UNIT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s?([A-Za-z]{1,3})")
SIZES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_OF_TAGS, _WHOLE = ("tags", "customer.tags"), ("is", "in", "has", "has_all", "has_none")
"""Fields whose values are tags, and operators that ask for a whole value."""
_TYPOGRAPHIC = "“”„‟«»‘’‚"
_NUMBER_HINTS = {FieldKind.SIZE: "a size such as 5MiB", FieldKind.DURATION: "a duration such as 30m, 12h or 3d"}


@dataclass(frozen=True, slots=True)
class _Position:
    """Where in the tree of conditions we are: how deep, under a negation or not, and inside which named conditions."""

    depth: int = 0
    negated: bool = False
    names: tuple[str, ...] = ()

    @property
    def inverted(self) -> "_Position":
        return replace(self, negated=not self.negated)


@dataclass(frozen=True, slots=True)
class _Written:
    """A field being compared, and how: `operator` as written."""

    field: Field
    operator: str
    node: Node
    cased: bool = False


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
        return _comparison(_Written(field, "has" if field.kind is FieldKind.SET else "is", node), loading, negated)
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
    return _comparison(_Written(field, name, entry.value, cased), loading, negated)


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
        _comparison(_Written(then, equals, entry.value, cased), loading, negated),
    ]
    if field.kind is FieldKind.SET:
        parts.append(_comparison(_Written(other, equals, entry.value, cased), loading, not negated))
    return _joined(parts, every=not negated)


def _has_changed(field: Field, negated: bool) -> Comparison:
    return Comparison(change_of(field), "not changed" if negated else "changed", "", operators.Exists(), negated)


def _count_of(field: Field) -> Field:
    """How many values a set has, as a number of its own."""

    def count(occasion: Occasion) -> float:
        return len(tuple(field.read(occasion))) if field.read else 0

    return Field(f"{field.name}.count", FieldKind.NUMBER, measure=count, of_ticket=field.of_ticket, aspect=field.aspect)


def _comparison(written: _Written, loading: Loading, negated: bool) -> Condition | None:
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


def _is_nothing(written: _Written) -> bool:
    """`owner: null` asks for a ticket without owner."""
    return written.operator in ("is", "has") and isinstance(written.node, Scalar) and written.node.value is None


def _wanted(written: _Written, loading: Loading) -> str:
    """The values in words, for the trace: the first five of them."""
    if written.operator == "exists":
        return ""
    texts = [scalar.text for scalar in loading.scalars(written.node) or ()]
    rest = f" … ({len(texts)})" if len(texts) > 5 else ""
    return ", ".join(texts[:5])[:200] + rest


def _joined(parts: list[Condition | None], *, every: bool) -> Condition | None:
    whole = [part for part in parts if part is not None]
    return join(whole, every=every) if len(whole) == len(parts) else None


def _texts(written: _Written, loading: Loading) -> tuple[str, ...] | None:
    """The values as they are compared: folded, unless cased. A blank one would match everything."""
    scalars = loading.scalars(written.node)
    if scalars is None:
        return None
    texts = tuple(scalar.text if written.cased else fold(scalar.text) for scalar in scalars)
    if written.operator != "word":  # which looks at letters and digits alone
        _warn_of_quotes(scalars, loading)
    for scalar, text in zip(scalars, texts, strict=True):
        if not text.strip() and written.operator not in ("is", "in", "has"):
            loading.add(scalar.place, "E302", f'"{written.operator}" needs a text to look for')
            return None
    if (
        written.field.name.removeprefix("was.") in _OF_TAGS
        and written.operator in _WHOLE
        and not all([loading.check_tag(scalar) for scalar in scalars])
    ):
        return None
    return texts


def _warn_of_quotes(scalars: tuple[Scalar, ...], loading: Loading) -> None:
    """Seen in practice: `contains: “invoice”`, pasted from a word processor. YAML knows straight quotation marks only."""
    for scalar in scalars:
        text = scalar.text
        if not scalar.quoted and len(text) > 2 and text[0] in _TYPOGRAPHIC and text[-1] in _TYPOGRAPHIC:
            message = f"the quotation marks in {text[:60]} are looked for, too: leave them out, or put what is meant so into straight ones"
            loading.add(scalar.place, "W325", message)


def _read_equals(written: _Written, loading: Loading) -> Test | None:
    if written.field.kind in NUMERIC:
        return _read_number_is(written, loading)
    if written.field.kind is FieldKind.FLAG:
        return _read_flag(written, loading)
    texts = _texts(written, loading)
    known = written.field.known
    scalars = loading.scalars(written.node)
    if texts is None or scalars is None:
        return None
    if known and not all([loading.check_name(scalar, known, folded=True, nobody="null") for scalar in scalars]):
        return None
    return operators.Equals(frozenset(texts), written.cased)


def _read_flag(written: _Written, loading: Loading) -> Test | None:
    wanted = loading.flag(written.node, f'"{written.field.name}"')
    return None if wanted is None else operators.Equals(frozenset({"true" if wanted else "false"}))


def _read_number_is(written: _Written, loading: Loading) -> Test | None:
    numbers = _numbers(written, loading)
    return operators.NumberIs(frozenset(numbers)) if numbers else None


def _read_has_all(written: _Written, loading: Loading) -> Test | None:
    texts = _texts(written, loading)
    return operators.HasAll(frozenset(texts), written.cased) if texts else None


def _read_listed(written: _Written, loading: Loading) -> Test | None:
    """Domains may be written as `@globex.example` and `.globex.example`, too. Before "@" there may be a quoted string (RFC 5322, 3.4.1)."""
    scalars, texts = loading.scalars(written.node), _texts(written, loading)
    if scalars is None or texts is None:
        return None
    names = [text.lstrip("@.") for text in texts]
    for scalar, name in zip(scalars, names, strict=True):
        if not name or "*" in name or (" " in name and not name.startswith('"')):
            loading.add(scalar.place, "E302", f'"listed" takes addresses, and domains for all below them, and not "{scalar.text}"')
            return None
    return operators.Listed(frozenset(names), written.cased)


def _reader(test: Callable[[tuple[str, ...], bool], Test]) -> Callable[[_Written, Loading], Test | None]:
    def read(written: _Written, loading: Loading) -> Test | None:
        texts = _texts(written, loading)
        return test(texts, written.cased) if texts else None

    return read


def _read_word(written: _Written, loading: Loading) -> Test | None:
    texts = _texts(written, loading)
    if texts is None:
        return None
    needles = tuple(map(operators.word_needle, texts))
    if not all(needle.strip() for needle in needles):
        loading.add(written.node.place, "E302", '"word" needs letters or digits to look for')
        return None
    return operators.HasWord(needles, written.cased)


def _read_glob(written: _Written, loading: Loading) -> Test | None:
    texts = _texts(written, loading)
    patterns = _compiled(written, [compile_glob(text) for text in texts], loading) if texts else None
    return operators.Glob(patterns, written.cased) if patterns else None


def _read_matches(written: _Written, loading: Loading) -> Test | None:
    scalars = loading.scalars(written.node)
    patterns = _compiled(written, [compile_pattern(scalar.text) for scalar in scalars], loading) if scalars else None
    return operators.Matches(patterns) if patterns else None


def _compiled(written: _Written, results: list[Pattern | str], loading: Loading) -> tuple[Pattern, ...] | None:
    for result in results:
        if isinstance(result, str):
            loading.add(written.node.place, "E303", result)
    patterns = tuple(result for result in results if isinstance(result, Pattern))
    return patterns if len(patterns) == len(results) else None


def _bound(compare: Callable[[float, float], bool]) -> Callable[[_Written, Loading], Test | None]:
    def read(written: _Written, loading: Loading) -> Test | None:
        number = read_number(written.node, written.field, loading)
        return None if number is None else operators.Bound(compare, number)

    return read


def _read_between(written: _Written, loading: Loading) -> Test | None:
    numbers = _numbers(written, loading)
    if numbers is None:
        return None
    if len(numbers) != 2:
        loading.add(written.node.place, "E301", '"between" takes a list of two numbers')
        return None
    low, high = numbers
    if low > high:
        loading.add(written.node.place, "E302", '"between" takes the lower number first')
        return None
    return operators.Between(low, high)


def _numbers(written: _Written, loading: Loading) -> tuple[float, ...] | None:
    scalars = loading.scalars(written.node)
    numbers = [read_number(scalar, written.field, loading) for scalar in scalars or ()]
    whole = tuple(number for number in numbers if number is not None)
    return whole if len(whole) == len(numbers) else None


def read_number(node: Node, field: Field, loading: Loading) -> float | None:
    if isinstance(node, Scalar) and isinstance(node.value, int | float) and not isinstance(node.value, bool) and field.kind in _PLAIN:
        return node.value
    units = {FieldKind.SIZE: SIZES, FieldKind.DURATION: DURATIONS}.get(field.kind, {})
    match = _NUMBER_WITH_UNIT.fullmatch(node.text) if isinstance(node, Scalar) else None
    if match and match[2].casefold() in units:
        return float(match[1]) * units[match[2].casefold()]
    loading.add(node.place, "E301", f'"{field.name}" takes {_NUMBER_HINTS.get(field.kind, "a number")}')
    return None


_PLAIN = (FieldKind.NUMBER, FieldKind.SIZE)


@dataclass(frozen=True, slots=True)
class _Operator:
    """One row of the table: the kinds of fields it fits, and how its values are read."""

    kinds: frozenset[FieldKind]
    read: Callable[[_Written, Loading], Test | None]


_WORDED = frozenset({FieldKind.TEXT, FieldKind.SET})
_SETS = frozenset({FieldKind.SET})
_EVERY = frozenset(FieldKind)

OPERATORS: Mapping[str, _Operator] = {
    "is": _Operator(_EVERY, _read_equals),
    "in": _Operator(_WORDED | NUMERIC, _read_equals),
    "listed": _Operator(_WORDED, _read_listed),
    "contains": _Operator(_WORDED, _reader(operators.Contains)),
    "contains_all": _Operator(_WORDED, _reader(operators.ContainsAll)),
    "starts": _Operator(_WORDED, _reader(operators.Starts)),
    "ends": _Operator(_WORDED, _reader(operators.Ends)),
    "word": _Operator(_WORDED, _read_word),
    "glob": _Operator(_WORDED, _read_glob),
    "matches": _Operator(_WORDED, _read_matches),
    "gt": _Operator(NUMERIC, _bound(operator.gt)),
    "gte": _Operator(NUMERIC, _bound(operator.ge)),
    "lt": _Operator(NUMERIC, _bound(operator.lt)),
    "lte": _Operator(NUMERIC, _bound(operator.le)),
    "between": _Operator(NUMERIC, _read_between),
    "has": _Operator(_SETS, _read_equals),
    "has_all": _Operator(_SETS, _read_has_all),
    "has_none": _Operator(_SETS, _read_equals),
    "count": _Operator(_SETS, _read_equals),
    "exists": _Operator(_EVERY - {FieldKind.FLAG}, _read_equals),
}
"""`exists` and `count` are read in place (`_comparison`, `_operator`): they stand here for what they fit."""
