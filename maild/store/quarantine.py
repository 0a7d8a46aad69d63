"""The quarantine as people look at it: how much lies there and why, and what has come since a time. Reading only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from maild.effects import IncomingState
from maild.message import Address
from maild.reason import Reason
from maild.store.engine import Transaction
from maild.store.tables.mail_in import KEPT_OUT, UNSETTLED, incoming

DROPPED = "drop"
"""A rule has said that nobody is expected to look at it (RULES.md 4)."""


@dataclass(frozen=True, slots=True)
class KeptOut:
    """A mail in quarantine."""

    id: int
    mailbox: str
    author: Address
    subject: str
    reason: Reason


_IS_QUARANTINED = incoming.c.state == IncomingState.QUARANTINED.value
_COUNTS = select(incoming.c.reason_code, func.count()).where(UNSETTLED, _IS_QUARANTINED).group_by(incoming.c.reason_code)
_SINCE = (
    select(
        incoming.c.id,
        incoming.c.mailbox,
        incoming.c.author_name,
        incoming.c.author_address,
        incoming.c.subject,
        incoming.c.reason_code,
        incoming.c.reason,
    )
    .where(
        KEPT_OUT,
        _IS_QUARANTINED,
        incoming.c.reason_code != DROPPED,
        incoming.c.settled > bindparam("since", type_=incoming.c.settled.type),
        incoming.c.settled <= bindparam("until", type_=incoming.c.settled.type),
    )
    .order_by(incoming.c.settled.desc())
    .limit(bindparam("most"))
)


def count_by_reason(tx: Transaction) -> Mapping[str, int]:
    """How many mails lie in quarantine for each reason."""
    return {code: count for code, count in sorted((code, count) for code, count in tx.execute(_COUNTS))}


def list_kept_out(tx: Transaction, since: datetime, until: datetime, most: int) -> tuple[KeptOut, ...]:
    """What was put there after `since`, up to `until`, the oldest first and at most the newest `most`; without what a rule has dropped."""
    rows = tx.execute(_SINCE, {"since": since, "until": until, "most": most}).all()
    return tuple(
        KeptOut(row.id, row.mailbox, Address(row.author_name, row.author_address), row.subject, Reason(row.reason_code, row.reason))
        for row in reversed(rows)
    )
