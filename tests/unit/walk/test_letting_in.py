"""An agent lets in his own mail that was held, by one word to the letter that told him (MAIL.md A4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import FAILED, NOW, PASSED, UNKNOWN, a_message, a_reading, a_sender, some_settings

from maild.decide import decide
from maild.draft import Draft
from maild.effects import IncomingState, LetIn
from maild.ingest.sender import FoundToken, TokenPlace
from maild.known import HeldAway, Known, KnownLetter
from maild.message import Address
from maild.reading import Reading
from maild.tokens import LetterKind, LetterToken

ANNA = Address("Anna Ivanova", "anna@acme.example")
WAITING = HeldAway(12, is_waiting=True)


def an_answer(
    text: str = "release", *, held: HeldAway = WAITING, hours: int = 1, place: TokenPlace = TokenPlace.IN_REPLY_TO, **changes: Any
) -> Reading:
    """Anna's answer to the letter that told her of a mail under her name. No server vouches for it."""
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 0, 78, "anna"), place)
    sender = a_sender(ANNA, agent="anna", token=token, authentication=changes.pop("authentication", UNKNOWN))
    letter = KnownLetter(78, "n.0.78@x", LetterKind.NOTIFICATION, None, "anna", True, NOW - timedelta(hours=hours), held=held)
    message = a_message(**{"header_from": (ANNA,), "subject": "Re: A mail in your name", "text": text, "new_text": text, **changes})
    return a_reading(message=message, sender=sender, known=Known(letters={78: letter}))


def decided(reading: Reading) -> Draft:
    return decide(reading, some_settings(), NOW)


def told(draft: Draft) -> list[object]:
    return [letter.values.get("why") for decision in draft.beside for letter in decision.letters]


def test_one_word_lets_the_held_mail_walk_again_though_nothing_vouches_for_it():
    for text in ("release", "Release!", "#release", "*RELEASE*\n"):
        draft = decided(an_answer(text))
        assert (draft.state, draft.effects, draft.after, draft.beside) == (IncomingState.DONE, (LetIn(12),), None, ()), text
    assert decided(an_answer(place=TokenPlace.RECIPIENT)).effects == (LetIn(12),)
    assert decided(an_answer(authentication=PASSED)).effects == (LetIn(12),)


def test_it_does_so_once_and_for_a_day():
    assert told(decided(an_answer(held=replace(WAITING, is_waiting=False)))) == ["the mail you mean is not held any more"]
    (late,) = told(decided(an_answer(hours=25)))
    assert "more than a day ago; an admin lets it in, by maild message release 12" in str(late)


def test_any_other_word_gets_what_does_it():
    for text in ("I wrote it", "please do not release", "yes", ""):
        (why,) = told(decided(an_answer(text)))
        assert str(why).startswith("the mail that is held is let in by the one word release, alone"), text


def test_nothing_else_lets_it_in():
    """Commands, a forward, a token that is only quoted, a From in doubt or one that has failed."""

    def check(reading: Reading) -> None:
        draft = decided(reading)
        assert not any(isinstance(effect, LetIn) for effect in draft.effects)
        assert draft.state is IncomingState.QUARANTINED

    check(an_answer("#tag vip"))
    check(an_answer("#list"))
    check(an_answer(subject="Fwd: A mail in your name"))
    check(an_answer(place=TokenPlace.REFERENCE_LINE))
    check(an_answer(place=TokenPlace.REFERENCES))
    check(an_answer(authentication=FAILED))
    check(an_answer(from_fields=2))
    check(an_answer(header_from=(ANNA, Address("", "eve@x.example"))))
