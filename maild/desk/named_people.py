"""People named in commands: an address, with a name before it or not, as agents write and mail clients mangle it; and commands that leave
out what the desk knows. Pure.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from maild.desk.command import Command
from maild.known import KnownPerson
from maild.message import Address

SENDER = "sender"
_NAMING_PEOPLE = frozenset(("cc", "requester", "to", "from"))
_DELIVERABLE = re.compile(r"[^\s@.]+(?:\.[^\s@.]+)*@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+")
_ADDRESS = re.compile(r"(?<![^\s<>@\"()\[\]:,;])(?:mailto:)?([^\s<>@\"()\[\]:,;]{1,64}@[^\s<>@\"()\[\]:,;]{1,255})")


def read_person(argument: str) -> Address | None:
    """The one address in it with the name before it, as in `"Ann Smith" <ann@globex.example>`; None where there is not one address."""
    address = address_in(argument)
    if address is None or not _DELIVERABLE.fullmatch(address):
        return None
    before = argument[: argument.index(address)].removesuffix("mailto:")
    return Address(" ".join(before.replace('"', " ").strip(" <'").split()), address)


def address_in(argument: str) -> str | None:
    """The one address in it, a name before it or not; None where there are others, or words behind it, which would be lost.

    Seen in practice: `bob@globex.example<mailto:bob@globex.example>`, Outlook's text for a link.
    """
    found = list(_ADDRESS.finditer(argument))
    named = {match[1].casefold() for match in found}
    if len(named) != 1 or any(map(str.isalnum, argument[found[-1].end() :])):
        return None
    return found[0][1]


def named_people(commands: Iterable[Command]) -> frozenset[str]:
    """The addresses, as addresses are compared, to which letters may go by these commands; what comes back from there must be known."""
    pairs = (command.argument.partition("=")[::2] if command.word == "set" else (command.word, command.argument) for command in commands)
    people = (read_person(argument) for word, argument in pairs if word.strip().casefold() in _NAMING_PEOPLE)
    return frozenset(person.key for person in people if person)


def with_requester_named(commands: Iterable[Command], people: Mapping[str, KnownPerson]) -> tuple[Command, ...]:
    """Commands in which a requester without a name has the one that is known of him."""
    return tuple(_with_name(command, people) if command.word == "requester" else command for command in commands)


def _with_name(command: Command, people: Mapping[str, KnownPerson]) -> Command:
    """A name may be anything, also another's address."""
    person = read_person(command.argument)
    named = with_known_name(person, people) if person else None
    return replace(command, argument=str(named)) if named and read_person(str(named)) == named else command


def with_known_name(person: Address, people: Mapping[str, KnownPerson]) -> Address:
    """Under the name that is known of him, if none is given."""
    known = people.get(person.key)
    return Address(known.name, person.address) if known and not person.name else person


def with_sender_named(commands: Iterable[Command], writer: Address | None) -> tuple[Command, ...]:
    """`#cc sender` and `#same` with the address of who wrote what the agent answers (MAIL.md F8). `writer` None: nobody knows, and it is a
    fault."""
    address = writer.address if writer else SENDER
    return tuple(replace(command, argument=address) if _is_about_sender(command) else command for command in commands)


def _is_about_sender(command: Command) -> bool:
    return command.word == "same" or (command.word == "cc" and command.argument.casefold() == SENDER)
