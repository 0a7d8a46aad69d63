"""Waiting: the stays of time rules on tickets, kept in memory where no store keeps them: in tests of rules, and in backtests.

What begins and ends a stay, and when its rule is asked, is `maild.rules.times`'; here is the book of it.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from heapq import heappop, heappush

from maild.effects import AskRule, Decision, PauseRule
from maild.rules.times import Timing
from maild.stay import LengthChanged, Stay, StayDisturbed, StayEnded
from maild.ticket import TicketView

_Place = tuple[str, int]
"""The rule, and what the stay is about."""


class Waiting:
    """What the rules of `timing` wait for. Stays of other rules are kept, and not asked about."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self._names = frozenset(rule.id for rule in timing.rules)
        self._stays: dict[int, dict[_Place, Stay]] = {}
        self._alarms: list[tuple[datetime, int]] = []
        self._paused: set[str] = set()

    def begin(self, stay: Stay) -> None:
        """A stay as it is by now, in place of an older one."""
        self._stays.setdefault(stay.ticket, {})[stay.rule, stay.about] = stay
        if stay.due:
            heappush(self._alarms, (stay.due, stay.ticket))

    def follow(self, before: TicketView | None, after: TicketView, now: datetime) -> None:
        """A ticket has changed (`Timing.follow`)."""
        for change in self.timing.follow(before, after, now):
            if isinstance(change, LengthChanged):  # how many tickets wait is no ticket's stay
                continue
            on_ticket, place = self._stays.get(change.ticket, {}), (change.rule, change.about)
            match change:
                case Stay():
                    self.begin(change)
                case StayEnded():
                    on_ticket.pop(place, None)
                case StayDisturbed() if place in on_ticket and on_ticket[place].due:
                    self.begin(replace(on_ticket[place], due=now))

    def find_next(self, ticket: int) -> Stay | None:
        """The stay on a ticket whose rule is to be asked first; a rule that is paused is not asked."""
        asked = (
            stay for stay in self._stays.get(ticket, {}).values() if stay.due and stay.rule in self._names and stay.rule not in self._paused
        )
        return min(asked, key=lambda stay: (stay.due, stay.rule, stay.about), default=None)

    def is_due(self, ticket: int, now: datetime) -> bool:
        stay = self.find_next(ticket)
        return stay is not None and stay.due is not None and stay.due <= now

    def find_stays(self, rule: str, ticket: int) -> tuple[Stay, ...]:
        """What a rule waits for on a ticket."""
        return tuple(stay for stay in self._stays.get(ticket, {}).values() if stay.rule == rule)

    def ask(self, stay: Stay, ticket: TicketView, now: datetime, fired: datetime | None) -> AskRule | None:
        """What is to be done about a stay that is due: its rule is asked, or it only stands otherwise by now. `fired`: when the rule has
        done so on this ticket last."""
        rule = self.timing.find_rule(stay.rule)
        match rule and self.timing.ask(rule, stay, ticket, now, fired):
            case AskRule() as asked:
                return asked
            case Stay() as by_now:
                self.begin(by_now)
            case None:
                del self._stays[stay.ticket][stay.rule, stay.about]
        return None

    def note(self, decision: Decision) -> None:
        """What a decision means for the stays that go on, once the ticket's change was followed: rules were asked, or paused."""
        for effect in decision.effects:
            match effect:
                case AskRule(stay=stay, again=again) if asked := self._stays.get(stay.ticket, {}).get((stay.rule, stay.about)):
                    self.begin(replace(asked, due=again))
                case PauseRule(rule=rule):
                    self._paused.add(rule)

    def forget(self, ticket: int) -> None:
        self._stays.pop(ticket, None)

    @property
    def next_due(self) -> datetime | None:
        """When there may be something to be asked next."""
        return self._alarms[0][0] if self._alarms else None

    def take_due(self, now: datetime) -> tuple[int, ...]:
        """The tickets on which there may be something to be asked by now, the first due first. Each alarm rings once."""
        found: dict[int, None] = {}
        while self._alarms and self._alarms[0][0] <= now:
            found[heappop(self._alarms)[1]] = None
        return tuple(found)

    def take_over(self, tickets: Iterable[TicketView], now: datetime, earlier: "Waiting | None" = None) -> None:
        """Begin to wait on tickets that were there before, as at a reload (`maild.waiting_rules`). `earlier`: what the rules that are
        replaced have waited for; those that are written alike wait on."""
        alike = {rule for rule, _ in self._written & earlier._written} if earlier else frozenset[str]()
        self._paused |= earlier._paused if earlier else set()
        for ticket in tickets:
            standing = earlier._stays.get(ticket.number, {}) if earlier else {}
            for rule in self.timing.rules:
                of_rule = {about: stay for (name, about), stay in standing.items() if name == rule.id}
                for stay in (of_rule if rule.id in alike else self.timing.renew(rule, ticket, of_rule, now)).values():
                    self.begin(stay)

    @property
    def _written(self) -> frozenset[tuple[str, str]]:
        return frozenset((rule.id, self.timing.describe(rule)) for rule in self.timing.rules)
