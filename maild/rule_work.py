"""What rules make people do, once it is decided: letters about tasks, and tickets opened beside (RULES.md 4: `task`, `fork`). Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.answered import Answered
from maild.desk.colleagues import tell_department
from maild.desk.split import open_beside
from maild.desk.tasks import Telling, tell_of_new
from maild.effects import AddMessage, Decision, Effect, IncomingState, Post, RecordEvent, Split
from maild.known import Known
from maild.reason import Reason
from maild.rules.verdict import ForkWish, Verdict
from maild.ticket import Status, TicketView

BY_RULE = "rule "
"""So begins who has done what, where a rule has."""
NO_FILES = "Its files are on the other ticket alone."


@dataclass(frozen=True, slots=True)
class Work:
    """A ticket before rules were asked and as it is now, and the message because of which they were, `answered` by letters about it.
    `tells`: whether anybody may be told of anything."""

    drafted: TicketView
    after: TicketView
    message: AddMessage | None
    answered: Answered
    known: Known
    tells: bool


def follow_up(work: Work, verdict: Verdict, settings: Settings, now: datetime) -> Iterator[Effect]:
    """Whoever has a new task is told, and each fork is a ticket of its own."""
    words = work.message.visible if work.message else ""
    earlier = work.known.earlier.get(work.after.number, ())
    telling = Telling(work.after, work.answered, earlier, settings, work.known.away, words)
    yield from (_by_its_rule(effect, work.after) for effect in tell_of_new(work.drafted.tasks, telling, tells=work.tells))
    for wish in verdict.wishes:
        if isinstance(wish, ForkWish) and work.message:
            yield _fork(wish, work, work.message, settings, now)


def _by_its_rule(effect: Effect, ticket: TicketView) -> Effect:
    """A letter about a task counts for the rule that has made it (RULES.md 5.5)."""
    if not isinstance(effect, Post):
        return effect
    made_by = next((task.made_by for task in ticket.tasks if task.number == effect.letter.task), "")
    return Post(replace(effect.letter, rule=made_by.removeprefix(BY_RULE)))


def _fork(wish: ForkWish, work: Work, message: AddMessage, settings: Settings, now: datetime) -> Split:
    """The message once more, without what is known by its id or stands in its bytes: answers to it come to the first ticket."""
    ticket = work.after
    opened = replace(
        open_beside(ticket, ticket.subject, now),
        queue=wish.queue,
        status=Status.NEW,
        priority=ticket.priority,
        tags=ticket.tags,
        fields=ticket.fields,
    )
    copy = AddMessage(message.kind, message.author, now, message.text, message.visible, internal=message.internal, subject=message.subject)
    by = f"{BY_RULE}{wish.rule}"
    event = RecordEvent("opened", by, f"forked off a ticket of {ticket.queue}")
    warnings = (f"Rule {wish.rule} opened this ticket beside one of {ticket.queue}.", *((NO_FILES,) if message.attachments else ()))
    queue = settings.queues[wish.queue]
    told = tell_department(queue.notify.new, opened, copy, warnings, settings, suppressed=work.known.suppressed, away=work.known.away)
    effects = (copy, event, *(told if work.tells else ()))
    return Split(Decision(IncomingState.DONE, Reason("fork", event.text), None, opened, effects), ticket, ticket, by)
