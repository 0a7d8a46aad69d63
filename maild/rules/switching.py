"""A rule switched off or on in its file: one line more or less, and every other byte as it was.

Pure: bytes → bytes. Where the text of a file is odder than can be edited for certain, nothing is.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from maild.config.faults import Faults, Place
from maild.config.nodes import Entry, Items, Node, Scalar, Table, parse_yaml
from maild.errors import UsageError

_KEY = "disabled"
_USUAL_END = "\n"
_BOM = "\ufeff"
_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029]|\Z)")
_LINE_END = re.compile(r"(?:\r\n|[\n\r\x85\u2028\u2029])\Z")
_FLOW_END = re.compile(r"[,}]")
_COMMA_IN_FRONT = re.compile(r",[ \t]*\Z")
_COMMA_BEHIND = re.compile(r"[ \t]*,[ \t]*")
_MAX_LINES = 40
_MAX_CHARACTERS = 4000
"""Of a reason; nobody writes a longer one."""


def disable(raw: bytes, rule: str, reason: str) -> bytes:
    """The file with the rule off for that reason, instead of any earlier one.

    Raises:
        UsageError: the rule is not in it, or it cannot be edited for certain.
    """
    text = _decoded(raw)
    words = json.dumps(_one_line(reason), ensure_ascii=False)
    if _find(text, rule).get(_KEY):
        text = _without(text, rule)
    return _encoded(_checked(_with(text, rule, words), text, rule, json.loads(words)), raw)


def enable(raw: bytes, rule: str, reason: str = "") -> bytes:
    """The file with the rule on, and in a comment above it why. Raises like `disable`; also where it is on."""
    text = _decoded(raw)
    if _find(text, rule).get(_KEY) is None:
        raise UsageError(f'the rule "{rule}" is not disabled')
    text = _without(text, rule)
    return _encoded(_with_comment(text, rule, _one_line(reason)) if reason else text, raw)


def _with_comment(text: str, rule: str, words: str) -> str:
    """Above the line where the rule begins, which may be one of several on it. Raises UsageError where no comment can stand there."""
    lines = _lines(text)
    number = _find(text, rule).place.line - 1
    indent = lines[number][: len(lines[number]) - len(lines[number].lstrip(" "))]
    ending = _LINE_END.search(lines[number]) or _LINE_END.search(lines[0])
    lines.insert(number, f"{indent}# {rule} is enabled again: {words}{ending[0] if ending else _USUAL_END}")
    commented = "".join(lines)
    if _meaning(commented, rule) != _meaning(text, rule):
        raise UsageError(f'the rule "{rule}" is written in a way that takes no comment here; leave the reason out')
    return commented


def _one_line(words: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        raise UsageError("the file is not UTF-8") from error


def _encoded(text: str, before: bytes) -> bytes:
    return (_BOM if before.startswith(_BOM.encode()) else "").encode() + text.encode()


def _find(text: str, rule: str) -> Table:
    """Raises UsageError."""
    found = next(_rules(text, rule), None)
    if found is None:
        raise UsageError(f'the rule "{rule}" is not there')
    return found


def _rules(text: str, rule: str) -> Iterator[Table]:
    root = parse_yaml(text.encode(), Path(), Faults())
    rules = root.get("rules") if isinstance(root, Table) else None
    for table in rules if isinstance(rules, Items) else ():
        if isinstance(table, Table) and isinstance(named := table.get("id"), Scalar) and named.text == rule:
            yield table


def _with(text: str, rule: str, words: str) -> str:
    """The key behind the id: on a line of its own, or between the braces."""
    table = _find(text, rule)
    key, value = table.key("id"), table.get("id")
    assert key is not None
    assert value is not None
    lines = _lines(text)
    if _is_flow(text, table):
        end = _offset(lines, value.place) + value.place.width
        return f"{text[:end]}, {_KEY}: {words}{text[end:]}"
    number = value.place.line
    ending = _LINE_END.search(lines[number - 1]) or _LINE_END.search(lines[0])
    line_end = ending[0] if ending else _USUAL_END
    if not _LINE_END.search(lines[number - 1]):
        lines[number - 1] += line_end
    lines.insert(number, f"{' ' * (key.place.column - 1)}{_KEY}: {words}{line_end}")
    return "".join(lines)


def _checked(text: str, before: str, rule: str, reason: str) -> str:
    """Raises UsageError where anything but the reason has changed."""
    found = next(_rules(text, rule), None)
    written = found.get(_KEY) if found else None
    if not isinstance(written, Scalar) or written.text != reason or _meaning(text, rule) != _meaning(before, rule):
        raise UsageError(f'the rule "{rule}" is written in a way that cannot be edited here: write `{_KEY}: …` into it by hand')
    return text


def _without(text: str, rule: str) -> str:
    """Of all ways to cut the key out, the shortest that leaves everything else as it was. Raises UsageError."""
    wanted = _meaning(text, rule)
    for candidate in _cuts(text, _find(text, rule)):
        found = next(_rules(candidate, rule), None)
        if found and found.get(_KEY) is None and _meaning(candidate, rule) == wanted:
            return candidate
    raise UsageError(f'the rule "{rule}" is written in a way that cannot be edited here: take `{_KEY}` out by hand')


def _cuts(text: str, table: Table) -> Iterator[str]:
    lines = _lines(text)
    position = next(number for number, entry in enumerate(table.entries) if entry.key.text == _KEY)
    entry = table.entries[position]
    start = _offset(lines, entry.key.place)
    if _is_flow(text, table):
        yield from _cuts_between_braces(text, start, _offset(lines, entry.value.place) + entry.value.place.width)
        return
    first = entry.key.place.line - 1
    for count in range(1, _MAX_LINES):
        rest = "".join(lines[first + count :])
        yield "".join(lines[:first]) + rest if position else text[:start] + rest.lstrip()


def _cuts_between_braces(text: str, start: int, end: int) -> Iterator[str]:
    """With the comma in front, or else the one behind. `end`: that of a value on one line, behind which a comment may stand; of any other
    the next comma or brace may be its end."""
    if in_front := _COMMA_IN_FRONT.search(text, 0, start):
        yield text[: in_front.start()] + text[end:]
    if behind := _COMMA_BEHIND.match(text, end):
        yield text[:start] + text[behind.end() :]
    yield text[:start] + text[end:]
    comma = in_front.start() if in_front else start
    yield from (text[:comma] + text[end.start() :] for end in _FLOW_END.finditer(text, start, start + _MAX_CHARACTERS))


def _lines(text: str) -> list[str]:
    """With their ends, as the YAML reader counts them."""
    return [line for line in _LINE.findall(text) if line]


def _offset(lines: list[str], place: Place) -> int:
    return sum(map(len, lines[: place.line - 1])) + place.column - 1


def _is_flow(text: str, table: Table) -> bool:
    return text[_offset(_lines(text), table.place) :].startswith("{")


def _meaning(text: str, rule: str) -> object:
    """What a file says, but for whether that rule is off: the same before an edit and after it."""
    root = parse_yaml(text.encode(), Path(), Faults())
    return _plain(root, rule) if root is not None else None


def _plain(node: Node, rule: str) -> object:
    match node:
        case Scalar(text=text, value=value):
            return (text, type(value), node.quoted)
        case Items(items=items):
            return [_plain(item, rule) for item in items]
    named = node.get("id")
    hidden = isinstance(named, Scalar) and named.text == rule
    return {entry.key.text: _plain(entry.value, rule) for entry in _kept(node, hidden)}


def _kept(table: Table, hidden: bool) -> Iterator[Entry]:
    return (entry for entry in table.entries if not (hidden and entry.key.text == _KEY))
