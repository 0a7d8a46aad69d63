"""The state of the desk at one look: mailboxes, depths, and what needs a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from maild.config.settings import Settings
from maild.effects import IncomingState
from maild.outbox.delivery import DeliveryState
from maild.store import accounts, letters, mailboxes
from maild.store.engine import Transaction
from maild.store.status import find_depths

NEVER_READ = "never read"
SHOWN_STATES = (IncomingState.RECEIVED, IncomingState.HELD, IncomingState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    mailbox: str
    state: str
    error: str | None
    last_success: datetime | None


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """`accounts` are SMTP accounts in trouble, with what is wrong. `troubles` are sentences for people; empty: all is well."""

    mailboxes: tuple[MailboxStatus, ...]
    incoming: Mapping[str, int]
    outbox: Mapping[str, int]
    oldest_queued: datetime | None
    paused: bool
    accounts: Mapping[str, str]
    troubles: tuple[str, ...]


def find_status(tx: Transaction, settings: Settings) -> DeskStatus:
    rows = {row.mailbox: row for row in mailboxes.list_mailboxes(tx)}
    found = tuple(
        MailboxStatus(key, row.state, row.error or None, row.last_success) if (row := rows.get(key)) else _unread(key)
        for key in settings.mailboxes
    )
    depths = find_depths(tx)
    incoming = {state.value: depths.incoming.get(state, 0) for state in SHOWN_STATES}
    outbox = {state.value: count for state, count in depths.outbox.items()}
    paused = letters.is_paused(tx)
    in_trouble = accounts.find_troubles(tx)
    troubles = (
        *(f"SMTP account {account}: {detail}" for account, detail in in_trouble.items()),
        *_troubles(found, incoming, outbox, paused),
    )
    return DeskStatus(found, incoming, outbox, depths.oldest_queued, paused, in_trouble, troubles)


def _unread(key: str) -> MailboxStatus:
    return MailboxStatus(key, NEVER_READ, None, None)


def _troubles(found: tuple[MailboxStatus, ...], incoming: Mapping[str, int], outbox: Mapping[str, int], paused: bool) -> Iterator[str]:
    yield from (f"mailbox {mailbox.mailbox}: {mailbox.state}: {mailbox.error}" for mailbox in found if mailbox.error)
    if held := incoming[IncomingState.HELD.value]:
        yield f"{held} incoming held: see `maild message list --state held`"
    for state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        if count := outbox.get(state.value):
            yield f"{count} outgoing {state.value}: see `maild outbox list --state {state.value}`"
    if paused:
        yield "the outbox is paused: `maild outbox resume` opens it"
