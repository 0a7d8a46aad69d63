"""Signs of life: when a daemon of this desk was last at work, and who it was. Its own word, given every half minute."""

import json
from dataclasses import dataclass
from datetime import datetime

from maild.store import switches
from maild.store.engine import Transaction

_DAEMON = "life.daemon"
_ONCE = "life.once"


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """`owner` is the daemon's name (`maild.node`). `ended`: it was its last, given while it closed."""

    owner: str
    at: datetime
    ended: bool = False


def give(tx: Transaction, sign: SignOfLife) -> None:
    """Instead of the one before. Whoever ends says nothing where another daemon has begun."""
    before = find(tx)
    if sign.ended and before and before.owner != sign.owner:
        return
    switches.store(tx, _DAEMON, json.dumps({"owner": sign.owner, "at": sign.at.isoformat(), "ended": sign.ended}))


def find(tx: Transaction) -> SignOfLife | None:
    """The last; None: no daemon has ever run."""
    written = switches.find(tx, _DAEMON)
    if written is None:
        return None
    sign = json.loads(written)
    return SignOfLife(sign["owner"], datetime.fromisoformat(sign["at"]), sign["ended"])


def note_single_run(tx: Transaction, at: datetime) -> None:
    """`maild run --once` has done all there was to do."""
    switches.store(tx, _ONCE, at.isoformat())


def find_single_run(tx: Transaction) -> datetime | None:
    """When that was last."""
    written = switches.find(tx, _ONCE)
    return datetime.fromisoformat(written) if written else None
