"""The state of the desk at one look: the daemon, mailboxes, depths, and what needs a person."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.config.settings import Mode, Settings
from maild.effects import IncomingState
from maild.outbox.delivery import DeliveryState
from maild.reports.life import RELOAD, START, DaemonStatus, Life, find_daemon
from maild.reports.paused_rules import describe_pause, remedy_of
from maild.store import accounts, brakes, delayed_answers, mailboxes, rule_mail, suppressions
from maild.store.broken_rules import find_lately
from maild.store.engine import Transaction
from maild.store.quarantine import count_by_reason
from maild.store.status import Stopped, count_elsewhere, find_depths, find_given_up, find_held

ALARM_TEMPLATE = "attention"
"""Of the letters in which the admins are told of troubles."""
NEVER_READ = "never read"
SHOWN_STATES = (IncomingState.RECEIVED, IncomingState.HELD, IncomingState.QUARANTINED)
UNSENT_STATES = tuple(state for state in DeliveryState if state not in (DeliveryState.SENT, DeliveryState.CANCELLED))


@dataclass(frozen=True, slots=True)
class MailboxStatus:
    mailbox: str
    state: str
    error: str | None
    last_success: datetime | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that needs a person. `may_pass`: it may be over by itself soon.

    `causes` names each single thing behind it, by the same name as long as it stands. Whoever was told of all of them has nothing new to
    learn, whatever the text counts; a trouble without any is shown, and nobody's news.
    """

    text: str
    causes: frozenset[str]
    may_pass: bool = False


@dataclass(frozen=True, slots=True)
class Observing:
    """A department that only observes (PRODUCT 34a), and since when its mailbox is read."""

    queue: str
    since: datetime

    def days(self, now: datetime) -> int:
        """Days that have begun."""
        return max((now - self.since) // timedelta(days=1), 0) + 1


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """`quarantine` counts what lies there by reason, `held_back` what of the outbox waits because of `send_after`. `accounts` are SMTP
    accounts in trouble, with what is wrong.

    Without `troubles` all is well.
    """

    daemon: DaemonStatus
    mailboxes: tuple[MailboxStatus, ...]
    incoming: Mapping[str, int]
    quarantine: Mapping[str, int]
    outbox: Mapping[str, int]
    held_back: int
    oldest_queued: datetime | None
    paused: bool
    accounts: Mapping[str, str]
    observing: tuple[Observing, ...]
    troubles: tuple[Trouble, ...]


def find_status(tx: Transaction, settings: Settings, now: datetime) -> DeskStatus:
    rows = {row.mailbox: row for row in mailboxes.list_mailboxes(tx)}
    found = tuple(
        MailboxStatus(key, row.state, row.error or None, row.last_success) if (row := rows.get(key)) else _unread(key)
        for key in settings.mailboxes
    )
    depths = find_depths(tx)
    incoming = {state.value: depths.incoming.get(state, 0) for state in SHOWN_STATES}
    outbox = {state.value: depths.outbox.get(state, 0) for state in UNSENT_STATES}
    paused = brakes.is_paused(tx)
    in_trouble = accounts.find_troubles(tx)
    daemon = find_daemon(tx, now)
    troubles = (
        *_daemon_trouble(daemon),
        *(_one(f"smtp {account}", f"SMTP account {account}: {detail}", may_pass=True) for account, detail in in_trouble.items()),
        *_filter_trouble(tx, settings),
        *_mailbox_troubles(found),
        *_stopped_mail(tx),
        *_breaker_trouble(brakes.why_tripped(tx)),
        *_paused_rules(tx, settings),
        *_broken_rules(tx, now),
        *_unreachable_agents(tx, settings, now),
        *_homeless_tickets(tx, settings),
        *([_one("paused", "the outbox is paused: `maild outbox resume` opens it")] if paused else []),
    )
    held_back, oldest = delayed_answers.count_waiting(tx, now), depths.oldest_queued
    observing = tuple(
        Observing(queue.key, first_contact)
        for queue in settings.queues.values()
        if queue.mode is Mode.OBSERVE and (row := rows.get(queue.mailbox)) and (first_contact := row.first_contact)
    )
    return DeskStatus(daemon, found, incoming, count_by_reason(tx), outbox, held_back, oldest, paused, in_trouble, observing, troubles)


def _unread(key: str) -> MailboxStatus:
    return MailboxStatus(key, NEVER_READ, None, None)


def _one(cause: str, text: str, *, may_pass: bool = False) -> Trouble:
    return Trouble(text, frozenset({cause}), may_pass)


def _daemon_trouble(daemon: DaemonStatus) -> Iterator[Trouble]:
    """Whoever has never started one knows that none runs. Refused files are looked at by whoever has reloaded, or else are news later."""
    if daemon.life is Life.SILENT:
        yield _one("daemon", f"{daemon.text}: see `systemctl status maild`", may_pass=True)
    elif daemon.life in (Life.GONE, Life.STOPPED):
        yield _one("daemon", f"{daemon.text}; {START} starts one", may_pass=True)
    elif daemon.refused_reload:
        yield _one("reload", f"the daemon is {daemon.text}; {RELOAD}", may_pass=True)


def _breaker_trouble(why: str) -> Iterator[Trouble]:
    """MAIL.md L4: a person looks at what caused the flood before more goes out."""
    if why:
        yield _one("breaker", f"automatic mail to customers is stopped: {why}; `maild outbox resume` lets it out again")


def _broken_rules(tx: Transaction, now: datetime) -> Iterator[Trouble]:
    """RULES.md 5.2: the mail went on without it, and nobody would miss it before a customer does."""
    for broken in find_lately(tx, now):
        yield _one(f"rule error {broken.rule}", f"rule {broken.rule} broke: {broken.why}")


def _paused_rules(tx: Transaction, settings: Settings) -> Iterator[Trouble]:
    """RULES.md 5.5: who answers for a rule was told when it was paused, so that it is no news to the admins."""
    for pause in rule_mail.list_pauses(tx):
        yield Trouble(f"{describe_pause(pause, settings.desk.timezone)}; `{remedy_of(pause)}` lets it go on", frozenset())


def _filter_trouble(tx: Transaction, settings: Settings) -> Iterator[Trouble]:
    rspamd = settings.spam.rspamd if settings.spam else None
    if rspamd and (detail := accounts.find_filter_trouble(tx, rspamd.name)):
        yield _one(f"filter {rspamd.name}", f"{rspamd.name}: {detail}; mail is read without it", may_pass=True)


def _homeless_tickets(tx: Transaction, settings: Settings) -> Iterator[Trouble]:
    """A queue was renamed or removed: its tickets move by themselves only when mail comes in on them."""
    for queue, number in count_elsewhere(tx, settings.queues).items():
        what = f"{number} unfinished ticket{'s' if number > 1 else ''} in queue {queue}, which is no longer configured"
        yield _one(f"queue {queue}", f"{what}: see `maild ticket list queue:{queue}`, `maild ticket move` takes them elsewhere")


def _unreachable_agents(tx: Transaction, settings: Settings, now: datetime) -> Iterator[Trouble]:
    """MAIL.md B6: an agent whose own mailbox bounces hears of nothing until he writes again."""
    homes = {agent.email.casefold(): agent for agent in settings.agents.values()}
    for address, suppression in suppressions.find_holding(tx, homes, now).items():
        agent = homes[address]
        yield _one(f"agent {agent.key}", f"{agent.name} gets no notifications: {suppression.reason} ({address})")


def _mailbox_troubles(found: Sequence[MailboxStatus]) -> Iterator[Trouble]:
    for mailbox in found:
        if mailbox.error:
            yield _one(f"mailbox {mailbox.mailbox}", f"mailbox {mailbox.mailbox}: {mailbox.state}: {mailbox.error}", may_pass=True)


def _stopped_mail(tx: Transaction) -> Iterator[Trouble]:
    """A letter that tells of trouble and does not arrive is no news: it would be the cause of the next one, and so on."""
    if held := find_held(tx):
        yield Trouble(f"{len(held)} incoming held: see `maild message list --state held`", _causes("held", held))
    for state in (DeliveryState.FAILED, DeliveryState.UNKNOWN):
        if given_up := find_given_up(tx, state):
            told_by = [letter for letter in given_up if letter.template != ALARM_TEMPLATE]
            text = f"{len(given_up)} outgoing {state.value}: see `maild outbox list --state {state.value}`"
            yield Trouble(text, _causes(state.value, told_by))


def _causes(what: str, stopped: Sequence[Stopped]) -> frozenset[str]:
    """What a person tried again and what then stopped again is another cause."""
    return frozenset(f"{what} {one.id} {one.since.isoformat()}" for one in stopped)
