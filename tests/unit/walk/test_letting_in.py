"""An agent lets in his own mail that was held, by one word to the letter that told him (MAIL.md A4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import FAILED, NOW, PASSED, UNKNOWN, a_message, a_reading, a_sender, some_settings

from maild.decide import decide
from maild.draft import Draft
from maild.effects import AddAddress, IncomingState, LetIn, Post
from maild.ingest.sender import FoundToken, TokenPlace
from maild.known import History, Known
from maild.known_letter import HeldAway, KnownLetter
from maild.message import Address, AuthResult
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


HOME = Address("Anna", "anna@home.example")
ADDS = replace(WAITING, adds=HOME.address)


def adding(text: str = "always", **changes: Any) -> Draft:
    """Anna's answer to the letter that told her who has written to her personal address. Her server vouches for it."""
    reading = an_answer(text, **{"held": ADDS, "authentication": PASSED} | changes)
    is_sure = reading.sender.authentication.verdict is AuthResult.PASS
    return decided(replace(reading, sender=replace(reading.sender, proven=is_sure, authenticated=is_sure)))


def test_one_word_makes_the_address_of_a_mail_to_the_personal_one_the_agents():
    for text in ("always", "Always!", "#always"):
        draft = adding(text)
        assert (draft.state, draft.effects) == (IncomingState.DONE, (AddAddress("anna", HOME.address), LetIn(12))), text
        ((letter,),) = (decision.letters for decision in draft.beside)
        assert (letter.recipients, letter.values["outcome"], letter.values["sender"]) == ((ANNA,), "added", HOME.address)


def test_no_address_is_added_by_less():
    def check(draft: Draft, why: str) -> None:
        assert draft.effects == ()
        assert why in str(told(draft)[0])

    check(adding(authentication=UNKNOWN), "an address is added only by a reply for which your mail server vouches")
    check(adding("release"), "mail from anna@home.example counts as yours from now on by the one word always, alone")
    check(adding("yes, always"), "by the one word always, alone")
    check(adding(hours=25), "more than a day ago")
    check(adding(held=replace(ADDS, is_waiting=False)), "is not held any more")
    for known in ("boris@acme.example", "sales@acme.example"):
        check(adding(held=replace(ADDS, adds=known)), f"{known} is known to the desk already")
    check(adding(held=WAITING), "by the one word release, alone")
    assert adding(authentication=FAILED).state is IncomingState.QUARANTINED
    quoted = adding(place=TokenPlace.REFERENCES).effects
    assert not any(isinstance(effect, AddAddress | LetIn) for effect in quoted)


def test_an_agent_adds_no_eleventh_address():
    settings = some_settings().with_added({"anna": tuple(f"a{number}@home.example" for number in range(10))})
    reading = an_answer("always", held=ADDS, authentication=PASSED)
    draft = decide(replace(reading, sender=replace(reading.sender, proven=True, authenticated=True)), settings, NOW)
    assert (draft.effects, "an admin takes one away" in str(told(draft)[0])) == ((), True)


def to_her_personal_address(**changes: Any) -> Draft:
    """A mail of somebody's whom the desk does not know."""
    sender = a_sender(changes.pop("address", HOME), personal_of="anna", authentication=changes.pop("authentication", PASSED))
    history = History(has_written=changes.pop("has_written", False))
    message = a_message(**{"header_from": (HOME,), "to": (Address("", "support+anna.mac@acme.example"),), **changes})
    return decided(replace(a_reading(message=message, sender=sender), known=Known(history=history)))


def offered(draft: Draft) -> tuple[str | None, str | None, object]:
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert (letter.template, letter.recipients) == ("personal-address", (ANNA,))
    return letter.agent, letter.offer, letter.values["adds"]


def test_who_is_told_of_a_mail_to_his_personal_address_may_say_that_it_is_his():
    assert offered(to_her_personal_address()) == ("anna", HOME.address, HOME.address)


def test_whose_mail_may_be_anothers_is_not_offered():
    """S1, A2, F8: no server vouches for it, its From is in doubt, it is another's than its author's, a customer writes from there."""
    for changes in (
        {"authentication": UNKNOWN},
        {"from_fields": 2},
        {"from_defect": "two mailboxes"},
        {"header_from": (Address("", "list@lists.example"),)},
        {"has_written": True},
    ):
        assert offered(to_her_personal_address(**changes)) == (None, None, ""), changes


def test_an_added_address_is_the_agents_and_what_the_files_say_goes_before():
    settings = some_settings()
    added = {"anna": (HOME.address, "Boris@acme.example", "sales@acme.example"), "gone": ("eve@home.example",)}
    with_home = settings.with_added(added)
    found = with_home.agent_at("Anna@Home.example")
    assert found is not None
    assert (found.key, found.added, found.email) == ("anna", (HOME.address,), "anna@acme.example")
    assert (with_home.agents["boris"].added, with_home.agent_at("eve@home.example")) == ((), None)
    assert with_home.with_added(added) is with_home
    assert with_home.with_added({}) == settings
