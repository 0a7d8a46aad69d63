"""The desk in a replay: what its own rules decide is written into the copy, by the daemon's own code, and what others would is only known.

Letters are counted and not written. Which mail walks, and what falls due between two, is `maild.replay`'s and `maild.replayed_time`'s.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from heapq import heappop, heappush

from maild.background import Sought
from maild.consequences import with_consequences
from maild.effects import AddMessage, Decision, Effect, RecordEvent
from maild.ingest.arrival import Incoming
from maild.known import Known
from maild.office import Office
from maild.pipeline import Desk
from maild.recording import ask_about
from maild.renumbering import Renumbering
from maild.rules.backtest import Judge
from maild.rules.waiting import Waiting
from maild.stay import StayChange
from maild.store.apply import Applied, apply
from maild.store.engine import Transaction
from maild.ticket import TicketView
from maild.tried_rules import TriedRules

ASKED_OF_THE_LOG = frozenset({"reopened"})
"""The lines of a ticket's log by which anything is decided (`maild.store.backgrounds`)."""


class ReplayedDesk:
    """`office`: with the addresses that agents had added by the last mail. `own`: what the desk's own time rules wait for. `tried` None:
    no other rules are tried."""

    def __init__(self, office: Office, own: Waiting, tried: TriedRules | None, numbers: Renumbering, judge: Judge) -> None:
        self.office = office
        self.own = own
        self.tried = tried
        self.numbers = numbers
        self.judge = judge
        self._alarms: list[datetime] = []

    @property
    def desk(self) -> Desk:
        return self.office.desk

    def write(
        self,
        tx: Transaction,
        ours: Decision,
        now: datetime,
        incoming: Incoming | None = None,
        *,
        settles: bool = True,
        is_seen: bool = False,
    ) -> Applied:
        """As the desk's own rules have it. `is_seen`: those that are tried have seen the ticket change already."""
        followers = (self.own,) if is_seen else self._books

        def follow(before: TicketView | None, after: TicketView, now: datetime) -> Iterable[StayChange]:
            """As long as a ticket is judged, it is the same by either rules. Stays are kept here, and not written."""
            for waiting in followers:
                waiting.follow(before, after, now)
            return ()

        applied = apply(
            tx,
            _untold(ours),
            now=now,
            compose=self.numbers.compose,
            incoming=incoming,
            first_number=self.desk.settings.desk.first_number,
            settles=settles,
            follow=follow,
            numbering=self.numbers,
        )
        self.own.note(ours)
        for ticket in (applied.ticket, *(other.after for other in ours.beside)):
            if ticket:
                self.set_alarms(ticket)
        return applied

    def note(self, ours: Decision, tried: Decision, number: int | None, now: datetime) -> None:
        """What was decided, once it is written: by the desk's own rules, and by those that are tried."""
        self.judge.note_pauses(tried, now)
        if self.tried is None:
            return
        self.tried.note(tried, number, now)
        if tried is not ours:
            self.tried.note_mail(tried, now)
            self.tried.note_mail(ours, now, is_own=True)

    def ask_own(self, tx: Transaction, decision: Decision, now: datetime) -> Decision:
        """What the desk's own rules make of what no mail has caused."""

        def know(ticket: TicketView, aspects: frozenset[Sought]) -> Known:
            return ask_about(tx, self.desk.settings, now, ticket, aspects)

        return with_consequences(decision, self.desk.rules, know, self.desk.settings, now)

    def ask_tried(self, tx: Transaction, decision: Decision, tried: TriedRules, now: datetime) -> Decision:
        """What those that are tried make of it."""

        def know(ticket: TicketView, aspects: frozenset[Sought]) -> Known:
            return tried.knowing(ask_about(tx, self.desk.settings, now, ticket, aspects), now)

        return with_consequences(decision, tried.rules, know, self.desk.settings, now)

    @property
    def has_time_rules(self) -> bool:
        return bool(self.own.timing.rules) or (self.tried is not None and self.tried.has_time_rules)

    def set_alarms(self, ticket: TicketView) -> None:
        """Something may happen to the ticket then."""
        snoozed = (ticket.snoozed_until,) if ticket.snoozed_until else ()
        for at in (*snoozed, *(task.due for task in ticket.tasks if task.due and task.is_open and not task.told)):
            heappush(self._alarms, at)

    def find_next_due(self) -> datetime | None:
        """When something may happen next without a mail."""
        moments = (self._alarms[0] if self._alarms else None, *(waiting.next_due for waiting in self._books))
        return min((moment for moment in moments if moment), default=None)

    def take_alarms(self, now: datetime) -> bool:
        """Whether an alarm has rung by now."""
        rings = bool(self._alarms) and self._alarms[0] <= now
        while self._alarms and self._alarms[0] <= now:
            heappop(self._alarms)
        return rings

    def take_due(self, now: datetime) -> tuple[int, ...]:
        """The tickets on which a time rule is to be asked by now, the first due first."""
        numbers = dict.fromkeys(number for waiting in self._books for number in waiting.take_due(now))
        return tuple(number for number in numbers if any(waiting.is_due(number, now) for waiting in self._books))

    def forget(self, ticket: int) -> None:
        """No time rule is asked about the ticket any more."""
        for waiting in self._books:
            waiting.forget(ticket)

    @property
    def _books(self) -> tuple[Waiting, ...]:
        return (self.own, self.tried.waiting) if self.tried else (self.own,)


def _untold(decision: Decision) -> Decision:
    """Without what only people read: nobody looks into the copy."""
    effects = tuple(_bare(effect) for effect in decision.effects if not isinstance(effect, RecordEvent) or effect.kind in ASKED_OF_THE_LOG)
    return replace(decision, trace=(), evidence=(), effects=effects)


def _bare(effect: Effect) -> Effect:
    return replace(effect, html="") if isinstance(effect, AddMessage) and effect.html else effect
