"""A ticket that comes to another department: a rule or a person has moved it, or its own has left the configuration. Pure."""

from collections.abc import Container
from dataclasses import replace

from maild.config.settings import Queue, Settings
from maild.desk.tiers import is_handed_up
from maild.effects import RecordEvent
from maild.ticket import TicketView

Moved = tuple[TicketView, tuple[RecordEvent, ...]]


def rehome(ticket: TicketView, department: Queue, settings: Settings) -> Moved:
    """A ticket of a queue that is gone in the department that gets its next mail, or it would fall silent; any other ticket as it is."""
    if ticket.queue in settings.queues:
        return ticket, ()
    moved = RecordEvent("moved", "maild", f"to {department.name}: there is no queue {ticket.queue} any more")
    housed, left = leave_behind(replace(ticket, queue=department.key), settings)
    return housed, (moved, *left)


def leave_behind(ticket: TicketView, settings: Settings, *, chosen: Container[str] = ()) -> Moved:
    """A ticket just come to its queue without the owner and the team that do not work there, and the events that say so.

    `chosen`: which of `owner` and `team` were chosen together with the queue, and stay. A queue that nobody works in changes nothing.
    """
    queue = settings.queues.get(ticket.queue)
    here = queue.staff if queue else frozenset()
    if queue is None or not here:
        return ticket, ()
    events = []
    team = frozenset(settings.teams.get(ticket.team or "", ()))
    if ticket.team and "team" not in chosen and not team & here:
        ticket = replace(ticket, team=None, decided=ticket.decided - {"team"})
        events.append(RecordEvent("changed", "maild", f"team none: nobody of it works in {queue.name}"))
    if ticket.owner and "owner" not in chosen and ticket.owner not in here | (team if ticket.team else frozenset()):
        name = settings.agents[ticket.owner].name if ticket.owner in settings.agents else ticket.owner
        ticket = replace(ticket, owner=None, decided=ticket.decided - {"owner"})
        events.append(RecordEvent("assigned", "maild", f"no owner any more: {name} does not work in {queue.name}"))
    return ticket, tuple(events)


def works_in(agent: str, queue: str, settings: Settings) -> bool:
    return queue in settings.queues and agent in settings.queues[queue].staff


def describe_move(before: TicketView | None, after: TicketView, settings: Settings, mover: str = "") -> tuple[str, ...]:
    """What the new department, or the second tier, is told of the move first; empty where there was none. `mover`: who it was, if it was a
    person."""
    if before is None or before.queue == after.queue:
        raised = f"{mover} passed this ticket to the second tier." if mover else "This ticket was passed to the second tier."
        return (raised,) if is_handed_up(before, after) else ()
    old = settings.queues[before.queue].name if before.queue in settings.queues else before.queue
    return (f"{mover} moved this ticket here from {old}." if mover else f"This ticket was moved here from {old}.",)
