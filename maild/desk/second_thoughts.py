"""What was kept as a note and is to go to the customer after all (MAIL.md A6): what of it may. Pure."""

import re
from collections.abc import Iterable
from dataclasses import replace

from maild.desk.commands import CommandFault, Parsed
from maild.ingest.forwards import begins_with_forward
from maild.reading import Reading

_STATUS_WORDS = frozenset({"close", "open", "wait"})
_QUOTE_SIGNS = (">", "＞", "|")
_QUOTE_MARK = re.compile(r"[\s>＞|]*(?:[^\W\d_]{1,15}>+[\s>＞|]*)?")
"""What a mail program writes before a quoted line, with the initials of who wrote it (The Bat!) or without."""
_TELLING = 15
"""So many characters of a line say something that is not said everywhere."""


def only_status(parsed: Parsed) -> Parsed:
    """The commands that decide over an answer's own status; the others were done when it was kept."""
    return replace(parsed, commands=tuple(command for command in parsed.commands if command.word in _STATUS_WORDS))


def find_unfit(body: str, reading: Reading) -> tuple[CommandFault, ...]:
    """Why the words cannot go out as they are. Who answers a note between its lines has it among them, and no note reaches a customer."""
    if begins_with_forward(body):
        return (CommandFault(0, "it is a forwarded mail, which never goes to the customer; write to him in a reply to a message of his"),)
    quotes = reading.thread.parent_internal and any(line.lstrip().startswith(_QUOTE_SIGNS) for line in body.splitlines())
    if quotes or _repeats(body, reading.known.notes):
        return (CommandFault(0, "it quotes a note, which never goes to the customer; write to him in a reply to a message of his"),)
    return ()


def _repeats(body: str, notes: Iterable[str]) -> bool:
    """Whether a line of a note stands in it, wherever the lines break now."""
    said = _plain(" ".join(_QUOTE_MARK.sub("", line, count=1) for line in body.splitlines()))
    lines = (_plain(line) for note in notes for line in note.splitlines())
    return any(line in said for line in lines if len(line) >= _TELLING)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()
