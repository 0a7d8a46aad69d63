"""What follows for a ticket from its new messages alone: counts, times, the ids by which a thread goes on. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from maild.effects import AddMessage
from maild.ticket import MessageKind, TicketView, latest_ids


def with_messages(ticket: TicketView, before: TicketView | None, messages: Sequence[AddMessage], now: datetime) -> TicketView:
    """The ticket with what follows from its new messages. Only the customer's own ids are kept for threading: an agent's stay inside, also
    that of the mail in which he has written down what she said."""
    customer = [message for message in messages if message.kind is MessageKind.CUSTOMER]
    agent = [message for message in messages if message.kind is MessageKind.AGENT]
    own = [message for message in customer if message.agent is None]
    ids = tuple(message.message_id for message in own if message.message_id)
    shown = tuple(message.message_id for message in own if message.message_id and not message.internal)
    return replace(
        ticket,
        updated=now if messages or ticket != before else ticket.updated,
        customer_messages=ticket.customer_messages + len(customer),
        agent_messages=ticket.agent_messages + len(agent),
        references=latest_ids(ticket.references + shown),
        last_customer_id=ids[-1] if ids else ticket.last_customer_id,
    )
