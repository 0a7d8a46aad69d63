"""An agent's day in mutt, a real mail client in a terminal, by its keys and on its screen (MAIL.md A5-A8, A12)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from itertools import count

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.mutt import Mutt
from tests.rig.office import RunningDesk, a_running_desk, eventually, text_of
from tests.rig.providers import at_provider
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"
QUESTION = "Hello,\n\nsince this morning the printer on the second floor is on fire.\n\nAnn"
QUOTED = "\n".join(f"> {line}".rstrip() for line in QUESTION.split("\n"))
SIGNED = "Anna Ivanova\nSupport\nAcme"
_numbers = count(1)


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk whose mail is really delivered, by a server that says whose mail it is."""
    directory = tmp_path_factory.mktemp("desk")
    (directory / "canned").mkdir()
    (directory / "canned" / "fire.en.md").write_text("We have called the fire brigade to floor {{ floor }}.\n", encoding="utf-8")
    with a_running_desk(directory, dovecot_server, smtp_sink, storage=usual_storage(), extra=TRUSTING) as running:
        at_provider(running, says=f"Authentication-Results: mx.desk.example; dmarc=pass header.from={running.domain}")
        yield running


@dataclass(slots=True)
class Day:
    """Anna at her mutt, and a customer of this day."""

    desk: RunningDesk
    mutt: Mutt
    customer: str

    @property
    def ticket(self) -> int:
        (row,) = self.desk.tickets(f"from:{self.customer}")
        return int(row["number"])

    @property
    def status(self) -> str:
        return str(self.desk.ticket(self.ticket)["status"])

    @property
    def kinds(self) -> list[str]:
        return self.desk.kinds(self.ticket)

    def letters(self) -> list[EmailMessage]:
        """What the customer has got."""
        return self.desk.letters(self.customer)


@pytest.fixture
def customer() -> str:
    return f"ann@globex{next(_numbers)}.example"


@pytest.fixture
def notified(desk: RunningDesk, customer: str, open_mutt: Callable[[str, str], Mutt]) -> Day:
    """Ann has written, and anna has the notification open."""
    desk.dovecot.wipe(desk.at("anna"))
    desk.receive(an_email(sender=f"Ann Smith <{customer}>", to=desk.at("support"), body=f"{QUESTION}\n"))
    mutt = open_mutt("Anna Ivanova", desk.at("anna"))
    mutt.read(1)
    return Day(desk, mutt, customer)


@pytest.fixture
def written_to(desk: RunningDesk, customer: str, open_mutt: Callable[[str, str], Mutt]) -> Day:
    """Ann has written to anna's own address, and anna has it open."""
    desk.dovecot.wipe(desk.at("anna"))
    mail = an_email(sender=f"Ann Smith <{customer}>", to=desk.at("anna"), subject=f"The chair of {customer}", body="It is broken.\n")
    desk.dovecot.append(desk.at("anna"), mail)
    mutt = open_mutt("Anna Ivanova", desk.at("anna"))
    mutt.read(1)
    return Day(desk, mutt, customer)


def test_a_notification_fits_on_a_screen_of_eighty_columns(notified: Day):
    """mutt marks with a plus what it has to break."""
    lines = [line.strip() for line in notified.mutt.wait_for("maild-ref: n.").split("\n")]
    assert lines[6 : 9 + QUESTION.count("\n")] == ["Reply = to Ann Smith", "", *QUESTION.split("\n")]
    assert not [line for line in lines if line.startswith("+")]
    assert f"From: Ann Smith <{notified.customer}>" in lines


def test_an_answer_gives_the_customer_exactly_its_words(notified: Day):
    notified.mutt.answer("Use the extinguisher.\n\nThen call us, please.")
    letter = notified.desk.letter(notified.customer, 2)
    assert text_of(letter) == f"Use the extinguisher.\n\nThen call us, please.\n\n{SIGNED}\n\nAnn Smith wrote:\n{QUOTED}\n"
    for secret in (notified.desk.at("anna"), "maild-ref", "Room 4711", "mutt"):
        assert secret not in letter.as_string().casefold()
    eventually(lambda: len(notified.desk.dovecot.messages(notified.customer)) == 2)
    notified.desk.settle()
    assert (notified.kinds, notified.status) == (["customer", "agent"], "waiting")


def test_a_canned_answer_stands_between_the_words(notified: Day):
    """PRODUCT 22."""
    notified.mutt.answer('Dear Ann,\n\n#canned fire floor="2 and 3"\n\nLeave the house.')
    words = "Dear Ann,\n\nWe have called the fire brigade to floor 2 and 3.\n\nLeave the house."
    assert text_of(notified.desk.letter(notified.customer, 2)).startswith(f"{words}\n\n{SIGNED}\n")


def test_an_answer_between_the_quoted_lines_goes_out_without_the_notifications_own(notified: Day):
    notified.mutt.answer("It is out by now.", below="floor is on fire.")
    words = f"> Hello,\n> \n> {QUESTION.splitlines()[2]}\n\nIt is out by now.\n\n> \n> Ann"
    assert text_of(notified.desk.letter(notified.customer, 2)).startswith(f"{words}\n\n{SIGNED}\n")


def test_a_note_stays_inside(notified: Day):
    notified.mutt.answer("#note\nHe has not paid since May.")
    eventually(lambda: notified.kinds == ["customer", "note"])
    notified.desk.settle()
    assert (len(notified.letters()), notified.status) == (1, "new")


def test_a_command_alone_closes_the_ticket_and_is_no_answer(notified: Day):
    notified.mutt.answer("#close")
    eventually(lambda: notified.status == "closed")
    notified.desk.settle()
    assert notified.kinds == ["customer"]
    assert [letter["Auto-Submitted"] for letter in notified.letters()] == ["auto-replied", "auto-generated"]
    assert not any("#close" in letter.as_string() for letter in notified.letters())


def test_a_wrong_command_comes_back_with_the_draft_and_the_correction_goes_out(notified: Day):
    notified.mutt.answer("#clsoe\nUse the extinguisher.")
    shown = notified.mutt.read(2)
    for words in ("there is no command #clsoe", "1 #clsoe", "2 Use the extinguisher."):
        assert words in shown
    assert (notified.kinds, notified.status, len(notified.letters())) == (["customer"], "new", 1)
    notified.mutt.answer("#close\nUse the extinguisher.")
    assert text_of(notified.desk.letter(notified.customer, 2)).startswith(f"Use the extinguisher.\n\n{SIGNED}\n")
    eventually(lambda: notified.status == "closed")


def test_the_desk_is_asked_by_a_subject_and_its_answers_fit_on_the_screen(notified: Day):
    notified.mutt.write(notified.desk.at("support"), f"list from:{notified.customer}")
    shown = notified.mutt.read(2)
    assert f"{notified.ticket}  " in shown
    notified.mutt.write(notified.desk.at("support"), f"show {notified.ticket}")
    asked = notified.mutt.read(3)
    assert "Reply = to Ann Smith" in asked
    for screen in (shown, asked):
        assert "\n+" not in screen
    notified.mutt.answer("Use the extinguisher.")
    assert text_of(notified.desk.letter(notified.customer, 2)).startswith(f"Use the extinguisher.\n\n{SIGNED}\n")


@pytest.mark.parametrize("as_attachment", [False, True])
def test_a_notification_that_is_forwarded_into_the_desk_stays_inside(notified: Day, as_attachment: bool):
    """A6."""
    seen = len(notified.desk.incoming())
    notified.mutt.forward(notified.desk.at("support"), "The customer is difficult.", as_attachment=as_attachment)
    eventually(lambda: len(notified.desk.incoming()) > seen)
    notified.desk.settle()
    assert len(notified.letters()) == 1
    assert "agent" not in notified.kinds


def test_a_customers_mail_that_is_bounced_into_the_desk_is_her_ticket(written_to: Day):
    written_to.mutt.bounce(written_to.desk.at("support"))
    acknowledgement = written_to.desk.letter(written_to.customer)
    assert f"number {written_to.ticket}" in text_of(acknowledgement)
    assert written_to.desk.ticket(written_to.ticket)["requester"]["address"] == written_to.customer


@pytest.mark.parametrize("as_attachment", [False, True])
def test_a_customers_mail_that_is_forwarded_into_the_desk_is_her_ticket(written_to: Day, as_attachment: bool):
    """A12: mutt's subject of a forward has no prefix, and its signature stands below what is forwarded."""
    written_to.mutt.forward(written_to.desk.at("support"), "#priority high\nShe has rung twice.", as_attachment=as_attachment)
    shown = written_to.mutt.read(2)
    for words in ("Reply = to Ann Smith", "! Anna Ivanova forwarded this mail.", "Priority: high", "Note: Anna Ivanova: She has"):
        assert words in shown
    ticket = written_to.desk.ticket(written_to.ticket)
    assert (ticket["requester"]["address"], ticket["subject"]) == (written_to.customer, f"The chair of {written_to.customer}")
    assert [message["text"] for message in ticket["messages"]] == ["It is broken.", "She has rung twice."]
    assert (written_to.kinds, written_to.letters()) == (["customer", "note"], [])
    written_to.mutt.answer("A new one is on its way.")
    letter = written_to.desk.letter(written_to.customer)
    assert text_of(letter) == f"A new one is on its way.\n\n{SIGNED}\n\nAnn Smith wrote:\n> It is broken.\n"
    assert written_to.desk.at("anna") not in letter.as_string()
