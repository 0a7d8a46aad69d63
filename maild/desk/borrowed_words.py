"""Borrowed words: what stands in an agent's answer and was said by others, so that its reader may not see it. Pure."""

from collections.abc import Container
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.answered_letter import find_answered_letter
from maild.desk.command import CommandFault
from maild.desk.command_lines import Parsed
from maild.desk.furniture import is_unmarked_furniture
from maild.desk.named_people import read_person
from maild.desk.participants import with_requester
from maild.desk.quoted_notes import has_quotes, quotes, repeats, repeats_own
from maild.message import Address
from maild.reading import Reading
from maild.ticket import ParticipantRole, TicketView


def find_borrowed(
    parsed: Parsed,
    reading: Reading,
    agent: Agent,
    ticket: TicketView,
    writer: Address | None,
    settings: Settings,
    now: datetime,
    *,
    was_cut: bool,
) -> tuple[CommandFault, ...]:
    """Why an answer is not to be sent; a note may hold anything. `writer`: who wrote what is answered. `was_cut`: words of the
    notification's own were taken out before."""
    return (
        _furnished(parsed, reading, ticket)
        or _written_by_others(parsed, reading, ticket, writer)
        or _noted(parsed, reading, ticket, was_cut=was_cut)
        or _quoted_to_another(parsed, reading, agent, ticket, settings, now)
    )


def _furnished(parsed: Parsed, reading: Reading, ticket: TicketView) -> tuple[CommandFault, ...]:
    """MAIL.md A8: the customer gets nothing of what the notification says to agents."""
    if is_unmarked_furniture(parsed.body, ticket.number):
        return (
            CommandFault(0, "the notification stands among your words without quote marks; write above it, or let your program mark it"),
        )
    letter = find_answered_letter(reading)
    is_between = letter is not None and (letter.returned or letter.crossed or letter.kept) and has_quotes(parsed.body)
    return (CommandFault(0, "the mail that gave yours back stands between your words; write above it"),) if is_between else ()


def _written_by_others(parsed: Parsed, reading: Reading, ticket: TicketView, writer: Address | None) -> tuple[CommandFault, ...]:
    """MAIL.md O7, F6: what an agent has taken down for the customer, or a third party has written, is not hers, and no answer between its
    lines shows it to her. Whoever is to get the answer, too, is none."""
    if not has_quotes(parsed.body):
        return ()
    words = reading.known.last_words.get(ticket.number)
    if words and words.taken_down and quotes(parsed.body, words.text):
        return (CommandFault(0, "what you quote was taken down for the customer, who has not written it; write above the quotation"),)
    named = {command.argument.casefold() for command in parsed.commands if command.word in ("cc", "same", "requester")}
    stranger, who = (writer.address, "sender") if writer and _is_stranger(writer.key, named, ticket) else ("", "")
    stranger = stranger or _find_stranger_quoted(parsed, reading, named, ticket)
    if not stranger:
        return ()
    why = f"what you quote was written by {stranger}, who is not the requester; write above the quotation, or add #cc {who or stranger}"
    return (CommandFault(0, why, by_commands=True),)


def _is_stranger(address: str, named: Container[str], ticket: TicketView) -> bool:
    """Whether he gets no copy of what is written to the customer. `named`: whom the commands of the mail make take part."""
    return address not in named and ticket.role_of(address) in (None, ParticipantRole.THIRD_PARTY)


def _find_stranger_quoted(parsed: Parsed, reading: Reading, named: Container[str], ticket: TicketView) -> str:
    """Whose words of before the agent quotes, which notifications show him; "" for nobody's."""
    public = _public_words(reading, ticket)
    strangers = ((address, words) for address, words in reading.known.strangers if _is_stranger(address, named, ticket))
    return next((address for address, words in strangers if repeats_own(parsed.body, (words,), public)), "")


def _public_words(reading: Reading, ticket: TicketView) -> str:
    """What the customer has written or got, as far as notifications show it."""
    words, earlier = reading.known.last_words.get(ticket.number), reading.known.earlier.get(ticket.number, ())
    said = (past.words for past in earlier if not (past.is_note or past.is_taken_down or past.third_party))
    return "\n".join((words.text if words and not words.taken_down else "", *said))


def _noted(parsed: Parsed, reading: Reading, ticket: TicketView, *, was_cut: bool) -> tuple[CommandFault, ...]:
    """MAIL.md F11: a notification shows notes, so whoever answers between its lines may have a piece of one left among his words."""
    if not (was_cut or has_quotes(parsed.body)):
        return ()
    known, public = reading.known, _public_words(reading, ticket)
    if not repeats(parsed.body, known.notes, public) and not repeats_own(parsed.body, known.own_notes, public):
        return ()
    return (CommandFault(0, "a note stands in what you quote, which never goes to the customer; write above the quotation"),)


def _quoted_to_another(
    parsed: Parsed, reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime
) -> tuple[CommandFault, ...]:
    """MAIL.md O7: what was said before somebody was the requester is not shown to him, and no answer between its lines takes it along."""
    if not has_quotes(parsed.body):
        return ()
    since, letter, words = _requester_since(parsed, agent, ticket, settings, now), find_answered_letter(reading), reading.known.last_words
    if since is None:
        return ()
    last = words.get(ticket.number)
    has_written = last is not None and last.at is not None and last.at > since
    if has_written and (letter is None or letter.created > since):
        return ()
    return (CommandFault(0, "what you quote was said before the ticket was its requester's; write above the quotation"),)


def _requester_since(parsed: Parsed, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> datetime | None:
    """As the commands beside the answer make it."""
    named = (command.argument for command in parsed.commands if command.word == "requester")
    set_to = (command.argument.partition("=") for command in parsed.commands if command.word == "set")
    others = (value for name, _, value in set_to if name.strip().casefold() == "requester")
    for argument in (*named, *others):
        if person := read_person(argument):
            ticket = with_requester(ticket, person, agent.key, settings, now)
    return ticket.requester_since
