"""Mailboxes: how far each folder was read (OPERATIONS I1) and how it fares. Written in the transaction that stores the mail itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from maild.ingest.arrival import Part, Place
from maild.store.engine import Transaction
from maild.store.tables.mail_in import mailboxes

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MailboxState:
    """`uid_validity` None: never read. Mail up to and including the UID `watermark` is ours or was too old at first contact.

    `first_contact` is when the desk first saw the folder.
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


def find(tx: Transaction, place: Place) -> MailboxState | None:
    """A folder as it stands, None before it was first looked at."""
    row = tx.execute(select(*_COLUMNS).where(*_is(place))).first()
    return MailboxState(*row) if row else None


def list_mailboxes(tx: Transaction) -> tuple[MailboxState, ...]:
    """Every mailbox; its state is that of the folder it is read from."""
    query = select(*_COLUMNS).where(mailboxes.c.folder == Part.INBOX.value).order_by(mailboxes.c.mailbox)
    return tuple(MailboxState(*row) for row in tx.execute(query))


def store_progress(
    tx: Transaction, place: Place, uid_validity: int, watermark: int, now: datetime, *, first_contact: datetime | None = None
) -> None:
    """Move the watermark; a new `uid_validity` begins a new generation of UIDs. A known first contact is not forgotten."""
    before = _provide(tx, place, now)
    values = {"uid_validity": uid_validity, "watermark": watermark, "first_contact": first_contact or before.first_contact}
    tx.execute(update(mailboxes).where(*_is(place)), values)


def store_state(tx: Transaction, mailbox: str, state: str, now: datetime, *, error: str = "", succeeded: bool = False) -> None:
    """Record how the mailbox fares. `succeeded`: it was just read to its end."""
    place = Place(mailbox)
    before = _provide(tx, place, now)
    values: dict[str, object] = {"state": state, "error": error}
    if before.state != state:
        values["changed"] = now
    if succeeded:
        values["last_success"] = now
    tx.execute(update(mailboxes).where(*_is(place)), values)


def _provide(tx: Transaction, place: Place, now: datetime) -> MailboxState:
    if found := find(tx, place):
        return found
    key = {"mailbox": place.mailbox, "folder": place.part.value}
    tx.execute(mailboxes.insert(), key | {"watermark": 0, "state": UNKNOWN, "error": "", "changed": now})
    return MailboxState(place.mailbox, None, 0, None, UNKNOWN, "", None, now)


def _is(place: Place) -> tuple[ColumnElement[bool], ...]:
    return mailboxes.c.mailbox == place.mailbox, mailboxes.c.folder == place.part.value
