"""The engine: one occasion and the rules in, one verdict out. Pure: evaluates on a draft, does nothing, never raises.

Order is the position in the files; later rules see what earlier ones did (RULES.md 5.1). What becomes of the verdict is the walk's.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from types import MappingProxyType

from maild.background import NO_MAIL, Limit, RuleMail
from maild.moments import show_moment
from maild.rules.actions import ActionSkippedError, Moment
from maild.rules.conditions import Tested, build_leaf, capture_all
from maild.rules.fields import Facts
from maild.rules.happenings import Happening, find_changes
from maild.rules.index import Index
from maild.rules.ruleset import ONCE_ON_TICKET, PAUSED, Rule, RuleSet
from maild.rules.spans import describe_span
from maild.rules.strings import ValueMissingError
from maild.rules.verdict import NO_CAUSE, NOT_CONSIDERED, Cause, Event, Excess, Occasion, RuleTrace, Trace, Verdict
from maild.ticket import TicketView

ERROR_TAG = "rule-error"
DEPTH = 3
"""So often rules are asked about what rules have changed because of what rules have changed (RULES.md 5.3)."""


def evaluate_all(
    rules: RuleSet,
    happenings: Iterable[Happening],
    ticket: TicketView,
    occasion_of: Callable[[Happening, Verdict], Occasion],
    judge: Callable[[Event, Verdict], Verdict | None] = lambda event, verdict: verdict,
    fired: Mapping[str, datetime] = MappingProxyType({}),
    cause: Cause = NO_CAUSE,
) -> Verdict:
    """What the rules make of all that happened, one event after another, each seeing what the one before left; and then of what they have
    changed themselves, as far as rules ask for that (RULES.md 5.3).

    `occasion_of`: one event, upon what rules have made of those before. `judge`: what the desk makes of their answer to one before the next
    is asked; None: there is no ticket any more of which more could be asked. `fired`, `cause`: as in `Occasion`.
    """
    verdict, found = Verdict(ticket), tuple(happenings)
    beside = next((happening.message for happening in found if happening.message), None)
    while found:
        before, changers = verdict.ticket, len(verdict.changers)
        for happening in found:
            answer = verdict
            if rules.by_event[happening.event]:
                occasion = _in_turn(occasion_of(happening, verdict), cause, fired, verdict.resting)
                answer = evaluate(rules, occasion).following(verdict)
            judged = judge(happening.event, answer)
            if judged is None:
                return answer
            verdict = judged
        cause = Cause(tuple(dict.fromkeys(verdict.changers[changers:])), cause.depth + 1, before)
        found = tuple(find_changes(before, verdict.ticket, beside)) if cause.rules and cause.depth <= DEPTH + 1 else ()
    return verdict


def _in_turn(occasion: Occasion, cause: Cause, fired: Mapping[str, datetime], resting: Sequence[str]) -> Occasion:
    """With what rules have done before this event. `resting`: those that have just fired."""
    occasion = replace(occasion, before=cause.before, cause=cause) if cause.rules else occasion
    return replace(occasion, fired={**fired, **dict.fromkeys(resting, occasion.now)}) if fired or resting else occasion


def evaluate(rules: RuleSet, occasion: Occasion) -> Verdict:
    """What the rules make of one event, with a trace of every rule that was asked."""
    run = _Run(occasion, rules.indexes[occasion.event], rules.zone)
    for rule in rules.asked(occasion):
        run.consider(rule)
    return replace(run.verdict, trace=Trace(run.tell))


@dataclass(frozen=True, slots=True)
class _Fired:
    """What a rule that fired came to. `sends`: it asks for mail that is limited."""

    verdict: Verdict
    actions: tuple[str, ...]
    sends: bool


_Record = tuple[Rule, Sequence[Tested], _Fired | None, str, str]
"""What became of a rule that was asked: what was tested, what it came to, what broke, why it was skipped."""


class _Run:
    """One walk through the rules: the verdict in the making, and what has been stopped."""

    def __init__(self, occasion: Occasion, index: Index, zone: tzinfo) -> None:
        self._occasion = occasion
        self._zone = zone
        self._event = occasion.event.value
        self._facts = Facts(occasion)
        self._index = index
        self._lasting = self._sift(index.find_lasting)
        self._found = self._lasting | self._sift(index.find_passing)
        self._may_hold_back = bool(occasion.cause.rules or occasion.fired or occasion.background.mail)
        self._stopped_by: dict[str | None, str] = {}
        self.verdict = Verdict(occasion.ticket)
        # A rule alone was left out. For thousands of them nothing is made that the garbage collector would have to look through.
        self._records: list[_Record | Rule | Facts] = [self._facts]

    def tell(self) -> Iterator[RuleTrace]:
        """What became of each rule, in words, upon the facts that stand before it."""
        facts = self._facts
        for record in self._records:
            match record:
                case Facts():
                    facts = record
                case Rule():
                    yield _tell(self._event, (record, _ask(record, facts), None, "", ""))
                case _:
                    yield _tell(self._event, record)

    def consider(self, rule: Rule) -> None:
        if skipped := self._why_skipped(rule):
            self._record(rule, (), skipped=skipped)
            return
        if self._index.leaves_out(rule.id, self._found):
            self._records.append(rule)
            return
        tested: list[Tested] = []
        try:
            fired = self._try(rule, tested)
        except Exception as error:  # RULES.md 5.2: whatever breaks in a rule costs that rule only, never the mail
            self._record(rule, tested, problem=_describe_problem(error))
            if not rule.shadow:
                self._mark_error(rule)
            return
        if fired and fired.sends and (excess := self._find_excess(rule)):
            self._record(rule, tested, skipped=f"{PAUSED}: {excess.why}")
            self.verdict = replace(self.verdict, excesses=(*self.verdict.excesses, excess))
            return
        self._record(rule, tested, fired=fired)
        if fired and not rule.shadow:
            self._go_on_with(fired.verdict, rule)
            self._note_stop(rule)
            if rule.once is not None:
                self.verdict = replace(self.verdict, resting=(*self.verdict.resting, rule.id))

    def _why_skipped(self, rule: Rule) -> str:
        if rule.disabled is not None:
            return f"disabled: {rule.disabled}"
        if self._may_hold_back and (why := self._why_paused(rule) or self._why_not_considered(rule) or self._why_resting(rule)):
            return why
        if self._stopped_by:
            stopper = self._stopped_by.get(None) or (self._stopped_by.get(rule.group) if rule.group else None)
            return f"stopped by rule {stopper}" if stopper else ""
        return ""

    def _why_not_considered(self, rule: Rule) -> str:
        cause = self._occasion.cause
        if not cause.rules or (rule.cascade and cause.depth <= DEPTH):
            return ""
        why = f", the {cause.depth}th in a row" if rule.cascade else ""
        return f"{NOT_CONSIDERED}: change made by rule {', '.join(cause.rules)}{why}"

    def _why_resting(self, rule: Rule) -> str:
        last = self._occasion.fired.get(rule.id)
        if last is None or rule.once is None or self._occasion.now - last >= rule.once:
            return ""
        rests = "rests" if rule.once == ONCE_ON_TICKET else f"rests for {describe_span(rule.once)}"
        return f"it fired on this ticket on {show_moment(last, self._zone)}, and {rests}"

    def _why_paused(self, rule: Rule) -> str:
        pause = self._mail_of(rule).pause if rule.limit else None
        return f"{PAUSED} since {show_moment(pause.since, self._zone)}: {pause.why}" if pause else ""

    def _find_excess(self, rule: Rule) -> Excess | None:
        """All of a rule is left out that would send too much: a ticket must not wait for an answer to a letter that nobody has got."""
        mail, limit = self._mail_of(rule), rule.limit
        if limit is None or mail.count < limit.mails:
            return None
        return Excess(rule.id, f"{rule.file}:{rule.line}", rule.owner, _describe_limit(limit), mail.tickets)

    def _mail_of(self, rule: Rule) -> RuleMail:
        """Nothing of a rule that sends nothing by itself: in shadow, or run by an agent."""
        is_bound = not rule.shadow and self._occasion.event is not Event.MACRO
        return self._occasion.background.mail.get(rule.id, NO_MAIL) if is_bound else NO_MAIL

    def _try(self, rule: Rule, tested: list[Tested]) -> _Fired | None:
        if not rule.condition.holds(self._facts, tested):
            return None
        captures = capture_all(rule.captures, self._facts, tested) if rule.captures else {}
        return _apply(rule, self.verdict, Moment(rule.id, self._occasion, captures))

    def _go_on_with(self, verdict: Verdict, rule: Rule) -> None:
        is_changed = verdict.ticket is not self.verdict.ticket
        if is_changed or verdict.points is not self.verdict.points:
            self._facts = self._facts.after(verdict.ticket, self._occasion.score + verdict.score)
            self._records.append(self._facts)
            self._found = self._lasting | self._sift(self._index.find_passing)
        self.verdict = replace(verdict, changers=(*verdict.changers, rule.id)) if is_changed else verdict

    def _sift(self, find: Callable[[Facts], frozenset[str]]) -> frozenset[str]:
        """The rules that may fire; all where a field cannot be read, since whom that breaks is seen when each rule is asked."""
        try:
            return find(self._facts)
        except Exception:
            return self._index.bound

    def _mark_error(self, rule: Rule) -> None:
        ticket = self.verdict.ticket
        self._go_on_with(replace(self.verdict, ticket=replace(ticket, tags=ticket.tags | {ERROR_TAG})), rule)

    def _note_stop(self, rule: Rule) -> None:
        if rule.stops:
            self._stopped_by.setdefault(rule.group if rule.stops_group else None, rule.id)

    def _record(self, rule: Rule, tested: Sequence[Tested], *, fired: _Fired | None = None, problem: str = "", skipped: str = "") -> None:
        self._records.append((rule, tested, fired, problem, skipped))


def _apply(rule: Rule, verdict: Verdict, moment: Moment) -> _Fired:
    """The rule's actions in order; one that has nothing to do, or names a value that is not there, is left out (RULES.md 3)."""
    words, sends = [], False
    for action in rule.actions:
        try:
            done = action.apply(verdict, moment)
        except (ActionSkippedError, ValueMissingError) as skipped:
            words.append(f"skipped {action.describe()}: {skipped}")
        else:
            verdict = done.verdict
            words.append(done.words)
            sends = sends or action.sends
    return _Fired(verdict, tuple(words), sends)


def _describe_limit(limit: Limit) -> str:
    return f"more than {limit.mails} mail{'' if limit.mails == 1 else 's'} in {describe_span(limit.window)}"


def _tell(event: str, record: _Record) -> RuleTrace:
    rule, tested, fired, problem, skipped = record
    leaves = tuple(map(build_leaf, tested))
    actions = fired.actions if fired else ()
    return RuleTrace(
        event, rule.id, rule.file, rule.line, rule.file_hash, fired is not None, leaves, actions, problem, skipped, rule.shadow
    )


def _ask(rule: Rule, facts: Facts) -> Sequence[Tested]:
    """What speaks against a rule that was not asked."""
    tested: list[Tested] = []
    with suppress(Exception):  # it could not fire, whatever breaks in it
        rule.condition.holds(facts, tested)
    return tested


def _describe_problem(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
