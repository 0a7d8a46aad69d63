"""Time in a replay: what falls due between two mails, a snooze, a task, a time rule, is done in the copy when it is due (`maild.replay`).

What the daemon's jobs do is done by them. Rules that are tried are asked, too; where theirs would be another ticket, it is judged so far.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime

from maild.awakening import WAKING
from maild.desk.tally import with_messages
from maild.due import DueJob, DueTicket
from maild.due_tasks import TELLING
from maild.effects import AddMessage, Decision, IncomingState
from maild.reason import Reason
from maild.replayed_desk import ReplayedDesk
from maild.rules.times import decide_to_ask
from maild.rules.waiting import Waiting
from maild.store import firings, tickets
from maild.store.engine import Transaction
from maild.store.views import in_chunks, ticket_views
from maild.ticket import TicketView
from maild.traffic import Period
from maild.tried_rules import TriedRules

JOBS: tuple[DueJob[DueTicket], ...] = (WAKING, TELLING)
"""What happens without a mail when its time has come, beside time rules."""

Fired = Mapping[str, datetime]
"""When rules that rest have fired last on a ticket."""
Doing = Callable[[Decision], tuple[Decision, TicketView]]
"""A rule is to be asked: what comes of it, and the ticket as it is then."""
Guarded = Callable[[Transaction, str], AbstractContextManager[None]]
"""What breaks within breaks nothing else, and is told of by that name."""


class PassingTime:
    """The clock of the replay; it goes forward only. `waited_on`: the tickets that can stand as they stood where the period begins."""

    def __init__(self, desk: ReplayedDesk, period: Period, waited_on: Collection[int], guarded: Guarded) -> None:
        self._desk = desk
        self._judge = desk.judge
        self._period = period
        self._waited_on = waited_on
        self._guarded = guarded
        self._is_judged = False
        self._clock = datetime.min.replace(tzinfo=UTC)

    def begin(self, tx: Transaction) -> None:
        """Tickets that no replayed mail opened have been put off, too."""
        due = {case.number for job in JOBS for case in job.find(tx, self._desk.office, self._period.until)}
        for ticket in ticket_views(tx, due).values():
            self._desk.set_alarms(ticket)

    def pass_until(self, tx: Transaction, until: datetime) -> None:
        """What falls due by then is done, each at its time; at once, what was due when it was said. Where the period begins, rules begin
        that the desk did not have."""
        if not self._is_judged and until >= self._period.since:
            self._pass(tx, self._period.since)
            self._is_judged = True
            self._take_over(tx)
        self._pass(tx, until)

    def _take_over(self, tx: Transaction) -> None:
        """As at a reload; in bites, since there may be years of tickets."""
        desk, earlier = self._desk, self._desk.own
        desk.own = Waiting(self._desk.desk.timing)
        if desk.tried:
            desk.tried.begin()
        waited_on = self._waited_on if desk.has_time_rules else ()
        for numbers in in_chunks(waited_on):
            views = ticket_views(tx, numbers).values()
            desk.own.take_over(views, self._clock, earlier)
            if desk.tried:
                desk.tried.take_over(views, self._clock, earlier, firings.find_on(tx, numbers))

    def _pass(self, tx: Transaction, until: datetime) -> None:
        while (due := self._desk.find_next_due()) and due <= until:
            self._clock = max(due, self._clock)
            if self._desk.take_alarms(self._clock):
                self._do_jobs(tx, self._clock)
            self._ask_time_rules(tx, self._clock)
        self._clock = max(until, self._clock)

    def _do_jobs(self, tx: Transaction, now: datetime) -> None:
        for job in JOBS:
            for case in tuple(job.find(tx, self._desk.office, now)):
                with self._guarded(tx, job.case.format(case)):
                    self._do(tx, job, case, now)

    def _do(self, tx: Transaction, job: DueJob[DueTicket], case: DueTicket, now: datetime) -> None:
        """As the desk's own rules have it; those that are tried are asked, too."""
        decision = job.decide(tx, case, self._desk.office, now)
        if decision is None:
            return
        ours = self._desk.ask_own(tx, decision, now)
        tried = self._find_open(case.number, now)
        theirs = self._desk.ask_tried(tx, decision, tried, now) if tried else ours
        self._desk.numbers.begin_deed(case.number)
        self._desk.write(tx, ours, now)
        self._desk.note(ours, theirs, case.number, now)
        # Only two sets of rules can be compared: what is recorded of such a deed does not say what came of what.
        if tried:
            self._judge.see_deed(now, ours, theirs)

    def _find_open(self, number: int, now: datetime) -> TriedRules | None:
        """The rules that are tried, where there is still anything to be said about the ticket."""
        return self._desk.tried if self._is_judged and self._judge.is_ticket_open(number, now) else None

    def _ask_time_rules(self, tx: Transaction, now: datetime) -> None:
        for number in self._desk.take_due(now):
            is_asked = False
            with self._guarded(tx, f"time rules on #{number}"):
                self._ask_on(tx, number, now)
                is_asked = True
            if not is_asked:
                self._desk.forget(number)

    def _ask_on(self, tx: Transaction, number: int, now: datetime) -> None:
        """Whatever is due on one ticket: by those rules that are tried first, since they leave the copy as it is."""
        ticket = tickets.view(tx, number)
        tried = self._find_open(number, now)
        theirs = self._ask_tried(tx, ticket, tried, now) if tried else None
        ours = self._ask_own(tx, ticket, now, is_seen=theirs is not None)
        if tried:
            nothing = Decision(IncomingState.DONE, Reason("time", "nothing was to be asked"), ticket, ticket)
            tried.note_mail(ours or nothing, now, is_own=True)
            self._judge.note_pauses(theirs or nothing, now)
            self._judge.see_deed(now, ours or nothing, theirs or nothing)
        elif ours:
            self._desk.note(ours, ours, number, now)
            if self._desk.tried is None and self._is_judged:
                self._judge.see_time(now, ours)

    def _ask_own(self, tx: Transaction, ticket: TicketView, now: datetime, *, is_seen: bool) -> Decision | None:
        def do(decision: Decision) -> tuple[Decision, TicketView]:
            ours = self._desk.ask_own(tx, decision, now)
            self._desk.numbers.begin_deed(ticket.number)
            applied = self._desk.write(tx, ours, now, is_seen=is_seen)
            return ours, applied.ticket or ticket

        def find_fired() -> Fired:
            return firings.find_on(tx, (ticket.number,)).get(ticket.number, {})

        return _ask_all(self._desk.own, ticket, find_fired, do, now)

    def _ask_tried(self, tx: Transaction, ticket: TicketView, tried: TriedRules, now: datetime) -> Decision | None:
        def do(decision: Decision) -> tuple[Decision, TicketView]:
            theirs = self._desk.ask_tried(tx, decision, tried, now)
            after = _settled(theirs, ticket, now)
            tried.waiting.follow(theirs.before, after, now)
            tried.note(theirs, ticket.number, now)
            tried.note_mail(theirs, now)
            return theirs, after

        return _ask_all(tried.waiting, ticket, lambda: tried.fired.get(ticket.number, {}), do, now)


def _ask_all(
    waiting: Waiting,
    ticket: TicketView,
    find_fired: Callable[[], Fired],
    do: Callable[[Decision], tuple[Decision, TicketView]],
    now: datetime,
) -> Decision | None:
    """Ask all rules that are due on a ticket, one after the other, each about what the one before has left. What all of them have done, as
    one; None where none was asked."""
    whole: Decision | None = None
    while (stay := waiting.find_next(ticket.number)) and stay.due and stay.due <= now:
        if asked := waiting.ask(stay, ticket, now, find_fired().get(stay.rule)):
            decision, ticket = do(decide_to_ask(ticket, asked))
            whole = _joined(whole, decision) if whole else decision
    return whole


def _joined(first: Decision, second: Decision) -> Decision:
    return replace(
        second,
        before=first.before,
        effects=first.effects + second.effects,
        trace=first.trace + second.trace,
        beside=first.beside + second.beside,
    )


def _settled(decision: Decision, ticket: TicketView, now: datetime) -> TicketView:
    """The ticket as the archive would have it."""
    said = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    return with_messages(decision.after or ticket, decision.before, said, now)
