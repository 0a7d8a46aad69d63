"""The JSON documents: what is null, what stands first, and that the manual names every key."""

from datetime import UTC, datetime

from cli import documents
from maild.effects import IncomingState
from maild.message import Address, Attachment
from maild.outbox.delivery import DeliveryState
from maild.reason import Reason
from maild.store.outbox import OutboxRow
from maild.store.received_mail import IncomingRow
from maild.store.tickets import EventRow, MessageRow, TicketRow
from maild.ticket import MessageKind, Priority, Status
from maild.tokens import LetterKind
from tests.rig.pages import MANUAL, rows, sections

NOW = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
NOBODY = Address("", "")
ANN = Address("Ann Smith", "ann@globex.example")


def an_incoming_row(
    state: IncomingState = IncomingState.DONE,
    author: Address = ANN,
    subject: str = "Printer",
    message_class: str = "human",
    reason: Reason = Reason("new", "new: no token, no known reference, no tag"),
    ticket: int | None = 1,
) -> IncomingRow:
    return IncomingRow(7, "support", 12, NOW, author, subject, state, message_class, reason, "", 1, ticket, None)


def check(row: IncomingRow, *expected: object) -> None:
    document = documents.incoming_document(row)
    assert tuple(document[key] for key in ("from", "subject", "class", "reason", "ticket")) == expected


def test_of_mail_that_is_not_read_nothing_is_known():
    check(an_incoming_row(IncomingState.RECEIVED, NOBODY, "", "", Reason("", ""), None), None, None, None, None, None)


def test_mail_that_waits_to_be_read_again_is_as_unknown_as_new_mail():
    check(an_incoming_row(IncomingState.RECEIVED, reason=Reason("auto", "automatic"), ticket=None), None, None, None, None, None)


def test_an_empty_subject_is_not_an_unknown_one():
    check(an_incoming_row(subject=""), "ann@globex.example", "", "human", "new: no token, no known reference, no tag", 1)


def test_mail_without_an_address_is_from_nobody():
    row = an_incoming_row(IncomingState.QUARANTINED, NOBODY, "Hello", "human", Reason("no_sender", "no address in From"), None)
    check(row, None, "Hello", "human", "no_sender: no address in From", None)


def test_mail_that_could_not_be_read_keeps_its_nulls():
    row = an_incoming_row(IncomingState.HELD, NOBODY, "", "", Reason("poison", "maild died over it 3 times"), None)
    check(row, None, None, None, "poison: maild died over it 3 times", None)


def test_a_reason_begins_with_its_word_once():
    assert documents.describe_reason(Reason("auto", "an automatic answer")) == "auto: an automatic answer"
    assert documents.describe_reason(Reason("new", "new: no token")) == "new: no token"
    assert documents.describe_reason(Reason("", "")) is None


def test_what_a_rule_kept_out_has_the_words_of_the_rule():
    assert documents.describe_reason(Reason("quarantine", "spam or forged sender")) == "spam or forged sender"
    assert documents.describe_reason(Reason("drop", "a newsletter")) == "a newsletter"


def told(thing: str) -> list[str]:
    """The keys the manual lists for an object."""
    table = {row[0]: row[1] for row in rows(sections(MANUAL / "commands.md")["JSON"])}
    return table[thing].split()


def test_the_manual_names_every_key_in_its_order():
    ticket = TicketRow(1, "Printer", "support", Status.NEW, Priority.NORMAL, None, ANN, ("vip",), NOW, NOW, 3)
    message = MessageRow(1, MessageKind.CUSTOMER, ANN, None, NOW, "", "", "", "", False, None, None, ())
    outbox = OutboxRow(
        1,
        1,
        1,
        LetterKind.ANSWER,
        "answer",
        "support",
        "ann@globex.example",
        "Re: Printer",
        DeliveryState.SENT,
        "id",
        1,
        NOW,
        None,
        NOW,
        "ok",
        "",
    )
    assert list(documents.ticket_document(ticket, 3, "[Acme #1-7QKD]")) == told("ticket")
    assert list(documents.message_document(message)) == told("message of a ticket")
    assert list(documents.attachment_document(Attachment("a.pdf", "application/pdf", 4, "", False, None, 0))) == told("attachment")
    assert list(documents.event_document(EventRow(NOW, "opened", "maild", "new"))) == told("event")
    assert list(documents.incoming_document(an_incoming_row())) == told("incoming mail")
    assert list(documents.outbox_document(outbox)) == told("outbox row")
