"""Delivery reports, receipts and complaints: never a ticket, never an answer; at most a line on the ticket they are about (MAIL.md B4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk import agent_letters
from maild.desk.audience import unreachable_agents
from maild.desk.dead_mailbox import find_reader, tell_on_ticket, tell_others
from maild.desk.messages import message_of
from maild.desk.undeliverable import effects_of
from maild.draft import Draft
from maild.effects import Effect, IncomingState, NoteAlias, RecordEvent
from maild.ingest.bounce import find_failed_recipients
from maild.known_letter import KnownLetter
from maild.message import REPORTS, BouncedRecipient, MessageClass, ReportKind
from maild.outbox.guard import post
from maild.reading import Reading
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.ticket import MessageKind, TicketView, follow_merges
from maild.tokens import LetterKind

UNDELIVERABLE = "undeliverable"
DIAGNOSTIC_LENGTH = 500
DISPOSITIONS = {
    "displayed": "displayed by {}",
    "deleted": "deleted by {}, as it seems without being read",
    "dispatched": "passed on by the mail system of {}",
    "processed": "processed by the mail system of {}",
}


def decide_report(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """What a machine's report does. Without a valid MAC it changes nothing (MAIL.md B2)."""
    if reading.nature.message_class not in REPORTS:
        return None
    letter = reading.known.letters.get(reading.bounced.letter) if reading.bounced else None
    ticket = follow_merges(letter.ticket or 0, reading.known.tickets) if letter else None
    if reading.circumstances.released and ticket is None:
        return None
    if letter is None:
        signs = "; ".join(reason.text for reason in reading.nature.reasons)
        return Draft(IncomingState.QUARANTINED, Reason("bounce", f"a report about no letter of ours ({signs})"))
    reason = Reason(reading.nature.message_class.value, _why(reading))
    consequences = _consequences(reading, letter, ticket, settings, now)
    if ticket is None:
        return Draft(IncomingState.DONE, reason, effects=consequences)
    failure = _final_failure(reading)
    after = replace(ticket, tags=ticket.tags | {UNDELIVERABLE}) if failure and letter.kind is LetterKind.ANSWER else ticket
    return Draft(
        IncomingState.DONE,
        reason,
        before=ticket,
        after=after,
        effects=(*_effects(reading, letter, ticket, failure, settings, now), *consequences),
        events=(Event.BOUNCE_RECEIVED,) if failure else (),
    )


def _consequences(
    reading: Reading, letter: KnownLetter, ticket: TicketView | None, settings: Settings, now: datetime
) -> tuple[Effect, ...]:
    """What the report means for the addresses it names (B5), and for an agent behind one (B6), whatever the letter was about."""
    bounced, report = reading.known.bounced, reading.message.report
    if report is None or bounced is None:
        return ()
    reader = find_reader(letter.kind, bounced.recipients, settings)
    found = tuple(effects_of(report.kind, _recipients(reading), bounced, now, to_agent=reader is not None))
    unreachable = unreachable_agents(reading.known.suppressed, settings)
    return (*found, *tell_others(reader, found, ticket, unreachable, settings))


def _effects(
    reading: Reading, letter: KnownLetter, ticket: TicketView, failure: str | None, settings: Settings, now: datetime
) -> Iterator[Effect]:
    if reading.nature.message_class is not MessageClass.MDN:
        yield replace(message_of(reading, MessageKind.AUTO, now), internal=True)
    yield RecordEvent(_event_kind(reading, failure), "maild", failure or _words(reading))
    yield from _alias(reading, letter)
    if failure and letter.kind is LetterKind.ANSWER:
        unreachable = unreachable_agents(reading.known.suppressed, settings)
        yield from tell_who_answered(letter.author, ticket, failure, unreachable, settings)


def tell_who_answered(
    author: str | None, ticket: TicketView, failure: str, unreachable: frozenset[str], settings: Settings
) -> Iterator[Effect]:
    """B4: the author of an answer that did not arrive, and the ticket's owner; where neither is an agent, as with an answer written at the
    command line, whoever is told of the ticket. `unreachable` are the keys of agents whose mailboxes are known to be dead.
    """
    told = agent_letters.event_message("Mail system", failure, ticket)
    concerned = [settings.agents[key] for key in dict.fromkeys((author, ticket.owner)) if key and key in settings.agents]
    for agent in concerned:
        yield from post(agent_letters.notification(agent, ticket, told, ("Your answer could not be delivered.",), settings), settings)
    if not concerned:
        yield from tell_on_ticket(ticket, "An answer could not be delivered.", failure, unreachable, settings)


def _alias(reading: Reading, letter: KnownLetter) -> Iterator[Effect]:
    """MAIL.md O1a: a relay that replaces our ids sends the new one back with the letter. Only a report to the letter's own envelope is
    asked, and never about a letter to an agent, whose id is his token."""
    report, bounced = reading.message.report, reading.bounced
    if report is None or bounced is None or bounced.position is None or letter.kind.is_for_agents:
        return
    returned = report.returned_message_id
    if returned and returned.casefold() != letter.message_id.casefold():
        yield NoteAlias(letter.letter, returned)


def _event_kind(reading: Reading, failure: str | None) -> str:
    report = reading.message.report
    if report and report.kind is ReportKind.DELIVERED:
        return "delivered"
    return "bounced" if failure else reading.nature.message_class.value


def _why(reading: Reading) -> str:
    bounced = reading.bounced
    return f"about our letter {bounced.letter}: {bounced.evidence}" if bounced else "about no letter of ours"


def _recipients(reading: Reading) -> tuple[BouncedRecipient, ...]:
    report = reading.message.report
    return find_failed_recipients(report, reading.bounced_recipient) if report else ()


def _final_failure(reading: Reading) -> str | None:
    """The recipients that failed for good, in words; None if none did."""
    if reading.nature.message_class is not MessageClass.BOUNCE:
        return None
    failed = [f"{recipient.address}: {recipient.diagnostic or recipient.status}" for recipient in _recipients(reading) if recipient.final]
    return "; ".join(failed)[:DIAGNOSTIC_LENGTH] or None


def _words(reading: Reading) -> str:
    report, recipients = reading.message.report, _recipients(reading)
    if report and report.kind is ReportKind.MDN:
        return _receipt_words(reading, recipients)
    if report and report.kind is ReportKind.DELIVERED:
        return f"delivered or passed on to {', '.join(recipient.address for recipient in recipients)}"[:DIAGNOSTIC_LENGTH]
    told = [f"{recipient.address} {recipient.status} {recipient.diagnostic}".strip() for recipient in recipients]
    return ("; ".join(told) or (report.sign if report else ""))[:DIAGNOSTIC_LENGTH]


def _receipt_words(reading: Reading, recipients: tuple[BouncedRecipient, ...]) -> str:
    """B7, in the words of RFC 8098 section 3.2.6. What is deleted may have been read before; Outlook writes so of what was not."""
    author = reading.message.author
    who = ", ".join(recipient.address for recipient in recipients) or (author.address if author else "the reader")
    found = next((DISPOSITIONS[word] for recipient in recipients if (word := _disposition(recipient)) in DISPOSITIONS), "receipt of {}")
    return found.replace("{}", who)[:DIAGNOSTIC_LENGTH]


def _disposition(recipient: BouncedRecipient) -> str:
    """The type in `manual-action/MDN-sent-manually; deleted/error`."""
    return recipient.diagnostic.rpartition(";")[2].partition("/")[0].strip().lower()
