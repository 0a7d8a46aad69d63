"""The figures of a report, department by department: how many asked, how fast they were answered, what the desk kept back, what its rules
did. Pure: counted values → figures; hours are those of the clock on the wall."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import starmap
from math import ceil
from statistics import median
from typing import TypeVar

from maild.config.settings import Mode, Settings
from maild.effects import IncomingState
from maild.message import MessageClass
from maild.outbox.guard import KeptBack, read_kept_back, read_speaker
from maild.traffic import NotSent, Origin, Period, Received, Request, RuleFirings, Traffic

Counted = TypeVar("Counted", bound=Hashable)

MOST_ACTIONS = 20
"""So many of a rule's actions are named, the commonest first: their words may hold a value out of each mail."""
_KEPT_OUT = (IncomingState.HELD, IncomingState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that nobody has answered, and for how long."""

    request: Request
    hours: float


@dataclass(frozen=True, slots=True)
class AnswerTimes:
    """Hours from a request to its first answer: the middle one, and what nine in ten did not exceed (nearest rank)."""

    median_hours: float
    p90_hours: float


@dataclass(frozen=True, slots=True)
class AutomaticMail:
    """What machines wrote, of one class; `kept_out` of it came to no ticket."""

    message_class: MessageClass
    mails: int
    kept_out: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """Mail that was held or is in quarantine, for one reason: its stable word, or what the rule that kept it out says."""

    state: IncomingState
    reason: str
    mails: int


@dataclass(frozen=True, slots=True)
class Unsent:
    """Letters that went to nobody because of the department's mode."""

    letter: KeptBack
    letters: int


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """How often a rule fired, and over how many events it broke and was skipped; what it did, or in shadow would have, with how often."""

    rule: str
    fired: int
    broke: int
    actions: tuple[tuple[str, int], ...]
    would_have_fired: int = 0


@dataclass(frozen=True, slots=True)
class QueueReport:
    """One department. `mode` None: it is configured no longer; where `queue` is empty, too: mail of which nobody knows whose it is.

    Of `requests` some are answered, `elsewhere` in the department's own name with a mail program, some are closed without, the rest is
    `unanswered`, the oldest first. `sent_about_nothing` are mails of the Sent folder that people wrote, and that belong to no ticket.
    """

    queue: str
    mode: Mode | None
    requests: int = 0
    customers_mails: int = 0
    answered: int = 0
    answered_elsewhere: int = 0
    closed: int = 0
    first_answer: AnswerTimes | None = None
    unanswered: tuple[Waiting, ...] = ()
    sent_about_nothing: int = 0
    automatic: tuple[AutomaticMail, ...] = ()
    not_sent: tuple[Unsent, ...] = ()
    rules: tuple[RuleFigures, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @property
    def perhaps_answered(self) -> int:
        """So many of the unanswered an agent has answered from his own address, if that was he: nothing vouches for it (MAIL.md A15)."""
        return sum(waiting.request.is_claimed for waiting in self.unanswered)

    @property
    def has_customers(self) -> bool:
        """Whether customers write there, or could. What is nobody's is mostly no mail at all, but what rules report of departments."""
        return bool(self.queue or self.requests or self.customers_mails)


@dataclass(frozen=True, slots=True)
class Report:
    period: Period
    queues: tuple[QueueReport, ...]


def build_report(traffic: Traffic, period: Period, settings: Settings, now: datetime) -> Report:
    """Every configured department in the configuration's order, then what else was met."""
    shares = _shared_out(traffic, settings)
    met = sorted(shares.keys() - settings.queues.keys())
    return Report(period, tuple(_queue_report(queue, shares.get(queue, _Share()), settings, now) for queue in (*settings.queues, *met)))


def find_queue(origin: Origin, settings: Settings) -> str:
    """The department a mail counts for: its ticket's, else the first it was read for, else the first that is read from its mailbox. Empty:
    there is none."""
    if origin.ticket_queue is not None:
        return origin.ticket_queue
    mailbox = (queue.key for queue in settings.queues.values() if queue.mailbox == origin.mailbox)
    return origin.departments[0] if origin.departments else next(mailbox, "")


@dataclass(slots=True)
class _Share:
    """What one department has of all that was counted."""

    requests: list[Request] = field(default_factory=list)
    customers_mails: int = 0
    received: list[Received] = field(default_factory=list)
    not_sent: list[NotSent] = field(default_factory=list)
    rules: list[RuleFirings] = field(default_factory=list)


def _shared_out(traffic: Traffic, settings: Settings) -> Mapping[str, _Share]:
    shares: defaultdict[str, _Share] = defaultdict(_Share)
    for request in traffic.requests:
        shares[request.queue].requests.append(request)
    for queue, mails in traffic.customers_mails:
        shares[queue].customers_mails = mails
    for received in traffic.received:
        shares[find_queue(received.origin, settings)].received.append(received)
    for kept_back in traffic.not_sent:
        shares[kept_back.queue or read_speaker(kept_back.text)].not_sent.append(kept_back)
    for firings in traffic.rules:
        shares[find_queue(firings.origin, settings)].rules.append(firings)
    return shares


def _queue_report(queue: str, share: _Share, settings: Settings, now: datetime) -> QueueReport:
    answered = [(request, request.answered) for request in share.requests if request.answered]
    unanswered = [request for request in share.requests if request.answered is None and not request.is_closed]
    return QueueReport(
        queue=queue,
        mode=settings.queues[queue].mode if queue in settings.queues else None,
        requests=len(share.requests),
        customers_mails=share.customers_mails,
        answered=len(answered),
        answered_elsewhere=sum(request.elsewhere for request, _ in answered),
        closed=sum(request.is_closed for request in share.requests),
        first_answer=_answer_times([_hours(request.asked, at) for request, at in answered]),
        unanswered=tuple(Waiting(request, _hours(request.asked, now)) for request in sorted(unanswered, key=_asked)),
        sent_about_nothing=sum(item.mails for item in share.received if _is_sent_about_nothing(item)),
        automatic=tuple(_automatic(share.received)),
        not_sent=tuple(_unsent(share.not_sent)),
        rules=tuple(_rule_figures(share.rules)),
        doubts=tuple(_doubts(share.received)),
    )


def _asked(request: Request) -> tuple[datetime, int]:
    return request.asked, request.number


def _hours(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds() / 3600


def _answer_times(hours: list[float]) -> AnswerTimes | None:
    if not hours:
        return None
    hours.sort()
    return AnswerTimes(median(hours), hours[ceil(len(hours) * 9 / 10) - 1])


def _is_sent_about_nothing(received: Received) -> bool:
    """Somebody has written it: copies of the desk's own letters lie in the Sent folder, too, and what mail programs write by themselves."""
    return received.was_sent and received.message_class is MessageClass.HUMAN and not received.has_ticket


def _automatic(received: Iterable[Received]) -> Iterator[AutomaticMail]:
    """In the order of the classes. What lies in the Sent folder nobody has sent here."""
    mails: Counter[MessageClass] = Counter()
    kept_out: Counter[MessageClass] = Counter()
    for item in received:
        if item.message_class and not item.was_sent:
            mails[item.message_class] += item.mails
            kept_out[item.message_class] += 0 if item.has_ticket else item.mails
    machines = (kind for kind in MessageClass if kind is not MessageClass.HUMAN and mails[kind])
    return (AutomaticMail(kind, mails[kind], kept_out[kind]) for kind in machines)


def _unsent(not_sent: Iterable[NotSent]) -> Iterator[Unsent]:
    found: Counter[KeptBack] = Counter()
    for item in not_sent:
        found[read_kept_back(item.text)] += item.letters
    return starmap(Unsent, _commonest_first(found))


def _rule_figures(rules: Iterable[RuleFirings]) -> Iterator[RuleFigures]:
    """The busiest first."""
    events: Counter[str] = Counter()
    broke: Counter[str] = Counter()
    shadows: Counter[str] = Counter()
    actions: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for item in rules:
        events[item.rule] += item.times
        broke[item.rule] += item.times if item.broke else 0
        shadows[item.rule] += item.times if item.shadow else 0
        for action in item.actions:
            actions[item.rule][f"would have: {action}" if item.shadow else action] += item.times
    for rule, times in _commonest_first(events):
        fired = times - broke[rule] - shadows[rule]
        yield RuleFigures(rule, fired, broke[rule], tuple(_commonest_first(actions[rule])[:MOST_ACTIONS]), shadows[rule])


def _doubts(received: Iterable[Received]) -> Iterator[Doubt]:
    found: Counter[tuple[IncomingState, str]] = Counter()
    for item in received:
        if item.state in _KEPT_OUT:
            found[item.state, item.why] += item.mails
    return (Doubt(state, why, mails) for (state, why), mails in _commonest_first(found))


def _commonest_first(found: Counter[Counted]) -> list[tuple[Counted, int]]:
    """Among equals by name, so that a report made again is the same."""
    return sorted(found.items(), key=lambda item: (-item[1], str(item[0])))
