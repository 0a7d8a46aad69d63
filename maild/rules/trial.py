"""Runs the test cases of rule files through the daemon's own walk (RULES.md 6).

The walk is handed in as functions, so this room needs to know nothing of it. A case's mail is built as bytes (`sample_mail.py`) and parsed
like any other; what differs from what is expected is told in `expectations.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maild.background import Limit, Pause, RuleMail
from maild.config.settings import UTC
from maild.desk.ordering import TO_DO
from maild.desk.reminders import find_due_tasks, find_next_due
from maild.desk.tally import with_messages
from maild.effects import AddMessage, AskRule, Decision, NoteFiring, PauseRule
from maild.ingest.parse import parse_message
from maild.known import Absence, Known, KnownMessage, LastWords
from maild.message import Address, InboundMessage
from maild.moments import show_moment
from maild.rules.cases import Case, Deed, Expectation, GivenTicket, SampleMail, Step, Wait
from maild.rules.expectations import Mismatch, find_mail_mismatches, find_mismatches
from maild.rules.explain import explain_no_stay
from maild.rules.ruleset import Rule
from maild.rules.sample_mail import SAMPLE_ID, build_mail
from maild.rules.schedules import Schedule
from maild.rules.spans import describe_span
from maild.rules.times import Timing, find_lengths_changed
from maild.rules.waiting import Waiting
from maild.stay import Stay
from maild.ticket import TicketView
from maild.tokens import LetterKind

Consider = Callable[[InboundMessage, Known, datetime], Decision]
Act = Callable[[TicketView, Deed, Known, datetime], Decision | str]

EARLIER_ID = "earlier@maild.invalid"
EARLIER_TICKET = 1


@dataclass(frozen=True, slots=True)
class CaseResult:
    case: Case
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        return not self.mismatches

    def describe(self) -> Iterator[str]:
        """The report's lines: one for a test that passed, a small diff for one that failed."""
        place = f"({self.case.file}:{self.case.line})"
        yield f"{'ok  ' if self.passed else 'FAIL'} {self.case.name} {place}"
        for mismatch in self.mismatches:
            yield f"     - {mismatch.what}: {mismatch.expected}"
            yield f"     + {mismatch.what}: {mismatch.found}"
            if mismatch.why:
                yield f"       {mismatch.why}"


@dataclass(frozen=True, slots=True)
class Walk:
    """The daemon's own code: what a mail means, what an agent's deed does or why it is not done; and what it does by itself: a snooze that
    is over, a task that is due, a time rule that is asked, what becomes of a ticket whose owner is away, and who gets one for which a
    rule looks for an owner, None where there is nobody yet; what a rule reports, and what rules make of it that another number of
    tickets waits in a department, with those of them that rest there from then on. `timing` and `schedules` know when rules are asked,
    `limits` bound their mail."""

    consider: Consider
    act: Act
    wake: Callable[[TicketView, Known, datetime], Decision]
    remind: Callable[[TicketView, Known, datetime], Decision | None]
    ask: Callable[[TicketView, AskRule, Known, datetime], Decision]
    offer: Callable[[TicketView, Known, datetime], Decision | None]
    seek: Callable[[TicketView, Known, datetime], Decision | None]
    report: Callable[[Rule, Known, datetime], Decision]
    measure: Callable[[str, frozenset[str], Known, datetime], tuple[Decision | None, frozenset[str]]]
    timing: Timing
    limits: tuple[Limit, ...] = ()
    schedules: Mapping[str, tuple[Rule, Schedule]] = field(default_factory=dict)


def run_cases(cases: Iterable[Case], walk: Walk) -> Iterator[CaseResult]:
    """Each case by itself, in order."""
    return (run_case(case, walk) for case in cases)


def run_case(case: Case, walk: Walk) -> CaseResult:
    scene = _Scene(case, walk)
    return CaseResult(case, tuple(mismatch for step in case.steps for mismatch in scene.play(step)))


class _Scene:
    """One case as it goes on: the time, the ticket, what is known of it, and what was decided since something was expected."""

    def __init__(self, case: Case, walk: Walk) -> None:
        self._case = case
        self._walk = walk
        self._now = case.at
        self._known = Known(background=case.background, away={agent: Absence(agent, case.at) for agent in case.away})
        self._ticket: TicketView | None = None
        self._last_id = EARLIER_ID
        self._mails = 0
        self._waiting = Waiting(walk.timing)
        self._sent: list[tuple[str, datetime]] = []
        self._pauses: dict[str, Pause] = {}
        self._decisions: list[Decision] = []
        self._of_mail: Decision | None = None
        self._was_expected = False
        self._offered: set[str | None] = set()
        self._stirred: set[str] = set()
        self._resting: dict[str, frozenset[str]] = {}
        self._reports = {name: schedule.find_next(case.at) for name, (_, schedule) in walk.schedules.items()}
        if case.given:
            self._begin(case.given)
        self._receive(case.mail)

    def play(self, step: Step) -> Iterator[Mismatch]:
        what = step.what
        if isinstance(what, Expectation):
            self._was_expected = True
            yield from find_mismatches(what, self._decisions, self._ticket, self._why_not_asked)
            yield from find_mail_mismatches(what, self._of_mail or next(reversed(self._decisions), None))
            return
        if self._was_expected:
            self._decisions, self._of_mail, self._was_expected = [], None, False
        match what:
            case SampleMail():
                self._receive(what)
            case Wait():
                self._wait(what.lasts)
            case Deed():
                yield from self._do(what, step.line)

    def _why_not_asked(self, rule: str) -> str:
        """What a time rule still waits for; of any other what became of the mail, which may have asked no rule for tickets."""
        timed = self._walk.timing.find_rule(rule)
        stays = self._waiting.find_stays(rule, self._ticket.number) if self._ticket else ()
        due = min((stay.due for stay in stays if stay.due), default=None)
        if timed and due:
            when = show_moment(due, self._case.at.tzinfo)
            return f"rule {rule} is due at {when}, {describe_span(max(due - self._now, timedelta()))} after what has happened so far"
        if timed and self._ticket and not stays:
            return explain_no_stay(rule, self._walk.timing.test_state(timed, self._ticket, self._now))
        became = dict.fromkeys(map(_describe_outcome, self._decisions))
        return "; ".join((f"nothing that happened asks rule {rule}", *became))

    def _begin(self, given: GivenTicket) -> None:
        before = self._now.astimezone(UTC) - given.age
        self._remember(EARLIER_ID)
        self._ticket = _given_ticket(given, parse_message(build_mail(self._case.mail, self._now, SAMPLE_ID)), before)
        self._waiting.take_over((self._ticket,), self._now)

    def _receive(self, mail: SampleMail) -> None:
        self._mails += 1
        identifier = SAMPLE_ID if self._mails == 1 else f"sample-{self._mails}@maild.invalid"
        message = parse_message(build_mail(mail, self._now, identifier, self._last_id if self._ticket else ""))
        self._of_mail = self._walk.consider(message, self._known_now(), self._now)
        self._take(self._of_mail)
        if self._ticket:
            self._remember(identifier)
            words = LastWords(message.new_text, mail.sender, at=self._now)
            self._known = replace(self._known, last_words={EARLIER_TICKET: words})
        self._find_owner()

    def _wait(self, lasts: timedelta) -> None:
        """What falls due meanwhile happens at its time, one after the other; a rule that is late already, at once."""
        end = self._now.astimezone(UTC) + lasts
        while (due := self._find_next_due()) and due <= end:
            self._now = max(due, self._now)
            self._do_what_is_due()
            self._find_owner()
        self._now = end
        self._find_owner()

    def _find_owner(self) -> None:
        """What the daemon does by itself within seconds: rules are asked once who takes what an agent has who is away."""
        ticket = self._ticket
        if ticket and ticket.owner in self._known.away.keys() - self._offered and ticket.status in TO_DO and not ticket.snoozed_until:
            self._offered.add(ticket.owner)
            self._do_by_itself(self._walk.offer)
        self._do_by_itself(self._walk.seek)
        while self._stirred:
            queue = self._stirred.pop()
            decision, self._resting[queue] = self._walk.measure(queue, self._resting.get(queue, frozenset()), self._known_now(), self._now)
            if decision:
                self._take(decision)

    def _do_by_itself(self, job: Callable[[TicketView, Known, datetime], Decision | None]) -> None:
        if self._ticket and (decision := job(self._ticket, self._known_now(), self._now)):
            self._take(decision)

    def _do_what_is_due(self) -> None:
        ticket, stay = self._ticket, self._find_asked()
        if ticket and ticket.snoozed_until and ticket.snoozed_until <= self._now:
            self._take(self._walk.wake(ticket, self._known_now(), self._now))
        elif ticket and find_due_tasks(ticket, self._now):
            self._do_by_itself(self._walk.remind)
        elif ticket and stay and stay.due and stay.due <= self._now:
            self._ask_rule(ticket, stay)
        elif name := self._find_report():
            rule, schedule = self._walk.schedules[name]
            self._reports[name] = schedule.find_next(self._now)
            self._take(self._walk.report(rule, self._known_now(), self._now))

    def _find_next_due(self) -> datetime | None:
        asked, name = self._find_asked(), self._find_report()
        task = self._ticket and find_next_due(self._ticket)
        moments = (self._ticket and self._ticket.snoozed_until, task, asked and asked.due, name and self._reports[name])
        return min((moment for moment in moments if moment), default=None)

    def _find_asked(self) -> Stay | None:
        return self._waiting.find_next(self._ticket.number) if self._ticket else None

    def _find_report(self) -> str | None:
        """The rule that is to report next."""
        return min((name for name in self._reports if name not in self._pauses), key=self._reports.__getitem__, default=None)

    def _ask_rule(self, ticket: TicketView, stay: Stay) -> None:
        fired = self._known.fired.get(EARLIER_TICKET, {}).get(stay.rule)
        if asked := self._waiting.ask(stay, ticket, self._now, fired):
            self._take(self._walk.ask(ticket, asked, self._known_now(), self._now))

    def _do(self, deed: Deed, line: int) -> Iterator[Mismatch]:
        if self._ticket is None:
            yield Mismatch(f"step in line {line}", "a ticket", "no ticket")
            return
        done = self._walk.act(self._ticket, deed, self._known_now(), self._now)
        if isinstance(done, str):
            yield Mismatch(f"step in line {line}", "it is done", done)
        else:
            self._take(done)
            self._find_owner()

    def _take(self, decision: Decision) -> None:
        """The ticket as it stands after this, as the archive would have it."""
        self._decisions.append(decision)
        self._sent += [(letter.rule, self._now) for letter in decision.letters if letter.limited]
        paused = (effect for effect in decision.effects if isinstance(effect, PauseRule))
        self._pauses |= {effect.rule: Pause(effect.rule, self._now.astimezone(UTC), effect.why) for effect in paused}
        if decision.after is None:
            return
        said = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
        tallied = with_messages(replace(decision.after, number=EARLIER_TICKET), decision.before, said, self._now)
        is_acknowledged = tallied.acknowledged or any(letter.kind is LetterKind.ACKNOWLEDGEMENT for letter in decision.letters)
        self._ticket = replace(tallied, acknowledged=is_acknowledged)
        self._follow(decision.before, self._ticket)
        self._waiting.note(decision)
        noted = {effect.rule: effect.at for effect in decision.effects if isinstance(effect, NoteFiring)}
        self._known = replace(self._known, fired={EARLIER_TICKET: {**self._known.fired.get(EARLIER_TICKET, {}), **noted}})

    def _follow(self, before: TicketView | None, after: TicketView) -> None:
        for length in find_lengths_changed(before, after):
            self._stirred.add(length.queue)
            lengths = self._known.background.lengths
            longer = {**lengths, length.queue: max(0, lengths.get(length.queue, 0) + length.by)}
            self._known = replace(self._known, background=replace(self._known.background, lengths=longer))
        self._waiting.follow(before, after, self._now)

    def _remember(self, identifier: str) -> None:
        self._last_id = identifier
        by_id = {**self._known.by_id, identifier: KnownMessage(identifier, EARLIER_TICKET, internal=False)}
        self._known = replace(self._known, by_id=by_id)

    def _known_now(self) -> Known:
        mail = {limit.rule: self._mail_of(limit) for limit in self._walk.limits}
        known = replace(self._known, background=replace(self._known.background, mail=mail))
        return replace(known, tickets={EARLIER_TICKET: self._ticket}) if self._ticket else known

    def _mail_of(self, limit: Limit) -> RuleMail:
        count = sum(rule == limit.rule and at > self._now - limit.window for rule, at in self._sent)
        return RuleMail(count, (EARLIER_TICKET,), self._pauses.get(limit.rule))


def _given_ticket(given: GivenTicket, message: InboundMessage, before: datetime) -> TicketView:
    return TicketView(
        number=EARLIER_TICKET,
        subject=message.subject,
        queue=given.queue,
        status=given.status,
        priority=given.priority,
        tier=given.tier,
        requester=message.author or Address("", ""),
        created=before,
        updated=before,
        owner=given.owner,
        team=given.team,
        tags=given.tags,
        fields=given.fields,
        acknowledged=True,
        customer_messages=given.customer_messages,
        agent_messages=given.agent_messages,
        last_customer_id=EARLIER_ID,
    )


def _describe_outcome(decision: Decision) -> str:
    ticket = "a new ticket" if decision.before is None else "its ticket"
    return f"{ticket if decision.after else 'no ticket'}, {decision.state.value}: {decision.reason}"
