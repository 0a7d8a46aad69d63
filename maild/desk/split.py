"""Tickets split off another: a new ticket of the same customer, of which the department is told (PRODUCT 21, MAIL.md A7). Pure."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.agent_letters import customers_message
from maild.desk.answered import Answered
from maild.desk.blocks import part_customers
from maild.desk.colleagues import tell_department
from maild.desk.regroup import Reach
from maild.effects import AddMessage, Decision, Effect, IncomingState, RecordEvent, Split
from maild.known import Absence, Earlier
from maild.message import Address
from maild.reason import Reason
from maild.ticket import MessageKind, Priority, Status, TicketView, latest_ids


@dataclass(frozen=True, slots=True)
class Share:
    """Some of a ticket's messages: their ids in the store, how many are the customer's and how many are answers, the Message-IDs of those
    that are his, and his last words among them."""

    messages: tuple[int, ...]
    customer: int
    agent: int
    ids: tuple[str, ...]
    words: Answered


def split_off(
    ticket: TicketView,
    reach: Reach,
    words: Answered,
    agent: Agent,
    settings: Settings,
    now: datetime,
    *,
    suppressed: Container[str],
    away: Mapping[str, Absence],
) -> Iterator[Split]:
    """A new ticket for each block. `words` are what the customer wrote last, for a block in which nothing of hers stands. What is not hers
    stays inside (O7): she may be answered there, and is quoted what she has said."""
    for block in reach.blocks:
        opened = open_beside(ticket, block.title, now)
        hers, rest = part_customers(block.text, (*reach.said, words.text))
        text = hers or words.text
        message = AddMessage(MessageKind.CUSTOMER, ticket.requester, now, text, text, agent=words.taken_down, subject=block.title)
        note = AddMessage(MessageKind.NOTE, Address(agent.name, agent.email), now, rest, rest, agent=agent.key, internal=True)
        opening = _opening(ticket, opened, message, (message, note) if rest else (message,), agent, settings, suppressed, away)
        yield Split(opening, ticket, ticket, agent.key)


def split_messages(
    ticket: TicketView,
    stays: Share,
    goes: Share,
    title: str,
    agent: Agent,
    settings: Settings,
    now: datetime,
    *,
    suppressed: Container[str],
    away: Mapping[str, Absence],
) -> Split:
    """A new ticket of messages that stand on this one. What an agent has answered there is open."""
    opened = replace(
        open_beside(ticket, title, now),
        status=Status.OPEN if goes.agent else Status.NEW,
        customer_messages=goes.customer,
        agent_messages=goes.agent,
        references=latest_ids(goes.ids),
        last_customer_id=next(reversed(goes.ids), None),
        requester_since=ticket.requester_since,
        requester_by=ticket.requester_by,
    )
    after = replace(
        ticket,
        customer_messages=stays.customer,
        agent_messages=stays.agent,
        references=tuple(identifier for identifier in ticket.references if identifier not in goes.ids),
        last_customer_id=next(reversed(stays.ids), None),
    )
    opening = _opening(ticket, opened, customers_message(opened, goes.words), (), agent, settings, suppressed, away)
    return Split(opening, ticket, after, agent.key, goes.messages)


def open_beside(ticket: TicketView, title: str, now: datetime) -> TicketView:
    """A new ticket of the same people in the same department. It begins a conversation of its own. Whoever has become the requester since
    is not shown what another has said, and who said what is written anew there nobody knows."""
    return TicketView(
        number=0,
        subject=title,
        queue=ticket.queue,
        status=Status.NEW,
        priority=Priority.NORMAL,
        requester=ticket.requester,
        created=now,
        updated=now,
        participants=ticket.participants,
        language=ticket.language,
        reply_to=ticket.reply_to,
        requester_since=now if ticket.requester_since else None,
        requester_by=ticket.requester_by,
    )


def _opening(
    ticket: TicketView,
    opened: TicketView,
    told: AddMessage,
    effects: tuple[Effect, ...],
    agent: Agent,
    settings: Settings,
    suppressed: Container[str],
    away: Mapping[str, Absence],
) -> Decision:
    """Whoever has split it off is told like everybody: he answers it by replying to that."""
    event = RecordEvent("opened", agent.key, f"split off #{ticket.number}")
    warning = f"{agent.name} split this ticket off #{ticket.number}."
    queue = settings.queues.get(opened.queue)
    circle = queue.notify.new if queue else "none"
    beside = tuple(effect for effect in effects if isinstance(effect, AddMessage) and effect.internal)
    notes = tuple(Earlier(note.at, agent.name, note.visible, is_note=True) for note in beside)
    letters = tell_department(circle, opened, told, (warning,), settings, notes, suppressed=suppressed, away=away)
    return Decision(IncomingState.DONE, Reason("split", event.text), None, opened, (*effects, event, *letters))
