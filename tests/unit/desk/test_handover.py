"""Whoever hands his ticket over is asked for a note where it has none (PRODUCT 13)."""

from dataclasses import replace
from datetime import timedelta

from maild.config.settings import Agent
from maild.desk.handover import ask_for_note
from maild.effects import AddMessage, Letter, Post
from maild.known import Earlier
from maild.message import Address
from maild.ticket import MessageKind, Status, TicketView, Tier
from tests.builders import NOW, a_ticket, some_settings

SETTINGS = some_settings()
ANNA = SETTINGS.agents["anna"]
ADMIN = Agent("root", "Root", "root@acme.example")
HIS = a_ticket(owner="anna", status=Status.OPEN)
GIVEN = replace(HIS, owner="boris")
ASKED = Earlier(NOW - timedelta(days=1), "Ann Smith", "Where is it?")
NOTED = Earlier(NOW - timedelta(hours=1), "Boris Petrov", "He owes us.", is_note=True)


def a_message(*, internal: bool) -> AddMessage:
    kind = MessageKind.NOTE if internal else MessageKind.AGENT
    return AddMessage(kind, Address("Anna Ivanova", ANNA.email), NOW, "Words.", "Words.", internal=internal)


def asked(
    before: TicketView = HIS, after: TicketView = GIVEN, agent: Agent = ANNA, message: AddMessage | None = None, *earlier: Earlier
) -> list[Letter]:
    return [
        effect.letter for effect in ask_for_note(before, after, agent, message, (ASKED, *earlier), SETTINGS) if isinstance(effect, Post)
    ]


def test_whose_it_was_is_asked_and_his_reply_is_a_note():
    (letter,) = asked()
    assert (letter.agent, letter.internal) == ("anna", True)
    assert letter.body.startswith("You passed this ticket to Boris")
    assert len(asked(HIS, GIVEN, ANNA, a_message(internal=False))) == 1, "what the customer was told is no note"


def test_nobody_is_asked_where_there_is_a_note():
    assert asked(HIS, GIVEN, ANNA, a_message(internal=True)) == []
    assert asked(HIS, GIVEN, ANNA, None, NOTED) == []


def test_nobody_is_asked_who_has_not_worked_on_it_or_passes_it_to_nobody():
    for before, after, agent in (
        (replace(HIS, owner=None), GIVEN, ANNA),
        (replace(HIS, owner="carol"), GIVEN, ANNA),
        (HIS, HIS, ANNA),
        (HIS, replace(HIS, owner=None), ANNA),
        (replace(HIS, owner="root"), GIVEN, ADMIN),
        (HIS, replace(GIVEN, status=Status.CLOSED), ANNA),
        (HIS, replace(GIVEN, queue="sales"), ANNA),
        (HIS, replace(GIVEN, tier=Tier.L2), ANNA),
    ):
        assert asked(before, after, agent) == []
