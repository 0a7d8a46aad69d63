"""The actions by which a rule makes work for people, or puts it off: `task`, `snooze`, `hold`, `fork`. Pure, like all actions.

How they are written is decided in `load_work`; who is told of a task, and how a ticket is opened beside another, in the walk.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from maild.config.settings import Settings
from maild.desk.calendar import add_time
from maild.desk.when import Unreadable, describe_moment, read_when
from maild.rules.actions import Action, ActionResult, ActionSkippedError, Moment
from maild.rules.strings import Text
from maild.rules.verdict import HOLD_TAG, ForkWish, NoteWish, Verdict
from maild.task import LONGEST_TITLE, MOST_OPEN, Task, next_number, open_tasks
from maild.ticket import ENDED, TicketView

_SOME_MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class When:
    """A time in plain words, as they are meant in that zone whenever the rule fires."""

    words: str
    zone: ZoneInfo

    def moment(self, now: datetime) -> datetime:
        """Raises ActionSkippedError: there is no such time any more."""
        found = read_when(self.words, now, self.zone)
        if isinstance(found, Unreadable):
            raise ActionSkippedError(found.text)
        return found


def parse_when(words: str, zone: ZoneInfo) -> When | str:
    """The time; else what is wrong with it. One with a year comes once only, and would be past for every later mail."""
    found = read_when(words, _SOME_MONDAY, zone)
    if isinstance(found, Unreadable):
        return found.text
    if any(word.isdecimal() and len(word) == 4 for word in words.replace("-", " ").replace(".", " ").split()):
        return f'"{words}" comes once only, and a rule fires again and again; leave the year out'
    return When(words, zone)


@dataclass(frozen=True, slots=True)
class OpenTime:
    """So much time in which the ticket's department is open by its calendar; every hour counts where it has none."""

    span: timedelta
    settings: Settings = field(repr=False, compare=False)

    def moment(self, queue: str, now: datetime) -> datetime:
        """Counted from now on, in that department."""
        return add_time(self.settings.calendar_of(queue), now, self.span)

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.desk.timezone


@dataclass(frozen=True, slots=True)
class Snooze(Action):
    """`snooze`: out of its queue until then (PRODUCT 18). A later mail of the customer's wakes the ticket as ever."""

    when: When

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        if verdict.ticket.status in ENDED:
            raise ActionSkippedError(f"the ticket is {verdict.ticket.status.value}, so it is in no queue")
        until = self.when.moment(moment.occasion.now)
        ticket = replace(verdict.ticket, snoozed_until=until)
        return ActionResult(replace(verdict, ticket=ticket), f"snoozed until {describe_moment(until, self.when.zone)}")

    def describe(self) -> str:
        return f"snooze {self.when.words}"


@dataclass(frozen=True, slots=True)
class GiveTask(Action):
    """`task`: something for a colleague to do (PRODUCT 20). `receiver` is `lead`, `owner`, or an agent's key; `leads` are those of the
    departments, by key. Nobody gets a task that he has been given and not done."""

    title: Text
    receiver: str
    due: When | OpenTime | None
    leads: Mapping[str, str]

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        ticket, now = verdict.ticket, moment.occasion.now
        agent, title = self._find_agent(verdict), self.title.fill(ticket, moment.captures)[:LONGEST_TITLE]
        still = open_tasks(ticket.tasks)
        if any((task.agent, task.title) == (agent, title) for task in still):
            raise ActionSkippedError(f"{agent} has that task already")
        if len(still) >= MOST_OPEN:
            raise ActionSkippedError(f"the ticket has {MOST_OPEN} open tasks already")
        due = self._find_due(ticket, now)
        task = Task(next_number(ticket.tasks), title, agent, f"rule {moment.rule}", now, due)
        until = f", due {describe_moment(due, self.due.zone)}" if self.due and due else ""
        return ActionResult(replace(verdict, ticket=replace(ticket, tasks=(*ticket.tasks, task))), f"task for {agent}{until}: {title}")

    def describe(self) -> str:
        return f"task for {self.receiver}"

    @property
    def sends(self) -> bool:
        """Whoever has a new task is told."""
        return True

    def _find_due(self, ticket: TicketView, now: datetime) -> datetime | None:
        match self.due:
            case When():
                return self.due.moment(now)
            case OpenTime():
                return self.due.moment(ticket.queue, now)
        return None

    def _find_agent(self, verdict: Verdict) -> str:
        """A department without a lead has its ticket's owner; a ticket without an owner its department's lead."""
        if self.receiver not in ("lead", "owner"):
            return self.receiver
        lead, owner = self.leads.get(verdict.ticket.queue), verdict.ticket.owner
        found = (lead or owner) if self.receiver == "lead" else (owner or lead)
        if found is None:
            raise ActionSkippedError(f"{verdict.ticket.queue} has no lead, and the ticket no owner")
        return found


@dataclass(frozen=True, slots=True)
class Hold(Action):
    """`hold`: a person must look at it first. As long as the ticket has the tag, rules neither answer on it nor close it."""

    reason: Text

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        reason = self.reason.fill(verdict.ticket, moment.captures)
        if HOLD_TAG in verdict.ticket.tags:
            raise ActionSkippedError("it is on hold already")
        ticket = replace(verdict.ticket, tags=verdict.ticket.tags | {HOLD_TAG})
        note = NoteWish(moment.rule, f"On hold until somebody has looked at it: {reason}")
        return ActionResult(replace(verdict, ticket=ticket, wishes=(*verdict.wishes, note)), f"on hold: {reason}")


@dataclass(frozen=True, slots=True)
class Fork(Action):
    """`fork`: the same request is a ticket of another department, too."""

    queue: str

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        others = {wish.queue for wish in verdict.wishes if isinstance(wish, ForkWish)}
        if self.queue in (verdict.ticket.queue, *others):
            raise ActionSkippedError(f"{self.queue} has it already")
        wish = ForkWish(moment.rule, self.queue)
        return ActionResult(replace(verdict, wishes=(*verdict.wishes, wish)), f"forked to {self.queue}")

    def describe(self) -> str:
        return f"fork to {self.queue}"
