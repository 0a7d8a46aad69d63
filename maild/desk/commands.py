"""Commands: `#close`, `#assign maria` … in an agent's mail, and the verbs of the command line. One implementation for both. Pure.

`parse` finds command lines (MAIL.md A7), `perform` does what they say to a ticket. All or nothing: one fault and nothing is done.
"""

import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches

from maild.config.settings import Settings
from maild.effects import RecordEvent
from maild.message import Address
from maild.ticket import Participant, ParticipantRole, Priority, Status, TicketView

ALIASES = {"internal": "note", "reopen": "open", "prio": "priority", "dept": "move"}
ALONE = frozenset(("close", "open", "wait", "take", "spam", "noreply"))
"""Commands that nothing may follow on their line: it would be lost, and was meant for somebody."""
NOT_YET = frozenset(("snooze", "l2", "merge", "split", "link", "undo", "same", "requester", "to", "from", "canned"))
NOT_YET |= {"task", "macro", "files", "next", "list", "show", "away", "back"}
SENDER = "sender"
_HASHES = "#＃﹟"
# Seen in practice: marks of direction from Persian, Arabic and Hebrew keyboards, blanks of no width and soft hyphens from Outlook and Word,
# "#" as a key of a telephone.
_UNSEEN = "".join(
    chr(code)
    for first, last in (
        *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200B, 0x200F)),
        *((0x202A, 0x202E), (0x2060, 0x206F), (0x20E3, 0x20E3), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
        *((0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0xE0000, 0xE007F), (0xE0100, 0xE01EF)),
    )
    for code in range(first, last + 1)
)
_BLANK = string.whitespace + "\u00a0" + _UNSEEN
_WITHOUT_UNSEEN = dict.fromkeys(map(ord, _UNSEEN))
# Seen in practice: a command in bold letters, which is "*#note*" in the text that goes along.
_LINE = re.compile(
    rf"(?P<lead>[\s*_{_UNSEEN}]*)[{_HASHES}][{_UNSEEN}]*(?P<word>(?![{_UNSEEN}])[^\W\d_][\w{_UNSEEN}-]{{0,80}})(?P<rest>.*)", re.DOTALL
)
# A command for a reader, whatever stands around its "#": "- #note", "(#close)". No quoted line, no `##word`.
_LETTERS_UNSEEN = "\u115f\u1160\u3164\uffa0"
_COMMAND_LIKE = re.compile(
    rf"(?:[^\w>＞|{_HASHES}]|[_{_LETTERS_UNSEEN}])*[{_HASHES}](?:[^\w\s{_HASHES}]|[_{_LETTERS_UNSEEN}])*(?P<word>[^\W\d_][\w{_UNSEEN}-]{{0,80}})"
)
_SEND = re.compile(rf"[{_HASHES}]?send")
_LITERAL = re.compile(rf"[{_HASHES}]{{2}}(?=[^\W\d_])")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})
_NO_TAG = re.compile(rf"[\s\x00-\x1f\x7f,;!?=\"“”„«»()<>\[\]{{}}{_HASHES}]")
_ADDRESS = re.compile(r"(?:mailto:)?([^\s<>@\"()\[\]:,;]{1,64}@[^\s<>@\"()\[\]:,;]{1,255})")


@dataclass(frozen=True, slots=True)
class Command:
    """One command line: the word in its first spelling, the rest of the line, and the line's number in the text (from 1)."""

    word: str
    argument: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class CommandFault:
    """A command that cannot be done, in words for the agent. `line` 0: the mail as a whole."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


@dataclass(frozen=True, slots=True)
class Parsed:
    """The commands of a text, and the text without them."""

    commands: tuple[Command, ...]
    body: str
    faults: tuple[CommandFault, ...] = ()


@dataclass(frozen=True, slots=True)
class Performed:
    """A ticket after its commands. `internal`: the mail is a note. `no_reply`: nothing goes to the customer.

    `status_set`, `owner_set`: a command said what it is to be, the same as before or not.
    """

    ticket: TicketView
    events: tuple[RecordEvent, ...] = ()
    internal: bool = False
    no_reply: bool = False
    status_set: bool = False
    owner_set: bool = False
    faults: tuple[CommandFault, ...] = ()


def says_send(text: str) -> bool:
    """Whether a text is the one word `send`, with # or without (MAIL.md A6)."""
    word = text.strip(f"{_BLANK}*_.!;").translate(_WITHOUT_UNSEEN)
    return _SEND.fullmatch(word.casefold()) is not None


def hash_words(text: str) -> frozenset[str]:
    """The words after # at the start of lines: they are tags if such tags exist (MAIL.md A7)."""
    return frozenset(found[0] for line in text.splitlines()[:200] if (found := _split_line(line)))


def parse(text: str, known_tags: Iterable[str] = ()) -> Parsed:
    """The command lines at the start of a text, and one at its very end. A command anywhere else is a fault: what follows it may be meant
    for nobody outside, as after a greeting or a banner above `#note`."""
    tags = frozenset(tag.casefold() for tag in known_tags)
    lines = text.splitlines()
    chosen = _find_command_lines(lines)
    read = [_read_line(lines[index], index + 1, tags) for index in chosen]
    rest = dict(enumerate(lines))
    for index in chosen:
        del rest[index]
    notes = [command.argument for command in read if isinstance(command, Command) and command.word == "note" and command.argument]
    return Parsed(
        tuple(item for item in read if isinstance(item, Command)),
        "\n".join((*notes, *(_LITERAL.sub("#", line, count=1) for line in rest.values()))).strip("\n").rstrip(),
        (*(item for item in read if isinstance(item, CommandFault)), *_misplaced(rest)),
    )


def _find_command_lines(lines: Sequence[str]) -> tuple[int, ...]:
    """Which lines stand where commands are read, and look like one."""
    written = [index for index, line in enumerate(lines) if line.strip(_BLANK)]
    start = written[0] if written else 0
    end = start
    while end < len(lines) and _split_line(lines[end]):
        end += 1
    is_last_too = bool(written) and written[-1] >= end and _split_line(lines[written[-1]]) is not None
    return (*range(start, end), *(written[-1:] if is_last_too else ()))


def _split_line(line: str) -> tuple[str, str] | None:
    """(the word after #, the rest of the line) of a command line, without what nobody sees before it and the marks of bold letters around
    it; None for any other line."""
    if not (match := _LINE.match(line)):
        return None
    word, rest = match["word"].translate(_WITHOUT_UNSEEN), match["rest"].rstrip()
    twin = "".join(character for character in reversed(match["lead"]) if character in "*_")
    if twin and not rest.endswith(twin):
        return word.removesuffix(twin).casefold(), rest if word.endswith(twin) else rest.replace(twin, "", 1)
    return word.casefold(), rest.removesuffix(twin)


def _misplaced(lines: Mapping[int, str]) -> Iterator[CommandFault]:
    """Known commands among the words, by the index of their lines."""
    for index, line in lines.items():
        word = match["word"].translate(_WITHOUT_UNSEEN).strip("_").casefold() if (match := _COMMAND_LIKE.match(line)) else ""
        if word in VERBS or word in ALIASES:
            where = "is read only on the first lines, above any text or blank line, or on the last line"
            yield CommandFault(index + 1, f"#{word} {where}; if it is no command, write ##{word}")


def _read_line(line: str, number: int, tags: frozenset[str]) -> Command | CommandFault:
    split = _split_line(line.translate(_QUOTES))
    if not split:
        return CommandFault(number, f"{line.strip()} is not a command")
    word, argument = ALIASES.get(split[0], split[0]), split[1].strip()
    if word != "note":
        argument = argument.strip(_BLANK).rstrip(".!;")
    if word in ALONE and any(map(str.isalnum, argument)):
        return CommandFault(number, f"#{split[0]} takes no text; put the text on a line of its own")
    if word in VERBS:
        return Command(word, argument, number)
    if word in tags and not argument:
        return Command("tag", word, number)
    if word == "send":
        return CommandFault(number, "#send stands alone, in a reply to the mail that says that your words were kept as a note")
    if word in NOT_YET:
        return CommandFault(number, f"#{word} is not available yet")
    near = get_close_matches(word, (*VERBS, *ALIASES, *tags), n=1, cutoff=0.6)
    return CommandFault(number, f"there is no command #{word}" + (f"; did you mean #{near[0]}?" if near else ""))


@dataclass(frozen=True, slots=True)
class _State:
    """A ticket on its way through its commands."""

    ticket: TicketView
    actor: str
    settings: Settings
    now: datetime
    events: tuple[RecordEvent, ...] = ()
    internal: bool = False
    no_reply: bool = False
    status_set: bool = False
    owner_set: bool = False
    faults: tuple[str, ...] = field(default=())

    def become(self, ticket: TicketView, event: str, text: str) -> "_State":
        """This state with the ticket changed and the event noted; what is already so is no event, though it is decided now."""
        if replace(ticket, decided=self.ticket.decided) == self.ticket:
            return replace(self, ticket=ticket)
        return replace(self, ticket=ticket, events=(*self.events, RecordEvent(event, self.actor, text)))

    def fail(self, text: str) -> "_State":
        return replace(self, faults=(*self.faults, text))


def perform(ticket: TicketView, commands: Iterable[Command], actor: str, settings: Settings, now: datetime) -> Performed:
    """The ticket after the commands, in order. With any fault the ticket comes back as it was."""
    state = _State(ticket, actor, settings, now)
    faults: list[CommandFault] = []
    for command in commands:
        state = VERBS[command.word](state, command.argument)
        faults += [CommandFault(command.line, fault) for fault in state.faults]
        state = replace(state, faults=())
    if faults:
        return Performed(ticket, faults=tuple(faults))
    return Performed(state.ticket, state.events, state.internal, state.no_reply, state.status_set, state.owner_set)


def _note(state: _State, argument: str) -> _State:
    return replace(state, internal=True)


def _close(state: _State, argument: str) -> _State:
    return _set_status(state, Status.CLOSED, "closed", "closed")


def _open(state: _State, argument: str) -> _State:
    was_closed = state.ticket.status in (Status.CLOSED, Status.SPAM)
    return _set_status(state, Status.OPEN, "reopened" if was_closed else "changed", "reopened" if was_closed else "status open")


def _wait(state: _State, argument: str) -> _State:
    return _set_status(state, Status.WAITING, "changed", "status waiting")


def _spam(state: _State, argument: str) -> _State:
    return replace(_set_status(state, Status.SPAM, "spam", "marked as spam"), no_reply=True)


def _set_status(state: _State, status: Status, event: str, text: str) -> _State:
    ticket = replace(state.ticket.with_status(status, state.now), decided=state.ticket.decided | {"status"})
    return replace(state.become(ticket, event, text), status_set=True)


def _assign(state: _State, argument: str) -> _State:
    state, name = replace(state, owner_set=True), argument.casefold()
    if name == "me":
        name = state.actor
    if name == "none":
        return state.become(replace(state.ticket, owner=None), "assigned", "no owner any more")
    if name not in state.settings.agents:
        return state.fail(_unknown("agent", argument, state.settings.agents))
    ticket = replace(state.ticket, owner=name, decided=state.ticket.decided | {"owner"})
    return state.become(ticket, "assigned", f"to {state.settings.agents[name].name}")


def _take(state: _State, argument: str) -> _State:
    return _assign(state, "me")


def _move(state: _State, argument: str) -> _State:
    if argument.casefold() not in state.settings.queues:
        return state.fail(_unknown("queue", argument, state.settings.queues))
    queue = state.settings.queues[argument.casefold()]
    ticket = replace(state.ticket, queue=queue.key, decided=state.ticket.decided | {"queue"})
    return state.become(ticket, "moved", f"to {queue.name}")


def _tag(state: _State, argument: str) -> _State:
    words = _words(argument)
    if not words:
        return state.fail("#tag needs at least one word, as in #tag vip")
    if problems := [problem for word in sorted(words) if (problem := find_tag_problem(word))]:
        return state.fail("; ".join(problems))
    return state.become(replace(state.ticket, tags=state.ticket.tags | words), "tagged", ", ".join(sorted(words)))


def find_tag_problem(word: str) -> str:
    """Why it cannot be a tag that people write; "" if it can: a word of any script, which every way of writing and searching tags leaves
    whole."""
    if word and not _NO_TAG.search(word):
        return ""
    return f'"{word}" is no tag: a tag is one word without blanks, quotes, brackets, "#" and , ; ! ? ='


def _untag(state: _State, argument: str) -> _State:
    words = _words(argument)
    if not words:
        return state.fail("#untag needs at least one word, as in #untag vip")
    return state.become(replace(state.ticket, tags=state.ticket.tags - words), "untagged", ", ".join(sorted(words)))


def _priority(state: _State, argument: str) -> _State:
    known = {priority.value: priority for priority in Priority}
    if argument.casefold() not in known:
        return state.fail(_unknown("priority", argument, known))
    priority = known[argument.casefold()]
    ticket = replace(state.ticket, priority=priority, decided=state.ticket.decided | {"priority"})
    return state.become(ticket, "changed", f"priority {priority.value}")


def _set(state: _State, argument: str) -> _State:
    name, equals, value = (part.strip() for part in argument.partition("="))
    name = name.casefold().removeprefix("field.")
    if not name or not equals:
        return state.fail(f'"{argument}" sets nothing; write a name, "=" and a value, as in order=1234567')
    if name == "priority":
        return _priority(state, value)
    if name == "status":
        verb = {"open": _open, "waiting": _wait, "closed": _close, "spam": _spam}.get(value.casefold())
        return verb(state, "") if verb else state.fail(_unknown("status", value, ("open", "waiting", "closed", "spam")))
    ticket = replace(state.ticket, fields={**state.ticket.fields, name: value})
    return state.become(ticket, "changed", f"{name} = {value}")


def with_sender_named(commands: Iterable[Command], writer: Address | None) -> tuple[Command, ...]:
    """`#cc sender` with the address of who wrote what the agent answers (MAIL.md F8). `writer` None: nobody knows, and it is a fault."""
    address = writer.address if writer else SENDER
    return tuple(
        replace(command, argument=address) if command.word == "cc" and command.argument.casefold() == SENDER else command
        for command in commands
    )


def _cc(state: _State, argument: str) -> _State:
    if argument.casefold() == SENDER:
        return state.fail(
            "#cc sender is for a reply to the notification of somebody's message; name an address, as in #cc bob@globex.example"
        )
    if not (address := _address_in(argument)):
        return state.fail(f'"{argument}" is not one mail address; #cc needs one, as in #cc bob@globex.example')
    if address.casefold() == state.ticket.addressee.key:
        return state
    people = state.ticket.participants
    others = tuple(person for person in people if person.address.key != address.casefold())
    known = next((person.address for person in people if person.address.key == address.casefold()), Address("", address))
    participants = (*others, Participant(known, ParticipantRole.CC))
    return state.become(replace(state.ticket, participants=participants), "changed", f"{address} gets copies")


def _uncc(state: _State, argument: str) -> _State:
    address = _address_in(argument)
    others = tuple(person for person in state.ticket.participants if not address or person.address.key != address.casefold())
    if address is None or others == state.ticket.participants:
        return state.fail(f'"{argument}" takes no part in this ticket')
    return state.become(replace(state.ticket, participants=others), "changed", f"{address} gets no more copies")


def _address_in(argument: str) -> str | None:
    """The one address in it, a name before it or not; None where there are others, or words behind it, which would be lost.

    Seen in practice: `bob@globex.example<mailto:bob@globex.example>`, Outlook's text for a link.
    """
    found = list(_ADDRESS.finditer(argument))
    named = {match[1].casefold() for match in found}
    if len(named) != 1 or any(map(str.isalnum, argument[found[-1].end() :])):
        return None
    return found[0][1]


def _no_reply(state: _State, argument: str) -> _State:
    return replace(state, no_reply=True)


def _words(argument: str) -> frozenset[str]:
    return frozenset(word.strip("#").casefold() for word in re.split(r"[\s,]+", argument) if word.strip("#"))


def _unknown(noun: str, given: str, known: Iterable[str]) -> str:
    if not given:
        return f"no {noun} is named; name one of: {', '.join(known)}"
    near = get_close_matches(given.casefold(), list(known), n=1, cutoff=0.6)
    return f'there is no {noun} "{given}"; ' + (f"did you mean {near[0]}?" if near else f"name one of: {', '.join(known)}")


VERBS: dict[str, Callable[[_State, str], _State]] = {
    "note": _note,
    "close": _close,
    "open": _open,
    "wait": _wait,
    "assign": _assign,
    "take": _take,
    "move": _move,
    "tag": _tag,
    "untag": _untag,
    "priority": _priority,
    "set": _set,
    "cc": _cc,
    "uncc": _uncc,
    "spam": _spam,
    "noreply": _no_reply,
}
