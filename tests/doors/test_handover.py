"""A ticket that is handed over, by mail, through the real walk and store (PRODUCT 13)."""

from pathlib import Path

from maild.store import tickets
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
