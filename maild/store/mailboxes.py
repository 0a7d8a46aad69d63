"""Mailboxes: how far each was read (OPERATIONS I1) and how it fares. Written in the transaction that stores the mail itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from maild.store.engine import Transaction
from maild.store.tables import mailboxes

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MailboxState:
    """`uid_validity` None: never read. Mail up to and including the UID `watermark` is ours or was too old at first contact.

    `first_contact` is when the desk first saw the mailbox.
    `state` is a word for people (`watching`, `unreachable`, …), `changed` when it last changed, `error` what went wrong.
    """

    mailbox: str
    uid_validity: int | None
    watermark: int
    first_contact: datetime | None
    state: str
    error: str
    last_success: datetime | None
    changed: datetime


_COLUMNS = (
    mailboxes.c.mailbox,
    mailboxes.c.uid_validity,
    mailboxes.c.watermark,
    mailboxes.c.first_contact,
    mailboxes.c.state,
    mailboxes.c.error,
    mailboxes.c.last_success,
    mailboxes.c.changed,
)


def find(tx: Transaction, mailbox: str) -> MailboxState | None:
    """A mailbox as it stands, None before it was first looked at."""
    row = tx.execute(select(*_COLUMNS).where(mailboxes.c.mailbox == mailbox)).first()
    return MailboxState(*row) if row else None


def list_mailboxes(tx: Transaction) -> tuple[MailboxState, ...]:
    return tuple(MailboxState(*row) for row in tx.execute(select(*_COLUMNS).order_by(mailboxes.c.mailbox)))


def store_progress(
    tx: Transaction, mailbox: str, uid_validity: int, watermark: int, now: datetime, *, first_contact: datetime | None = None
) -> None:
    """Move the watermark; a new `uid_validity` begins a new generation of UIDs. A known first contact is not forgotten."""
    before = _provide(tx, mailbox, now)
    values = {"uid_validity": uid_validity, "watermark": watermark, "first_contact": first_contact or before.first_contact}
    tx.execute(update(mailboxes).where(mailboxes.c.mailbox == mailbox), values)


def store_state(tx: Transaction, mailbox: str, state: str, now: datetime, *, error: str = "", succeeded: bool = False) -> None:
    """Record how the mailbox fares. `succeeded`: it was just read to its end."""
    before = _provide(tx, mailbox, now)
    values: dict[str, object] = {"state": state, "error": error}
    if before.state != state:
        values["changed"] = now
    if succeeded:
        values["last_success"] = now
    tx.execute(update(mailboxes).where(mailboxes.c.mailbox == mailbox), values)


def _provide(tx: Transaction, mailbox: str, now: datetime) -> MailboxState:
    if found := find(tx, mailbox):
        return found
    tx.execute(mailboxes.insert(), {"mailbox": mailbox, "watermark": 0, "state": UNKNOWN, "error": "", "changed": now})
    return MailboxState(mailbox, None, 0, None, UNKNOWN, "", None, now)
