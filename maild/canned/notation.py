"""The notation of canned answers: `{{ order }}`, or `{{ requester.first_name|default("customer") }}`, and nothing else. Pure.

What templates can do beside, loops and conditions, has no place in a text that its writer reads as it will be sent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from maild.canned.shelf import Piece, Variable
from maild.config.faults import did_you_mean

FIELD = "field."
"""What stands before the name of a field of the ticket."""
OWN = frozenset(
    {
        *("ticket.number", "ticket.subject"),
        *("requester.name", "requester.first_name", "requester.address"),
        *("queue.name", "queue.address", "desk.name", "author.name", "author.first_name"),
    }
)
"""What the desk knows by itself. Every other name has no dot, and is given by the agent."""

_LONGEST_ADDRESS = 2048
_ADDRESS_BEFORE = re.compile(r"(?:https?://|mailto:|tel:)[^\s()<>\[\]\"]*\Z", re.IGNORECASE)
NAME = re.compile(r"[^\W\d]\w*(?:\.\w[\w-]*)?")
_MARK = re.compile(r"\{\{(?P<inside>[^{}\n]*)\}\}|\{\{|\}\}|\{%")
_INSIDE = re.compile(rf"\s*(?P<name>{NAME.pattern})\s*(?:\|\s*default\(\s*\"(?P<default>[^\"]+)\"\s*\)\s*)?")


@dataclass(frozen=True, slots=True)
class NotationFault:
    """What is wrong at an offset of a text."""

    offset: int
    width: int
    code: str
    text: str


def read_pieces(source: str) -> Iterator[str | Variable | NotationFault]:
    """A text in pieces, and in place of what is no variable the fault."""
    end = 0
    for match in _MARK.finditer(source):
        yield source[end : match.start()]
        yield _read(match)
        end = match.end()
    yield source[end:]


def with_links(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same, and of each variable whether it is a part of an address that stands there as text: a blank in its value would end that."""
    before = ""
    for piece in pieces:
        if isinstance(piece, Variable):
            yield replace(piece, in_link=_ADDRESS_BEFORE.search(before) is not None)
            before = f"{before}-"
        else:
            yield piece
            before = f"{before}{piece}"[-_LONGEST_ADDRESS:]


def find_name_problem(name: str) -> str:
    """Why nothing stands for this name; "" if something does, or may be given."""
    if "." not in name or name in OWN or name.startswith(FIELD):
        return ""
    return f'unknown name "{name}"{did_you_mean(name, OWN)}'


def _read(match: re.Match[str]) -> Variable | NotationFault:
    inside = _INSIDE.fullmatch(match["inside"] or "")
    width = match.end() - match.start()
    if inside is None:
        what = f'"{match[0]}" is no variable; write {{{{ name }}}}, or {{{{ name|default("words") }}}}'
        return NotationFault(match.start(), width, "E401", what)
    name = inside["name"].casefold()
    if problem := find_name_problem(name):
        return NotationFault(match.start(), width, "E402", problem)
    return Variable(name, inside["default"])
