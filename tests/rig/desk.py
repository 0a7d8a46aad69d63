"""Builders of what the store is given: arrivals, tickets, decisions, letters. Defaults make an ordinary new ticket."""

from datetime import UTC, datetime, timedelta
from itertools import count

from maild.effects import AddMessage, Decision, Effect, IncomingState, Letter, Post, RecordEvent
from maild.ingest.arrival import Arrival
from maild.message import Address
from maild.outbox.delivery import Composed, Envelope
from maild.reason import Reason
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import MessageKind, Participant, ParticipantRole, Priority, Status, TicketView
from maild.tokens import LetterKind

NOW = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
ANN = Address("Ann Smith", "ann@globex.example")
BORIS = Address("Boris Petrov", "boris@acme.example")
MINUTE = timedelta(minutes=1)
_numbers = count(1)


def an_arrival(*, uid: int | None = 1, raw: bytes = b"", mailbox: str = "support", uid_validity: int | None = 7) -> Arrival:
    """A fetched message, different from all others unless `raw` is given."""
    return Arrival(mailbox, raw or f"Subject: {next(_numbers)}\r\n\r\nhello\r\n".encode(), NOW, uid_validity, uid)


def a_ticket(
    *,
    number: int = 0,
    subject: str = "The printer is on fire",
    queue: str = "support",
    status: Status = Status.NEW,
    requester: Address = ANN,
    owner: str | None = None,
    tags: frozenset[str] = frozenset(),
    created: datetime = NOW,
    snoozed_until: datetime | None = None,
) -> TicketView:
    return TicketView(
        number=number,
        subject=subject,
        queue=queue,
        status=status,
        priority=Priority.NORMAL,
        requester=requester,
        created=created,
        updated=created,
        owner=owner,
        tags=tags,
        participants=(Participant(requester, ParticipantRole.REQUESTER),),
        snoozed_until=snoozed_until,
    )


def a_message(
    *,
    kind: MessageKind = MessageKind.CUSTOMER,
    text: str = "Since this morning the printer on the second floor is on fire.",
    message_id: str | None = "",
    references: tuple[str, ...] = (),
    internal: bool = False,
    subject: str = "The printer is on fire",
    author: Address = ANN,
) -> AddMessage:
    """A message with a fresh id, unless one is given or `None` asks for none."""
    identifier = f"mail-{next(_numbers)}@globex.example" if message_id == "" else message_id
    return AddMessage(kind, author, NOW, text, text, message_id=identifier, references=references, internal=internal, subject=subject)


def a_letter(
    *,
    kind: LetterKind = LetterKind.ACKNOWLEDGEMENT,
    template: str = "received",
    queue: str = "support",
    recipients: tuple[Address, ...] = (ANN,),
    cc: tuple[Address, ...] = (),
    agent: str | None = None,
    automatic: bool = True,
    internal: bool = False,
) -> Letter:
    return Letter(kind, template, queue, recipients, cc, agent=agent, automatic=automatic, internal=internal)


ACKNOWLEDGEMENT = a_letter()
NOTIFICATION = a_letter(kind=LetterKind.NOTIFICATION, template="notification", recipients=(BORIS,), agent="boris", automatic=False)


def a_decision(
    *effects: Effect, before: TicketView | None = None, after: TicketView | None = None, state: IncomingState = IncomingState.DONE
) -> Decision:
    """By default a new ticket with one message, an acknowledgement, a notification and two lines of log."""
    chosen: tuple[Effect, ...] = effects or (
        a_message(),
        RecordEvent("received", "maild", "from ann@globex.example"),
        RecordEvent("opened", "maild", "new: no token, no known reference, no tag"),
        Post(ACKNOWLEDGEMENT),
        Post(NOTIFICATION),
    )
    return Decision(state, Reason("new", "no known reference"), before, after or a_ticket(), chosen, "human")


def composed(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
    """A letter rendered as simply as can be."""
    identifier = f"{letter.kind.value}.{ticket.number if ticket else 0}.{number}.mac@acme.example"
    return Composed(
        identifier,
        f"Re: {ticket.subject if ticket else letter.subject}",
        f"Message-ID: <{identifier}>\r\n\r\nhi\r\n".encode(),
        tuple(Envelope(person, "support@acme.example", f"b{number}.{position}") for position, person in enumerate(letter.addressees, 1)),
    )


def posted(store: Store, *wanted: Letter) -> None:
    """A new ticket because of which these letters go out."""
    with store.writing() as tx:
        decision = a_decision(a_message(), *(Post(letter) for letter in wanted))
        apply(tx, decision, now=NOW, compose=composed, incoming=None, first_number=1)
