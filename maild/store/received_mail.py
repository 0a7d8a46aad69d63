"""Incoming mail as people look at it: what is there, what became of it and why, and its bytes. How it gets there is `store.incoming`."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, bindparam, func, select

from maild.effects import IncomingState
from maild.errors import NotFoundError
from maild.message import Address, AuthResult
from maild.reason import Reason
from maild.store.engine import AnyRow, Transaction
from maild.store.tables.mail_in import UNSETTLED, incoming, raw_messages

WITHHELD = "withheld"
"""The reason of a message the server does not hand over; as long as it stands, there is at most a header (OPERATIONS I12)."""


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """A message as `maild message list` shows it. `author` and `subject` are empty until it was first read, `auth` is None until then.

    `error` is a traceback.
    """

    id: int
    mailbox: str
    uid: int | None
    received: datetime
    author: Address
    subject: str
    state: IncomingState
    message_class: str
    reason: Reason
    error: str
    attempts: int
    ticket: int | None
    auth: AuthResult | None

    @property
    def is_withheld(self) -> bool:
        """Is it still on the server only?"""
        return self.reason.code == WITHHELD


_RAW = select(raw_messages.c.content).join(incoming, raw_messages.c.sha256 == incoming.c.raw).where(incoming.c.id == bindparam("message"))
_ROW = select(
    incoming.c.id,
    incoming.c.mailbox,
    incoming.c.uid,
    incoming.c.received,
    incoming.c.author_name,
    incoming.c.author_address,
    incoming.c.subject,
    incoming.c.state,
    incoming.c.message_class,
    incoming.c.reason_code,
    incoming.c.reason,
    incoming.c.error,
    incoming.c.attempts,
    incoming.c.ticket,
    incoming.c.auth,
)


def list_incoming(tx: Transaction, *, state: IncomingState | None = None, limit: int | None = None) -> tuple[IncomingRow, ...]:
    """Incoming messages, the newest first; every state unless one is named."""
    query = _ROW.where(*_in_state(state)).order_by(incoming.c.id.desc()).limit(limit)
    return tuple(_row(row) for row in tx.execute(query))


def count_incoming(tx: Transaction, *, state: IncomingState | None = None) -> int:
    return tx.execute(select(func.count()).select_from(incoming).where(*_in_state(state))).scalar_one()


def _in_state(state: IncomingState | None) -> list[ColumnElement[bool] | TextClause]:
    if state is None:
        return []
    return [incoming.c.state == state.value, *([] if state is IncomingState.DONE else [UNSETTLED])]


def show(tx: Transaction, message: int) -> IncomingRow:
    """One incoming message. Raises NotFoundError if there is none of that number."""
    row = tx.execute(_ROW.where(incoming.c.id == message)).first()
    if row is None:
        raise NotFoundError(f"there is no incoming message {message}")
    return _row(row)


def evidence(tx: Transaction, message: int) -> tuple[Reason, ...]:
    """All that spoke for what became of a message, in the order in which it was found; empty until it was read."""
    found = tx.execute(select(incoming.c.evidence).where(incoming.c.id == message)).scalar()
    return tuple(Reason(sign["code"], sign["text"]) for sign in found or ())


def raw(tx: Transaction, message: int) -> bytes:
    """The message exactly as it came. Raises NotFoundError if there is none of that number."""
    content = tx.execute(_RAW, {"message": message}).scalar()
    if content is None:
        raise NotFoundError(f"there is no incoming message {message}")
    return zlib.decompress(content)


def find_newest(tx: Transaction) -> int:
    """The id of the message stored last, 0 without one."""
    return tx.execute(select(func.max(incoming.c.id))).scalar() or 0


def _row(row: AnyRow) -> IncomingRow:
    return IncomingRow(
        id=row.id,
        mailbox=row.mailbox,
        uid=row.uid,
        received=row.received,
        author=Address(row.author_name, row.author_address),
        subject=row.subject,
        state=IncomingState(row.state),
        message_class=row.message_class,
        reason=Reason(row.reason_code, row.reason),
        error=row.error,
        attempts=row.attempts,
        ticket=row.ticket,
        auth=AuthResult(row.auth) if row.auth else None,
    )
