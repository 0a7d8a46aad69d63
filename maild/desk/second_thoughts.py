"""What was kept as a note and is to go to the customer after all (MAIL.md A6): what of it may. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from maild.desk.blocks import part
from maild.desk.command import CommandFault
from maild.desk.command_lines import Parsed
from maild.desk.quoted_notes import TELLING, has_quotes, plain, unquoted
from maild.ingest.forwards import begins_with_forward
from maild.reading import Reading

_STATUS_WORDS = frozenset({"close", "open", "wait"})
_INSIDE_WORDS = frozenset({"note", "noreply"})
_TEXT_WORDS = frozenset({"canned"})


def only_status(parsed: Parsed) -> Parsed:
    """The commands that decide over an answer's own status, and those in whose place its text goes; the others were done when it was kept,
    and what was split off is no part of it any more. Whoever corrects it to a note after all (A7) means that."""
    commands = tuple(command for command in parsed.commands if command.word in _STATUS_WORDS | _INSIDE_WORDS | _TEXT_WORDS)
    was_split = any(command.word == "split" for command in parsed.commands)
    return replace(parsed, commands=commands, body=part(parsed.body)[0] if was_split else parsed.body, errands=())


def find_unfit(body: str, reading: Reading) -> tuple[CommandFault, ...]:
    """Why the words cannot go out as they are. Who answers a note between its lines has it among them, and no note reaches a customer."""
    if begins_with_forward(body):
        return (CommandFault(0, "it is a forwarded mail, which never goes to the customer; write to him in a reply to a message of his"),)
    if (reading.thread.parent_internal and has_quotes(body)) or _repeats(body, reading.known.notes):
        return (CommandFault(0, "it quotes a note, which never goes to the customer; write to him in a reply to a message of his"),)
    return ()


def _repeats(body: str, notes: Iterable[str]) -> bool:
    """Whether a line of a note stands in it, wherever the lines break now."""
    said = unquoted(body)
    lines = (plain(line) for note in notes for line in note.splitlines())
    return any(line in said for line in lines if len(line) >= TELLING)
