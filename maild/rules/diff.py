"""Two sets of rule files held against each other (RULES.md 6): what has come, gone, moved, or says something else. Pure.

Compared is what is written, not how: comments, the order of keys and the file a rule stands in make no difference, the order of rules does.
Whether the files are valid rules is not asked.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from maild.config.nodes import Items, Node, Scalar, Table

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Part:
    """What differs within something: where, as `if.text.word[2]`, and both values in JSON; None: there is none."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """`what` is `list`, `condition`, `rule` or `test`; `place` where it stands, in the newer files if it is there. The one part of a rule
    that has moved is `behind`: behind which it stood, and stands."""

    kind: Kind
    what: str
    name: str
    place: str
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class _Item:
    """Something with a name, and where it stands."""

    node: Node
    place: str


_Named = dict[str, _Item]
_Order = Mapping[str, str | None]
_SECTIONS = ("lists", "conditions", "rules", "tests")
_NAMING = {"rules": "id", "tests": "name"}


def compare(before: Iterable[Node], after: Iterable[Node]) -> Iterator[Difference]:
    """What differs between two sets of files, each in the order in which they are read: by section, in the newer order."""
    old, new = tuple(before), tuple(after)
    for section in _SECTIONS:
        known, found = _collect(section, old), _collect(section, new)
        moved = _find_moved(known, found) if section == "rules" else {}
        yield from _compare_named(section.removesuffix("s"), known, found, moved)


def _collect(section: str, files: Iterable[Node]) -> _Named:
    """By name; what has none goes by its place."""
    items: _Named = {}
    for file in files:
        for name, node in _named(section, file.get(section) if isinstance(file, Table) else None):
            place = f"{node.place.file.name}:{node.place.line}"
            items.setdefault(name or place, _Item(node, place))
    return items


def _named(section: str, node: Node | None) -> Iterator[tuple[str, Node]]:
    match node:
        case Table(entries=entries):
            yield from ((entry.key.text, entry.value) for entry in entries)
        case Items(items=items):
            for item in items:
                named = item.get(_NAMING.get(section, "")) if isinstance(item, Table) else None
                yield (named.text if isinstance(named, Scalar) else ""), item


def _compare_named(what: str, known: _Named, found: _Named, moved: Mapping[str, Part]) -> Iterator[Difference]:
    for name, item in found.items():
        earlier = known.get(name)
        if earlier is None:
            yield Difference("added", what, name, item.place)
            continue
        if parts := tuple(_compare_nodes("", earlier.node, item.node)):
            yield Difference("changed", what, name, item.place, parts)
        if name in moved:
            yield Difference("moved", what, name, item.place, (moved[name],))
    for name, item in known.items():
        if name not in found:
            yield Difference("removed", what, name, item.place)


def _find_moved(known: _Named, found: _Named) -> dict[str, Part]:
    """Of the rules that both have, those that do not stand among the others as they did: as few as can be."""
    before, after = ([name for name in names if name in other] for names, other in ((known, found), (found, known)))
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    staying = {name for block in blocks for name in after[block.b : block.b + block.size]}
    was, stands = _behind(before), _behind(after)
    return {name: Part("behind", *map(_quoted, (was[name], stands[name]))) for name in after if name not in staying}


def _quoted(name: str | None) -> str | None:
    return None if name is None else json.dumps(name, ensure_ascii=False)


def _behind(names: Sequence[str]) -> _Order:
    """Behind which each stands; None: it is the first."""
    return dict(zip(names, (None, *names), strict=False))


def _compare_nodes(path: str, before: Node, after: Node) -> Iterator[Part]:
    if _plain(before) == _plain(after):
        return
    if isinstance(before, Table) and isinstance(after, Table):
        yield from _compare_tables(path, before, after)
    elif isinstance(before, Items) and isinstance(after, Items):
        yield from _compare_items(path, before, after)
    else:
        yield Part(path, _written(before), _written(after))


def _compare_tables(path: str, before: Table, after: Table) -> Iterator[Part]:
    for key in dict.fromkeys(entry.key.text for entry in (*before.entries, *after.entries)):
        inner = f"{path}.{key}".lstrip(".")
        was, now = before.get(key), after.get(key)
        if was is not None and now is not None:
            yield from _compare_nodes(inner, was, now)
        else:
            yield Part(inner, _written(was), _written(now))


def _compare_items(path: str, before: Items, after: Items) -> Iterator[Part]:
    """Items are told from each other by what they say; those that stand in for as many others are compared one by one."""
    was, now = ([_written(item) for item in items] for items in (before, after))
    for tag, start, end, begin, stop in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag == "replace" and end - start == stop - begin:
            for offset in range(end - start):
                yield from _compare_nodes(f"{path}[{begin + offset}]", before.items[start + offset], after.items[begin + offset])
        elif tag != "equal":
            yield from (Part(f"{path}[{index}]", was[index], None) for index in range(start, end))
            yield from (Part(f"{path}[{index}]", None, now[index]) for index in range(begin, stop))


def _written(node: Node | None) -> str | None:
    """In JSON, keys in order."""
    return None if node is None else json.dumps(_plain(node), ensure_ascii=False, sort_keys=True)


def _plain(node: Node) -> object:
    match node:
        case Scalar(value=value):
            return value
        case Items(items=items):
            return [_plain(item) for item in items]
    return {entry.key.text: _plain(entry.value) for entry in node.entries}
