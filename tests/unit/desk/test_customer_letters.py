"""What an answer to a customer holds beside the agent's words (MAIL.md O7)."""

from builders import a_ticket, some_settings

from maild.desk.answered import Answered
from maild.desk.customer_letters import answer

SETTINGS = some_settings()
ASKED = Answered("<1@globex.example>", (), "Where is it?\nAnd in blue?", "Ann Smith")


def check(body: str, quoted: str):
    letter = answer(a_ticket(), SETTINGS.agents["anna"], body, (), (), ASKED, SETTINGS)
    assert (letter.body, letter.quoted) == (body, quoted)


def test_her_words_stand_below_an_answer_unless_it_stands_between_them():
    check("On its way.", ASKED.text)
    check("On its way: a -> b", ASKED.text)
    check("> Where is it?\n\nOn its way.", "")
    check("Hello,\n\n> And in blue?\nNo.", "")
