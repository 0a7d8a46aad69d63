"""What has happened to a ticket, told from the ticket before and after and from what was said: the events rules are asked about. Pure.

It is the same whatever door it came through: a customer's mail, an agent's, the command line, a job (RULES.md 2).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from maild.effects import AddMessage, AskRule, Effect, RunMacro
from maild.rules.verdict import Event
from maild.ticket import ENDED, MessageKind, Status, TicketView

_BY_KIND = {
    MessageKind.CUSTOMER: Event.MESSAGE_CUSTOMER,
    MessageKind.AGENT: Event.MESSAGE_AGENT,
    MessageKind.NOTE: Event.MESSAGE_NOTE,
    MessageKind.THIRD_PARTY: Event.MESSAGE_OTHER,
    MessageKind.AUTO: Event.MESSAGE_OTHER,
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One event. `message` is what was said, or said beside what was done; None: nothing was. `rule`: the one that is asked, where it
    is only one."""

    event: Event
    message: AddMessage | None = None
    rule: str = ""


def find_happenings(
    before: TicketView | None, after: TicketView | None, effects: Iterable[Effect] = (), events: Iterable[Event] = ()
) -> Iterator[Happening]:
    """Each thing that happened once, what was said first. `events`: what neither the ticket nor its messages show."""
    if after is None:
        return
    effects, events = tuple(effects), tuple(events)
    said = tuple(effect for effect in effects if isinstance(effect, AddMessage))
    beside = next(iter(said), None)
    named = tuple(_by_name(effect, beside) for effect in effects if isinstance(effect, RunMacro | AskRule))
    if before is None:
        yield from (Happening(Event.TICKET_CREATED, beside), *named)
        return
    yield from named
    yield from (Happening(event, beside) for event in events)
    yield from (Happening(_BY_KIND[message.kind], message) for message in said if not _is_report(message, events))
    if Event.AGENT_AWAY not in events:  # only a rule that takes the ticket on makes a change of it
        yield from find_changes(before, after, beside)


def _by_name(effect: RunMacro | AskRule, beside: AddMessage | None) -> Happening:
    if isinstance(effect, RunMacro):
        return Happening(Event.MACRO, beside, effect.rule)
    return Happening(Event.TIME, None, effect.stay.rule)


def find_changes(before: TicketView, after: TicketView, beside: AddMessage | None = None) -> Iterator[Happening]:
    """What has become of a ticket that was there before. `beside`: what was said with it."""
    return (Happening(event, beside) for event, came_about in CHANGES.items() if came_about(before, after))


def _is_report(message: AddMessage, events: tuple[Event, ...]) -> bool:
    """A bounce is an event of its own, and not a message beside that."""
    return message.kind is MessageKind.AUTO and Event.BOUNCE_RECEIVED in events


def _is_awake(before: TicketView, after: TicketView) -> bool:
    return before.snoozed_until is not None and after.snoozed_until is None and after.status not in ENDED


def _is_reopened(before: TicketView, after: TicketView) -> bool:
    return before.status in (Status.CLOSED, Status.SPAM) and after.status not in ENDED


def _is_closed(before: TicketView, after: TicketView) -> bool:
    return before.status is not Status.CLOSED and after.status is Status.CLOSED


def _is_assigned(before: TicketView, after: TicketView) -> bool:
    """To somebody: whoever loses a ticket is no event but a change."""
    return (after.owner not in (None, before.owner)) or (after.team not in (None, before.team))


def _is_tagged(before: TicketView, after: TicketView) -> bool:
    return not after.tags <= before.tags


def _is_changed(before: TicketView, after: TicketView) -> bool:
    """What people see of it, beside its messages."""
    return _seen(before) != _seen(after)


def _seen(ticket: TicketView) -> tuple[object, ...]:
    who = (ticket.requester.key, ticket.owner, ticket.team)
    what = (ticket.queue, ticket.status, ticket.priority, ticket.tier, ticket.tags, ticket.fields, ticket.subject, ticket.language)
    return (*who, *what, ticket.snoozed_until)


CHANGES: dict[Event, Callable[[TicketView, TicketView], bool]] = {
    Event.SNOOZE_ENDED: _is_awake,
    Event.TICKET_REOPENED: _is_reopened,
    Event.TICKET_CLOSED: _is_closed,
    Event.TICKET_ASSIGNED: _is_assigned,
    Event.TICKET_TAGGED: _is_tagged,
    Event.TICKET_CHANGED: _is_changed,
}
