"""What follows from draft and rules: letters past the guard, each to its reader, and what is withheld with its reason (MAIL.md F, L)."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from builders import ANN, FAILED, NOW, PASSED, a_message, a_queue, a_reading, a_sender, a_ticket, some_settings

from maild.conclude import conclude
from maild.config.settings import Notify, Settings, Trust
from maild.decide import decide
from maild.desk.calendar import Calendar, Hours
from maild.effects import Decision, Fold, IncomingState, LiftMute, Mute, RecordEvent, TripBreaker
from maild.ingest.sender import FoundToken, Sender, TokenPlace
from maild.ingest.thread import Evidence, Strength, Thread
from maild.known import (
    Absence,
    Conduct,
    Earlier,
    History,
    Known,
    KnownCopy,
    KnownMessage,
    LastWords,
    RecentMail,
    Sent,
    Suppression,
    guess_key,
    pair_key,
)
from maild.known_letter import KnownLetter
from maild.message import Address, AuthResult, MessageClass
from maild.reading import Circumstances, Reading
from maild.reason import Reason
from maild.rules.verdict import AckWish, CloseWish, Fate, NoteWish, NotifyWish, ReplyWish, Verdict, Wish
from maild.ticket import Participant, ParticipantRole, Status, TicketView
from maild.tokens import LetterKind, LetterToken

BOB = Address("Bob", "bob@example.org")
HOUR, TEN_MINUTES = 3600, 600
EVIDENCE = Evidence("b", Strength.STRONG, 1042, "In-Reply-To names our letter 77")
REPLY = ReplyWish("faq", "faq-password")
ALERT = NotifyWish("escalate", ("lead",), "escalation")


def on_ticket(ticket: dict[str, Any] | None = None, *, author: Address = ANN, **changes: Any) -> Reading:
    """A mail that belongs to ticket 1042, on which Bob is in copy."""
    found = a_ticket(**{"participants": (Participant(BOB, ParticipantRole.CC),)} | (ticket or {}))
    message = a_message(header_from=(author,), **changes.pop("message", {}))
    common = {"message": message, "sender": a_sender(author), "known": Known(tickets={1042: found})}
    return a_reading(**common | changes, thread=Thread(found, EVIDENCE, evidence=(EVIDENCE,)))


def concluded(reading: Reading, *wishes: Wish, fate: Fate = Fate.KEEP, **changes: Any) -> Decision:
    draft = decide(reading, some_settings(), NOW)
    assert draft.after is not None
    ticket: TicketView = replace(draft.after, **changes)
    return conclude(draft, Verdict(ticket, fate, "", "a rule", wishes), reading, some_settings(), NOW)


def templates(decision: Decision) -> list[str]:
    return [letter.template for letter in decision.letters]


def events(decision: Decision, kind: str) -> list[str]:
    return [effect.text for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == kind]


JUDGED = some_settings(trust=Trust(authserv_ids=("mx.acme.example",)))


def test_automatic_mail_repeats_words_only_where_they_are_proved_to_come_from_or_a_colleague_has_answered():
    """O7, OPERATIONS X7: an acknowledgement, a rule's reply, and a notice, each caused by one mail of Ann's."""

    def check(expected: str, sender: Sender, history: History, settings: Settings = JUDGED) -> None:
        for wishes in ((), (REPLY,), (CloseWish("close", "closed"),)):
            reading = a_reading(sender=sender, known=Known(history=history))
            draft = decide(reading, settings, NOW)
            assert draft.after is not None
            decision = conclude(draft, Verdict(draft.after, Fate.KEEP, "", "a rule", wishes), reading, settings, NOW)
            letter = next(letter for letter in decision.letters if letter.kind is not LetterKind.NOTIFICATION)
            assert letter.subject == expected, letter.template

    stranger, answered = History(has_written=True), History(has_written=True, was_answered=True)
    check("Printer", replace(a_sender(), authentication=PASSED), History())
    check("", a_sender(), stranger)
    check("Printer", a_sender(), answered)
    check("Printer", a_sender(), History(), some_settings())


def notified(decision: Decision) -> Any:
    return next(letter for letter in decision.letters if letter.template == "notification").values


def test_an_agent_is_warned_where_answers_are_wanted_elsewhere():
    """O7, P14."""

    def check(reply_to: tuple[Address, ...], expected: bool) -> None:
        warnings = str(notified(concluded(on_ticket(message={"reply_to": reply_to})))["warnings"])
        assert ("asks for answers to eve@else.example" in warnings) is expected, warnings

    check((ANN, Address("", "eve@else.example")), True)
    check((Address("Other name", ANN.address.upper()),), False)
    check((Address("", "support@acme.example"),), False)
    check((), False)


def test_an_agent_is_warned_where_nobody_reads_his_answer():
    """L3, A13: by its name, the address takes none."""
    shop = Address("Shop", "no-reply@shop.example")
    reading = on_ticket({"requester": shop}, author=shop)
    (warning,) = notified(concluded(reading))["warnings"]
    assert warning.startswith("By its name, nobody reads at no-reply@shop.example. #cc ADDRESS or #requester ADDRESS")
    assert notified(concluded(on_ticket()))["warnings"] == ()


EVE = Address("Eve", "eve@else.example")
TEAM = Address("Team", "team@globex.example")


def test_an_agent_is_told_that_his_reply_goes_where_the_requester_asks_for_it():
    """O7, P14."""
    _, (warning,) = warned(on_ticket(message={"reply_to": (TEAM,)}))
    assert warning == "The sender asks for answers to team@globex.example, and that is where your reply goes."
    failed = on_ticket(message={"reply_to": (EVE,)}, sender=a_sender(authentication=FAILED))
    assert "The sender asks for answers to eve@else.example. Your reply goes to Ann Smith <ann@globex.example>;" in str(warned(failed)[1])
    _, warnings = warned(on_ticket({"reply_to": TEAM.address}, author=EVE))
    assert warnings == (
        "eve@else.example is not the requester. Your reply goes to Ann Smith <team@globex.example>, not to eve@else.example;"
        " #cc sender sends it there, too; #same does, if both are one person.",
    )


def test_neither_a_stranger_nor_a_forger_nor_a_number_moves_a_requesters_letters():
    """P14, S3, F6."""
    weak = Evidence("f", Strength.WEAK, 1042, "subject tag #1042 without valid check characters")

    def check(reading: Reading, expected: str | None) -> None:
        after = decide(reading, some_settings(), NOW).after
        assert after is not None
        assert after.reply_to == expected

    asked = {"message": {"reply_to": (EVE,)}}
    check(on_ticket(**asked), EVE.address)
    check(on_ticket(author=EVE, **asked), None)
    check(on_ticket(author=BOB, **asked), None)
    check(on_ticket(sender=a_sender(authentication=FAILED), **asked), None)
    numbered = on_ticket(**asked)
    check(replace(numbered, thread=replace(numbered.thread, chosen=weak)), None)
    passed = on_ticket(sender=a_sender(authentication=PASSED), **asked)
    check(replace(passed, thread=replace(passed.thread, chosen=weak)), EVE.address)


def test_automatic_mail_goes_there_only_on_the_word_of_somebody_proved_or_where_a_colleague_has_answered():
    """P14: amplification. The caps and gates asked about are those of the address written to."""

    def check(reading: Reading, *expected: str, known: Known | None = None) -> Decision:
        decision = concluded(replace(reading, known=known or reading.known), CloseWish("close", "closed"))
        letters = [letter for letter in decision.letters if letter.kind is not LetterKind.NOTIFICATION]
        assert [person.address for letter in letters for person in letter.recipients] == list(expected)
        return decision

    elsewhere = {"message": a_message(reply_to=(TEAM,))}
    proven = a_reading(sender=a_sender(authentication=PASSED), **elsewhere)
    check(proven, TEAM.address)
    check(a_reading(**elsewhere), ANN.address)
    check(on_ticket({"reply_to": TEAM.address, "agent_messages": 1}, message={"reply_to": (TEAM,)}), TEAM.address)
    check(on_ticket({"reply_to": "other@globex.example", "agent_messages": 1}, message={"reply_to": (TEAM,)}), ANN.address)
    check(proven, known=Known(suppressed={TEAM.key: Suppression("it bounced")}))
    check(proven, TEAM.address, known=Known(suppressed={ANN.key: Suppression("it bounced")}))
    check(proven, known=Known(sent=Sent({("recipient", TEAM.key, HOUR): 3})))


def test_a_strangers_words_do_not_go_to_whomever_he_names():
    """P14, O7: he is proved, but not that the other wants to read him."""
    for reply_to, words in ((TEAM, "Printer"), (EVE, "")):
        reading = a_reading(
            message=a_message(reply_to=(reply_to,)), sender=a_sender(authentication=PASSED), known=Known(history=History(was_answered=True))
        )
        draft = decide(reading, JUDGED, NOW)
        assert draft.after is not None
        decision = conclude(draft, Verdict(draft.after, Fate.KEEP, "", "a rule", ()), reading, JUDGED, NOW)
        (ack,) = (letter for letter in decision.letters if letter.kind is LetterKind.ACKNOWLEDGEMENT)
        assert (ack.recipients[0].address, ack.subject) == (reply_to.address, words)


PASSED_ON = "somebody passed it on to eve@else.example"


def warned(reading: Reading) -> tuple[bool, tuple[str, ...]]:
    letter = next(letter for letter in concluded(reading).letters if letter.template == "notification")
    return letter.internal, notified(concluded(reading))["warnings"]


def test_an_agent_is_told_where_his_reply_goes_only_if_it_goes_out():
    """O7, A6: what stays inside is answered inside."""
    internal, warnings = warned(on_ticket(author=EVE))
    assert (
        internal,
        "Your reply goes to Ann Smith <ann@globex.example>, not to eve@else.example; #cc sender" in warnings[0],
    ) == (False, True)
    stolen = on_ticket(author=EVE, sender=a_sender(EVE, strange_token=True), message={"reply_to": (BOB,)})
    internal, warnings = warned(stolen)
    assert (internal, "Your reply" in str(warnings)) == (True, False)
    assert warnings[:2] == ("eve@else.example is not the requester.", "The sender asks for answers to bob@example.org.")


def test_an_agent_is_warned_where_the_customer_answers_a_colleagues_own_mail():
    """A8, A10."""
    asked = {"in_reply_to": ("17@laptop.acme.example",)}

    def check(expected: bool, agent: str | None, author: Address = ANN) -> None:
        answered = KnownMessage("17@laptop.acme.example", 1042, internal=False, agent=agent)
        reading = on_ticket(author=author, message=asked)
        _, warnings = warned(replace(reading, known=replace(reading.known, by_id={answered.message_id: answered})))
        assert (f"{author.address} answers a mail that Anna Ivanova sent there directly" in str(warnings)) == expected

    check(True, "anna")
    check(True, "anna", BOB)
    check(False, None)
    check(False, "gone")
    check(False, "anna", EVE)


def test_an_agent_is_warned_of_a_mail_with_several_senders():
    """P14, O7."""
    warnings = warned(a_reading(message=a_message(header_from=(ANN, EVE))))[1]
    assert warnings == ("The mail names several senders: ann@globex.example, eve@else.example. The first counts as its writer.",)
    assert warned(a_reading(message=a_message(header_from=(ANN, ANN))))[1] == ()


def test_an_agent_is_warned_where_the_department_has_written_to_itself():
    """A13: a scanner, or a contact form that is not among `forms`."""
    itself = Address("", "support@acme.example")
    two = " The mail asks for answers to bob@example.org, eve@else.example."
    for reply_to, asked in (((), ""), ((BOB, EVE), two)):
        message = a_message(header_from=(itself,), reply_to=reply_to)
        _, warnings = warned(a_reading(message=message, sender=a_sender(itself)))
        nobody = "support@acme.example is the department's own address, so a reply reaches nobody unless #cc ADDRESS names who gets it."
        assert warnings == (f"{nobody}{asked}",)
    _, warnings = warned(a_reading(message=a_message(header_from=(Address("", "sales@acme.example"),))))
    assert "reaches nobody" not in str(warnings)


def test_an_agent_is_warned_of_a_notification_passed_on_to_strangers_and_not_of_copies_he_sent_himself():
    """A1a."""
    assert PASSED_ON in str(warned(on_ticket(author=EVE, sender=a_sender(EVE, strange_token=True)))[1])
    for participant in (ANN, BOB):
        assert warned(on_ticket(author=participant, sender=a_sender(participant, strange_token=True)))[1] == ()


def test_an_agent_is_warned_where_a_customer_has_his_notification():
    """A1a: she writes with its token, which nobody sent her but with it; and what of it a copy of his own mail has quoted to her is no
    leak."""
    token = LetterToken(LetterKind.NOTIFICATION, 1042, 77, "boris")
    own = KnownMessage("17@laptop.acme.example", 1042, internal=False, agent="boris")
    for place, where in ((TokenPlace.REFERENCE_LINE, "the maild-ref line"), (TokenPlace.RECIPIENT, "a recipient's address")):
        sender = a_sender(strange_token=True, token=FoundToken(token, place))
        (warning,) = warned(on_ticket(sender=sender))[1]
        assert f"names a notification meant for Boris Petrov ({where}), which ann@globex.example should not have." in warning
        copied = on_ticket(sender=sender, message={"in_reply_to": (own.message_id,)})
        (warning,) = warned(replace(copied, known=replace(copied.known, by_id={own.message_id: own})))[1]
        assert "answers a mail that Boris Petrov sent there directly" in warning


def test_an_agent_sees_what_was_said_before_in_short_and_by_his_own_clock():
    """O7."""
    reading = on_ticket()
    said = (Earlier(NOW, "Ann Smith", "Where is\n\nmy order? " + "word " * 100), Earlier(NOW - timedelta(days=1), "Anna Ivanova", "Hello"))
    settings = some_settings()
    decision = concluded(replace(reading, known=replace(reading.known, earlier={1042: said, 7: said})))
    first, second = notified(decision)["history"]
    assert first.endswith(" word…"), "no word is cut"
    assert first.startswith(f"{NOW.astimezone(settings.desk.timezone):%Y-%m-%d %H:%M} Ann Smith: Where is my order? word")
    assert len(first) < 250
    assert first.endswith("…")
    assert second.endswith(" Anna Ivanova: Hello")


def test_agents_see_the_notes_of_a_ticket_and_those_that_rules_have_just_made():
    """O7: a rule's note upon this very mail in full view, others among what was said before, by whom."""
    said = (Earlier(NOW - timedelta(days=1), "Boris Petrov", "She owes us\nmoney.", is_note=True),)
    reading = on_ticket()
    decision = concluded(
        replace(reading, known=replace(reading.known, earlier={1042: said})), NoteWish("erp", "Look in the ERP\nfirst. " + "x" * 500)
    )
    values = notified(decision)
    assert values["notes"] == (f"rule erp: Look in the ERP\nfirst.\n{'x' * 377}…",), "line by line, as it was written"
    assert [line.partition(" ")[2][6:] for line in values["history"]] == ["#note Boris Petrov: She owes us\nmoney."]


def test_agents_see_what_third_parties_have_said_before_and_that_it_was_them():
    """O7, F6: until one of them turns out to be the requester, at another address (F8)."""
    said = (Earlier(NOW - timedelta(days=1), "Eve", "I can help.", third_party=EVE.key),)
    for participants, expected in (
        ((), "third party Eve: I can help."),
        ((Participant(EVE, ParticipantRole.CC),), "third party Eve: I can help."),
        ((Participant(EVE, ParticipantRole.REQUESTER),), "Eve: I can help."),
    ):
        reading = on_ticket({"participants": participants})
        values = notified(concluded(replace(reading, known=replace(reading.known, earlier={1042: said}))))
        assert [line.partition(" ")[2][6:] for line in values["history"]] == [expected]


def test_an_agent_sees_who_has_written_where_it_is_not_the_requester():
    """O7. A third party has a warning of its own."""
    for author, writer in ((BOB, "Bob <bob@example.org>"), (ANN, ""), (EVE, "")):
        assert notified(concluded(on_ticket(author=author, sender=a_sender(author))))["writer"] == writer


def test_no_letter_to_a_customer_holds_a_note():
    """F11, O7: neither his acknowledgement, nor a rule's own answer."""
    for wishes in ((), (REPLY,), (CloseWish("done", "closed"),)):
        reading = a_reading()
        draft = decide(reading, some_settings(), NOW)
        assert draft.after is not None
        verdict = Verdict(draft.after, Fate.KEEP, "", "a rule", (NoteWish("erp", "She owes us money."), *wishes))
        letters = conclude(draft, verdict, reading, some_settings(), NOW).letters
        to_customer = [str(letter) for letter in letters if letter.kind is not LetterKind.NOTIFICATION]
        assert len(to_customer) == 1
        assert "owes us" not in to_customer[0]
        assert all("owes us" in str(letter) for letter in letters if letter.kind is LetterKind.NOTIFICATION)


def test_where_agents_mails_are_notes_the_notification_says_so():
    """A6, O7."""
    settings = replace(some_settings(), desk=replace(some_settings().desk, default_visibility="internal"))
    reading = a_reading()
    draft = decide(reading, settings, NOW)
    assert draft.after is not None
    decision = conclude(draft, Verdict(draft.after, Fate.KEEP, "", "a rule", ()), reading, settings, NOW)
    assert [letter.internal for letter in decision.letters if letter.template == "notification"] == [True, True]


def test_a_rules_reply_counts_against_the_caps_of_whoever_gets_it():
    def check(whose: str, goes_out: bool) -> None:
        sent = Sent({("recipient", whose, HOUR): 3})
        reading = on_ticket(author=BOB)
        decision = concluded(replace(reading, known=replace(reading.known, sent=sent)), REPLY)
        assert ("faq-password" in templates(decision)) is goes_out, whose

    check(BOB.key, True)
    check(ANN.key, False)


def test_what_is_proved_of_the_sender_lifts_nobody_elses_cap():
    sent = Sent({("domain", ANN.domain, HOUR): 60})
    for author, goes_out in ((ANN, True), (BOB, False)):
        reading = on_ticket(author=author, sender=a_sender(author, authentication=PASSED))
        decision = concluded(replace(reading, known=replace(reading.known, sent=sent)), REPLY)
        assert ("faq-password" in templates(decision)) is goes_out, author


def test_the_cap_of_a_queue_holds_for_tickets_that_rules_move_there():
    full = Sent({("queue", "sales", HOUR): 300})
    reading = a_reading(known=Known(sent=full))
    assert "received" in templates(concluded(reading))
    moved = concluded(reading, queue="sales")
    assert "received" not in templates(moved)
    assert "already went to queue sales" in events(moved, "ack_withheld")[0]


def test_what_comes_while_the_department_is_open_is_not_acknowledged_where_it_wants_that_for_closed_hours_only():
    monday = (Hours(9 * 60, 18 * 60),)
    office = {"office": Calendar(ZoneInfo("UTC"), (monday, *((),) * 6))}
    support = a_queue(ack="closed_hours", calendar="office")
    settings = some_settings(queues={"support": support}, calendars=office)

    def check(now: datetime, *expected: str) -> None:
        draft = decide(a_reading(), settings, now)
        assert draft.after is not None
        decision = conclude(draft, Verdict(draft.after), a_reading(), settings, now)
        assert tuple(events(decision, "ack_withheld")) == expected
        assert ("received" in templates(decision)) is not bool(expected)

    check(NOW, "queue support is open, and acknowledges only what comes while it is closed")
    check(NOW + timedelta(hours=8))


def test_nobody_is_mailed_because_of_thanks_whatever_the_rules_wish():
    closed = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=1)}
    decision = concluded(on_ticket(closed, message={"text": "Thank you!", "new_text": "Thank you!"}), REPLY, ALERT)
    assert templates(decision) == []
    assert events(decision, "reply_withheld") == ["faq-password: thanks alone does not reopen"]
    assert events(decision, "notify_withheld") == ["escalation: thanks alone does not reopen"]
    assert set(templates(concluded(on_ticket(), REPLY, ALERT))) == {"faq-password", "notification", "escalation"}


def test_a_suspected_loop_is_told_once_and_answered_by_nobody():
    loop = Conduct(0, False, "same")
    noticed = on_ticket(conduct=loop)
    known = replace(noticed.known, history=History(recent=(RecentMail(1042, loop, NOW), RecentMail(1042, loop, NOW))))
    decision = concluded(replace(noticed, known=known), REPLY)
    assert set(templates(decision)) == {"notification"}
    assert "looks like a loop" in str(decision.letters[0].values["warnings"])
    assert len(events(decision, "loop_suspect")) == 1
    assert [effect.key for effect in decision.effects if isinstance(effect, Mute)] == [pair_key(1042, ANN.key)]
    muted = replace(noticed, known=replace(known, history=History(muted={pair_key(1042, ANN.key): NOW + timedelta(days=1)})))
    quiet = concluded(muted, REPLY, ALERT)
    assert (templates(quiet), events(quiet, "loop_suspect"), len(events(quiet, "quiet"))) == ([], [], 1)
    assert quiet.state is IncomingState.DONE


def test_a_suspected_loop_is_over_when_the_customer_answers_a_colleague():
    """L5: he is told of as ever, and from then on; an automatic answer to the colleague ends nothing."""
    letter = KnownLetter(77, "c", LetterKind.ANSWER, 1042, None, False, NOW, author="anna")
    history = History(muted={pair_key(1042, ANN.key): NOW + timedelta(hours=23)})
    reading = on_ticket(known=Known(tickets={1042: a_ticket()}, letters={77: letter}, history=history))
    decision = concluded(reading)
    assert set(templates(decision)) == {"notification"}
    assert (len(events(decision, "loop_over")), events(decision, "quiet")) == (1, [])
    assert [effect.key for effect in decision.effects if isinstance(effect, LiftMute)] == [pair_key(1042, ANN.key)]
    away = concluded(replace(reading, nature=replace(reading.nature, message_class=MessageClass.AUTO_REPLY)))
    assert (templates(away), events(away, "loop_over"), len(events(away, "quiet"))) == ([], [], 1)


def test_guesses_mute_their_sender_whatever_else_the_mail_does():
    reading = a_reading(conduct=Conduct(wrong_tokens=10))
    assert [effect.key for effect in concluded(reading).effects if isinstance(effect, Mute)] == [guess_key(ANN.key)]


def test_the_breaker_is_tripped_by_the_mail_that_finds_it_full():
    reading = a_reading(known=Known(sent=Sent({("all", "", TEN_MINUTES): 600})))
    decision = concluded(reading)
    assert [effect.why for effect in decision.effects if isinstance(effect, TripBreaker)] == [
        "600 automatic mails went to customers within 0:10:00"
    ]
    assert set(templates(decision)) == {"notification"}, "agents' mail is unaffected"


def test_an_agent_with_too_many_notifications_is_told_by_one_mail_and_still_alerted():
    """L4: an escalation is never held back, and nobody else is concerned."""
    flooded = Sent({("agent", "anna", TEN_MINUTES): 600, ("agent", "boris", TEN_MINUTES): 599})
    decision = concluded(a_reading(known=Known(sent=flooded)), ALERT)
    assert [effect.agent for effect in decision.effects if isinstance(effect, Fold)] == ["anna"]
    notified = [(letter.template, letter.agent) for letter in decision.letters if letter.agent]
    assert notified == [("notification", "boris"), ("escalation", "anna")]
    assert events(decision, "notify_folded") == ["Anna Ivanova gets too many; one mail will name this ticket among others"]


def test_a_ticket_of_a_storm_is_told_of_with_the_others():
    reading = a_reading(known=Known(sent=Sent({("storm sender", ANN.key, TEN_MINUTES): 5})))
    decision = concluded(reading)
    assert templates(decision) == []
    assert events(decision, "notify_withheld") == ["one mail will tell of all tickets of this storm"]


TOO_LARGE = Circumstances("support", full_size=31 << 20)


def test_whoever_sends_too_large_a_mail_is_told_in_place_of_any_other_letter():
    """P13: one notice, of a new ticket and of a message on one alike; it says how much is taken."""
    opened = concluded(a_reading(circumstances=TOO_LARGE))
    assert templates(opened) == ["oversize", "notification", "notification"]
    notice = opened.letters[0]
    assert (notice.kind, notice.recipients, notice.values) == (LetterKind.ACKNOWLEDGEMENT, (ANN,), {"limit": "25 MiB"})
    on_it = concluded(on_ticket(author=BOB, circumstances=TOO_LARGE), status=Status.CLOSED)
    assert [letter.recipients for letter in on_it.letters if letter.template == "oversize"] == [(BOB,)]
    assert "closed" not in templates(on_it), "never two mails for one event (A14)"
    assert on_it.letters[0].kind is LetterKind.STATUS


def test_that_a_mail_was_too_large_passes_the_gates_and_caps_of_all_automatic_mail():
    """L3, L4, L6, L9: each refusal is an event."""

    def check(reading: Reading, why: str, *wishes: Wish) -> None:
        decision = concluded(replace(reading, circumstances=replace(reading.circumstances, full_size=31 << 20)), *wishes)
        assert "oversize" not in templates(decision)
        assert why in events(decision, "notice_withheld")[0]

    new = a_reading()
    check(replace(new, known=Known(sent=Sent({("recipient", ANN.key, HOUR): 3}))), "3 automatic mails")
    check(replace(new, known=Known(sent=Sent({("storm sender", ANN.key, TEN_MINUTES): 5}))), "opened more than 5 tickets")
    check(replace(new, known=Known(suppressed={ANN.key: Suppression("mail bounced")})), "gets no automatic mail")
    check(replace(new, nature=replace(new.nature, silence=(Reason("list", "it came through a list"),))), "came through a list")
    check(replace(new, circumstances=Circumstances("support", quiet=True)), "old mail")
    check(on_ticket(author=Address("Eve", "eve@else.example")), "takes no part")
    check(new, "rule silent withholds it", AckWish("silent", False))
    assert templates(concluded(replace(new, circumstances=TOO_LARGE), REPLY))[0] == "faq-password", "a rule's own answer comes first"


def test_what_is_proved_of_the_sender_is_kept_with_the_mail():
    for sender, verdict, text in (
        (a_sender(), AuthResult.UNKNOWN, "no trusted server has judged the sender"),
        (a_sender(authentication=PASSED), AuthResult.PASS, "dmarc=pass: dmarc pass"),
        (a_sender(authentication=FAILED), AuthResult.FAIL, "dmarc=fail: dmarc fail"),
    ):
        decision = concluded(a_reading(sender=sender))
        assert (decision.auth, decision.evidence[-1]) == (verdict, Reason(f"auth-{verdict.value}", text))


def test_another_copy_of_what_was_kept_out_is_a_duplicate_if_it_is_kept_out_too():
    twin = KnownCopy(7, "f1", NOW, None, in_quarantine=True)
    reading = a_reading(thread=Thread(duplicate=twin))
    assert concluded(reading).state is IncomingState.DONE
    again = concluded(reading, fate=Fate.QUARANTINE)
    assert (again.state, again.reason.text, again.effects) == (
        IncomingState.DUPLICATE,
        "another copy of message 7, which is in quarantine",
        (),
    )


def told(decision: Decision) -> list[str | None]:
    return [letter.agent for letter in decision.letters if letter.template == "notification"]


def test_a_ticket_that_a_rule_moves_is_told_to_the_new_department_and_leaves_who_does_not_work_there():
    owned = {"owner": "anna"}
    stays = concluded(on_ticket(owned))
    assert (told(stays), stays.after and stays.after.owner) == (["anna"], "anna")
    moved = concluded(on_ticket(owned), queue="sales")
    assert (told(moved), moved.after and moved.after.owner) == (["boris"], None)
    assert notified(moved)["warnings"] == ("This ticket was moved here from Support.",)
    assert events(moved, "assigned") == ["no owner any more: Anna Ivanova does not work in Sales"]
    chosen = concluded(on_ticket({"owner": "boris"}), queue="sales", owner="anna")
    assert chosen.after is not None
    assert chosen.after.owner == "anna"


def test_a_new_ticket_that_follows_an_old_one_and_is_moved_does_not_keep_its_owner():
    old = {"status": Status.CLOSED, "closed_at": NOW - timedelta(days=31), "owner": "anna"}
    stays = concluded(on_ticket(old))
    assert (told(stays), stays.after and stays.after.owner) == (["anna", "boris"], "anna")
    moved = concluded(on_ticket(old), queue="sales")
    assert (told(moved), moved.after and moved.after.owner) == (["boris"], None)
    assert notified(moved)["warnings"] == ()


def test_a_ticket_moved_because_of_automatic_mail_is_shown_with_what_the_customer_wrote():
    words = Known(tickets={1042: a_ticket()}, last_words={1042: LastWords("Where is it?", "Ann Smith")})
    away = on_ticket(message_class=MessageClass.AUTO_REPLY, known=words)
    assert told(concluded(away)) == []
    (letter,) = [letter for letter in concluded(away, queue="sales").letters if letter.template == "notification"]
    assert (letter.agent, letter.body, letter.internal) == ("boris", "Where is it?", False)
    assert told(concluded(on_ticket(message_class=MessageClass.AUTO_REPLY), queue="sales", status=Status.CLOSED)) == []


def test_a_ticket_of_a_queue_that_is_gone_is_new_to_the_department_that_gets_it():
    moved = concluded(on_ticket({"queue": "helpdesk", "owner": "boris"}))
    assert (told(moved), notified(moved)["warnings"]) == (["anna", "boris"], ("This ticket was moved here from helpdesk.",))


def test_who_is_away_hears_of_nothing_and_others_are_told_why():
    """PRODUCT 12."""
    away = {"boris": Absence("boris", NOW, NOW + timedelta(days=2), "anna")}
    new = concluded(a_reading(known=Known(away=away)))
    assert [letter.agent for letter in new.letters if letter.agent] == ["anna"]
    assert events(new, "notify_withheld") == ["Boris Petrov is away until Wed 4 Mar 2026 10:00 (UTC); others are told"]
    ticket = a_ticket(owner="boris")
    reading = on_ticket({"owner": "boris"}, known=Known(tickets={1042: ticket}, away=away))
    (letter,) = concluded(reading).letters
    assert letter.agent == "anna"
    assert letter.values["warnings"] == (
        "Boris Petrov is away until Wed 4 Mar 2026 10:00 (UTC), and owns this ticket. You are told in his place.",
    )


def test_who_would_be_told_anyway_is_not_told_that_it_is_in_somebodys_place():
    away = {"boris": Absence("boris", NOW)}
    reading = on_ticket({"owner": "boris"}, known=Known(tickets={1042: a_ticket(owner="boris")}, away=away))
    settings = some_settings(queues={"support": a_queue(notify=Notify(reply="agents"))})
    draft = decide(reading, settings, NOW)
    assert draft.after is not None
    decision = conclude(draft, Verdict(draft.after, Fate.KEEP, "", "a rule", ()), reading, settings, NOW)
    assert [(letter.agent, letter.values["warnings"]) for letter in decision.letters] == [("anna", ())]


SNOOZED = {"snoozed_until": NOW + timedelta(days=3), "owner": "boris"}


def test_a_customers_mail_wakes_a_ticket_and_the_notification_says_until_when_it_was_snoozed():
    """F9, PRODUCT 18."""
    decision = concluded(on_ticket(SNOOZED))
    assert decision.after is not None
    assert decision.after.snoozed_until is None
    assert events(decision, "woke") == ["the customer wrote; it was snoozed until Thu 5 Mar 2026 10:00 (UTC)"]
    assert notified(decision)["snoozed"] == "2026-03-05 10:00"
    assert notified(concluded(on_ticket()))["snoozed"] == ""
    waiting = concluded(on_ticket({**SNOOZED, "status": Status.WAITING}))
    assert (waiting.after and waiting.after.status, len(events(waiting, "woke"))) == (Status.OPEN, 1)


def test_a_third_party_wakes_a_ticket_too_unless_what_he_says_stays_inside():
    carl = Address("Carl", "carl@other.example")
    assert "a third party wrote" in events(concluded(on_ticket(SNOOZED, author=carl)), "woke")[0]
    aside = replace(on_ticket(SNOOZED, author=carl), known=Known(history=History(named_inside=frozenset({1042}))))
    assert events(concluded(aside), "woke") == []


def test_neither_thanks_nor_automatic_mail_wakes_a_ticket():
    thanks = {"text": "Thank you!", "new_text": "Thank you!"}
    for reading in (
        on_ticket(SNOOZED, message=thanks),
        on_ticket({**SNOOZED, "status": Status.WAITING}, message=thanks),
        replace(on_ticket(SNOOZED), nature=a_reading(message_class=MessageClass.AUTO_REPLY).nature),
    ):
        decision = concluded(reading)
        assert decision.after is not None
        assert decision.after.snoozed_until == SNOOZED["snoozed_until"]
        assert (events(decision, "woke"), decision.letters) == ([], ())


def test_who_snoozed_a_ticket_hears_that_it_woke_where_its_department_is_told_of_nothing():
    """PRODUCT 18: with an alert."""
    silent = a_queue("support", notify=Notify(new="none", reply="none"))
    settings = some_settings(queues={**some_settings().queues, "support": silent})

    def letters_of(reading: Reading) -> list[str | None]:
        draft = decide(reading, settings, NOW)
        assert draft.after is not None
        return [
            letter.agent for letter in conclude(draft, Verdict(draft.after, Fate.KEEP, "", "a rule", ()), reading, settings, NOW).letters
        ]

    assert letters_of(on_ticket(SNOOZED)) == ["boris"]
    assert letters_of(on_ticket({"owner": "boris"})) == []
