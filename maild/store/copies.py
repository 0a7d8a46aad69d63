"""Copies: mail that came before under a message's own id, and was settled (MAIL.md F1, A12)."""

from sqlalchemy import bindparam, func, select

from maild.effects import IncomingState
from maild.ingest.arrival import Part
from maild.known import KnownCopy
from maild.message import AuthResult
from maild.question import Question
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.retention import EXPIRED
from maild.store.tables.mail_in import incoming
from maild.store.tables.tickets import messages

MOST_COPIES = 50

_OF_ID = Prepared(
    select(
        incoming.c.id,
        incoming.c.fingerprint,
        incoming.c.date,
        incoming.c.ticket,
        incoming.c.state,
        incoming.c.reason_code,
        incoming.c.author_key,
        incoming.c.auth,
        incoming.c.folder,
        incoming.c.departments,
    )
    .where(
        incoming.c.message_id == bindparam("id", type_=incoming.c.message_id.type),
        incoming.c.state.in_((IncomingState.DONE.value, IncomingState.QUARANTINED.value)),
    )
    .order_by((incoming.c.fingerprint == bindparam("fingerprint", type_=incoming.c.fingerprint.type)).desc(), incoming.c.id)
    .limit(MOST_COPIES)
)
_HANDED_IN = (
    select(
        incoming.c.id,
        incoming.c.departments,
        messages.c.ticket,
        messages.c.author_address,
        func.coalesce(messages.c.shown, messages.c.at).label("date"),
    )
    .join(incoming, incoming.c.id == messages.c.incoming)
    .where(
        messages.c.message_id == bindparam("id", type_=messages.c.message_id.type),
        messages.c.agent.is_(None),
        incoming.c.message_id != messages.c.message_id,
    )
    .order_by(messages.c.id)
    .limit(MOST_COPIES)
)


def find_all(tx: Transaction, question: Question) -> tuple[KnownCopy, ...]:
    """Those that look the same first. Of the mail that is being read it finds what other departments have got of it."""
    rows = _OF_ID.read(tx, {"id": question.message_id, "fingerprint": question.fingerprint})
    return tuple(
        KnownCopy(
            row.id,
            row.fingerprint or "",
            row.date,
            row.ticket,
            _is_kept_out(row),
            row.author_key,
            row.auth == AuthResult.FAIL.value,
            row.folder == Part.JUNK.value,
            frozenset(row.departments or ()),
        )
        for row in rows
    )


def find_handed_in(tx: Transaction, question: Question) -> tuple[KnownCopy, ...]:
    """The very mail where an agent has forwarded it: on its ticket it refers to itself, and came in under the id of his."""
    rows = tx.execute(_HANDED_IN, {"id": question.message_id})
    return tuple(
        KnownCopy(
            row.id,
            "",
            row.date,
            row.ticket,
            in_quarantine=False,
            author=row.author_address.casefold(),
            departments=frozenset(row.departments or ()),
            handed_in=True,
        )
        for row in rows
    )


def _is_kept_out(row: AnyRow) -> bool:
    """In quarantine, or once there and meanwhile forgotten."""
    return bool(row.state == IncomingState.QUARANTINED.value or row.reason_code == EXPIRED.code)
