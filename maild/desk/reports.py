"""Delivery reports, receipts and complaints: never a ticket, never an answer; at most a line on the ticket they are about (MAIL.md B4)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk import letters
from maild.desk.agent_mail import message_of
from maild.desk.undeliverable import effects_of
from maild.draft import Draft
from maild.effects import Effect, IncomingState, RecordEvent
from maild.known import KnownLetter
from maild.message import MessageClass, Report, ReportKind
from maild.outbox.guard import post
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import MessageKind, TicketView
from maild.tokens import LetterKind

REPORTS = frozenset({MessageClass.BOUNCE, MessageClass.DELAY, MessageClass.MDN, MessageClass.ARF})
UNDELIVERABLE = "undeliverable"
DIAGNOSTIC_LENGTH = 500


def decide_report(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """What a machine's report does. Without a valid MAC it changes nothing (MAIL.md B2)."""
    if reading.nature.message_class not in REPORTS:
        return None
    letter = reading.known.letters.get(reading.bounced.letter) if reading.bounced else None
    ticket = reading.known.tickets.get(letter.ticket or 0) if letter else None
    if reading.circumstances.released and ticket is None:
        return None
    if letter is None or ticket is None:
        signs = "; ".join(reason.text for reason in reading.nature.reasons)
        return Draft(IncomingState.QUARANTINED, Reason("bounce", f"a report about no letter of ours ({signs})"))
    report = reading.message.report
    failure = _final_failure(report)
    after = replace(ticket, tags=ticket.tags | {UNDELIVERABLE}) if failure and letter.kind is LetterKind.ANSWER else ticket
    bounced = reading.known.bounced
    consequences = effects_of(report, bounced, now) if report and bounced else ()
    return Draft(
        IncomingState.DONE,
        Reason(reading.nature.message_class.value, f"about our letter {letter.letter}"),
        before=ticket,
        after=after,
        effects=(*_effects(reading, letter, ticket, failure, settings, now), *consequences),
    )


def _effects(
    reading: Reading, letter: KnownLetter, ticket: TicketView, failure: str | None, settings: Settings, now: datetime
) -> Iterator[Effect]:
    message = replace(message_of(reading, MessageKind.AUTO, now), internal=True)
    yield message
    yield RecordEvent(_event_kind(reading, failure), "maild", failure or _words(reading.message.report))
    if failure and letter.kind is LetterKind.ANSWER:
        yield from _tell_who_answered(letter, ticket, failure, settings)


def _tell_who_answered(letter: KnownLetter, ticket: TicketView, failure: str, settings: Settings) -> Iterator[Effect]:
    """B4: the author of the answer, and the ticket's owner."""
    told = letters.event_message("Mail system", failure, ticket)
    for key in dict.fromkeys((letter.author, ticket.owner)):
        if agent := settings.agents.get(key or ""):
            yield from post(letters.notification(agent, ticket, told, ("Your answer could not be delivered.",), settings), settings)


def _event_kind(reading: Reading, failure: str | None) -> str:
    return "bounced" if failure else reading.nature.message_class.value


def _final_failure(report: Report | None) -> str | None:
    """The recipients that failed for good, in words; None if none did."""
    if report is None or report.kind is not ReportKind.BOUNCE:
        return None
    failed = [f"{recipient.address}: {recipient.diagnostic or recipient.status}" for recipient in report.recipients if recipient.final]
    return "; ".join(failed)[:DIAGNOSTIC_LENGTH] or None


def _words(report: Report | None) -> str:
    if report is None:
        return "a report without details"
    if report.kind is ReportKind.MDN:
        return f"displayed by {', '.join(recipient.address for recipient in report.recipients) or 'the reader'}"
    told = [f"{recipient.address} {recipient.status} {recipient.diagnostic}".strip() for recipient in report.recipients]
    return ("; ".join(told) or report.sign)[:DIAGNOSTIC_LENGTH]
