"""The engine: one occasion and the rules in, one verdict out. Pure: evaluates on a draft, does nothing, never raises.

Order is the position in the files; later rules see what earlier ones did (RULES.md 5.1). What becomes of the verdict is the walk's.
"""

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from maild.rules.actions import ActionSkippedError, Moment
from maild.rules.conditions import Tested, build_leaf, capture_all
from maild.rules.fields import Facts
from maild.rules.happenings import Happening, find_changes
from maild.rules.ruleset import ONCE_ON_TICKET, Rule, RuleSet
from maild.rules.strings import ValueMissingError
from maild.rules.verdict import NO_CAUSE, NOT_CONSIDERED, Cause, Occasion, RuleTrace, Trace, Verdict
from maild.ticket import TicketView

ERROR_TAG = "rule-error"
DEPTH = 3
"""So often rules are asked about what rules have changed because of what rules have changed (RULES.md 5.3)."""


def evaluate_all(
    rules: RuleSet,
    happenings: Iterable[Happening],
    ticket: TicketView,
    occasion_of: Callable[[Happening, TicketView], Occasion],
    is_over: Callable[[Verdict], bool] = lambda verdict: False,
    fired: Mapping[str, datetime] = MappingProxyType({}),
) -> Verdict:
    """What the rules make of all that happened, one event after another, each seeing what the one before left; and then of what they have
    changed themselves, as far as rules ask for that (RULES.md 5.3).

    `is_over`: there is no ticket any more of which more could be asked. `fired`: as in `Occasion`.
    """
    verdict, cause, found = Verdict(ticket), NO_CAUSE, tuple(happenings)
    beside = next((happening.message for happening in found if happening.message), None)
    while found:
        before, changers = verdict.ticket, len(verdict.changers)
        for happening in found:
            if rules.by_event[happening.event]:
                occasion = _in_turn(occasion_of(happening, verdict.ticket), cause, fired, verdict.resting)
                verdict = evaluate(rules, occasion).following(verdict)
            if is_over(verdict):
                return verdict
        cause = Cause(tuple(dict.fromkeys(verdict.changers[changers:])), cause.depth + 1, before)
        found = tuple(find_changes(before, verdict.ticket, beside)) if cause.rules and cause.depth <= DEPTH + 1 else ()
    return verdict


def _in_turn(occasion: Occasion, cause: Cause, fired: Mapping[str, datetime], resting: Sequence[str]) -> Occasion:
    """With what rules have done before this event. `resting`: those that have just fired."""
    occasion = replace(occasion, before=cause.before, cause=cause) if cause.rules else occasion
    return replace(occasion, fired={**fired, **dict.fromkeys(resting, occasion.now)}) if fired or resting else occasion


def evaluate(rules: RuleSet, occasion: Occasion) -> Verdict:
    """What the rules make of one event, with a trace of every rule that was asked."""
    run = _Run(occasion)
    for rule in rules.asked(occasion):
        run.consider(rule)
    return replace(run.verdict, trace=Trace(run.tell))


@dataclass(frozen=True, slots=True)
class _Fired:
    """What a rule that fired came to."""

    verdict: Verdict
    actions: tuple[str, ...]


_Record = tuple[Rule, Sequence[Tested], _Fired | None, str, str]
"""What became of a rule: what was tested, what it came to, what broke, why it was skipped."""


class _Run:
    """One walk through the rules: the verdict in the making, and what has been stopped."""

    def __init__(self, occasion: Occasion) -> None:
        self._occasion = occasion
        self._event = occasion.event.value
        self._facts = Facts(occasion)
        self._stopped_by: dict[str | None, str] = {}
        self.verdict = Verdict(occasion.ticket)
        self._records: list[_Record] = []

    def tell(self) -> Iterator[RuleTrace]:
        """What became of each rule, in words."""
        return (_tell(self._event, record) for record in self._records)

    def consider(self, rule: Rule) -> None:
        if skipped := self._why_skipped(rule):
            self._record(rule, skipped=skipped)
            return
        tested: list[Tested] = []
        try:
            fired = self._try(rule, tested)
        except Exception as error:  # RULES.md 5.2: whatever breaks in a rule costs that rule only, never the mail
            self._record(rule, tested, problem=_describe_problem(error))
            if not rule.shadow:
                self._mark_error(rule)
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
        if why := self._why_not_considered(rule) or self._why_resting(rule):
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
        return f"it fired on this ticket on {last:%Y-%m-%d at %H:%M}, and rests{'' if rule.once == ONCE_ON_TICKET else f' for {rule.once}'}"

    def _try(self, rule: Rule, tested: list[Tested]) -> _Fired | None:
        if not rule.condition.holds(self._facts, tested):
            return None
        captures = capture_all(rule.captures, self._facts, tested) if rule.captures else {}
        return _apply(rule, self.verdict, Moment(rule.id, self._occasion, captures))

    def _go_on_with(self, verdict: Verdict, rule: Rule) -> None:
        if verdict.ticket is not self.verdict.ticket:
            self._facts.take(verdict.ticket)
            verdict = replace(verdict, changers=(*verdict.changers, rule.id))
        self.verdict = verdict

    def _mark_error(self, rule: Rule) -> None:
        ticket = self.verdict.ticket
        self._go_on_with(replace(self.verdict, ticket=replace(ticket, tags=ticket.tags | {ERROR_TAG})), rule)

    def _note_stop(self, rule: Rule) -> None:
        if rule.stops:
            self._stopped_by.setdefault(rule.group if rule.stops_group else None, rule.id)

    def _record(
        self, rule: Rule, tested: Sequence[Tested] = (), *, fired: _Fired | None = None, problem: str = "", skipped: str = ""
    ) -> None:
        self._records.append((rule, tested, fired, problem, skipped))


def _apply(rule: Rule, verdict: Verdict, moment: Moment) -> _Fired:
    """The rule's actions in order; one that has nothing to do, or names a value that is not there, is left out (RULES.md 3)."""
    words = []
    for action in rule.actions:
        try:
            done = action.apply(verdict, moment)
        except (ActionSkippedError, ValueMissingError) as skipped:
            words.append(f"skipped {action.describe()}: {skipped}")
        else:
            verdict = done.verdict
            words.append(done.words)
    return _Fired(verdict, tuple(words))


def _tell(event: str, record: _Record) -> RuleTrace:
    rule, tested, fired, problem, skipped = record
    leaves, actions = tuple(map(build_leaf, tested)), fired.actions if fired else ()
    return RuleTrace(
        event, rule.id, rule.file, rule.line, rule.file_hash, fired is not None, leaves, actions, problem, skipped, rule.shadow
    )


def _describe_problem(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
