"""Backtest: what rules would have made of the past, beside what other rules, or the desk then, have made of it (RULES.md 6).

Pure: decisions in, figures out. Replaying is `maild.replay`'s; in what two outcomes differ is told in `outcome.py`. A ticket is judged
until its first divergence: what people would have done from there on, nobody knows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from maild.background import Pause
from maild.effects import Decision, PauseRule
from maild.past import INVENTED, NOTHING_STANDS, PastMail, Standing
from maild.rules.chronicle import Chronicle, Lived
from maild.rules.outcome import (
    Change,
    Outcome,
    as_recorded,
    compare,
    compare_firings,
    describe_fate,
    fate_of,
    find_responsible,
    outcome_of,
    outcome_recorded,
)
from maild.rules.ruleset import RuleSet

MOST_PROBLEMS = 10


class Baseline(Enum):
    """Beside what the rules are judged: what other rules make of the same mail, or what the desk has recorded."""

    RULES = "rules"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a ticket's ways part: `ticket` None: the mail had none. `mail` None: by what no mail has caused. `rules` are those that fire on
    one side only, or do something else."""

    ticket: int | None
    mail: int | None
    at: datetime
    subject: str
    changes: tuple[Change, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleFigures:
    """One rule, over all mails judged. `shadow`: so often it would have fired. `was`: so often it fired on the other side. `tickets`: at so
    many it has a part in the divergence; `mails` went out by it. `place` "": the tried rules do not have it."""

    rule: str
    place: str
    fired: int
    shadow: int
    broke: int
    was: int
    tickets: int
    mails: int


@dataclass(frozen=True, slots=True)
class MailFigures:
    """Mails of one kind to customers, to agents or to admins: now, and on the other side."""

    kind: str
    to: str
    mails: int
    was: int


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Mails that were replayed and not judged, by why; and those that could not be replayed (`deleted`, `held`, `broken`). `changed` are
    tickets of which time rules are not asked, since nobody knows how they stood."""

    after_divergence: int = 0
    by_hand: int = 0
    released: int = 0
    older: int = 0
    strayed: int = 0
    deleted: int = 0
    held: int = 0
    broken: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it. `judged` mails; `rules_mails` went out because a rule wants them. `problems`: over what the walk broke, and how; of
    many only the first. `pauses`: the rules that would have gone past their limits."""

    baseline: Baseline
    judged: int
    rules: tuple[RuleFigures, ...]
    differences: tuple[Difference, ...]
    mails: tuple[MailFigures, ...]
    unjudged: Unjudged
    problems: tuple[str, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def rules_mails(self) -> int:
        return sum(rule.mails for rule in self.rules)


@dataclass(slots=True)
class Judge:
    """Sees the mails in the order in which they walked, and counts. `queue` "": every department's are judged. `standing` are tickets to
    which nothing happens but by time rules."""

    rules: RuleSet
    baseline: Baseline
    tickets: frozenset[int]
    by_hand: Mapping[int, datetime]
    queue: str = ""
    standing: Standing = NOTHING_STANDS
    _judged: int = 0
    _ended: set[int] = field(default_factory=set)
    _unjudged: Counter[str] = field(default_factory=Counter)
    _fired: Counter[str] = field(default_factory=Counter)
    _shadow: Counter[str] = field(default_factory=Counter)
    _broke: Counter[str] = field(default_factory=Counter)
    _was: Counter[str] = field(default_factory=Counter)
    _differing: Counter[str] = field(default_factory=Counter)
    _mails_of: Counter[str] = field(default_factory=Counter)
    _mails: Counter[tuple[str, str]] = field(default_factory=Counter)
    _mails_before: Counter[tuple[str, str]] = field(default_factory=Counter)
    _differences: list[Difference] = field(default_factory=list)
    _problems: list[str] = field(default_factory=list)
    _pauses: dict[str, Pause] = field(default_factory=dict)
    _chronicle: Chronicle = field(init=False)

    def __post_init__(self) -> None:
        self._chronicle = Chronicle(self.standing.firings)

    def see(self, mail: PastMail, now: Decision, tried: Decision, number: int | None, walk: int = 0) -> None:
        """One mail by its walk for one department. `now`: what the desk's own rules make of it, by which the replay goes on, `tried`: what
        those make of it that are tried. `number`: of the ticket it is on."""
        if not mail.is_judged or not self._is_wanted(now, tried):
            return
        if self.baseline is Baseline.RECORD and number is not None:
            self._compare_time(number, mail.at, now.after.queue if now.after else "")
        if why := self._why_not(mail, now, number):
            self._unjudged[why] += 1
            return
        is_record = self.baseline is Baseline.RECORD
        full = outcome_of(tried)
        before, after = (outcome_recorded(mail, walk), as_recorded(full)) if is_record else (outcome_of(now), full)
        self._judged += 1
        self._count(before, after)
        self._count_mails_of_rules(full)
        if not is_record and walk == 0 and fate_of(before) != describe_fate(mail.state, has_ticket=mail.ticket is not None):
            # Something else than these rules has decided then, so that what followed does not belong to this replay.
            self._unjudged["strayed"] += 1
            self._end(number)
        self._compare(mail.incoming.id, mail.at, before, after, number)

    def see_deed(self, at: datetime, now: Decision, tried: Decision) -> None:
        """What has happened to a ticket by no mail about it, likewise."""
        if now.after is None or not self._is_wanted(now, tried) or not self.is_ticket_open(now.after.number, at):
            return
        before, after = outcome_of(now), outcome_of(tried)
        self._count(before, after)
        self._count_mails_of_rules(after)
        self._compare(None, at, before, after, now.after.number)

    def see_time(self, at: datetime, now: Decision) -> None:
        """What time rules have made of a ticket in the replay, to be held against the record when a mail comes on it, or the time is
        over."""
        if now.after is not None:
            self._chronicle.note(now.after.number, Lived(at, now, outcome_of(now).firings))

    def end(self, until: datetime) -> None:
        """The time is over."""
        if self.baseline is Baseline.RECORD:
            for number in self._chronicle.tickets:
                self._compare_time(number, until, is_over=True)

    def _compare_time(self, number: int, until: datetime, queue: str = "", *, is_over: bool = False) -> None:
        """What time rules have done to a ticket, in the replay and by the record, since this was compared last."""
        stretch, hand = self._chronicle.take(number, until), self.by_hand.get(number)
        stretch = stretch.ahead_of(hand) if hand else stretch
        queues = {queue, *(item.decision.after.queue for item in stretch.lived if item.decision.after)}
        if stretch.began is None or (self.queue and self.queue not in queues) or not self.is_ticket_open(number, stretch.began):
            return
        rules = stretch.differing
        if rules and stretch.is_late:
            self._unjudged["strayed"] += not is_over
            self._end(number)
            return
        self._was.update(firing.rule for firing in stretch.recorded)
        for item in stretch.lived:
            if not rules or item.at <= stretch.parted:
                self._count_rules(outcome := outcome_of(item.decision))
                self._count_mails_of_rules(outcome)
        if rules:
            view = next((item.decision.after for item in stretch.lived), None)
            changes = compare_firings(dict.fromkeys(stretch.recorded_firings), dict.fromkeys(stretch.firings))
            self._differ(Difference(number, None, stretch.parted, view.subject if view else "", changes, rules))

    def is_open(self, mail: PastMail, now: Decision) -> bool:
        """Whether anything is still to be said about the mail, where the desk's own rules have it so."""
        return mail.is_judged and not self._why_not(mail, now, now.before.number if now.before else None)

    def is_ticket_open(self, number: int, at: datetime) -> bool:
        """Whether anything is still to be said about what happens to a ticket by no mail."""
        is_standing = number in self.standing.tickets and number not in self._ended
        return is_standing or not self._why_not_ticket(number, at)

    def _is_wanted(self, now: Decision, tried: Decision) -> bool:
        queues = {decision.after.queue for decision in (now, tried) if decision.after}
        return not self.queue or self.queue in queues

    def _why_not(self, mail: PastMail, now: Decision, number: int | None) -> str:
        """Why a mail cannot be judged, "" where it can."""
        if mail.incoming.released:
            return "released"
        return "" if now.before is None or number is None else self._why_not_ticket(number, mail.at)

    def _why_not_ticket(self, number: int, at: datetime) -> str:
        if number in self._ended:
            return "after_divergence"
        if number not in self.tickets:
            return "older"
        hand = self.by_hand.get(number)
        return "by_hand" if hand and hand <= at else ""

    def _count(self, before: Outcome, after: Outcome) -> None:
        self._count_rules(after)
        self._was.update(rule for rule, _ in before.firings)
        for notice in before.notices:
            self._mails_before[notice.kind, notice.to] += notice.mails
        for notice in after.notices:
            self._mails[notice.kind, notice.to] += notice.mails

    def _count_rules(self, outcome: Outcome) -> None:
        for trace in outcome.traces:
            self._fired[trace.rule] += trace.fired and not trace.shadow
            self._shadow[trace.rule] += trace.fired and trace.shadow
            self._broke[trace.rule] += bool(trace.problem)

    def _count_mails_of_rules(self, outcome: Outcome) -> None:
        """A letter is the last rule's that has fired and names its template: that one had the last word."""
        fired = {rule for rule, _ in outcome.firings}
        letters = {
            action.letter.template: rule.id for rule in self.rules.rules if rule.id in fired for action in rule.actions if action.letter
        }
        for notice in outcome.notices:
            if rule := letters.get(notice.template):
                self._mails_of[rule] += notice.mails

    def _compare(self, mail: int | None, at: datetime, before: Outcome, after: Outcome, number: int | None) -> None:
        changes = compare(before, after)
        if not changes:
            return
        rules = find_responsible(before, after)
        view = after.ticket or before.ticket
        self._differ(Difference(number, mail, at, view.subject if view else "", changes, rules))

    def _differ(self, difference: Difference) -> None:
        number = difference.ticket
        self._differences.append(replace(difference, ticket=None) if number and number >= INVENTED else difference)
        self._differing.update(difference.rules)
        self._end(number)

    def _end(self, number: int | None) -> None:
        if number is not None:
            self._ended.add(number)

    def note_broken(self, what: str, error: Exception) -> None:
        """A mail broke the walk, or could not be read; or what fell due between two."""
        self._unjudged["broken"] += 1
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(f"{what}: {type(error).__name__}: {error}")

    def note_pauses(self, decision: Decision, at: datetime) -> None:
        """Rules that have gone past their limits do nothing from then on."""
        for effect in decision.effects:
            if isinstance(effect, PauseRule):
                self._pauses.setdefault(effect.rule, Pause(effect.rule, at, effect.why))

    def report(self, *, deleted: int = 0, held: int = 0) -> Backtest:
        return Backtest(
            self.baseline,
            self._judged,
            tuple(self._rules()),
            tuple(self._differences),
            tuple(self._mail_figures()),
            Unjudged(deleted=deleted, held=held, changed=self.standing.changed, **self._unjudged),
            tuple(self._problems),
            tuple(self._pauses.values()),
        )

    def _rules(self) -> Iterator[RuleFigures]:
        places = {rule.id: f"{rule.file}:{rule.line}" for rule in self.rules.rules}
        for rule in (*places, *sorted(self._was.keys() - places.keys())):
            yield RuleFigures(
                rule,
                places.get(rule, ""),
                self._fired[rule],
                self._shadow[rule],
                self._broke[rule],
                self._was[rule],
                self._differing[rule],
                self._mails_of[rule],
            )

    def _mail_figures(self) -> Iterator[MailFigures]:
        for kind, to in sorted(self._mails.keys() | self._mails_before.keys()):
            yield MailFigures(kind, to, self._mails[kind, to], self._mails_before[kind, to])
