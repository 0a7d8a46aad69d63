"""What rules report of departments, to agents and admins (RULES.md 2: `each: once`, `queue.length`): it concerns no ticket. Pure."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from maild.config.settings import Settings
from maild.desk.absence import deputies
from maild.desk.agent_letters import house_letter
from maild.desk.audience import admins_named, agents_named, find_absent
from maild.desk.glimpses import beginning_of
from maild.effects import Decision, Effect, IncomingState, Letter, PauseRule
from maild.known import Known
from maild.message import Address
from maild.outbox.guard import post
from maild.reason import Reason
from maild.rule_limits import Counted, letters_by_rules, tell_of_pauses, within_limits
from maild.rules.engine import evaluate
from maild.rules.happenings import Happening
from maild.rules.ruleset import Rule, RuleSet
from maild.rules.said import occasion_of
from maild.rules.verdict import Event, NotifyWish, Verdict
from maild.ticket import Priority, Status, TicketView

SHOWN = 10
MOST_OF_SUBJECT = 60


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is to be done in a department: how many tickets, and the oldest of them, by number, subject and when each was opened."""

    count: int
    oldest: Sequence[tuple[int, str, datetime]] = ()


@dataclass(frozen=True, slots=True)
class LengthAnswer:
    """What rules make of it that another number of tickets waits in a department; `decision` None: nothing. `resting`: those that have
    fired, until that number makes their condition false."""

    decision: Decision | None
    resting: frozenset[str]


def decide_report(rule: Rule, rules: RuleSet, waiting: Mapping[str, Waiting], known: Known, settings: Settings, now: datetime) -> Decision:
    """The rule is asked about each department; for those of which it holds, whom it names gets a letter. `waiting`: of each."""
    seats = [seat_of(queue, now) for queue in settings.queues]

    def decide(count: Counted) -> Decision:
        counted = replace(known, background=count(known.background))
        answers = [(seat, _ask(rule, rules, Event.SCHEDULE, seat, counted, settings, now)) for seat in seats]
        return _build(Reason("report", f"it is the time of rule {rule.id}"), answers, waiting, known, settings)

    return within_limits(decide, letters_by_rules, rules)


def decide_length(
    asked: Iterable[Rule],
    rules: RuleSet,
    resting: Container[str],
    queue: str,
    waiting: Waiting,
    known: Known,
    settings: Settings,
    now: datetime,
) -> LengthAnswer:
    """The rules are asked about one department, each by itself. One that has fired there rests as long as it holds: twenty tickets more
    bring no twenty letters."""
    seat, rules_asked = seat_of(queue, now), tuple(asked)

    def decide(count: Counted) -> LengthAnswer:
        counted = replace(known, background=count(known.background))
        answers = {rule.id: _ask(rule, rules, Event.QUEUE_LENGTH, seat, counted, settings, now) for rule in rules_asked}
        holding = frozenset(name for name, verdict in answers.items() if any(trace.fired for trace in verdict.trace))
        new = [(seat, verdict) for name, verdict in answers.items() if name not in resting and (name in holding or verdict.excesses)]
        reason = Reason("report", f"another number of tickets waits in {queue}")
        return LengthAnswer(_build(reason, new, {queue: waiting}, known, settings) if new else None, holding)

    return within_limits(decide, lambda answer: letters_by_rules(answer.decision), rules)


def _build(
    reason: Reason, answers: Sequence[tuple[TicketView, Verdict]], waiting: Mapping[str, Waiting], known: Known, settings: Settings
) -> Decision:
    """All that comes of it. About a rule that is paused one letter is enough, of however many departments it would have told."""
    pauses = {told.reason: told for seat, verdict in answers for told in tell_of_pauses(verdict, seat, known.away, settings)}
    return Decision(
        IncomingState.DONE,
        reason,
        effects=tuple(effect for seat, verdict in answers for effect in _effects(seat, verdict, waiting[seat.queue], known, settings)),
        trace=tuple(trace.to_mapping() for _, verdict in answers for trace in verdict.trace),
        beside=tuple(pauses.values()),
    )


def seat_of(queue: str, now: datetime) -> TicketView:
    """A department, for what is decided of its tickets: one without a number or words, and with nobody to it."""
    return TicketView(0, "", queue, Status.NEW, Priority.NORMAL, Address("", ""), now, now)


def _ask(rule: Rule, rules: RuleSet, event: Event, seat: TicketView, known: Known, settings: Settings, now: datetime) -> Verdict:
    occasion = occasion_of(Happening(event, None, rule.id), None, seat, settings, now)
    return evaluate(rules, replace(occasion, background=known.background, absent=find_absent(known, settings)))


def _effects(seat: TicketView, verdict: Verdict, waiting: Waiting, known: Known, settings: Settings) -> Iterator[Effect]:
    yield from (PauseRule(excess.rule, excess.why) for excess in verdict.excesses)
    for wish in verdict.wishes:
        if isinstance(wish, NotifyWish):
            for letter in _letters(wish, seat, waiting, known, settings):
                yield from post(letter, settings)


def _letters(wish: NotifyWish, seat: TicketView, waiting: Waiting, known: Known, settings: Settings) -> Iterator[Letter]:
    for key in agents_named(wish.who, seat, settings, absent=frozenset(known.away), deputies=deputies(known.away)):
        agent = settings.agents[key]
        yield _letter(wish, seat.queue, waiting, Address(agent.name, agent.email), settings.zone_of(key), settings)
    for admin in admins_named(wish.who, settings):
        yield _letter(wish, seat.queue, waiting, admin, settings.desk.timezone, settings)


def _letter(wish: NotifyWish, queue: str, waiting: Waiting, reader: Address, zone: ZoneInfo, settings: Settings) -> Letter:
    """`zone`: by whose clock times are told."""
    lines = tuple(
        f"#{number}  {beginning_of(subject, MOST_OF_SUBJECT)} ({created.astimezone(zone):%Y-%m-%d %H:%M})"
        for number, subject, created in waiting.oldest
    )
    values = {**wish.values, "count": waiting.count, "warnings": lines, "asked": f"list queue:{queue}", "rule": wish.rule}
    return replace(house_letter(wish.template, queue, reader, settings, **values), rule=wish.rule)
