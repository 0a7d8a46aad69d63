"""The story of the demo: a tuple of scenes. Every step is real mail, and waits for what really happens in the mailboxes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import TypeVar

from maild.demo import cast
from maild.demo.cast import AGENTS, ANNA, BORIS, GRACE, INVOICE, LOGIN, PARCEL, PRICES, PRINTER, PRIZE, SUPPORT, Person, Request
from maild.demo.desk import DemoDesk
from maild.demo.mail_client import answer, answer_automatically, face_of, read, write
from maild.demo.narrator import FACE_LINES, Ink, Narrator
from maild.errors import MaildError
from maild.store.tickets import TicketRow

Found = TypeVar("Found")

PATIENCE_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.05
HELD_SUBJECT = "A mail in your name"


def play(desk: DemoDesk, narrator: Narrator) -> None:
    """Play all scenes and show what is left of them.

    Raises:
        MaildError: something that should have happened did not.
    """
    stage = Stage(desk, narrator)
    narrator.open()
    for title, scene in SCENES:
        narrator.scene(title)
        scene(stage)
    narrator.close(stage.desk_at_rest(), stage.slowest_seconds)


@dataclass(slots=True)
class Stage:
    """Where the scenes happen. Scenes know nothing of each other: like people, they look into the mailboxes.

    `slowest_seconds` is the longest wait for a letter so far, `_sent` how many mails the desk was sent, `_since` when the last one was,
    `_read` the Message-IDs each person has read.
    """

    desk: DemoDesk
    narrator: Narrator
    slowest_seconds: float = 0.0
    _sent: int = 0
    _since: float = 0.0
    _read: set[tuple[str, str]] = field(default_factory=set)

    def send(self, author: Person, mail: EmailMessage, *, lines: int = FACE_LINES, caption: str = "", stranger: str = "") -> None:
        """Send a mail to the desk, and show it. `stranger` is the caption of one whose author has no login here."""
        ink = Ink.STRANGER if stranger else Ink.AGENT if author in AGENTS else Ink.CUSTOMER
        self.narrator.mail(stranger or caption or f"{author.called} writes", face_of(mail), ink, lines)
        self._since = time.monotonic()
        self.desk.playground.send("" if stranger else author.address, mail.as_bytes())
        self._sent += 1

    def receive(self, reader: Person, about: str, *, lines: int = FACE_LINES) -> EmailMessage:
        """Wait for the next mail about something in a person's mailbox, and show it."""
        mail = _await(lambda: self._unread(reader, about), f"a mail to {reader.called} about “{about}”")
        seconds = time.monotonic() - self._since
        self.slowest_seconds = max(self.slowest_seconds, seconds)
        self._read.add((reader.address, str(mail["Message-ID"])))
        self.narrator.mail(f"{reader.called} gets, {seconds:.1f} s later", face_of(mail), Ink.DESK, lines)
        return mail

    def last(self, reader: Person, about: str) -> EmailMessage:
        """The newest mail about something in a person's mailbox, to be answered."""
        mails = _await(lambda: self._mails(reader, about) or None, f"a mail to {reader.called}")
        self._read.update((reader.address, str(mail["Message-ID"])) for mail in mails)
        return mails[-1]

    def count(self, reader: Person) -> int:
        """How many mails a person has got, once the desk has done everything."""
        return len(self.desk_at_rest().playground.mailbox(reader.address))

    def ticket(self, customer: Person) -> TicketRow:
        """A customer's ticket, once the desk has done everything."""
        rows = self.desk_at_rest().tickets()
        return _await(lambda: next((row for row in rows if row.requester.address == customer.address), None), "a ticket")

    def desk_at_rest(self) -> DemoDesk:
        """The desk, once it has read everything that was sent to it and nothing of its own is on its way."""
        _await(lambda: len(self.desk.incoming()) >= self._sent or None, "the desk to read its mail")
        _await(lambda: self.desk.is_outbox_empty() or None, "the desk to send its letters")
        return self.desk

    def _unread(self, reader: Person, about: str) -> EmailMessage | None:
        unread = (mail for mail in self._mails(reader, about) if (reader.address, str(mail["Message-ID"])) not in self._read)
        return next(unread, None)

    def _mails(self, reader: Person, about: str) -> list[EmailMessage]:
        mails = map(read, self.desk.playground.mailbox(reader.address))
        return [mail for mail in mails if about in str(mail["Subject"])]


def _await(look: Callable[[], Found | None], what: str) -> Found:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise MaildError(f"the demo waited {PATIENCE_SECONDS:.0f} s for {what} in vain")
        time.sleep(LOOK_AGAIN_SECONDS)
    return found


def _a_customer_writes(stage: Stage) -> None:
    _ask(stage, PRINTER, lines=4)
    stage.receive(GRACE, PRINTER.subject, lines=4)
    stage.receive(ANNA, PRINTER.subject, lines=12)
    ticket = stage.ticket(GRACE)
    stage.narrator.fact(f"Ticket {ticket.number} is {ticket.status.value}. Boris has the same mail; whoever presses reply first takes it.")


def _customers_are_answered_in_their_language(stage: Stage) -> None:
    for request in (LOGIN, PARCEL, PRICES):
        _ask(stage, request, lines=2)
        stage.receive(request.customer, request.subject, lines=2)


def _ask(stage: Stage, request: Request, lines: int) -> None:
    stage.send(request.customer, write(request.customer, request.department.address, request.subject, request.text), lines=lines)


def _a_rule_routes_an_invoice(stage: Stage) -> None:
    _ask(stage, INVOICE, lines=2)
    stage.receive(INVOICE.customer, INVOICE.subject, lines=2)
    ticket = stage.ticket(INVOICE.customer)
    stage.narrator.fact(f"She wrote to support, but the rule “invoices” knows her word for it: the ticket is {ticket.queue}'s. Ask why:")
    stage.narrator.log(f"maild ticket log {ticket.number}", stage.desk.log(ticket.number))


def _spam_gets_nothing(stage: Stage) -> None:
    before = len(stage.desk.outbox())
    mail = write(PRIZE.customer, PRIZE.department.address, PRIZE.subject, PRIZE.text)
    mail["X-Spam-Flag"] = "YES"
    stage.send(PRIZE.customer, mail, stranger="A swindler writes, and the mail provider marks it as spam")
    written = len(stage.desk_at_rest().outbox()) - before
    message = stage.desk.incoming()[-1]
    stage.narrator.fact(
        f"{message.state.value.capitalize()}: {message.reason.text}. Letters sent: {written}. No ticket; an admin may release it."
    )


def _an_agent_answers(stage: Stage) -> None:
    stage.send(ANNA, answer(ANNA, stage.last(ANNA, PRINTER.subject), cast.ANNAS_ANSWER), lines=9)
    stage.receive(GRACE, PRINTER.subject, lines=8)
    ticket = stage.ticket(GRACE)
    stage.narrator.fact(
        f"Anna's address, her signature and the quoted notification stayed inside. The ticket is {ticket.owner}'s now, and "
        f"{ticket.status.value} for the customer."
    )


def _a_note_stays_inside(stage: Stage) -> None:
    before = stage.count(GRACE)
    stage.send(BORIS, answer(BORIS, stage.last(BORIS, PRINTER.subject), cast.BORIS_NOTE), lines=2)
    stage.receive(ANNA, PRINTER.subject, lines=2)
    stage.narrator.fact(f"Anna is told, since the ticket is hers. Grace: {_some(stage.count(GRACE) - before)}.")


def _the_customer_comes_back(stage: Stage) -> None:
    stage.send(GRACE, answer(GRACE, stage.last(GRACE, PRINTER.subject), cast.GRACE_AGAIN), lines=2)
    stage.receive(ANNA, PRINTER.subject, lines=3)
    ticket = stage.ticket(GRACE)
    stage.narrator.fact(f"The same ticket {ticket.number}, {ticket.status.value} again. Only its owner is told.")


def _a_command_closes_the_ticket(stage: Stage) -> None:
    stage.send(ANNA, answer(ANNA, stage.last(ANNA, PRINTER.subject), cast.ANNAS_CLOSING), lines=3)
    stage.receive(GRACE, PRINTER.subject, lines=2)
    stage.narrator.fact(f"The answer went out without the command, and the ticket is {stage.ticket(GRACE).status.value}.")


def _thanks_do_not_reopen(stage: Stage) -> None:
    before = stage.count(ANNA)
    stage.send(GRACE, answer(GRACE, stage.last(GRACE, PRINTER.subject), cast.GRACE_THANKS), lines=1)
    status = stage.ticket(GRACE).status.value
    stage.narrator.fact(f"Kept on the ticket, which stays {status}. Anna: {_some(stage.count(ANNA) - before)}.")


def _an_out_of_office_is_not_answered(stage: Stage) -> None:
    lukas = LOGIN.customer
    stage.send(BORIS, answer(BORIS, stage.last(BORIS, LOGIN.subject), cast.BORIS_ANSWER), lines=2)
    received = stage.receive(lukas, LOGIN.subject, lines=2)
    before = stage.count(lukas)
    stage.send(lukas, answer_automatically(lukas, received, cast.LUKAS_AWAY), caption="Lukas is away, and his mailbox writes by itself")
    status = stage.ticket(lukas).status.value
    stage.narrator.fact(f"No machine answers a machine. Lukas: {_some(stage.count(lukas) - before)}. The ticket is still {status}.")


def _a_mistyped_command_reaches_nobody(stage: Stage) -> None:
    before = stage.count(PRICES.customer)
    stage.send(BORIS, answer(BORIS, stage.last(BORIS, PRICES.subject), cast.BORIS_MISTYPES), lines=2)
    stage.receive(BORIS, PRICES.subject, lines=5)
    stage.narrator.fact(f"All or nothing: Boris has his draft back. Lucía: {_some(stage.count(PRICES.customer) - before)}.")


def _an_impostor_gets_nowhere(stage: Stage) -> None:
    before = stage.count(GRACE)
    subject = str(stage.last(GRACE, PRINTER.subject)["Subject"])
    stage.send(ANNA, write(ANNA, SUPPORT.address, subject, cast.IMPOSTORS_ORDER), stranger="Somebody writes under Anna's name")
    stage.receive(ANNA, HELD_SUBJECT, lines=3)
    state = stage.desk.incoming()[-1].state.value
    stage.narrator.fact(f"The mail is {state}, and the real Anna knows of it. Grace: {_some(stage.count(GRACE) - before)}.")


def _some(mails: int) -> str:
    return {0: "no new mail", 1: "1 new mail"}.get(mails, f"{mails} new mails")


SCENES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("A customer writes to support", _a_customer_writes),
    ("Customers are answered in their own language", _customers_are_answered_in_their_language),
    ("A rule routes an invoice", _a_rule_routes_an_invoice),
    ("Spam gets nothing, not even an answer", _spam_gets_nothing),
    ("Anna answers from her mail client", _an_agent_answers),
    ("A note stays inside", _a_note_stays_inside),
    ("The customer comes back", _the_customer_comes_back),
    ("A command in the first line closes the ticket", _a_command_closes_the_ticket),
    ("A thank-you does not reopen it", _thanks_do_not_reopen),
    ("An out-of-office is not answered", _an_out_of_office_is_not_answered),
    ("A mistyped command reaches nobody", _a_mistyped_command_reaches_nobody),
    ("An impostor gets nowhere", _an_impostor_gets_nowhere),
)
