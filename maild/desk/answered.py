"""What a letter of ours answers: the customer's last message, or this very one. Pure."""

from dataclasses import dataclass
from datetime import datetime

from maild.known import LastWords
from maild.message import InboundMessage
from maild.ticket import TicketView

COPIED_THREAD_HEADERS = ("Thread-Topic", "Thread-Index")


@dataclass(frozen=True, slots=True)
class Answered:
    """The customer's message a letter answers: its id, its thread, and its words. All empty where he has not written yet.

    `at` is when it was recorded, None: now. `taken_down`, `forwarded_by`: as in `LastWords`.
    """

    message_id: str | None = None
    references: tuple[str, ...] = ()
    text: str = ""
    author: str = ""
    thread_headers: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    taken_down: str | None = None
    forwarded_by: str = ""

    def shown_on(self, ticket: TicketView) -> "Answered":
        """What of it a letter to the requester may show (MAIL.md O7): only the thread, where an agent has written it, or where it was said
        before he was the requester."""
        return Answered(self.message_id, self.references) if self.taken_down or self.is_before(ticket) else self

    def is_before(self, ticket: TicketView) -> bool:
        """Whether it was said before the ticket's requester was that."""
        return self.at is not None and ticket.requester_since is not None and self.at <= ticket.requester_since


NOTHING_ANSWERED = Answered()


def answered_by(message: InboundMessage) -> Answered:
    """What a letter written in answer to this very message refers to (MAIL.md O2, O3)."""
    author = message.author
    references = (*message.references, message.message_id) if message.message_id_given else message.references
    identifier = message.message_id if message.message_id_given else None
    return Answered(identifier, references, message.new_text, (author.name or author.address) if author else "", thread_headers_of(message))


def thread_headers_of(message: InboundMessage) -> tuple[tuple[str, str], ...]:
    """By what Outlook knows a conversation (MAIL.md O3)."""
    return tuple((name, value) for name in COPIED_THREAD_HEADERS if (value := message.field(name)))


def answered_on(ticket: TicketView, words: LastWords | None) -> Answered:
    """What a letter written later refers to: the customer's last message on the ticket, if his words are known."""
    if words is None:
        return Answered(ticket.last_customer_id, ticket.references)
    said = (words.text, words.author, words.thread_headers, words.at, words.taken_down, words.forwarded_by)
    return Answered(ticket.last_customer_id, ticket.references, *said)
