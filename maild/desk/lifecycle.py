"""What a customer's mail does to the state of the ticket it belongs to: MAIL.md F9 as a table. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from maild.message import MessageClass
from maild.ticket import Status, TicketView

QUIET_CLASSES = frozenset(
    {
        MessageClass.AUTO_REPLY,
        MessageClass.CALENDAR_REPLY,
        MessageClass.BOUNCE,
        MessageClass.DELAY,
        MessageClass.MDN,
        MessageClass.ARF,
    }
)

CUSTOMER, THIRD_PARTY = "the customer", "a third party"


class Course(Enum):
    """What becomes of a mail that belongs to a ticket."""

    APPEND = "append"
    REOPEN = "reopen"
    SILENT = "append without mail"
    FOLLOW_UP = "new ticket linked to the old one"


@dataclass(frozen=True, slots=True)
class Step:
    """The course taken, the ticket's status after it, and why. `wakes`: a snooze is over (PRODUCT 18)."""

    course: Course
    status: Status
    why: str
    wakes: bool = False


def follow(
    ticket: TicketView,
    message_class: MessageClass,
    reopen_days: int,
    now: datetime,
    *,
    is_courtesy: bool = False,
    is_new_topic: bool = False,
    writer: str = CUSTOMER,
    is_aside: bool = False,
) -> Step:
    """F9: the row is the ticket's state, the column the mail's class. Never rejects a human's follow-up.

    `is_new_topic`: only an id far back in References leads here, and the subject is another. `writer`: who wrote, as the reason names him.
    `is_aside`: a third party's words that stay inside (A1a, F11): they are not the conversation with the customer, whose state they leave.
    """
    is_automatic = message_class is not MessageClass.HUMAN and message_class is not MessageClass.LIST
    wakes = ticket.snoozed_until is not None and not is_automatic
    match ticket.status:
        case Status.SPAM:
            return Step(Course.SILENT, Status.SPAM, "the ticket is spam and stays so")
        case Status.CLOSED | Status.WAITING if is_aside:
            return Step(Course.APPEND, ticket.status, f"{writer} wrote, which stays inside and changes no state")
        case Status.CLOSED:
            if is_automatic:
                return Step(Course.APPEND, Status.CLOSED, "automatic mail does not reopen")
            return _follow_closed(ticket, is_courtesy, is_new_topic, writer, reopen_days, now)
        case Status.WAITING if is_courtesy:
            return Step(Course.SILENT, Status.WAITING, "thanks alone changes nothing")
        case Status.NEW | Status.OPEN if is_courtesy and wakes:
            return Step(Course.SILENT, ticket.status, "thanks alone wakes nobody")
        case Status.WAITING if not is_automatic:
            return Step(Course.APPEND, Status.OPEN, f"{writer} answered", wakes)
    if wakes and not is_aside:
        return Step(Course.APPEND, ticket.status, f"{writer} wrote", wakes)
    return Step(Course.APPEND, ticket.status, "another message on the ticket")


def _follow_closed(ticket: TicketView, is_courtesy: bool, is_new_topic: bool, writer: str, reopen_days: int, now: datetime) -> Step:
    if is_courtesy:
        return Step(Course.SILENT, Status.CLOSED, "thanks alone does not reopen")
    if ticket.closed_at is not None and now - ticket.closed_at > timedelta(days=reopen_days):
        return Step(Course.FOLLOW_UP, Status.NEW, f"#{ticket.number} has been closed for more than {reopen_days} days")
    if is_new_topic:
        return Step(Course.FOLLOW_UP, Status.NEW, f"#{ticket.number} is closed, and the mail has another subject")
    return Step(Course.REOPEN, Status.OPEN, f"{writer} wrote after it was closed")
