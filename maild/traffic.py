"""What came in and what became of it, as reports count it: plain values, on their way from the store to `maild.reports`."""

from dataclasses import dataclass
from datetime import datetime

from maild.effects import IncomingState
from maild.message import Address, MessageClass


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` on, and before `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """By what is known whose a mail is: the department of its ticket, if it has one; those it was read for; the mailbox it lay in. None:
    not known."""

    ticket_queue: str | None
    departments: tuple[str, ...] = ()
    mailbox: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A ticket that a customer began. `asked` is when his mail arrived, `answered` when the first answer to him was written, None: never;
    `elsewhere`: with a mail program, in the department's own name (MAIL.md A15). `is_claimed`: what looks like an agent's answer straight
    to him was kept as a note, since nothing vouched for the agent."""

    number: int
    queue: str
    requester: Address
    subject: str
    asked: datetime
    answered: datetime | None = None
    elsewhere: bool = False
    is_closed: bool = False
    is_claimed: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """So many mails that fared alike. `why` is the reason's code, or the rule's own words where one kept them out; it is empty unless they
    are held or in quarantine. `message_class` None: they could not be read. `was_sent`: they lay in the Sent folder."""

    origin: Origin
    message_class: MessageClass | None
    state: IncomingState
    why: str
    has_ticket: bool
    was_sent: bool
    mails: int


@dataclass(frozen=True, slots=True)
class NotSent:
    """So many letters that the mode of a department kept back, with the words of the log. `queue`: their ticket's, None: they concern no
    ticket, as what answers `list` or a rule's report."""

    queue: str | None
    text: str
    letters: int


@dataclass(frozen=True, slots=True)
class RuleFirings:
    """So many events on which a rule fared alike: it fired and did these things, or only would have (`shadow`), or broke over them
    (`broke`)."""

    origin: Origin
    rule: str
    actions: tuple[str, ...]
    broke: bool
    times: int
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """So many events on which a rule fared alike. `skipped`: it was not asked. `shadow`: what it did, it only would have done."""

    rule: str
    fired: bool
    shadow: bool
    broke: bool
    skipped: bool
    actions: tuple[str, ...]
    times: int


@dataclass(frozen=True, slots=True)
class Traffic:
    """All that was counted over a period. `customers_mails` by department."""

    requests: tuple[Request, ...]
    customers_mails: tuple[tuple[str, int], ...]
    received: tuple[Received, ...]
    not_sent: tuple[NotSent, ...]
    rules: tuple[RuleFirings, ...]
