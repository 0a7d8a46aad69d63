"""Incoming mail: raw bytes stored before anything else (MAIL.md P1), claimed for the walk, and settled: done, held, quarantined, duplicate.

A claim is a lease: the attempt is counted and committed before the message is read (OPERATIONS I14), and a claim that is over is given
back by `release_claims`. What a message means is `apply`'s to record.
"""

import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from maild.effects import Identity, IncomingState
from maild.errors import WrongStateError
from maild.ingest.arrival import Arrival, Incoming, Part, Place
from maild.ingest.opinion import Opinion
from maild.known import Conduct
from maild.message import Address, AuthResult
from maild.reason import Reason
from maild.store import claims
from maild.store.counters import await_turn
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.received_mail import WITHHELD, show
from maild.store.tables.mail_in import LENT, UNSETTLED, incoming, raw_messages
from maild.store.views import in_chunks, within
from maild.waits import is_over

WATCHER = "watcher"
"""The owner of a withheld message while it is to be fetched again: no process, but whichever watches the mailbox."""
LENT_FOR = claims.LONGEST
LONGEST_PAUSE = timedelta(minutes=1)
"""Nobody who puts a message back wants it to wait for longer."""
COMPRESSION = 1
"""zlib's fastest level: mail is mostly text, and the walk has to keep up."""

_IS_THERE = (
    incoming.c.mailbox == bindparam("mailbox"),
    incoming.c.folder == bindparam("folder"),
    incoming.c.uid_validity == bindparam("uid_validity"),
)
_KNOWN_UIDS = select(incoming.c.uid).where(*_IS_THERE, incoming.c.uid.in_(bindparam("uids", expanding=True)))
_WHOLE_UIDS = _KNOWN_UIDS.where(incoming.c.full_size.is_(None))
_KNOWN_RAWS = select(raw_messages.c.sha256).where(raw_messages.c.sha256.in_(bindparam("hashes", expanding=True)))
_STORE = incoming.insert().returning(incoming.c.id, sort_by_parameter_order=True)
_IS_RECEIVED = (incoming.c.state == IncomingState.RECEIVED.value, UNSETTLED)
_DUE = (
    select(incoming.c.id, raw_messages.c.size)
    .join(raw_messages, raw_messages.c.sha256 == incoming.c.raw)
    .where(
        *_IS_RECEIVED,
        incoming.c.claimed_by.is_(None),
        or_(incoming.c.claimed_until.is_(None), incoming.c.claimed_until <= bindparam("now")),
    )
    .order_by(incoming.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=incoming)
)
_CLAIM = (
    update(incoming)
    .where(incoming.c.id.in_(bindparam("ids", expanding=True)))
    .values(claimed_by=bindparam("owner"), claimed_until=bindparam("until"), attempts=incoming.c.attempts + 1)
)
_WITH_CONTENT = (
    select(
        incoming.c.id,
        incoming.c.mailbox,
        raw_messages.c.content,
        incoming.c.received,
        incoming.c.stored,
        incoming.c.attempts,
        incoming.c.answered,
        incoming.c.quiet,
        incoming.c.released,
        incoming.c.full_size,
        incoming.c.reason_code,
        incoming.c.reason,
        incoming.c.folder,
        incoming.c.junk,
        incoming.c.sent_after_all,
        incoming.c.corrected,
        incoming.c.caught_up,
        incoming.c.opinion,
    )
    .join(raw_messages, raw_messages.c.sha256 == incoming.c.raw)
    .order_by(incoming.c.id)
)
_LEND = (
    update(incoming)
    .where(incoming.c.id == bindparam("message"), incoming.c.reason_code == WITHHELD)
    .values(claimed_by=WATCHER, claimed_until=bindparam("until"))
)
_IS_LENT = (incoming.c.state == IncomingState.RECEIVED.value, LENT)
_LENT = select(incoming.c.uid).where(*_IS_LENT, *_IS_THERE)
_MAILBOXES_LENT = select(incoming.c.mailbox).where(*_IS_LENT).distinct()
_CLAIMS = select(incoming.c.id, incoming.c.claimed_by, incoming.c.claimed_until).where(*_IS_RECEIVED, incoming.c.claimed_until.is_not(None))
_FREE = update(incoming).where(*_IS_RECEIVED).values(claimed_by=None, claimed_until=None)
_CLAIMED = _WITH_CONTENT.where(incoming.c.id.in_(bindparam("ids", expanding=True)))
_STORED_AFTER = _WITH_CONTENT.where(incoming.c.id > bindparam("message"))
_OF_MESSAGE = incoming.c.id == bindparam("message")
_SETTLE = Prepared(incoming.update().where(_OF_MESSAGE))
_UNCOUNT = incoming.update().where(_OF_MESSAGE).values(attempts=incoming.c.attempts - 1)


def store_arrivals(tx: Transaction, arrivals: Sequence[Arrival], now: datetime) -> list[int]:
    """Store fetched messages and answer their new ids, in order. A UID already stored is left out; equal bytes are kept once."""
    await_turn(tx)
    fresh = _without_known_uids(tx, arrivals)
    if not fresh:
        return []
    hashes = [hashlib.sha256(arrival.raw).hexdigest() for arrival in fresh]
    _store_raws(tx, dict(zip(hashes, (arrival.raw for arrival in fresh), strict=True)))
    rows = [_incoming_values(arrival, sha256, now) for arrival, sha256 in zip(fresh, hashes, strict=True)]
    return list(tx.execute(_STORE, rows).scalars())


def find_stored(tx: Transaction, place: Place, uid_validity: int | None, uids: Sequence[int], *, whole: bool = False) -> frozenset[int]:
    """Which of these UIDs of a folder are stored. `whole`: to the last byte, and not only the beginning."""
    query = _WHOLE_UIDS if whole else _KNOWN_UIDS
    found: set[int | None] = set()
    for chunk in in_chunks(uids):
        found |= set(tx.execute(query, _key(place, uid_validity) | {"uids": chunk}).scalars())
    return frozenset(uid for uid in found if uid is not None)


def claim(
    tx: Transaction, limit: int, owner: str, lease_seconds: float, now: datetime, *, most_bytes: int | None = None
) -> tuple[Incoming, ...]:
    """Take up to `limit` unread messages, the oldest first, for `lease_seconds`. Each claim counts as an attempt.

    `most_bytes`: as many as fit into so much memory, and at least one.
    """
    due = tx.execute(_DUE, {"now": now, "most": limit}).all()
    number = len(due) if most_bytes is None else within([row.size for row in due], most_bytes)
    ids = [row.id for row in due[:number]]
    if not ids:
        return ()
    tx.execute(_CLAIM, {"ids": ids, "owner": owner, "until": now + timedelta(seconds=lease_seconds)})
    return tuple(_incoming(row) for row in tx.execute(_CLAIMED, {"ids": ids}))


def finish(
    tx: Transaction,
    message: int,
    state: IncomingState,
    reason: Reason,
    now: datetime,
    *,
    message_class: str = "",
    evidence: Iterable[Reason] = (),
    ticket: int | None = None,
    author: Address | None = None,
    subject: str = "",
    identity: Identity | None = None,
    conduct: Conduct | None = None,
    auth: AuthResult | None = None,
    opinion: Opinion | None = None,
    departments: Collection[str] = (),
    error: str = "",
) -> None:
    """Settle a message: what became of it and why. By its `identity` another copy will be known (MAIL.md F1), by its `conduct` a loop.

    `auth`: what is proved of its author (S2), None if it was not judged. `opinion`: what the spam filter says that was asked about it.
    `departments` are those it was read for (F10).
    """
    values: dict[str, object] = {
        "message": message,
        "state": state.value,
        "reason_code": reason.code,
        "reason": reason.text,
        "message_class": message_class,
        "evidence": [{"code": sign.code, "text": sign.text} for sign in evidence],
        "ticket": ticket,
        "error": error,
        "claimed_by": None,
        "claimed_until": None,
        "settled": now,
        "opinion": opinion and asdict(opinion),
        **_read_in_it(author, subject, identity, conduct),
    }
    if auth is not None:
        values["auth"] = auth.value
    if departments:
        values["departments"] = sorted(departments)
    _SETTLE.write(tx, values)


def _read_in_it(author: Address | None, subject: str, identity: Identity | None, conduct: Conduct | None) -> dict[str, object]:
    """What could be read of a message; what could not stays as it is."""
    values: dict[str, object] = {"subject": subject} if subject else {}
    if author is not None:
        values |= {"author_name": author.name, "author_address": author.address}
        values |= {"author_key": author.key, "author_domain": author.domain}
    if identity is not None:
        values |= {"message_id": identity.message_id, "fingerprint": identity.fingerprint, "date": identity.date}
    if conduct is not None:
        values |= {"wrong_tokens": conduct.wrong_tokens, "is_prompt": conduct.is_prompt, "text_hash": conduct.text_hash}
    return values


def note_departments(tx: Transaction, message: int, departments: Collection[str]) -> None:
    """A settled message was read for these departments, too."""
    _SETTLE.write(tx, {"message": message, "departments": sorted(departments)})


def hold(
    tx: Transaction, message: int, reason: Reason, error: str, now: datetime, *, author: Address | None = None, subject: str = ""
) -> None:
    """Set a message aside because something broke over it (MAIL.md P1); `error` is the traceback."""
    finish(tx, message, IncomingState.HELD, reason, now, author=author, subject=subject, error=error)


def put_back(tx: Transaction, message: int, retry_at: datetime) -> None:
    """Give a claim up without settling the message; it may be claimed again from `retry_at` on. The attempt stays counted."""
    _SETTLE.write(tx, {"message": message, "claimed_by": None, "claimed_until": retry_at})


def uncount(tx: Transaction, message: int) -> None:
    """Give a claim up as if it had not been: the message was claimed, never read."""
    tx.execute(_UNCOUNT, {"message": message, "claimed_by": None, "claimed_until": None})


def release(tx: Transaction, message: int) -> None:
    """Let a quarantined message walk again; policy will not hold it another time (MAIL.md S5).

    Raises:
        NotFoundError: there is no such message.
        WrongStateError: it is not in quarantine.
    """
    _reopen(tx, message, IncomingState.QUARANTINED, {"released": True})


def retry(tx: Transaction, message: int, now: datetime) -> None:
    """Let a held message walk again. Raises as `release` does.

    One that is withheld is lent to its mailbox's watcher, which fetches it first; if that does not come to it, the message is held again.
    """
    _reopen(tx, message, IncomingState.HELD)
    tx.execute(_LEND, {"message": message, "until": now + LENT_FOR})


def send_after_all(tx: Transaction, message: int) -> None:
    """Let an agent's mail that was kept as a note walk again, as an answer to the customer (MAIL.md A6). Raises as `release` does."""
    _reopen(tx, message, IncomingState.DONE, {"sent_after_all": True})


def send_mended(tx: Transaction, message: int, corrected: str) -> None:
    """Let an agent's mail that was given back walk again, with these command lines in place of its own (MAIL.md A7). Raises as `release`
    does."""
    _reopen(tx, message, IncomingState.DONE, {"corrected": corrected})


def send_crossed(tx: Transaction, message: int, known_until: datetime) -> None:
    """Let an agent's answer that was held walk again: he knows what was answered until then (MAIL.md A11). Raises as `release` does."""
    _reopen(tx, message, IncomingState.DONE, {"caught_up": known_until})


def find_asked_again(tx: Transaction, place: Place, uid_validity: int) -> frozenset[int]:
    """The UIDs of withheld messages of a folder that are to be fetched again."""
    uids = tx.execute(_LENT, _key(place, uid_validity)).scalars()
    return frozenset(uid for uid in uids if uid is not None)


def find_mailboxes_asked_again(tx: Transaction) -> frozenset[str]:
    """The mailboxes in which such messages lie."""
    return frozenset(tx.execute(_MAILBOXES_LENT).scalars())


def store_again(tx: Transaction, arrival: Arrival) -> None:
    """What came of fetching a message again: all of it, in place of the header; or only why it is still withheld."""
    values: dict[str, object] = {"reason": arrival.withheld, "claimed_by": None, "claimed_until": None}
    if not arrival.withheld:
        sha256 = hashlib.sha256(arrival.raw).hexdigest()
        _store_raws(tx, {sha256: arrival.raw})
        values |= {"raw": sha256, "full_size": arrival.full_size, "received": arrival.received, "reason_code": ""}
        values |= {"answered": arrival.answered, "quiet": arrival.quiet, "junk": arrival.junk}
    lent = (
        *_IS_LENT,
        incoming.c.mailbox == arrival.mailbox,
        incoming.c.folder == arrival.part.value,
        incoming.c.uid_validity == arrival.uid_validity,
        incoming.c.uid == arrival.uid,
    )
    tx.execute(update(incoming).where(*lent), values)


def release_claims(tx: Transaction, vital_sign: claims.VitalSign, now: datetime) -> int:
    """Free the messages whose claim is over, and those put back that have waited long enough; answers how many. Attempts stay counted."""
    free = [row.id for row in tx.execute(_CLAIMS) if _is_free(row, vital_sign, now)]
    for chunk in in_chunks(free):
        tx.execute(_FREE.where(incoming.c.id.in_(chunk)))
    return len(free)


def give_back_claims(tx: Transaction, owner: str) -> int:
    """Free the messages a living owner has claimed and did not come to settle, as if they had not been claimed; answers how many."""
    return tx.execute(_FREE.where(incoming.c.claimed_by == owner).values(attempts=incoming.c.attempts - 1)).rowcount


def list_stored_after(tx: Transaction, message: int) -> list[Incoming]:
    """What was stored after the message with this id, in order, whatever became of it."""
    return [_incoming(row) for row in tx.execute(_STORED_AFTER, {"message": message})]


def find_all(tx: Transaction, messages: Sequence[int]) -> list[Incoming]:
    """These messages, by id, whatever became of them."""
    return [_incoming(row) for row in tx.execute(_CLAIMED, {"ids": list(messages)})]


def _is_free(row: AnyRow, vital_sign: claims.VitalSign, now: datetime) -> bool:
    if row.claimed_by is None:
        return is_over(row.claimed_until, LONGEST_PAUSE, now)
    return claims.has_ended(row.claimed_by, row.claimed_until, vital_sign, now)


def _without_known_uids(tx: Transaction, arrivals: Sequence[Arrival]) -> list[Arrival]:
    seen: set[tuple[Place, int | None, int | None]] = set()
    for place, uid_validity in {(arrival.place, arrival.uid_validity) for arrival in arrivals if arrival.uid is not None}:
        here = [arrival for arrival in arrivals if (arrival.place, arrival.uid_validity) == (place, uid_validity)]
        uids = [arrival.uid for arrival in here if arrival.uid is not None]
        seen |= {(place, uid_validity, uid) for uid in find_stored(tx, place, uid_validity, uids)}
    fresh = []
    for arrival in arrivals:
        key = (arrival.place, arrival.uid_validity, arrival.uid)
        if arrival.uid is None or key not in seen:
            seen.add(key)
            fresh.append(arrival)
    return fresh


def _key(place: Place, uid_validity: int | None) -> dict[str, object]:
    """The parameters of `_IS_THERE`."""
    return {"mailbox": place.mailbox, "folder": place.part.value, "uid_validity": uid_validity}


def _store_raws(tx: Transaction, raws: dict[str, bytes]) -> None:
    known = set(tx.execute(_KNOWN_RAWS, {"hashes": list(raws)}).scalars())
    rows = [
        {"sha256": sha256, "size": len(content), "content": zlib.compress(content, COMPRESSION)}
        for sha256, content in raws.items()
        if sha256 not in known
    ]
    if rows:
        tx.execute(raw_messages.insert(), rows)


def _incoming_values(arrival: Arrival, sha256: str, now: datetime) -> dict[str, object]:
    empty = dict.fromkeys(("message_class", "error", "author_name", "author_address", "subject"), "")
    return empty | {
        "mailbox": arrival.mailbox,
        "folder": arrival.part.value,
        "uid_validity": arrival.uid_validity,
        "uid": arrival.uid,
        "raw": sha256,
        "received": arrival.received,
        "stored": now,
        "state": IncomingState.RECEIVED.value,
        "attempts": 0,
        "answered": arrival.answered,
        "quiet": arrival.quiet,
        "junk": arrival.junk,
        "released": False,
        "full_size": arrival.full_size,
        "reason_code": WITHHELD if arrival.withheld else "",
        "reason": arrival.withheld,
        "evidence": [],
    }


def _reopen(tx: Transaction, message: int, wanted: IncomingState, marks: Mapping[str, object] = MappingProxyType({})) -> None:
    reopened = update(incoming).where(incoming.c.id == message, incoming.c.state == wanted.value)
    values: dict[str, object] = {
        "state": IncomingState.RECEIVED.value,
        "attempts": 0,
        "claimed_by": None,
        "claimed_until": None,
        "settled": None,
    }
    if tx.execute(reopened, {**values, **marks}).rowcount:
        return
    raise WrongStateError(f"message {message} is {show(tx, message).state.value}, not {wanted.value}")


def _incoming(row: AnyRow) -> Incoming:
    return Incoming(
        id=row.id,
        mailbox=row.mailbox,
        raw=zlib.decompress(row.content),
        received=row.received,
        stored=row.stored,
        attempts=row.attempts,
        answered=row.answered,
        quiet=row.quiet,
        released=row.released,
        full_size=row.full_size,
        withheld=row.reason if row.reason_code == WITHHELD else "",
        part=Part(row.folder),
        junk=row.junk,
        sent_after_all=row.sent_after_all,
        corrected=row.corrected,
        caught_up=row.caught_up,
        opinion=_opinion(row.opinion) if row.opinion else None,
    )


def _opinion(values: Mapping[str, Any]) -> Opinion:
    return Opinion(**{**values, "symbols": tuple(values["symbols"])})
