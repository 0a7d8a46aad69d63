"""Under which name a letter goes out, always from the department's address (MAIL.md O4, O7)."""

from maild.config.settings import Agent, Queue, Settings
from maild.effects import Letter
from maild.message import Address
from maild.outbox.hygiene import display_name
from maild.ticket import TicketView
from maild.tokens import LetterKind


def write_sender(letter: Letter, ticket: TicketView | None, queue: Queue, settings: Settings) -> Address:
    """`Anna (Acme Support)` for an answer, `Ann Smith via Support` for a notification, else the department's own name."""
    author = author_name(letter, ticket, settings)
    if letter.kind is LetterKind.ANSWER and author:
        return Address(f"{author} ({settings.desk.name})", queue.address)
    if letter.kind is LetterKind.NOTIFICATION and author:
        return Address(f"{author} via {queue.name}", queue.address)
    if queue.name == settings.desk.name:
        return Address(queue.name, queue.address)
    return settings.queue_sender(queue.key)


def author_name(letter: Letter, ticket: TicketView | None, settings: Settings) -> str:
    """Who speaks in a letter: the agent who answers; in a notification whoever wrote the message, the requester unless it is said."""
    if agent := settings.agents.get(letter.author or ""):
        return shown_name(agent, settings)
    if letter.kind is not LetterKind.NOTIFICATION:
        return ""
    return display_name(letter.quoted_from) or (person_name(ticket.requester) if ticket else "")


def shown_name(agent: Agent, settings: Settings) -> str:
    """As much of an agent's name as customers are to see; "" where the department speaks."""
    match settings.desk.answers_from:
        case "agent":
            return display_name(agent.name)
        case "first_name":
            return display_name(agent.name).partition(" ")[0]
        case "department":
            return ""


def person_name(person: Address) -> str:
    """The name of somebody, or his address where he gives none."""
    return display_name(person.name) or person.address


def shortened(name: str, room: int) -> str:
    return name if len(name) <= room else f"{name[: room - 1].rstrip()}…"
