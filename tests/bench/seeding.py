"""Filling a desk's store with a past that need not be lived through: tickets by the store's own functions, in large commits."""

from datetime import UTC, datetime, timedelta

from maild.effects import Post, RecordEvent
from maild.message import Address
from maild.outbox.delivery import DeliveryState
from maild.store import incoming
from maild.store.apply import apply
from maild.store.engine import Store, Transaction
from maild.store.tables.mail_out import UNDELIVERED, deliveries
from maild.store.tables.tickets import tickets
from maild.ticket import Status
from tests.rig.desk import ACKNOWLEDGEMENT, NOTIFICATION, a_decision, a_message, a_ticket, an_arrival, composed

BATCH = 500
TEXT = "Since yesterday the machine on the second floor does not start any more. We have tried everything that stands in the manual.\n" * 12


def seed_tickets(store: Store, number: int) -> None:
    """That many tickets of the queue support: raw mail, message, two lines of log, and two letters that were sent. One in ten is open."""
    for first in range(0, number, BATCH):
        with store.writing() as tx:
            for place in range(first, min(first + BATCH, number)):
                _seed_one(tx, place, datetime.now(UTC) - timedelta(days=30, seconds=-place))
            tx.execute(deliveries.update().values(state=DeliveryState.SENT.value, next_attempt=None).where(UNDELIVERED))


def multiply_tickets(store: Store, number: int) -> None:
    """Copies of the ticket 1, up to that number, rows only: for lists, not for the walk."""
    columns = ", ".join(column.name for column in tickets.columns if column.name != "number")
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {number})"
    with store.writing() as tx:
        tx.exec_driver_sql(f"{numbers} INSERT INTO tickets (number, {columns}) SELECT i, {columns} FROM n, tickets WHERE number = 1")


def _seed_one(tx: Transaction, place: int, at: datetime) -> None:
    author = Address(f"Person {place}", f"earlier{place}@company{place % 997}.example")
    incoming.store_arrivals(tx, [an_arrival(mailbox="earlier", uid=place + 1, raw=f"Subject: {place}\r\n\r\n{TEXT}".encode())], at)
    (message,) = incoming.claim(tx, 1, "seeding", 60, at)
    ticket = a_ticket(
        subject=f"Case {place}: it does not start", status=Status.OPEN if place % 10 == 0 else Status.CLOSED, requester=author, created=at
    )
    decision = a_decision(
        a_message(author=author, text=f"{place} {TEXT}"),
        RecordEvent("received", "maild", f"from {author.address}"),
        RecordEvent("opened", "maild", "new: no token, no known reference, no tag"),
        Post(ACKNOWLEDGEMENT),
        Post(NOTIFICATION),
        after=ticket,
    )
    apply(tx, decision, now=at, compose=composed, incoming=message, first_number=1)
