"""Readers: one small function for each kind of value in the files. A reader takes a node, and gives the value or records a fault.

Combinators (`list_of`, `nullable`, `choice` …) build readers from readers. Tables with fixed keys are read by `records.py`;
which key holds what is told in `schema.py`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from maild.config.faults import did_you_mean
from maild.config.findings import BAD, Bad, Reader, Reading
from maild.config.nodes import Items, Node, Scalar, Table
from maild.config.settings import Rate

T = TypeVar("T")
S = TypeVar("S")
E = TypeVar("E", bound=Enum)

MAX_TEXT = 10_000
MAX_DURATION = timedelta(days=36_500)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
SIZES = {"": 1, "b": 1, "kb": 1000, "kib": 1024, "mb": 1000**2, "mib": 1024**2, "gb": 1000**3, "gib": 1024**3}
YES, NO = frozenset({"true", "on", "yes"}), frozenset({"false", "off", "no"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,6})?")
_DURATION = re.compile(r"([0-9]{1,9})\s?([smhdw])")
_SIZE = re.compile(r"([0-9]{1,12})\s?([kmg]?i?b?)", re.IGNORECASE)
_RATE = re.compile(r"([0-9]{1,9})\s?/\s?(.+)")
_LABEL = r"[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,30}}")
_LOCAL_PART = re.compile(r"[^\s@<>()\[\],;:\\\"]{1,64}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[0-9A-Za-z]{2,8}){0,3}")
_NUMBERS = re.compile(r"[0-9.]+")
_NAME = re.compile(r"\w[\w.-]{0,63}")


def scalar(node: Node, reading: Reading, wanted: str) -> Scalar | Bad:
    """A single value that is not empty."""
    if not isinstance(node, Scalar):
        return reading.refuse(node.place, "E300", f'"{reading.name}" must be {wanted}, not {describe_shape(node)}')
    if node.value is None or not node.text.strip():
        return reading.refuse(node.place, "E301", f'"{reading.name}" is empty; give {wanted} or remove the key')
    return node


def describe_shape(node: Node) -> str:
    match node:
        case Items():
            return "a list"
        case Table():
            return "a table of keys"
    return f'"{node.text}"' if node.value is not None else "empty"


def text(node: Node, reading: Reading) -> str | Bad:
    """Any text on one line. Unquoted numbers and words are taken as they are written: a password `0123` keeps its zero."""
    return _text(node, reading, lines=False)


def lines(node: Node, reading: Reading) -> str | Bad:
    """Text that may have several lines, such as a signature."""
    return _text(node, reading, lines=True)


def _text(node: Node, reading: Reading, *, lines: bool) -> str | Bad:
    found = scalar(node, reading, "text")
    if found is BAD:
        return BAD
    if len(found.text) > MAX_TEXT:
        return reading.refuse(node.place, "E302", f'"{reading.name}" is longer than {MAX_TEXT} characters')
    if _CONTROL.search(found.text) or (not lines and "\n" in found.text):
        what = "a control character" if lines else "a line break or a control character"
        return reading.refuse(node.place, "E302", f'"{reading.name}" holds {what}')
    if found.has_typographic_quotes:  # the value is not named: it may be a password
        message = f'the quotation marks are a part of "{reading.name}": leave them out, or put what is meant so into straight ones'
        reading.findings.faults.add(node.place, "W325", message)
    return found.text


def matching(pattern: re.Pattern[str], code: str, wanted: str) -> Reader[str]:
    """Text of a fixed form; `wanted` describes it in the fault."""

    def read(node: Node, reading: Reading) -> str | Bad:
        found = text(node, reading)
        if found is BAD or pattern.fullmatch(found):
            return found
        return reading.refuse(node.place, code, f'"{reading.name}" must be {wanted}, not "{found}"')

    return read


language = matching(_LANGUAGE, "E311", "a language code such as en or pt-BR")


def number(low: int, high: int) -> Reader[int]:
    """A whole number from `low` to `high`, with quotes or without. A leading zero is refused: some take such numbers for octal."""
    wanted = f"a whole number from {low} to {high}"

    def read(node: Node, reading: Reading) -> int | Bad:
        found = scalar(node, reading, wanted)
        if found is BAD:
            return BAD
        if _WHOLE.fullmatch(found.text) and low <= int(found.text) <= high:
            return int(found.text)
        return reading.refuse(node.place, "E303", f'"{reading.name}" must be {wanted}, not "{found.text}"')

    return read


def decimal(node: Node, reading: Reading) -> float | Bad:
    """A number, with a fraction or without."""
    wanted = "a number such as 5 or 6.5"
    found = scalar(node, reading, wanted)
    if found is BAD:
        return BAD
    if _DECIMAL.fullmatch(found.text):
        return float(found.text)
    return reading.refuse(node.place, "E303", f'"{reading.name}" must be {wanted}, not "{found.text}"')


def flag(node: Node, reading: Reading) -> bool | Bad:
    """true or false; on, off, yes and no mean the same."""
    found = scalar(node, reading, "true or false")
    if found is BAD:
        return BAD
    word = found.text.casefold()
    return (
        word in YES
        if word in YES | NO
        else reading.refuse(node.place, "E304", f'"{reading.name}" must be true or false, not "{found.text}"')
    )


def choice(*allowed: str, later: Mapping[str, str] = MappingProxyType({}), wanted: str = "") -> Reader[str]:
    """One of a few words. `later` maps words whose feature has not landed to the word that acts in their place."""
    known = (*allowed, *later)
    wanted = wanted or one_of(known)

    def read(node: Node, reading: Reading) -> str | Bad:
        found = scalar(node, reading, wanted)
        if found is BAD:
            return BAD
        if found.text not in known:
            message = f'"{reading.name}" must be {wanted}, not "{found.text}"{did_you_mean(found.text, known)}'
            return reading.refuse(node.place, "E305", message)
        stand_in = later.get(found.text, found.text)
        if stand_in != found.text:
            reading.warn(node.place, "W301", f'"{reading.name}: {found.text}" is not built yet; "{stand_in}" acts in its place')
        return stand_in

    return read


def one_of(words: tuple[str, ...]) -> str:
    """`a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def member(kind: type[E]) -> Reader[E]:
    """One of the values of an Enum."""
    return mapped(choice(*(str(item.value) for item in kind)), kind)


def mapped(reader: Reader[S], change: Callable[[S], T]) -> Reader[T]:
    """What `reader` reads, changed."""

    def read(node: Node, reading: Reading) -> T | Bad:
        found = reader(node, reading)
        return BAD if found is BAD else change(found)

    return read


def duration(node: Node, reading: Reading) -> timedelta | Bad:
    """`30m`, `24h`, `3d`, `1w`, `0s`."""
    wanted = "a duration such as 30s, 15m, 24h, 3d or 1w"
    found = scalar(node, reading, wanted)
    if found is BAD:
        return BAD
    span = parse_duration(found.text)
    return reading.refuse(node.place, "E306", f'"{reading.name}" must be {wanted}, not "{found.text}"') if span is None else span


def duration_up_to(longest: str) -> Reader[timedelta]:
    """A duration no longer than that one."""
    return duration_between("0s", longest)


def duration_between(shortest: str, longest: str) -> Reader[timedelta]:
    """A duration from the first to the second."""
    least, most = parse_duration(shortest), parse_duration(longest)

    def read(node: Node, reading: Reading) -> timedelta | Bad:
        span = duration(node, reading)
        if span is BAD or least is None or most is None or least <= span <= most:
            return span
        if span < least:
            return reading.refuse(node.place, "E306", f'"{reading.name}" is shorter than {shortest}, the least that makes sense')
        return reading.refuse(node.place, "E306", f'"{reading.name}" is longer than {longest}, the most that makes sense')

    return read


def parse_duration(written: str) -> timedelta | None:
    """None where it is no duration, or one longer than a hundred years."""
    match = _DURATION.fullmatch(written)
    seconds = int(match[1]) * UNITS[match[2]] if match else None
    return timedelta(seconds=seconds) if seconds is not None and seconds <= MAX_DURATION.total_seconds() else None


def size(node: Node, reading: Reading) -> int | Bad:
    """Bytes: `25MiB` (1024s), `20MB` (1000s), `65536`."""
    wanted = "a size such as 512KiB, 20MB or 25MiB"
    found = scalar(node, reading, wanted)
    if found is BAD:
        return BAD
    match = _SIZE.fullmatch(found.text)
    unit = SIZES.get(match[2].casefold()) if match else None
    if match and unit and int(match[1]):
        return int(match[1]) * unit
    return reading.refuse(node.place, "E307", f'"{reading.name}" must be {wanted}, not "{found.text}"')


def rate(node: Node, reading: Reading) -> Rate | Bad:
    """`3/1h`: at most three in an hour."""
    wanted = "a rate such as 3/1h or 10/1d"
    found = scalar(node, reading, wanted)
    if found is BAD:
        return BAD
    match = _RATE.fullmatch(found.text)
    window = parse_duration(match[2].strip()) if match else None
    if match and window:
        return Rate(int(match[1]), window)
    return reading.refuse(node.place, "E308", f'"{reading.name}" must be {wanted}, not "{found.text}"')


def domain(node: Node, reading: Reading) -> str | Bad:
    """A domain name, in its ASCII form (RFC 5890) and lower case."""
    found = text(node, reading)
    if found is BAD:
        return BAD
    if _NUMBERS.fullmatch(found):
        return reading.refuse(
            node.place, "E310", f'"{reading.name}" must be a domain such as acme.example, not the number of a host, "{found}"'
        )
    name = ascii_domain(found)
    return name or reading.refuse(node.place, "E310", f'"{reading.name}" must be a domain such as acme.example, not "{found}"')


def ascii_domain(written: str) -> str | None:
    """The name as it goes over the wire; None for what cannot be a domain.

    The standard library knows IDNA 2003, which makes another domain of ß, ς and the joiners than registries do today (RFC 5894
    section 7.2): such names must be written as xn--….
    """
    if any(char in "ßς\u200c\u200d" for char in written):
        return None
    try:
        name = written.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    return name if _DOMAIN.fullmatch(name) else None


def address(node: Node, reading: Reading) -> str | Bad:
    """A bare addr-spec (RFC 5321 section 4.1.2, without quoted local parts), its domain in ASCII."""
    found = text(node, reading)
    if found is BAD:
        return BAD
    wanted = "an address such as support@acme.example"
    return bare_address(found) or reading.refuse(node.place, "E309", f'"{reading.name}" must be {wanted}, not "{found}"')


def bare_address(written: str) -> str | None:
    """The address as it goes over the wire; None for what is none, or has a name beside it."""
    local, _, host = written.rpartition("@")
    name = ascii_domain(host)
    return f"{local}@{name}" if name and _LOCAL_PART.fullmatch(local) else None


def address_or_domain(node: Node, reading: Reading) -> str | Bad:
    """An address or a domain, in comparison form."""
    is_address = isinstance(node, Scalar) and "@" in node.text.lstrip("@")
    found = address(node, reading) if is_address else domain(node, reading)
    return BAD if found is BAD else found.casefold()


def zone(node: Node, reading: Reading) -> ZoneInfo | Bad:
    """A name of the time zone database."""
    found = text(node, reading)
    if found is BAD:
        return BAD
    try:
        return ZoneInfo(found)
    except (KeyError, ValueError, OSError):  # seen in practice: "Europe" is a folder of the database
        hint = did_you_mean(found, available_timezones())
        return reading.refuse(node.place, "E313", f'"{reading.name}" must be a time zone such as Europe/Sofia, not "{found}"{hint}')


def path(node: Node, reading: Reading) -> Path | Bad:
    """A file, relative to the desk's directory."""
    found = text(node, reading)
    return BAD if found is BAD else reading.findings.directory / found


def nullable(reader: Reader[T]) -> Reader[T | None]:
    """null beside what `reader` reads."""

    def read(node: Node, reading: Reading) -> T | Bad | None:
        return None if is_null(node) else reader(node, reading)

    return read


def is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None


def word_or(word: str, value: S, reader: Reader[T]) -> Reader[S | T]:
    """A fixed word that stands for `value`, beside what `reader` reads: `off`, `never`, `all`."""

    def read(node: Node, reading: Reading) -> S | T | Bad:
        return value if isinstance(node, Scalar) and node.text == word else reader(node, reading)

    return read


def either(single: Reader[S], table: Reader[T]) -> Reader[S | T]:
    """A single value or a table, each with its own reader."""

    def read(node: Node, reading: Reading) -> S | T | Bad:
        return table(node, reading) if isinstance(node, Table) else single(node, reading)

    return read


def list_of(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list without repetitions; nothing at all is an empty one. Items that cannot be read are left out."""

    def read(node: Node, reading: Reading) -> tuple[T, ...] | Bad:
        if is_null(node):
            return ()
        if not isinstance(node, Items):
            return reading.refuse(node.place, "E300", f'"{reading.name}" must be a list such as [a, b], not {describe_shape(node)}')
        return tuple(_read_items(node, reader, reading))

    return read


def _read_items(node: Items, reader: Reader[T], reading: Reading) -> list[T]:
    found: list[T] = []
    for item in node:
        value = reader(item, reading)
        if value is BAD:
            continue
        if value in found:
            reading.refuse(item.place, "E111", f'{describe_shape(item)} stands twice in "{reading.name}"')
        else:
            found.append(value)
    return found


def one_or_more(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list, or a single value, which is a list of one."""
    several, single = list_of(reader), mapped(reader, lambda one: (one,))

    def read(node: Node, reading: Reading) -> tuple[T, ...] | Bad:
        return several(node, reading) if isinstance(node, Items) else single(node, reading)

    return read


def table_of(reader: Reader[T], reserved: tuple[str, ...] = ()) -> Reader[Mapping[str, T]]:
    """A table whose keys are names people choose. Entries that cannot be read are left out."""

    def read(node: Node, reading: Reading) -> Mapping[str, T] | Bad:
        table = as_table(node, reading)
        if table is BAD:
            return BAD
        found = {}
        for entry in table.entries:
            _check_name(entry.key, reading, reserved)
            value = reader(entry.value, reading.at(entry.key))
            if value is not BAD:
                found[entry.key.text] = value
        return found

    return read


def as_table(node: Node, reading: Reading) -> Table | Bad:
    """A table; nothing at all is an empty one, as when every line of it is commented out."""
    if is_null(node):
        return Table(node.place, ())
    if isinstance(node, Table):
        return node
    return reading.refuse(node.place, "E300", f'"{reading.name}" must be a table of keys, not {describe_shape(node)}')


def _check_name(key: Scalar, reading: Reading, reserved: tuple[str, ...]) -> None:
    if not _NAME.fullmatch(key.text):
        reading.refuse(key.place, "E109", f'"{key.text}" cannot be a name in {reading.where}: use letters, digits, "-", "_" and "."')
    elif key.text.casefold() in reserved:
        reading.refuse(key.place, "E109", f'"{key.text}" cannot be a name in {reading.where}: the word has a meaning of its own')


def anything(node: Node, reading: Reading) -> Any:
    """Whatever stands there, unread: the node itself, or the text of a single value."""
    return node.text if isinstance(node, Scalar) and node.value is not None else None if isinstance(node, Scalar) else node
