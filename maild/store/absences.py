"""Which agents are away (PRODUCT 12). An absence ends by itself: what is past is no longer found, and overwritten by the next."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, delete, or_, select

from maild.known import Absence
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.desk import absences

_HOLDING = Prepared(
    select(absences.c.agent, absences.c.since, absences.c.until, absences.c.deputy).where(
        or_(absences.c.until.is_(None), absences.c.until > bindparam("now"))
    )
)


def store(tx: Transaction, absence: Absence) -> None:
    """From now on; an earlier word of the same agent's is forgotten."""
    end(tx, absence.agent)
    values = {"agent": absence.agent, "since": absence.since, "until": absence.until, "deputy": absence.deputy}
    tx.execute(absences.insert(), values)


def end(tx: Transaction, agent: str) -> None:
    tx.execute(delete(absences).where(absences.c.agent == agent))


def find_holding(tx: Transaction, now: datetime) -> Mapping[str, Absence]:
    """Who is away now, by key."""
    rows = _HOLDING.read(tx, {"now": now})
    return {agent: Absence(agent, since, until, deputy) for agent, since, until, deputy in rows}
