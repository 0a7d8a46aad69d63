"""The addresses that agents have said are theirs, too (MAIL.md A4); those of the configuration are in its files."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from maild.past import Tenure
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.desk import agent_addresses, former_agent_addresses

_ALL = Prepared(select(agent_addresses.c.agent, agent_addresses.c.address).order_by(agent_addresses.c.added, agent_addresses.c.address))


def store(tx: Transaction, agent: str, address: str, now: datetime) -> None:
    """It is this agent's from now on, and nobody else's."""
    forget(tx, address, now)
    tx.execute(agent_addresses.insert(), {"address": address.casefold(), "agent": agent, "added": now})


def forget(tx: Transaction, address: str, now: datetime) -> bool:
    """It is nobody's any more; whether it was anybody's. Whose it was is kept for those who replay his mail."""
    columns = agent_addresses.c
    found = tx.execute(
        delete(agent_addresses).where(columns.address == address.casefold()).returning(columns.agent, columns.address, columns.added)
    )
    former = [{"agent": row.agent, "address": row.address, "added": row.added, "ended": now} for row in found]
    if former:
        tx.execute(former_agent_addresses.insert(), former)
    return bool(former)


def find_all(tx: Transaction) -> Mapping[str, tuple[str, ...]]:
    """By agent, the oldest first."""
    found: dict[str, tuple[str, ...]] = {}
    for agent, address in _ALL.read(tx, {}):
        found[agent] = (*found.get(agent, ()), address)
    return found


def find_tenures(tx: Transaction) -> tuple[Tenure, ...]:
    """Whose each was and is, the oldest first."""
    had, has = former_agent_addresses.c, agent_addresses.c
    former = [Tenure(*row) for row in tx.execute(select(had.agent, had.address, had.added, had.ended))]
    present = [Tenure(*row) for row in tx.execute(select(has.agent, has.address, has.added))]
    return tuple(sorted((*former, *present), key=lambda tenure: (tenure.since, tenure.address)))
