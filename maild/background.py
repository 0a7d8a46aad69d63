"""Background: what rules may ask beyond a mail and its ticket, and what bounds them; looked up only where a rule of the set wants it.
Plain values.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from maild.posted_answer import PostedAnswer, WaitingNotice


class Aspect(Enum):
    """What is looked up together: who the requester is to the desk, how much there is to do, what has been of the ticket until now, whose
    turn it is, and, for no rule, what is held back from its people."""

    REQUESTER = "requester"
    WORKLOAD = "workload"
    PAST = "past"
    TURNS = "turns"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many mails may a rule send in so long (RULES.md 5.5). What is looked up for it is how many it has sent."""

    rule: str
    mails: int
    window: timedelta


Sought = Aspect | Limit


@dataclass(frozen=True, slots=True)
class Behind:
    """The question: these aspects of the ticket with that number, 0 for one that is not yet opened. `requester` is his address as addresses
    are compared."""

    aspects: frozenset[Sought]
    ticket: int
    requester: str


@dataclass(frozen=True, slots=True)
class Pause:
    """A rule has gone past its limit: since when it is not asked, and why."""

    rule: str
    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class RuleMail:
    """How many letters a rule has sent within the window of its limit. Where that is just reached: the last `tickets` they were
    about, the newest first. `pause` None: it is not paused."""

    count: int = 0
    tickets: tuple[int, ...] = ()
    pause: Pause | None = None


NO_MAIL = RuleMail()


@dataclass(frozen=True, slots=True)
class Background:
    """The answer; what was not asked for is as of a desk without any tickets.

    REQUESTER: how many other `tickets` he has, spam and merged ones not counted, the `tags` of the newest, and `last_agent`, who owned the
    newest that anybody owned. WORKLOAD: the new and open tickets that are not snoozed, by owner and by queue. PAST: since when the customer
    waits for an answer, None where he waits for none; when the ticket was last changed; how often it was reopened. TURNS: the number of the
    newest ticket that each agent owns, by agent. WAITING: the `answers` that wait to be sent, the newest first, and the `notices` that wait
    behind them. For each limit: the `mail` of its rule.
    """

    tickets: int = 0
    tags: frozenset[str] = frozenset()
    last_agent: str | None = None
    loads: Mapping[str, int] = field(default_factory=dict)
    lengths: Mapping[str, int] = field(default_factory=dict)
    waits_since: datetime | None = None
    changed: datetime | None = None
    reopenings: int = 0
    newest: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[PostedAnswer, ...] = ()
    notices: tuple[WaitingNotice, ...] = ()
    mail: Mapping[str, RuleMail] = field(default_factory=dict)


NO_BACKGROUND = Background()
