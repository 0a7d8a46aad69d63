"""What an answer to a letter of welcome shows, and the sentences it gives (PRODUCT 34c; MAIL.md A1-A6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import ANN, FAILED, NOW, PASSED, UNKNOWN, a_message, a_reading, a_sender, a_ticket, some_settings

from maild.config.settings import Agent, Settings, Trust
from maild.decide import decide
from maild.desk import welcome_letters
from maild.desk.welcome import MOST_ANSWERS, MOST_UNPROVEN, examine
from maild.draft import Draft
from maild.effects import IncomingState, Letter, NoteWelcomeAnswer, Post
from maild.ingest.sender import FoundToken, TokenPlace
from maild.ingest.thread import Thread
from maild.known import Known
from maild.message import Address, AuthResult, MessageClass, Wrapping
from maild.reading import Circumstances, Reading
from maild.tokens import LetterKind, LetterToken
from maild.welcome import LIFETIME, Change, Device, Replies, Welcome, Whose

ANNA = Address("Anna Ivanova", "anna@acme.example")
PRIVATE = Address("Anna", "anna@home.example")
WELCOME = Welcome("anna", 77, "Welcome to Acme: please answer", NOW - timedelta(days=1))
BOTH = replace(some_settings(), trust=Trust(("mx.acme.example",), agent_auth="token+dmarc"))
TOKEN_ALONE = some_settings()
DMARC_ALONE = replace(BOTH, trust=Trust(("mx.acme.example",), agent_auth="dmarc"))
IN_REPLY_TO, RECIPIENT, REFERENCES, LINE = TokenPlace
SAID = "It works."


def token(place: TokenPlace) -> FoundToken:
    return FoundToken(LetterToken(LetterKind.WELCOME, 0, 77, "anna"), place)


def an_answer(
    place: TokenPlace | None = IN_REPLY_TO, auth: Any = PASSED, *, text: str = SAID, author: Address = ANNA, **message: Any
) -> Reading:
    """Anna's, with the letter's token in its place, as her server vouches for it."""
    is_hers = author.address in ("anna@acme.example", "anna@other.example")
    sender = a_sender(
        author,
        agent="anna" if is_hers else None,
        authentication=auth,
        authenticated=is_hers and auth is PASSED,
        welcome=token(place) if place else None,
    )
    written = a_message(**{"header_from": (author,), "text": text, "new_text": text, "subject": f"Re: {WELCOME.subject}", **message})
    return a_reading(message=written, sender=sender, known=Known(welcome=WELCOME), title=WELCOME.subject)


def shown(reading: Reading, settings: Settings = BOTH) -> Device:
    other = replace(settings.agents["anna"], emails=("anna@other.example",))
    return examine(reading, other, settings, NOW)


def check(replies: Replies, *changes: Change, settings: Settings = BOTH, fresh: bool = True, **answer: Any) -> None:
    device = shown(an_answer(**answer), settings)
    assert (device.replies, device.changes, device.fresh) == (replies, changes, fresh)
    assert device.proven is (replies in (Replies.CUSTOMER, Replies.NOTE))


def test_what_becomes_of_answers_by_where_the_token_stands():
    check(Replies.CUSTOMER, place=IN_REPLY_TO)
    check(Replies.CUSTOMER, place=RECIPIENT)
    check(Replies.NOTE, Change.NOT_IN_REPLY_TO, place=REFERENCES)
    check(Replies.NOTE, Change.NOT_IN_REPLY_TO, place=LINE)
    check(Replies.HELD, Change.NO_TOKEN, place=None)
    check(Replies.CUSTOMER, place=None, settings=DMARC_ALONE)
    check(Replies.NOTE, Change.FORWARD, subject="Fwd: Welcome to Acme: please answer")


def test_what_becomes_of_them_by_what_the_server_says():
    for auth in (UNKNOWN, FAILED):
        check(Replies.HELD, Change.HELD_UNVOUCHED, auth=auth, fresh=False)
        check(Replies.CUSTOMER, Change.FRESH_UNVOUCHED, auth=auth, fresh=False, settings=TOKEN_ALONE)
        check(Replies.HELD, Change.HELD_UNVOUCHED, auth=auth, fresh=False, settings=DMARC_ALONE)
    check(Replies.HELD, Change.NO_TOKEN, Change.FRESH_UNVOUCHED, place=None, auth=UNKNOWN, fresh=False, settings=TOKEN_ALONE)


def test_what_becomes_of_them_by_whose_address_it_is():
    check(Replies.CUSTOMER, author=Address("Anna", "anna@other.example"))
    check(Replies.STRANGER, Change.UNKNOWN_ADDRESS, author=PRIVATE, fresh=False)
    check(Replies.STRANGER, Change.UNKNOWN_ADDRESS, author=Address("Boris", "boris@acme.example"), auth=UNKNOWN, fresh=False)
    whose = [shown(an_answer(author=author)).whose for author in (ANNA, Address("", "anna@other.example"), PRIVATE)]
    assert whose == [Whose.REGISTERED, Whose.OTHER, Whose.UNKNOWN]
    assert shown(an_answer(author=PRIVATE)).proof == "anna@home.example is not known as an address of Anna Ivanova"


def test_a_doubtful_from_proves_nothing():
    """A2. What a verdict says of it then is of no use."""
    reading = an_answer(auth=UNKNOWN, from_fields=2)
    device = shown(reading)
    assert (device.replies, device.changes, device.proven) == (Replies.HELD, (Change.FROM_UNCLEAR,), False)
    assert device.proof == "the message has 2 From fields"


def test_a_desk_whose_agents_write_notes_keeps_notes_and_asks_for_no_change():
    internal = replace(BOTH, desk=replace(BOTH.desk, default_visibility="internal"))
    check(Replies.NOTE, settings=internal)


def check_read(text: str, read: str, *changes: Change, signature: str = "", commands: tuple[str, ...] = (), **message: Any) -> None:
    device = shown(an_answer(text=text, **message))
    assert (device.read, device.changes, device.signature, device.commands) == (read, changes, signature, commands)


def test_what_was_read_as_her_own_words_is_said_and_what_stands_in_the_way():
    check_read("It works.\n", SAID)
    signed = "It works.\n\nAnna Ivanova\nRoom 4711"
    check_read(signed, signed, Change.SIGNATURE, signature="Anna Ivanova\nRoom 4711")
    check_read("It works.\n\nAnna Ivanova", "It works.\n\nAnna Ivanova")
    check_read("Anna Ivanova\nRoom 4711", "Anna Ivanova\nRoom 4711")
    check_read("On Friday at 10:02 Support wrote:\n> Reply = a test of your mail program\n>\n\nIt works.", SAID)
    unmarked = "It works.\nReply = a test of your mail program\nAcme works by mail."
    check_read(unmarked, unmarked, Change.QUOTATION)
    check_read("", "", Change.NOTHING_NEW)
    check_read("-- \nAnna", "", Change.NOTHING_NEW, nothing_new=True)
    check_read(SAID, SAID, Change.ENCRYPTED, wrappings=(Wrapping.PGP_ENCRYPTED,))


def test_commands_that_would_have_been_read_are_named():
    check_read("#close\n#tag vip\nIt works.", "#close\n#tag vip\nIt works.", commands=("#close", "#tag vip"))
    check_read("It works.\n#list status:new", "It works.\n#list status:new", commands=("#list status:new",))


def test_the_forms_and_the_program_are_remembered():
    device = shown(an_answer(part_types=("text/plain", "text/html"), headers={"X-Mailer": "iPhone Mail (21E236)"}))
    assert (device.form, device.program, device.token) == ("text and HTML", "iPhone Mail", "In-Reply-To")
    assert device.proof == "token in In-Reply-To and dmarc=pass"


# What is done about an answer


def decided(reading: Reading, settings: Settings = BOTH) -> Draft:
    return decide(reading, settings, NOW)


def the_letter(draft: Draft) -> Letter:
    (letter,) = (effect.letter for effect in draft.effects if isinstance(effect, Post))
    return letter


def noted(draft: Draft) -> NoteWelcomeAnswer:
    (note,) = (effect for effect in draft.effects if isinstance(effect, NoteWelcomeAnswer))
    return note


def test_it_opens_no_ticket_and_is_told_at_the_registered_address_whoever_wrote_it():
    for author, auth in ((ANNA, PASSED), (PRIVATE, PASSED), (ANNA, FAILED), (ANN, PASSED)):
        draft = decided(an_answer(author=author, auth=auth))
        assert (draft.state, draft.reason.code, draft.after, draft.beside) == (IncomingState.DONE, "welcome", None, ())
        letter = the_letter(draft)
        assert (letter.kind, letter.recipients, letter.cc, letter.agent) == (LetterKind.WELCOME, (ANNA,), (), "anna")
        assert (letter.template, letter.automatic) == ("welcome-answer", False)


def test_it_is_told_in_every_mode_since_an_admin_has_asked_for_it():
    for mode in type(BOTH.queues["support"].mode):
        observing = {key: replace(queue, mode=mode) for key, queue in BOTH.queues.items()}
        assert the_letter(decided(an_answer(), replace(BOTH, queues=observing)))


def test_without_a_token_it_is_known_by_its_subject_and_her_address():
    assert decided(an_answer(None)).reason.code == "welcome"
    assert decided(replace(an_answer(None), title="Printer")).reason.code != "welcome"
    assert decided(an_answer(None, author=PRIVATE)).reason.code != "welcome"
    assert decided(replace(an_answer(None), known=Known())).reason.code != "welcome"


def test_what_belongs_to_a_ticket_or_has_another_token_is_no_answer_to_it():
    assert decided(replace(an_answer(), thread=Thread(a_ticket()))).reason.code != "welcome"
    control = FoundToken(LetterToken(LetterKind.NOTIFICATION, 0, 78, "anna"), IN_REPLY_TO)
    reading = an_answer()
    assert decided(replace(reading, sender=replace(reading.sender, token=control, proven=True))).reason.code == "command-failed"


def test_a_machine_is_told_nothing_and_remembered_as_one():
    for message_class in (MessageClass.AUTO_REPLY, MessageClass.AUTO_GENERATED, MessageClass.CALENDAR_REPLY):
        reading = an_answer()
        draft = decided(replace(reading, nature=replace(reading.nature, message_class=message_class)))
        assert not [effect for effect in draft.effects if isinstance(effect, Post)]
        device = noted(draft).device
        assert device is not None
        assert device.automatic


def test_so_many_answers_are_met_and_no_more():
    full = Known(welcome=replace(WELCOME, answers=MOST_ANSWERS))
    draft = decided(replace(an_answer(), known=full))
    assert (draft.reason.code, draft.effects) == ("welcome", ())
    assert decided(replace(an_answer(author=ANN), known=full)).after is not None, "a customer who got the letter is heard all the same"
    guessed = Known(welcome=replace(WELCOME, unproven=MOST_UNPROVEN))
    forged = decided(replace(an_answer(None, FAILED), known=guessed))
    assert (forged.state, forged.reason.code) == (IncomingState.QUARANTINED, "agent_unverified")
    for proven in (an_answer(), an_answer(None), an_answer(author=PRIVATE)):
        assert the_letter(decided(replace(proven, known=guessed)))


def test_only_what_anybody_may_have_written_counts_as_such():
    for reading, unproven in (
        (an_answer(), False),
        (an_answer(None), False),
        (an_answer(None, FAILED), True),
        (an_answer(None, UNKNOWN), True),
    ):
        assert noted(decided(reading)).unproven is unproven


def test_what_comes_too_late_is_told_so():
    late = Known(welcome=replace(WELCOME, sent=NOW - LIFETIME - timedelta(seconds=1)))
    draft = decided(replace(an_answer(), known=late))
    assert noted(draft).device is None
    assert the_letter(draft).values["device"]["address"] == ""  # type: ignore[index]


def test_mail_from_before_the_desk_and_other_departments_copies_are_not_met():
    reading = an_answer()
    assert decided(replace(reading, circumstances=Circumstances("support", quiet=True))).effects == ()
    earlier = replace(reading.departments, earlier=frozenset({"sales"}))
    assert decided(replace(reading, departments=earlier)).state is IncomingState.DUPLICATE


def test_an_agent_is_welcomed_in_his_own_departments_name():
    boris = BOTH.agents["boris"]
    alone = replace(BOTH, queues={key: replace(queue, agents=("boris",) if key == "sales" else ()) for key, queue in BOTH.queues.items()})
    assert welcome_letters.welcome(boris, NOW, alone).queue == "sales"
    assert welcome_letters.welcome(Agent("carl", "Carl", "carl@acme.example"), NOW, BOTH).queue == "support"


def test_whoever_answers_from_an_unknown_address_is_told_how_he_adds_it_himself():
    """A4: where the letter that takes `always` would offer it."""

    def offered(**answer: Any) -> object:
        device = shown(an_answer(**answer), TOKEN_ALONE)
        return welcome_letters.answer(device, TOKEN_ALONE.agents["anna"], "support", None, TOKEN_ALONE).values["may_add"]

    assert offered(author=PRIVATE)
    assert not offered(author=PRIVATE, auth=UNKNOWN)
    assert not offered(author=Address("Boris", "boris@acme.example"))
    assert not offered()


def test_the_personal_address_is_named_only_where_it_would_help():
    def offered(**answer: Any) -> object:
        reading = an_answer(**answer)
        device = shown(reading, TOKEN_ALONE)
        return welcome_letters.answer(device, TOKEN_ALONE.agents["anna"], "support", None, TOKEN_ALONE).values["may_use_personal"]

    assert offered(auth=UNKNOWN)
    assert not offered(auth=PASSED)
    assert not offered(auth=FAILED)
    assert not offered(auth=UNKNOWN, author=PRIVATE)
    assert not offered(auth=replace(UNKNOWN, verdict=AuthResult.NONE), from_fields=2)
