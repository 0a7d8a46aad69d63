"""What of our notification may stand in an answer written between its lines (MAIL.md A8, P8), by what mail programs make of it."""

import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from html import escape
from importlib.resources import files
from pathlib import Path

import pytest
from builders import NOW, a_message, a_reading, a_sender, a_ticket, some_settings
from hypothesis import given
from hypothesis import strategies as st

from maild.config.faults import Faults
from maild.decide import decide
from maild.desk.furniture import is_unmarked_furniture, without_furniture
from maild.effects import Post
from maild.ingest.html_text import html_lines, html_to_text
from maild.ingest.lines import Line, plain_lines, simplify
from maild.ingest.new_text import cut_reply
from maild.ingest.sender import FoundToken, TokenPlace
from maild.ingest.thread import Thread
from maild.known import Known
from maild.message import Address
from maild.outbox.hygiene import fold_note
from maild.reading import Reading
from maild.templates.words import read_words
from maild.tokens import LetterKind, LetterToken
from tests.rig.letters import a_letter, a_round_trip, an_attachment, composed, read_back, text_of

LANGUAGES = ("en", "de", "fr", "es", "bg", "el", "ru", "fa")
ASKED = ("Where is my order?", "May I change the address?")
ANSWERS = ("It comes on Monday.", "yes, to which?")
BODY = f"Hello,\n\n{ASKED[0]}\nIt should have come.\n\n{ASKED[1]}\n\nAnn"
WARNING = "The sender could not be verified."
ELSE = "2026-03-02 17:40 third party Eve Stone: "
PAST = "2026-03-02 17:50 Ann Smith: I wrote to you in February already, and nobody has told me anything since I first asked you about that."
NOTE = "She has owed us money since May, and has been told so three times already."
WORDS = ("owes", "lawyer,", "Invoice", "since-May", "ledger.", "friendly", "blacklisted", "#note", "12.50")
NOTED = "2026-03-02 17:49 #note Boris Petrov: "
ATTRIBUTION = "On Fri, Nov 20, 2026 at 10:02 AM Ann Smith via Support <support@acme.example> wrote:"


@lru_cache(maxsize=100)
def notification(language: str, subtype: str, note: str) -> str:
    letter = a_letter(
        LetterKind.NOTIFICATION,
        languages=(language,),
        body=BODY,
        values={
            "snoozed": "2026-03-04 09:00",
            "writer": "Bob Brown <bob@globex.example>",
            "warnings": (WARNING,),
            "tasks": (fold_note(f"2. {note} (Boris Petrov, 2026-03-06 09:00)"),),
            "notes": (fold_note(f"rule debts: {note}"),),
            "history": (fold_note(f"{NOTED}{note}"), fold_note(f"{ELSE}{note}"), PAST),
        },
        attachments=(an_attachment("a.pdf"),),
    )
    return text_of(read_back(composed(letter, round_trip=a_round_trip(), files={1: b"abc"})), subtype)


def quoted(text: str) -> list[str]:
    return [f"> {line}".rstrip() for line in text.rstrip("\n").split("\n")]


def wrapped(lines: list[str], mark: str = "") -> list[str]:
    """Lines of more than 76 characters are broken, the rest with the mark or without any."""
    return [piece for line in lines for piece in _pieces(line, mark)]


def _pieces(line: str, mark: str) -> list[str]:
    found = re.findall(r".{1,76}(?:\s|$)|\S{77,}", line)
    return [found[0].rstrip(), *(f"{mark}{piece}".rstrip() for piece in found[1:])] if found else [line]


def answered(lines: list[str]) -> str:
    """Each question with its answer below it, by whatever mark it is quoted."""
    written: list[str] = []
    for line in lines:
        written.append(line)
        for question, answer in zip(ASKED, ANSWERS, strict=True):
            if line.endswith(question):
                written += ["", answer, ""]
    return "\n".join(written)


def mutt(language: str, note: str = NOTE) -> str:
    lines = quoted(notification(language, "plain", note))
    return f"On Fri, Nov 20, 2026 at 10:02:11AM +0000, Ann Smith via Support wrote:\n{answered(lines)}\n"


def thunderbird(language: str, note: str = NOTE) -> str:
    return f"Am 20.11.26 um 10:02 schrieb Ann Smith via Support:\n{answered(wrapped(quoted(notification(language, 'plain', note)), '> '))}"


def gmail(language: str, note: str = NOTE) -> str:
    return f"{ATTRIBUTION}\n\n{answered(quoted(html_to_text(notification(language, 'html', note))))}"


def an_iphone(language: str, note: str = NOTE) -> str:
    lines = quoted(notification(language, "plain", note))
    return answered(["> On Nov 20, 2026, at 10:02, Ann Smith via Support <support@acme.example> wrote:", "> ", *lines])


def outlook_express(language: str, note: str = NOTE) -> str:
    block = 'From: "Ann Smith via Support" <support@acme.example>\nTo: <anna@acme.example>\nSent: Friday, November 20, 2026 10:02 AM\n'
    return f"----- Original Message -----\n{block}Subject: Where\n\n{answered(quoted(notification(language, 'plain', note)))}"


def a_telephone_that_breaks_lines(language: str, note: str = NOTE) -> str:
    return f"{ATTRIBUTION}\n{answered(wrapped(quoted(notification(language, 'plain', note))))}"


def apple_mail(language: str, note: str = NOTE) -> str:
    """HTML alone, with the cells of the card below one another."""
    html = notification(language, "html", note).replace("</td> <td>", "<br>")
    return _in_html(f'<blockquote type="cite"><div>{ATTRIBUTION}</div></blockquote>', html, '<blockquote type="cite">', "</blockquote>")


def thunderbird_in_html(language: str, note: str = NOTE) -> str:
    cited = f'<div class="moz-cite-prefix">{escape(ATTRIBUTION)}</div>'
    return _in_html(cited, notification(language, "html", note), '<blockquote type="cite">', "</blockquote>")


def gmail_in_html(language: str, note: str = NOTE) -> str:
    frame = f'<div class="gmail_quote"><div class="gmail_attr">{escape(ATTRIBUTION)}</div>'
    return _in_html(frame, notification(language, "html", note), '<blockquote class="gmail_quote">', "</blockquote>")


def _in_html(above: str, html: str, begin: str, end: str) -> str:
    body = re.sub(r"(?s).*<body>|</body>.*", "", html)
    for question, answer in zip(ASKED, ANSWERS, strict=True):
        body = body.replace(question, f"{question}{end}<p>{answer}</p>{begin}")
    return cut_reply(html_lines(f"{above}{begin}{body}{end}")).visible


PROGRAMS: list[Callable[..., str]] = [
    mutt,
    thunderbird,
    gmail,
    an_iphone,
    outlook_express,
    a_telephone_that_breaks_lines,
    apple_mail,
    thunderbird_in_html,
    gmail_in_html,
]


def relayed(text: str) -> str:
    return without_furniture(cut_reply(plain_lines(text)).visible, 1042)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("program", PROGRAMS)
def test_answers_between_the_lines_go_out_with_the_customers_words_alone(program: Callable[[str], str], language: str) -> None:
    lines = [line.strip("> ") for line in relayed(program(language)).split("\n")]
    assert [line for line in lines if line] == ["Hello,", ASKED[0], ANSWERS[0], "It should have come.", ASKED[1], ANSWERS[1], "Ann"]


@given(st.sampled_from(PROGRAMS), st.sampled_from(LANGUAGES), st.lists(st.sampled_from(WORDS), min_size=4, max_size=70).map(" ".join))
def test_no_word_of_a_note_reaches_the_customer_by_an_answer_between_the_lines(program: Callable[..., str], language: str, note: str):
    """F11: however long it is, and whatever it says."""
    text = cut_reply(plain_lines(program(language, note))).visible
    draft = decide(answered_by_anna(text, note), some_settings(), NOW)
    (letter,) = (effect.letter for effect in draft.effects if isinstance(effect, Post))
    assert (letter.kind, ANSWERS[0] in letter.body) == (LetterKind.ANSWER, True)
    assert not {word for word in WORDS if word in letter.body}


def answered_by_anna(text: str, note: str, quoted: str = "") -> Reading:
    anna, ticket = Address("Anna Ivanova", "anna@acme.example"), a_ticket()
    token = FoundToken(LetterToken(LetterKind.NOTIFICATION, 1042, 77, "anna"), TokenPlace.IN_REPLY_TO)
    return a_reading(
        message=a_message(header_from=(anna,), new_text=text, text=text),
        sender=a_sender(anna, agent="anna", proven=True, token=token),
        known=Known(tickets={1042: ticket}, notes=(note,), quoted=quoted),
        thread=Thread(ticket),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_of_a_ticket_shown_whole_no_more_goes_out_than_of_its_notification(language: str):
    """A7, F11: quoted, and quoted by a telephone that breaks lines and marks the first piece only."""
    said = ({"head": f"{NOTED[:-1]}", "words": fold_note(NOTE)}, {"head": "2026-03-02 17:40 Ann Smith:", "words": PAST})
    letter = a_letter(LetterKind.NOTIFICATION, template="shown", languages=(language,), body=BODY, values={"said": said})
    lines = quoted(text_of(read_back(composed(letter))))
    for text in (answered(lines), answered(wrapped(lines))):
        left = [line.strip("> ") for line in relayed(f"{ATTRIBUTION}\n{text}").split("\n")]
        assert [line for line in left if line] == ["Hello,", ASKED[0], ANSWERS[0], "It should have come.", ASKED[1], ANSWERS[1], "Ann"]


def test_what_is_left_of_the_quotation_stands_as_it_stood():
    left = f"> Hello,\n>\n> {ASKED[0]}\n\n{ANSWERS[0]}\n\n> It should have come.\n>\n> {ASKED[1]}\n\n{ANSWERS[1]}\n\n>\n> Ann"
    assert relayed(mutt("en")) == left


def test_words_above_and_below_the_furniture_stay():
    text = f"Hello Ann,\n\n{mutt('en')}\nGreetings from us.\n\nWe are open till six."
    assert relayed(text).startswith("Hello Ann,\n\n> Hello,")
    assert relayed(text).endswith("> Ann\n\nGreetings from us.\n\nWe are open till six.")


def test_an_answer_within_the_furniture_stays_and_the_furniture_goes():
    text = mutt("en").replace("> Owner: nobody\n", "> Owner: nobody\nI take it, by the way.\n")
    assert "I take it, by the way." in relayed(text)
    assert "Owner" not in relayed(text)


def test_what_was_left_of_a_shortened_notification_goes_too():
    kept = f"{ATTRIBUTION}\n> {ASKED[0]}\n{ANSWERS[0]}"
    assert relayed(kept) == kept
    assert relayed(f"> Reply = to Ann Smith\n>\n> {ASKED[0]}\n{ANSWERS[0]}") == f"> {ASKED[0]}\n{ANSWERS[0]}"
    for rest in (
        "> Status: open\n> Priority: high",
        f"> Earlier:\n> {PAST}",
        f"> Earlier:\n> {NOTED}{NOTE}",
        f"> Note: rule debts: {NOTE}\n> Attached: a.pdf",
        "> Commands, as the first lines of your reply:\n> #note, #close, #wait, #open",
        "> #note, #close, #wait, #open, #take, #snooze\n3d, #assign NAME, #move QUEUE, #tag WORD, #priority high",
        "> maild-ref: n.1042.77.0aabcdefghijklmnop",
        "> #move QUEUE, #tag WORD, #priority high, #next, #files, #help\n>\n> maild-ref: n.1042.77.0aabcdefghijklmnop",
        "> Customer: since 2025-11-20, last with Boris\n>\n> Commands, as the first lines of your reply:\n> #note, #close, #wait, #open",
        "> ----------------------------------------\n> Ticket: 1042",
        f"> ! {WARNING}\n>\n> Ticket:\n> 1042",
    ):
        assert relayed(f"> {ASKED[0]}\n{ANSWERS[0]}\n>\n{rest}") == f"> {ASKED[0]}\n{ANSWERS[0]}", rest


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_right_below_what_is_quoted_is_the_agents(language: str):
    """A7: mutt and Thunderbird leave no line empty there, and whoever shortens the quotation may end it anywhere."""
    lines = quoted(notification(language, "plain", NOTE))
    for end in range(1, len(lines) + 1):
        for command in ("#note", "#close", "#snooze 3d", "#priority high"):
            left = relayed("\n".join([ATTRIBUTION, *lines[:end], command, "He never pays."]))
            assert left.endswith(f"{command}\nHe never pays."), (lines[end - 1], command)


def test_a_card_with_words_of_a_desks_own_is_known_by_its_number_and_rows():
    card = "> Vorgang: 1042\n> Abteilung: Support\n> Status: offen"
    assert relayed(f"> {ASKED[0]}\n{ANSWERS[0]}\n>\n{card}\n> Mehr: nichts") == f"> {ASKED[0]}\n{ANSWERS[0]}"
    other = "> Order: 1042\n> Status: broken\n> Colour: blue"
    assert relayed(f"> {ASKED[0]}\n{ANSWERS[0]}\n>\n{other}").endswith(other)


def test_a_text_without_furniture_is_not_touched():
    for text in (
        "Yes.",
        "Please type this:\n> sudo reboot\n\n\n\nand tell me.",
        f"> {ASKED[0]}\n{ANSWERS[0]}\n>\n> Status: it is broken\n> We have ticket: 1042",
        "> Hello\nReply = to what?\nTicket: 1042",
    ):
        assert without_furniture(text, 1042) == text


def test_furniture_without_quote_marks_is_told():
    for language in LANGUAGES:
        plain = notification(language, "plain", NOTE)
        assert is_unmarked_furniture(plain, 1042)
        assert is_unmarked_furniture(html_to_text(notification(language, "html", NOTE)), 1042)
        card = plain[plain.index("-----") : plain.index("2026-03-02")]
        assert is_unmarked_furniture(f"It comes on Monday.\n\n{card}", 1042), language
    assert is_unmarked_furniture("It comes.\n#note, #close, #wait, #open", 1042)


def test_an_agents_own_words_are_no_furniture():
    for text in (
        "Your ticket: 1042\nStatus: closed",
        "Ticket: 1042",
        "My reply = to your question: yes",
        "Use #note, and then #close.",
        f"> {ASKED[0]}\n{ANSWERS[0]}",
        "Ticket: 7\nQueue: Support\nStatus: open\nPriority: high",
    ):
        assert not is_unmarked_furniture(text, 1042), text


def test_every_word_of_the_letters_is_known():
    data = tomllib.loads(files("maild.desk").joinpath("data/furniture.toml").read_text(encoding="utf-8"))
    labels = (
        "queue",
        "status",
        "snoozed",
        "priority",
        "owner",
        "team",
        "tier",
        "tags",
        "requester",
        "customer",
        "other",
        "copies",
        "note",
        "task",
        "attached",
    )
    rows = (*(f"card.{label}" for label in labels), "left_out", "card.files")
    assert set(data["reply"]) == set(LANGUAGES)
    for language in LANGUAGES:
        words = words_of(language)
        assert data["reply"][language] == [plain(words["reply_to"].partition("{{")[0]).strip(), plain(words["reply_note"])]
        assert data["snoozed"][language] == [plain(words["snoozed"].partition("{{")[0]).strip()]
        assert [plain(word) for word in data["unsent"][language]] == [plain(words["unsent"]).partition(":")[0].strip()]
        assert data["welcome"][language] == [plain(words["welcome.reply"])]
        assert data["ticket"][language] == [plain(words["card.ticket"])]
        assert [plain(word) for word in data["rows"][language]] == [plain(words[row]) for row in rows]
        assert [plain(word) for word in data["heads"][language]] == [plain(words["card.earlier"]), plain(words["commands"])]


def words_of(language: str) -> dict[str, str]:
    file = Path(str(files("maild.templates").joinpath(f"{language}/words.yaml")))
    return {str(word): word.text for word in read_words(file, Faults())}


def plain(word: str) -> str:
    return simplify((Line(word),))[0].text.lower()
