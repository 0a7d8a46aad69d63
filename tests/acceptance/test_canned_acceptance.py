"""Canned answers, by mail and at the command line (PRODUCT 22, MAIL.md A7)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

ENGLISH = 'Dear {{ requester.first_name|default("customer") }},\n\nwe have paid order **{{ order }}** back:\n\n- all of it\n- today\n'
GERMAN = "Guten Tag,\n\nwir haben Bestellung **{{ order }}** erstattet.\n"
IN_GERMAN = "Guten Tag,\n\nich habe meine Bestellung noch nicht bekommen und möchte mein Geld zurück haben. Bitte helfen Sie mir.\n\nAnn\n"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk")
    write(folder, "refund.en.md", ENGLISH)
    write(folder, "refund.de.md", GERMAN)
    with a_running_desk(folder, dovecot_server, smtp_sink, storage=usual_storage(), support="agents: [anna]") as running:
        yield running


def write(folder: Path, name: str, text: str) -> None:
    (folder / "canned").mkdir(exist_ok=True)
    (folder / "canned" / name).write_text(text, encoding="utf-8")


def a_request(desk: RunningDesk, subject: str, body: str = "I want my money back.\n") -> tuple[int, EmailMessage]:
    row = desk.receive(an_email(sender=f"Ann Smith <{customer_of(subject)}>", to=desk.at("support"), subject=subject, body=body))
    return int(row["ticket"]), desk.letter_about("anna", subject)


def customer_of(subject: str) -> str:
    return f"ann@{subject.replace(' ', '-').casefold()}.example"


def answer(desk: RunningDesk, letter: EmailMessage, body: str) -> None:
    desk.receive(an_answer_to(letter, desk.at("anna"), body))


def html_of(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_canned_answer_stands_among_the_agents_words_in_the_customers_language(desk: RunningDesk):
    number, notice = a_request(desk, "Money back", IN_GERMAN)
    answer(desk, notice, "Hallo Ann,\n\n#canned refund order=1234\n\nSchönen Tag!\n#close\n")
    letter = desk.letters(customer_of("Money back"))[-1]
    words = "Hallo Ann,\n\nGuten Tag,\n\nwir haben Bestellung **1234** erstattet.\n\nSchönen Tag!\n"
    assert text_of(letter).startswith(words)
    assert '<p dir="auto">wir haben Bestellung <strong><bdi>1234</bdi></strong> erstattet.</p>' in html_of(letter)
    assert desk.ticket(number)["status"] == "closed"
    assert desk.ticket(number)["messages"][-1]["text"].startswith("Hallo Ann,\n\nGuten Tag,")


def test_what_is_missing_sends_nothing_and_the_right_line_alone_sends_it_where_it_stood(desk: RunningDesk):
    number, notice = a_request(desk, "Without order")
    answer(desk, notice, "As you wish.\n\n#canned refund\n\nBye.\n")
    returned = desk.letters_about("anna", "Without order")[-1]
    assert 'line 3: "refund" lacks order; write #canned refund order=…' in text_of(returned)
    assert (desk.kinds(number), len(desk.letters(customer_of("Without order")))) == (["customer"], 1)
    answer(desk, returned, "#canned refund order=77\n")
    sent = text_of(desk.letters(customer_of("Without order"))[-1])
    assert sent.startswith("As you wish.\n\nDear Ann,\n\nwe have paid order **77** back:\n\n- all of it\n- today\n\nBye.\n")


def test_a_mistyped_name_is_mended_by_yes(desk: RunningDesk):
    _, notice = a_request(desk, "Mistyped name")
    answer(desk, notice, '#canned refnd order="{{ desk.name }} <b>"\nBye.\n')
    returned = desk.letters_about("anna", "Mistyped name")[-1]
    assert "did you mean refund?" in text_of(returned)
    answer(desk, returned, "yes\n")
    letter = desk.letters(customer_of("Mistyped name"))[-1]
    assert "order **{{ desk.name }} <b>** back" in text_of(letter)
    assert "<strong><bdi>{{ desk.name }} &lt;b&gt;</bdi></strong>" in html_of(letter)


def test_what_was_kept_as_a_note_is_sent_after_all_with_its_text(desk: RunningDesk):
    number, notice = a_request(desk, "Kept first")
    reference = next(line for line in text_of(notice).splitlines() if line.startswith("maild-ref"))
    body = f"#canned refund order=5\n\nOn Friday Ann wrote:\n> I want it.\n> {reference}\n"
    desk.receive(an_email(sender=desk.at("anna"), to=desk.at("support"), subject=f"Re: {notice['Subject']}", body=body))
    assert desk.kinds(number) == ["customer", "note"]
    kept = desk.letters_about("anna", "Kept first")[-1]
    assert "we have paid order **5** back" in text_of(kept)
    answer(desk, kept, "send\n")
    assert text_of(desk.letters(customer_of("Kept first"))[-1]).startswith("Dear Ann,\n\nwe have paid order **5** back")


def test_the_command_line_sends_the_same_and_refuses_the_same(desk: RunningDesk):
    number, _ = a_request(desk, "By keyboard")
    refused = desk.maild("ticket", "reply", str(number), "--canned", "refund", "oder=9", "--as", "anna", status=2)
    assert refused == ""
    assert len(desk.letters(customer_of("By keyboard"))) == 1
    desk.maild("ticket", "reply", str(number), "--canned", "refund", "order=9 9", "Bye.", "--as", "anna", "--close")
    desk.settle()
    sent = text_of(desk.letters(customer_of("By keyboard"))[-1])
    assert sent.startswith("Dear Ann,\n\nwe have paid order **9 9** back:\n\n- all of it\n- today\n\nBye.\n")
    assert desk.ticket(number)["status"] == "closed"


def test_an_agent_asks_for_the_list_beside_an_answer(desk: RunningDesk):
    _, notice = a_request(desk, "Which are there")
    answer(desk, notice, "#canned\nOne moment.\n")
    assert "One moment." in text_of(desk.letters(customer_of("Which are there"))[-1])
    listed = text_of(desk.letters_about("anna", "Your request: canned")[-1])
    assert "#canned refund order=…\nde, en: Dear {{ requester.first_name }},\n" in listed


def test_a_reload_takes_new_answers_and_leaves_broken_ones(desk: RunningDesk):
    assert desk.app
    write(desk.directory, "hours.md", "We are open from nine to five.\n")
    assert desk.app.reload().done
    for subject, text in (("Opening hours", "{{ broken\n"), ("Opening again", "Closed.\n")):
        _, notice = a_request(desk, subject)
        answer(desk, notice, "#canned hours\n")
        assert text_of(desk.letters(customer_of(subject))[-1]).startswith("We are open from nine to five.\n")
        write(desk.directory, "hours.md", text)
        assert desk.app.reload().done is (text == "Closed.\n")
