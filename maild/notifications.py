"""Notifications: which agents are told of a message, with which words beside it (MAIL.md O7, L6). Pure."""

from collections.abc import Iterable, Iterator

from maild.config.settings import Settings
from maild.desk import agent_letters
from maild.desk.answered import answered_on
from maild.desk.colleagues import tell_agents, tell_department, tell_of_move
from maild.desk.rehoming import describe_move
from maild.desk.snooze import find_snooze_ended
from maild.desk.tiers import is_handed_up
from maild.desk.warnings import warn_agents
from maild.draft import Draft
from maild.effects import AddMessage, Effect, Fold, Post, RecordEvent
from maild.known import Earlier
from maild.outbox.guard import STORM, find_flooded
from maild.reading import Reading
from maild.rule_effects import alert, notes_of
from maild.rules.verdict import NotifyWish, Verdict
from maild.ticket import MessageKind, Status, TicketView


def notify_agents(draft: Draft, ticket: TicketView, verdict: Verdict, reading: Reading, settings: Settings) -> Iterator[Effect]:
    """Of the message itself, and of what rules want them to know."""
    if draft.before is None and STORM in ticket.tags:
        yield RecordEvent("notify_withheld", "maild", "one mail will tell of all tickets of this storm")
    elif draft.tell and draft.message and ticket.status is not Status.SPAM and not reading.circumstances.quiet:
        yield from _notifications(draft, draft.message, ticket, verdict, reading, settings)
    elif draft.silence is None and not reading.circumstances.quiet:
        # A rule may move a ticket because of a mail that nobody is told of, as an automatic answer.
        words = agent_letters.customers_message(ticket, answered_on(ticket, reading.known.last_words.get(ticket.number)))
        yield from tell_of_move(draft.before, ticket, words, settings, suppressed=reading.known.suppressed, away=reading.known.away)
    for wish in verdict.wishes:
        if isinstance(wish, NotifyWish) and draft.silence:
            yield RecordEvent("notify_withheld", f"rule {wish.rule}", f"{wish.template}: {draft.silence.text}")
        elif isinstance(wish, NotifyWish):
            yield from alert(wish, ticket, draft.message.visible if draft.message else "", reading.known.away, settings)


def _notifications(
    draft: Draft, message: AddMessage, ticket: TicketView, verdict: Verdict, reading: Reading, settings: Settings
) -> Iterator[Effect]:
    """A ticket that comes to another department is new there. What rules have noted upon this message is shown with it. Who snoozes a
    ticket relies on hearing of it, also where a department is told of nothing (PRODUCT 18)."""
    queue = settings.queues.get(ticket.queue)
    if queue is None:
        return
    moved = describe_move(draft.before, ticket, settings)
    beside = (effect for effect in draft.effects if isinstance(effect, AddMessage) and effect.kind is MessageKind.NOTE)
    notes = tuple(Earlier(message.at, note.author.name, note.visible, is_note=True) for note in (*beside, *notes_of(verdict, message.at)))
    warnings = (*moved, *draft.remarks, *warn_agents(draft, message, ticket, reading, settings))
    earlier = (*notes, *reading.known.earlier.get(ticket.number, ()))
    ended = find_snooze_ended(draft.before, ticket)
    is_new = draft.before is None or draft.before.queue != ticket.queue
    circle = queue.notify.new if is_new else queue.notify.reply
    told = tuple(
        tell_department(
            "owner" if (ended or is_handed_up(draft.before, ticket)) and circle == "none" else circle,
            ticket,
            message,
            warnings,
            settings,
            earlier,
            suppressed=reading.known.suppressed,
            away=reading.known.away,
            watching=ticket.watchers - (draft.before.watchers if draft.before else frozenset()),
            flooded=find_flooded(reading.known.sent, settings),
            snoozed_until=ended,
        )
    )
    yield from told
    yield from tell_agents(_untold(draft, told), ticket, message, warnings, settings, earlier)


def _untold(draft: Draft, told: Iterable[Effect]) -> tuple[str, ...]:
    """Those who are to be told in any case, and are not by what is told already."""
    have = {effect.letter.agent for effect in told if isinstance(effect, Post)} | {fold.agent for fold in told if isinstance(fold, Fold)}
    return tuple(key for key in draft.told_too if key not in have)
