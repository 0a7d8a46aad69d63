"""Who a requester is to the desk (`maild.customer`), found by his address."""

from sqlalchemy import bindparam, func, select

from maild.customer import Customer, CustomersTicket
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import tickets
from maild.ticket import Status

MOST_TICKETS = 50

_HIS = (
    tickets.c.requester_key == bindparam("key", type_=tickets.c.requester_key.type),
    tickets.c.status.not_in((Status.SPAM.value, Status.MERGED.value)),
)
_NEWEST = Prepared(
    select(tickets.c.number, tickets.c.subject, tickets.c.queue, tickets.c.status, tickets.c.owner, tickets.c.created)
    .where(*_HIS)
    .order_by(tickets.c.created.desc(), tickets.c.number.desc())
    .limit(MOST_TICKETS + 1)
)
_FIRST = Prepared(select(func.min(tickets.c.created)).where(*_HIS))


def find(tx: Transaction, key: str) -> Customer:
    """Whoever has this address, as addresses are compared."""
    rows = _NEWEST.read(tx, {"key": key}).all()
    if not rows:
        return Customer()
    has_more = len(rows) > MOST_TICKETS
    since = _FIRST.read(tx, {"key": key}).scalar_one() if has_more else min(row.created for row in rows)
    newest = (CustomersTicket(row.number, row.subject, row.queue, Status(row.status), row.owner) for row in rows[:MOST_TICKETS])
    return Customer(since, tuple(newest), has_more)
