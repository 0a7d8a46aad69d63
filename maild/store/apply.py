"""Apply a decision: the ticket, its messages, events, trace and letters, and the incoming message settled, all in the caller's transaction.

What happens was decided elsewhere; here numbers are given, facts that follow from the messages alone are kept (counts, thread ids, times),
and rows are written, one statement per table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, delete, update

from maild.effects import (
    AddMessage,
    Decision,
    EndAbsence,
    Fold,
    Letter,
    LiftMute,
    LiftSuppression,
    Link,
    MarkBounced,
    Merge,
    Mute,
    NoteAlias,
    NoteBounce,
    RecordEvent,
    SendCrossed,
    SendKept,
    SendMended,
    Split,
    StartAbsence,
    Suppress,
    TripBreaker,
    Undo,
)
from maild.ingest.arrival import Incoming
from maild.message import Attachment
from maild.outbox.delivery import Composed, DeliveryState, Envelope
from maild.store import absences, brakes, counters, folds, letter_aliases, letters, mutes, regroupings, sent_copies, suppressions
from maild.store import incoming as incoming_mail
from maild.store.columns import storable_key
from maild.store.engine import Transaction
from maild.store.letters import PRIORITIES
from maild.store.prepared import Prepared
from maild.store.tables import mail_out, tickets
from maild.ticket import MessageKind, TicketView, latest_ids
from maild.tokens import LetterKind

Compose = Callable[[Letter, TicketView | None, int], Composed]
"""Renders a letter under its number; the ticket is numbered. None: the letter concerns no ticket."""

Row = dict[str, object]

_INSERT_TICKET = Prepared(tickets.tickets.insert())
_UPDATE_TICKET = Prepared(
    update(tickets.tickets)
    .where(tickets.tickets.c.number == bindparam("changed_number"))
    .values(messages=tickets.tickets.c.messages + bindparam("added"))
)
_INSERT_PARTICIPANTS = Prepared(tickets.participants.insert())
_DELETE_PARTICIPANTS = delete(tickets.participants).where(tickets.participants.c.ticket == bindparam("changed_number"))
_INSERT_TAGS = Prepared(tickets.tags.insert())
_DELETE_TAG = delete(tickets.tags).where(tickets.tags.c.ticket == bindparam("changed_number"), tickets.tags.c.tag == bindparam("gone"))
_INSERT_MESSAGE = Prepared(tickets.messages.insert().returning(tickets.messages.c.id))
_INSERT_REFERENCES = Prepared(tickets.message_references.insert())
_INSERT_NAMES = Prepared(tickets.message_names.insert())
_INSERT_ATTACHMENTS = Prepared(tickets.attachments.insert())
_INSERT_EVENTS = Prepared(tickets.events.insert())
_INSERT_TRACE = Prepared(tickets.rule_traces.insert())
_INSERT_LETTERS = Prepared(mail_out.letters.insert())
_INSERT_DELIVERIES = Prepared(mail_out.deliveries.insert())


@dataclass(frozen=True, slots=True)
class _Posted:
    """A letter with its number and its bytes."""

    number: int
    letter: Letter
    composed: Composed


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: the ticket as it now stands (None: no ticket is concerned), and the numbers of the letters posted, those for what
    happens beside it last."""

    ticket: TicketView | None
    letters: tuple[int, ...]

    @property
    def ticket_number(self) -> int | None:
        return self.ticket.number if self.ticket else None


def apply(
    tx: Transaction,
    decision: Decision,
    *,
    now: datetime,
    compose: Compose,
    incoming: Incoming | None,
    first_number: int,
    settles: bool = True,
) -> Applied:
    """Write everything a decision means.

    `compose` renders a letter for the numbered ticket under the letter's number; if it raises, the caller's savepoint undoes the rest.
    `incoming` is settled with the decision's state; None for a decision that no mail caused. `settles` False: it stays as an earlier walk
    has settled it, and only its departments are noted (F10). `first_number`: of a desk's first ticket.
    """
    messages = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    if messages and decision.after is None:
        raise ValueError("a decision that concerns no ticket cannot add messages")
    ticket = decision.after and _with_messages(_numbered(tx, decision, decision.after, first_number), decision.before, messages, now)
    told = _telling(decision.letters, incoming) if incoming and ticket is None else decision.letters
    posted = _compose_all(tx, told, ticket, compose)
    if ticket is not None:
        ticket = _with_letters(ticket, posted)
        _write_ticket(tx, decision.before, ticket, len(messages))
        _write_messages(tx, ticket, messages, incoming)
    number = ticket.number if ticket else None
    _write_letters(tx, posted, number, incoming, now)
    _write_log(tx, decision, number, incoming, now)
    _write_marks(tx, decision, number, now)
    _write_absences(tx, decision)
    opened = _regroup(tx, decision, ticket, now, compose, first_number)
    if incoming and settles:
        _settle(tx, decision, number, incoming, now)
    elif incoming:
        incoming_mail.note_departments(tx, incoming.id, decision.departments)
    beside = [apply(tx, other, now=now, compose=compose, incoming=None, first_number=first_number) for other in decision.beside]
    return Applied(ticket, (*(item.number for item in posted), *opened, *(number for other in beside for number in other.letters)))


def _numbered(tx: Transaction, decision: Decision, after: TicketView, first_number: int) -> TicketView:
    if decision.before is not None:
        return after
    return replace(after, number=counters.take(tx, counters.TICKET, first=first_number)[0])


def _with_messages(ticket: TicketView, before: TicketView | None, messages: Sequence[AddMessage], now: datetime) -> TicketView:
    """The ticket with what follows from its new messages. Only the customer's own ids are kept for threading: an agent's stay inside."""
    customer = [message for message in messages if message.kind is MessageKind.CUSTOMER]
    agent = [message for message in messages if message.kind is MessageKind.AGENT]
    ids = tuple(message.message_id for message in customer if message.message_id)
    shown = tuple(message.message_id for message in customer if message.message_id and not message.internal)
    return replace(
        ticket,
        updated=now if messages or ticket != before else ticket.updated,
        customer_messages=ticket.customer_messages + len(customer),
        agent_messages=ticket.agent_messages + len(agent),
        references=latest_ids(ticket.references + shown),
        last_customer_id=ids[-1] if ids else ticket.last_customer_id,
    )


def _with_letters(ticket: TicketView, posted: Sequence[_Posted]) -> TicketView:
    """Letters the customer gets belong to the thread, too."""
    public = tuple(item for item in posted if item.letter.kind is not LetterKind.NOTIFICATION and not item.letter.internal)
    return replace(
        ticket,
        acknowledged=ticket.acknowledged or any(item.letter.kind is LetterKind.ACKNOWLEDGEMENT for item in posted),
        references=latest_ids(ticket.references + tuple(item.composed.message_id for item in public)),
    )


def _telling(letters: Sequence[Letter], incoming: Incoming) -> Sequence[Letter]:
    """A letter about no ticket tells of the mail itself (MAIL.md A4), which an admin knows by its number."""
    return [replace(letter, values={"incoming": incoming.id, **letter.values}) for letter in letters]


def _compose_all(tx: Transaction, letters: Sequence[Letter], ticket: TicketView | None, compose: Compose) -> tuple[_Posted, ...]:
    if not letters:
        return ()
    numbers = counters.take(tx, counters.LETTER, wanted=len(letters))
    return tuple(_Posted(number, letter, compose(letter, ticket, number)) for letter, number in zip(letters, numbers, strict=True))


def _write_ticket(tx: Transaction, before: TicketView | None, ticket: TicketView, added: int) -> None:
    values = _ticket_values(ticket)
    if before is None:
        _INSERT_TICKET.write(tx, values | {"number": ticket.number, "messages": added})
    else:
        old = _ticket_values(before)
        changed = {name: value for name, value in values.items() if value != old[name]}
        if changed or added:
            _UPDATE_TICKET.write(tx, changed | {"changed_number": ticket.number, "added": added})
    _write_participants(tx, before, ticket)
    _write_tags(tx, before, ticket)


def _ticket_values(ticket: TicketView) -> Row:
    return {
        "subject": ticket.subject,
        "queue": ticket.queue,
        "status": ticket.status.value,
        "priority": ticket.priority.value,
        "requester_name": ticket.requester.name,
        "requester_address": ticket.requester.address,
        "requester_key": ticket.requester.key,
        "requester_domain": ticket.requester.domain,
        "created": ticket.created,
        "updated": ticket.updated,
        "owner": ticket.owner,
        "team": ticket.team,
        "fields": dict(ticket.fields),
        "decided": sorted(ticket.decided),
        "watchers": sorted(ticket.watchers),
        "language": ticket.language,
        "closed_at": ticket.closed_at,
        "merged_into": ticket.merged_into,
        "follow_up_of": ticket.follow_up_of,
        "acknowledged": ticket.acknowledged,
        "customer_messages": ticket.customer_messages,
        "agent_messages": ticket.agent_messages,
        "thread_ids": list(ticket.references),
        "last_customer_id": ticket.last_customer_id,
        "reply_to": ticket.reply_to,
        "snoozed_until": ticket.snoozed_until,
    }


def _write_participants(tx: Transaction, before: TicketView | None, ticket: TicketView) -> None:
    old = before.participants if before else ()
    if old == ticket.participants:
        return
    if old:
        tx.execute(_DELETE_PARTICIPANTS, {"changed_number": ticket.number})
    people = {storable_key(person.address.key): person for person in reversed(ticket.participants)}
    rows = [
        {
            "ticket": ticket.number,
            "key": key,
            "position": position,
            "name": person.address.name,
            "address": person.address.address,
            "role": person.role.value,
        }
        for position, (key, person) in enumerate(reversed(people.items()))
    ]
    if rows:
        _INSERT_PARTICIPANTS.write(tx, *rows)


def _write_tags(tx: Transaction, before: TicketView | None, ticket: TicketView) -> None:
    old = before.tags if before else frozenset()
    if gone := old - ticket.tags:
        tx.execute(_DELETE_TAG, [{"changed_number": ticket.number, "gone": tag} for tag in sorted(gone)])
    if fresh := ticket.tags - old:
        _INSERT_TAGS.write(tx, *({"ticket": ticket.number, "tag": tag} for tag in sorted(fresh)))


def _write_messages(tx: Transaction, ticket: TicketView, messages: Sequence[AddMessage], incoming: Incoming | None) -> None:
    references: list[Row] = []
    names: list[Row] = []
    attachments: list[Row] = []
    for message in messages:
        identifier = _INSERT_MESSAGE.read(tx, _message_values(ticket, message, incoming)).scalar_one()
        references += [{"message": identifier, "reference": key} for key in dict.fromkeys(map(storable_key, message.references))]
        names += [{"message": identifier, "address": key} for key in dict.fromkeys(map(storable_key, message.named))]
        attachments += [_attachment_values(identifier, position, attachment) for position, attachment in enumerate(message.attachments)]
    if references:
        _INSERT_REFERENCES.write(tx, *references)
    if names:
        _INSERT_NAMES.write(tx, *names)
    if attachments:
        _INSERT_ATTACHMENTS.write(tx, *attachments)


def _message_values(ticket: TicketView, message: AddMessage, incoming: Incoming | None) -> Row:
    """A note written by a rule or at the command line has no mail of its own to point to."""
    return {
        "ticket": ticket.number,
        "incoming": incoming.id if incoming and message.message_id else None,
        "kind": message.kind.value,
        "author_name": message.author.name,
        "author_address": message.author.address,
        "agent": message.agent,
        "at": message.at,
        "internal": message.internal,
        "message_id": message.message_id,
        "subject": message.subject or ticket.subject,
        "text": message.text,
        "visible": message.visible,
        "html": message.html,
        "indexed": message.indexed,
        "shown": message.shown,
        "thread_headers": [list(header) for header in message.thread_headers] or None,
    }


def _attachment_values(message: int, position: int, attachment: Attachment) -> Row:
    return {
        "message": message,
        "position": position,
        "part": attachment.part,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "inline": attachment.inline,
        "content_id": attachment.content_id,
    }


def _write_letters(tx: Transaction, posted: Sequence[_Posted], ticket: int | None, incoming: Incoming | None, now: datetime) -> None:
    if not posted:
        return
    _INSERT_LETTERS.write(tx, *(_letter_values(item, ticket, incoming, now) for item in posted))
    sent_copies.want(tx, [item.number for item in posted if item.composed.is_copied])
    deliveries = [_delivery_values(item.letter, item.number, envelope, now) for item in posted for envelope in item.composed.envelopes]
    if deliveries:
        _INSERT_DELIVERIES.write(tx, *deliveries)


def _letter_values(posted: _Posted, ticket: int | None, incoming: Incoming | None, now: datetime) -> Row:
    letter, composed = posted.letter, posted.composed
    return {
        "number": posted.number,
        "ticket": ticket,
        "kind": letter.kind.value,
        "template": letter.template,
        "queue": letter.queue,
        "agent": letter.agent,
        "author": letter.author,
        "internal": letter.internal,
        "automatic": letter.automatic,
        "message_id": composed.message_id,
        "subject": composed.subject,
        "created": now,
        "content": composed.raw,
        "packed": False,
        "incoming": letter.about or (incoming.id if incoming else None),
        "offer": letter.offer,
        "as_of": letter.as_of,
    }


def _delivery_values(letter: Letter, number: int, envelope: Envelope, now: datetime) -> Row:
    recipient = envelope.recipient
    return {
        "letter": number,
        "priority": PRIORITIES[letter.kind],
        "queue": letter.queue,
        "recipient": recipient.address,
        "recipient_key": recipient.key,
        "recipient_domain": recipient.domain,
        "automatic": letter.automatic,
        "created": now,
        "state": DeliveryState.QUEUED.value,
        "attempts": 0,
        "next_attempt": now,
        "was_unknown": False,
        "reply": "",
        "error": "",
        "envelope_sender": envelope.sender,
        "envelope_id": envelope.id,
    }


def _write_log(tx: Transaction, decision: Decision, ticket: int | None, incoming: Incoming | None, now: datetime) -> None:
    place: Row = {"ticket": ticket, "incoming": incoming.id if incoming else None, "at": now}
    events = [effect for effect in decision.effects if isinstance(effect, RecordEvent)]
    rows = [place | {"ticket": event.on or ticket, "kind": event.kind, "by": event.by, "text": event.text} for event in events]
    for link in (effect for effect in decision.effects if isinstance(effect, Link)):
        why = f": {link.why}" if link.why else ""
        for here, there in ((ticket, link.ticket), (link.ticket, ticket)):
            rows.append(place | {"ticket": here, "kind": "linked", "by": link.by, "text": f"with #{there}{why}"})
    if rows:
        _INSERT_EVENTS.write(tx, *rows)
    if decision.trace:
        _INSERT_TRACE.write(tx, place | {"rules": [dict(rule) for rule in decision.trace]})


def _write_marks(tx: Transaction, decision: Decision, number: int | None, now: datetime) -> None:
    """What is remembered of letters, senders, addresses and the desk as a whole."""
    for effect in decision.effects:
        match effect:
            case NoteAlias(letter, message_id, by_relay):
                letter_aliases.store(tx, letter, message_id, by_relay=by_relay)
            case Mute():
                mutes.store(tx, effect)
            case LiftMute(key):
                mutes.lift(tx, key)
            case TripBreaker(why):
                brakes.trip(tx, why)
            case Fold(agent) if number:
                folds.store(tx, agent, number, now)
            case MarkBounced(letter, recipient, diagnostic):
                letters.mark_bounced(tx, letter, recipient, diagnostic)
            case NoteBounce():
                suppressions.note_bounce(tx, effect, now)
            case Suppress():
                suppressions.store(tx, effect, now)
            case LiftSuppression(address):
                suppressions.lift(tx, address)
            case SendKept() | SendMended() | SendCrossed():
                _let_walk_again(tx, effect)


def _let_walk_again(tx: Transaction, effect: SendKept | SendMended | SendCrossed) -> None:
    match effect:
        case SendKept(message):
            incoming_mail.send_after_all(tx, message)
        case SendMended(message, corrected):
            incoming_mail.send_mended(tx, message, corrected)
        case SendCrossed(message, known_until):
            incoming_mail.send_crossed(tx, message, known_until)


def _write_absences(tx: Transaction, decision: Decision) -> None:
    """What an agent says of himself."""
    for effect in decision.effects:
        match effect:
            case StartAbsence(absence):
                absences.store(tx, absence)
            case EndAbsence(agent):
                absences.end(tx, agent)


def _regroup(
    tx: Transaction, decision: Decision, ticket: TicketView | None, now: datetime, compose: Compose, first_number: int
) -> tuple[int, ...]:
    """Merges, links, splits and what is undone of them. Answers the numbers of the letters about tickets split off."""
    posted: tuple[int, ...] = ()
    for effect in decision.effects:
        match effect:
            case Merge() if ticket:
                regroupings.merge(tx, ticket.number, effect, now)
            case Link() if ticket:
                regroupings.link(tx, ticket.number, effect, now)
            case Split() if ticket:
                posted += _split(tx, ticket.number, effect, now, compose, first_number)
            case Undo():
                regroupings.undo(tx, effect, now)
    return posted


def _split(tx: Transaction, ticket: int, effect: Split, now: datetime, compose: Compose, first_number: int) -> tuple[int, ...]:
    opened = apply(tx, effect.opening, now=now, compose=compose, incoming=None, first_number=first_number)
    if opened.ticket is None:
        return ()
    regroupings.split(tx, ticket, opened.ticket.number, effect, now)
    text = f"#{opened.ticket.number} was split off: {opened.ticket.subject}"
    _INSERT_EVENTS.write(tx, {"ticket": ticket, "incoming": None, "at": now, "kind": "split", "by": effect.by, "text": text})
    return opened.letters


def _settle(tx: Transaction, decision: Decision, ticket: int | None, incoming: Incoming, now: datetime) -> None:
    incoming_mail.finish(
        tx,
        incoming.id,
        decision.state,
        decision.reason,
        now,
        message_class=decision.message_class,
        evidence=decision.evidence,
        ticket=ticket,
        author=decision.author,
        subject=decision.subject,
        identity=decision.identity,
        conduct=decision.conduct,
        auth=decision.auth,
        departments=decision.departments,
    )
