"""The `tests:` blocks of rule files as values (RULES.md 6): a mail, what is given, what is expected.

Read by `load_cases`, run by `trial`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from maild.background import NO_BACKGROUND, Background
from maild.ticket import Priority, Status, Tier


@dataclass(frozen=True, slots=True)
class SampleMail:
    """The mail of a test. `headers` are added to the usual ones; `attachments` are file names."""

    sender: str
    to: tuple[str, ...]
    subject: str = ""
    body: str = ""
    cc: tuple[str, ...] = ()
    reply_to: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenTicket:
    """The sender's ticket that stands before the mail comes, and to which the mail is a reply. `age`: so long ago it was opened."""

    queue: str
    status: Status = Status.OPEN
    priority: Priority = Priority.NORMAL
    tier: Tier = Tier.L1
    owner: str | None = None
    team: str | None = None
    tags: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    age: timedelta = timedelta(hours=1)
    customer_messages: int = 1
    agent_messages: int = 0


@dataclass(frozen=True, slots=True)
class Expectation:
    """`fired` is a subset. `ticket` holds field names and the text expected there, `tags` the tags that must be among the ticket's, `tasks`
    what agents, by key, must have to do. `forks` are the queues that get a ticket of their own.

    `sent` counts notices by template or kind, not recipients; `state` is that of the incoming message, as in `message list`; `score`
    what the points of all rules come to.
    """

    fired: tuple[str, ...] = ()
    not_fired: tuple[str, ...] = ()
    ticket: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    tasks: Mapping[str, str] = field(default_factory=dict)
    forks: frozenset[str] = frozenset()
    sent: Mapping[str, int] = field(default_factory=dict)
    state: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """What an agent does, by his key; None: the first of the department. `commands` are those of `maild.desk.verbs`; `text` are his words,
    `internal`: for colleagues."""

    by: str | None
    text: str = ""
    internal: bool = False
    commands: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """So much time goes by, in which whatever falls due happens."""

    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next, or what is expected of all that has happened since the last time something was expected."""

    line: int
    what: SampleMail | Deed | Wait | Expectation


@dataclass(frozen=True, slots=True)
class Case:
    """One test: a mail, and then the steps. `given` None: the mail opens a ticket. `background` and `away`, agents by key, are what else is
    given."""

    name: str
    file: str
    line: int
    at: datetime
    mail: SampleMail
    given: GivenTicket | None
    steps: tuple[Step, ...]
    background: Background = NO_BACKGROUND
    away: frozenset[str] = frozenset()
