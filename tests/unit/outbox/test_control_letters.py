"""The letters that answer what an agent asks the desk itself, as he gets them (MAIL.md A7; PRODUCT 12, 16, 17)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.canned.shelf import Shelf
from maild.desk import control_letters
from maild.desk.command import CommandFault
from maild.desk.control_letters import Face
from maild.effects import Letter
from maild.known import Absence, ListedTicket, Listing
from maild.outbox.compose import Composer
from maild.templates.render import Templates
from maild.ticket import Status
from tests.rig.canned import SHELF
from tests.rig.letters import ANN, NOW, TOKENS, a_desk, read_back, text_of

LANGUAGES = ("bg", "de", "el", "en", "es", "fa", "fr", "ru")
TICKET = ListedTicket(1042, "Where is my order?", Status.OPEN, "boris", ANN, NOW - timedelta(hours=5))
ABSENCE = Absence("boris", NOW, NOW + timedelta(days=2), "anna")


def a_face(language: str = "en") -> Face:
    desk = a_desk(language=language)
    return Face(desk.agents["anna"], "support", "list #payment", desk, "mail1@acme.example")


def text(letter: Letter, language: str = "en") -> str:
    """Without the line that proves its reader."""
    desk = a_desk(language=language)
    written = text_of(read_back(Composer(desk, TOKENS, Templates(desk)).compose(letter, None, 77, NOW, {})))
    return written[: written.index("\nmaild-ref: ")]


def letters(face: Face) -> tuple[Letter, ...]:
    """Each, with everything that may lack and without."""
    return (
        control_letters.listing(face, Listing((TICKET, replace(TICKET, owner=None)), 120), NOW),
        control_letters.listing(face, Listing(), NOW),
        control_letters.nothing_waits(face),
        control_letters.away(face, ABSENCE),
        control_letters.away(face, Absence("anna", NOW)),
        control_letters.back(face),
        control_letters.absent(face, ABSENCE),
        control_letters.canned(face, SHELF),
        control_letters.canned(face, Shelf()),
        control_letters.no_files(face, 1042),
        control_letters.commands(face),
        control_letters.not_done(face, [CommandFault(1, "there is no ticket 7")]),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_is_written_in_every_language(language: str):
    written = [text(letter, language) for letter in letters(a_face(language))]
    assert len(set(written)) == len(written)


def test_a_list_has_a_line_for_each_ticket_and_says_how_many_there_are():
    listing, none, *_ = map(text, letters(a_face()))
    assert listing == (
        "Reply = commands for the desk\n\nTickets found: 120\nThe first 2 are shown.\n\n"
        "1042  open  5h  Boris Petrov  Ann Smith: Where is my order?\n1042  open  5h  nobody  Ann Smith: Where is my order?\n"
    )
    assert none == "Reply = commands for the desk\n\nTickets found: 0\n"


def test_a_listed_ticket_is_asked_for_at_the_readers_personal_address_where_he_has_one():
    """A3: a new mail to a department needs a server that vouches for him."""
    listing, *_ = letters(a_face())
    for mode, address in (("off", "support@acme.example"), ("on", f"support+{TOKENS.mint_personal('anna')}@acme.example")):
        desk = a_desk(plus=mode)
        raw = read_back(Composer(desk, TOKENS, Templates(desk)).compose(listing, None, 77, NOW, {}))
        assert f'<a href="mailto:{address}?subject=show%201042">1042</a>' in text_of(raw, "html")


def test_an_absence_is_told_by_the_readers_clock():
    *_, away, open_end, back, absent, _, _, _, _, _ = map(text, letters(a_face()))
    assert "Until: Sun 22 Nov 2026 10:02 (UTC)\nDeputy: Anna Ivanova\n" in away
    assert open_end.endswith("\n\nYou are away from now on. Colleagues are told in your place.\n")
    assert back.endswith("\n\nYou are back.\n")
    assert "Boris Petrov is away. Others are told in this agent's place.\nUntil: " in absent


def test_the_canned_answers_are_listed_with_how_they_are_asked_for():
    *_, canned, none, _, _, _ = map(text, letters(a_face("de")))
    assert canned.endswith(
        "\n\n#canned hours\nWe are open from nine to five.\n\n#canned italian\nit: Buongiorno.\n\n"
        "#canned refund order=…\nde, en: Guten Tag,\n"
    )
    assert none.endswith("\n\nEs gibt keine vorbereiteten Antworten.\n")


def test_a_letter_carries_a_token_of_its_reader_and_of_no_ticket():
    desk = a_desk()
    raw = read_back(Composer(desk, TOKENS, Templates(desk)).compose(control_letters.commands(a_face()), None, 77, NOW, {}))
    token = TOKENS.read_message_id(str(raw["Message-ID"]).strip("<>"))
    assert token is not None
    assert (token.ticket, token.agent) == (0, "anna")
    assert TOKENS.find_reference_line(text_of(raw)) == token
    assert raw["In-Reply-To"] == "<mail1@acme.example>"
    assert raw["Auto-Submitted"]


def test_ages_are_written_as_queries_write_them():
    def check(expected: str, **age: float) -> None:
        assert control_letters.describe_age(timedelta(**age)) == expected

    check("0m", seconds=-5)
    check("0m", seconds=59)
    check("59m", minutes=59)
    check("23h", hours=23.9)
    check("90d", days=90)
