"""Operators of conditions: which fields each fits, and how its values are written (RULES.md 3).

A reader returns None where something is wrong; the fault is then already noted.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maild.config.nodes import Node, Scalar
from maild.rules import operators
from maild.rules.fields import NUMERIC, Field, FieldKind
from maild.rules.folding import fold
from maild.rules.loading import Loading
from maild.rules.operators import Test
from maild.rules.patterns import Pattern, compile_glob, compile_pattern
from maild.rules.spans import DURATIONS

_NUMBER_WITH_UNIT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s?([A-Za-z]{1,3})")
SIZES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_OF_TAGS, _WHOLE = ("tags", "customer.tags"), ("is", "in", "has", "has_all", "has_none")
"""Fields whose values are tags, and operators that ask for a whole value."""
_ADDRESSES, _DOMAIN = ("from", "to", "cc", "reply_to"), "from.domain"
_NUMBER_HINTS = {FieldKind.SIZE: "a size such as 5MiB", FieldKind.DURATION: "a duration such as 30m, 12h or 3d"}


@dataclass(frozen=True, slots=True)
class Written:
    """A field being compared, and how: `operator` as written."""

    field: Field
    operator: str
    node: Node
    cased: bool = False


def _texts(written: Written, loading: Loading) -> tuple[str, ...] | None:
    """The values as they are compared: folded, unless cased. A blank one would match everything."""
    scalars = loading.scalars(written.node)
    if scalars is None:
        return None
    texts = tuple(scalar.text if written.cased else fold(scalar.text) for scalar in scalars)
    if written.operator != "word":  # which looks at letters and digits alone
        _warn_of_quotes(scalars, loading)
    if written.operator in _WHOLE:
        _warn_of_no_address(written.field.name, scalars, loading)
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
    for scalar in scalars:
        if scalar.has_typographic_quotes:
            what = f"the quotation marks in {scalar.text[:60]} are looked for, too"
            loading.add(scalar.place, "W325", f"{what}: leave them out, or put what is meant so into straight ones")


def _warn_of_no_address(field: str, scalars: tuple[Scalar, ...], loading: Loading) -> None:
    """Seen in practice: `from: "*@globex.example"`, which is compared letter by letter, as any plain value is."""
    is_other = {**dict.fromkeys(_ADDRESSES, _is_no_address), _DOMAIN: _is_no_domain}.get(field)
    for scalar in scalars:
        if is_other and is_other(scalar.text):
            what = "domain" if field == _DOMAIN else "address"
            message = f'"{scalar.text[:60]}" is no {what}, and no "{field}" is ever equal to it: {_suggest_for(scalar.text[:60], what)}'
            loading.add(scalar.place, "W328", message)


def _is_no_address(text: str) -> bool:
    """A pattern, a domain, or a name beside an address. What has no "@" may be one: mail from the same machine comes from `root`."""
    local, at, host = text.rpartition("@")
    if local.startswith('"'):  # in a quoted string all of that may stand
        return False
    is_part = not (local and host) if at else "." in host
    return is_part or any(character in text for character in "*<> ")


def _is_no_domain(text: str) -> bool:
    return text.startswith(".") or any(character in text for character in "*@ ")


def _suggest_for(text: str, what: str) -> str:
    local, _, host = text.rpartition("@")
    domain = host.lstrip("*.")
    if local.strip("*") == "" and "." in domain and "*" not in domain:
        return f"write {{listed: {domain}}} for that domain and all below it"
    return f'write {{glob: "{text}"}} for a pattern' if "*" in text else f"write the {what} alone"


def _read_equals(written: Written, loading: Loading) -> Test | None:
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


def _read_flag(written: Written, loading: Loading) -> Test | None:
    wanted = loading.flag(written.node, f'"{written.field.name}"')
    return None if wanted is None else operators.Equals(frozenset({"true" if wanted else "false"}))


def _read_number_is(written: Written, loading: Loading) -> Test | None:
    numbers = _numbers(written, loading)
    return operators.NumberIs(frozenset(numbers)) if numbers else None


def _read_has_all(written: Written, loading: Loading) -> Test | None:
    texts = _texts(written, loading)
    return operators.HasAll(frozenset(texts), written.cased) if texts else None


def _read_listed(written: Written, loading: Loading) -> Test | None:
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


def _reader(test: Callable[[tuple[str, ...], bool], Test]) -> Callable[[Written, Loading], Test | None]:
    def read(written: Written, loading: Loading) -> Test | None:
        texts = _texts(written, loading)
        return test(texts, written.cased) if texts else None

    return read


def _read_word(written: Written, loading: Loading) -> Test | None:
    texts = _texts(written, loading)
    if texts is None:
        return None
    needles = tuple(map(operators.word_needle, texts))
    if not all(needle.strip() for needle in needles):
        loading.add(written.node.place, "E302", '"word" needs letters or digits to look for')
        return None
    return operators.HasWord(needles, written.cased)


def _read_glob(written: Written, loading: Loading) -> Test | None:
    texts = _texts(written, loading)
    patterns = _compiled(written, [compile_glob(text) for text in texts], loading) if texts else None
    return operators.Glob(patterns, written.cased) if patterns else None


def _read_matches(written: Written, loading: Loading) -> Test | None:
    scalars = loading.scalars(written.node)
    patterns = _compiled(written, [compile_pattern(scalar.text) for scalar in scalars], loading) if scalars else None
    return operators.Matches(patterns) if patterns else None


def _compiled(written: Written, results: list[Pattern | str], loading: Loading) -> tuple[Pattern, ...] | None:
    for result in results:
        if isinstance(result, str):
            loading.add(written.node.place, "E303", result)
    patterns = tuple(result for result in results if isinstance(result, Pattern))
    return patterns if len(patterns) == len(results) else None


def _bound(compare: Callable[[float, float], bool]) -> Callable[[Written, Loading], Test | None]:
    def read(written: Written, loading: Loading) -> Test | None:
        number = read_number(written.node, written.field, loading)
        return None if number is None else operators.Bound(compare, number)

    return read


def _read_between(written: Written, loading: Loading) -> Test | None:
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


def _numbers(written: Written, loading: Loading) -> tuple[float, ...] | None:
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
    read: Callable[[Written, Loading], Test | None]


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
"""`exists` and `count` are read where conditions are, in `load_conditions`: they stand here for what they fit."""
