"""Signs of life: when a daemon of this desk was last at work, who it was, and what it runs with. Its own word, given every half minute."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from maild.store import switches
from maild.store.claims import VitalSign
from maild.store.engine import Transaction

_DAEMON = "life.daemon"
_ONCE = "life.once"


@dataclass(frozen=True, slots=True)
class RefusedReload:
    """New files that did not take effect: how many errors they had, and the first of them with its place."""

    at: datetime
    errors: int
    first: str


@dataclass(frozen=True, slots=True)
class Running:
    """The configuration that is in force: when it was loaded, and why there is no newer one. `refused` None: nobody asked for one."""

    loaded: datetime
    refused: RefusedReload | None = None


@dataclass(frozen=True, slots=True)
class SignOfLife:
    """`owner` is the daemon's name (`maild.node`). `ended`: it was its last, given while it closed.

    `began`: when it was started; None: an older maild did not say it.
    """

    owner: str
    at: datetime
    ended: bool = False
    running: Running | None = None
    began: datetime | None = None


def begin(tx: Transaction, sign: SignOfLife, vital_sign: VitalSign) -> SignOfLife | None:
    """A daemon's first, unless another one is at work on this host: then nothing is written, and the answer is that one's last.

    On another host it may be gone for good, which cannot be known here.
    """
    before = find(tx, lock=True)
    if before and not before.ended and before.owner != sign.owner and vital_sign(before.owner):
        return before
    give(tx, sign)
    return None


def give(tx: Transaction, sign: SignOfLife) -> None:
    """Instead of the one before. Whoever ends says nothing where another daemon has begun."""
    before = find(tx)
    if sign.ended and before and before.owner != sign.owner:
        return
    switches.store(tx, _DAEMON, json.dumps(asdict(sign), default=datetime.isoformat))


def find(tx: Transaction, *, lock: bool = False) -> SignOfLife | None:
    """The last; None: no daemon has ever run. `lock`: whoever else writes one waits until this transaction ends."""
    written = switches.find(tx, _DAEMON, lock=lock)
    if written is None:
        return None
    sign = json.loads(written)
    began = datetime.fromisoformat(sign["began"]) if sign.get("began") else None
    return SignOfLife(sign["owner"], datetime.fromisoformat(sign["at"]), sign["ended"], _read_running(sign.get("running")), began)


def _read_running(written: dict[str, Any] | None) -> Running | None:
    if written is None:
        return None
    refused = written["refused"]
    reload = RefusedReload(datetime.fromisoformat(refused["at"]), refused["errors"], refused["first"]) if refused else None
    return Running(datetime.fromisoformat(written["loaded"]), reload)


def note_single_run(tx: Transaction, at: datetime) -> None:
    """`maild run --once` has done all there was to do."""
    switches.store(tx, _ONCE, at.isoformat())


def find_single_run(tx: Transaction) -> datetime | None:
    """When that was last."""
    written = switches.find(tx, _ONCE)
    return datetime.fromisoformat(written) if written else None
