"""A ticket that is handed over, by mail, through the real walk and store (PRODUCT 13)."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

from maild.store import tickets
from tests.rig import letters
from tests.rig.mails import an_email
from tests.rig.office import text_of
from tests.rig.replay import a_replay
from tests.rig.ticket_life import ANN, ANNA, BORIS, TWO_AGENTS, Life


def test_who_hands_a_ticket_over_without_a_note_is_asked_for_one_once(tmp_path: Path):
    with a_replay(tmp_path, TWO_AGENTS) as desk:
        life = Life(desk)
        number = life.write(an_email(sender=ANN, subject="Printer", date=life.now))
        life.answer(ANNA, number, "#take")
        life.answer(ANNA, number, "#assign boris")
        first, _, told = text_of(life.letters(ANNA, number)[-1]).partition("\n\n")
        assert first == "Reply = internal note"
        assert told.startswith("You passed this ticket to Boris Petrov, and there is no note on it.")
        life.answer(ANNA, number, "She wants the red one.")
        with desk.store.reading() as tx:
            assert [row.visible for row in tickets.list_messages(tx, number)][1:] == ["She wants the red one."]
        assert "She wants the red one." in text_of(life.letters(BORIS, number)[-1])
        asked = len(life.letters(BORIS, number))
        life.answer(BORIS, number, "#assign anna")
        assert (len(life.letters(BORIS, number)), desk.ticket(number).owner) == (asked, "anna")
        assert len(life.letters(ANN, number)) == 1, "the acknowledgement"


def test_whoever_is_handed_a_ticket_with_a_note_gets_by_one_mail_what_he_can_answer(tmp_path: Path):
    """O7, A6: the action begins a new mail, which bears the token in its text alone."""
    with a_replay(tmp_path, TWO_AGENTS) as desk:
        life = Life(desk)
        number = life.write(an_email(sender=ANN, subject="Printer", date=life.now))
        life.answer(ANNA, number, "#assign boris\n#note\nShe has paid.")
        handed = life.letters(BORIS, number)[-1]
        assert text_of(handed).startswith("Reply = internal note\n")
        (link,) = re.findall(r'href="mailto:support@acme\.example\?([^"]*%23show[^"]*)"', letters.text_of(handed, "html"))
        begun = {name: value for name, (value,) in parse_qs(unescape(link)).items()}
        desk.receive(an_email(sender=BORIS, to="support@acme.example", **begun), life.now)
        assert text_of(life.letters(BORIS, number)[-1]).startswith(f"Reply = to {ANN}\n")
        life.answer(BORIS, number, "It is on its way.")
        assert "It is on its way." in text_of(life.letters(ANN, number)[-1])
