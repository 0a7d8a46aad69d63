"""Tickets as people look at them: found by filters, listed newest first, shown with messages and events. Reading only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, false, func, not_, select

from maild.config.settings import Sort, SortKey
from maild.desk.ordering import RANKED_PRIORITIES, RANKED_STATUSES
from maild.desk.query import Field, Filter
from maild.errors import NotFoundError
from maild.message import Address, Attachment
from maild.store.columns import storable, storable_key
from maild.store.counters import await_turn
from maild.store.engine import AnyRow, Transaction
from maild.store.search import build_search, find_phrases
from maild.store.tables.tickets import attachments, events, messages, rule_traces, tags, tickets
from maild.store.views import in_chunks, tags_of, ticket_views, with_merge_targets
from maild.ticket import MessageKind, Priority, Status, TicketView, follow_merges

_RANKS: Mapping[SortKey, ColumnElement[Any]] = {
    SortKey.PRIORITY: case({item.value: rank for rank, item in enumerate(RANKED_PRIORITIES)}, value=tickets.c.priority),
    SortKey.STATUS: case({item.value: rank for rank, item in enumerate(RANKED_STATUSES)}, value=tickets.c.status),
    SortKey.CREATED: tickets.c.created,
    SortKey.UPDATED: tickets.c.updated,
}
UNLISTED = (Status.SPAM.value, Status.MERGED.value)
"""Listed only where the query names a status (INTERFACE.md, JSON)."""


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket in a list. `messages` is how many it has."""

    number: int
    subject: str
    queue: str
    status: Status
    priority: Priority
    owner: str | None
    requester: Address
    tags: tuple[str, ...]
    created: datetime
    updated: datetime
    messages: int
    snoozed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message of a ticket. `at` is the time to show, which a mail's Date may say (MAIL.md P15). `incoming` is the stored mail it came in,
    which also holds the attachments' bytes."""

    id: int
    kind: MessageKind
    author: Address
    agent: str | None
    at: datetime
    subject: str
    text: str
    visible: str
    html: str
    internal: bool
    message_id: str | None
    incoming: int | None
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """A line of a ticket's log: as it was recorded (`maild.effects.RecordEvent`), and when."""

    at: datetime
    kind: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The rules' record of one decision, as it was given to `apply`."""

    at: datetime
    incoming: int | None
    rules: tuple[dict[str, object], ...]


_ROW = select(
    tickets.c.number,
    tickets.c.subject,
    tickets.c.queue,
    tickets.c.status,
    tickets.c.priority,
    tickets.c.owner,
    tickets.c.requester_name,
    tickets.c.requester_address,
    tickets.c.created,
    tickets.c.updated,
    tickets.c.messages,
    tickets.c.snoozed_until,
)


def view(tx: Transaction, number: int) -> TicketView:
    """A ticket's snapshot; in a writing transaction it stays true until that ends. Raises NotFoundError if there is none."""
    await_turn(tx)
    found = ticket_views(tx, (number,)).get(number)
    if found is None:
        raise NotFoundError(f"there is no ticket {number}")
    return found


def lead(tx: Transaction, number: int) -> TicketView:
    """The ticket a number leads to, as `view`: itself, or the one it was merged into (MAIL.md F9). Raises NotFoundError."""
    await_turn(tx)
    found = follow_merges(number, with_merge_targets(tx, (number,)))
    if found is None:
        raise NotFoundError(f"there is no ticket {number}")
    return found


def row(tx: Transaction, number: int) -> TicketRow:
    """One ticket as a list shows it. Raises NotFoundError if there is none."""
    found = tx.execute(_ROW.where(tickets.c.number == number)).first()
    if found is None:
        raise NotFoundError(f"there is no ticket {number}")
    return _ticket_row(found, tuple(tags_of(tx, [number]).get(number, ())))


def list_tickets(
    tx: Transaction, filters: Iterable[Filter] = (), *, sort: Sequence[Sort] = (), limit: int | None = None
) -> tuple[TicketRow, ...]:
    """The tickets that meet every filter, in this order (`maild.desk.ordering`); without one the newest first."""
    order = [*map(_order_by, sort), tickets.c.number] if sort else [tickets.c.number.desc()]
    query = _ROW.where(*_conditions(tx, tuple(filters))).order_by(*order).limit(limit)
    rows = tx.execute(query).all()
    labels = tags_of(tx, [row.number for row in rows])
    return tuple(_ticket_row(row, tuple(labels.get(row.number, ()))) for row in rows)


def _order_by(step: Sort) -> ColumnElement[Any]:
    return _RANKS[step.key].desc() if step.backwards else _RANKS[step.key]


def list_tagged(tx: Transaction, tag: str, *, after: int) -> tuple[TicketRow, ...]:
    """Tickets with this tag and a higher number, the oldest first."""
    query = _ROW.join(tags, tags.c.ticket == tickets.c.number).where(tags.c.tag == tag, tags.c.ticket > after).order_by(tickets.c.number)
    return tuple(_ticket_row(row, ()) for row in tx.execute(query))


def find_snoozed_until(tx: Transaction, now: datetime) -> tuple[int, ...]:
    """Which tickets are snoozed and are to come back by now, the first due first."""
    query = select(tickets.c.number).where(tickets.c.snoozed_until <= now).order_by(tickets.c.snoozed_until, tickets.c.number)
    return tuple(tx.execute(query).scalars())


def count_tickets(tx: Transaction, filters: Iterable[Filter] = ()) -> int:
    """How many tickets meet every filter. Without any, those listed are not looked at: SQLite knows the number of its rows."""
    wanted = tuple(filters)
    if wanted:
        return _count(tx, *_conditions(tx, wanted))
    return _count(tx) - _count(tx, tickets.c.status.in_(UNLISTED))


def list_messages(tx: Transaction, number: int) -> tuple[MessageRow, ...]:
    """A ticket's messages, as they arrived. A mail released from quarantine is as old as on the day it came."""
    rows = tx.execute(messages.select().where(messages.c.ticket == number).order_by(messages.c.at, messages.c.id)).all()
    carried = _attachments(tx, [row.id for row in rows])
    return tuple(_message_row(row, tuple(carried.get(row.id, ()))) for row in rows)


def list_events(tx: Transaction, number: int) -> tuple[EventRow, ...]:
    """A ticket's log, the oldest line first."""
    query = select(events.c.at, events.c.kind, events.c.by, events.c.text).where(events.c.ticket == number).order_by(events.c.id)
    return tuple(EventRow(at, kind, by, text) for at, kind, by, text in tx.execute(query))


def list_traces(tx: Transaction, number: int) -> tuple[TraceRow, ...]:
    """What the rules did on a ticket, the oldest decision first."""
    return _list_traces(tx, rule_traces.c.ticket == number)


def list_traces_of_mail(tx: Transaction, incoming: int) -> tuple[TraceRow, ...]:
    """What the rules did with one incoming mail, also where it came to no ticket, or to two."""
    return _list_traces(tx, rule_traces.c.incoming == incoming)


def _list_traces(tx: Transaction, which: ColumnElement[bool]) -> tuple[TraceRow, ...]:
    columns = (rule_traces.c.at, rule_traces.c.incoming, rule_traces.c.rules, rule_traces.c.whole)
    query = select(*columns).where(which).order_by(rule_traces.c.id)
    return tuple(TraceRow(at, incoming, tuple(rules if whole is None else whole)) for at, incoming, rules, whole in tx.execute(query))


def forget_log_of_nothing(tx: Transaction, before: datetime) -> None:
    """What was done that concerned neither a ticket nor a mail, with which the rest of the log is deleted."""
    for table in (rule_traces, events):
        tx.execute(delete(table).where(table.c.ticket.is_(None), table.c.incoming.is_(None), table.c.at < before))


def _count(tx: Transaction, *conditions: ColumnElement[bool]) -> int:
    return tx.execute(select(func.count()).select_from(tickets).where(*conditions)).scalar_one()


def _conditions(tx: Transaction, filters: tuple[Filter, ...]) -> list[ColumnElement[bool]]:
    wanted = [_negated(_condition(tx, item)) if item.negated else _condition(tx, item) for item in filters]
    names_a_status = any(item.field is Field.STATUS for item in filters)
    return wanted if names_a_status else [tickets.c.status.not_in(UNLISTED), *wanted]


def _condition(tx: Transaction, item: Filter) -> ColumnElement[bool]:
    value = storable(item.value) if isinstance(item.value, str) else item.value
    match item.field:
        case Field.STATUS | Field.QUEUE | Field.PRIORITY | Field.OWNER | Field.TIER:
            column: ColumnElement[str | None] = getattr(tickets.c, item.field.value)
            return column.is_(None) if value is None else column == value
        case Field.TAG:
            return tickets.c.number.in_(select(tags.c.ticket).where(tags.c.tag == value))
        case Field.REQUESTER:
            return _is_requester(str(value or ""))
        case Field.CREATED_SINCE | Field.UPDATED_SINCE:
            return _time(item.field) >= value
        case Field.CREATED_BEFORE | Field.UPDATED_BEFORE:
            return _time(item.field) < value
        case Field.SNOOZED:
            return tickets.c.snoozed_until.is_not(None)
        case Field.WORDS:
            return _holds(tx, str(value or ""))


def _negated(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A ticket nobody owns is not boris's: where the condition is neither true nor false, its negation holds."""
    return not_(func.coalesce(condition, false()))


def _time(field: Field) -> ColumnElement[datetime]:
    return tickets.c.created if field in (Field.CREATED_SINCE, Field.CREATED_BEFORE) else tickets.c.updated


def _is_requester(value: str) -> ColumnElement[bool]:
    key = storable_key(value.casefold())
    return tickets.c.requester_domain == key[1:] if key.startswith("@") else tickets.c.requester_key == key


def _holds(tx: Transaction, words: str) -> ColumnElement[bool]:
    """Every word is somewhere in the ticket. Nothing to look for is found nowhere."""
    phrases = find_phrases(words)
    if not phrases:
        return false()
    return and_(*(tickets.c.number.in_(build_search(tx, phrase)) for phrase in phrases))


def _attachments(tx: Transaction, ids: list[int]) -> dict[int, list[Attachment]]:
    carried: dict[int, list[Attachment]] = {}
    for chunk in in_chunks(ids):
        query = attachments.select().where(attachments.c.message.in_(chunk)).order_by(attachments.c.message, attachments.c.position)
        for row in tx.execute(query):
            carried.setdefault(row.message, []).append(_attachment(row))
    return carried


def _attachment(row: AnyRow) -> Attachment:
    return Attachment(row.name, row.content_type, row.size, row.sha256, row.inline, row.content_id, row.part)


def _ticket_row(row: AnyRow, labels: tuple[str, ...]) -> TicketRow:
    return TicketRow(
        number=row.number,
        subject=row.subject,
        queue=row.queue,
        status=Status(row.status),
        priority=Priority(row.priority),
        owner=row.owner,
        requester=Address(row.requester_name, row.requester_address),
        tags=labels,
        created=row.created,
        updated=row.updated,
        messages=row.messages,
        snoozed_until=row.snoozed_until,
    )


def _message_row(row: AnyRow, carried: tuple[Attachment, ...]) -> MessageRow:
    return MessageRow(
        id=row.id,
        kind=MessageKind(row.kind),
        author=Address(row.author_name, row.author_address),
        agent=row.agent,
        at=row.shown or row.at,
        subject=row.subject,
        text=row.text,
        visible=row.visible,
        html=row.html,
        internal=row.internal,
        message_id=row.message_id,
        incoming=row.incoming,
        attachments=carried,
    )
