"""The state of the desk at one look: mailboxes, depths, and what needs a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from maild.config.settings import Settings
from maild.effects import IncomingState
from maild.outbox.delivery import DeliveryState
from maild.store import accounts, brakes, mailboxes, suppressions
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
class Trouble:
    """Something that needs a person. `key` tells it from others, however its text changes; `may_pass`: it may be over by itself soon."""

    key: str
    text: str
    may_pass: bool = False


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """`accounts` are SMTP accounts in trouble, with what is wrong. Without `troubles` all is well."""

    mailboxes: tuple[MailboxStatus, ...]
    incoming: Mapping[str, int]
    outbox: Mapping[str, int]
    oldest_queued: datetime | None
    paused: bool
    accounts: Mapping[str, str]
    troubles: tuple[Trouble, ...]


def find_status(tx: Transaction, settings: Settings, now: datetime) -> DeskStatus:
    rows = {row.mailbox: row for row in mailboxes.list_mailboxes(tx)}
    found = tuple(
        MailboxStatus(key, row.state, row.error or None, row.last_success) if (row := rows.get(key)) else _unread(key)
        for key in settings.mailboxes
    )
    depths = find_depths(tx)
    incoming = {state.value: depths.incoming.get(state, 0) for state in SHOWN_STATES}
    outbox = {state.value: count for state, count in depths.outbox.items()}
    paused = brakes.is_paused(tx)
    in_trouble = accounts.find_troubles(tx)
    troubles = (
        *(Trouble(f"smtp {account}", f"SMTP account {account}: {detail}", may_pass=True) for account, detail in in_trouble.items()),
        *_troubles(found, incoming, outbox, paused),
        *_breaker_trouble(brakes.why_tripped(tx)),
        *_unreachable_agents(tx, settings, now),
    )
    return DeskStatus(found, incoming, outbox, depths.oldest_queued, paused, in_trouble, troubles)


def _unread(key: str) -> MailboxStatus:
    return MailboxStatus(key, NEVER_READ, None, None)


def _unreachable_agents(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Trouble]:
    """MAIL.md B6: an agent whose own mailbox bounces hears of nothing until he writes again."""
    homes = {agent.email.casefold(): agent for agent in settings.agents.values()}
    for address, suppression in suppressions.find_holding(tx, homes, now).items():
        yield Trouble(f"agent {homes[address].key}", f"{homes[address].name} gets no notifications: {suppression.reason} ({address})")


def _breaker_trouble(why: str) -> Iterator[Trouble]:
    """MAIL.md L4: a person looks at what caused the flood before more goes out."""
    if why:
        yield Trouble("breaker", f"automatic mail to customers is stopped: {why}; `maild outbox resume` lets it out again")


def _troubles(found: tuple[MailboxStatus, ...], incoming: Mapping[str, int], outbox: Mapping[str, int], paused: bool) -> Iterator[Trouble]:
    for mailbox in found:
        if mailbox.error:
            text = f"mailbox {mailbox.mailbox}: {mailbox.state}: {mailbox.error}"
            yield Trouble(f"mailbox {mailbox.mailbox}", text, may_pass=True)
    if held := incoming[IncomingState.HELD.value]:
        yield Trouble(f"held {held}", f"{held} incoming held: see `maild message list --state held`")
    for state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        if count := outbox.get(state.value):
            text = f"{count} outgoing {state.value}: see `maild outbox list --state {state.value}`"
            yield Trouble(f"{state.value} {count}", text, may_pass=state is DeliveryState.UNKNOWN)
    if paused:
        yield Trouble("paused", "the outbox is paused: `maild outbox resume` opens it")
