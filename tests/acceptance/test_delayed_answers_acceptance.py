"""Answers that wait a moment before they go out, and are taken back meanwhile (`send_after`; MAIL.md A7, O6)."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import update

from maild.daemon import App
from maild.store.tables.mail_out import delayed_answers, deliveries
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, eventually, text_of
from tests.rig.sink import SmtpSink

HOLDING = "agents: [anna], send_after: 1h"
FILES = [("plan.pdf", "application/pdf", b"%PDF-1.4 plan")]


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk that holds answers back for longer than any test takes: `let_waits_end` is when their time has come."""
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), support=HOLDING) as running:
        yield running


def a_request(desk: RunningDesk, subject: str) -> tuple[int, EmailMessage]:
    """A customer's new ticket, acknowledged, and anna's notification of it."""
    row = desk.receive(an_email(sender=customer_of(subject), to=desk.at("support"), subject=subject))
    return int(row["ticket"]), desk.letter_about("anna", subject)


def customer_of(subject: str) -> str:
    """Each test has a customer of its own."""
    return f"ann@{subject.replace(' ', '-').casefold()}.example"


def answer(desk: RunningDesk, notice: EmailMessage, body: str) -> None:
    """Anna answers, and that is read; what waits is left waiting."""
    receive(desk, an_answer_to(notice, desk.at("anna"), body))


def receive(desk: RunningDesk, raw: bytes) -> None:
    seen = max(row["id"] for row in desk.incoming())
    desk.put(raw)
    eventually(lambda: any(row["id"] > seen and row["state"] == "done" for row in desk.incoming()))


def let_waits_end(desk: RunningDesk) -> None:
    """The time of every answer that waits has come."""
    now = datetime.now(UTC) - timedelta(seconds=1)
    with desk.store() as store, store.writing() as tx:
        tx.execute(update(deliveries).where(deliveries.c.next_attempt > now).values(next_attempt=now))
        tx.execute(update(delayed_answers).values(until=now))


def said(desk: RunningDesk, subject: str) -> list[str]:
    """What the customer has got, but for the acknowledgement."""
    return [text_of(letter).partition("\n")[0] for letter in desk.letters(customer_of(subject))[1:]]


def test_an_answer_waits_in_sight_and_goes_out_when_its_time_has_come(desk: RunningDesk):
    subject = "In sight"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "It comes on Monday.\n")
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["owner"], desk.kinds(number)) == ("waiting", "anna", ["customer", "agent"])
    assert [bool(message["waits_until"]) for message in ticket["messages"]] == [False, True]
    assert "waits until" in desk.maild("ticket", "show", str(number))
    (row,) = desk.ask("outbox", "list", "--state", "queued", "--ticket", str(number))
    assert (row["kind"], row["attempts"], row["next_attempt"]) == ("answer", 0, ticket["messages"][-1]["waits_until"])
    assert desk.ask("status")["held_back"] == 1
    assert "1 held back" in desk.maild("status", status=None)
    assert said(desk, subject) == []
    let_waits_end(desk)
    eventually(lambda: said(desk, subject) == ["It comes on Monday."])
    desk.settle()
    assert (desk.ticket(number)["messages"][-1]["waits_until"], desk.ask("status")["held_back"]) == (None, 0)
    assert "held_back" in desk.events(number)


def test_an_answer_is_taken_back_corrected_and_sent_once(desk: RunningDesk):
    subject = "Corrected"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "It comes on Mnoday.\n#close\n")
    assert desk.ticket(number)["status"] == "closed"
    answer(desk, notice, "#undo\n")
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["owner"], desk.kinds(number)) == ("new", None, ["customer", "note"])
    back = desk.letter_about("anna", subject, 2)
    assert text_of(back).startswith("Reply = to ")
    assert ("The customer did not get it" in text_of(back), "Mnoday" in text_of(back)) == (True, True)
    answer(desk, back, "It comes on Monday.\n#close\n")
    let_waits_end(desk)
    eventually(lambda: said(desk, subject) == ["It comes on Monday."])
    desk.settle()
    assert desk.kinds(number) == ["customer", "note", "agent"]
    answer(desk, back, "#undo\n")
    desk.settle()
    assert f"to {customer_of(subject)}, and cannot be taken back" in " ".join(text_of(desk.letters_about("anna", subject)[-1]).split())
    assert (desk.ticket(number)["status"], said(desk, subject)) == ("closed", ["It comes on Monday."])


def test_what_was_taken_back_is_sent_after_all_as_it_was_written(desk: RunningDesk):
    subject = "After all"
    number, notice = a_request(desk, subject)
    raw = an_email_with_files(FILES, body="#close\nHere is the plan.\n", sender=desk.at("anna"), subject=f"Re: {subject}")
    receive(desk, f"In-Reply-To: {notice['Message-ID']}\r\n".encode() + raw)
    for times in (2, 3):
        answer(desk, notice, "#undo\n")
        back = desk.letter_about("anna", subject, times)
        assert (desk.ticket(number)["status"], desk.kinds(number)[-1]) == ("new", "note")
        answer(desk, back, "send\n")
        eventually(lambda: desk.kinds(number)[-1] == "agent")
    assert desk.ticket(number)["status"] == "closed"
    let_waits_end(desk)
    eventually(lambda: said(desk, subject) == ["Here is the plan."])
    letter = desk.letters(customer_of(subject))[-1]
    assert [part.get_payload(decode=True) for part in letter.iter_attachments()] == [content for _, _, content in FILES]
    answer(desk, back, "send\n")
    desk.settle()
    assert "it goes out once" in text_of(desk.letters_about("anna", subject)[-1])


def test_an_answer_is_taken_back_at_the_command_line(desk: RunningDesk):
    subject = "By hand"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "It comes on Monday.\n")
    assert desk.ask("ticket", "reply", str(number), "It comes on Tuesday.", "--as", "boris")["status"] == "waiting"
    eventually(lambda: said(desk, subject) == ["It comes on Tuesday."])
    assert desk.ask("ticket", "undo", str(number), "answer", "--as", "boris")["number"] == number
    back = desk.letter_about("anna", subject, 3)
    assert "by Boris Petrov" in " ".join(text_of(back).split())
    assert (desk.ticket(number)["status"], desk.kinds(number)) == ("waiting", ["customer", "note", "agent"])
    (row,) = desk.ask("outbox", "list", "--state", "cancelled", "--ticket", str(number))
    desk.maild("outbox", "retry", str(row["id"]), status=1)
    desk.maild("ticket", "undo", str(number), "answer", status=2)
    assert said(desk, subject) == ["It comes on Tuesday."]


def test_a_single_run_leaves_what_waits_and_a_later_one_sends_it(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(support=HOLDING)
    subject = "Once"
    desk.deliver(sender=customer_of(subject), subject=subject)
    desk.maild("run", "--once")
    desk.put(an_answer_to(desk.letter_about("anna", subject), desk.at("anna"), "It comes on Monday.\n"))
    desk.maild("run", "--once")
    assert (desk.ask("run", "--once")["held_back"], said(desk, subject)) == (1, [])
    let_waits_end(desk)
    assert App(desk.directory).run_once()
    assert said(desk, subject) == ["It comes on Monday."]


@pytest.mark.parametrize("place", ["send.claimed", "send.answered"])
def test_a_killed_daemon_neither_loses_an_answer_that_waits_nor_doubles_it(make_desk: Callable[..., RunningDesk], place: str):
    """Killed while it waits, and once more when its time has come; two real seconds lie between."""
    desk = make_desk(support="agents: [anna], send_after: 2s", extra="limits: {automatic: off, storm: off}\noutbox: {unknown_retry: 1s}")
    subject = "Killed"
    desk.deliver(sender=customer_of(subject), subject=subject)
    assert App(desk.directory).run_once()
    notice = desk.letter_about("anna", subject)
    daemon = desk.fork()
    desk.put(an_answer_to(notice, desk.at("anna"), "It comes on Monday.\n"))
    eventually(lambda: desk.kinds(1) == ["customer", "agent"])
    daemon.kill()
    daemon.wait()
    assert said(desk, subject) == []
    daemon = desk.fork(MAILD_KILLPOINT=place)
    daemon.wait()
    desk.fork()
    eventually(lambda: desk.ask("outbox", "list", "--ticket", "1")[0]["state"] == "sent")
    sent = {str(letter["Message-ID"]) for letter in desk.letters(customer_of(subject))[1:]}
    assert (len(sent), set(said(desk, subject))) == (1, {"It comes on Monday."})
