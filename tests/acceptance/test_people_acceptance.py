"""Whose ticket it is (MAIL.md F8, A7): another requester, and one person at two addresses."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

EXTRA = "limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), extra=EXTRA) as running:
        yield running


def a_request(desk: RunningDesk, customer: str, subject: str, body: str) -> int:
    row = desk.receive(an_email(sender=f"Ann Smith <{customer}>", to=desk.at("support"), subject=subject, body=body))
    return int(row["ticket"])


def reply(desk: RunningDesk, letter: EmailMessage, body: str, sender: str = "anna") -> dict[str, Any]:
    return desk.receive(an_answer_to(letter, desk.at(sender) if "@" not in sender else sender, body))


def test_a_ticket_becomes_another_customers_who_is_shown_nothing_of_before(desk: RunningDesk):
    ann, dora = "ann@one.example", "dora@one.example"
    number = a_request(desk, ann, "Orders of the autumn", "The safe opens with 4711.\n")
    notice = desk.letter_about("anna", "Orders of the autumn")
    reply(desk, notice, f'#requester "Dora Lee" <{dora}>\nI have passed it on.\n')
    first = desk.letter(dora)
    assert (first["To"], first["Cc"]) == (f"Dora Lee <{dora}>", f"Ann Smith <{ann}>")
    ticket = desk.ticket(number)
    assert (ticket["requester"], [person["address"] for person in ticket["cc"]]) == ({"name": "Dora Lee", "address": dora}, [ann])
    reply(desk, notice, "And the list is on its way.\n")
    for letter in (first, desk.letter(dora, 2)):
        assert "4711" not in letter.as_string()
        assert "#requester" not in letter.as_string()
    assert "I have passed it on." in text_of(desk.letters(ann)[-2])
    assert "requester" in desk.events(number)
    reply(desk, first, "Thank you, which list?\n", dora)
    told = desk.letters("anna")[-1]
    assert text_of(told).startswith("Reply = to Dora Lee + 1\n\nThank you, which list?")
    assert "! " not in text_of(told), "it is the requester's, and warns of nothing"
    reply(desk, told, "This one.\n")
    assert "> Thank you, which list?" in text_of(desk.letter(dora, 3))
    reply(desk, desk.letters(ann)[-1], "I am still here.\n", ann)
    assert desk.kinds(number)[-1] == "customer"


def test_a_requester_is_changed_at_the_command_line_too(desk: RunningDesk):
    number = a_request(desk, "ann@two.example", "By hand", "Hello?\n")
    desk.maild("ticket", "set", str(number), f"requester={desk.at('boris')}", status=2)
    assert desk.ticket(number)["requester"]["address"] == "ann@two.example"
    done = desk.ask("ticket", "set", str(number), "requester=Dora Lee <dora@two.example>", "uncc=ann@two.example", "--as", "anna")
    assert (done["requester"], desk.ticket(number)["cc"]) == ({"name": "Dora Lee", "address": "dora@two.example"}, [])
    assert len(desk.letters("dora@two.example")) == 0


def test_a_customer_who_writes_from_home_is_the_requester_once_an_agent_says_so(desk: RunningDesk):
    work, home = "ann@three.example", "ann@home.example"
    number = a_request(desk, work, "From two places", "Where is it?\n")
    notice = desk.letter_about("anna", "From two places")
    reply(desk, notice, "#same\nWhere is what?\n")
    assert "#same is for a reply to the notification of another" in " ".join(text_of(desk.letters("anna")[-1]).split())
    tag = desk.ticket(number)["tag"]
    subject = f"Re: {tag} From two places"
    mail = an_email(sender=home, to=desk.at("support"), subject=subject, body="I am at home now.\n", message_id="from-home@home.example")
    desk.receive(mail)
    told = desk.letters("anna")[-1]
    assert "#same does, if both are one person" in " ".join(text_of(told).split())
    reply(desk, told, "#same\nIt is at the door.\n")
    for address in (work, home):
        assert "It is at the door." in text_of(desk.letters(address)[-1])
    assert "<from-home@home.example>" in str(desk.letters(home)[-1]["References"]), "it answers his mail"
    reply(desk, desk.letters(home)[-1], "So it is!\nWhat does it cost?\n", home)
    assert desk.kinds(number) == ["customer", "third_party", "agent", "customer"]
    assert "not the requester" not in text_of(desk.letters("anna")[-1])
    assert desk.ticket(number)["status"] == "open"
