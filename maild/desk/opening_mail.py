"""An agent's new mail that opens a ticket for somebody else, by `#to` or `#from` (MAIL.md A3, A4, A7-A9). Pure.

What becomes of the ticket is `maild.desk.openings`'s.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.acts import Act, Done
from maild.desk.agent_outcome import Refusal, give_back, tell_received, tell_sent_directly, warn_of_absence
from maild.desk.agent_words import act_of, own_text, parse_new_mail, unsigned
from maild.desk.answered_letter import find_answered_letter, has_subject_of_ours
from maild.desk.command import HASHES, Command, CommandFault
from maild.desk.command_lines import OPENING, TORN_OPENING, Parsed, is_opening
from maild.desk.control_mail import asking_of
from maild.desk.errands import run
from maild.desk.furniture import shows_notification
from maild.desk.named_people import read_person, with_known_name
from maild.desk.openings import a_new_ticket, begin, take_down
from maild.desk.participants import find_person_fault, tell_who_joined, with_persons
from maild.desk.quoted_notes import has_quotes
from maild.draft import Draft
from maild.effects import IncomingState, RecordEvent
from maild.ingest.forwards import begins_with_forward
from maild.known import KnownPerson
from maild.message import Address, AuthResult
from maild.outbox.guard import customer_refusal
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import TicketView

_NOBODY = Address("", "")
_TORN_TO_OR_FROM = re.compile(rf"^[ \t*_]*[{HASHES}][^\S\n]+(?:to|from)[^\S\n]+\S[^\n]*@", re.IGNORECASE | re.MULTILINE)
"""`# to ann@globex.example`: a heading for a program, a command for whoever has written it."""
_OF_OLD_TICKETS = frozenset(("requester", "same", "merge", "split", "undo", "spam", "macro"))
_KEEPING = frozenset(("note", "noreply"))


def opens_ticket(reading: Reading, settings: Settings) -> bool:
    """Whether a mail is to open a ticket for somebody else, proven or not, rightly spelt or not. Mail from before the desk was opened is
    not, or old words would go out; nor is what is written to the address for commands, which opens none."""
    message = reading.message
    if reading.thread.ticket or reading.circumstances.quiet:
        return False
    recipients = (*message.recipients, *(address.address for address in (*message.to, *message.cc)))
    text = f"{reading.circumstances.corrected or ''}\n{own_text(message)}"
    says_so = is_opening(text, reading.known.tag_names) or _TORN_TO_OR_FROM.search(text) is not None
    return says_so and not any(map(settings.is_control_address, recipients))


def decide_opening(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft:
    """What a proven agent's mail does that opens a ticket for somebody else: all of it, or it comes back.

    It writes to whom its text names, so that nothing but its own From proves it (A3).
    """
    if reading.departments.earlier:
        return Draft(IncomingState.DUPLICATE, Reason("one-department", "it opens one ticket, in the first department that it names"))
    text, parsed = parse_new_mail(reading, agent, settings)
    last = _find_last_line(unsigned(text, reading, agent, settings))
    opened = tuple(_find_faults(parsed, last, reading, settings)) or _open(parsed, reading, agent, settings, now)
    if isinstance(opened, Draft):
        return opened
    refusal = Refusal(opened, text, (*parsed.commands, *parsed.errands))
    return give_back(reading, agent, _place_of(reading, now), refusal, settings, internal=False)


def _find_last_line(text: str) -> int:
    """The number of the last line on which something is written."""
    return max((number for number, line in enumerate(text.splitlines(), 1) if line.strip()), default=0)


def _find_faults(parsed: Parsed, last: int, reading: Reading, settings: Settings) -> Iterator[CommandFault]:
    """What speaks against opening any ticket. A command at the very end may be another's: of a mail that is passed on, which nothing shows.
    `last`: the number of the last line."""
    yield from parsed.faults
    openings = [command for command in parsed.commands if command.word in OPENING]
    if _TORN_TO_OR_FROM.search(parsed.body):
        yield CommandFault(0, TORN_OPENING)
    elif not openings and not parsed.faults:
        yield CommandFault(0, "no ticket is opened without #to or #from", by_commands=True)
    for command in openings[1:]:
        yield CommandFault(command.line, "one mail opens one ticket, for one person", by_commands=True)
    for command in openings[:1]:
        if fault := _find_address_fault(command, settings):
            yield CommandFault(command.line, fault, by_commands=True)
        if command.line == last and parsed.body:
            yield CommandFault(command.line, f"#{command.word} stands above your words, not below them", by_commands=True)
    for command in parsed.commands:
        if fault := _find_misfit(command, openings):
            yield CommandFault(command.line, fault, by_commands=True)
    if any(opening.word == "to" for opening in openings) and shows_notification(parsed.body):
        yield CommandFault(0, "a notification stands among your words; it is for agents, and #to sends what you write to somebody else")
    if has_subject_of_ours(reading):
        yield CommandFault(0, "its subject is that of the letter which it answers; write a new mail, with a subject of its own")
    letter = find_answered_letter(reading)
    if letter and letter.returned and has_quotes(parsed.body):
        yield CommandFault(0, "the mail that gave yours back stands between your words; write above it")


def _find_address_fault(command: Command, settings: Settings) -> str:
    person = read_person(command.argument)
    if person is None:
        return f'"{command.argument}" is not one mail address; #{command.word} needs one, as in #{command.word} ann@globex.example'
    return find_person_fault(person, settings)


def _find_misfit(command: Command, openings: list[Command]) -> str:
    """Why a command cannot stand beside these."""
    name = command.argument.partition("=")[0].strip().casefold() if command.word == "set" else command.word
    if name in _OF_OLD_TICKETS:
        return f"#{name} is for a ticket that is there already"
    writes = any(opening.word == "to" for opening in openings)
    if name == "ack" and writes:
        return "#ack is for #from; with #to your words are the first that goes out"
    if name == "canned" and not writes:
        return "#canned puts in what the desk says, and with #from your words are the customer's; answer her in a reply"
    if name in _KEEPING and writes:
        return f"#to sends your words, and #{name} keeps them inside; #from ADDRESS opens a ticket without writing to anybody"
    return ""


def _open(parsed: Parsed, reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | tuple[CommandFault, ...]:
    """The ticket, and what follows; or why there is none."""
    opening = next(command for command in parsed.commands if command.word in OPENING)
    others = tuple(command for command in parsed.commands if command is not opening)
    writes = opening.word == "to"
    person = read_person(opening.argument) or _NOBODY
    known = reading.known.people.get(person.key, KnownPerson())
    ticket = replace(_ticket_of(with_known_name(person, reading.known.people), reading, now), language=known.language)
    if writes:
        named = (*reading.message.to, *reading.message.cc)
        ticket = with_persons(replace(ticket, language=known.language or reading.message.language), named, settings)
    else:
        ticket = replace(ticket, watchers=frozenset(queue.key for queue in reading.departments.watching))
    act = act_of(reading, agent, ticket, replace(parsed, commands=others), settings, now)
    done = begin(ticket, act, settings) if writes else _take_down(ticket, act, reading, settings)
    asking = asking_of(reading, agent, settings, now, done.after)
    ran = run(act.errands, asking)
    if faults := done.faults or ran.faults:
        return faults
    proof = reading.sender.describe_voucher()
    why = f"to whom {agent.name} writes first" if writes else f"whose words {agent.name} has taken down"
    effects = (
        tell_received(reading, agent, proof),
        RecordEvent("opened", agent.key, f"for {ticket.requester}, {why}"),
        *tell_who_joined(None, ticket),
        *(tell_sent_directly(reading, agent, ticket, settings) if writes else ()),
        *done.effects,
    )
    beside = (*warn_of_absence(ticket, done.after, act, asking), *ran.decisions)
    return Draft(IncomingState.DONE, Reason("agent-act", f"{agent.name}, {proof}"), after=done.after, effects=effects, beside=beside)


def _take_down(ticket: TicketView, act: Act, reading: Reading, settings: Settings) -> Done:
    wanted = any(command.word == "ack" for command in act.commands)
    # L3, L4. Nothing is proved of her.
    refusal = customer_refusal(ticket.requester, ticket.queue, AuthResult.UNKNOWN, reading.known, settings) if wanted else None
    return take_down(ticket, _with_what_it_quotes(act, reading), settings, acknowledge=wanted, refusal=refusal)


def _ticket_of(requester: Address, reading: Reading, now: datetime) -> TicketView:
    return a_new_ticket(reading.departments.primary.key, requester, reading.title, now)


def _place_of(reading: Reading, now: datetime) -> TicketView:
    """What a mail is given back under. A subject that is a letter's would be the mail's own in the next answer."""
    place = _ticket_of(_NOBODY, reading, now)
    return replace(place, subject="") if has_subject_of_ours(reading) else place


def _with_what_it_quotes(act: Act, reading: Reading) -> Act:
    """Who takes something down may have it from a mail that he passes on: the first message of a ticket is never cut (P8)."""
    rest = reading.message.elided
    if not (begins_with_forward(rest) or has_quotes(rest)):
        return act
    return replace(act, body=f"{act.body}\n\n{rest}".strip("\n"), html="")
