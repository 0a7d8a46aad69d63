"""Mail of the Sent folder: what somebody wrote in the department's name with a mail program is its answer (MAIL.md A15). Pure.

Whoever can write into that folder has the mailbox's password; that is proof enough. Nothing of it is ever sent again.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.messages import message_of
from maild.desk.participants import tell_who_joined, with_persons
from maild.desk.rehoming import rehome
from maild.desk.snooze import tell_awakening
from maild.draft import Draft
from maild.effects import Effect, IncomingState, RecordEvent
from maild.ingest.arrival import Part
from maild.message import InboundMessage, MessageClass
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import MessageKind, ParticipantRole, Status, TicketView

SENT = "sent_elsewhere"
_UNANSWERED = frozenset({Status.NEW, Status.OPEN})
_CUSTOMERS = frozenset({ParticipantRole.REQUESTER, ParticipantRole.CC})


def decide_sent_mail(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """What a mail of the Sent folder does; None where it lay elsewhere. It opens no ticket, and nobody is mailed because of it."""
    if reading.circumstances.part is not Part.SENT:
        return None
    ticket = reading.thread.ticket
    if ticket is None:
        return Draft(IncomingState.DONE, Reason(SENT, "written in the department's name, and about no ticket"))
    if reading.nature.message_class is not MessageClass.HUMAN:
        return Draft(IncomingState.DONE, Reason(SENT, "a mail program wrote it by itself"))
    housed, moved = rehome(ticket, reading.departments.primary, settings)
    if not _went_to_customer(ticket, reading.message):
        note = replace(message_of(reading, MessageKind.NOTE, now), internal=True)
        kept = RecordEvent("kept_as_note", "maild", "it did not go to the customer")
        return Draft(IncomingState.DONE, _why(reading), ticket, housed, note, (note, _written(reading), kept, *moved))
    message = message_of(reading, MessageKind.AGENT, now)
    after = with_answer(with_persons(housed, (*reading.message.to, *reading.message.cc), settings), reading.message, now)
    changes = (*tell_who_joined(housed, after), *tell_status(housed, after), *tell_awakening(housed, after, "answered", settings))
    effects: tuple[Effect, ...] = (message, _written(reading), *moved, *changes)
    return Draft(IncomingState.DONE, _why(reading), ticket, after, message, effects)


def _went_to_customer(ticket: TicketView, message: InboundMessage) -> bool:
    return any(ticket.role_of(person.address) in _CUSTOMERS for person in (*message.to, *message.cc))


def with_answer(ticket: TicketView, message: InboundMessage, now: datetime) -> TicketView:
    """A14: an answer sets waiting and ends a snooze, but not if the customer has written since; then it is his mail that waits."""
    parents = (*message.in_reply_to, *message.references)
    is_crossed = bool(parents) and ticket.last_customer_id is not None and ticket.last_customer_id not in parents
    if is_crossed:
        return ticket
    return (ticket if ticket.status not in _UNANSWERED else ticket.with_status(Status.WAITING, now)).awake()


def tell_status(before: TicketView, after: TicketView) -> Iterator[RecordEvent]:
    if before.status is not after.status:
        yield RecordEvent("changed", "maild", f"status {after.status.value}: the customer has an answer")


def _why(reading: Reading) -> Reason:
    chosen = reading.thread.chosen
    return Reason(SENT, f"written in the department's name: {chosen.text if chosen else 'it belongs to the ticket'}")


def _written(reading: Reading) -> RecordEvent:
    author = reading.message.author
    where = f"with a mail program, found in the Sent folder of {reading.circumstances.place}; not sent again"
    return RecordEvent("answered_elsewhere", author.address if author else "unknown", where)
