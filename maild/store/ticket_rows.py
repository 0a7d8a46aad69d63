"""The rows of a ticket: itself, its people and tags, its messages with their files. What changed is written, and nothing else."""

from collections.abc import Sequence

from sqlalchemy import bindparam, delete, update

from maild.effects import AddMessage
from maild.ingest.arrival import Incoming
from maild.message import Attachment
from maild.store.columns import storable_key
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables import tickets
from maild.ticket import TicketView

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


def write_ticket(tx: Transaction, before: TicketView | None, ticket: TicketView, added: int) -> None:
    """A new ticket, where there was none `before`; else what is different. `added`: how many messages come to it."""
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
        "requester_since": ticket.requester_since,
        "requester_by": ticket.requester_by,
        "tier": ticket.tier.value,
        "follower": ticket.follower,
        "sought_by": ticket.seeker,
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


def write_messages(tx: Transaction, ticket: TicketView, messages: Sequence[AddMessage], incoming: Incoming | None) -> tuple[int, ...]:
    """Its new messages, `incoming` being the mail that brought them; answers their ids."""
    written: list[int] = []
    references: list[Row] = []
    names: list[Row] = []
    attachments: list[Row] = []
    for message in messages:
        identifier = _INSERT_MESSAGE.read(tx, _message_values(ticket, message, incoming)).scalar_one()
        written.append(identifier)
        references += [{"message": identifier, "reference": key} for key in dict.fromkeys(map(storable_key, message.references))]
        names += [{"message": identifier, "address": key} for key in dict.fromkeys(map(storable_key, message.named))]
        attachments += [_attachment_values(identifier, position, attachment) for position, attachment in enumerate(message.attachments)]
    if references:
        _INSERT_REFERENCES.write(tx, *references)
    if names:
        _INSERT_NAMES.write(tx, *names)
    if attachments:
        _INSERT_ATTACHMENTS.write(tx, *attachments)
    return tuple(written)


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
