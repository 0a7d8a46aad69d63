"""What a message means before the rules have their say: the cases in order, each with its reason (MAIL.md F, L2, A3-A6, B2)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from builders import ANN, FAILED, NOW, PASSED, a_message, a_reading, a_sender, a_ticket, some_settings

from maild.decide import decide
from maild.draft import Draft
from maild.effects import AddMessage, IncomingState, Letter, Merge, Post, RecordEvent, SendCrossed, SendKept, SendMended, Split, Undo
from maild.ingest.author import Carrier
from maild.ingest.automated import PROBE
from maild.ingest.sender import FoundToken, Sender, TokenPlace
from maild.ingest.thread import Evidence, Strength, Thread
from maild.known import Earlier, Found, History, Known, KnownAnswer, KnownCopy, LastWords, OwnAnswer, Sent
from maild.known_letter import KeptMail, KnownLetter, ReturnedMail
from maild.message import Address, Attachment, Authentication, AuthResult, MessageClass, Nature, Wrapping
from maild.reading import Circumstances, Reading
from maild.reason import Reason
from maild.regrouping import Regrouping, RegroupingKind
from maild.task import Task
from maild.ticket import MessageKind, Participant, ParticipantRole, Status
from maild.tokens import LetterKind, LetterToken
from tests.rig.canned import a_shelf

EVE = Address("Eve", "eve@else.example")
ANNA = Address("Anna Ivanova", "anna@acme.example")
EVIDENCE = Evidence("b", Strength.STRONG, 1042, "In-Reply-To names our letter 77")
NONE = Authentication(AuthResult.NONE)
PROVEN = Reason("proven", "token in In-Reply-To")
DONE, QUARANTINED, DUPLICATE = IncomingState.DONE, IncomingState.QUARANTINED, IncomingState.DUPLICATE


def on_ticket(
    ticket: dict[str, Any] | None = None, *, author: Address = ANN, thread: dict[str, Any] | None = None, **changes: Any
) -> Reading:
    """A mail that belongs to ticket 1042."""
    found = a_ticket(**(ticket or {}))
    message = a_message(header_from=(author,), **changes.pop("message", {}))
    common = {"message": message, "sender": a_sender(author), "known": Known(tickets={1042: found})}
    return a_reading(**common | changes, thread=replace(Thread(found, EVIDENCE, evidence=(EVIDENCE,)), **(thread or {})))


def by_anna(token_ticket: int = 1042, place: TokenPlace = TokenPlace.IN_REPLY_TO, *, proven: bool = True, **changes: Any) -> Reading:
    """Anna's mail on ticket 1042 with a token of hers."""
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, token_ticket, 78, "anna"), place)
    sender = a_sender(ANNA, agent="anna", proven=proven, proof=PROVEN, token=token)
    known = Known(tickets={1042: a_ticket(), 7: a_ticket(7)})
    return on_ticket(author=ANNA, sender=sender, known=changes.pop("known", known), **changes)


def decided(reading: Reading) -> Draft:
    return decide(reading, some_settings(), NOW)


def check(reading: Reading, state: IncomingState, code: str) -> None:
    draft = decided(reading)
    assert (draft.state, draft.reason.code) == (state, code), draft


def kinds(draft: Draft) -> list[tuple[MessageKind, bool]]:
    return [(effect.kind, effect.internal) for effect in draft.effects if type(effect).__name__ == "AddMessage"]


def events(draft: Draft, kind: str) -> list[str]:
    return [effect.text for effect in draft.effects if isinstance(effect, RecordEvent) and effect.kind == kind]


def posted(draft: Draft) -> list[tuple[str, tuple[Address, ...]]]:
    return [(effect.letter.template, effect.letter.recipients) for effect in draft.effects if isinstance(effect, Post)]


# Which case


def test_the_first_case_that_applies_answers():
    own = KnownLetter(77, "c.1@acme.example", LetterKind.ANSWER, 1042, None, False, NOW)
    twin = KnownCopy(7, "f1", NOW, 1042, in_quarantine=False)
    check(a_reading(), DONE, "new")
    check(on_ticket(), DONE, "follow_up")
    check(on_ticket(thread={"own": own, "duplicate": twin}), DONE, "own_loop")
    check(a_reading(thread=Thread(own=own, passed_on=True, linked=1042)), DONE, "new")
    check(on_ticket(thread={"own": own, "passed_on": True}), DONE, "follow_up")
    check(a_reading(thread=Thread(own=own, passed_on=True, duplicate=twin)), DUPLICATE, "duplicate")
    check(on_ticket(thread={"duplicate": twin}), DUPLICATE, "duplicate")
    check(on_ticket(thread={"duplicate": replace(twin, in_quarantine=True)}), DONE, "follow_up")
    check(a_reading(message_class=MessageClass.OWN_LOOP), DONE, "own_loop")
    check(replace(a_reading(), nature=Nature(MessageClass.OWN_LOOP, (PROBE,))), DONE, "probe")
    check(a_reading(message_class=MessageClass.BOUNCE), QUARANTINED, "bounce")
    check(a_reading(message_class=MessageClass.AUTO_REPLY), QUARANTINED, "auto")
    check(a_reading(message_class=MessageClass.CALENDAR_REPLY), QUARANTINED, "auto")
    check(a_reading(message_class=MessageClass.AUTO_GENERATED), DONE, "new")
    check(a_reading(message_class=MessageClass.LIST), DONE, "new")
    check(a_reading(message=a_message(header_from=())), QUARANTINED, "no_sender")
    check(on_ticket({"status": Status.CLOSED, "closed_at": NOW - timedelta(days=31)}), DONE, "follow_up_of_closed")


def test_what_a_person_has_released_is_let_in():
    released = Circumstances("support", released=True)
    for message_class in (MessageClass.BOUNCE, MessageClass.AUTO_REPLY):
        draft = decided(a_reading(message_class=message_class, circumstances=released))
        assert (draft.state, draft.reason.code, kinds(draft)) == (DONE, "new", [(MessageKind.AUTO, False)])


# A customer's mail


def test_a_message_is_named_by_who_wrote_it():
    bob = Address("Bob", "bob@globex.example")
    company = {"participants": (Participant(bob, ParticipantRole.CC),)}
    for author, ticket, kind in (
        (ANN, {}, MessageKind.CUSTOMER),
        (bob, company, MessageKind.CUSTOMER),
        (EVE, {}, MessageKind.THIRD_PARTY),
    ):
        assert kinds(decided(on_ticket(ticket, author=author))) == [(kind, False)]


def test_a_message_is_shown_with_its_own_date_where_that_may_be_true():
    """P15: near its arrival, which may be long before it is read. What is written on a ticket is ordered by when that is done."""
    arrived = NOW - timedelta(days=2)
    for date, shown in (
        (arrived - timedelta(hours=30), arrived - timedelta(hours=30)),
        (arrived - timedelta(days=31), arrived),
        (NOW, arrived),
        (None, arrived),
    ):
        message = a_message(date=date)
        for reading in (a_reading(message=message), on_ticket(message={"date": date}), by_anna(message={"date": date})):
            draft = decided(replace(reading, circumstances=Circumstances("support", received=arrived)))
            (added,) = (effect for effect in draft.effects if isinstance(effect, AddMessage))
            assert (added.at, added.shown) == (NOW, shown)


def test_the_log_says_what_is_proved_of_a_sender_where_somebody_has_judged_him():
    judged = a_sender(authentication=Authentication(AuthResult.PASS, spf=AuthResult.PASS, reason=Reason("spf-pass", "SPF passed")))
    assert events(decided(a_reading(sender=judged)), "received") == ["from ann@globex.example (SPF passed: spf pass) in support's mailbox"]
    assert events(decided(on_ticket(sender=judged)), "received")[0].startswith("from ann@globex.example (SPF passed: spf pass): ")
    assert events(decided(a_reading()), "received") == ["from ann@globex.example in support's mailbox"]


def test_a_third_party_is_flagged_and_gets_no_copies():
    after = decided(on_ticket(author=EVE)).after
    assert after is not None
    assert after.role_of(EVE.address) is ParticipantRole.THIRD_PARTY
    assert after.cc == ()


def test_only_a_customer_who_wrote_himself_brings_others_in():
    """F8, S3, P14: whoever forges him, or names him to a form or list, must not subscribe himself."""
    strengths = {"b": Strength.STRONG, "d": Strength.MEDIUM, "f": Strength.WEAK, "g": Strength.WEAK}

    def cc(sender: Sender, grade: str = "b") -> tuple[Address, ...]:
        chosen = Evidence(grade, strengths[grade], 1042, "it points there")
        after = decided(on_ticket(sender=sender, thread={"chosen": chosen}, message={"cc": (EVE,)})).after
        assert after is not None
        return after.cc

    assert cc(a_sender()) == (EVE,)
    assert cc(a_sender(authentication=FAILED)) == ()
    assert cc(a_sender(carrier=Carrier(is_form=False))) == ()
    assert cc(a_sender(authentication=PASSED), "f") == (EVE,)
    assert cc(a_sender(), "d") == (EVE,)
    for grade in "fg":
        assert cc(a_sender(), grade) == (), "X2: a number or an id, and a bare From"
        assert cc(a_sender(authentication=NONE), grade) == ()

    def cc_of_new(sender: Sender) -> tuple[Address, ...]:
        after = decided(a_reading(sender=sender, message=a_message(cc=(EVE,)))).after
        assert after is not None
        return after.cc

    assert cc_of_new(a_sender()) == (EVE,)
    assert cc_of_new(a_sender(carrier=Carrier(is_form=False))) == (EVE,)
    assert cc_of_new(a_sender(carrier=Carrier(is_form=False, unproven=Reason("foreign-list", "x")))) == ()


def test_what_answers_something_internal_or_carries_an_agents_token_stays_inside():
    assert kinds(decided(on_ticket(thread={"parent_internal": True}))) == [(MessageKind.CUSTOMER, True)]
    stolen = a_sender(EVE, strange_token=True)
    assert kinds(decided(on_ticket(author=EVE, sender=stolen))) == [(MessageKind.THIRD_PARTY, True)]
    assert kinds(decided(on_ticket(sender=a_sender(strange_token=True)))) == [(MessageKind.CUSTOMER, False)]


def test_whoever_got_nothing_but_notes_is_heard_inside_however_his_mail_finds_the_ticket():
    """F11: a closed ticket stays closed. One who takes part is heard like any customer."""
    closed = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=1)}
    known = Known(tickets={1042: a_ticket()}, history=History(named_inside=frozenset({1042})))
    draft = decided(on_ticket(closed, author=EVE, known=known))
    assert draft.after is not None
    assert (kinds(draft), draft.after.status) == ([(MessageKind.THIRD_PARTY, True)], Status.CLOSED)
    assert kinds(decided(on_ticket(closed, author=EVE))) == [(MessageKind.THIRD_PARTY, False)]
    assert kinds(decided(on_ticket(known=known))) == [(MessageKind.CUSTOMER, False)]


def test_a_strangers_answer_to_a_notification_passed_on_leaves_a_closed_ticket_closed():
    """A1a, F11; F6: whoever has only the tag is heard like anybody else."""
    closed = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=1)}
    for sender, status, why in (
        (a_sender(EVE, strange_token=True), Status.CLOSED, "a third party wrote, which stays inside and changes no state"),
        (a_sender(EVE), Status.OPEN, "a third party wrote after it was closed"),
    ):
        draft = decided(on_ticket(closed, author=EVE, sender=sender))
        assert draft.after is not None
        assert (draft.after.status, draft.tell, draft.reason.text.partition("; ")[2]) == (status, True, why)
    waiting = decided(on_ticket({"status": Status.WAITING}, author=EVE))
    assert waiting.reason.text.endswith("; a third party answered")


def test_the_log_says_that_an_answer_opens_a_waiting_ticket():
    def check(reading: Reading, expected: list[str]) -> None:
        assert events(decided(reading), "changed") == expected

    check(on_ticket({"status": Status.WAITING}), ["status open: the customer answered"])
    check(on_ticket({"status": Status.WAITING}, author=EVE), ["status open: a third party answered"])
    check(on_ticket({"status": Status.WAITING}, message_class=MessageClass.AUTO_REPLY), [])
    for status in (Status.NEW, Status.OPEN, Status.CLOSED):
        check(on_ticket({"status": status}), [])


def test_the_log_says_who_joins_by_a_mail():
    to_carl = {"cc": (Address("Carl", "carl@globex.example"),)}
    joined = ["carl@globex.example, whom the mail names in From, To or Cc, gets copies"]
    assert events(decided(on_ticket(message=to_carl)), "joined") == joined
    assert events(decided(a_reading(message=a_message(**to_carl))), "joined") == joined
    assert events(decided(by_anna(message=to_carl | {"new_text": "Hello", "text": "Hello"})), "joined") == joined
    assert events(decided(on_ticket(author=EVE, message=to_carl)), "joined") == [], "a third party brings nobody"


def test_agents_are_told_of_people_and_machines_that_ask_and_not_of_automatic_answers():
    for message_class, tell in (
        (MessageClass.HUMAN, True),
        (MessageClass.LIST, True),
        (MessageClass.AUTO_GENERATED, True),
        (MessageClass.AUTO_REPLY, False),
        (MessageClass.CALENDAR_REPLY, False),
    ):
        assert decided(on_ticket(message_class=message_class)).tell is tell, message_class


def test_a_ticket_that_follows_a_closed_one_inherits_its_queue_and_owner_and_leaves_it_alone():
    old = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=31), "queue": "sales", "owner": "boris"}
    draft = decided(on_ticket(old))
    assert draft.after is not None
    assert (draft.before, draft.after.queue, draft.after.owner, draft.after.follow_up_of) == (None, "sales", "boris", 1042)


def test_another_subject_far_down_a_closed_conversation_opens_a_ticket_and_says_why():
    by_reference = Evidence("e", Strength.MEDIUM, 1042, "References names a message of #1042")
    closed = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=1)}
    thread = {"chosen": by_reference, "evidence": (by_reference,)}
    check(on_ticket(closed, thread=thread, title="Printer"), DONE, "follow_up")
    draft = decided(on_ticket(closed, thread=thread, title="Now my phone"))
    assert (draft.reason.text, draft.before) == ("#1042 is closed, and the mail has another subject", None)
    assert draft.after is not None
    assert draft.after.follow_up_of == 1042
    stronger = {"chosen": EVIDENCE, "evidence": (EVIDENCE, by_reference)}
    check(on_ticket(closed, thread=stronger, title="Now my phone"), DONE, "follow_up")


LONG_CLOSED = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=31)}


def test_evidence_that_was_not_followed_stands_in_the_log():
    """F4: also where the mail opens a ticket after all (F9)."""
    other = Evidence("f", Strength.WEAK, 7, "subject tag #7 without valid check characters")
    for ticket in ({}, LONG_CLOSED):
        draft = decided(on_ticket(ticket, thread={"evidence": (EVIDENCE, other), "dissent": (other,)}))
        assert events(draft, "evidence_disagrees") == ["not followed: subject tag #7 without valid check characters"]


def test_an_id_that_belongs_to_another_mail_is_told_of_on_the_ticket_the_mail_opens_too():
    """F1."""
    for reading in (
        a_reading(thread=Thread(collision=True)),
        *(on_ticket(ticket, thread={"collision": True}) for ticket in ({}, LONG_CLOSED)),
    ):
        assert events(decided(reading), "mid_collision") == ["its Message-ID belongs to another message and is not used for threading"]
    assert events(decided(a_reading()), "mid_collision") == []


def test_the_first_of_several_senders_is_the_requester_and_the_others_get_copies():
    """P14: flagged on a new ticket and on an old one, and never an agent."""
    bob = Address("Bob", "bob@globex.example")
    for reading in (
        a_reading(message=a_message(header_from=(ANN, bob, ANN, Address("", "anna@acme.example")))),
        replace(on_ticket(), message=a_message(header_from=(ANN, bob, Address("", "boris@acme.example")))),
    ):
        draft = decided(reading)
        assert draft.after is not None
        assert (draft.after.requester, draft.after.cc) == (ANN, (bob,))
        assert events(draft, "several_senders") == ["ann@globex.example counts as its writer, the first of 3 whom the mail names in From"]
    assert events(decided(a_reading(message=a_message(header_from=(ANN, ANN)))), "several_senders") == []


def test_thanks_alone_silence_everybody():
    closed = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=1)}
    draft = decided(on_ticket(closed, message={"text": "Thank you!", "new_text": "Thank you!"}))
    assert (draft.tell, draft.silence and draft.silence.text) == (False, "thanks alone does not reopen")
    assert decided(on_ticket()).silence is None


def test_a_ticket_of_a_queue_that_is_gone_moves_to_the_department_that_gets_its_mail():
    for draft in (decided(on_ticket({"queue": "helpdesk"})), decided(by_anna(ticket={"queue": "helpdesk"}))):
        assert draft.after is not None
        assert draft.after.queue == "support"
        assert events(draft, "moved") == ["to Support: there is no queue helpdesk any more"]


def test_what_nobody_can_open_is_tagged_and_says_so():
    for wrapping, tag in ((Wrapping.TNEF, "tnef"), (Wrapping.PARTIAL, "partial"), (Wrapping.SMIME_ENCRYPTED, "encrypted")):
        sealed = {"wrappings": (wrapping,), "text": "", "new_text": ""}
        for draft in (decided(on_ticket(message=sealed)), decided(a_reading(message=a_message(**sealed)))):
            assert draft.after is not None
            assert draft.message is not None
            assert (draft.after.tags, bool(draft.message.visible)) == ({tag}, True), wrapping
    signed = decided(a_reading(message=a_message(wrappings=(Wrapping.SMIME_SIGNED,)))).after
    assert signed is not None
    assert signed.tags == frozenset()


def test_the_first_message_is_shown_whole_but_for_banners_and_armour():
    draft = decided(a_reading(message=a_message(text="[EXTERNAL]\nHello", uncut_text="Hello")))
    assert draft.message is not None
    assert (draft.message.visible, draft.message.text) == ("Hello", "[EXTERNAL]\nHello")


def test_above_the_words_of_an_invitation_stands_its_event():
    """MAIL.md P12."""
    event = "Invitation: Lunch & more, 2026-01-05 10:00 UTC, Room 4, from Ann Smith"
    invited = {"text": "Shall we?", "uncut_html": "<p>Shall we?</p>", "new_html": "<p>Shall we?</p>", "invitation": event}
    for reading in (a_reading(message=a_message(**invited)), on_ticket(message=invited)):
        added = decided(reading).message
        assert added is not None
        assert (added.text, added.visible) == ("Shall we?", f"{event}\n\nShall we?")
        assert added.visible_html == f"<p>{event.replace('&', '&amp;')}</p><p>Shall we?</p>"
    plain = decided(on_ticket(message=invited | {"new_html": ""})).message
    wordless = decided(on_ticket(message={"text": "", "invitation": event})).message
    assert plain is not None
    assert wordless is not None
    assert (plain.visible_html, wordless.visible) == ("", event)


# An agent's mail (A3-A6)


def test_a_proven_agent_answers_the_customer():
    draft = decided(by_anna())
    assert kinds(draft) == [(MessageKind.AGENT, False)]
    assert posted(draft) == [("answer", (ANN,))]


def test_an_unproven_agent_is_held_and_told_at_his_registered_address():
    draft = decided(by_anna(proven=False))
    assert (draft.state, draft.reason.code, draft.after) == (QUARANTINED, "agent_unverified", None)
    assert posted(draft) == [("unverified", (ANNA,))]


def test_the_letter_of_a_held_mail_says_which_one_it_was():
    """A4: its subject on one line, when it came by the agent's clock, and the ticket."""
    subject = "Re: [Acme #1042-7QKD]\u202e Printer\n" + "x" * 200
    (letter,) = letters_of(by_anna(proven=False, message={"subject": subject}, circumstances=Circumstances("support", received=NOW)))
    shown = f"Re: [Acme #1042-7QKD] Printer {'x' * 70}…"
    assert letter.values["held"] == {"subject": shown, "at": "2026-03-02 10:00", "ticket": 1042}
    alone = replace(by_anna(proven=False), thread=Thread())
    assert letters_of(alone)[0].values["held"] == {"subject": "Printer", "at": f"{NOW:%Y-%m-%d %H:%M}", "ticket": 0}


def letters_of(reading: Reading) -> list[Letter]:
    return [effect.letter for effect in decided(reading).effects if isinstance(effect, Post)]


def test_a_held_mail_with_a_token_is_always_told_of_and_forgeries_without_one_up_to_the_cap():
    """A4, L4."""
    full = Known(tickets={1042: a_ticket()}, sent=Sent({("recipient", "anna@acme.example", 3600): 3}))
    assert posted(decided(by_anna(proven=False, known=full))) == [("unverified", (ANNA,))]
    forged = by_anna(proven=False, known=full)
    draft = decided(replace(forged, sender=replace(forged.sender, token=None)))
    assert (draft.state, draft.reason.code, posted(draft)) == (QUARANTINED, "agent_unverified", [])
    assert "Anna Ivanova is not told: 3 automatic mails" in draft.reason.text


def test_a_token_of_another_ticket_proves_nothing_here():
    draft = decided(by_anna(token_ticket=7))
    assert (draft.state, draft.reason.code) == (QUARANTINED, "agent_unverified")
    assert "another ticket" in draft.reason.text


def test_a_token_of_a_ticket_that_was_merged_into_this_one_is_good():
    merged = Known(tickets={1042: a_ticket(), 7: a_ticket(7, status=Status.MERGED, merged_into=1042)})
    assert kinds(decided(by_anna(token_ticket=7, known=merged))) == [(MessageKind.AGENT, False)]


def test_only_an_answer_to_the_notification_itself_is_public():
    for reading in (
        by_anna(place=TokenPlace.REFERENCES),
        by_anna(place=TokenPlace.REFERENCE_LINE),
        by_anna(message={"subject": "Fwd: Re: Printer"}),
        by_anna(message={"elided": "-------- Weitergeleitete Nachricht --------\nVon: Ann"}),
        by_anna(message={"new_text": "Begin forwarded message:\n\nFrom: Ann", "text": "Begin forwarded message:\n\nFrom: Ann"}),
    ):
        assert (kinds(decided(reading)), posted(decided(reading))) == ([(MessageKind.NOTE, True)], [("kept-as-note", (ANNA,))])
        assert len(events(decided(reading), "kept_as_note")) == 1


def test_an_agent_who_wants_a_note_is_not_told_that_it_is_one():
    """A6, A13. Whoever answers a note was told by its first line; that he addresses the customer says that he has not read it."""
    to_a_note = decided(by_anna(thread={"parent_internal": True}))
    assert (kinds(to_a_note), posted(to_a_note), len(events(to_a_note, "kept_as_note"))) == ([(MessageKind.NOTE, True)], [], 1)
    for words in (
        "Dear Ann,\n\nit is on its way.",
        "Hi Ann Smith - see below\nBye",
        "Guten Tag Frau Smith!\nBye",
        "Ann: it is on its way.",
    ):
        draft = decided(by_anna(thread={"parent_internal": True}, message={"new_text": words, "text": words}))
        is_hers = words[0] != "H"
        assert (kinds(draft), posted(draft)) == ([(MessageKind.NOTE, True)], [("kept-as-note", (ANNA,))] if is_hers else [])
        assert posted(decided(by_anna(thread={"parent_internal": True}, message={"new_text": f"#note\n{words}", "text": words}))) == []
    for words in ("#note\nHe owes us.", "#noreply\nHe owes us."):
        for place in (TokenPlace.IN_REPLY_TO, TokenPlace.REFERENCES):
            draft = decided(by_anna(place=place, message={"new_text": words, "text": words}))
            assert (kinds(draft), posted(draft)) == ([(MessageKind.NOTE, True)], [])
    inside = replace(some_settings(), desk=replace(some_settings().desk, default_visibility="internal"))
    draft = decide(by_anna(), inside, NOW)
    assert (kinds(draft), posted(draft)) == ([(MessageKind.NOTE, True)], [])


def test_an_agent_is_shown_what_was_kept_and_why_and_answers_it_inside():
    text = "#wait\nDear Ann"
    draft = decided(by_anna(place=TokenPlace.REFERENCES, message={"new_text": text, "text": text}))
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post) and effect.letter.template == "kept-as-note"]
    assert (letter.body, letter.internal, letter.agent) == ("Dear Ann", True, "anna")
    assert letter.values["why"] == "the token stands in References only, so it is not certain where this was meant to go"


def says(words: str, kept: KeptMail | None = None, **changes: Any) -> Draft:
    """Anna answers letter 78 with these words."""
    letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", True, NOW, kept=kept)
    known = Known(tickets={1042: a_ticket()}, letters={78: letter})
    subject = changes.pop("subject", "Re: Printer")
    return decided(by_anna(known=known, message={"new_text": words, "text": words, "subject": subject}, **changes))


def refused(draft: Draft) -> str:
    assert (draft.reason.code, kinds(draft), posted(draft)) == ("command-failed", [], [("command-failed", (ANNA,))])
    assert SendKept(5) not in draft.effects
    return draft.reason.text


def test_what_was_kept_is_sent_at_the_word_of_its_agent():
    """A6."""
    for words in ("send", "#send", "Send.", "*SEND*", "＃send\n", "\u200f#send!"):
        draft = says(words, KeptMail(5, was_sent=False))
        assert (draft.state, draft.effects, draft.before) == (DONE, (SendKept(5),), draft.after), words


def test_it_is_sent_once_and_by_an_answer_to_the_letter_that_tells_of_it_only():
    assert "it goes out once" in refused(says("send", KeptMail(5, was_sent=True)))
    assert "nothing to send" in refused(says("send"))
    assert "nothing to send" in refused(says("#send"))
    assert "nothing to send" in refused(says("send", KeptMail(5, was_sent=False), subject="Fwd: Printer"))
    assert "nothing to send" in refused(says("send", KeptMail(5, was_sent=False), place=TokenPlace.REFERENCES))
    assert "#send stands alone" in refused(says("#send\n#close", KeptMail(5, was_sent=False)))
    assert kinds(says("Please send the invoice.")) == [(MessageKind.AGENT, False)]


def after_all(words: str, *, internal: bool = False, notes: tuple[str, ...] = (), **message: Any) -> Draft:
    """Anna's mail on ticket 1042, closed by now, goes out after all."""
    closed = a_ticket(status=Status.CLOSED, closed_at=NOW)
    return decided(
        by_anna(
            place=TokenPlace.REFERENCES,
            ticket={"status": Status.CLOSED, "closed_at": NOW},
            known=Known(tickets={1042: closed}, notes=notes),
            thread={"parent_internal": internal},
            circumstances=Circumstances("support", sent_after_all=True),
            message={"new_text": words, "text": words, **message},
        )
    )


def test_what_is_sent_after_all_is_an_answer_and_its_commands_have_been_done():
    """A6, F8: whom a forwarded mail went to takes no part in the ticket for that."""
    draft = after_all("#assign boris\n#close\nDear Ann", subject="Fwd: Printer", to=(Address("", "support@acme.example"), EVE))
    assert (kinds(draft), posted(draft)) == ([(MessageKind.AGENT, False)], [("answer", (ANN,))])
    assert draft.after is not None
    assert (draft.after.status, draft.after.owner, draft.after.cc) == (Status.CLOSED, "anna", ())
    assert events(draft, "sent_after_all") == ["by his word; it was kept as a note"]
    assert events(draft, "kept_as_note") == []
    opened = after_all("Dear Ann", internal=True).after
    assert opened is not None
    assert opened.status is Status.WAITING


def test_no_note_goes_out_after_all_and_nothing_that_was_forwarded():
    """Promise 4, A6: whoever answers a note between its lines has quoted it."""
    for draft in (
        after_all("> He owes us.\nI see.", internal=True),
        after_all("AB> He has owed us\nAB> money since May.\nDear Ann", internal=True, notes=("Hello.\nHe has owed us money since May.",)),
    ):
        assert "it quotes a note" in refused(draft)
    assert "it is a forwarded mail" in refused(after_all("Begin forwarded message:\n\nFrom: Ann\n\nHelp."))
    assert posted(after_all("> Where is it?\nOn its way.", notes=("He is a bore.",))) == [("answer", (ANN,))]


def test_what_cannot_go_out_after_all_comes_back_to_be_corrected_inside():
    """A8."""
    draft = after_all("Write to anna@acme.example", internal=True)
    assert "an agent's own address would be shown" in refused(draft)
    assert [effect.letter.internal for effect in draft.effects if isinstance(effect, Post)] == [True]


def test_a_quotation_alone_goes_back_to_the_agent():
    """MAIL.md A5: empty new text without attachment or command is never relayed."""
    quotation = "> This may be forged.\n> Please help."
    for text, nothing_new in ((quotation, True), ("", True), ("-- \nAnna", True), ("", False)):
        draft = decided(by_anna(message={"new_text": text, "text": text, "nothing_new": nothing_new}))
        assert (draft.reason.code, kinds(draft), posted(draft)) == ("command-failed", [], [("command-failed", (ANNA,))])


def test_a_signature_alone_is_no_answer_and_no_word_beside_a_command():
    """Seen in practice: Outlook's stands in every answer, marked by nothing."""
    signature = "Kind regards\nAnna Ivanova\nRoom 4711"
    assert posted(decided(by_anna(message={"new_text": signature, "text": signature}))) == [("command-failed", (ANNA,))]
    text = f"#close\n\n{signature}"
    draft = decided(by_anna(message={"new_text": text, "text": text}))
    assert draft.after is not None
    assert (draft.after.status, kinds(draft), [template for template, _ in posted(draft)]) == (Status.CLOSED, [], ["closed"])


NOTIFICATION = """> Reply = to Ann Smith
>
> Where is it?
{answer}
>
> ----------------------------------------
> Ticket: 1042
> Queue: Support
> Status: open
>
> Commands, as the first lines of your reply:
> #note, #close, #wait, #open
>
> maild-ref: n.1042.78.0aabcdefghijklmnop"""


def test_answers_between_the_lines_of_a_notification_go_out_without_its_furniture():
    """MAIL.md A8: the customer sees his own words and the answers."""
    text = f"#tag late\n{NOTIFICATION.format(answer='On its way.')}\nGreetings from us.\n#close"
    draft = decided(by_anna(message={"new_text": text, "text": text}))
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post) and effect.letter.template == "answer"]
    assert letter.body == "> Where is it?\nOn its way.\n\nGreetings from us."
    assert draft.after is not None
    assert (draft.after.status, draft.after.tags) == (Status.CLOSED, frozenset({"late"}))


def test_nothing_that_was_said_to_another_goes_to_a_new_requester_between_the_lines():
    """O7: with the mail that names him, and with later ones until he has written himself, and in answer to what is older than that."""
    hour = timedelta(hours=1)
    dora, quoted = "#requester dora@globex.example", "> Where is it?\nOn its way."

    def answered(text: str, since: datetime | None, said: datetime, told: datetime = NOW) -> list[str]:
        letter = KnownLetter(78, "n78@acme.example", LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=told)
        words = {1042: LastWords("Where is it?", "Ann Smith", at=said)}
        known = Known(tickets={1042: a_ticket()}, letters={78: letter}, last_words=words)
        reading = by_anna(known=known, message={"new_text": text, "text": text}, ticket={"requester_since": since, "requester_by": "anna"})
        return [template for template, _ in posted(decided(reading))]

    old, new = NOW - 2 * hour, NOW - hour
    assert answered(f"{dora}\n{quoted}", None, old) == ["command-failed"]
    assert answered(f"#set requester=dora@globex.example\n{quoted}", None, old) == ["command-failed"]
    assert answered(quoted, new, old) == ["command-failed"], "she has not written"
    assert answered(quoted, new, NOW, told=old) == ["command-failed"], "the quotation is of before"
    assert answered(quoted, new, NOW) == answered(quoted, None, old) == answered(f"{dora}\nOn its way.", None, old) == ["answer"]
    assert answered(f"#note\n{dora}\n{quoted}", None, old) == []


def test_no_answer_goes_to_what_a_colleague_has_marked_as_spam_meanwhile():
    def check(text: str, *templates: str) -> None:
        draft = decided(by_anna(message={"new_text": text, "text": text}, ticket={"status": Status.SPAM}))
        assert [template for template, _ in posted(draft)] == list(templates), text

    check("On its way.", "command-failed")
    check("#close\nOn its way.", "command-failed")
    check("#open\nOn its way.", "answer")
    check("#note\nIt is none.")
    check("#tag vip")


def test_words_for_one_customer_do_not_go_to_another_to_whom_a_colleague_has_given_the_ticket():
    """A6: the first line of the letter that is answered names who gets them."""

    def answered(since: datetime | None, by: str | None, told: datetime, **more: Any) -> list[str]:
        letter = KnownLetter(78, "n78@acme.example", LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=told)
        known = Known(tickets={1042: a_ticket()}, letters={78: letter})
        draft = decided(by_anna(known=known, ticket={"requester_since": since, "requester_by": by}, **more))
        return [template for template, _ in posted(draft)]

    old, new = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
    for by in ("boris", None):
        assert answered(new, by, told=old) == ["kept-as-note"]
        assert answered(old, by, told=new) == ["answer"]
    assert answered(None, None, told=old) == answered(new, "anna", told=old) == ["answer"], "she knows what she has done herself"


def test_words_for_one_customer_do_not_go_to_another_into_whose_ticket_hers_has_gone():
    """A6: a colleague has said `#merge 1042 anyway` since the letter that is answered. Of the same customer's tickets either is hers."""
    for requester, expected in ((EVE, "kept-as-note"), (ANN, "answer")):
        went, theirs = a_ticket(7, status=Status.MERGED, merged_into=1042), a_ticket(requester=requester)
        draft = decided(by_anna(7, known=Known(tickets={7: went, 1042: theirs}), ticket={"requester": requester}))
        assert [template for template, _ in posted(draft)] == [expected]


def test_a_piece_of_a_note_between_the_lines_goes_back_to_the_agent():
    """F11: a rest of the notification that nobody knows for one. What the customer has said himself is no secret."""
    note = "She has owed us money since May, and says that she never got the invoice."
    known = Known(tickets={1042: a_ticket()}, notes=(note,), last_words={1042: LastWords("I never got the invoice, I say", "Ann Smith")})
    for rest, expected in (
        ("since May, and says\n", "command-failed"),
        ("> SHE has owed us\n> money since\n", "command-failed"),
        ("> I never got the invoice\n", "answer"),
        ("It has come.\n", "answer"),
    ):
        text = f"> Where is it?\n{rest}On its way."
        draft = decided(by_anna(known=known, message={"new_text": text, "text": text}))
        assert [template for template, _ in posted(draft)] == [expected], rest
    own_words = "She has owed us money since May, we see."
    assert posted(decided(by_anna(known=known, message={"new_text": own_words, "text": own_words}))) == [("answer", (ANN,))]
    noted = f"#note\n> {note}\nI know."
    assert kinds(decided(by_anna(known=known, message={"new_text": noted, "text": noted}))) == [(MessageKind.NOTE, True)]


def test_a_note_of_the_agents_own_is_quoted_to_nobody_either():
    """F11: a quotation trimmed to it has nothing else of the notification. What he writes in his own words is his business."""
    note = "This customer never pays before the third reminder.\n> Where is it?\nok"
    before = (Earlier(NOW, "Anna Ivanova", "The lamp has left on Monday."), Earlier(NOW, "Anna Ivanova", note, is_note=True))
    known = Known(tickets={1042: a_ticket()}, own_notes=(note, "The lamp has left on Monday.", "ok"), earlier={1042: before})
    for text, expected in (
        ("> 2026-11-29 16:10 #note Anna Ivanova: This customer never\n> pays before the third reminder.\nOn its way.", "command-failed"),
        ("> pays before the third\nOn its way.", "command-failed"),
        ("> 2026-11-29 16:10 #note Anna Ivanova: ok\nOn its way.", "command-failed"),
        ("> it is ok\nOn its way.", "answer"),
        ("> Where is it?\nOn its way.", "answer"),
        ("> The lamp has left on Monday.\nOn its way.", "answer"),
        ("> Where is it?\nOn its way. This customer never pays before the third reminder.", "answer"),
    ):
        draft = decided(by_anna(known=known, message={"new_text": text, "text": text}))
        assert [template for template, _ in posted(draft)] == [expected], text
    noted = "#note\n> pays before the third reminder.\nStill so."
    assert kinds(decided(by_anna(known=known, message={"new_text": noted, "text": noted}))) == [(MessageKind.NOTE, True)]


def test_what_a_third_party_has_written_is_not_quoted_to_the_requester():
    """F6, O7: unless the answer goes to the third party, too, or the letter told of somebody who takes part."""
    quoted = "> I have seen it burn.\nWho are you?"
    letter = KnownLetter(78, "n78@acme.example", LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=NOW, writer=EVE)

    def answered(text: str, role: ParticipantRole = ParticipantRole.THIRD_PARTY, letter: KnownLetter = letter) -> list[str]:
        ticket = {"participants": (Participant(EVE, role),)}
        known = Known(tickets={1042: a_ticket(**ticket)}, letters={78: letter})
        return [template for template, _ in posted(decided(by_anna(known=known, message={"new_text": text, "text": text}, ticket=ticket)))]

    assert answered(quoted) == answered(f"#wait\n{quoted}") == ["command-failed"]
    assert answered("Who is she?") == answered(f"#cc sender\n{quoted}") == answered(f"#same\n{quoted}") == ["answer"]
    assert answered(quoted, ParticipantRole.CC) == answered(quoted, letter=replace(letter, writer=ANN)) == ["answer"]
    assert answered(f"#note\n{quoted}") == []


def test_what_a_third_party_wrote_before_is_not_quoted_to_the_requester_either():
    """F6, O7: a notification of the customer's own mail shows it below her words."""
    strangers = ((EVE.key, "The goods are a fake, but do not tell her. I never got the invoice."),)
    words = {1042: LastWords("I never got the invoice, I say", "Ann Smith")}

    def answered(text: str, role: ParticipantRole = ParticipantRole.THIRD_PARTY) -> list[str]:
        ticket = {"participants": (Participant(EVE, role),)}
        known = Known(tickets={1042: a_ticket(**ticket)}, strangers=strangers, last_words=words)
        return [template for template, _ in posted(decided(by_anna(known=known, message={"new_text": text, "text": text}, ticket=ticket)))]

    assert answered("> Where is it?\n> The goods are\n> a fake\nOn its way.") == ["command-failed"]
    assert answered("> I never got the invoice\nOn its way.") == ["answer"]
    assert answered(f"#cc {EVE.address}\n> The goods are a fake\nOn its way.") == ["answer"]
    assert answered("> The goods are a fake\nOn its way.", ParticipantRole.CC) == ["answer"]


def test_the_end_of_a_long_note_that_show_has_fetched_is_quoted_to_nobody():
    note = " ".join(f"Fact {number} is about ducks." for number in range(100)) + " She is blacklisted since May."
    for notes in ({"notes": (note,)}, {"own_notes": (note,)}):
        known = Known(tickets={1042: a_ticket()}, **notes)
        for text, expected in (
            ("> Where is it?\n> She is\n> blacklisted\nOn its way.", "command-failed"),
            ("> Where is it?\nShe is blacklisted.", "answer"),
        ):
            draft = decided(by_anna(known=known, message={"new_text": text, "text": text}))
            assert [template for template, _ in posted(draft)] == [expected], text


def test_a_notification_without_a_word_in_it_or_without_marks_goes_back_to_the_agent():
    marked = f"#tag late\n{NOTIFICATION.format(answer='')}"
    unmarked = "Where is it?\nOn its way.\n\nTicket: 1042\nQueue: Support\nStatus: open\nPriority: high"
    untouched = decided(by_anna(message={"new_text": marked, "text": marked}))
    assert (kinds(untouched), posted(untouched)) == ([], [])
    draft = decided(by_anna(message={"new_text": unmarked, "text": unmarked}))
    assert (draft.reason.code, kinds(draft), posted(draft)) == ("command-failed", [], [("command-failed", (ANNA,))])
    assert "without quote marks" in draft.reason.text


def test_what_says_nothing_itself_above_the_notification_goes_back_to_the_agent():
    """The answers stand in what is quoted without marks, where nobody finds them."""
    greeting = {"new_text": "Hello Ann,", "text": "Hello Ann,\n\nFrom: Support", "elided": "From: Support"}
    for text in ("Hello Ann,", "Hello Ann,\nmy answers are below in red.\n\nBest regards\nAnna"):
        draft = decided(by_anna(message=greeting | {"new_text": text}))
        assert (draft.reason.code, kinds(draft), posted(draft)) == ("command-failed", [], [("command-failed", (ANNA,))])
    file = Attachment("a.pdf", "application/pdf", 9000, "0" * 64, inline=False, content_id=None, part=1)
    for changes in ({"attachments": (file,)}, {"elided": ""}, {"new_text": "Hello Ann,\nour answers are below.\n\nIt is on its way."}):
        assert posted(decided(by_anna(message=greeting | changes))) == [("answer", (ANN,))]
    assert kinds(decided(by_anna(place=TokenPlace.REFERENCES, message=greeting))) == [(MessageKind.NOTE, True)]


def test_a_note_keeps_the_notification_it_quotes():
    text = NOTIFICATION.format(answer="Is that right?")
    for reading in (
        by_anna(message={"new_text": "#note\nTicket: 1042\nQueue: Support\nStatus: open\nPriority: high", "text": text}),
        by_anna(place=TokenPlace.REFERENCES, message={"new_text": text, "text": text}),
    ):
        draft = decided(reading)
        (message,) = [effect for effect in draft.effects if type(effect).__name__ == "AddMessage"]
        assert message.internal
        assert "Queue: Support" in message.visible


def test_files_and_commands_need_no_words_and_take_no_quotation_along():
    """MAIL.md A5: with a file or a command a mail is no empty one; what it only quotes still goes to nobody."""
    quotation = "> This may be forged."
    file = Attachment("a.pdf", "application/pdf", 9000, "0" * 64, inline=False, content_id=None, part=1)
    sent = decided(by_anna(message={"new_text": quotation, "text": quotation, "nothing_new": True, "attachments": (file,)}))
    (letter,) = [effect.letter for effect in sent.effects if isinstance(effect, Post)]
    assert (letter.body, letter.body_html, letter.attachments) == ("", "", (file,))
    closed = decided(by_anna(message={"new_text": f"{quotation}\n#close", "text": f"{quotation}\n#close"}))
    assert closed.after is not None
    assert (closed.after.status, kinds(closed)) == (Status.CLOSED, [])


def test_a_forward_without_a_word_stays_a_note():
    """MAIL.md A6. The commands that the desk lists below its notifications are none there."""
    text = "Begin forwarded message:\n\nFrom: Ann\n\nHelp.\n\n#note, #close, #wait"
    draft = decided(by_anna(message={"new_text": text, "text": text, "nothing_new": True}))
    assert (kinds(draft), posted(draft)) == ([(MessageKind.NOTE, True)], [])


def test_an_answer_to_the_address_made_for_it_is_public_too():
    assert kinds(decided(by_anna(place=TokenPlace.RECIPIENT))) == [(MessageKind.AGENT, False)]


def test_an_agent_answers_whoever_wrote_what_he_answers_too():
    """F8: `#cc sender`; a colleague and the desk itself are nobody to send copies to."""
    text = "#cc sender\nHere it is."

    def check(writer: Address | None, *cc: str) -> None:
        letter = KnownLetter(78, "n.1042.78@x", LetterKind.NOTIFICATION, 1042, "anna", False, NOW, writer=writer)
        reading = by_anna(known=Known(tickets={1042: a_ticket()}, letters={78: letter}), message={"text": text, "new_text": text})
        draft = decided(reading)
        sent = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
        assert [(letter.template, *(person.address for person in letter.cc)) for letter in sent] == [
            ("answer" if cc else "command-failed", *cc)
        ]

    check(Address("Carl", "carl@other.example"), "carl@other.example")
    for nobody in (None, ANNA, Address("", "sales@acme.example")):
        check(nobody)


def test_whoever_wrote_what_an_agent_answers_may_be_the_requester_at_another_address():
    """F8: `#same`. Where that was the requester, a colleague or nobody at all it comes back."""
    text, carl = "#same\nHere it is.", Address("Carl", "carl@other.example")
    ticket = a_ticket(participants=(Participant(carl, ParticipantRole.THIRD_PARTY),))

    def answered(writer: Address | None) -> Draft:
        mail = {"writer": writer, "tells_of": "m2@other.example"}
        letter = KnownLetter(78, "n.1042.78@x", LetterKind.NOTIFICATION, 1042, "anna", False, NOW, **mail)  # type: ignore[arg-type]
        known = Known(tickets={1042: ticket}, letters={78: letter})
        reading = by_anna(known=known, message={"text": text, "new_text": text})
        return decided(replace(reading, thread=replace(reading.thread, ticket=ticket)))

    draft = answered(carl)
    assert draft.after is not None
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert "m2@other.example" in letter.references, "for him it belongs to his own mail's thread"
    assert (draft.after.role_of(carl.address), posted(draft)) == (ParticipantRole.REQUESTER, [("answer", (ANN,))])
    for nobody in (None, ANN, ANNA, Address("", "sales@acme.example")):
        assert "#same is for a reply" in refused(answered(nobody))


def test_only_who_is_authenticated_too_shows_a_ticket_to_another_customer():
    """A3: the token of one ticket, which may have leaked, opens no other."""
    known = Known(tickets={1042: a_ticket(), 7: a_ticket(7, requester=EVE)})
    reading = by_anna(known=known, message={"new_text": "#merge 7 anyway\nSee there.", "text": ""})
    assert "does not prove enough" in refused(decided(reading))
    sure = decided(replace(reading, sender=replace(reading.sender, authenticated=True)))
    assert sure.before is not None
    assert sure.after is not None
    assert (sure.before.number, sure.after.number, sure.after.cc) == (7, 7, (ANN,))
    assert posted(sure) == [("answer", (EVE,))]
    assert events(sure, "joined") == ["ann@globex.example gets copies"]


def test_a_ticket_merged_in_a_mail_is_not_the_next_that_it_asks_for():
    found = Found(next={"support": (1042,)})
    known = Known(tickets={1042: a_ticket(status=Status.NEW), 7: a_ticket(7)}, found=found)
    draft = decided(by_anna(known=known, message={"new_text": "#merge 7\n#next\nHello.", "text": ""}))
    assert (draft.reason.code, [beside.after for beside in draft.beside]) == ("agent-act", [None])


def test_a_block_of_nothing_but_quoted_words_becomes_a_ticket_too():
    text = "#split\n--- Refund\n> I want my money back.\n"
    known = Known(tickets={1042: a_ticket()}, customers_words={1042: ("I want my money back.",)})
    draft = decided(by_anna(message={"new_text": text, "text": text}, known=known))
    (opening,) = (effect.opening for effect in draft.effects if isinstance(effect, Split))
    assert [effect.visible for effect in opening.effects if isinstance(effect, AddMessage)] == ["I want my money back."]
    assert (kinds(draft), posted(draft)) == ([], [])
    noted = by_anna(message={"new_text": text, "text": text}, known=Known(tickets={1042: a_ticket()}, notes=("I want my money back.",)))
    assert "a note stands in what you quote" in refused(decided(noted))


def test_what_a_program_quotes_below_the_last_block_is_no_customers_word():
    """O7: neither a note, where the mail answers one, nor the notification, where a title stands alone."""
    said = "My lamp and my chair are broken."
    known = Known(tickets={1042: a_ticket()}, last_words={1042: LastWords(said, "Ann Smith")}, customers_words={1042: (said,)})
    below = "\n\nOn Sun, 29 Nov 2026 at 16:10, Anna Ivanova via Support <support@acme.example> wrote:\n"
    noted = f"{below}> Reply = internal note\n>\n> Ann is a liar, and I know her.\n"
    told = f"{below}> Reply = to Ann Smith\n>\n> My lamp and my chair are broken.\n"
    for quotation, changes in ((noted, {"thread": {"parent_internal": True}}), (told, {})):
        text = f"#split\nWe look into it.\n\n--- Lamp\n> my lamp\n--- Chair{quotation}"
        draft = decided(by_anna(known=known, message={"new_text": text, "text": text}, **changes))
        openings = [effect.opening for effect in draft.effects if isinstance(effect, Split)]
        words = [[effect.visible for effect in opening.effects if isinstance(effect, AddMessage)] for opening in openings]
        assert words == [["my lamp"], [said]], quotation


def test_a_duplicate_of_a_mail_of_a_merged_ticket_is_noted_where_that_went():
    known = Known(tickets={1042: a_ticket(), 7: a_ticket(7, status=Status.MERGED, merged_into=1042)})
    twin = KnownCopy(7, "f1", NOW, 7, in_quarantine=False)
    draft = decided(a_reading(known=known, thread=Thread(duplicate=twin)))
    assert (draft.state, draft.after) == (DUPLICATE, a_ticket())


def test_whom_a_note_was_also_sent_to_takes_no_part():
    to = (Address("", "support@acme.example"), EVE)
    answered = decided(by_anna(message={"to": to})).after
    noted = decided(by_anna(message={"to": to, "new_text": "#note\nx"})).after
    forwarded = decided(by_anna(message={"to": to, "subject": "Fwd: Printer"})).after
    assert [ticket.cc if ticket else None for ticket in (answered, noted, forwarded)] == [(EVE,), (), ()]


def test_an_agent_whose_note_was_also_sent_to_the_customer_is_told_at_once():
    """A6, A8: she has read it by then. Whom he names is none of the ticket's is his own affair."""
    desk, ann = Address("", "support@acme.example"), Address("", "ann@globex.example")

    def readers(*to: Address, **message: Any) -> list[object]:
        draft = decided(by_anna(message={"to": to, "new_text": "#note\nShe has not paid."} | message))
        assert kinds(draft) == [(MessageKind.NOTE, True)]
        letters = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
        return [letter.values["readers"] for letter in letters if letter.template == "kept-as-note"]

    assert readers(desk, ann) == [(ann.address,)]
    assert readers(desk, cc=(ann,), new_text="She has not paid.\n#noreply") == [(ann.address,)]
    assert readers(desk, ann, new_text="Look at this.", subject="Fwd: Printer") == [(ann.address,)]
    assert readers(desk, EVE) == []
    assert readers(desk) == []


def test_the_log_says_whom_an_agent_has_sent_his_own_mail():
    """A8, A10: whether it is an answer or a note."""
    desk = Address("", "support@acme.example")

    def check(expected: list[str], **message: Any) -> None:
        assert events(decided(by_anna(message=message)), "sent_directly") == expected

    got = ["ann@globex.example got this mail from Anna Ivanova directly, with the address it came from"]
    check(got, to=(desk,), cc=(ANN,))
    check(got, to=(ANN,), cc=(desk,), new_text="#note\nShe has not paid.")
    check([], to=(desk,))
    check([], to=(desk, Address("", "boris@acme.example"), Address("", "new@else.example")))


def test_a_mistyped_command_sends_the_draft_back_and_does_nothing():
    draft = decided(by_anna(message={"new_text": "#clsoe\nDear Ann", "text": "#clsoe\nDear Ann"}))
    assert (draft.reason.code, draft.before == draft.after, kinds(draft)) == ("command-failed", True, [])
    assert posted(draft) == [("command-failed", (ANNA,))]


QUOTED = "On Fri, 20 Nov 2026 at 10:02, Ann via Support <support@acme.example> wrote:\n> Where is it?\n\n"


def test_a_commands_word_alone_goes_to_no_customer():
    """A7. Words that may well be an answer are one."""
    signed = Known(tickets={1042: a_ticket()}, own_answers=(OwnAnswer("x\n\nAnna\nRoom 4711", "x"),) * 3)

    def answered(text: str, **changes: Any) -> Draft:
        return decided(by_anna(message={"new_text": text, "text": text}, **changes))

    for word in ("close", "next", "help", "note", "take", "undo", "back", "reopen"):
        for text in (
            word,
            f"\n{word.title()}.\n",
            f"*{word}*",
            f"{word}\n\nBest regards\nAnna Ivanova",
            f"{QUOTED}{word}",
            f"#tag vip\n{word}",
        ):
            assert offered(answered(text)) is not None, text
            assert f"did you mean #{word}?" in refused(answered(text)), text
    assert offered(answered("close")) == offered(answered("close\n\nAnna\nRoom 4711", known=signed)) == "#close"
    assert offered(answered("#tag vip\nclose")) == "#close\n#tag vip"
    assert offered(answered("merge")) == ""
    assert "nothing to send" in refused(answered("send"))
    assert "answers the letter that asks for it" in refused(answered("release"))
    for text in ("assign boris", "Merge 7.", "snooze 3d", "zuweisen boris", "uncc bob@globex.example\n\nBest regards\nAnna"):
        line = text.partition("\n")[0].rstrip(".")
        assert (offered(answered(text)), f"did you mean #{line}?" in refused(answered(text))) == (f"#{line}", True), text
    mended = answered("assign boris", circumstances=Circumstances("support", corrected="#assign boris"))
    assert (mended.after and mended.after.owner, kinds(mended)) == ("boris", [])
    assert (offered(answered("close\n\nBest regards\nAnna")), offered(answered("spam"))) == ("#close", "#spam")
    for word in (
        "yes",
        "Yes.",
        "done",
        "open",
        "Tag",
        "wait",
        "same",
        "closed",
        "close it",
        "noted",
        "merge them as you like",
        "link below",
    ):
        assert posted(answered(word)) == [("answer", (ANN,))], word
    assert kinds(answered("#note\nclose")) == kinds(answered("close", place=TokenPlace.REFERENCES)) == [(MessageKind.NOTE, True)]
    assert posted(after_all("close")) == [("answer", (ANN,))]
    for text in ("close", "close\n\nBest regards\nAnna Ivanova"):
        mended = answered(text, circumstances=Circumstances("support", corrected="#close"))
        assert (mended.after and mended.after.status, kinds(mended)) == (Status.CLOSED, [])


def test_a_commands_word_on_a_line_of_its_own_goes_to_no_customer_where_a_command_would_stand():
    """A7. Whoever answers has forgotten the #, in whatever language; a word that ends a sentence or stands in it is one of the sentence."""

    def answered(text: str, **changes: Any) -> Draft:
        return decided(by_anna(message={"new_text": text, "text": text}, **changes))

    for word in ("note", "close", "internal", "Schließen", "заметка", "یادداشت", "ohne-antwort"):
        for text in (
            f"{word}\nShe owes us.",
            f"{word}:\n\nShe owes us.",
            f"{QUOTED}{word}\n\nShe owes us.",
            f"#tag vip\n{word}\nShe owes us.",
        ):
            assert offered(answered(text)) is not None, text
            assert f"did you mean #{word.lower()}?" in refused(answered(text)), text
    assert offered(answered("She owes us.\n\nclose")) == offered(answered("*close*\nShe owes us.\n\nopen")) == "#close"
    for text in ("Note: she owes us.", "internal : she owes us.\nAnd more.", f"{QUOTED}Заметка: она должна."):
        assert "if it is a note, begin with #" in refused(answered(text)), text
        assert offered(answered(text)) is None, text
    for text in (
        "We are closed now, and\nopen.",
        "It is\nopen",
        "It is\n\nopen.",
        "Hello\n\nnote: it is open",
        "Hello Ann\nnote\nbye",
        "Priority: high",
        "Close it\nand open it.",
        "Offen\nIch habe es gelesen.",
        "> close\n\nShe wrote that.\nI did not.",
    ):
        assert posted(answered(text)) == [("answer", (ANN,))], text
    assert kinds(answered("#note\nclose\nShe owes us.")) == [(MessageKind.NOTE, True)]
    assert posted(after_all("note\nShe owes us.")) == [("answer", (ANN,))]
    mended = answered("note\nShe owes us.", circumstances=Circumstances("support", corrected="#note"))
    (note,) = [effect for effect in mended.effects if isinstance(effect, AddMessage)]
    assert (note.internal, note.visible) == (True, "She owes us.")


def test_whoever_has_something_to_do_is_asked_whether_he_has_done_that():
    his, other = (Task(number, "call", "anna", "boris", NOW, id=number) for number in (1, 2))

    def answered(*tasks: Task, corrected: str | None = None) -> Draft:
        circumstances = Circumstances("support", corrected=corrected)
        ticket = {"tasks": tasks}
        known = Known(tickets={1042: a_ticket(**ticket)})
        return decided(by_anna(message={"new_text": "done", "text": "done"}, ticket=ticket, known=known, circumstances=circumstances))

    assert (offered(answered(his)), offered(answered(his, other))) == ("#done 1", "")
    assert "which task is done? open are: 1 (call), 2 (call)" in refused(answered(his, other))
    assert posted(answered(replace(his, agent="boris"))) == posted(answered()) == [("answer", (ANN,))]
    after = answered(his, other, corrected="#done 2")
    assert (kinds(after), after.after and [task.is_open for task in after.after.tasks]) == ([], [True, False])


def offered(draft: Draft) -> str | None:
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert (letter.template, letter.values["mendable"]) == ("command-failed", letter.offer is not None)
    return letter.offer


def test_a_draft_that_came_back_says_whether_an_answer_mends_it():
    """A7: nothing is offered that would not work."""

    def back(words: str, **changes: Any) -> str | None:
        return offered(decided(by_anna(message={"new_text": words, "text": words, **changes})))

    assert back("#tag vip\n#clsoe\nDear Ann") == "#tag vip\n#close"
    assert back("#assign bori\nDear Ann") == "#assign boris"
    assert back("#help\n#lst mine\nDear Ann") == "#help\n#list mine"
    assert back("#show 99\nDear Ann") == ""
    assert back("#frobnicate\n#clsoe\nDear Ann") == back("#note\n#task boris\nDear Ann") == ""
    assert back("#clsoe\nDear Ann", wrappings=(Wrapping.PGP_ENCRYPTED,)) is None
    assert back("#close Dear Ann\nbye") is None
    assert back("Write to anna@acme.example") is None
    assert back("-- \nAnna", nothing_new=True) is None


def test_all_that_is_wrong_with_a_mail_comes_back_at_once():
    """A7: each with its remedy. What is misspelt is tried as it was probably meant."""

    def wrong(words: str, *whys: str, offer: str | None = "") -> None:
        shelf = a_shelf(refund="Your money is on its way back.")
        draft = decided(by_anna(message={"new_text": words, "text": words}, shelf=shelf))
        (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
        assert (draft.reason.code, letter.offer) == ("command-failed", offer)
        lines = str(letter.values["why"]).splitlines()
        assert [(why in line) for why, line in zip(whys, lines, strict=True)] == [True] * len(whys), lines

    close, refund = "line 1: there is no command #clsoe; did you mean #close?", 'there is no canned answer "refnd"; did you mean refund?'
    wrong("#clsoe\n#canned refnd\nDear Ann", close, f"line 2: {refund}", offer="#close\n#canned refund")
    wrong(
        "#canend refnd\nDear Ann", "line 1: there is no command #canend; did you mean #canned?", f"line 1: {refund}", offer="#canned refund"
    )
    wrong("#clsoe\n#assign zoe\n#list stauts:open", close, 'line 2: there is no agent "zoe"', "line 3: ", offer="")
    wrong("#frobnicate\n#assign bori", "line 1: there is no command #frobnicate", "line 2: ", offer="")
    wrong("#clsoe\nWrite to anna@acme.example", close, "anna@acme.example", offer=None)
    wrong("#opne\n#snooze 3d\nDear Ann", "line 1: there is no command #opne; did you mean #open?", offer="#open\n#snooze 3d")
    wrong("#noet\nWrite to anna@acme.example", "line 1: there is no command #noet; did you mean #note?", offer="#note")
    wrong("#frobnicate\nWrite to anna@acme.example", "line 1: there is no command #frobnicate", offer="")
    wrong("#close\nDear Ann\n#reopen", "line 3: #open contradicts #close in line 1; write only one of them", offer="")
    wrong("#clsoe\n#open\nDear Ann", close, "line 2: #open contradicts #close in line 1", offer="")
    wrong("#spam\n#close\nDear Ann", "line 2: #close contradicts #spam in line 1", offer=None)
    wrong("#away 3d\n#back\nDear Ann", "line 2: #back contradicts #away 3d in line 1", offer="")


def mends(words: str, returned: ReturnedMail | None, **changes: Any) -> Draft:
    """Anna answers letter 78, which gave that mail back, with these words."""
    letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW, returned=returned)
    known = Known(tickets={1042: a_ticket()}, letters={78: letter}, own_answers=changes.pop("own_answers", ()))
    message = {"new_text": words, "text": words, **changes.pop("message", {})}
    return decided(by_anna(known=known, message=message, **changes))


def test_what_came_back_walks_again_at_the_word_of_its_agent():
    """A7."""
    back = ReturnedMail(5, "#close", was_mended=False)
    for words, lines in (("yes", "#close"), ("#tag vip", "#tag vip")):
        draft = mends(words, back)
        assert (draft.state, draft.reason.code, draft.effects, draft.before) == (DONE, "agent-act", (SendMended(5, lines),), draft.after)
    signed = "yes\n\nAnna Ivanova\nAcme Support"
    earlier = (OwnAnswer(f"Hello.\n\n{signed[5:]}", f"Hello.\n\n{signed[5:]}"),) * 3
    assert mends(signed, back, own_answers=earlier).effects == (SendMended(5, "#close"),)


def test_undo_alone_undoes_also_in_answer_to_a_mail_that_came_back():
    """A7: it is no correction of that mail, unless it was what its writer meant there."""
    link = Regrouping(3, RegroupingKind.LINK, 1042, a_ticket(7), NOW)
    for words, offer, undone in (
        ("#undo", "#close", True),
        ("#undo link", "", True),
        ("#undo", "#undo", False),
        ("#undo\n#close", "", False),
    ):
        letter = KnownLetter(
            78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW, returned=ReturnedMail(5, offer, was_mended=False)
        )
        known = Known(tickets={1042: a_ticket(), 7: a_ticket(7)}, letters={78: letter}, regroupings={1042: link})
        draft = decided(by_anna(known=known, message={"new_text": words, "text": words}))
        assert [isinstance(effect, Undo) for effect in draft.effects if isinstance(effect, Undo | SendMended)] == [undone], words


def test_only_an_answer_to_the_letter_that_gave_it_back_mends_it():
    back = ReturnedMail(5, "#close", was_mended=False)
    for draft in (
        mends("#close", None),
        mends("#close", back, place=TokenPlace.REFERENCES),
        mends("#close", back, place=TokenPlace.REFERENCE_LINE),
        mends("#close", back, message={"subject": "Fwd: Printer"}),
    ):
        assert draft.after is not None
        assert (draft.after.status, [effect for effect in draft.effects if isinstance(effect, SendMended)]) == (Status.CLOSED, [])
    assert posted(mends("Dear Ann, we are done.", back)) == [("answer", (ANN,))]
    assert posted(mends("yes", None)) == [("answer", (ANN,))]


def test_who_cannot_mend_a_draft_is_told_so_and_his_next_answer_is_about_it_still():
    for words, returned, why in (
        ("yes", ReturnedMail(5, "", was_mended=False), "you were not asked"),
        ("yes", ReturnedMail(5, None, was_mended=False), "nothing to say yes to"),
        ("yes", ReturnedMail(5, "#close", was_mended=True), "it goes out once"),
        ("#close", ReturnedMail(5, "#close", was_mended=True), "it goes out once"),
    ):
        draft = mends(words, returned)
        assert (draft.reason.code, kinds(draft), posted(draft)) == ("command-failed", [], [("command-failed", (ANNA,))])
        assert why in draft.reason.text
        assert [effect.letter.about for effect in draft.effects if isinstance(effect, Post)] == [5]


def test_the_letter_that_gave_a_draft_back_does_not_reach_the_customer():
    """A8: whoever corrects his words between its quoted lines has quoted what is wrong with them."""
    back = ReturnedMail(5, "#close", was_mended=False)
    text = "> Nothing was sent and nothing was changed: line 1: there is no command #clsoe\n>\n>   1 #clsoe\n>   2 Dear Ann\nDear Eve"
    draft = mends(text, back)
    assert (draft.reason.code, kinds(draft), offered(draft)) == ("command-failed", [], None)
    assert "write above it" in draft.reason.text
    assert kinds(mends(f"#note\n{text}", back)) == [(MessageKind.NOTE, True)]


def mended(words: str, corrected: str, *, was_note: bool = False, **changes: Any) -> Draft:
    """Anna's mail walks again with corrected command lines."""
    circumstances = Circumstances("support", corrected=corrected)
    thread = {"parent_internal": was_note}
    message = {"new_text": words, "text": words, **changes.pop("message", {})}
    return decided(by_anna(thread=thread, circumstances=circumstances, message=message, **changes))


def test_a_mended_draft_is_the_answer_it_was_to_be():
    """A7: its own text and files, with the corrected commands."""
    plan = Attachment("plan.pdf", "application/pdf", 12, "0" * 64, inline=False, content_id=None, part=2)
    words, html = "#clsoe\n#asign me\nDear Ann,\nwe are done.", "<p>#clsoe<br>#asign me</p><p>Dear Ann,<br>we are <b>done</b>.</p>"
    draft = mended(words, "#close\n#tag vip", message={"attachments": (plan,), "new_html": html})
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert (letter.template, letter.body, letter.attachments) == ("answer", "Dear Ann,\nwe are done.", (plan,))
    assert ("<b>done</b>" in letter.body_html, "#" in letter.body_html) == (True, False)
    assert draft.after is not None
    assert (draft.after.status, draft.after.tags) == (Status.CLOSED, frozenset({"vip"}))
    assert events(draft, "corrected") == [
        "from Anna Ivanova, proven by token in In-Reply-To; it had come back to him, and goes with #close, #tag vip"
    ]


def test_a_mended_draft_goes_past_all_checks_and_comes_back_again():
    unanswerable = {"requester": Address("", "support@acme.example")}
    for draft, why, offer in (
        (mended("#clsoe\nDear Ann", "#cloze"), "there is no command #cloze", "#close"),
        (mended("#clsoe\nDear Ann", "#tag vip\n#assign bori"), "there is no agent", "#tag vip\n#assign boris"),
        (mended("#clsoe\nWrite to anna@acme.example", "#close"), "an agent's own address", None),
        (mended("#clsoe\nDear Ann", "#close", ticket=unanswerable), "nobody would get it", ""),
        (mended("#clsoe", "#close", message={"wrappings": (Wrapping.PGP_ENCRYPTED,)}), "encrypted", None),
    ):
        assert (draft.reason.code, kinds(draft), offered(draft)) == ("command-failed", [], offer), draft.reason
        assert why in draft.reason.text


def test_what_was_to_be_a_note_is_one_when_it_is_mended():
    """Promise 4, A6."""
    for draft in (
        mended("#note\n#clsoe\nHe is a fraud.", "#close"),
        mended("#clsoe\nHe is a fraud.\n#noreply", "#close"),
        mended("#clsoe\nHe is a fraud.", "#close", was_note=True),
        mended("#clsoe\nHe is a fraud.", "#close", place=TokenPlace.REFERENCES),
    ):
        assert kinds(draft) == [(MessageKind.NOTE, True)]
        assert draft.after is not None
        assert (draft.after.status, "answer" in dict(posted(draft))) == (Status.CLOSED, False)
    misspelt = mended("#ntoe\nHe is a fraud.", "#close")
    assert (misspelt.reason.code, kinds(misspelt), offered(misspelt)) == ("command-failed", [], "#close\n#note")


def test_the_notification_and_the_signature_are_cut_from_a_mended_draft_like_from_any():
    """A8, P9."""
    signature = "Anna Ivanova\nAcme Support"
    earlier = (OwnAnswer(f"Hello.\n\n{signature}", f"Hello.\n\n{signature}"),) * 3
    known = Known(tickets={1042: a_ticket()}, own_answers=earlier, notes=("the invoice was sent on Monday",))
    text = f"{NOTIFICATION.format(answer='On its way.')}\nGreetings from us.\n#clsoe\n\n{signature}"
    draft = mended(text, "#close", known=known)
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post) and effect.letter.template == "answer"]
    assert letter.body == "> Where is it?\nOn its way.\n\nGreetings from us."
    own_words = mended("#clsoe\nAs we said, the invoice was sent on Monday.", "#close", known=known)
    assert posted(own_words) == [("answer", (ANN,))]


BORIS_ANSWERED = KnownAnswer(Address("Boris Petrov", "boris@acme.example"), "boris", NOW, NOW, "It comes on Monday.")


def crossing(words: str, *, policy: str = "hold", owner: str | None = "boris", **changes: Any) -> Draft:
    """Anna answers a notification that was written a minute before Boris answered."""
    letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW - timedelta(minutes=1))
    ticket = a_ticket(owner=owner)
    answers = {1042: (BORIS_ANSWERED,)}
    known = changes.pop("known", Known(tickets={1042: ticket}, letters={78: letter}, answers=answers, notes=changes.pop("notes", ())))
    message = {"new_text": words, "text": words, **changes.pop("message", {})}
    reading = by_anna(known=known, ticket={"owner": owner}, message=message, **changes)
    return decide(reading, replace(some_settings(), desk=replace(some_settings().desk, on_crossing=policy)), NOW)


def test_an_answer_that_crosses_with_a_colleagues_is_held_and_its_author_shown_both():
    """A11: nothing is sent, and no command done."""
    draft = crossing("#tag vip\nDear Ann, it comes on Friday.\n#close")
    assert (draft.reason.code, draft.before == draft.after, kinds(draft)) == ("crossed", True, [])
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert (letter.template, letter.recipients, letter.agent, letter.internal) == ("crossed", (ANNA,), "anna", False)
    assert letter.body == "#tag vip\nDear Ann, it comes on Friday.\n#close"
    assert letter.values["answers"] == ({"at": "2026-03-02 10:00", "author": "Boris Petrov", "text": "It comes on Monday."},)
    assert letter.offer == "#note\n#tag vip\n#close"
    assert events(draft, "crossed") == [
        "held: Boris Petrov has answered since the letter to Anna Ivanova that this answers; nothing was done"
    ]


def test_notes_and_commands_are_not_held_and_neither_is_what_the_customer_has():
    """A11, A10."""
    note = crossing("#note\nHe owes us.")
    assert (kinds(note), events(note, "crossed")) == ([(MessageKind.NOTE, True)], [])
    assert events(crossing("#note\n#tag vip\nShe rang."), "crossed") == [], "nor where it does something beside"
    commands = crossing("#tag vip")
    assert (commands.after and commands.after.tags, events(commands, "crossed")) == ({"vip"}, ["with what Boris Petrov has answered"])
    direct = crossing("Dear Ann, on Friday.", message={"to": (ANN,), "cc": (Address("", "support@acme.example"),)})
    assert (kinds(direct), events(direct, "crossed")) == ([(MessageKind.AGENT, False)], ["with what Boris Petrov has answered"])


def test_an_answer_that_goes_out_although_it_crosses_is_told_to_both():
    """A11: the owner's own, and any where the desk says so."""
    for draft, told in (
        (crossing("Dear Ann, on Friday.", owner="anna"), {"Boris Petrov", "Anna Ivanova"}),
        (crossing("Dear Ann, on Friday.", policy="send"), {"Boris Petrov", "Anna Ivanova"}),
        (crossing("Dear Ann, on Friday.", policy="send", owner=None), {"Boris Petrov", "Anna Ivanova"}),
    ):
        assert (kinds(draft), events(draft, "crossed")) == ([(MessageKind.AGENT, False)], ["with what Boris Petrov has answered"])
        letters = {effect.letter.agent: effect.letter for effect in draft.effects if isinstance(effect, Post)}
        assert (set(letters), set(events(draft, "notified"))) == ({None, "anna", "boris"}, told)
        assert (letters["boris"].body, letters["anna"].body) == ("Dear Ann, on Friday.", "It comes on Monday.")
        assert letters["anna"].values["warnings"] == ("Your answer crossed with it.",)


def test_an_answer_that_crosses_is_kept_as_a_note_where_the_desk_says_so_until_its_author_sends_it():
    draft = crossing("Dear Ann, on Friday.", policy="note")
    assert (kinds(draft), posted(draft)[0]) == ([(MessageKind.NOTE, True)], ("kept-as-note", (ANNA,)))
    assert events(draft, "kept_as_note") == ["Boris Petrov has answered"]
    after_all = crossing("Dear Ann, on Friday.", policy="note", circumstances=Circumstances("support", sent_after_all=True))
    assert (kinds(after_all), len(events(after_all, "crossed"))) == ([(MessageKind.AGENT, False)], 1)


def test_what_was_kept_as_a_note_and_is_sent_after_all_is_held_if_it_crosses():
    draft = crossing("#close\nDear Ann, on Friday.", circumstances=Circumstances("support", sent_after_all=True))
    assert (draft.reason.code, [effect.letter.offer for effect in draft.effects if isinstance(effect, Post)]) == ("crossed", [None])


def test_a_held_answer_goes_once_its_author_knows_what_was_answered():
    draft = crossing("Dear Ann, on Friday.\n#close", circumstances=Circumstances("support", caught_up=NOW))
    assert (kinds(draft), posted(draft)[0]) == ([(MessageKind.AGENT, False)], ("answer", (ANN,)))
    assert events(draft, "sent_after_all") == [
        "from Anna Ivanova, proven by token in In-Reply-To; it was held, since it crossed with an answer"
    ]
    again = crossing("Dear Ann, on Friday.", circumstances=Circumstances("support", caught_up=NOW - timedelta(seconds=1)))
    assert again.reason.code == "crossed"
    leaking = crossing("Write to anna@acme.example", circumstances=Circumstances("support", caught_up=NOW))
    assert leaking.reason.code == "command-failed"


def test_an_answer_beside_a_merge_crosses_with_what_was_answered_on_the_ticket_that_stays():
    """A11. Whose ticket that is decides, and nothing is merged while it is held."""
    for owner, code in (("boris", "crossed"), ("anna", "agent-act")):
        draft = crossing("#merge 7\nDear Ann, on Friday.", owner="anna", known=merging(7, owner))
        assert draft.reason.code == code, owner
        assert any(isinstance(effect, Merge) for effect in draft.effects) == (code == "agent-act")
    held = crossing("#merge 7\nDear Ann, on Friday.", known=merging(7, None))
    assert [effect.letter.offer for effect in held.effects if isinstance(effect, Post)] == ["#note\n#merge 7"]
    assert crossing("#link 7\nDear Ann, on Friday.", known=merging(7, None)).reason.code == "agent-act"


def test_an_answer_to_a_letter_about_a_merged_ticket_crosses_with_what_was_answered_since_where_that_went():
    known = merging(1042, "boris")
    merged = {1042: known.tickets[1042], 7: a_ticket(7, status=Status.MERGED, merged_into=1042)}
    assert crossing("Dear Ann, on Friday.", known=replace(known, tickets=merged), token_ticket=7).reason.code == "crossed"


def merging(answered: int, owner: str | None) -> Known:
    """Two tickets, on one of which, of this owner, Boris has answered since Anna's notification was written."""
    letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW - timedelta(minutes=1))
    both = {1042: a_ticket(owner="anna"), 7: a_ticket(7)}
    tickets = {**both, answered: replace(both[answered], owner=owner)}
    return Known(tickets=tickets, letters={78: letter}, answers={answered: (BORIS_ANSWERED,)})


def test_what_was_split_off_a_note_is_no_part_of_what_is_sent_after_all():
    """Promise 4: it is on a ticket of its own."""
    text = "#split\nDear Ann, we look into it.\n--- Refund\nShe wants her money back."
    sent = decided(by_anna(message={"new_text": text, "text": text}, circumstances=Circumstances("support", sent_after_all=True)))
    assert [effect.letter.body for effect in sent.effects if isinstance(effect, Post)] == ["Dear Ann, we look into it."]
    assert not any(isinstance(effect, Split) for effect in sent.effects)


def test_what_is_wrong_with_an_answer_is_told_before_what_it_crosses_with_and_is_no_news_of_that():
    draft = crossing("#clsoe\nDear Ann, on Friday.")
    (letter,) = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert (letter.template, letter.as_of) == ("command-failed", NOW - timedelta(minutes=1))
    kept = crossing("Dear Ann, on Friday.", place=TokenPlace.REFERENCES)
    assert next(effect.letter.as_of for effect in kept.effects if isinstance(effect, Post)) == NOW - timedelta(minutes=1)


def releases(words: str, held: ReturnedMail | None, **changes: Any) -> Draft:
    """Anna answers letter 78, which told that an answer of hers is held, with these words."""
    letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW, crossed=held)
    return decided(
        by_anna(known=Known(tickets={1042: a_ticket()}, letters={78: letter}), message={"new_text": words, "text": words}, **changes)
    )


def test_an_answer_that_is_held_goes_at_the_word_of_its_author():
    """A11."""
    held = ReturnedMail(5, "#note", was_mended=False)
    for words, effect in (("send", SendCrossed(5, NOW)), ("note", SendMended(5, "#note"))):
        draft = releases(words, held)
        assert (draft.state, draft.effects, draft.before) == (DONE, (effect,), draft.after)
    assert "it goes out once" in refused(releases("send", replace(held, was_mended=True)))
    assert "nothing to send" in refused(releases("send", held, place=TokenPlace.REFERENCES))
    assert kinds(releases("note", held, place=TokenPlace.REFERENCES)) == [(MessageKind.NOTE, True)]
    assert posted(releases("Dear Ann, it comes on Friday.", held)) == [("answer", (ANN,))]
    assert "write above it" in refused(releases("> It comes on Monday.\nOn Friday.", held))


def test_an_agents_encrypted_mail_is_never_relayed():
    draft = decided(by_anna(message={"wrappings": (Wrapping.PGP_ENCRYPTED,), "text": "", "new_text": ""}))
    assert (draft.reason.code, kinds(draft)) == ("command-failed", [])
    assert posted(draft) == [("command-failed", (ANNA,))]


def test_an_agents_mail_too_large_to_be_fetched_comes_back_and_is_not_sent():
    """P13, L9: its files would be missing."""
    draft = decided(by_anna(circumstances=Circumstances("support", full_size=31 << 20)))
    assert (draft.reason.code, kinds(draft), posted(draft)) == ("command-failed", [], [("command-failed", (ANNA,))])
    assert "too large (31 MiB)" in draft.reason.text


def test_an_agents_automatic_mail_is_a_note_and_nothing_is_sent():
    draft = decided(by_anna(message_class=MessageClass.AUTO_REPLY))
    assert (kinds(draft), posted(draft), draft.tell) == ([(MessageKind.AUTO, True)], [], False)


def test_an_agent_is_a_customer_on_a_ticket_of_his_own():
    reading = on_ticket({"requester": ANNA}, author=ANNA, sender=a_sender(ANNA, agent="anna"))
    assert kinds(decided(reading)) == [(MessageKind.CUSTOMER, False)]
