"""Who is muted until when: guessers (MAIL.md S6), and senders on one ticket (L5)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from maild.effects import Mute
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.desk import mutes

_HOLDING = Prepared(select(mutes.c.key).where(mutes.c.key.in_(bindparam("keys", expanding=True)), mutes.c.until > bindparam("now")))
_LIFT = delete(mutes).where(mutes.c.key == bindparam("muted"))


def store(tx: Transaction, mute: Mute) -> None:
    """From now on; a longer or shorter one of the same name is forgotten."""
    tx.execute(_LIFT, {"muted": mute.key})
    tx.execute(mutes.insert(), {"key": mute.key, "until": mute.until, "why": mute.why})


def find_holding(tx: Transaction, keys: Collection[str], now: datetime) -> frozenset[str]:
    """Which of these names are muted now."""
    return frozenset(_HOLDING.read(tx, {"keys": list(keys), "now": now}).scalars()) if keys else frozenset()


def forget_ended(tx: Transaction, now: datetime) -> int:
    """Remove those that have run out; answers how many."""
    return tx.execute(delete(mutes).where(mutes.c.until <= now)).rowcount
