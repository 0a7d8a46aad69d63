"""Commands that cannot both be done, since they make two things of one: `#close` and `#open`, `#tag vip` and `#untag vip` (A7). Pure.

Which of them is meant is for whoever wrote them to say; the last one would be a guess. Two that make the same of it, as `#take` and
`#assign me`, say one thing twice, and are done.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from maild.desk.command import OF_STATUS, Command, CommandFault, read_assignment
from maild.desk.named_people import address_in
from maild.desk.ticket_tags import read_tags

ONE_ONLY = "only one of #merge, #split and #undo can stand in a mail"
_REGROUPING = frozenset(("merge", "split", "undo"))
_KEPT = frozenset(("spam", "split", "undo"))
"""Command lines that stay with a mail until a right one says the same anew, so that right lines alone mend nothing here."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a command makes of one thing; two commands contradict each other where they make different values of it."""

    thing: str
    value: str


def find_contradictions(commands: Iterable[Command], actor: str) -> Mapping[Command, CommandFault]:
    """The commands that contradict one above them, and what is wrong with each. `actor` is who is meant by `me`."""
    said: dict[str, tuple[str, Command]] = {}
    found: dict[Command, CommandFault] = {}
    for command in sorted(commands, key=lambda command: command.line):
        for setting in settings_of(command, actor):
            value, earlier = said.setdefault(setting.thing, (setting.value, command))
            if value != setting.value and command not in found:
                found[command] = _fault(command, earlier)
    return found


def _fault(command: Command, earlier: Command) -> CommandFault:
    where = f" in line {earlier.line}" if earlier.line else ""
    words = {command.word, earlier.word}
    advice = ONE_ONLY if words <= _REGROUPING else "write only one of them"
    return CommandFault(command.line, f"{command} contradicts {earlier}{where}; {advice}", by_commands=words.isdisjoint(_KEPT))


def settings_of(command: Command, actor: str) -> tuple[Setting, ...]:
    """What it settles; nothing for one beside which any other can be done."""
    meant = _in_full(command)
    return SETTLES[meant.word](meant, meant.argument.casefold(), actor) if meant.word in SETTLES else ()


def _in_full(command: Command) -> Command:
    """The command that says the same in full; `#set` for a field of the desk's own is one called `field`."""
    if command.word == "l2":
        return replace(command, word="tier", argument="L2")
    assignment = read_assignment(command.argument) if command.word == "set" else None
    if assignment is None:
        return command
    name, value = assignment
    if name == "status":
        return replace(command, word=OF_STATUS.get(value.casefold(), ""), argument="")
    is_known = name in ("priority", "tier", "requester", "same", "cc", "uncc")
    return replace(command, word=name, argument=value) if is_known else replace(command, word="field", argument=f"{name}={value}")


def _end(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    """What has ended is in no queue, out of which it could be taken for a while."""
    return (Setting("status", command.word), Setting("rest", "for good"))


def _status(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return (Setting("status", command.word),)


def _snooze(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return (Setting("snooze", name), *(() if name == "off" else (Setting("rest", "for a while"),)))


def _owner(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return (Setting("owner", actor if name in ("", "me") else name),)


def _named(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return (Setting(command.word, name),)


def _tags(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return tuple(Setting(f"tag {tag}", command.word) for tag in sorted(read_tags(name)))


def _copies(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    address = address_in(name)
    return (Setting(f"copies to {address}", command.word), *_role(command, name, actor)) if address else ()


def _role(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    """Who is the requester at another address is nobody beside him. Whoever leaves may have been either."""
    return () if command.word == "uncc" else (Setting(f"role of {address_in(name)}", command.word),)


def _requester(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return (Setting("requester", address_in(name) or name),)


def _field(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    field, value = command.argument.split("=", 1)
    return (Setting(f"field {field}", value),)


def _tickets(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    """Said twice it is not the same: of two `#undo` nobody knows whether one thing is meant, or two."""
    return (Setting("tickets", f"{command} in line {command.line}"),)


def _task(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    """What becomes of a task that is there stands in one line: who is to do it and by when, or that it is done. A new one is beside any."""
    number, _, rest = name.removeprefix("#").partition(" ")
    return (Setting(f"task {number}", f"{command.word} {rest.strip()}"),) if number.isdecimal() else ()


def _presence(command: Command, name: str, actor: str) -> tuple[Setting, ...]:
    return (Setting("presence", f"{command.word} {name}"),)


SETTLES: Mapping[str, Callable[[Command, str, str], tuple[Setting, ...]]] = {
    "close": _end,
    "spam": _end,
    "open": _status,
    "wait": _status,
    "snooze": _snooze,
    "assign": _owner,
    "take": _owner,
    "move": _named,
    "priority": _named,
    "tier": _named,
    "tag": _tags,
    "untag": _tags,
    "cc": _copies,
    "uncc": _copies,
    "same": _role,
    "requester": _requester,
    "field": _field,
    "merge": _tickets,
    "split": _tickets,
    "undo": _tickets,
    "task": _task,
    "done": _task,
    "away": _presence,
    "back": _presence,
}
"""What each command settles, of the command, its argument without regard to capitals, and who is meant by `me`."""
