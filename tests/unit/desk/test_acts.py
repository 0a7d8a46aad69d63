"""What an agent's deed does (MAIL.md A7-A9, A14): commands, then words, then who is told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import AGENTS, ANN, NOW, a_queue, a_ticket, some_settings

from maild.config.settings import Agent, Mode, Notify
from maild.desk.acts import Act, Done, do
from maild.desk.answered import NOTHING_ANSWERED, Answered
from maild.desk.command import Command
from maild.desk.regroup import Reach
from maild.desk.split import Share, split_messages
from maild.effects import AddMessage, Decision, Letter, Post, RecordEvent, Split
from maild.known import Absence, Earlier, Suppression
from maild.message import Address, Attachment
from maild.ticket import MessageKind, Participant, ParticipantRole, Status, TicketView
from maild.tokens import LetterKind
from tests.rig.canned import SHELF, a_shelf

ANNA, BORIS = AGENTS["anna"], AGENTS["boris"]
ADMIN = Agent("root", "root", "ops@acme.example")
BOB = Participant(Address("Bob", "bob@globex.example"), ParticipantRole.CC)
CARL = Participant(Address("Carl", "carl@else.example"), ParticipantRole.THIRD_PARTY)
WORDS = Answered("m0@globex.example", (), "Where is it?", "Ann Smith")
FILE = Attachment("plan.pdf", "application/pdf", 4, "0" * 64, False, None, 1)


def done(
    body: str = "",
    *commands: str,
    ticket: TicketView | None = None,
    agent: Agent = ANNA,
    answered: Answered = NOTHING_ANSWERED,
    sales: dict[str, Any] | None = None,
    **more: Any,
) -> Done:
    words = tuple(Command(*command.partition(" ")[::2]) for command in commands)
    queues = {
        key: a_queue(key, statuses=frozenset({"closed", "waiting"}), **(staff or {})) for key, staff in (("support", {}), ("sales", sales))
    }
    act = Act(agent=agent, by=agent.key, at=NOW, commands=words, body=body, **more)
    return do(ticket or a_ticket(), act, answered, some_settings(queues=queues))


def letters(act: Done, kind: LetterKind | None = None) -> list[Letter]:
    posted = [effect.letter for effect in act.effects if isinstance(effect, Post)]
    return [letter for letter in posted if kind in (None, letter.kind)]


def messages(act: Done) -> list[tuple[MessageKind, bool]]:
    return [(effect.kind, effect.internal) for effect in act.effects if isinstance(effect, AddMessage)]


def events(act: Done) -> list[str]:
    return [effect.kind for effect in act.effects if isinstance(effect, RecordEvent)]


def test_an_answer_takes_an_unowned_ticket_and_waits_for_the_customer():
    act = done("Use the extinguisher.")
    assert (act.after.owner, act.after.status) == ("anna", Status.WAITING)
    assert messages(act) == [(MessageKind.AGENT, False)]
    assert [letter.recipients for letter in letters(act)] == [(ANN,)]


def test_a_ticket_that_is_handed_on_beside_an_answer_is_open_since_the_customer_waits_for_others():
    """A14: #wait decides otherwise."""
    for commands, status in (
        (("assign boris",), Status.OPEN),
        (("move sales",), Status.OPEN),
        (("assign boris", "wait"), Status.WAITING),
        (("assign boris", "close"), Status.CLOSED),
        (("assign me",), Status.WAITING),
        (("assign none",), Status.WAITING),
        (("move support",), Status.WAITING),
    ):
        act = done("He knows more of it.", *commands, ticket=a_ticket(status=Status.NEW))
        assert (act.faults, act.after.status) == ((), status), commands
    assert done("Hello.", "assign boris", ticket=a_ticket(owner="boris")).after.status is Status.WAITING, "it was his already"
    assert done("She rang.", "note", "assign boris", ticket=a_ticket(status=Status.WAITING)).after.status is Status.WAITING


SHOT = Attachment("shot.png", "image/png", 9000, "1" * 64, True, "shot@x", 2)


def test_a_screenshot_without_a_word_is_an_answer_and_a_logo_is_none():
    """A5, P11."""
    assert [letter.attachments for letter in letters(done(attachments=(SHOT,)))] == [(SHOT,)]
    for logo in (replace(SHOT, elided=True), replace(SHOT, size=900)):
        assert letters(done(attachments=(logo,))) == []
        assert letters(done("Look.", attachments=(logo,)))[0].attachments == ()


def test_visiting_cards_and_signatures_stay_behind_whatever_type_they_are_sent_as():
    """A8."""
    for name, content_type in (("smime.p7s", "application/octet-stream"), ("Anna.VCF", "text/plain"), ("card", "text/directory")):
        card = replace(FILE, name=name, content_type=content_type)
        assert letters(done("Look.", attachments=(card,)))[0].attachments == ()


def test_an_answer_goes_out_in_the_agents_html_unless_it_shows_his_address():
    """A8."""
    assert letters(done("Look.", html="<p>Look.</p>"))[0].body_html == "<p>Look.</p>"
    assert letters(done("Look.", html='<p title="anna@acme.example">Look.</p>'))[0].body_html == ""


def test_an_answer_with_a_file_that_names_him_comes_back_and_a_note_does_not():
    """A8."""
    named = replace(FILE, name="Anna@acme.example.pdf")
    act = done("See the plan.", attachments=(FILE, named))
    (fault,) = act.faults
    assert 'in the name of the file "Anna@acme.example.pdf"' in fault.text
    assert act.effects == ()
    for kept in (done("See the plan.", "note", attachments=(named,)), done("See.", attachments=(replace(named, elided=True),))):
        assert kept.faults == ()


def test_an_answer_with_an_attached_mail_that_names_him_comes_back_and_a_note_does_not():
    """A8. `tests/unit/ingest/test_enclosed.py` has what is found in such mails."""
    for mentions in (("Anna@acme.example",), ("maild-ref:",), None):
        mail = replace(FILE, name="old.eml", content_type="message/rfc822", mentions=mentions)
        (fault,) = done("See the mail.", attachments=(mail,)).faults
        assert 'attached mail "old.eml"' in fault.text
        assert done("See the mail.", "note", attachments=(mail,)).faults == ()
    assert done("See the mail.", attachments=(replace(FILE, mentions=("ann@globex.example",)),)).faults == ()
    invitation = replace(FILE, name="invite.ics", content_type="text/calendar", mentions=("mailto:anna@acme.example",))
    (fault,) = done("Let us meet.", attachments=(invitation,)).faults
    assert 'in the attached file "invite.ics"' in fault.text


def test_a_ticket_that_has_an_owner_keeps_him_and_he_is_told():
    act = done("I helped her.", ticket=a_ticket(owner="boris"))
    assert act.after.owner == "boris"
    assert [letter.agent for letter in letters(act, LetterKind.NOTIFICATION)] == ["boris"]


def test_an_admin_who_is_no_agent_owns_nothing():
    assert done("From the keyboard.", agent=ADMIN).after.owner is None


def test_a_status_command_decides_over_the_answer():
    assert done("Bye.", "close").after.status is Status.CLOSED
    assert done("More soon.", "open").after.status is Status.OPEN


def test_a_note_goes_to_no_customer_in_whatever_way_it_is_made():
    for act in (done("He owes us.", "note"), done("He owes us.", internal=True)):
        assert messages(act) == [(MessageKind.NOTE, True)]
        assert letters(act) == []
        assert (act.after.status, act.after.owner) == (Status.OPEN, None)


def test_words_without_reply_are_kept_inside():
    act = done("Closing quietly.", "close", "noreply")
    assert (messages(act), letters(act), act.after.status) == ([(MessageKind.NOTE, True)], [], Status.CLOSED)


def test_spam_is_answered_by_nothing():
    act = done("Go away.", "spam")
    assert (letters(act), act.after.status) == ([], Status.SPAM)


def test_one_fault_and_nothing_is_done():
    act = done("Dear Ann", "close", "assign bors")
    assert (act.effects, act.after) == ((), a_ticket())
    assert len(act.faults) == 1


def test_before_its_queue_is_live_an_answer_is_refused_and_a_note_is_not():
    observing = {"support": a_queue(mode=Mode.OBSERVE)}
    for body, commands, faults in (("Dear Ann", (), 1), ("He owes us.", (Command("note", ""),), 0)):
        act = Act(agent=ANNA, by="anna", at=NOW, commands=commands, body=body)
        assert len(do(a_ticket(), act, NOTHING_ANSWERED, some_settings(queues=observing)).faults) == faults


def test_a_closing_command_alone_sends_its_notice_and_with_words_only_the_words():
    assert [letter.template for letter in letters(done("", "close"))] == ["closed"]
    assert [letter.template for letter in letters(done("Bye.", "close"))] == ["answer"]


def test_a_notice_never_goes_to_an_address_that_takes_no_answers():
    act = done("", "close", ticket=a_ticket(requester=Address("", "noreply@globex.example")))
    assert (letters(act), events(act)) == ([], ["closed", "notice_withheld"])


def test_an_answer_goes_to_participants_but_not_to_those_who_have_it_nor_to_third_parties():
    ticket = a_ticket(participants=(BOB, CARL))
    (letter,) = letters(done("Hello both.", ticket=ticket))
    assert (letter.recipients, letter.cc) == ((ANN,), (BOB.address,))
    (letter,) = letters(done("Hello Bob.", ticket=ticket, without=(ANN.address.upper(),)))
    assert (letter.recipients, letter.cc) == ((BOB.address,), ())


def test_an_answer_everybody_has_already_is_recorded_and_not_sent():
    act = done("I wrote to her directly.", without=(ANN.address,))
    assert (letters(act), messages(act)) == ([], [(MessageKind.AGENT, False)])
    assert "answered" in events(act)


def test_an_answer_to_what_the_department_has_written_to_itself_comes_back_until_it_goes_to_somebody():
    """A13."""
    itself = Address("Scanner", "Support@acme.example")
    (fault,) = done("Got it.", ticket=a_ticket(requester=itself), without=("support@acme.example",)).faults
    assert "so nobody would get it" in fault.text
    assert done("Got it.", "note", ticket=a_ticket(requester=itself)).faults == ()
    assert done("", "close", ticket=a_ticket(requester=itself)).faults == ()
    (letter,) = letters(done("Got it.", "cc ann@globex.example", ticket=a_ticket(requester=itself)))
    assert [person.address for person in letter.recipients] == ["ann@globex.example"]
    with_bob = a_ticket(requester=itself, participants=(BOB,))
    assert (
        letters(done("I wrote to Bob.", ticket=with_bob, without=(BOB.address.address,))),
        len(letters(done("Hello.", ticket=with_bob))),
    ) == ([], 1)
    (letter,) = letters(done("Hello, sales.", ticket=a_ticket(requester=Address("", "sales@acme.example"))))
    assert [person.address for person in letter.recipients] == ["sales@acme.example"]


def test_a_file_alone_is_an_answer_and_nothing_at_all_is_none():
    assert [letter.attachments for letter in letters(done(attachments=(FILE,)))] == [(FILE,)]
    assert done("  \n").effects == ()


EARLIER = (Earlier(NOW, "Boris Petrov", "On its way."), Earlier(NOW, "Ann Smith", "Where is"), Earlier(NOW, "Ann Smith", "Hello"))


def handed_over(body: str = "", *commands: str) -> Letter:
    (letter,) = letters(done(body, "assign boris", *commands, answered=WORDS, earlier=EARLIER), LetterKind.NOTIFICATION)
    return letter


def test_a_new_owner_is_told_that_it_is_his_and_can_answer_what_the_customer_wrote():
    """PRODUCT 13, O7, A6."""
    letter = handed_over()
    assert letter.agent == "boris"
    assert letter.values["warnings"] == ("Anna Ivanova passed this ticket to you.",)
    assert (letter.body, letter.quoted_from, letter.internal) == ("Where is it?", "Ann Smith", False)
    assert [line.partition(": ")[2] for line in letter.values["history"]] == ["On its way.", "Hello"]
    assert letters(done("", "take")) == []


def test_a_ticket_handed_over_with_a_note_is_answered_by_a_note_below_which_the_customers_words_stand():
    """A6: whoever answers a note between its lines quotes it."""
    letter = handed_over("He owes us.", "note")
    assert (letter.body, letter.internal) == ("He owes us.", True)
    assert [line.partition(": ")[2] for line in letter.values["history"]] == ["On its way.", "Where is", "Hello"]


BORIS_ALONE = {"agents": ("boris",), "lead": None}


def moved(body: str = "", *commands: str, sales: dict[str, Any] = BORIS_ALONE, **more: Any) -> Done:
    """Anna moves a ticket to sales."""
    return done(body, "move sales", *commands, sales=sales, answered=WORDS, earlier=EARLIER, **more)


def told(act: Done) -> list[str | None]:
    return [letter.agent for letter in letters(act, LetterKind.NOTIFICATION)]


def test_the_department_a_ticket_is_moved_to_is_told_as_of_a_new_one_and_can_answer_what_the_customer_wrote():
    """O7, A6."""
    (letter,) = letters(moved(), LetterKind.NOTIFICATION)
    assert (letter.agent, letter.queue, letter.values["warnings"]) == (
        "boris",
        "sales",
        ("Anna Ivanova moved this ticket here from Support.",),
    )
    assert (letter.body, letter.quoted_from, letter.internal) == ("Where is it?", "Ann Smith", False)
    assert [line.partition(": ")[2] for line in letter.values["history"]] == ["On its way.", "Hello"]
    assert told(moved(sales={"notify": Notify(new="lead")}, agent=BORIS)) == ["anna"]
    assert told(moved(sales={"notify": Notify(new="none")}, agent=BORIS)) == []


def test_whoever_moves_a_ticket_is_not_told_and_admins_only_where_the_department_has_nobody():
    assert told(moved(sales={"agents": ("anna", "boris")})) == ["boris"]
    assert told(moved(sales={"agents": ("anna",), "lead": None})) == []
    (letter,) = letters(moved(sales={"agents": (), "lead": None}))
    assert ([person.address for person in letter.recipients], letter.values["warnings"][0]) == (
        ["ops@acme.example"],
        "Queue Sales has no agent to tell.",
    )
    boris_is_gone = {"boris@acme.example": Suppression("mail bounced")}
    assert "notify_withheld" in events(moved(suppressed=boris_is_gone))


def test_who_does_not_work_in_the_new_department_leaves_the_ticket():
    act = moved(ticket=a_ticket(owner="anna"))
    assert act.after.owner is None
    assert RecordEvent("assigned", "maild", "no owner any more: Anna Ivanova does not work in Sales") in act.effects
    assert moved(ticket=a_ticket(owner="boris")).after.owner == "boris"
    assert moved(ticket=a_ticket(owner="anna"), sales={"agents": ("boris",), "lead": "anna"}).after.owner == "anna"
    assert moved(ticket=a_ticket(owner="anna"), sales={"agents": (), "lead": None}).after.owner == "anna", "somebody must"
    assert moved(ticket=a_ticket(owner="anna", team="payments")).after.team == "payments", "Boris is in it"
    act = moved(ticket=a_ticket(team="payments"), sales={"agents": ("anna",), "lead": None})
    assert (act.after.team, "changed" in events(act)) == (None, True)


def test_an_owner_named_with_the_move_stays_and_is_told_once():
    for commands in (("assign me",), ("take",)):
        assert moved("", *commands, ticket=a_ticket(owner="anna")).after.owner == "anna"
    act = moved("", "assign boris", ticket=a_ticket(owner="anna"))
    assert (act.after.owner, told(act)) == ("boris", ["boris"])
    (letter,) = letters(act, LetterKind.NOTIFICATION)
    assert letter.values["warnings"] == ("Anna Ivanova passed this ticket to you.", "Anna Ivanova moved this ticket here from Support.")


def test_whoever_answers_and_moves_the_ticket_on_does_not_take_it():
    """A14."""
    act = moved("Dear Ann, sales will tell you.")
    assert (act.after.owner, told(act)) == (None, ["boris"])
    assert moved("Dear Ann, I am in sales, too.", sales={"agents": ("anna", "boris")}).after.owner == "anna"


def test_a_ticket_moved_with_a_note_is_shown_with_the_note_and_one_that_is_done_to_nobody():
    (letter,) = letters(moved("She wants a discount.", "note"), LetterKind.NOTIFICATION)
    assert (letter.body, letter.internal) == ("She wants a discount.", True)
    assert [line.partition(": ")[2] for line in letter.values["history"]] == ["On its way.", "Where is", "Hello"]
    for command in ("close", "spam"):
        assert told(moved("", command)) == []


def test_a_ticket_given_to_who_is_away_is_told_to_his_deputy_and_the_log_warns():
    """PRODUCT 12."""
    away = {"boris": Absence("boris", NOW, None, "anna")}
    act = done("", "assign boris", agent=ADMIN, answered=WORDS, away=away)
    assert act.after.owner == "boris"
    assert [effect.text for effect in act.effects if isinstance(effect, RecordEvent) and effect.kind == "warned"] == [
        "Boris Petrov is away; others are told in his place"
    ]
    (letter,) = letters(act)
    assert (letter.agent, letter.values["warnings"]) == (
        "anna",
        ("Boris Petrov is away, and owns this ticket. You are told in his place.",),
    )
    assert told(done("", "assign boris", answered=WORDS, away=away)) == [], "the deputy himself has done it"
    assert told(done("", "assign boris", answered=WORDS)) == ["boris"]


def test_what_a_colleague_does_on_the_ticket_of_who_is_away_is_told_in_his_place():
    ticket = a_ticket(owner="boris")
    away = {"boris": Absence("boris", NOW)}
    assert told(done("#note", "note", ticket=ticket, agent=ADMIN, away=away)) == ["anna"]
    assert "warned" not in events(done("Done.", ticket=ticket, away=away))


SNOOZED = a_ticket(snoozed_until=NOW + timedelta(days=3), owner="boris")


def awoken(act: Done) -> list[str]:
    return [effect.text for effect in act.effects if isinstance(effect, RecordEvent) and effect.kind == "woke"]


def test_an_answer_ends_a_snooze_and_its_owner_is_told_which():
    """PRODUCT 18."""
    act = done("It is mended.", ticket=SNOOZED)
    assert act.after.snoozed_until is None
    assert awoken(act) == ["answered; it was snoozed until Thu 5 Mar 2026 10:00 (UTC)"]
    (told_of_it,) = letters(act, LetterKind.NOTIFICATION)
    assert (told_of_it.agent, told_of_it.values["snoozed"]) == ("boris", "2026-03-05 10:00")


def test_an_answer_that_says_until_when_leaves_it_snoozed_and_waiting():
    act = done("The supplier is on holiday.", "snooze 1w", ticket=SNOOZED)
    assert (act.after.snoozed_until, act.after.status) == (NOW + timedelta(weeks=1), Status.WAITING)
    assert "snoozed" in events(act)
    assert awoken(act) == []


def test_a_note_leaves_it_asleep_and_whatever_ends_the_ticket_ends_the_snooze():
    assert done("Think of her.", "note", ticket=SNOOZED).after.snoozed_until == SNOOZED.snoozed_until
    act = done("", "close", ticket=SNOOZED)
    assert (act.after.snoozed_until, awoken(act)) == (None, ["closed; it was snoozed until Thu 5 Mar 2026 10:00 (UTC)"])
    assert awoken(done("", "snooze off", ticket=SNOOZED)) == ["no longer snoozed"]


def merged(body: str, *commands: str, stays: TicketView, **more: Any) -> Done:
    return done(body, "merge 7", *commands, reach=Reach({7: stays}, is_sure=True), **more)


def test_an_owner_who_comes_along_with_a_merge_was_not_handed_the_ticket():
    """A14: whoever has answered beside it has answered the customer, who waits for nobody."""
    stays, gone = a_ticket(7, status=Status.WAITING), a_ticket(owner="boris", status=Status.OPEN)
    after = merged("Both in one.", ticket=gone, stays=stays, answered=WORDS).after
    assert (after.owner, after.status) == ("boris", Status.WAITING)
    assert merged("Both in one.", "assign boris", ticket=gone, stays=stays, answered=WORDS).after.status is Status.OPEN


def test_words_beside_a_merge_are_an_answer_on_the_ticket_that_stays():
    act = merged("Both in one.", stays=a_ticket(7, status=Status.NEW), answered=WORDS)
    assert act.into is not None
    assert (act.after.number, act.after.status, act.after.owner) == (7, Status.WAITING, "anna")
    (letter,) = letters(act)
    assert (letter.kind, letter.recipients, letter.quoted) == (LetterKind.ANSWER, (ANN,), "Where is it?")


def test_the_owner_of_the_ticket_that_stays_hears_what_came_to_it():
    act = merged("", stays=a_ticket(7, owner="boris"), answered=WORDS)
    (letter,) = letters(act)
    assert (letter.agent, letter.values["warnings"]) == ("boris", ("Anna Ivanova merged #1042 into this ticket.",))
    assert letter.body == "Where is it?"
    assert letters(merged("", stays=a_ticket(7, owner="anna"), answered=WORDS)) == []


def test_the_owner_of_a_ticket_that_is_woken_by_what_came_to_it_hears_of_both():
    """PRODUCT 18."""
    act = merged("", ticket=a_ticket(status=Status.NEW), stays=replace(SNOOZED, number=7), answered=WORDS)
    assert (act.after.snoozed_until, awoken(act)) == (None, ["#1042 went into it; it was snoozed until Thu 5 Mar 2026 10:00 (UTC)"])
    (letter,) = letters(act)
    assert (letter.agent, letter.values["snoozed"]) == ("boris", "2026-03-05 10:00")
    assert letter.values["warnings"] == ("Anna Ivanova merged #1042 into this ticket.",)


def test_what_came_to_the_ticket_of_who_is_away_is_told_in_his_place():
    act = merged("", agent=ADMIN, stays=a_ticket(7, owner="boris"), answered=WORDS, away={"boris": Absence("boris", NOW)})
    assert told(act) == ["anna"]
    assert "warned" not in events(act), "he was its owner before"


TWO_BLOCKS = "We look into the lamp.\n\n--- Refund\n> I want my money back.\n--- The rest"


def openings(act: Done) -> list[Decision]:
    return [effect.opening for effect in act.effects if isinstance(effect, Split)]


def test_each_block_becomes_a_new_ticket_of_the_same_people_and_its_department_is_told():
    ticket = a_ticket(participants=(BOB,), reply_to="ann@home.example", language="bg", owner="boris", tags=frozenset({"vip"}))
    act = done(TWO_BLOCKS, "split", ticket=ticket, answered=WORDS, reach=Reach(said=("I want my money back.",)))
    first, second = openings(act)
    assert first.after == replace(
        a_ticket(0, subject="Refund", status=Status.NEW, created=NOW, updated=NOW, last_customer_id=None, customer_messages=0),
        participants=(BOB,),
        reply_to="ann@home.example",
        language="bg",
    )
    texts = [[effect.visible for effect in opening.effects if isinstance(effect, AddMessage)] for opening in (first, second)]
    assert texts == [["I want my money back."], ["Where is it?"]], "a title alone stands for all that the customer wrote last"
    assert [(letter.kind, letter.agent) for letter in first.letters] == [(LetterKind.NOTIFICATION, key) for key in ("anna", "boris")]
    assert first.letters[0].values["warnings"] == ("Anna Ivanova split this ticket off #1042.",)


def test_what_the_customer_has_not_written_is_a_note_on_the_ticket_split_off():
    """O7, F11: she is quoted what stands there as hers."""
    note = AddMessage(MessageKind.NOTE, Address("Anna Ivanova", "anna@acme.example"), NOW, "", "", agent="anna", internal=True)
    said = ("My lamp is broken, and\nI want my money back!\n> She never pays.",)
    for block, hers, rest in (
        ("> I want my money back\nShe means order 12.", "I want my money back", "She means order 12."),
        ("> She never pays.", WORDS.text, "She never pays."),
        ("Xen is a liar.", WORDS.text, "Xen is a liar."),
        ("> where is\n> it?", "where is\nit?", ""),
    ):
        (opening,) = openings(done(f"--- Refund\n{block}", "split", answered=WORDS, reach=Reach(said=said)))
        message, *notes = (effect for effect in opening.effects if isinstance(effect, AddMessage))
        assert (message.kind, message.internal, message.visible) == (MessageKind.CUSTOMER, False, hers), block
        assert notes == ([replace(note, text=rest, visible=rest)] if rest else []), block
        assert [letter.values["notes"] for letter in opening.letters] == [(f"Anna Ivanova: {rest}",) if rest else ()] * 2


def test_a_ticket_split_off_is_told_to_nobody_who_is_away():
    act = done(TWO_BLOCKS, "split", answered=WORDS, away={"boris": Absence("boris", NOW)})
    assert [[letter.agent for letter in opening.letters] for opening in openings(act)] == [["anna"], ["anna"]]


def test_words_above_the_blocks_are_an_answer_without_them():
    act = done(TWO_BLOCKS, "split", html="<p>We look into the lamp.</p><p>--- Refund</p>")
    (letter,) = letters(act, LetterKind.ANSWER)
    assert (letter.body, letter.body_html) == ("We look into the lamp.", "")
    assert letters(done("--- Refund\nMoney back.", "split"), LetterKind.ANSWER) == []


def test_a_split_without_blocks_or_with_the_agents_address_in_one_does_nothing():
    for body, why in (("Words.", "#split needs a line"), ("--- Refund\nWrite to anna@acme.example", "an agent's own address")):
        act = done(body, "split")
        (fault,) = act.faults
        assert why in fault.text
        assert act.effects == ()


def test_blocks_without_the_command_are_words():
    act = done(TWO_BLOCKS)
    assert openings(act) == []
    assert letters(act)[0].body == TWO_BLOCKS


def test_a_new_requester_is_shown_nothing_that_was_said_before():
    """What he gets is what the agent writes from then on, not only in the mail that names him."""
    before = replace(WORDS, at=NOW - timedelta(hours=1), thread_headers=(("Thread-Topic", "My secret"),))
    act = done("I pass it on.", "requester dora@globex.example", answered=before)
    (letter,) = letters(act)
    (notice,) = letters(done("", "close", ticket=act.after, answered=before))
    assert letter.thread_headers == notice.thread_headers == ()
    assert (notice.in_reply_to, notice.references) == (None, ()), "the ids of a conversation that she was not in"
    assert ([person.address for person in letter.recipients], letter.cc) == (["dora@globex.example"], (ANN,))
    assert (letter.quoted, letter.quoted_from, letter.in_reply_to) == ("", "", WORDS.message_id)
    (later,) = letters(done("And this.", ticket=act.after, answered=before))
    assert later.quoted == ""
    (last,) = letters(done("And this.", ticket=act.after, answered=replace(WORDS, at=NOW + timedelta(hours=1))))
    assert last.quoted == "Where is it?"
    shown = letters(done("", "requester dora@globex.example", "assign boris", answered=before), LetterKind.NOTIFICATION)
    assert [notice.body for notice in shown] == ["Where is it?"], "a colleague is shown it"


def test_a_ticket_split_off_shows_a_new_requester_nothing_of_before_either():
    act = done("--- Refund", "split", "requester dora@globex.example", answered=replace(WORDS, at=NOW - timedelta(hours=1)))
    (split,) = [effect for effect in act.effects if isinstance(effect, Split)]
    opened = split.opening.after
    assert opened is not None
    assert (opened.requester.address, opened.requester_since) == ("dora@globex.example", NOW)
    (message,) = [effect for effect in split.opening.effects if isinstance(effect, AddMessage)]
    (letter,) = letters(done("Here.", ticket=opened, answered=replace(WORDS, text=message.text, at=message.at)))
    assert letter.quoted == ""


def test_messages_that_are_split_off_are_the_requesters_from_when_he_is_it():
    since, share = NOW - timedelta(hours=1), Share((2,), 1, 0, ("m2@globex.example",), WORDS)
    ticket = a_ticket(requester_since=since)
    split = split_messages(ticket, share, share, "Refund", ANNA, some_settings(), NOW, suppressed=(), away={})
    assert split.opening.after is not None
    assert split.opening.after.requester_since == since


def test_an_answer_goes_to_both_addresses_of_the_requester():
    """F8."""
    (letter,) = letters(done("Here.", f"same {CARL.address.address}", ticket=a_ticket(participants=(CARL,))))
    assert (letter.recipients, letter.cc) == ((ANN,), (CARL.address,))


def canned(body: str, *commands: str, **more: Any) -> Done:
    return done(body, *commands, **{"reach": Reach(shelf=SHELF)} | more)


def test_a_canned_answer_goes_out_among_the_words_in_both_forms():
    """PRODUCT 22."""
    (letter,) = letters(canned("Hello Ann,\n\nBye", "canned hours", places=(1,), html_around=("<p><i>Hello Ann,</i></p>", "")))
    assert letter.body == "Hello Ann,\n\nWe are open from nine to five.\n\nBye"
    assert letter.body_html == '<p><i>Hello Ann,</i></p>\n<p dir="auto">We are open from nine to five.</p>\n<p dir="auto">Bye</p>'
    alone = canned("", "canned refund order=12", "close")
    assert (alone.after.status, messages(alone)) == (Status.CLOSED, [(MessageKind.AGENT, False)])
    assert letters(alone)[0].body.startswith("Dear Ann,\n\nwe have paid order **12** back:")
    assert "<strong><bdi>12</bdi></strong>" in letters(alone)[0].body_html


def test_a_canned_answer_speaks_of_the_ticket_as_its_other_commands_leave_it():
    here = Reach(shelf=a_shelf(a="{{ queue.name }} {{ field.order }} {{ ticket.number }}"))
    assert letters(canned("", "canned a", "move sales", "set order=7", reach=here))[0].body == "Sales 7 1042"
    joined = replace(here, tickets={7: a_ticket(7, fields={"order": "8"})}, is_sure=True)
    assert letters(canned("", "canned a", "merge 7", reach=joined), LetterKind.ANSWER)[0].body == "Support 8 7"


def test_a_canned_answer_that_cannot_be_filled_in_sends_nothing_and_says_its_line():
    act = canned("Hello", "tag vip", "canned refund", places=(0,))
    assert [fault.text for fault in act.faults] == ['"refund" lacks order; write #canned refund order=…']
    assert (act.effects, act.after.tags) == ((), frozenset())
    assert canned("", "canned refnd order=1").faults[0].better == '#canned refund order="1"'


def test_a_canned_answer_that_shows_the_agents_own_address_comes_back():
    """A8: also in a value, or in a link."""
    for shelf, line in (
        (a_shelf(a="Write to anna@acme.example."), "canned a"),
        (a_shelf(a="Write to {{ who }}."), "canned a who=anna@acme.example"),
        (a_shelf(a="{{ field.contact }}"), "canned a"),
    ):
        act = canned("", line, reach=Reach(shelf=shelf), ticket=a_ticket(fields={"contact": "anna@acme.example"}))
        assert "an agent's own address would be shown" in act.faults[0].text
    linked = canned("", "canned a", reach=Reach(shelf=a_shelf(a="[me](mailto:anna@acme.example)")))
    assert "an agent's own address" in linked.faults[0].text


def test_one_mail_holds_so_many_canned_answers():
    assert canned("", *["canned hours"] * 20).faults == ()
    assert [fault.text for fault in canned("", *["canned hours"] * 21).faults] == ["one mail holds 20 canned answers at most"]


def test_a_canned_answer_beside_a_note_stays_inside_and_belongs_above_what_is_split_off():
    note = canned("See:", "note", "canned hours", places=(1,))
    assert (messages(note), letters(note)) == ([(MessageKind.NOTE, True)], [])
    assert note.message is not None
    assert note.message.visible == "See:\n\nWe are open from nine to five."
    blocks = "Hello\n--- Refund\nMoney back."
    assert letters(canned(blocks, "split", "canned hours", places=(1,)), LetterKind.ANSWER)[0].body == (
        "Hello\n\nWe are open from nine to five."
    )
    assert "belongs above the first --- line" in canned(blocks, "split", "canned hours", places=(3,)).faults[0].text
