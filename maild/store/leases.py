"""Leases: who does a thing alone (OPERATIONS I26).

The token grows with each new owner; work done under an older one must not be committed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from maild.store.engine import Transaction
from maild.store.tables import leases


@dataclass(frozen=True, slots=True)
class Lease:
    """`token` is the fencing token: whoever holds an older one has lost the lease."""

    name: str
    owner: str
    token: int
    expires: datetime


def acquire(tx: Transaction, name: str, owner: str, lease_seconds: float, now: datetime) -> Lease | None:
    """Take, or keep, the lease; None while somebody else holds it. One's own lease keeps its token unless it had run out."""
    held = find(tx, name, lock=True)
    if held and held.owner != owner and held.expires > now:
        return None
    keeps_token = held is not None and held.owner == owner and held.expires > now
    previous = held.token if held else 0
    lease = Lease(name, owner, previous if keeps_token else previous + 1, now + timedelta(seconds=lease_seconds))
    row = {"owner": lease.owner, "token": lease.token, "expires": lease.expires}
    if held:
        tx.execute(update(leases).where(leases.c.name == name), row)
    else:
        tx.execute(leases.insert(), row | {"name": name})
    return lease


def is_held(tx: Transaction, lease: Lease, now: datetime) -> bool:
    """Whether this lease is still the valid one; asked in the transaction that commits work done under it."""
    found = find(tx, lease.name, lock=True)
    return found is not None and found.token == lease.token and found.owner == lease.owner and found.expires > now


def release(tx: Transaction, lease: Lease, now: datetime) -> None:
    """Let others take it at once. The row stays, so that tokens never repeat."""
    tx.execute(update(leases).where(leases.c.name == lease.name, leases.c.token == lease.token, leases.c.expires > now), {"expires": now})


def release_dead(tx: Transaction, is_alive: Callable[[str], bool], now: datetime) -> tuple[str, ...]:
    """End every lease whose owner is gone; answers their names."""
    held = [row for row in list_leases(tx) if row.expires > now and not is_alive(row.owner)]
    for lease in held:
        release(tx, lease, now)
    return tuple(lease.name for lease in held)


def forget(tx: Transaction, name: str) -> None:
    """Remove a lease whose thing no longer exists."""
    tx.execute(delete(leases).where(leases.c.name == name))


def find(tx: Transaction, name: str, *, lock: bool = False) -> Lease | None:
    query = select(leases.c.name, leases.c.owner, leases.c.token, leases.c.expires).where(leases.c.name == name)
    row = tx.execute(query.with_for_update() if lock else query).first()
    return Lease(*row) if row else None


def list_leases(tx: Transaction) -> tuple[Lease, ...]:
    query = select(leases.c.name, leases.c.owner, leases.c.token, leases.c.expires).order_by(leases.c.name)
    return tuple(Lease(*row) for row in tx.execute(query))
