"""An agent's mail that came back, and what his answer to that letter does to it (MAIL.md A7)."""

from dataclasses import replace
from datetime import timedelta

from builders import NOW

from maild.desk.command import Command, CommandFault
from maild.desk.returned_mail import (
    FILES_BESIDE,
    MENDABLE_FOR,
    NOTHING_ASKED,
    NOTHING_TO_AGREE_TO,
    SENT_ALREADY,
    TOO_OLD,
    find_mending,
    find_offer,
)
from maild.effects import SendMended
from maild.known_letter import KnownLetter, ReturnedMail
from maild.message import Attachment
from maild.tokens import LetterKind

PLAN = Attachment("plan.pdf", "application/pdf", 12, "0" * 64, inline=False, content_id=None, part=2)


def answered(text: str, offer: str | None = "#close", *, was_mended: bool = False, age: timedelta = timedelta(), files: int = 0) -> object:
    """What this text does in answer to a letter that gave message 5 back."""
    letter = KnownLetter(78, "n@acme.example", LetterKind.NOTIFICATION, 1042, "anna", False, NOW - age)
    return find_mending(letter, ReturnedMail(5, offer, was_mended), text, [PLAN] * files, NOW)


def test_command_lines_alone_mend_it():
    for text, lines in (
        ("#close", "#close"),
        ("#close\n\n#tag vip\n", "#close\n#tag vip"),
        ("#clsoe", "#clsoe"),
        ("> old\n#wait", "#wait"),
    ):
        assert answered(text) == answered(text, "") == SendMended(5, lines), text


def test_yes_mends_it_with_what_was_asked():
    for text in ("yes", "#yes", "Yes.", "*YES*", "＃yes!\n", "\u200fyes"):
        assert answered(text, "#close\n#tag vip") == SendMended(5, "#close\n#tag vip"), text
    assert answered("yes", "") == NOTHING_ASKED


def test_any_other_word_is_an_answer_of_its_own():
    for text in ("yes please", "#close\nDear Ann, we are done.", "Yes, #close", "", "##close", "no"):
        assert answered(text) is None, text


def test_what_no_command_line_mends_is_not_mended_and_yes_is_no_answer_to_a_customer():
    assert answered("#close", None) is None
    assert answered("yes", None) == NOTHING_TO_AGREE_TO


def test_it_is_mended_once_and_not_after_two_weeks_and_without_other_files():
    for text in ("yes", "#close"):
        assert answered(text, was_mended=True) == SENT_ALREADY
        assert answered(text, age=MENDABLE_FOR) == SendMended(5, "#close")
        assert answered(text, age=MENDABLE_FOR + timedelta(minutes=1)) == TOO_OLD
        assert answered(text, files=1) == FILES_BESIDE


def test_the_lines_that_were_probably_meant_are_offered_with_those_that_are_right():
    close, unknown = CommandFault(2, "…", by_commands=True, better="#close"), CommandFault(4, "…", by_commands=True)
    right = (Command("tag", "vip", 1), Command("take", "", 3))
    assert find_offer(right, [close]) == "#tag vip\n#close\n#take"
    assert find_offer((), [close]) == "#close"
    assert find_offer((*right, Command("assign", "mria", 5)), [replace(close, line=5, better="#assign maria")]) == (
        "#tag vip\n#take\n#assign maria"
    )
    assert find_offer(right, [close, unknown]) == find_offer(right, [unknown]) == ""
    assert find_offer(right, [close, CommandFault(0, "it is encrypted")]) is None
