"""An agent's mail that asks the desk itself: proven, answered at home, and no ticket (MAIL.md A3, A4, A7, L4)."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from builders import NOW, PASSED, a_message, a_reading, a_sender, a_ticket, some_settings, some_tokens

from maild.config.settings import Sort, SortKey, Trust, View
from maild.decide import decide
from maild.desk.command import Command
from maild.desk.errands import find_wanted
from maild.desk.query import Field, Filter, Query
from maild.draft import Draft
from maild.effects import Decision, EndAbsence, IncomingState, Letter, Post, RecordEvent, SendMended, StartAbsence
from maild.ingest.parse import parse_message
from maild.ingest.sender import FoundToken, TokenPlace
from maild.ingest.thread import Evidence, Strength, Thread
from maild.known import Absence, Earlier, Found, Known, LastWords, ListedTicket, Listing, Sent, StoredFile
from maild.known_letter import KnownLetter, ReturnedMail
from maild.message import Address, Attachment, MessageClass, Nature
from maild.pipeline import Desk, consider
from maild.question import NOTHING_WANTED, Question, Wanted
from maild.reading import Circumstances, Reading
from maild.reason import Reason
from maild.rules.ruleset import NO_RULES
from maild.ticket import Status, TicketView
from maild.tokens import LetterKind, LetterToken
from tests.rig.mails import an_email

ANNA = Address("Anna Ivanova", "anna@home.example")
AT_HOME = (Address("Anna Ivanova", "anna@acme.example"),)
TICKET = ListedTicket(1042, "Printer", Status.OPEN, "boris", Address("Ann Smith", "ann@globex.example"), NOW)
EVIDENCE = Evidence("b", Strength.STRONG, 1042, "In-Reply-To names our letter 77")


def fresh(subject: str, *, known: Known | None = None, **changes: Any) -> Reading:
    """Anna's fresh mail, from another address of hers, with a From that passed."""
    sender = changes.pop("sender", a_sender(ANNA, agent="anna", authentication=PASSED, authenticated=True))
    message = a_message(subject=subject, header_from=(ANNA,), **changes.pop("message", {}))
    return a_reading(message=message, sender=sender, known=known or Known(), **changes)


def on_ticket(text: str, known: Known) -> Reading:
    """Anna's reply to a notification of ticket 1042."""
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 1042, 77, "anna"), TokenPlace.IN_REPLY_TO)
    sender = a_sender(ANNA, agent="anna", proven=True, proof=Reason("proven", "token"), token=token)
    thread = Thread(a_ticket(), EVIDENCE, evidence=(EVIDENCE,))
    message = a_message(header_from=(ANNA,), text=text, new_text=text)
    return a_reading(message=message, sender=sender, known=replace(known, tickets={**known.tickets, 1042: a_ticket()}), thread=thread)


def decided(reading: Reading) -> Draft:
    return decide(reading, some_settings(), NOW)


def letters(draft: Draft) -> list[Letter]:
    of_no_ticket = [effect.letter for effect in draft.effects if isinstance(effect, Post)] if draft.after is None else []
    return [*of_no_ticket, *(letter for decision in draft.beside for letter in decision.letters)]


def the_letter(draft: Draft) -> Letter:
    (letter,) = letters(draft)
    return letter


def found(query: str, *tickets: ListedTicket) -> Known:
    return Known(found=Found(listings={query: Listing(tickets, len(tickets))}))


def test_a_proven_agent_is_answered_at_his_registered_address_and_opens_no_ticket():
    draft = decided(fresh("list #payment", known=found("#payment", TICKET)))
    assert (draft.state, draft.reason.code, draft.after, draft.effects) == (IncomingState.DONE, "control", None, ())
    letter = the_letter(draft)
    assert (letter.template, letter.recipients, letter.agent, letter.automatic) == ("control", AT_HOME, "anna", False)
    assert letter.in_reply_to == "m1@globex.example"
    (line,) = letter.values["listed"]
    assert (line["number"], line["status"], line["owner"], line["age"]) == (1042, "open", "Boris Petrov", "0m")
    assert line["link"] == "mailto:support@acme.example?subject=show%201042"
    assert isinstance(draft.beside[0], Decision)
    assert draft.beside[0].after is None


def test_nobody_else_is_answered():
    assert decided(a_reading(message=a_message(subject="help"))).after is not None
    assert decided(fresh("Help me")).after is not None
    forged = fresh("help", sender=a_sender(ANNA, agent="anna", proof=Reason("no-token", "it carries no token")))
    assert (decided(forged).state, decided(forged).beside) == (IncomingState.QUARANTINED, ())


def test_what_a_person_has_let_in_is_done():
    forged = fresh("help", sender=a_sender(ANNA, agent="anna"), circumstances=Circumstances("support", released=True))
    assert the_letter(decided(forged)).values["outcome"] == "help"


def test_a_personal_address_is_as_good_as_a_judged_sender():
    """A3."""
    asked = fresh("help", sender=a_sender(ANNA, agent="anna", personal=True))
    assert the_letter(decided(asked)).recipients == AT_HOME
    request = decided(fresh("The printer", sender=a_sender(ANNA, agent="anna", personal=True)))
    assert (request.state, request.after is None) == (IncomingState.DONE, False)


def to_annas_address(**changes: Any) -> Reading:
    """A stranger's mail to it, and to nothing else."""
    message = a_message(subject="list", to=(Address("", "support+anna.0aabcdefghijklmnop@acme.example"),))
    return replace(a_reading(message=message, sender=a_sender(personal_of="anna")), **changes)


def test_a_strangers_mail_to_a_personal_address_is_held_and_its_owner_told():
    draft = decided(to_annas_address())
    assert (draft.state, draft.reason.code, draft.beside) == (IncomingState.QUARANTINED, "agent_unverified", ())
    (effect,) = draft.effects
    assert isinstance(effect, Post)
    assert (effect.letter.template, effect.letter.recipients, effect.letter.agent) == ("personal-address", AT_HOME, None)
    assert effect.letter.values["sender"] == "Ann Smith <ann@globex.example>"
    colleague = a_sender(Address("Boris Petrov", "boris@acme.example"), agent="boris", authentication=PASSED, authenticated=True)
    assert decided(to_annas_address(sender=replace(colleague, personal_of="anna"))).state is IncomingState.QUARANTINED


def test_such_mail_tells_no_more_than_the_caps_allow_and_nothing_where_a_machine_wrote_it():
    capped = Known(sent=Sent({("recipient", "anna@acme.example", 3600): 3}))
    held = decided(to_annas_address(known=capped))
    assert (held.state, held.effects) == (IncomingState.QUARANTINED, ())
    assert "not told" in held.reason.text
    machine = to_annas_address(nature=Nature(MessageClass.AUTO_GENERATED, ()))
    assert (decided(machine).state, decided(machine).effects) == (IncomingState.QUARANTINED, ())


def test_a_customer_who_answers_to_all_is_heard_and_the_log_says_where_he_wrote():
    reading = to_annas_address()
    to_all = replace(reading.message, to=(Address("", "support@acme.example"),), cc=reading.message.to)
    on_ticket = replace(reading, thread=Thread(a_ticket(), EVIDENCE, evidence=(EVIDENCE,)))
    for heard in (replace(reading, message=to_all), on_ticket, to_annas_address(circumstances=Circumstances("support", released=True))):
        draft = decided(heard)
        assert draft.state is IncomingState.DONE
        assert draft.message is not None
        assert [effect.kind for effect in draft.effects if isinstance(effect, RecordEvent)].count("token_elsewhere") == 1


def test_automatic_mail_of_an_agent_asks_nothing():
    for message_class in (MessageClass.AUTO_REPLY, MessageClass.AUTO_GENERATED, MessageClass.LIST):
        assert decided(fresh("help", message_class=message_class)).beside == ()


def test_mail_from_before_the_desk_and_other_departments_copies_are_not_answered():
    reading = fresh("help")
    assert decided(replace(reading, circumstances=Circumstances("support", quiet=True))).beside == ()
    departments = replace(reading.departments, earlier=frozenset({"sales"}))
    assert decided(replace(reading, departments=departments)).state is IncomingState.DUPLICATE


def test_faults_come_back_in_words_and_count_against_the_caps():
    draft = decided(fresh("list stauts:open"))
    letter = the_letter(draft)
    assert 'did you mean "status"' in str(letter.values["why"])
    assert letter.automatic
    assert "there is no queue" in str(the_letter(decided(fresh("list queue:saels"))).values["why"])
    capped = Known(sent=Sent({("recipient", "anna@acme.example", 3600): 3}))
    untold = decided(fresh("list stauts:open", known=capped))
    assert letters(untold) == []
    assert untold.reason.text.endswith("Anna Ivanova is not told: 3 automatic mails in 1:00:00 already went to anna@acme.example")
    last = Known(sent=Sent({("recipient", "anna@acme.example", 3600): 2}))
    assert "you are not told of" in str(the_letter(decided(fresh("list stauts:open", known=last))).values["why"])
    assert "you are not told of" not in str(letter.values["why"])


def test_a_ticket_is_shown_with_all_that_was_said_and_is_answered_like_its_notification():
    said = (
        Earlier(NOW, "Boris Petrov", "She owes us.", is_note=True),
        Earlier(NOW, "Ann Smith", "It still burns."),
        Earlier(NOW, "Anna Ivanova", "Have you tried\nwater?"),
        Earlier(NOW, "Eve Stone", "I saw it burn.", third_party="eve@else.example"),
        Earlier(NOW, "Ann Smith", "It burns."),
    )
    found = Found(conversations={1042: said})
    words = {1042: LastWords("It still burns.", "Ann Smith")}
    draft = decided(fresh("show 1042", known=Known(tickets={1042: a_ticket()}, last_words=words, found=found)))
    (decision,) = draft.beside
    assert (draft.after, decision.before, decision.after) == (None, a_ticket(), a_ticket())
    letter = the_letter(draft)
    assert (letter.template, letter.recipients, letter.agent, letter.internal) == ("shown", AT_HOME, "anna", False)
    assert letter.body == "It still burns."
    assert letter.values["said"] == (
        {"head": "2026-03-02 10:00 #note Boris Petrov:", "words": "She owes us."},
        {"head": "2026-03-02 10:00 Anna Ivanova:", "words": "Have you tried\nwater?"},
        {"head": "2026-03-02 10:00 third party Eve Stone:", "words": "I saw it burn."},
        {"head": "2026-03-02 10:00 Ann Smith:", "words": "It burns."},
    )
    assert (
        the_letter(decided(fresh("show 7"))).values["why"]
        == "there is no ticket 7; list WORDS finds tickets, as in list from:@globex.example"
    )


def test_what_was_forwarded_or_taken_down_is_shown_as_such_as_in_its_first_notification():
    """A12, O7: whether the ticket is asked for, or its files."""
    taken = "Boris Petrov took this down. ann@globex.example has not written it, and no answer quotes it."
    for said, expected in (
        ({}, ()),
        ({"forwarded_by": "boris@acme.example"}, ("Boris Petrov forwarded this mail.",)),
        ({"forwarded_by": "a-list@globex.example"}, ()),
        ({"taken_down": "boris"}, (taken,)),
    ):
        known = replace(with_files(a_stored("a.pdf")), last_words={1042: LastWords("It burns.", "Ann Smith", **said)})
        for asked in ("show 1042", "files 1042"):
            assert the_letter(decided(fresh(asked, known=known))).values["warnings"] == expected


def test_a_long_conversation_is_shown_up_to_a_measure():
    said = tuple(Earlier(NOW, "Ann Smith", f"{number} " + "w" * 9_000) for number in range(20))
    draft = decided(fresh("show 1042", known=Known(tickets={1042: a_ticket()}, found=Found(conversations={1042: said}))))
    shown = the_letter(draft).values["said"]
    assert len(shown) == 7
    assert shown[-1]["words"].endswith("w\n[…]")


def a_stored(name: str, size: int = 2048) -> StoredFile:
    return StoredFile(7, 70, Attachment(name, "application/pdf", size, name, False, None, 1))


def with_files(*files: StoredFile) -> Known:
    return Known(tickets={1042: a_ticket()}, files={1042: files}, last_words={1042: LastWords("It burns.", "Ann Smith")})


PLAN, FILM = a_stored("plan.pdf"), a_stored("film.mp4", 30 * 1024 * 1024)


def test_the_files_of_a_ticket_are_mailed_with_what_its_customer_wrote_last():
    draft = decided(fresh("files 1042", known=with_files(FILM, PLAN)))
    letter = the_letter(draft)
    assert (letter.template, letter.recipients, letter.agent, letter.internal) == ("notification", AT_HOME, "anna", False)
    assert (letter.enclosed, letter.left_out) == ((PLAN,), ("film.mp4 (30 MiB): maild ticket raw 1042 70",))
    assert letter.body == "It burns."
    assert the_letter(decided(fresh("files 1042 film.mp4", known=with_files(FILM, PLAN)))).enclosed == ()


def test_files_are_those_of_the_ticket_in_hand_and_the_answer_goes_out_as_ever():
    draft = decided(on_ticket("It is on its way.\n#files", with_files(PLAN)))
    assert draft.after is not None
    assert (draft.after.status, [letter.enclosed for letter in letters(draft)]) == (Status.WAITING, [(PLAN,)])
    answer = next(effect.letter for effect in draft.effects if isinstance(effect, Post))
    assert (answer.kind, answer.body, answer.enclosed) == (LetterKind.ANSWER, "It is on its way.", ())
    assert the_letter(decided(on_ticket("#files plan.pdf", with_files(PLAN, FILM)))).enclosed == (PLAN,)
    named = a_stored("2026 report.pdf")
    assert the_letter(decided(on_ticket("#files 2026 report.pdf", with_files(named)))).enclosed == (named,)


def test_files_that_there_are_not():
    assert the_letter(decided(fresh("files 1042", known=with_files()))).values["outcome"] == "no_files"
    assert (
        the_letter(decided(fresh("files 7", known=with_files()))).values["why"]
        == "there is no ticket 7; list WORDS finds tickets, as in list from:@globex.example"
    )
    meant = 'ticket 1042 has no file "plna.pdf"; did you mean plan.pdf?'
    letter = the_letter(decided(fresh("files 1042 plna.pdf", known=with_files(PLAN))))
    assert (letter.values["why"], letter.values["offer"], letter.offer) == (meant, ("files 1042 plan.pdf",), "files 1042 plan.pdf")
    assert "files 1042 gets all" in str(the_letter(decided(fresh("files 1042 nothing", known=with_files(PLAN)))).values["why"])
    in_hand = decided(on_ticket("Hello\n#files plna.pdf", with_files(PLAN)))
    assert [effect.letter.offer for effect in in_hand.effects if isinstance(effect, Post)] == ["#files plan.pdf"], "and yes gets it"
    draft = decided(on_ticket("Hello\n#files nothing.pdf", with_files(PLAN)))
    assert [effect.letter.template for effect in draft.effects if isinstance(effect, Post)] == ["command-failed"]
    assert draft.beside == ()


def test_files_of_a_merged_ticket_are_where_it_went():
    merged = replace(a_ticket(7), status=Status.MERGED, merged_into=1042)
    known = replace(with_files(PLAN), tickets={7: merged, 1042: a_ticket()})
    assert the_letter(decided(fresh("files 7", known=known))).enclosed == (PLAN,)


def test_the_word_files_alone_is_a_request_like_any_other():
    assert decided(fresh("files", known=with_files(PLAN))).after is not None


def test_a_ticket_that_is_shown_names_its_files():
    letter = the_letter(decided(fresh("show 1042", known=with_files(FILM, PLAN))))
    assert letter.values["files"] == ("plan.pdf (2 KiB)", "film.mp4 (30 MiB)")


def waiting(*tickets: TicketView) -> Known:
    """Tickets of support that nobody owns, in order."""
    numbers = tuple(ticket.number for ticket in tickets)
    return Known(tickets={ticket.number: ticket for ticket in tickets}, found=Found(next={"support": numbers}))


def test_the_next_ticket_becomes_the_agents_and_is_mailed_to_him():
    draft = decided(fresh("next", known=waiting(a_ticket(7), a_ticket(8))))
    (decision,) = draft.beside
    assert (draft.after, decision.before) == (None, a_ticket(7))
    assert decision.after is not None
    assert (decision.after.number, decision.after.owner) == (7, "anna")
    assert [(event.kind, event.by, event.text) for event in decision.effects if isinstance(event, RecordEvent)] == [
        ("assigned", "anna", "to Anna Ivanova")
    ]
    letter = the_letter(draft)
    assert (letter.template, letter.recipients, letter.subject) == ("shown", AT_HOME, "Printer")


def test_where_every_ticket_has_its_owner_nothing_waits():
    assert the_letter(decided(fresh("next"))).values["outcome"] == "nothing"


def test_the_next_ticket_is_another_than_the_one_in_hand():
    known = replace(waiting(a_ticket(), a_ticket(8)), last_words={})
    draft = decided(on_ticket("Here it is.\n#next", known))
    assert draft.after is not None
    assert [(decision.after.number, decision.after.owner) for decision in draft.beside if decision.after] == [(8, "anna")]
    assert (draft.after.number, draft.after.owner) == (1042, "anna")


def test_what_is_asked_wrongly_claims_nothing():
    assert "you do not work in that department" in str(the_letter(decided(fresh("next sales"))).values["why"])
    draft = decided(on_ticket("#next\n#next support\nHere it is.", waiting(a_ticket(8))))
    assert (draft.reason.code, draft.beside) == ("command-failed", ())


URGENT = (Sort(SortKey.PRIORITY),)
WITH_VIEWS = some_settings(
    views={
        "payments": View("payments", "#payment owner:me", about="what is to be paid", sort=URGENT),
        "theirs": View("theirs", "#refund", agents=("boris",)),
    }
)
CONTROLLED = replace(WITH_VIEWS, desk=replace(WITH_VIEWS.desk, control="desk@acme.example"))


def test_a_view_is_listed_by_its_name_as_far_as_the_agent_sees_it():
    wanted = find_wanted((Command("list", "payments"), Command("list", "theirs")), WITH_VIEWS.agents["anna"], WITH_VIEWS, NOW)
    assert wanted.listings == {
        "payments": Query((Filter(Field.TAG, "payment"), Filter(Field.OWNER, "anna")), URGENT),
        "theirs": Query((Filter(Field.WORDS, "theirs"),)),
    }
    draft = decide(fresh("list view:payments", known=found("view:payments", TICKET)), WITH_VIEWS, NOW)
    assert [line["number"] for line in the_letter(draft).values["listed"]] == [1042]
    hidden = the_letter(decide(fresh("list view:theirs"), WITH_VIEWS, NOW))
    assert hidden.values["why"] == 'there is no view "theirs"'


def test_help_names_the_views_of_the_agent():
    rows = the_letter(decide(fresh("help"), WITH_VIEWS, NOW)).values["commands"]
    assert rows[-1] == {"usage": "list payments", "does": "what is to be paid", "begins": True}


def test_the_next_ticket_of_a_view_is_one_of_the_agents_own_departments_that_meets_its_query():
    anna = WITH_VIEWS.agents["anna"]
    wanted = find_wanted((Command("next", "Payments"),), anna, WITH_VIEWS, NOW)
    assert wanted.queues == {"support": Query((Filter(Field.TAG, "payment"), Filter(Field.OWNER, "anna")), URGENT)}
    (decision,) = decide(fresh("next payments", known=waiting(a_ticket(7))), WITH_VIEWS, NOW).beside
    assert decision.after is not None
    assert (decision.after.number, decision.after.owner) == (7, "anna")
    fault = the_letter(decide(fresh("next paymnets", message={"to": (Address("", "desk@acme.example"),)}), CONTROLLED, NOW))
    assert fault.values["why"] == 'there is no queue and no view "paymnets"; did you mean payments?'


def test_an_agent_says_that_he_is_away_and_that_he_is_back():
    draft = decided(fresh("away until 12 May deputy boris"))
    (decision,) = draft.beside
    assert decision.effects[0] == StartAbsence(Absence("anna", NOW, datetime(2026, 5, 12, 9, tzinfo=UTC), "boris"))
    assert the_letter(draft).values["absence"] == {"until": "Tue 12 May 2026 09:00 (UTC)", "deputy": "Boris Petrov"}
    draft = decided(on_ticket("Here it is.\n#back", Known()))
    (decision,) = draft.beside
    assert (decision.effects[0], the_letter(draft).values["outcome"]) == (EndAbsence("anna"), "back")


def test_an_absence_that_makes_no_sense_sends_nothing():
    draft = decided(on_ticket("#away until someday\nHere it is.", Known()))
    assert (draft.reason.code, draft.beside) == ("command-failed", ())


def test_who_forgot_to_say_that_he_is_back_is_reminded_with_his_next_ticket():
    known = replace(waiting(a_ticket(7)), away={"anna": Absence("anna", NOW)})
    assert the_letter(decided(fresh("next", known=known))).values["warnings"] == (
        "Anna Ivanova is away, as you have said. The word back ends that.",
    )


def test_who_gives_a_ticket_to_a_colleague_who_is_away_is_told_so():
    draft = decided(on_ticket("#assign boris", Known(away={"boris": Absence("boris", NOW, None, "anna")})))
    letter = the_letter(draft)
    assert (letter.recipients, letter.values["absent"]) == (AT_HOME, "Boris Petrov")
    assert decided(on_ticket("#assign boris", Known())).beside == ()


def test_the_ticket_in_hand_is_shown_as_the_mail_leaves_it():
    draft = decided(on_ticket("#close\n#show 1042", Known()))
    (decision,) = draft.beside
    assert decision.before == decision.after == draft.after
    assert draft.after is not None
    assert draft.after.status is Status.CLOSED


def test_a_reply_may_ask_beside_its_answer():
    draft = decided(on_ticket("Here it is.\n\n#list #payment", found("#payment")))
    assert [letter.template for letter in letters(draft)] == ["control"]
    assert draft.after is not None
    assert draft.after.status is Status.WAITING
    assert "Here it is." in [effect.visible for effect in draft.effects if type(effect).__name__ == "AddMessage"]


def test_a_reply_that_only_asks_says_nothing_to_the_customer():
    draft = decided(on_ticket("#help", Known()))
    assert the_letter(draft).values["outcome"] == "help"
    assert draft.after == draft.before
    assert [type(effect).__name__ for effect in draft.effects] == ["RecordEvent"]


def test_a_fault_in_what_is_asked_sends_nothing():
    draft = decided(on_ticket("#list stauts:open\nHere it is.", Known()))
    assert draft.reason.code == "command-failed"
    assert draft.beside == ()
    assert draft.after == draft.before


def test_yes_gets_what_a_letter_about_no_ticket_asks_whether_it_was_meant():
    """A7: the mail that asked walks again, so that all it names is looked up."""
    for subject, offer in (
        ("shwo 1042", "show 1042"),
        ("lst #payment", "list #payment"),
        ("lits stauts:open", "list status:open"),
        ("list stauts:opne -#vip", "list status:open -#vip"),
        ("list owner:bori", "list owner:boris"),
    ):
        letter = the_letter(decided(fresh(subject, message={"new_text": "", "text": ""})))
        assert (letter.values["offer"], letter.offer, letter.automatic) == ((offer,), offer, True), subject
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 0, 78, "anna"), TokenPlace.IN_REPLY_TO)
    known_letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, None, "anna", True, NOW)

    def answered(text: str, asked: ReturnedMail | None) -> Draft:
        proven = a_sender(ANNA, agent="anna", proven=True, token=token)
        known = Known(letters={78: replace(known_letter, asked=asked)})
        return decided(fresh("Re: Your request", sender=proven, message={"new_text": text}, known=known))

    asked = ReturnedMail(5, "show 1042", was_mended=False)
    assert answered("yes", asked).effects == (SendMended(5, "show 1042"),)
    assert the_letter(answered("help", asked)).values["outcome"] == "help"
    assert '"yes" is no command' in str(the_letter(answered("yes", None)).values["why"])
    assert "did you mean" not in str(the_letter(answered("thanks", None)).values["why"])
    for word in ("#close", "#Reopen.", "＃note She rang."):
        assert "is about a ticket, and here is none" in str(the_letter(answered(word, None)).values["why"]), word
    assert "it goes out once" in str(the_letter(answered("Yes!", replace(asked, was_mended=True))).values["why"])
    corrected = Circumstances("support", corrected="show 1042")
    again = fresh("shwo 1042", known=Known(tickets={1042: a_ticket()}), circumstances=corrected)
    assert the_letter(decided(again)).template == "shown"
    assert looked_up("pass", "", subject="shwo 1042", corrected="show 1042").tickets == {1042}


def test_a_mistyped_subject_that_opens_no_ticket_says_how_a_request_is_written():
    letter = the_letter(decided(fresh("shwo 1042", message={"new_text": "Regards, Anna"})))
    assert "did you mean show 1042?" in str(letter.values["why"])
    assert "if it is a request to the department, write it once more" in str(letter.values["why"])
    assert decided(fresh("Shop 1042", message={"new_text": "Their shop is down."})).after is not None


def test_a_reply_to_a_letter_about_no_ticket_needs_that_letters_token_and_its_proof():
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 0, 78, "anna"), TokenPlace.IN_REPLY_TO)
    proven = a_sender(ANNA, agent="anna", proven=True, token=token)
    reading = fresh("Re: Your request: help", sender=proven, message={"new_text": "#help"})
    assert the_letter(decided(reading)).values["outcome"] == "help"
    unproven = replace(reading, sender=replace(proven, proven=False))
    assert decided(unproven).state is IncomingState.QUARANTINED


def asked(verdict: str, body: str, *, released: bool = False, corrected: str | None = None, **mail: Any) -> Question:
    """What the store is asked about Anna's mail, of which her mail server says so."""
    head = f"Authentication-Results: mx.acme.example; dmarc={verdict} header.from=acme.example\r\n"
    message = parse_message(head.encode() + an_email(sender="anna@acme.example", to="support@acme.example", body=body, **mail))
    settings = some_settings(trust=Trust(authserv_ids=("mx.acme.example",), agent_auth="token+dmarc"))
    questions: list[Question] = []

    def ask(question: Question) -> Known:
        questions.append(question)
        return Known()

    consider(message, Circumstances("support", released=released, corrected=corrected), ask, Desk(settings, NO_RULES, some_tokens()), NOW)
    return questions[0]


def looked_up(verdict: str, body: str, **more: Any) -> Wanted:
    return asked(verdict, body, **more).wanted


def test_what_is_asked_is_looked_up_with_everything_else_and_for_no_forger():
    wanted = looked_up("pass", "Hello", subject="list owner:me")
    assert wanted.listings == {"owner:me": Query((Filter(Field.OWNER, "anna"),))}
    text = "#show 7\n#next\n" + "".join(f"#list {number}\n" for number in range(20))
    wanted = looked_up("pass", text)
    assert (wanted.tickets, wanted.queues, list(wanted.listings)) == ({7}, {"support": Query()}, ["0", "1", "2"])
    assert looked_up("fail", text) == NOTHING_WANTED
    assert looked_up("fail", text, released=True) != NOTHING_WANTED


def test_the_tickets_that_commands_name_and_what_they_undo_are_looked_up_for_no_forger():
    for mistyped in ("#merg 7\n#lnik 8\n#unod\n#vip\n#shwo 9", "#merge 7\n#link 8\n#undo\n#vip\n#show 9"):
        assert (asked("pass", mistyped).undoes, asked("pass", mistyped).wanted.tickets) == (True, {9}), "or it is said that there is none"
        assert {7, 8} <= asked("pass", mistyped).tickets
    body = "#merge 7\n#link 8\n#undo\n#vip"
    for verdict, released in (("pass", False), ("none", False), ("fail", True)):
        question = asked(verdict, body, released=released)
        assert ({7, 8} <= question.tickets, question.undoes, "vip" in question.tags) == (True, True, True), verdict
    question = asked("fail", body)
    assert (question.tickets, question.undoes, question.tags) == (frozenset(), False, frozenset())


def test_whether_mail_comes_back_from_those_whom_commands_name_is_looked_up_for_no_forger():
    body = "#requester Dora <Dora@globex.example>\n#cc bob@globex.example\nHello eve@else.example"
    assert {"dora@globex.example", "bob@globex.example"} <= asked("pass", body).addressees
    assert asked("fail", body).addressees == {"anna@acme.example"}
