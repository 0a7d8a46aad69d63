"""LetterDraft: a letter while it is composed, everything settled before the first line is written. A plain value."""

from dataclasses import dataclass
from datetime import datetime

from maild.config.settings import Queue
from maild.customer import Customer
from maild.effects import Letter
from maild.message import Address, Attachment
from maild.round_trip import RoundTrip
from maild.ticket import TicketView
from maild.tokens import LetterKind


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """`number` is the letter's, `tag` and `ticket` are empty where no ticket is concerned.

    `author_addresses` are those of the agent who answers, which no customer may see (MAIL.md A8). `left_out` names files too large to go.
    `round_trip` is what was seen of the queue's ways back, None where nothing was. `customer` is who the requester is, None where that was
    not asked.
    """

    letter: Letter
    ticket: TicketView | None
    number: int
    queue: Queue
    sender: Address
    now: datetime
    message_id: str
    tag: str
    author_addresses: tuple[str, ...]
    attached: tuple[tuple[Attachment, bytes], ...] = ()
    left_out: tuple[str, ...] = ()
    round_trip: RoundTrip | None = None
    customer: Customer | None = None

    @property
    def for_agents(self) -> bool:
        return self.letter.kind.is_for_agents

    @property
    def for_outsiders(self) -> bool:
        """Whether it shows somebody outside what a customer has written, of whose conversation he knows nothing."""
        return self.letter.internal and not self.for_agents

    @property
    def begins_conversation(self) -> bool:
        """Whether an agent writes to somebody with whom no mail has been exchanged yet, or has what he took down acknowledged. Mail without
        an id is mail all the same, and what acknowledges it an answer."""
        if self.for_outsiders:
            return True
        if self.letter.in_reply_to or self.letter.references:
            return False
        has_written = self.ticket is None or self.ticket.last_customer_id is not None
        return self.letter.kind is LetterKind.ANSWER or (self.letter.kind is LetterKind.ACKNOWLEDGEMENT and not has_written)

    @property
    def is_automatic(self) -> bool:
        """Whether the letter must say that no person wrote it (MAIL.md L8)."""
        return self.letter.kind is not LetterKind.ANSWER

    @property
    def may_repeat_words(self) -> bool:
        """Whether the customer's own words, his name included, may go into this letter (MAIL.md O7)."""
        return self.letter.kind is LetterKind.ANSWER or self.letter.kind.is_for_agents or bool(self.letter.subject)

    @property
    def requester(self) -> Address:
        """Who the letter is about: the ticket's requester, or its first recipient."""
        nobody = Address("", "")
        person = self.ticket.requester if self.ticket else next(iter(self.letter.recipients), nobody)
        return person if self.may_repeat_words else Address("", person.address)
