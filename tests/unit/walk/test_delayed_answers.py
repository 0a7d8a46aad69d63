"""What the walk of a customer's mail knows of answers that are still held back (`send_after`)."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from maild.ingest.parse import parse_message
from maild.known import Known
from maild.pipeline import Desk, consider
from maild.posted_answer import WaitingAnswer
from maild.question import Question
from maild.reading import Circumstances
from maild.rules.ruleset import NO_RULES
from maild.tokens import LetterKind
from tests.builders import AGENTS, ANN, NOW, a_queue, a_ticket, some_settings, some_tokens

ACK = some_tokens().mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 77, None)
MAIL = f"From: {ANN}\r\nTo: support@acme.example\r\nSubject: Re: Printer\r\nIn-Reply-To: <{ACK}>\r\n\r\nIs it on its way?\r\n"
MINUTE = timedelta(minutes=1)


def considered(send_after: timedelta, *waiting: WaitingAnswer, zone: str | None = None) -> tuple[bool, list[object]]:
    """Whether answers that wait are asked for, and what the agents are warned of. `zone`: where Anna lives, if that is not where the desk
    is."""
    asked: list[Question] = []

    def asking(question: Question) -> Known:
        asked.append(question)
        return Known(tickets={1042: a_ticket(owner="anna")}, waiting={1042: waiting})

    agents = {**AGENTS, "anna": replace(AGENTS["anna"], timezone=ZoneInfo(zone) if zone else None)}
    settings = some_settings(queues={"support": a_queue(), "sales": a_queue("sales", send_after=send_after)}, agents=agents)
    decision = consider(parse_message(MAIL.encode()), Circumstances("support"), asking, Desk(settings, NO_RULES, some_tokens()), NOW)
    (question,) = asked
    return question.waits, [letter.values["warnings"] for letter in decision.letters]


def test_only_a_desk_that_holds_answers_back_asks_for_those_that_wait():
    assert considered(timedelta())[0] is False
    assert considered(MINUTE)[0] is True


def test_the_agents_are_told_beside_a_customers_mail_that_he_has_not_got_the_answer_yet():
    told = "Anna Ivanova's answer waits until 10:01:00. #undo takes it back before it goes out."
    assert considered(MINUTE, WaitingAnswer("anna", NOW + MINUTE))[1] == [(told,)]
    assert considered(MINUTE, WaitingAnswer("anna", NOW))[1] == [()], "it is going out"


def test_until_when_an_answer_waits_each_agent_is_told_by_his_own_clock():
    """As the card tells him of times."""
    (told,) = considered(MINUTE, WaitingAnswer("anna", NOW + MINUTE), zone="America/New_York")[1]
    assert told == (f"Anna Ivanova's answer waits until {NOW.hour - 5:02}:01:00. #undo takes it back before it goes out.",)
