"""Settings: the whole configuration as one frozen value. Read by `load.py`, never changed; a reload builds a new one.

Names and defaults are those of the contract (INTERFACE.md). Durations are timedeltas, sizes bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from maild import plus
from maild.desk.calendar import Calendar
from maild.message import Address
from maild.secret import Secret

UTC = ZoneInfo("UTC")
Security = Literal["tls", "starttls", "none"]
AgentAuth = Literal["token+dmarc", "token", "dmarc"]


class Mode(Enum):
    """PRODUCT 34a: observe sends nothing and touches nothing, agents sends to agents only, live is a desk."""

    OBSERVE = "observe"
    AGENTS = "agents"
    LIVE = "live"


class Provider(Enum):
    """A large provider whose servers say in a way of their own what they know of a sender (MAIL.md S1)."""

    GMAIL = "gmail"
    MICROSOFT365 = "microsoft365"


class Role(Enum):
    AGENT = "agent"
    LEAD = "lead"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class LegacyTag:
    """A subject tag of another system, whose numbers stay findable as weak evidence."""

    system: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Desk:
    name: str
    tag: str
    domain: str
    secret: Secret
    timezone: ZoneInfo = UTC
    language: str = "en"
    admins: tuple[str, ...] = ()
    control: str | None = None
    legacy_tags: tuple[LegacyTag, ...] = ()
    first_number: int = 1
    reopen_days: int = 30
    on_crossing: Literal["hold", "send", "note"] = "hold"
    default_visibility: Literal["public", "internal"] = "public"
    answers_from: Literal["agent", "first_name", "department"] = "agent"
    tag_position: Literal["prefix", "suffix", "off"] = "prefix"
    attach_max: int = 20 * 1024 * 1024
    precedence: Literal["off", "bulk", "list", "junk", "auto_reply"] = "off"
    plus: Literal["auto", "on", "off"] = "auto"


@dataclass(frozen=True, slots=True)
class Storage:
    url: str = "sqlite:///maild.db"


@dataclass(frozen=True, slots=True)
class Smtp:
    """The account that sends. `host` empty: nothing can be sent, which `check` says."""

    host: str
    port: int = 587
    security: Security = "starttls"
    username: str | None = None
    password: Secret | None = None
    allow_plaintext: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is believed, and what proves whom. `unauthenticated`: what a mail becomes whose sender failed DMARC (MAIL.md S3)."""

    authserv_ids: tuple[str, ...] = ()
    hops: int = 1
    agent_auth: AgentAuth = "token"
    tag_check: bool = True
    tag_grants: Literal["anybody", "participants"] = "anybody"
    unauthenticated: Literal["ticket", "quarantine"] = "ticket"


@dataclass(frozen=True, slots=True)
class After:
    """What happens to the server copy once a message is stored."""

    action: Literal["keep", "move", "delete"] = "keep"
    folder: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One IMAP mailbox; `key` is the queue it was written under. `start` None: take all; zero: only what comes from now on."""

    key: str
    host: str
    port: int
    security: Security
    username: str
    password: Secret
    folder: str = "INBOX"
    start: timedelta | None = timedelta(hours=24)
    after: After = After()
    sent: str = "auto"
    junk: str = "watch"
    max_size: int = 25 * 1024 * 1024
    mark_seen: Literal["never", "after"] = "never"
    provider: Provider | None = None
    allow_plaintext: bool = False
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Which agents are told: of a new ticket, and of a new message on one."""

    new: Literal["agents", "owner", "lead", "none"] = "agents"
    reply: Literal["agents", "owner", "lead", "none"] = "owner"


@dataclass(frozen=True, slots=True)
class Queue:
    """A department. `statuses` are the notices its customers get beside the acknowledgement.

    `split`: a mail to several departments is a ticket of its own here, and this department watches nobody else's (MAIL.md F10).
    `copy_to_sent`: its mailbox keeps a copy of what they get (MAIL.md O10). `send_after`: so long an agent's answer waits before it leaves.
    `calendar`: when it is open, by its key; None: always.
    """

    key: str
    name: str
    address: str
    mailbox: str
    aliases: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    lead: str | None = None
    mode: Mode = Mode.LIVE
    ack: Literal["always", "closed_hours", "off"] = "always"
    notify: Notify = Notify()
    statuses: frozenset[str] = frozenset({"closed"})
    send_after: timedelta = timedelta()
    split: bool = False
    copy_to_sent: bool = False
    language: str | None = None
    calendar: str | None = None
    signature: str | None = None
    smtp: Smtp | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address under which this department receives mail."""
        return (self.address, *self.aliases)

    @property
    def staff(self) -> frozenset[str]:
        """Who works here: its agents, and its lead."""
        return frozenset(self.agents) | (frozenset({self.lead}) if self.lead else frozenset())


@dataclass(frozen=True, slots=True)
class Agent:
    """`added` are addresses that he has said are his, too (MAIL.md A4), which no file has."""

    key: str
    name: str
    email: str
    emails: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    role: Role = Role.AGENT
    notify: Literal["all", "mine", "digest"] = "all"
    timezone: ZoneInfo | None = None
    hours: str | None = None
    tier: int = 1
    added: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.email, *self.emails, *self.added)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` in a sliding `window`."""

    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class AutomaticLimits:
    """Caps of automatic mail (MAIL.md L4). Empty or None: off."""

    per_recipient: tuple[Rate, ...] = (Rate(3, timedelta(hours=1)), Rate(10, timedelta(days=1)))
    per_domain: Rate | None = Rate(60, timedelta(hours=1))
    per_queue: Rate | None = Rate(300, timedelta(hours=1))
    breaker: Rate | None = Rate(600, timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class StormLimits:
    """New tickets from one sender or domain before acknowledgements stop (MAIL.md L6)."""

    per_sender: Rate | None = Rate(5, timedelta(minutes=10))
    per_domain: Rate | None = Rate(50, timedelta(minutes=10))


@dataclass(frozen=True, slots=True)
class Limits:
    """`automatic` or `storm` None: switched off."""

    automatic: AutomaticLimits | None = AutomaticLimits()
    storm: StormLimits | None = StormLimits()


@dataclass(frozen=True, slots=True)
class SpamFlag:
    """A header field that says spam where it begins with one of these patterns; `*` in them is any text. Without any it never does."""

    field: str
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpamScore:
    """A header field with a number that says spam from `spam_from` upwards. `after` is what stands before the number, None: as usual."""

    field: str
    spam_from: float
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Rspamd:
    """A running rspamd that is asked about each mail. `timeout` is for one question with its answer."""

    url: str
    timeout: timedelta = timedelta(seconds=2)
    password: Secret | None = None
    allow_plaintext: bool = False
    ca_file: Path | None = None

    @property
    def name(self) -> str:
        """What it is called wherever it is told of."""
        return f"rspamd at {self.url.partition('://')[2].rstrip('/')}"


@dataclass(frozen=True, slots=True)
class SpamPolicy:
    """MAIL.md S4: what a filter's "spam" does to a stranger's mail, whose evidence counts, and the desk's own signs beside the packaged.

    `threshold`: from this score upwards the points of rules say spam, too; None: they never do.
    `rspamd` is asked about each mail; None: nobody is.
    """

    strangers: Literal["quarantine", "ticket"] = "quarantine"
    evidence: Literal["trusted", "anywhere"] = "trusted"
    flags: tuple[SpamFlag, ...] = ()
    scores: tuple[SpamScore, ...] = ()
    threshold: float | None = 8
    rspamd: Rspamd | None = None


class SortKey(Enum):
    """By what tickets can be sorted: the most urgent first, the new before the closed, the oldest first, the longest untouched first."""

    PRIORITY = "priority"
    STATUS = "status"
    CREATED = "created"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Sort:
    """One step of an order: what is equal by it is sorted by the next. `backwards`: the other way round."""

    key: SortKey
    backwards: bool = False

    def __str__(self) -> str:
        return f"{'-' if self.backwards else ''}{self.key.value}"


@dataclass(frozen=True, slots=True)
class View:
    """A saved query (PRODUCT 17). Those who see it are these agents and whoever works in these departments; without any, everybody.

    `sort` is its order; without any it is listed, and the next ticket of it chosen, as of any query.
    """

    key: str
    query: str
    about: str = ""
    sort: tuple[Sort, ...] = ()
    queues: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    unknown_retry: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept; None: for ever."""

    closed: timedelta | None = None
    spam: timedelta | None = timedelta(days=30)
    quarantine: timedelta | None = timedelta(days=30)
    attachments: timedelta | None = None


@dataclass(frozen=True, slots=True)
class DepartmentAddress:
    """An address of ours taken apart: whose it is, the `address` the department is known by, and what stands behind its plus, or ""."""

    queue: Queue
    address: str
    detail: str


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole desk. `own_lists`, `forms` and `trusted_automation` hold addresses and domains in comparison form.

    `spam` None: no mail is spam to the desk itself.
    """

    directory: Path
    desk: Desk
    storage: Storage
    smtp: Smtp | None
    trust: Trust
    mailboxes: Mapping[str, Mailbox]
    queues: Mapping[str, Queue]
    agents: Mapping[str, Agent]
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    outbox: OutboxSettings = OutboxSettings()
    limits: Limits = Limits()
    spam: SpamPolicy | None = SpamPolicy()
    retention: Retention = Retention()
    own_lists: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    trusted_automation: frozenset[str] = frozenset()
    _departments: Mapping[str, Queue] = field(init=False, repr=False, compare=False)
    _agents: Mapping[str, Agent] = field(init=False, repr=False, compare=False)
    _own_domains: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Who has which address, in comparison form: asked for every address of every mail, of which a hostile one has thousands."""
        departments = {own.casefold(): queue for queue in reversed(list(self.queues.values())) for own in queue.addresses}
        agents = {own.casefold(): agent for agent in reversed(list(self.agents.values())) for own in agent.addresses}
        own = (*departments, (self.desk.control or "").casefold())
        object.__setattr__(self, "_departments", departments)
        object.__setattr__(self, "_agents", agents)
        object.__setattr__(self, "_own_domains", frozenset(_domain(address) for address in own if address))

    def with_added(self, added: Mapping[str, tuple[str, ...]]) -> "Settings":
        """The same desk, whose agents, by their keys, have these addresses beside those of the files, and no others. What the files give to
        a department or to anybody else is theirs."""
        by_files = frozenset(own.casefold() for agent in self.agents.values() for own in (agent.email, *agent.emails))

        def free(addresses: Iterable[str]) -> tuple[str, ...]:
            return tuple(own for own in addresses if own.casefold() not in by_files and not self.is_own_address(own))

        agents = {key: replace(agent, added=free(added.get(key, ()))) for key, agent in self.agents.items()}
        return self if agents == self.agents else replace(self, agents=agents)

    def department_at(self, address: str) -> DepartmentAddress | None:
        """The department an address belongs to, also with a detail behind its plus (MAIL.md F3a, F10); None for a foreign address."""
        for bare, detail in self._own_readings(address):
            if queue := self._departments.get(bare.casefold()):
                return DepartmentAddress(queue, bare, detail)
        return None

    def queue_at(self, address: str) -> Queue | None:
        """The department an address belongs to, None for a foreign address."""
        found = self.department_at(address)
        return found.queue if found else None

    def agent_at(self, address: str) -> Agent | None:
        """The agent an address belongs to, None if it is no agent's."""
        return self._agents.get(address.casefold())

    def teams_of(self, agent: str) -> tuple[str, ...]:
        """The teams an agent is in, by their keys."""
        return tuple(team for team, members in self.teams.items() if agent in members)

    def zone_of(self, agent: str | None) -> ZoneInfo:
        """The time zone in which an agent reads and means times; of anybody else it is the desk's."""
        known = self.agents.get(agent or "")
        return (known and known.timezone) or self.desk.timezone

    def is_own_address(self, address: str) -> bool:
        """Whether mail to this address comes back to the desk."""
        return self.queue_at(address) is not None or self.is_control_address(address)

    def is_in_own_domain(self, address: str) -> bool:
        """Whether it is in a domain of departments or of the address for commands, whoever has it there."""
        return _domain(address.casefold()) in self._own_domains

    def is_control_address(self, address: str) -> bool:
        """Whether agents write there what they ask the desk itself (MAIL.md A3)."""
        control = (self.desk.control or "").casefold()
        return any(bare.casefold() == control for bare, _ in self._own_readings(address))

    def _own_readings(self, address: str) -> Iterator[tuple[str, str]]:
        """What an address may mean, if it is in a domain of ours."""
        return plus.readings(address) if self.is_in_own_domain(address) else iter(())

    def has_judge(self, mailbox: str) -> bool:
        """Whether somebody's word about senders counts for the mail of this mailbox (MAIL.md S1)."""
        found = self.mailboxes.get(mailbox)
        return bool(self.trust.authserv_ids) or (found is not None and found.provider is not None)

    def calendar_of(self, queue: str) -> Calendar | None:
        """When a department is open; None: day and night."""
        found = self.queues.get(queue)
        return self.calendars.get(found.calendar or "") if found else None

    def queue_sender(self, key: str) -> Address:
        """The identity under which a department writes."""
        queue = self.queues[key]
        return Address(f"{queue.name} ({self.desk.name})", queue.address)

    def language_of(self, queue: str, requester: str | None) -> tuple[str, ...]:
        """The languages a letter is tried in: requester, queue, desk, English (INTERFACE.md)."""
        wanted = (requester, self.queues[queue].language if queue in self.queues else None, self.desk.language, "en")
        return tuple(dict.fromkeys(language for language in wanted if language))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
