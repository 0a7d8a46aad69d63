"""What test mails have shown of each department's ways back (`maild.round_trip`). The last one counts."""

from sqlalchemy import bindparam, delete, select

from maild.round_trip import RoundTrip
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_out import round_trips

_COLUMNS = (
    round_trips.c.queue,
    round_trips.c.address,
    round_trips.c.at,
    round_trips.c.plus,
    round_trips.c.seen_in,
    round_trips.c.envelope,
    round_trips.c.null_sender,
    round_trips.c.keeps_ids,
)
_FIND = Prepared(select(*_COLUMNS).where(round_trips.c.queue == bindparam("wanted")))


def find(tx: Transaction, queue: str) -> RoundTrip | None:
    """A department's last round trip, None before the first."""
    row = _FIND.read(tx, {"wanted": queue}).first()
    return RoundTrip(*row) if row else None


def find_all(tx: Transaction) -> dict[str, RoundTrip]:
    """The same for all departments that had one."""
    return {row.queue: RoundTrip(*row) for row in tx.execute(select(*_COLUMNS))}


def store(tx: Transaction, trip: RoundTrip) -> None:
    """Remember a round trip instead of the one before."""
    tx.execute(delete(round_trips).where(round_trips.c.queue == trip.queue))
    values: dict[str, object] = {column.name: getattr(trip, column.name) for column in _COLUMNS}
    tx.execute(round_trips.insert(), values)
