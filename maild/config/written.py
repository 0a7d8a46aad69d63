"""Written: what the files say, read but not yet checked against each other. Parts that could not be read are absent."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.config.settings import Agent, Desk, Limits, Mailbox, OutboxSettings, Queue, Retention, Smtp, SpamPolicy, Storage, Trust, View
from maild.desk.calendar import Calendar


@dataclass(frozen=True, slots=True)
class WrittenQueue:
    """A queue and its mailbox. `mailbox` None: it names another queue, whose mailbox it shares."""

    queue: Queue
    mailbox: Mailbox | None


@dataclass(frozen=True, slots=True)
class Written:
    """The top-level keys that have landed."""

    desk: Desk | None = None
    storage: Storage = field(default_factory=Storage)
    smtp: Smtp | None = None
    trust: Trust = field(default_factory=Trust)
    queues: Mapping[str, WrittenQueue] = field(default_factory=dict)
    agents: Mapping[str, Agent] = field(default_factory=dict)
    teams: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    outbox: OutboxSettings = field(default_factory=OutboxSettings)
    limits: Limits = field(default_factory=Limits)
    spam: SpamPolicy | None = field(default_factory=SpamPolicy)
    retention: Retention = field(default_factory=Retention)
    own_lists: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    trusted_automation: tuple[str, ...] = ()
