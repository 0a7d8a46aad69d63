"""Addresses that automatic mail no longer goes to, and the bounces that speak for it (MAIL.md B5, B6)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, or_, select

from maild.config.settings import Settings
from maild.desk.audience import agent_homes, unreachable_agents
from maild.effects import NoteBounce, Suppress
from maild.errors import NotFoundError
from maild.known import Suppression
from maild.store.columns import storable_key
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_out import bounces, suppressions

REMEMBERED = timedelta(days=7)

_HOLDS = or_(suppressions.c.until.is_(None), suppressions.c.until > bindparam("now", type_=suppressions.c.since.type))
_ROWS = select(suppressions.c.address, suppressions.c.reason, suppressions.c.since, suppressions.c.until)
_HOLDING = Prepared(
    select(suppressions.c.address, suppressions.c.reason, suppressions.c.until).where(
        suppressions.c.address.in_(bindparam("addresses", expanding=True)), _HOLDS
    )
)
_RECENT = (
    select(bounces.c.address, func.count())
    .where(bounces.c.address.in_(bindparam("addresses", expanding=True)), bounces.c.at > bindparam("since", type_=bounces.c.at.type))
    .group_by(bounces.c.address)
)


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """As `maild outbox suppressed` lists it. `until` None: until an admin lifts it."""

    address: str
    reason: str
    since: datetime
    until: datetime | None


def store(tx: Transaction, suppress: Suppress, now: datetime) -> None:
    """From now on. One without an end is never shortened."""
    standing = find_holding(tx, (suppress.address,), now).get(suppress.address)
    if standing and standing.until is None:
        return
    lift(tx, suppress.address)
    row = {"address": suppress.address, "reason": suppress.reason, "since": now, "until": suppress.until}
    tx.execute(suppressions.insert(), row)


def note_bounce(tx: Transaction, bounce: NoteBounce, now: datetime) -> None:
    tx.execute(bounces.insert(), {"address": bounce.address, "at": now, "status": bounce.status})


def lift(tx: Transaction, address: str) -> bool:
    """Automatic mail may go there again; False if it might all the time."""
    return bool(tx.execute(delete(suppressions).where(suppressions.c.address == storable_key(address.casefold()))).rowcount)


def find_holding(tx: Transaction, addresses: Collection[str], now: datetime) -> Mapping[str, Suppression]:
    """Which of these addresses are suppressed now."""
    if not addresses:
        return {}
    rows = _HOLDING.read(tx, {"addresses": [storable_key(address) for address in addresses], "now": now})
    return {address: Suppression(reason, until) for address, reason, until in rows}


def find_unreachable(tx: Transaction, settings: Settings, now: datetime) -> frozenset[str]:
    """The keys of agents whose own mailboxes are dead (MAIL.md B6)."""
    return unreachable_agents(find_holding(tx, agent_homes(settings), now), settings)


def count_bounces(tx: Transaction, addresses: Collection[str], now: datetime) -> Mapping[str, int]:
    """Hard bounces of each address within the last seven days; addresses without any are left out."""
    if not addresses:
        return {}
    rows = tx.execute(_RECENT, {"addresses": list(addresses), "since": now - REMEMBERED})
    return {address: count for address, count in rows}


def list_holding(tx: Transaction, now: datetime, *, limit: int | None = None) -> tuple[SuppressionRow, ...]:
    """All that hold now, by address."""
    rows = tx.execute(_ROWS.where(_HOLDS).order_by(suppressions.c.address).limit(limit), {"now": now})
    return tuple(SuppressionRow(*row) for row in rows)


def count_holding(tx: Transaction, now: datetime) -> int:
    return tx.execute(select(func.count()).select_from(suppressions).where(_HOLDS), {"now": now}).scalar_one()


def show(tx: Transaction, address: str, now: datetime) -> SuppressionRow:
    """What holds of one address, whatever its case. Raises NotFoundError if nothing does."""
    key = storable_key(address.casefold())
    row = tx.execute(_ROWS.where(_HOLDS, suppressions.c.address == key), {"now": now}).first()
    if row is None:
        raise NotFoundError(f"automatic mail to {address} is not suppressed")
    return SuppressionRow(*row)


def forget_old(tx: Transaction, now: datetime) -> None:
    """Remove what counts for nothing any more."""
    tx.execute(delete(bounces).where(bounces.c.at <= now - REMEMBERED))
    tx.execute(delete(suppressions).where(suppressions.c.until <= now))
