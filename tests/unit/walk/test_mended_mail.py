"""An agent's mail that walks again with corrected command lines, from its bytes to the decision (MAIL.md A7)."""

from maild.ingest.parse import parse_message
from maild.known import Known
from maild.known_letter import KnownLetter
from maild.pipeline import Desk, consider
from maild.question import Question
from maild.reading import Circumstances
from maild.rules.ruleset import NO_RULES
from maild.tokens import LetterKind
from tests.builders import NOW, a_ticket, some_settings, some_tokens

TOKEN = some_tokens().mint_message_id(LetterKind.NOTIFICATION, 1042, 78, "anna")
MAIL = f"""From: anna@acme.example
To: support@acme.example
Subject: Re: Printer
Message-ID: <x@acme.example>
In-Reply-To: <{TOKEN}>

#clsoe
#list mine
Dear Ann, we are done.
"""


def test_what_the_corrected_lines_name_is_looked_up_like_what_a_mail_names_itself():
    """Tags that exist, and tickets that are asked for."""
    asked: list[Question] = []

    def asking(question: Question) -> Known:
        asked.append(question)
        letter = KnownLetter(78, TOKEN, LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=NOW)
        return Known(tickets={1042: a_ticket(), 7: a_ticket(7)}, letters={78: letter}, tag_names=question.tags & {"payment"})

    circumstances = Circumstances("support", corrected="#payment\n#show 7")
    message = parse_message(MAIL.replace("\n", "\r\n").encode())
    decision = consider(message, circumstances, asking, Desk(some_settings(), NO_RULES, some_tokens()), NOW)
    assert [7 in question.wanted.tickets for question in asked] == [True]
    assert decision.after is not None
    assert decision.after.tags == {"payment"}
    assert [letter.body for letter in decision.letters] == ["Dear Ann, we are done."]
    shown = [letter.template for other in decision.beside for letter in other.letters]
    assert shown == ["shown"], "and the list of the old lines is not asked for any more"


def test_the_tickets_that_corrected_lines_name_and_what_they_undo_are_looked_up_too():
    asked: list[Question] = []

    def asking(question: Question) -> Known:
        asked.append(question)
        letter = KnownLetter(78, TOKEN, LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=NOW)
        return Known(tickets={1042: a_ticket(), 7: a_ticket(7)}, letters={78: letter})

    message = parse_message(MAIL.replace("\n", "\r\n").encode())
    desk = Desk(some_settings(), NO_RULES, some_tokens())
    merged = consider(message, Circumstances("support", corrected="#merge 7"), asking, desk, NOW)
    assert (merged.after and merged.after.number, [letter.body for letter in merged.letters]) == (7, ["Dear Ann, we are done."])
    consider(message, Circumstances("support", corrected="#undo"), asking, desk, NOW)
    assert [(7 in question.tickets, question.undoes) for question in asked] == [(True, False), (False, True)]
