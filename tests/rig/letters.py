"""Builders of what mail out is given: a small desk, its tokens and composer, letters and deliveries. Defaults make an ordinary one."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from maild.config.settings import Agent, Desk, Queue, Settings, Smtp, Storage, Trust
from maild.customer import Customer
from maild.effects import Letter
from maild.message import Address, Attachment
from maild.outbox.compose import Composer
from maild.outbox.delivery import Composed, Delivery
from maild.round_trip import RoundTrip
from maild.secret import Secret
from maild.templates.render import Templates
from maild.ticket import Priority, Status, TicketView
from maild.tokens import LetterKind, Tokens
from tests.rig.mails import parsed

NOW = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
ANN = Address("Ann Smith", "ann@globex.example")
ANNA = Address("Anna Ivanova", "anna@acme.example")
TOKENS = Tokens([b"k" * 64], "acme.example", ["Acme"], ["anna", "boris"])
FACES = {
    LetterKind.ACKNOWLEDGEMENT: "received",
    LetterKind.STATUS: "closed",
    LetterKind.ANSWER: "answer",
    LetterKind.NOTIFICATION: "notification",
    LetterKind.WELCOME: "welcome",
}


def a_desk(directory: Path = Path("/nonexistent"), **desk: object) -> Settings:
    """Support with Anna and Boris, and sales with a signature."""
    settings = Settings(
        directory=directory,
        desk=Desk("Acme Support", "Acme", "acme.example", Secret("plain", "k" * 64)),
        storage=Storage(),
        smtp=Smtp("127.0.0.1", security="none"),
        trust=Trust(),
        mailboxes={},
        queues={
            "support": Queue("support", "Support", "support@acme.example", "support", agents=("anna", "boris")),
            "sales": Queue("sales", "Sales", "sales@acme.example", "sales", signature="Your sales team\n+1 555 0100\n"),
        },
        agents={
            "anna": Agent("anna", "Anna Ivanova", "anna@acme.example", emails=("anna.private@home.example",)),
            "boris": Agent("boris", "Boris Petrov", "boris@acme.example"),
        },
    )
    return replace(settings, desk=replace(settings.desk, **desk))


def a_ticket(**fields: object) -> TicketView:
    ticket = TicketView(
        1042, "Where is my order?", "support", Status.OPEN, Priority.HIGH, ANN, NOW, NOW, references=("first@globex.example",)
    )
    return replace(ticket, **fields)


def a_letter(kind: LetterKind = LetterKind.ACKNOWLEDGEMENT, **fields: object) -> Letter:
    """A letter of the kind, from support to Ann, or to Anna if it is a notification, about Ann's mail."""
    for_agents = kind.is_for_agents
    letter = Letter(
        kind,
        FACES[kind],
        "support",
        (ANNA if for_agents else ANN,),
        agent="anna" if for_agents else None,
        author="anna" if kind is LetterKind.ANSWER else None,
        subject="Where is my order?",
        in_reply_to="first@globex.example",
        body="Hello,\n\nit is on its way." if kind is LetterKind.ANSWER else "Hello,\n\nwhere is it?\n\nAnn",
    )
    return replace(letter, **fields)


def composed(
    letter: Letter,
    ticket: TicketView | None = None,
    *,
    desk: Settings | None = None,
    files: Mapping[int, bytes] | None = None,
    number: int = 77,
    round_trip: RoundTrip | None = None,
    customer: Customer | None = None,
) -> Composed:
    settings = desk or a_desk()
    composer = Composer(settings, TOKENS, Templates(settings))
    return composer.compose(letter, ticket or a_ticket(), number, NOW, files or {}, round_trip, customer)


def a_round_trip(**fields: object) -> RoundTrip:
    """Everything works for support."""
    trip = RoundTrip("support", "support@acme.example", NOW, True, "Delivered-To", envelope=True, null_sender=True, keeps_ids=True)
    return replace(trip, **fields)


def read_back(letter: Composed) -> EmailMessage:
    """The letter as the standard library reads it."""
    return parsed(letter.raw)


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def an_attachment(name: str, part: int = 1, content_type: str = "application/pdf", size: int = 3) -> Attachment:
    return Attachment(name, content_type, size, "0" * 64, False, None, part)


def a_delivery(**fields: object) -> Delivery:
    raw = b"From: support@acme.example\r\nTo: ann@globex.example\r\nMessage-ID: <c.1042.77.x@acme.example>\r\nSubject: hi\r\n\r\nhello\r\n"
    delivery = Delivery(
        id=1,
        letter=77,
        queue="support",
        kind="c",
        ticket=1042,
        message_id="c.1042.77.x@acme.example",
        envelope_sender="support@acme.example",
        envelope_id="",
        recipient="ann@globex.example",
        raw=raw,
        attempts=0,
        created=NOW,
        was_unknown=False,
    )
    return replace(delivery, **fields)
