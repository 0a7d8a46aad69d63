"""Time rules: what a rule waits for on a ticket, and when it is to be asked (RULES.md 2). Pure: tickets and moments in, moments out.

A state that a rule waits for is asked of the ticket alone, so nothing but a change of the ticket begins or ends it, and what is due is
known beforehand. `maild.time_rules` keeps the stays in the store, `rules.trial` in its tests.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from maild.config.settings import Settings
from maild.desk.calendar import Calendar, add_time, describe_calendar
from maild.desk.ordering import TO_DO
from maild.effects import AskRule, Decision, IncomingState
from maild.reason import Reason
from maild.rules.conditions import AllOf, Comparison, OneOf, Tested, build_leaf, find_fields
from maild.rules.fields import Facts
from maild.rules.happenings import Happening
from maild.rules.ruleset import Rule
from maild.rules.said import occasion_of
from maild.rules.time_forms import After, Before, Clock, Cron, Deadline
from maild.rules.verdict import Event, Leaf
from maild.stay import Followed, LengthChanged, Stay, StayDisturbed, StayEnded
from maild.ticket import ENDED, Status, TicketView

NEVER_WAITED_ON = frozenset({Status.SPAM, Status.MERGED})
"""Nobody works on what is spam, and what was merged goes on elsewhere."""
Moments = Mapping[int, datetime | None]
"""What a rule waits for on a ticket, by what it is about (`Stay.about`): a moment that the ticket names, None for a state."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The time rules of a desk that are not disabled. `lengths`: whether rules are asked how many tickets wait in a department."""

    rules: tuple[Rule, ...]
    settings: Settings
    lengths: bool = False

    def find_rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.id == name), None)

    def follow(self, before: TicketView | None, after: TicketView, now: datetime) -> Iterator[Followed]:
        """Which stays begin and end where a ticket changes, and where it waits or waits no longer. `before` None: it is new, and has been
        what it is since it was opened."""
        if self.lengths:
            yield from find_lengths_changed(before, after)
        if not self.rules:
            return
        since = after.created if before is None else now
        was_facts, facts = before and self._facts(before, now), self._facts(after, now)
        for rule in self.rules:
            was = find_moments(rule, before, was_facts) if before and was_facts else {}
            moments = find_moments(rule, after, facts)
            yield from (StayEnded(after.number, rule.id, about) for about in was if about not in moments)
            for about, moment in moments.items():
                if about not in was or was[about] != moment:
                    yield Stay(after.number, rule.id, about, since, self._find_due(rule, after, since, moment, now))
                elif before and self._calendar(rule, before) != self._calendar(rule, after):
                    yield StayDisturbed(after.number, rule.id, about)

    def find_stays(self, rule: Rule, ticket: TicketView, now: datetime) -> Mapping[int, Stay]:
        """The rule's stays on a ticket that was there before the rule, by what they are about: as old as is known for certain."""
        since = find_beginning(rule, ticket)
        moments = find_moments(rule, ticket, self._facts(ticket, now))
        dues = {
            about: None if moment and moment <= now else self._find_due(rule, ticket, since, moment, now)
            for about, moment in moments.items()
        }
        return {about: Stay(ticket.number, rule.id, about, since, due) for about, due in dues.items()}

    def renew(self, rule: Rule, ticket: TicketView, standing: Mapping[int, Stay], now: datetime) -> Mapping[int, Stay]:
        """The same where the rule is there already and was written otherwise: it waits on in the stays that are `standing`."""
        found = self.find_stays(rule, ticket, now)
        by_now = {about: self.look_again(rule, standing[about], ticket, now, None) for about in found if about in standing}
        return {about: by_now.get(about) or stay for about, stay in found.items()}

    def ask(self, rule: Rule, stay: Stay, ticket: TicketView, now: datetime, fired: datetime | None) -> AskRule | Stay | None:
        """What is to be done about a stay that is due: the rule is asked; or nothing, but to note the stay as it is by now, None: it is
        over."""
        by_now = self.look_again(rule, stay, ticket, now, fired)
        if by_now is None or by_now.due is None or by_now.due > now:
            return by_now
        return AskRule(by_now, find_next(rule, now))

    def look_again(self, rule: Rule, stay: Stay, ticket: TicketView, now: datetime, fired: datetime | None) -> Stay | None:
        """The stay as it is by now, None where it is over. `fired`: when the rule has done so on this ticket last.

        What began later than now was written before the clock was set back, and begins now (OPERATIONS I23). What a rule was to be asked
        ahead of, and is past, it is not asked about any more.
        """
        moments = find_moments(rule, ticket, self._facts(ticket, now))
        if stay.about not in moments:
            return None
        since, moment = min(stay.since, now), moments[stay.about]
        if stay.due is None or (moment and moment <= now):
            return replace(stay, since=since, due=None)
        if isinstance(rule.time, Cron) and stay.due <= now:
            return replace(stay, since=since)
        due = self._find_due(rule, ticket, since, moment, now)
        return replace(stay, since=since, due=max(due, fired + rule.once) if fired and rule.once and rule.repeats else due)

    def test_state(self, rule: Rule, ticket: TicketView, now: datetime) -> tuple[Leaf, ...]:
        """What the state that the rule waits for asks of the ticket, and how that comes out."""
        tested: list[Tested] = []
        if isinstance(rule.time, After | Cron) and rule.time.state:
            rule.time.state.holds(self._facts(ticket, now), tested)
        return tuple(map(build_leaf, tested))

    def describe(self, rule: Rule) -> str:
        """Changes whenever the rule is to be asked at other times than before, whatever tickets do. The same in every process."""
        if not _counts_opening_hours(rule):
            return rule.written
        found = {queue: self.settings.calendar_of(queue) for queue in sorted(self.settings.queues)}
        hours = [f"{queue}: {describe_calendar(calendar)}" for queue, calendar in found.items() if calendar]
        return hashlib.sha256(f"{rule.written} {hours}".encode()).hexdigest()[:16]

    def _find_due(self, rule: Rule, ticket: TicketView, since: datetime, moment: datetime | None, now: datetime) -> datetime:
        """When the rule is to be asked first in a stay that began then; of a schedule, next."""
        match rule.time:
            case After(lasts=lasts):
                return add_time(self._calendar(rule, ticket), since, lasts)
            case Before(lead=lead) if moment:
                return moment.astimezone(UTC) - lead
            case Cron(schedule=schedule):
                return schedule.find_next(now)
        raise ValueError(f"rule {rule.id} waits for nothing")

    def _calendar(self, rule: Rule, ticket: TicketView) -> Calendar | None:
        """By which its time is counted; None: every hour counts."""
        return self.settings.calendar_of(ticket.queue) if _counts_opening_hours(rule) else None

    def _facts(self, ticket: TicketView, now: datetime) -> Facts:
        return Facts(occasion_of(Happening(Event.TIME), None, ticket, self.settings, now))


def find_lengths_changed(before: TicketView | None, after: TicketView) -> Iterator[LengthChanged]:
    """In which departments another number of tickets waits (the field `queue.length`)."""
    was = before.queue if before and _is_to_do(before) else None
    is_now = after.queue if _is_to_do(after) else None
    if was != is_now:
        yield from (LengthChanged(queue, by) for queue, by in ((was, -1), (is_now, 1)) if queue)


def _is_to_do(ticket: TicketView) -> bool:
    return ticket.status in TO_DO and ticket.snoozed_until is None


def decide_to_ask(ticket: TicketView, asked: AskRule) -> Decision:
    """What rules make of it is to be added (`maild.consequences`)."""
    return Decision(IncomingState.DONE, Reason("time", f"it is that of rule {asked.stay.rule}"), ticket, ticket, (asked,))


def find_moments(rule: Rule, ticket: TicketView, facts: Facts) -> Moments:
    """What the rule waits for on the ticket; `facts` are the ticket's."""
    if ticket.status in NEVER_WAITED_ON:
        return {}
    match rule.time:
        case After(state=state) | Cron(state=AllOf() | OneOf() | Comparison() as state):
            return {0: None} if state.holds(facts, []) else {}
        case Cron():
            return {} if ticket.status in ENDED else {0: None}
        case Before(of=Deadline.SNOOZE):
            return {0: ticket.snoozed_until} if ticket.snoozed_until else {}
        case Before(of=Deadline.TASK):
            return {task.number: task.due for task in ticket.tasks if task.is_open and task.due}
    return {}


def _counts_opening_hours(rule: Rule) -> bool:
    return isinstance(rule.time, After) and rule.time.clock is Clock.BUSINESS


def find_next(rule: Rule, now: datetime) -> datetime | None:
    """When a rule that is asked now is asked again, if the stay goes on; None: once is enough. What was missed of a schedule comes once."""
    if isinstance(rule.time, Cron):
        return rule.time.schedule.find_next(now)
    return now.astimezone(UTC) + rule.once if rule.once and rule.repeats else None


def find_beginning(rule: Rule, ticket: TicketView) -> datetime:
    """Since when at least what the rule waits for has been so, of a ticket that was there before the rule. Nothing has changed since its
    last change; what is stored of it tells more of some fields."""
    names = find_fields(rule.time.state) if isinstance(rule.time, After) else ()
    return max((_stands_since(name, ticket) for name in names), default=ticket.updated)


def _stands_since(name: str, ticket: TicketView) -> datetime:
    match name:
        case "status" if ticket.closed_at:
            return ticket.closed_at
        case "status" if ticket.status is Status.NEW:
            return ticket.created
        case "replies.agent" if ticket.agent_messages == 0:
            return ticket.created
        case "replies.customer" if ticket.customer_messages <= 1:
            return ticket.created
    return ticket.updated
