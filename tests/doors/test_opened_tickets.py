"""Tickets that agents open by fresh mail for somebody else, through the real walk and store (MAIL.md A3, A7-A9)."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.doors.test_forwarded_mail import DESK, JUDGED, Office, by_anna
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
