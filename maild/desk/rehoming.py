"""A ticket whose queue has left the configuration goes to the department that gets its next mail: it must not fall silent. Pure."""

from dataclasses import replace

from maild.config.settings import Queue, Settings
from maild.effects import RecordEvent
from maild.ticket import TicketView


def rehome(ticket: TicketView, department: Queue, settings: Settings) -> tuple[TicketView, tuple[RecordEvent, ...]]:
    """The ticket in a queue that exists, and the event that says so; any other ticket as it is."""
    if ticket.queue in settings.queues:
        return ticket, ()
    moved = RecordEvent("moved", "maild", f"to {department.name}: there is no queue {ticket.queue} any more")
    return replace(ticket, queue=department.key), (moved,)
