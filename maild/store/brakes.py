"""The brakes of the outbox: closed by hand, for everything; tripped by a flood, for automatic mail to customers (MAIL.md L4)."""

from sqlalchemy import cast, func, select

from maild.store import counters, switches
from maild.store.columns import Number
from maild.store.engine import Transaction
from maild.store.tables.desk import settings

PAUSED = "outbox.paused"
BREAKER = "outbox.breaker"
RESUMED_AFTER = "outbox.resumed"


def pause(tx: Transaction, reason: str) -> None:
    """Let nothing out until `resume`; what is under way ends."""
    switches.store(tx, PAUSED, reason)


def trip(tx: Transaction, why: str) -> None:
    """Let nothing automatic go to customers until `resume`."""
    switches.store(tx, BREAKER, why)


def resume(tx: Transaction) -> None:
    """Loosen both. The breaker counts anew: the mail that tripped it would trip it again with the next one, for as long as its window."""
    if why_tripped(tx):
        switches.store(tx, RESUMED_AFTER, str(counters.find_last(tx, counters.LETTER)))
    switches.forget(tx, PAUSED)
    switches.forget(tx, BREAKER)


def is_paused(tx: Transaction) -> bool:
    return switches.find(tx, PAUSED) is not None


def why_tripped(tx: Transaction) -> str:
    """Why nothing automatic goes to customers, "" while it does."""
    return switches.find(tx, BREAKER) or ""


WHY_TRIPPED = select(settings.c.value).where(settings.c.name == BREAKER).scalar_subquery()
"""The same within another query; NULL while it is whole."""
LAST_LETTER = func.coalesce(select(cast(settings.c.value, Number)).where(settings.c.name == RESUMED_AFTER).scalar_subquery(), 0)
"""The last letter before it was closed again; those behind it count."""
