"""What a telephone leaves of our notification that breaks quoted lines anew, at forty to sixty columns, and marks the first piece of each
only (MAIL.md A8, P8)."""

import pytest
from builders import NOW, some_settings
from hypothesis import given
from hypothesis import strategies as st

from maild.decide import decide
from maild.desk.furniture import without_furniture
from maild.desk.rewrapped import rejoined
from maild.effects import Post
from maild.ingest.html_text import html_to_text
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply
from maild.known_letter import COMMAND_FAILED
from maild.tokens import LetterKind
from tests.rig.mail_forms import narrow
from tests.unit.desk.test_furniture import (
    ANSWERS,
    ASKED,
    ATTRIBUTION,
    LANGUAGES,
    NOTE,
    WORDS,
    answered,
    answered_by_anna,
    notification,
    quoted,
)

NARROW = (38, 40, 42, 45, 50, 54, 60)
INTRODUCTIONS = (ATTRIBUTION, f"> {ATTRIBUTION}", "")


def a_narrow_telephone(language: str, subtype: str, introduction: str, columns: int, note: str = NOTE) -> str:
    shown = notification(language, subtype, note)
    return answered(narrow([introduction, *quoted(shown if subtype == "plain" else html_to_text(shown))], columns))


@pytest.mark.parametrize("introduction", INTRODUCTIONS)
@pytest.mark.parametrize("subtype", ["plain", "html"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_telephone_that_breaks_lines_anew_sends_the_customers_words_alone(language: str, subtype: str, introduction: str):
    """At forty to sixty columns; it marks the first piece only. What the desk knows that it has said is put together again, and cut."""
    shown = notification(language, "plain", NOTE)
    for columns in NARROW:
        new = cut_reply(plain_lines(a_narrow_telephone(language, subtype, introduction, columns))).visible
        left = [line.strip("> ") for line in without_furniture(rejoined(new, shown), 1042).split("\n")]
        expected = ["Hello,", ASKED[0], ANSWERS[0], "It should have come.", ASKED[1], ANSWERS[1], "Ann"]
        assert [line for line in left if line] == expected, columns


def test_words_of_an_agent_below_a_quoted_line_that_was_broken_stay_his():
    shown = notification("en", "plain", NOTE)
    lines = "\n".join(narrow(quoted(shown), 45))
    for below, his in (
        ("> 2026-03-02 17:50 Ann Smith: I wrote to you", "in March, and we have answered"),
        ("> Owner: nobody", "nobody, and that is wrong"),
    ):
        assert below in lines
        text = rejoined(lines.replace(below, f"{below}\n{his}"), shown)
        assert f"\n{his}\n" in text
    assert rejoined(lines, "") == lines
    assert rejoined(lines, "Another letter.") == lines


def test_a_command_right_below_the_line_that_tells_of_commands_is_the_agents():
    shown = notification("en", "plain", NOTE)
    begin = shown[: shown.index("#note, #close")]
    for command in ("#note", "# Note", "/note"):
        text = "\n".join([*quoted(begin), command, "He never pays."])
        assert rejoined(text, shown) == text


@given(
    st.sampled_from(NARROW),
    st.sampled_from(LANGUAGES),
    st.sampled_from(("plain", "html")),
    st.lists(st.sampled_from(WORDS), min_size=4, max_size=70).map(" ".join),
)
def test_no_word_of_a_note_reaches_the_customer_from_a_telephone_that_breaks_lines_anew(
    columns: int, language: str, subtype: str, note: str
):
    """F11: he gets the answer, or the agent gets it back."""
    text = cut_reply(plain_lines(a_narrow_telephone(language, subtype, ATTRIBUTION, columns, note))).visible
    reading = answered_by_anna(text, note, quoted=notification(language, "plain", note))
    (letter,) = (effect.letter for effect in decide(reading, some_settings(), NOW).effects if isinstance(effect, Post))
    assert (letter.kind, ANSWERS[0] in letter.body) == (LetterKind.ANSWER, True)
    assert not {word for word in WORDS if word in letter.body}


def test_a_telephone_that_breaks_lines_anew_and_says_nothing_is_no_answer():
    shown = notification("en", "plain", NOTE)
    text = cut_reply(plain_lines("\n".join(narrow([ATTRIBUTION, "", *quoted(shown)], 45)))).visible
    (letter,) = (
        effect.letter for effect in decide(answered_by_anna(text, NOTE, shown), some_settings(), NOW).effects if isinstance(effect, Post)
    )
    assert (letter.template, letter.values["why"]) == (COMMAND_FAILED, "the mail has no words of yours; write them above what you quote")
