"""The addresses that agents have said are theirs, too (MAIL.md A4); those of the configuration are in its files."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.desk import agent_addresses

_ALL = Prepared(select(agent_addresses.c.agent, agent_addresses.c.address).order_by(agent_addresses.c.added, agent_addresses.c.address))


def store(tx: Transaction, agent: str, address: str, now: datetime) -> None:
    """It is this agent's from now on, and nobody else's."""
    forget(tx, address)
    tx.execute(agent_addresses.insert(), {"address": address.casefold(), "agent": agent, "added": now})


def forget(tx: Transaction, address: str) -> bool:
    """It is nobody's any more; whether it was anybody's."""
    return tx.execute(delete(agent_addresses).where(agent_addresses.c.address == address.casefold())).rowcount > 0


def find_all(tx: Transaction) -> Mapping[str, tuple[str, ...]]:
    """By agent, the oldest first."""
    found: dict[str, tuple[str, ...]] = {}
    for agent, address in _ALL.read(tx, {}):
        found[agent] = (*found.get(agent, ()), address)
    return found
