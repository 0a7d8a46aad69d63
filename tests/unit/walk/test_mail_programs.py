"""What every mail program makes of our letter when it is answered still leads to its ticket (MAIL.md F3, O2)."""

from dataclasses import replace

import pytest
from builders import ANN, NOW, a_sender, a_ticket, some_settings, some_tokens

from maild.ingest.department import find_departments
from maild.ingest.parse import parse_message
from maild.ingest.thread import find_thread
from maild.known import Known, KnownMessage
from maild.message import Address
from maild.tokens import LetterKind
from tests.rig.mail_programs import PROGRAMS, Parent
from tests.rig.mails import an_email

TOKENS = some_tokens()
FIRST = "AS8PR04MB8263C3B6D0E1F2A3B4C5D6E7F80123@AS8PR04MB8263.eurprd04.prod.outlook.example"
LETTER = Parent(
    TOKENS.mint_message_id(LetterKind.ANSWER, 1042, 77),
    (TOKENS.mint_anchor(1042), FIRST, TOKENS.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 76)),
    f"Re: {TOKENS.mint_tag(1042)} Where is my order of the thirteenth?",
)
BY_SUBJECT_ALONE = {
    "GroupWise of 2003",
    "a telephone that drops everything",
    "a telephone with Thread-Index alone",
    "a program that encodes subjects",
}


def grade(program: str, parent: Parent, known: Known | None = None, sender: Address = ANN) -> str:
    """By what evidence the answer is put on the ticket; "" where it is not."""
    raw = an_email(sender=str(sender), headers=PROGRAMS[program].answer(parent))
    message, desk = parse_message(raw), some_settings()
    (departments,) = find_departments(message, "support", desk)
    found = find_thread(message, a_sender(sender), departments, known or Known(tickets={1042: a_ticket()}), TOKENS, desk, NOW)
    return found.chosen.grade if found.chosen else ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_to_our_letter_finds_its_ticket(program: str):
    assert grade(program, LETTER) == ("c" if program in BY_SUBJECT_ALONE else "b")


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_does_where_a_relay_has_replaced_our_id(program: str):
    rewritten = replace(LETTER, message_id="0100018c1a2b3c4d-1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f-000000@eu-west-1.amazonses.com")
    assert grade(program, rewritten) in ("b", "c")


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - BY_SUBJECT_ALONE))
def test_whoever_adds_to_his_own_mail_finds_it_by_its_id(program: str):
    known = Known(tickets={1042: a_ticket()}, by_id={FIRST: KnownMessage(FIRST, 1042, internal=False)})
    assert grade(program, Parent(FIRST, (), "Where is my order?"), known) in ("d", "e")
    assert grade(program, Parent(FIRST, (), "Where is my order?"), known, Address("Eve", "eve@stranger.example")) == ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_to_a_letter_with_a_forged_id_and_no_check_characters_opens_nothing(program: str):
    forged = Parent(LETTER.message_id.replace("1042", "1043"), (TOKENS.mint_anchor(1043).replace("1043", "1042"),), "Re: [Acme #1042] x")
    assert grade(program, forged, sender=Address("Eve", "eve@stranger.example")) == ""
