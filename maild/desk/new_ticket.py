"""New tickets: what a request opens. Reading → Draft; pure."""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.customer_mail import sender_name, tell_changes, tell_oddities, with_invitation, with_marks
from maild.desk.doubt import describe_proof, find_doubt, with_doubts
from maild.desk.messages import message_of
from maild.desk.participants import with_persons
from maild.desk.reply_address import with_reply_address
from maild.draft import Draft
from maild.effects import AddMessage, Effect, IncomingState, Link, RecordEvent
from maild.ingest.placeholder import placeholder
from maild.message import Address, InboundMessage, MessageClass
from maild.reading import Reading
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.ticket import MessageKind, Priority, Status, TicketView

NO_SUBJECT = "(no subject)"


def open_ticket(reading: Reading, why: Reason, settings: Settings, now: datetime) -> Draft:
    """A request. It may follow a ticket that its sender may not write on, or that has been closed too long; that one is not touched."""
    is_written = reading.nature.message_class in (MessageClass.HUMAN, MessageClass.LIST)
    kind = MessageKind.CUSTOMER if is_written else MessageKind.AUTO
    message = with_invitation(_uncut(message_of(reading, kind, now), reading.message), reading.message)
    ticket = with_doubts(_opened(reading, settings, now), reading)
    return Draft(
        state=IncomingState.DONE,
        reason=why,
        after=ticket,
        message=message,
        effects=(message, *_opening_events(reading, ticket, why), *tell_changes(None, ticket, why.text), *_links(reading)),
        events=(Event.MAIL_RECEIVED,),
        tell=True,
        acknowledge=True,
        doubt=find_doubt(reading, settings),
    )


def _uncut(added: AddMessage, message: InboundMessage) -> AddMessage:
    """MAIL.md P8: the first message of a ticket is never cut, so no picture of it is out of sight; P7: where there is nothing to read it
    says what there is."""
    return replace(
        added,
        visible=message.uncut_text or message.text or message.new_text or placeholder(message),
        visible_html=message.uncut_html,
        attachments=tuple(replace(attachment, elided=False) for attachment in message.attachments),
    )


def _opened(reading: Reading, settings: Settings, now: datetime) -> TicketView:
    message, old = reading.message, reading.thread.ticket
    ticket = TicketView(
        number=0,
        subject=reading.title or NO_SUBJECT,
        queue=old.queue if old and old.queue in settings.queues else reading.departments.primary.key,
        status=Status.CLOSED if reading.circumstances.answered else Status.NEW,
        priority=Priority.NORMAL,
        requester=message.author or Address("", ""),
        created=now,
        updated=now,
        owner=old.owner if old and old.owner in settings.agents else None,
        watchers=frozenset(queue.key for queue in reading.departments.watching),
        language=message.language,
        closed_at=now if reading.circumstances.answered else None,
        follow_up_of=old.number if old else reading.thread.linked or reading.thread.follow_up_of,
    )
    sender, carrier = reading.sender, reading.sender.carrier
    # P14: a stranger who names somebody else as the writer of a request must not get the answer to it. A12: whoever was in copy of what an
    # agent forwards did not write to the desk, and may be anybody's list.
    persons = () if sender.forwarded_by or (carrier and carrier.unproven) else (*message.senders, *message.to, *message.cc)
    settled = with_reply_address(ticket, message, reading.sender.authentication.verdict, settings)
    return with_marks(with_persons(settled, persons, settings), reading)


def _opening_events(reading: Reading, ticket: TicketView, why: Reason) -> tuple[Effect, ...]:
    by = sender_name(reading)
    events = [
        RecordEvent("received", by, f"from {by}{describe_proof(reading)} in {reading.circumstances.place}"),
        RecordEvent("opened", "maild", why.text),
    ]
    if ticket.follow_up_of is not None and ticket.follow_up_of != reading.thread.linked:
        events.append(RecordEvent("possible_followup_of", "maild", f"perhaps about #{ticket.follow_up_of}"))
    if reading.circumstances.answered:
        events.append(RecordEvent("closed", "maild", "the mailbox says it has been answered"))
    return (*events, *tell_oddities(reading))


def _links(reading: Reading) -> tuple[Effect, ...]:
    linked = reading.thread.linked
    return () if linked is None else (Link(linked),)
