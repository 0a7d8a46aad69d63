"""May this new ticket be acknowledged, and if not, why: MAIL.md L3, L4, L6, S3 in one list of questions. Pure."""

from datetime import datetime

from maild.config.settings import Settings
from maild.message import AuthResult
from maild.outbox.guard import customer_refusal, storm_refusal
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import Status, TicketView


def ack_refusals(reading: Reading, ticket: TicketView, addressee_auth: AuthResult, settings: Settings, now: datetime) -> tuple[Reason, ...]:
    """Every reason that speaks against an acknowledgement; empty: it may go out. `addressee_auth`: what is proved of whom it goes to."""
    auth = reading.sender.authentication.verdict
    questions = (
        _switched_off(ticket, settings, now),
        _old_mail(reading),
        reading.spam.reason,
        _settled(ticket),
        storm_refusal(ticket.requester, auth, reading.known.sent, settings),
        customer_refusal(ticket.addressee, ticket.queue, addressee_auth, reading.known, settings),
    )
    return (*reading.nature.silence, *(reason for reason in questions if reason))


def _switched_off(ticket: TicketView, settings: Settings, now: datetime) -> Reason | None:
    queue, calendar = settings.queues.get(ticket.queue), settings.calendar_of(ticket.queue)
    if queue and queue.ack == "off":
        return Reason("ack-off", f"queue {ticket.queue} acknowledges nothing")
    if queue and queue.ack == "closed_hours" and (calendar is None or calendar.is_open(now)):
        return Reason("ack-open", f"queue {ticket.queue} is open, and acknowledges only what comes while it is closed")
    return None


def settled_refusal(reading: Reading, ticket: TicketView) -> Reason | None:
    """What keeps back every automatic mail to a customer, not only the acknowledgement: old mail, and spam (F9, L3)."""
    return find_why_settled(ticket) or reading.spam.reason or _old_mail(reading)


def find_why_settled(ticket: TicketView) -> Reason | None:
    return Reason("settled", "the ticket is spam") if ticket.status is Status.SPAM else None


def _old_mail(reading: Reading) -> Reason | None:
    return Reason("quiet", "old mail is not acknowledged") if reading.circumstances.quiet else None


def _settled(ticket: TicketView) -> Reason | None:
    if ticket.acknowledged:
        return Reason("acknowledged", "the ticket has been acknowledged")
    if ticket.status in (Status.CLOSED, Status.SPAM):
        return Reason("settled", f"the ticket is {ticket.status.value}")
    return None
