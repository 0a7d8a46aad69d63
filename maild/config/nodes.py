"""The YAML door: a file's text → a tree of nodes that know their place. Nothing else in maild imports the YAML parser.

Only YAML 1.2's core scalars are resolved, so that `no`, `9:00`, `22:30`, `010`, `on` and dates stay the text they are (RULES.md 6).
Anchors, aliases, tags, several documents and duplicate keys are faults; so nothing can be expanded into a bomb.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EINVAL
from pathlib import Path

import yaml

from maild.config.faults import Faults, Place

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 40
_NULL = re.compile(r"(?:~|null|Null|NULL|)")
_BOOL = re.compile(r"(?:true|True|TRUE|false|False|FALSE)")
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})")
_FLOAT = re.compile(r"[-+]?(?:[0-9]{1,15}\.[0-9]{1,15}|\.[0-9]{1,15})(?:[eE][-+]?[0-9]{1,3})?")
_TYPOGRAPHIC = "“”„‟«»‘’‚"

_IN_QUOTES = re.compile(r'"[^"]*"|\'[^\']*\'')
_BRACES = 'a text with {{ }} must stand in quotes, as in "order {{ match.order }}"'
_INDENTATION = "look at the indentation: what belongs together begins in the same column"
_OF_WHAT_IS_OPEN = ("a bracket is not closed, or a comma is missing", "a quotation mark is not closed")
_ADVICE = (
    ("mapping values are not allowed", f'{_INDENTATION}, and a text with ": " in it stands in quotes'),
    ("did not find expected '-' indicator", _INDENTATION),
    ("did not find expected key", f"{_INDENTATION}; and for a quotation mark or bracket that closes too early"),
    ("could not find expected ':'", "a line above is neither a key with its colon nor a part of a text"),
    ("sequence entries are not allowed", 'a list with "- " begins on a line of its own'),
    ("cannot start any token", "put the text into quotes"),
    ("unknown escape character", "write patterns in single quotes"),
    ("did not find expected ',' or", _OF_WHAT_IS_OPEN[0]),
    ("unexpected end of stream", _OF_WHAT_IS_OPEN[1]),
)
"""What the parser says, and what people have done mostly where it says so."""

ScalarValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `text` is how it was written, `value` what it means; quoted scalars are always text."""

    place: Place
    text: str
    value: ScalarValue
    quoted: bool

    @property
    def has_typographic_quotes(self) -> bool:
        """Seen in practice: `contains: “invoice”`, pasted from a word processor. YAML knows straight quotation marks only."""
        return not self.quoted and len(self.text) > 2 and self.text[0] in _TYPOGRAPHIC and self.text[-1] in _TYPOGRAPHIC


@dataclass(frozen=True, slots=True)
class Items:
    """A YAML sequence."""

    place: Place
    items: tuple["Node", ...]

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key: value` of a mapping."""

    key: Scalar
    value: "Node"


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping, in file order, without duplicate keys."""

    place: Place
    entries: tuple[Entry, ...]

    @property
    def head(self) -> Place:
        """Where it begins to say something: a file may begin with comments."""
        return self.entries[0].key.place if self.entries else self.place

    def get(self, key: str) -> "Node | None":
        return next((entry.value for entry in self.entries if entry.key.text == key), None)

    def key(self, key: str) -> Scalar | None:
        return next((entry.key for entry in self.entries if entry.key.text == key), None)


Node = Scalar | Items | Table


def walk_entries(node: Node) -> Iterator[Entry]:
    """Every `key: value` at any depth, in file order."""
    match node:
        case Table(entries=entries):
            for entry in entries:
                yield entry
                yield from walk_entries(entry.value)
        case Items(items=items):
            for item in items:
                yield from walk_entries(item)


def walk_scalars(node: Node) -> Iterator[Scalar]:
    """Every value at any depth, in file order; keys are none."""
    match node:
        case Scalar():
            yield node
        case Table(entries=entries):
            for entry in entries:
                yield from walk_scalars(entry.value)
        case Items(items=items):
            for item in items:
                yield from walk_scalars(item)


def read_yaml(file: Path, faults: Faults) -> Node | None:
    """The root node of a file; None, with faults, where it cannot be read or holds no valid YAML. An empty file is an empty table."""
    try:
        raw = read_file(file)
    except OSError as error:
        faults.add(Place(file, 1, 1), "E100", f"cannot be read: {error.strerror}")
        return None
    return parse_yaml(raw, file, faults)


def read_file(file: Path, most_bytes: int = MAX_BYTES) -> bytes:
    """At most one byte more than is allowed. A pipe or a device would block for ever, so only regular files are opened."""
    if file.exists() and not file.is_file():
        raise OSError(EINVAL, "it is not a file")
    with file.open("rb") as opened:
        return opened.read(most_bytes + 1)


def parse_yaml(raw: bytes, file: Path, faults: Faults) -> Node | None:
    """Like `read_yaml`, for bytes already at hand; `file` is only named in faults. Any bytes give a node or a fault, never an exception."""
    if len(raw) > MAX_BYTES:
        faults.add(Place(file, 1, 1), "E100", f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        faults.add(Place(file, line, column), "E101", "is not UTF-8 here; save the file as UTF-8")
        return None
    try:
        return _Builder(file, faults).build(text)
    except _TooDeep as deep:
        faults.add(deep.place, "E101", f"is nested deeper than {MAX_DEPTH} levels")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
        faults.add(place, "E101", f"is not valid YAML: {_problem(error, place, text)}")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = next(iter(str(error).splitlines()), "nested too deeply")
        faults.add(Place(file, *_position(error, text)), "E101", f"is not valid YAML: {problem}")
    return None


def _problem(error: yaml.MarkedYAMLError, place: Place, text: str) -> str:
    """The parser's words, and what to look at; better words for the commonest slips."""
    line = next(iter(text.splitlines()[place.line - 1 : place.line]), "")
    if line[place.column - 1 : place.column] == "\t":
        return "a tab is used for indentation; use spaces"
    if "{{" in _IN_QUOTES.sub("", line):
        return _BRACES
    problem = error.problem or error.context or "unreadable"
    advice = next((advice for words, advice in _ADVICE if words in problem), "")
    begun = error.context_mark.line + 1 if error.context_mark else place.line
    where = f" (what is open begins in line {begun})" if begun != place.line and advice in _OF_WHAT_IS_OPEN else ""
    return f"{problem}; {advice}{where}" if advice else problem


def _position(error: Exception, text: str) -> tuple[int, int]:
    position = getattr(error, "position", None)
    if not isinstance(position, int):
        return 1, 1
    return text.count("\n", 0, position) + 1, position - (text.rfind("\n", 0, position) + 1) + 1


class _TooDeep(Exception):
    """The tree is nested deeper than anything a person writes."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Builder:
    """Builds nodes from the parser's events, so that nothing is resolved or expanded behind our back."""

    def __init__(self, file: Path, faults: Faults) -> None:
        self._file = file
        self._faults = faults

    def build(self, text: str) -> Node | None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        events = [event for event in yaml.parse(text, Loader=loader) if not isinstance(event, yaml.StreamStartEvent | yaml.StreamEndEvent)]
        self._events = iter(events)
        starts = [event for event in events if isinstance(event, yaml.DocumentStartEvent)]
        if not starts:
            return Table(Place(self._file, 1, 1), ())
        if len(starts) > 1:
            self._faults.add(self._place(starts[1]), "E103", 'holds a second document ("---"); one file is one document')
            return None
        next(self._events)
        node = self._node(next(self._events), 0)
        if isinstance(node, Scalar) and node.value is None:
            return Table(Place(self._file, 1, 1), ())
        return node

    def _place(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return Place(self._file, 1, 1)
        width = end.column - start.column if start.line == end.line else 1
        return Place(self._file, start.line + 1, start.column + 1, max(1, width))

    def _node(self, event: yaml.Event, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _TooDeep(self._place(event))
        self._refuse_extras(event)
        match event:
            case yaml.ScalarEvent():
                return self._scalar(event)
            case yaml.SequenceStartEvent():
                return self._items(event, depth)
            case yaml.MappingStartEvent():
                return self._table(event, depth)
        return Scalar(self._place(event), "", None, False)

    def _refuse_extras(self, event: yaml.Event) -> None:
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if isinstance(event, yaml.AliasEvent):
            self._faults.add(self._place(event), "E104", f'aliases ("*{anchor}") are not allowed; write the value out')
        elif anchor:
            self._faults.add(self._place(event), "E104", f'anchors ("&{anchor}") are not allowed; write the value out')
        if tag not in (None, "!"):
            self._faults.add(self._place(event), "E104", f'tags ("{tag}") are not allowed')

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        quoted = event.style not in (None, "")
        return Scalar(self._place(event), event.value, event.value if quoted else _resolve(event.value), quoted)

    def _items(self, event: yaml.Event, depth: int) -> Items:
        items = []
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(inner, depth + 1))
        return Items(self._place(event), tuple(items))

    def _table(self, event: yaml.Event, depth: int) -> Table:
        entries: dict[str, Entry] = {}
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                is_table = isinstance(key, Table)
                self._faults.add(key.place, "E105", f"a key must be a single word{f'; {_BRACES}' if is_table else ''}")
            elif key.text in entries:
                first = entries[key.text].key.place.line
                self._faults.add(key.place, "E106", f'the key "{key.text}" stands here twice (first in line {first})')
            else:
                entries[key.text] = Entry(key, value)
        return Table(self._place(event), tuple(entries.values()))


def _resolve(text: str) -> ScalarValue:
    """YAML 1.2's core schema for plain scalars, without octal and hexadecimal numbers, infinities and NaN."""
    if _NULL.fullmatch(text):
        return None
    if _BOOL.fullmatch(text):
        return text.casefold() == "true"
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
