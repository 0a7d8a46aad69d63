"""Tickets that agents open by fresh mail for somebody else, through the real walk and store (MAIL.md A3, A7-A9)."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.doors.test_forwarded_mail import DESK, JUDGED, Office, by_anna
from tests.rig.mails import an_email
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import a_replay

DORA = "dora@globex.example"
TO = f"#to Dora Lee <{DORA}>"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with a_replay(tmp_path, DESK) as desk:
        yield Office(desk)


def write(office: Office, subject: str, body: str) -> int | None:
    return office.receive(by_anna(subject=subject, body=body))


def answer(office: Office, letter: EmailMessage, body: str, **more: str) -> int | None:
    return office.receive(an_answer_to(letter, "anna@acme.example", body, headers=JUDGED, **more))


def last(office: Office) -> EmailMessage:
    return office.letters("anna@acme.example")[-1]


@pytest.mark.parametrize("asked", ["help", "canned", "list status:open #vip", "nothing of the kind"])
def test_the_subject_of_a_letter_of_the_desk_reaches_nobody(office: Office, asked: str):
    """A7, A8: whoever writes to a customer in a reply to a list has the list's subject above his words."""
    subject, body = (asked, "") if asked != "nothing of the kind" else ("", f"{TO}\nHello Dora.")
    write(office, subject, body)
    letter = last(office)
    for line in (TO, f"#from {DORA}\n#ack", f"#from {DORA}"):
        for _ in range(2):
            assert answer(office, letter, f"{line}\nIt leaves today.") is None
            assert "its subject is that of the letter which it answers" in text_of(last(office))
            letter = last(office)
    assert office.letters(DORA) == []


def test_a_reply_to_a_letter_of_the_desk_under_a_subject_of_its_own_goes_out(office: Office):
    write(office, "help", "")
    assert answer(office, last(office), f"{TO}\nIt leaves today.", subject="Your order") is not None
    write(office, "Your chair", f"#to {DORA}, x\nHello Dora.")
    assert answer(office, last(office), f"{TO}\nIt leaves today.") is not None
    assert [str(letter["Subject"]).partition("] ")[2] for letter in office.letters(DORA)] == ["Your order", "Your chair"]


def test_what_was_taken_down_is_nowhere_shown_as_if_she_had_written_it(office: Office):
    number = write(office, "The printer", f"#from Dora Lee <{DORA}>\n#assign boris\nIt burns, and she is cross.")
    taken = "! Anna Ivanova took this down. dora@globex.example has not written it, and no answer quotes it."
    boris = office.letters("boris@acme.example")[-1]
    assert taken in text_of(boris)
    write(office, f"show {number}", "")
    assert taken in text_of(last(office))
    office.receive(an_answer_to(boris, "boris@acme.example", "Dear Dora, pour water on it.", headers=JUDGED))
    (answered,) = office.letters(DORA)
    assert "cross" not in text_of(answered)
    office.receive(an_answer_to(answered, DORA, "I have."))
    heard = text_of(office.letters("boris@acme.example")[-1])
    assert "#from Dora Lee: It burns, and she is cross." in heard
    assert taken not in heard
    write(office, f"show {number}", "")
    assert "#from Dora Lee:" in text_of(last(office))


@pytest.mark.parametrize("quoted", ["> Is it on?\n", "> Is it\n> on?\n", "> She is cross, and wants her money back at once.\n"])
def test_no_answer_between_its_lines_quotes_what_was_taken_down(office: Office, quoted: str):
    """O7: however little of it."""
    write(office, "The printer", f"#from Dora Lee <{DORA}>\n#assign boris\nIs it on?\nShe is cross, and wants her money back at once.")
    taken = office.letters("boris@acme.example")[-1]
    for words, outcome in ((quoted, False), (f"#note\n{quoted}", False), ("> What she says.\n", True)):
        office.receive(an_answer_to(taken, "boris@acme.example", f"{words}Pour water on it.", headers=JUDGED))
        assert bool(office.letters(DORA)) is outcome
    returned = office.letters("boris@acme.example")[1]
    assert "what you quote was taken down for the customer, who has not written it; write above the quotation" in text_of(returned)


def test_a_letter_to_somebody_else_may_answer_between_the_lines(office: Office):
    """A7: the commands above are the first lines of who writes, and no attribution's."""
    asked = "On Fri, Nov 20, 2026 at 10:02 AM Dora Lee <dora@globex.example> wrote:\n> Is it on?\n\nYes, it is.\n\n> And blue?\n\nNo."
    assert write(office, "Your chair", f"{TO}\nDear Dora,\n\n{asked}") is not None
    (letter,) = office.letters(DORA)
    assert text_of(letter).startswith(f"Dear Dora,\n\n{asked}\n")


def test_a_reply_to_the_letter_about_a_held_mail_opens_no_ticket(office: Office):
    """A4."""
    assert office.receive(by_anna(subject="Wire the money", body=f"{TO}\nNow.", verdict="fail")) is None
    held = last(office)
    assert "A mail in your name" in text_of(held)
    for words in ("#release 1", "That was not me."):
        assert answer(office, held, words) is None
        assert "by the one word release, alone" in " ".join(text_of(last(office)).split())
    assert office.letters(DORA) == []


def test_a_known_customer_has_her_name_and_her_language(office: Office):
    """PRODUCT 22: a bare address is enough, and a canned answer is in the language that she writes."""
    german = "Guten Tag,\n\nder Stuhl ist leider kaputt. Können Sie mir bitte einen neuen schicken?\n\nViele Grüße\nDora\n"
    office.receive(an_email(sender=f"Dora Lee <{DORA}>", to="support@acme.example", subject="Stuhl", body=german))
    for line in (f"#to {DORA}", f"#from {DORA}"):
        number = write(office, "Your chair", f"{line}\nIt leaves today.")
        assert number is not None
        ticket = office.ticket(number)
        assert (str(ticket.requester), ticket.language) == (f"Dora Lee <{DORA}>", "de")
    eve = office.receive(an_email(sender="eve@else.example", to="support@acme.example", subject="Help", body="Hello.\n"))
    answer(office, last(office), f"#requester {DORA}\nHello Dora.")
    assert eve is not None
    assert str(office.ticket(eve).requester) == f"Dora Lee <{DORA}>"
    stranger = write(office, "Your chair", "#to bob@else.example\nIt leaves today.")
    assert stranger is not None
    assert office.ticket(stranger).requester.name == ""
