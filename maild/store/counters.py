"""Numbers given out in order without gaps: tickets and letters. A number is taken in the transaction that uses it."""

from sqlalchemy import Connection, bindparam, case, select

from maild.store.prepared import Prepared
from maild.store.tables.desk import counters

TICKET = "ticket"
LETTER = "letter"
TURN = "turn"
COUNTERS = (TICKET, LETTER, TURN)

_LOWEST = bindparam("lowest", type_=counters.c.value.type)
_TAKE = Prepared(
    counters.update()
    .where(counters.c.name == bindparam("counter"))
    .values(value=case((counters.c.value < _LOWEST, _LOWEST), else_=counters.c.value) + bindparam("wanted", type_=counters.c.value.type))
    .returning(counters.c.value)
)
_FIND = Prepared(select(counters.c.value).where(counters.c.name == bindparam("counter")))
_TURN = select(counters.c.value).where(counters.c.name == TURN).with_for_update()


def take(tx: Connection, counter: str, *, wanted: int = 1, first: int = 1) -> range:
    """The next `wanted` numbers, none of them below `first`."""
    last = _TAKE.read(tx, {"counter": counter, "wanted": wanted, "lowest": first - 1}).scalar_one()
    return range(last - wanted + 1, last + 1)


def find_last(tx: Connection, counter: str) -> int:
    """The number given out last."""
    return _FIND.read(tx, {"counter": counter}).scalar_one()


def await_turn(tx: Connection) -> None:
    """Stand in line with everybody who reads in order to write, until this transaction ends.

    SQLite's writers stand in line already; on PostgreSQL two processes could otherwise open a ticket each for one mail. A reading
    transaction does not wait.
    """
    if tx.dialect.name == "postgresql" and not is_reading(tx):
        tx.execute(_TURN)


def is_reading(tx: Connection) -> bool:
    """Whether the transaction may lock nothing. SQLite's never need to."""
    return bool(tx.get_execution_options().get("postgresql_readonly"))
