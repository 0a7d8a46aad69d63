"""Tickets that an agent opens for somebody who has not written (MAIL.md A7-A9)."""

from dataclasses import replace
from typing import Any

from builders import AGENTS, ANN, NOW, a_queue, some_settings

from maild.config.settings import Mode
from maild.desk.acts import Act, Done
from maild.desk.command import Command
from maild.desk.openings import a_new_ticket, begin, take_down
from maild.effects import AddMessage, Letter, Post, RecordEvent
from maild.known import Absence, Suppression
from maild.message import Address, Attachment
from maild.ticket import MessageKind, Participant, ParticipantRole, Status
from maild.tokens import LetterKind

ANNA = AGENTS["anna"]
FILE = Attachment("plan.pdf", "application/pdf", 4, "0" * 64, False, None, 1)
TAKEN_DOWN = "Anna Ivanova took this down. ann@globex.example has not written it, and no answer quotes it."
BOB = Participant(Address("Bob", "bob@globex.example"), ParticipantRole.CC)


def an_act(body: str, *commands: str, **more: Any) -> Act:
    words = tuple(Command(*command.partition(" ")[::2]) for command in commands)
    return Act(agent=ANNA, by="anna", at=NOW, commands=words, body=body, full_text=f"#to …\n{body}", message_id="m1@acme.example", **more)


def begun(body: str = "Your order leaves today.", *commands: str, requester: Address = ANN, subject: str = "Order", **more: Any) -> Done:
    people, queue = more.pop("participants", ()), more.pop("queue", {})
    ticket = replace(a_new_ticket("support", requester, subject, NOW, "de"), participants=people)
    settings = some_settings(queues={"support": a_queue(**queue), "sales": a_queue("sales", agents=("boris",), lead=None)})
    return begin(ticket, an_act(body, *commands, **more), settings)


def taken_down(body: str = "It burns.", *commands: str, acknowledge: bool = False, queue: str = "support", **more: Any) -> Done:
    settings = some_settings(queues={"support": a_queue(statuses=frozenset({"closed"})), "sales": a_queue("sales", agents=("boris",))})
    return take_down(a_new_ticket(queue, ANN, "A call", NOW), an_act(body, *commands, **more), settings, acknowledge=acknowledge)


def letters(done: Done) -> list[Letter]:
    return [effect.letter for effect in done.effects if isinstance(effect, Post)]


def told(done: Done) -> list[str | None]:
    return [letter.agent for letter in letters(done) if letter.kind is LetterKind.NOTIFICATION]


def the_message(done: Done) -> AddMessage:
    (message,) = [effect for effect in done.effects if isinstance(effect, AddMessage)]
    return message


def test_an_agent_writes_first_and_the_ticket_is_his_and_waits():
    done = begun(attachments=(FILE,))
    (letter,) = letters(done)
    assert (letter.kind, letter.recipients, letter.cc, letter.author, letter.queue) == (LetterKind.ANSWER, (ANN,), (), "anna", "support")
    assert (letter.body, letter.quoted, letter.in_reply_to, letter.references) == ("Your order leaves today.", "", None, ())
    assert (letter.attachments, letter.languages[0], letter.automatic) == ((FILE,), "de", False)
    assert (done.after.status, done.after.owner, done.after.requester, done.after.subject) == (Status.WAITING, "anna", ANN, "Order")
    message = the_message(done)
    assert (message.kind, message.agent, message.internal, message.visible) == (
        MessageKind.AGENT,
        "anna",
        False,
        "Your order leaves today.",
    )


def test_what_else_is_commanded_is_done_and_a_colleague_who_gets_it_is_told():
    assert begun("Done.", "close").after.status is Status.CLOSED
    assert begun("Done.", "tag vip", "priority high").after.tags == {"vip"}
    passed = begun("Boris will help.", "assign boris")
    assert (passed.after.owner, told(passed)) == ("boris", ["boris"])
    moved = begun("From sales.", "move sales")
    assert (moved.after.queue, letters(moved)[0].queue, told(moved)) == ("sales", "sales", ["boris"])


def test_copies_go_to_who_takes_part_and_not_to_who_has_it():
    (letter,) = letters(begun(participants=(BOB,)))
    assert letter.cc == (BOB.address,)
    (letter,) = letters(begun(participants=(BOB,), without=("bob@globex.example",)))
    assert letter.cc == ()


def test_what_cannot_be_sent_opens_nothing():
    suppressed = {ANN.key: Suppression("550 no such user")}
    for done, why in (
        (begun(""), "there are no words of yours in it"),
        (begun("", "close"), "there are no words of yours in it"),
        (begun(subject=""), "it has no subject"),
        (begun(suppressed=suppressed), "mail to ann@globex.example comes back, so nobody would get it: 550 no such user"),
        (begun(subject="ask anna@acme.example"), "an agent's own address would be shown: anna@acme.example, in the subject or in a name"),
        (begun(requester=Address("Anna@acme.example", ANN.address)), "an agent's own address would be shown"),
        (begun("Write to anna@acme.example."), "an agent's own address would be shown"),
        (begun("maild-ref: x"), "an agent's token would be shown"),
        (begun(queue={"mode": Mode.AGENTS}), "queue Support is in mode agents, so nothing goes to customers; #from ADDRESS opens a ticket"),
        (begun("Hello", "assign bors"), 'there is no agent "bors"; did you mean boris?'),
    ):
        assert (len(done.faults), done.effects, done.after.number) == (1, (), 0), why
        assert done.faults[0].text.startswith(why)


def test_what_somebody_has_said_is_her_request_in_an_agents_words():
    done = taken_down(attachments=(FILE,))
    message = the_message(done)
    assert (message.kind, message.author, message.agent, message.internal) == (MessageKind.CUSTOMER, ANN, "anna", False)
    assert (message.visible, message.attachments, message.references) == ("It burns.", (FILE,), ())
    assert (done.after.status, done.after.owner) == (Status.NEW, None)
    (letter,) = letters(done)
    assert (letter.agent, letter.internal, letter.body) == ("boris", False, "It burns.")
    assert letter.values["warnings"] == (TAKEN_DOWN,)


def test_she_is_told_nothing_of_it_unless_it_is_to_be_acknowledged():
    assert [letter.kind for letter in letters(taken_down("Settled.", "close"))] == [], "and nobody has anything to do"
    acknowledged = taken_down(acknowledge=True)
    assert (letters(acknowledged)[0].template, letters(acknowledged)[0].recipients) == ("received", (ANN,))
    assert "It burns." not in letters(acknowledged)[0].body
    assert next(effect.kind for effect in acknowledged.effects if isinstance(effect, RecordEvent)) == "acknowledged"


def test_who_has_taken_it_down_is_not_told_and_nobody_twice():
    assert told(taken_down("Mine.", "take")) == ["boris"]
    (passed,) = letters(taken_down("For Boris.", "assign boris"))
    assert (passed.agent, passed.values["warnings"]) == ("boris", ("Anna Ivanova passed this ticket to you.", TAKEN_DOWN))
    moved = taken_down("For sales.", "move sales")
    assert (moved.after.queue, told(moved)) == ("sales", ["boris"])
    away = {"boris": Absence("boris", NOW)}
    kinds = [effect.kind for effect in taken_down("Hello.", away=away).effects if isinstance(effect, RecordEvent)]
    assert "notify_withheld" in kinds


def test_a_fault_in_a_command_takes_nothing_down():
    for done in (
        taken_down("It burns.", "assign bors"),
        take_down(a_new_ticket("support", ANN, "", NOW), an_act("It burns."), some_settings()),
    ):
        assert (len(done.faults), done.effects) == (1, ())
