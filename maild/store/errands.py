"""What agents ask the desk itself: tickets looked up to be listed or shown in a letter. Reading only."""

from sqlalchemy import bindparam, select

from maild.desk.ordering import order, to_do
from maild.desk.query import Field, Filter, Query
from maild.known import NOTHING_FOUND, Earlier, Found, ListedTicket, Listing, StoredFile
from maild.message import Attachment
from maild.question import NOTHING_WANTED, Wanted
from maild.store import said, tasks, tickets
from maild.store.engine import Transaction
from maild.store.tables.tickets import attachments, messages

MOST_LISTED = 50
MOST_NEXT = 2
MOST_SHOWN = 100
SHOWN_CHARACTERS = 10_000
MOST_FILES = 500

_CONVERSATION = (
    said.messages_with(SHOWN_CHARACTERS)
    .where(messages.c.ticket == bindparam("number"))
    .order_by(messages.c.at.desc(), messages.c.id.desc())
    .limit(MOST_SHOWN)
)

_FILES = (
    select(messages.c.incoming, attachments)
    .join(messages, messages.c.id == attachments.c.message)
    .where(messages.c.ticket == bindparam("number"), messages.c.incoming.is_not(None))
    .order_by(messages.c.at.desc(), messages.c.id.desc(), attachments.c.position.desc())
    .limit(MOST_FILES)
)


def find(tx: Transaction, wanted: Wanted) -> Found:
    """Everything that is wanted; numbers without a ticket have no conversation."""
    if wanted == NOTHING_WANTED:
        return NOTHING_FOUND
    first = {queue: _first(tx, queue, query) for queue, query in sorted(wanted.queues.items())}
    return Found(
        listings={asked: _list(tx, query) for asked, query in wanted.listings.items()},
        conversations={number: conversation_of(tx, number) for number in wanted.tickets.union(*first.values())},
        next=first,
        tasks=tasks.find_open(tx, wanted.tasks_of) if wanted.tasks_of else (),
    )


def _first(tx: Transaction, queue: str, query: Query) -> tuple[int, ...]:
    unowned = tickets.list_tickets(tx, (*to_do(queue), Filter(Field.OWNER, None), *query.filters))
    return tuple(place.ticket.number for place in order(unowned, query.sort)[:MOST_NEXT])


def conversation_of(tx: Transaction, number: int) -> tuple[Earlier, ...]:
    """The last messages of a ticket, inside and outside, the newest first."""
    return tuple(said.read(row) for row in tx.execute(_CONVERSATION, {"number": number}))


def files_of(tx: Transaction, number: int) -> tuple[StoredFile, ...]:
    """The files of a ticket, whoever sent them, the newest message's first, and the last of a message before its others."""
    return tuple(
        StoredFile(
            row.incoming,
            row.message,
            Attachment(row.name, row.content_type, row.size, row.sha256, row.inline, row.content_id, row.part),
        )
        for row in tx.execute(_FILES, {"number": number})
    )


def _list(tx: Transaction, query: Query) -> Listing:
    rows = tickets.list_tickets(tx, query.filters, sort=query.sort, limit=MOST_LISTED)
    total = len(rows) if len(rows) < MOST_LISTED else tickets.count_tickets(tx, query.filters)
    return Listing(tuple(ListedTicket(row.number, row.subject, row.status, row.owner, row.requester, row.created) for row in rows), total)
