"""Retention: what the desk does not want to keep any longer is forgotten, in small portions (INTERFACE.md, `retention`).

A forgotten mail leaves its row, emptied, with what it is known again by (MAIL.md F1): a mailbox that is read anew does not bring it back.
"""

import hashlib
import zlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, delete, exists, select, update

from maild.effects import IncomingState
from maild.reason import Reason
from maild.store import letter_files
from maild.store.counters import await_turn
from maild.store.engine import Transaction
from maild.store.tables.mail_in import KEPT_OUT, incoming, raw_messages
from maild.store.tables.tickets import ENDED, MERGED, events, rule_traces, tickets
from maild.ticket import Status

EXPIRED = Reason("expired", "its time in quarantine is over; it was deleted")
DELETED = Reason("deleted", "it was deleted with its ticket")
_NOTHING = hashlib.sha256(b"").hexdigest()

_EXPIRED_MAIL = (
    select(incoming.c.id, incoming.c.raw)
    .where(KEPT_OUT, incoming.c.settled < bindparam("before"))
    .order_by(incoming.c.settled)
    .limit(bindparam("most"))
)
_OLD_TICKETS = (
    select(tickets.c.number)
    .where(ENDED, tickets.c.status == bindparam("wanted"), tickets.c.updated < bindparam("before"))
    .order_by(tickets.c.updated)
    .limit(bindparam("most"))
)
_MERGED_TICKETS = select(tickets.c.number).where(MERGED, tickets.c.merged_into.in_(bindparam("numbers", expanding=True)))
_MAIL_OF_TICKETS = select(incoming.c.id, incoming.c.raw).where(incoming.c.ticket.in_(bindparam("numbers", expanding=True)))
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_EMPTY = (
    update(incoming)
    .where(incoming.c.id.in_(_IDS))
    .values(
        raw=_NOTHING,
        state=IncomingState.DONE.value,
        reason_code=bindparam("code"),
        reason=bindparam("words"),
        error="",
        author_name="",
        author_address="",
        author_key=None,
        author_domain=None,
        text_hash=None,
        subject="",
        evidence=[],
        ticket=None,
        corrected=None,
        opinion=None,
    )
)
_DELETE_TRACES = delete(rule_traces).where(rule_traces.c.incoming.in_(_IDS))
_FIRST_TRACES = select(rule_traces.c.id, rule_traces.c.at).order_by(rule_traces.c.id).limit(bindparam("most"))
_DELETE_OLD_TRACES = delete(rule_traces).where(rule_traces.c.id.in_(_IDS))
_DELETE_EVENTS = delete(events).where(events.c.ticket.is_(None), events.c.incoming.in_(_IDS))
_DELETE_TICKETS = delete(tickets).where(tickets.c.number.in_(bindparam("numbers", expanding=True)))
_DELETE_RAWS = delete(raw_messages).where(
    raw_messages.c.sha256.in_(bindparam("hashes", expanding=True)), ~exists().where(incoming.c.raw == raw_messages.c.sha256)
)


def forget_kept_out(tx: Transaction, before: datetime, most: int) -> int:
    """Forget mail that came to no ticket and was settled before that time: quarantined, a copy of such, or of a Sent folder.

    Answers how many.
    """
    await_turn(tx)
    found = tx.execute(_EXPIRED_MAIL, {"before": before, "most": most}).all()
    _forget_mail(tx, {row.id: row.raw for row in found}, EXPIRED)
    return len(found)


def forget_tickets(tx: Transaction, status: Status, before: datetime, most: int) -> int:
    """Forget tickets, closed or spam, that nothing has happened to since that time, with all that belongs to them. Answers how many."""
    await_turn(tx)
    found = list(tx.execute(_OLD_TICKETS, {"wanted": status.value, "before": before, "most": most}).scalars())
    if not found:
        return 0
    numbers = _with_merged(tx, found)
    mail = {row.id: row.raw for row in tx.execute(_MAIL_OF_TICKETS, {"numbers": numbers})}
    carried = letter_files.find_files_of(tx, numbers)
    tx.execute(_DELETE_TICKETS, {"numbers": numbers})
    letter_files.delete_unused(tx, carried)
    _forget_mail(tx, mail, DELETED)
    return len(found)


def forget_traces(tx: Transaction, before: datetime, most: int) -> int:
    """Forget what rules were asked before that time; the log of a ticket keeps what they did. Answers how many decisions that were.

    Only so many of the first are looked at: they were written in the order of time, but for what a clock has jumped.
    """
    first = tx.execute(_FIRST_TRACES, {"most": most}).all()
    old = [row.id for row in first if row.at < before]
    if old:
        await_turn(tx)
        tx.execute(_DELETE_OLD_TRACES, {"ids": old})
    return len(old)


def _with_merged(tx: Transaction, numbers: list[int]) -> list[int]:
    """These tickets, and those that went into them: nothing else is left of their customers."""
    wanted, fresh = list(numbers), list(numbers)
    while fresh := list(tx.execute(_MERGED_TICKETS, {"numbers": fresh}).scalars()):
        wanted += fresh
    return wanted


def _forget_mail(tx: Transaction, raws: dict[int, str], why: Reason) -> None:
    """`raws`: which bytes each message came as. Bytes that another message came as, too, stay."""
    if not raws:
        return
    ids = list(raws)
    _provide_nothing(tx)
    tx.execute(_EMPTY, {"ids": ids, "code": why.code, "words": why.text})
    tx.execute(_DELETE_TRACES, {"ids": ids})
    tx.execute(_DELETE_EVENTS, {"ids": ids})
    _delete_unused(tx, set(raws.values()) - {_NOTHING})


def _provide_nothing(tx: Transaction) -> None:
    """What a forgotten mail came as: no bytes at all."""
    if tx.execute(select(raw_messages.c.size).where(raw_messages.c.sha256 == _NOTHING)).first() is None:
        tx.execute(raw_messages.insert(), {"sha256": _NOTHING, "size": 0, "content": zlib.compress(b"")})


def _delete_unused(tx: Transaction, hashes: Collection[str]) -> None:
    if hashes:
        tx.execute(_DELETE_RAWS, {"hashes": list(hashes)})
