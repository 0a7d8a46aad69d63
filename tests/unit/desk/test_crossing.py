"""What crosses with a colleague's answer, and what becomes of it (MAIL.md A11)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from builders import AGENTS, NOW, a_reading, a_sender, a_ticket, some_settings

from maild.desk.command import Command
from maild.desk.crossing import KEPT_ALREADY, as_note, describe_answers, find_crossing, find_policy, find_release
from maild.desk.returned_mail import FILES_BESIDE, MENDABLE_FOR, SENT_ALREADY, TOO_OLD
from maild.effects import SendCrossed, SendMended
from maild.ingest.sender import FoundToken, TokenPlace
from maild.known import Known, KnownAnswer
from maild.known_letter import KnownLetter, ReturnedMail
from maild.message import Address, Attachment
from maild.reading import Circumstances, Reading
from maild.tokens import LetterKind, LetterToken

MINUTE = timedelta(minutes=1)
ANNA, BORIS = AGENTS["anna"], Address("Boris Petrov", "boris@acme.example")
PLAN = Attachment("plan.pdf", "application/pdf", 12, "0" * 64, inline=False, content_id=None, part=2)
LETTER = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW)


def an_answer(minutes: int, author: Address = BORIS, agent: str | None = "boris") -> KnownAnswer:
    """Recorded so many minutes after Anna's notification was written."""
    at = NOW + minutes * MINUTE
    return KnownAnswer(author, agent, at, at, f"It comes in {minutes} days.")


def by_anna(*answers: KnownAnswer, letter: KnownLetter = LETTER, caught_up: datetime | None = None, has_token: bool = True) -> Reading:
    """Anna's answer to letter 78 on ticket 1042, on which these answers were given, the newest last."""
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 1042, 78, "anna"), TokenPlace.IN_REPLY_TO)
    known = Known(tickets={1042: a_ticket()}, letters={78: letter}, answers={1042: answers[::-1]})
    sender = a_sender(Address("Anna Ivanova", "anna@acme.example"), agent="anna", proven=True, token=token if has_token else None)
    return a_reading(known=known, sender=sender, circumstances=Circumstances("support", caught_up=caught_up))


def crossing(reading: Reading, *tickets: int) -> list[str]:
    return [answer.text for answer in find_crossing(reading, ANNA, *(tickets or (1042,)))]


def test_what_was_answered_since_the_letter_was_written_crosses_the_oldest_first():
    assert crossing(by_anna(an_answer(-1), an_answer(0))) == []
    assert crossing(by_anna(an_answer(-1), an_answer(1), an_answer(2))) == ["It comes in 1 days.", "It comes in 2 days."]
    assert crossing(by_anna()) == []


def test_answers_on_several_tickets_cross_in_the_order_in_which_they_were_given():
    """A7: an answer beside `#merge` goes to where its ticket goes."""
    reading = by_anna(an_answer(1), an_answer(3))
    both = {**reading.known.answers, 7: (an_answer(2), an_answer(-1))}
    reading = replace(reading, known=replace(reading.known, answers=both))
    assert crossing(reading, 1042, 7) == ["It comes in 1 days.", "It comes in 2 days.", "It comes in 3 days."]


def test_a_letter_that_shows_no_answers_is_as_old_as_the_one_before_it():
    """What gave a draft back says nothing of what a colleague answered meanwhile."""
    gave_back = replace(LETTER, as_of=NOW - 5 * MINUTE)
    assert crossing(by_anna(an_answer(-6), an_answer(-4), letter=gave_back)) == ["It comes in -4 days."]


def test_what_an_agent_was_shown_does_not_cross_any_more():
    assert crossing(by_anna(an_answer(1), an_answer(3), caught_up=NOW + 2 * MINUTE)) == ["It comes in 3 days."]
    assert crossing(by_anna(an_answer(-3), letter=replace(LETTER, as_of=NOW - 5 * MINUTE), caught_up=NOW - 6 * MINUTE)) != []


def test_without_a_token_nobody_knows_what_the_answer_refers_to():
    assert crossing(by_anna(an_answer(1), has_token=False)) == []


def test_an_answer_from_the_sent_folder_is_a_colleagues_unless_it_bears_the_agents_own_address():
    """A15."""
    assert len(crossing(by_anna(an_answer(1, Address("Support", "support@acme.example"), None)))) == 1
    assert len(crossing(by_anna(an_answer(1, BORIS, None)))) == 1
    assert crossing(by_anna(an_answer(1, Address("", "Anna@acme.example"), None))) == []


@pytest.mark.parametrize("policy", ["hold", "send", "note"])
def test_the_owners_answers_go_out_whatever_the_desk_says(policy: str) -> None:
    settings = replace(some_settings(), desk=replace(some_settings().desk, on_crossing=policy))
    reading = by_anna(an_answer(1))
    assert find_policy(reading, ANNA, a_ticket(owner="boris"), settings) == policy
    assert find_policy(reading, ANNA, a_ticket(), settings) == policy
    assert find_policy(reading, ANNA, a_ticket(owner="anna"), settings) == "send"
    after_all = replace(reading, circumstances=Circumstances("support", sent_after_all=True))
    assert find_policy(after_all, ANNA, a_ticket(), settings) == ("hold" if policy == "hold" else "send")


def test_those_who_answered_are_named():
    eve = Address("", "eve@acme.example")
    assert describe_answers([an_answer(1), an_answer(2)]) == "Boris Petrov has answered"
    assert describe_answers([an_answer(1), an_answer(2, eve)]) == "Boris Petrov and eve@acme.example have answered"


def released(
    text: str, offer: str | None = "#note\n#close", *, was_mended: bool = False, age: timedelta = timedelta(), files: int = 0
) -> object:
    """What this text does in answer to a letter that told that message 5 is held."""
    return find_release(replace(LETTER, created=NOW - age), ReturnedMail(5, offer, was_mended), text, [PLAN] * files, NOW)


def test_a_held_answer_is_sent_or_kept_as_a_note_at_the_word_of_its_agent():
    for text in ("send", "#send", "Send.", "*SEND*"):
        assert released(text, age=MINUTE) == SendCrossed(5, NOW - MINUTE), text
    for text in ("note", "#note", "Note!"):
        assert released(text) == SendMended(5, "#note\n#close"), text
    assert released("note", None) == KEPT_ALREADY
    for text in ("", "yes", "#note He owes us.", "send it", "#close"):
        assert released(text) is None, text


def test_a_held_answer_is_released_once_and_not_after_two_weeks_and_without_other_files():
    for text in ("send", "note"):
        assert released(text, was_mended=True) == SENT_ALREADY
        assert released(text, age=MENDABLE_FOR + MINUTE) == TOO_OLD
        assert released(text, files=1) == FILES_BESIDE


def test_the_commands_of_a_held_answer_are_done_with_the_note():
    assert as_note([]) == "#note"
    assert as_note([Command("tag", "vip", 1), Command("close", "", 9)]) == "#note\n#tag vip\n#close"
