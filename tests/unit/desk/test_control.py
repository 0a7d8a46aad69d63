"""Control words, and the mails in which they ask the desk itself (MAIL.md A3, A7)."""

from dataclasses import replace

from builders import ANN, a_message, a_sender, some_settings

from maild.desk.command_lines import find_errands, parse
from maild.desk.control import CONTROLS, MOST_ASKED, find_asked, read_number
from maild.desk.errands import ERRANDS
from maild.desk.manual import GROUPS, usages
from maild.desk.verbs import VERBS
from maild.ingest.sender import FoundToken, Sender, TokenPlace
from maild.message import Address, Attachment, Forwarded
from maild.tokens import LetterKind, LetterToken

DESK = some_settings(desk=replace(some_settings().desk, control="desk@acme.example"))
CONTROL = Address("", "desk@acme.example")
A_FILE = Attachment("shop.pdf", "application/pdf", 2048, "0" * 64, False, None, 1)


ANNA = a_sender(Address("Anna Ivanova", "anna@acme.example"), agent="anna")


def answering(ticket: int) -> Sender:
    """Anna, with the token of a letter about this ticket."""
    return replace(ANNA, token=FoundToken(LetterToken(LetterKind.NOTIFICATION, ticket, 77, "anna"), TokenPlace.IN_REPLY_TO))


def check(subject: str, asked: tuple[str, str] | None, body: str = "Regards, Anna", **mail: object) -> None:
    found = find_asked(a_message(subject=subject, new_text=body, **mail), ANNA, DESK)
    assert (None if found is None else [(command.word, command.argument) for command in found]) == (None if asked is None else [asked])


def test_a_subject_that_is_a_control_word_with_its_arguments_asks_the_desk():
    check("help", ("help", ""))
    check(" Help. ", ("help", ""))
    check("#help", ("help", ""))
    check("list", ("list", ""))
    check("list status:open #payment", ("list", "status:open #payment"))
    check("LIST -from:@globex.example", ("list", "-from:@globex.example"))
    check("list  refund", ("list", "refund"))
    check("list “refund order”", ("list", '"refund order"'))
    check("away until 12 May deputy boris", ("away", "until 12 May deputy boris"))
    check("away 3d deputy boris", ("away", "3d deputy boris"))
    check("Back", ("back", ""))
    check("next", ("next", ""))
    check("next support", ("next", "support"))
    check("show 1042", ("show", "1042"))
    check("show [Acme #1042-7QKD]", ("show", "[Acme #1042-7QKD]"))
    check("#Hilfe", ("help", ""))
    check("#показать 1042", ("show", "1042"))


def test_any_other_subject_is_a_request():
    for subject in (
        "",
        "Help me",
        "Hilfe",
        "Liste der Kunden",
        "help: the printer burns",
        "Re: help",
        "Re: list #payment",
        "listing",
        "Printer",
        "Show me the invoice",
        "Next week",
        "Away game tickets",
        "back to work",
        "show",
        "help " * 100,
        "Shop 1042",
        "File 1042",
        "Lost #luggage",
        "Last status:unknown",
        "Net support",
        "Lists",
        "Text",
        "Black",
        "hlep",
        "lst refund",
        "nxet support",
    ):
        check(subject, None)
    check("help", None, in_reply_to=("m0@globex.example",))


def test_a_mistyped_control_word_is_no_request_where_two_signs_say_so():
    """A slip of the fingers, arguments that no other subject has, and no words beside it."""

    def mistyped(subject: str, body: str = "Regards, Anna", **mail: object) -> None:
        check(subject, ("?", subject), body=body, **mail)

    for subject in ("shwo 1006", "lst #payment", "lsit status:open", "Awya until 12 May", "fiels 1042 plan.pdf", "shoow [Acme #1042-7QKD]"):
        mistyped(subject)
    for subject in ("hlep", "lst", "lst refund", "nxet support", "bcak", "cannde", "hepl", "Shop 1042", "Lost #luggage"):
        mistyped(subject, body="")
        mistyped(subject, body="Best regards\nAnna Ivanova")
    check("Shop 1042", None, body="", attachments=(A_FILE,))
    check("Text", None, body="")
    check("Printer", None, body="")
    check("shwo", None, body="")
    check("shwo 1006", None, body="", in_reply_to=("m0@globex.example",))


def test_who_names_wrongly_what_he_wants_is_told_so_where_he_says_nothing_else():
    for subject, asked in (
        ("next salse", ("next", "salse")),
        ("Show", ("show", "")),
        ("show abc", ("show", "abc")),
        ("#files", ("files", "")),
    ):
        check(subject, asked, body="")
        check(subject, asked, body="Best regards\nAnna Ivanova")
        check(subject, None)
        check(subject, None, body="", in_reply_to=("m0@globex.example",))
        check(subject, None, body="", attachments=(A_FILE,))
    for subject in ("Next week please", "Help printer", "Back door", "Show me the invoice"):
        check(subject, None, body="")


def test_at_the_control_address_the_first_line_counts_where_the_subject_says_nothing():
    check("", ("list", "#payment"), body="\nlist #payment\nRegards", to=(CONTROL,))
    check("Re:", ("help", ""), body="#help", to=(CONTROL,))
    check("Re: ", ("help", ""), body="", to=(CONTROL,))
    check("list #payment", ("list", "#payment"), body="help", to=(CONTROL,))
    check("", None, body="help")
    check("", ("help", ""), body="help", to=(), recipients=("desk+x@acme.example",))


def test_at_the_control_address_nothing_is_a_request():
    check("Nonsense", ("", "Nonsense"), to=(CONTROL,))
    check("Help me", ("help", "me"), to=(CONTROL,))
    check("", ("", "Where is it?"), body="Where is it?\nhelp", to=(CONTROL,))


PERSONAL = Address("", "support+anna.0aabcdefghijklmnop@acme.example")


def test_the_personal_address_reads_as_the_control_address_does_where_a_mail_is_for_nobody_else():
    """A3."""

    def check(subject: str, asked: str | None, **mail: object) -> None:
        found = find_asked(
            a_message(subject=subject, **{"new_text": "next", "to": (PERSONAL,), **mail}), replace(ANNA, personal=True), DESK
        )
        assert (found[0].word if found else None) == asked

    check("", "next")
    check("hlep", "")
    check("list", "list", cc=(Address("", "support@acme.example"),))
    check("The printer", None, cc=(Address("", "support@acme.example"),))
    check("The printer", None, to=(ANN,), cc=(PERSONAL,))
    check("Fwd: The printer", None)
    check("The printer", None, forwarded=Forwarded(a_message(), "", (), is_attached=True))
    check("Re: The printer", None, in_reply_to=("m0@globex.example",))
    assert find_asked(a_message(subject="", new_text="next", to=(PERSONAL,)), ANNA, DESK) is None


def test_a_reply_to_a_letter_about_no_ticket_asks_with_its_first_lines():
    def check(body: str, *asked: tuple[str, str]) -> None:
        found = find_asked(a_message(subject="Re: Your request: help", new_text=body), answering(0), DESK)
        assert found is not None
        assert [(command.word, command.argument) for command in found] == list(asked)

    check("#list #payment\n#help\nRegards\nAnna", ("list", "#payment"), ("help", ""))
    check("list #payment\nhelp yourself", ("list", "#payment"))
    check("Thank you\n#help", ("", "Thank you"))
    check("#help\n" * 9, *[("help", "")] * MOST_ASKED)


def test_a_reply_to_a_notification_is_no_control_mail():
    assert find_asked(a_message(subject="help", new_text="#help"), answering(1042), DESK) is None


def test_in_a_reply_control_words_are_commands_that_do_nothing_to_the_ticket():
    parsed = parse("#close\n#list #payment\nDone.\n#help")
    assert [command.word for command in parsed.commands] == ["close"]
    assert [(command.word, command.argument) for command in parsed.errands] == [("list", "#payment"), ("help", "")]
    assert parsed.body == "Done."
    assert "write ##list" in parse("Hello\n#list\nbye").faults[0].text
    assert "did you mean #list" in parse("#lsit owner:me").faults[0].text


def test_what_is_looked_up_is_found_wherever_the_command_will_stand():
    text = "#list owner:me\nHello\n#close\n\nBest regards\n\n#help"
    assert [(command.word, command.argument) for command in find_errands(text)] == [("list", "owner:me"), ("help", "")]


def test_a_ticket_is_named_by_its_number_or_its_tag():
    def check(argument: str, number: int | None) -> None:
        assert read_number(argument) == number

    check("1042", 1042)
    check("#1042", 1042)
    check("1042-7QKD", 1042)
    check("[Acme #1042-7QKD]", 1042)
    check("", None)
    check("me", None)
    check("1042 1043", None)
    check("1" * 13, None)


def test_every_command_stands_in_the_manual_and_every_control_word_is_run():
    words = [word for group in GROUPS for word in group]
    assert sorted(words) == sorted(VERBS)
    assert set(ERRANDS) == {*CONTROLS, "", "?"}
    assert [usage.written.split()[0] for group in usages() for usage in group] == [*(f"#{word}" for word in words), *CONTROLS]
