"""Who gets a copy of an answer (MAIL.md A9). Pure."""

from maild.config.settings import Settings
from maild.message import Address
from maild.ticket import TicketView


def copied(ticket: TicketView, settings: Settings) -> tuple[Address, ...]:
    """The Cc participants, but never the desk itself, nor an agent who is only in copy, nor once more whom the answer goes to (P14)."""
    others = (person for person in ticket.cc if person.key != ticket.addressee.key and not settings.is_own_address(person.address))
    return tuple(person for person in others if settings.agent_at(person.address) is None)
