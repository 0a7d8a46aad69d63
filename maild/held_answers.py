"""Held answers: an agent whose answer would show the customer what only agents may see is told so at once, with his words (MAIL.md A8, L9).

The letter to him is posted in the transaction that holds the mail; nothing else that the mail wanted is done.
"""

from datetime import datetime

from maild.desk import returned_letters
from maild.desk.openings import a_new_ticket
from maild.effects import Decision, IncomingState, RecordEvent
from maild.errors import LeakError, NotFoundError
from maild.message import Address
from maild.office import Office
from maild.outbox.guard import post
from maild.reason import Reason
from maild.recording import record
from maild.store import received_mail, tickets
from maild.store.engine import Transaction
from maild.ticket import TicketView


def why_held(leak: LeakError) -> Reason:
    """The reason of a mail one of whose letters shows too much."""
    return Reason("leak", str(leak))


def tell_author(tx: Transaction, message: int, leak: LeakError, text: str, office: Office, now: datetime) -> tuple[Decision, ...]:
    """What was done to tell the agent of the answer that this incoming message held; nothing where no agent wrote it, or he was told.

    `text` are his words. Whoever lets the mail walk again and has mended nothing writes him no second letter.

    Raises:
        TemplateError: the letter that tells of it cannot be written.
    """
    settings, why = office.desk.settings, why_held(leak)
    agent = settings.agents.get(leak.author or "")
    earlier = received_mail.show(tx, message)
    was_told = earlier.reason == why and not earlier.error
    if agent is None or leak.ticket is None or was_told:
        return ()
    ticket = _find_ticket(tx, leak.ticket)
    event = RecordEvent("answer_held", agent.key, f"message {message} is held, and nothing of it was done: {why.text}")
    place = ticket or a_new_ticket(earlier.mailbox, Address("", ""), earlier.subject, now)
    letter = returned_letters.held_back(agent, place, why.text, text, message, settings)
    decision = Decision(IncomingState.HELD, why, ticket, ticket, (*((event,) if ticket else ()), *post(letter, settings)))
    record(tx, decision, office, now)
    return (decision,)


def _find_ticket(tx: Transaction, number: int) -> TicketView | None:
    """None for a ticket that the answer was to open: there is none now."""
    try:
        return tickets.lead(tx, number)
    except NotFoundError:
        return None
