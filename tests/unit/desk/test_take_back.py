"""Answers that wait before they go out, and are taken back (`send_after`, MAIL.md A7): which, by whom, and what becomes of the ticket."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import AGENTS, ANN, NOW, a_queue, a_ticket, some_settings

from maild.config.settings import Settings
from maild.desk.acts import Act, Done, do
from maild.desk.answered import NOTHING_ANSWERED
from maild.desk.command import Command
from maild.desk.contradictions import ONE_ONLY
from maild.desk.regroup import Reach
from maild.desk.verbs import Performed, perform
from maild.effects import AddMessage, Delay, Letter, Post, RecordEvent, TakeBack, Undo
from maild.message import Address
from maild.outbox.delivery import DeliveryState
from maild.posted_answer import Delayed, PostedAnswer, Way
from maild.regrouping import Regrouping, RegroupingKind, standing_of
from maild.ticket import MessageKind, Status, TicketView

MINUTE = timedelta(minutes=1)
QUEUED, SENDING, SENT, FAILED = DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.FAILED
OPEN = a_ticket(references=("m0@x",))
ANSWERED = replace(OPEN, status=Status.WAITING, owner="anna", agent_messages=1, references=("m0@x", "c1@x"))
LINK = Regrouping(3, RegroupingKind.LINK, 1042, a_ticket(7), NOW - MINUTE)


def waiting(**queue: Any) -> Settings:
    """A desk whose support holds answers back for a minute."""
    return some_settings(queues={"support": a_queue(**{"send_after": MINUTE} | queue), "sales": a_queue("sales")})


def an_answer(*ways: Way, author: str = "anna", before: TicketView = OPEN, after: TicketView = ANSWERED, **more: Any) -> PostedAnswer:
    """Anna's answer, a second old, of which Boris was told."""
    at = NOW - timedelta(seconds=1)
    delayed = Delayed(at + MINUTE, 5, "It is on its way.", 9, standing_of(before), standing_of(after), 1, ("anna", "boris"))
    return PostedAnswer(77, author, at, ways or (Way("ann@globex.example", QUEUED),), **{"delayed": delayed} | more)


def told(*commands: str, ticket: TicketView = ANSWERED, actor: str = "anna", **reach: Any) -> Performed:
    words = [Command(*command.partition(" ")[::2], line) for line, command in enumerate(commands, 1)]
    return perform(ticket, words, actor, waiting(), NOW, Reach({7: a_ticket(7)}, **reach))


def fault(*commands: str, **more: Any) -> str:
    (only,) = told(*commands, **more).faults
    return only.text


def done(*commands: str, body: str = "", ticket: TicketView = OPEN, settings: Settings | None = None, **act: Any) -> Done:
    """What Anna's mail does."""
    words = tuple(Command(*command.partition(" ")[::2]) for command in commands)
    mail = Act(AGENTS["anna"], "anna", NOW, words, body, **{"message_id": "x@acme.example"} | act)
    found = do(ticket, mail, NOTHING_ANSWERED, settings or waiting())
    assert found.faults == ()
    return found


def letters(found: Done) -> dict[str, Letter]:
    return {effect.letter.template: effect.letter for effect in found.effects if isinstance(effect, Post)}


def events(found: Done | Performed) -> list[tuple[str, str]]:
    effects = found.events if isinstance(found, Performed) else found.effects
    return [(event.kind, event.text) for event in effects if isinstance(event, RecordEvent)]


def test_an_answer_by_mail_waits_as_long_as_its_department_says():
    found = done(body="It is on its way.")
    assert letters(found)["answer"].delay == Delay(MINUTE, OPEN)
    assert ("held_back", "for 1m; until then #undo takes the answer back") in events(found)
    desk = some_settings(queues={"support": a_queue(), "sales": a_queue("sales", send_after=MINUTE)})
    moved = done("move sales", body="Sales knows.", settings=desk)
    assert (letters(moved)["answer"].delay or Delay(timedelta(), OPEN)).lasts == MINUTE, "the one it is moved to, which answers"


def test_nothing_else_waits():
    def delays(found: Done) -> set[Delay | None]:
        return {letter.delay for letter in letters(found).values()}

    assert delays(done(body="It is on its way.", message_id=None)) == {None}, "at the command line"
    assert delays(done(body="It is on its way.", settings=some_settings())) == {None}, "where the department says nothing"
    assert delays(done("close")) == {None}, "a notice"
    assert delays(done("note", body="He has called.", ticket=a_ticket(owner="boris"))) == {None}, "a colleague's notification"


def test_the_ticket_without_the_answer_has_no_status_that_came_with_it():
    """What is said beside it of anything else stays, whatever becomes of the answer."""
    closed = a_ticket(status=Status.CLOSED, closed_at=NOW)
    before = letters(done("wait", "tag vip", "assign boris", body="Done.", ticket=closed))["answer"].delay
    assert before is not None
    assert (before.before.status, before.before.closed_at) == (Status.CLOSED, NOW)
    assert (before.before.tags, before.before.owner) == ({"vip"}, "boris")


def test_an_answer_that_waits_is_taken_back_and_the_ticket_is_as_it_was():
    found = told("undo", posted=(an_answer(),))
    assert (found.ticket, found.effects) == (replace(OPEN, agent_messages=0), (TakeBack(77, 5, 9),))
    assert (found.internal, found.no_reply) == (True, True)
    assert events(found) == [
        ("recalled", "the answer to ann@globex.example: it went to nobody, and is a note"),
        ("changed", "status open: the answer was taken back"),
    ]


def test_what_people_have_changed_since_stays():
    since = replace(ANSWERED, owner="boris", status=Status.CLOSED, closed_at=NOW, tags=frozenset({"vip"}))
    found = told("undo", ticket=since, posted=(an_answer(),)).ticket
    assert (found.owner, found.status, found.tags) == ("boris", Status.CLOSED, {"vip"})
    answered = replace(ANSWERED, agent_messages=2, references=("m0@x", "c1@x", "c2@x"))
    found = told("undo", ticket=answered, posted=(an_answer(),)).ticket
    assert found == replace(answered, agent_messages=1, references=("m0@x", "c2@x")), "the customer has an answer"
    written = replace(ANSWERED, status=Status.OPEN, last_customer_id="m9@x", snoozed_until=None)
    assert told("undo", ticket=written, posted=(an_answer(),)).ticket.status is Status.OPEN


def test_its_author_gets_his_words_back_and_those_who_were_told_of_it_hear_that_there_is_none():
    found = done("undo", ticket=ANSWERED, reach=Reach(posted=(an_answer(),)))
    back = letters(found)["taken-back"]
    assert (back.agent, back.body, back.internal, back.about, back.offer, back.as_of) == (
        "anna",
        "It is on its way.",
        False,
        9,
        "",
        an_answer().at,
    )
    colleague = letters(found)["notification"]
    assert (colleague.agent, colleague.body, colleague.internal) == ("boris", "It is on its way.", True)
    assert colleague.values["warnings"] == ("Anna Ivanova took this answer back before it went out. The customer did not get it.",)
    assert set(letters(found)) == {"taken-back", "notification"}


def test_who_leads_takes_back_what_others_answered_and_they_are_told_by_whom():
    theirs = an_answer(author="boris")
    found = done("undo", ticket=ANSWERED, reach=Reach(posted=(theirs,), leads=True))
    back = letters(found)["taken-back"]
    assert (back.agent, back.values["why"]) == ("boris", "Anna Ivanova")
    assert set(letters(found)) == {"taken-back"}, "who did it knows"
    why = "Boris Petrov's answer waits until 10:00:59, and only its author or a lead can take it back"
    nothing = "; nothing was merged, linked or split on ticket 1042 that could be undone"
    assert fault("undo", posted=(theirs,)) == why + nothing


def test_what_somebody_has_already_stays_an_answer_and_goes_to_nobody_else():
    answer = an_answer(Way("ann@globex.example", SENT, NOW), Way("bob@globex.example", QUEUED), Way("eve@globex.example", SENDING))
    found = done("undo", ticket=ANSWERED, reach=Reach(posted=(answer,)))
    assert TakeBack(77, None, 9) in found.effects
    assert found.after == ANSWERED
    assert events(found)[0] == (
        "recalled",
        "the answer to bob@globex.example: it had reached ann@globex.example, eve@globex.example, so it stays an answer",
    )
    back = letters(found)["taken-back"]
    assert (back.offer, back.values["reached"]) == (None, "ann@globex.example, eve@globex.example")
    assert set(letters(found)) == {"taken-back"}


def test_what_reached_nobody_is_taken_back_whatever_kept_it():
    for state in (DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.FAILED, DeliveryState.CANCELLED):
        assert told("undo", posted=(an_answer(Way("ann@globex.example", state)),)).effects == (TakeBack(77, 5, 9),), state
    for state in (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.UNKNOWN):
        assert told("undo", posted=(an_answer(Way("ann@globex.example", state)),)).faults, state


def test_what_has_gone_out_is_said_with_when_and_to_whom():
    nothing = ", and cannot be taken back; nothing was merged, linked or split on ticket 1042 that could be undone"
    sent = an_answer(Way("ann@globex.example", SENT, NOW), Way("bob@globex.example", SENT, NOW), Way("eve@globex.example", FAILED, NOW))
    words = "your answer was sent at 10:00:00 to ann@globex.example, bob@globex.example, did not reach eve@globex.example"
    assert fault("undo", posted=(sent,)) == words + nothing
    yesterday = an_answer(Way("ann@globex.example", SENT, NOW - timedelta(days=1)), delayed=None)
    assert fault("undo", posted=(yesterday,)) == "your answer was sent at 2026-03-01 10:00:00 to ann@globex.example" + nothing
    theirs = an_answer(Way("ann@globex.example", SENDING), author="boris", delayed=None)
    assert fault("undo", posted=(theirs,)) == "Boris Petrov's answer is being sent to ann@globex.example" + nothing
    at_once = an_answer(Way("ann@globex.example", QUEUED), delayed=None)
    assert fault("undo", posted=(at_once,)) == "your answer is on its way to ann@globex.example" + nothing


def test_an_undo_takes_back_what_came_last():
    later = replace(LINK, at=NOW)
    same = replace(LINK, at=an_answer().at)
    answer, link = (TakeBack(77, 5, 9),), (Undo(3),)
    for last, commands, effects in (
        (LINK, "undo", answer),
        (later, "undo", link),
        (same, "undo", answer),
        (LINK, "undo link", link),
        (later, "undo answer", answer),
        (None, "undo Answer", answer),
    ):
        assert told(commands, last=last, posted=(an_answer(),)).effects == effects, (last, commands)


def test_after_an_answer_that_is_out_of_reach_what_came_before_is_undone_only_if_it_is_meant():
    sent = an_answer(Way("ann@globex.example", SENT, NOW))
    (only,) = told("undo", last=LINK, posted=(sent,)).faults
    assert only.text.endswith("cannot be taken back; what can be undone is the link with #7: write #undo link")
    assert (only.better, only.by_commands) == ("#undo link", True)
    assert told("undo link", last=LINK, posted=(sent,)).effects == (Undo(3),)
    theirs = an_answer(author="boris")
    assert fault("undo", last=LINK, posted=(theirs,)).endswith("can take it back; what can be undone is the link with #7: write #undo link")
    never_held = an_answer(Way("ann@globex.example", SENT, NOW), delayed=None)
    assert told("undo", last=LINK, posted=(never_held,)).effects == (Undo(3),), "nobody expects to take that back"


def test_of_several_answers_the_last_of_ones_own_that_waits_is_taken_back():
    by_hand = replace(an_answer(Way("ann@globex.example", SENT, NOW), delayed=None), letter=79)
    theirs = replace(an_answer(author="boris"), letter=78)
    assert told("undo", posted=(by_hand, theirs, an_answer())).effects == (TakeBack(77, 5, 9),)


def test_who_leads_takes_his_own_back_before_others():
    theirs = replace(an_answer(author="boris"), letter=78, at=NOW)
    assert told("undo", posted=(theirs, an_answer()), leads=True).effects == (TakeBack(77, 5, 9),)
    assert told("undo", posted=(theirs, an_answer()), leads=True, last=LINK).effects == (TakeBack(77, 5, 9),)
    since = replace(LINK, at=NOW)
    assert told("undo", posted=(theirs, an_answer()), leads=True, last=since).effects == (TakeBack(78, 5, 9),)


def test_an_undo_names_what_it_means_or_nothing():
    assert fault("undo merge", last=LINK) == "what was done last is the link with #7"
    assert fault("undo answer", last=LINK) == "nobody has answered on ticket 1042"
    assert fault("undo", "undo", posted=(an_answer(),)) == f"#undo contradicts #undo in line 1; {ONE_ONLY}"
    assert fault("undo", "merge 7", posted=(an_answer(),)) == f"#merge 7 contradicts #undo in line 1; {ONE_ONLY}"


def test_a_merge_beside_the_answer_stays_when_that_is_taken_back():
    target = a_ticket(7, status=Status.WAITING, requester=ANN)
    found = done("merge 7", "close", body="Both are done.", reach=Reach({7: target}))
    delay = letters(found)["answer"].delay
    assert delay is not None
    assert (delay.before.number, delay.before.status, delay.before.customer_messages) == (7, Status.OPEN, 2)


def test_words_beside_it_are_a_note():
    found = done("undo", body="I looked at the wrong order.", ticket=ANSWERED, reach=Reach(posted=(an_answer(),)))
    (message,) = (effect for effect in found.effects if isinstance(effect, AddMessage))
    assert (message.kind, message.internal, message.author) == (MessageKind.NOTE, True, Address("Anna Ivanova", "anna@acme.example"))
