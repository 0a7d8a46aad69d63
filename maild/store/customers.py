"""Who a requester is to the desk (`maild.customer`), found by his address."""

from sqlalchemy import bindparam, func, select

from maild.customer import Customer, CustomersTicket
from maild.known import KnownPerson
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import tickets
from maild.ticket import Status

MOST_TICKETS = 50
MOST_ASKED = 10

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
_WRITTEN = Prepared(
    select(tickets.c.requester_name, tickets.c.language)
    .where(*_HIS, tickets.c.customer_messages > 0)
    .order_by(tickets.c.created.desc(), tickets.c.number.desc())
    .limit(MOST_ASKED)
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


def find_person(tx: Transaction, key: str) -> KnownPerson:
    """What his last tickets on which he has written say of whoever has this address. What an agent began may be in the agent's language."""
    rows = _WRITTEN.read(tx, {"key": key}).all()
    name = next((row.requester_name for row in rows if row.requester_name), "")
    return KnownPerson(name, next((row.language for row in rows if row.language), None))
