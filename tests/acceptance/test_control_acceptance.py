"""What agents ask the desk itself by mail (MAIL.md A3, A7; PRODUCT 12, 16, 17)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"
VIEWS = "views: {burning: 'priority:urgent status:new'}"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk with an address for commands, which arrives in support's mailbox."""
    folder = tmp_path_factory.mktemp("desk")
    desk = RunningDesk(folder, dovecot_server, smtp_sink, storage=usual_storage(), extra=f"{TRUSTING}\n{VIEWS}")
    with a_running_desk(
        folder,
        dovecot_server,
        smtp_sink,
        storage=desk.storage,
        domain=desk.domain,
        extra=desk.extra,
        desk=f", control: {desk.at('control')}",
    ) as running:
        yield running


def judged(desk: RunningDesk, verdict: str = "pass") -> dict[str, str]:
    return {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={desk.domain}"}


def ask(desk: RunningDesk, subject: str, body: str = "", *, to: str = "support", sender: str = "anna", **more: Any) -> dict[str, Any]:
    """An agent writes a new mail to the desk."""
    headers = judged(desk) | more.pop("headers", {})
    return desk.receive(an_email(sender=desk.at(sender), to=desk.at(to), subject=subject, body=body, headers=headers, **more))


def reply(desk: RunningDesk, letter: EmailMessage, body: str, sender: str = "anna") -> dict[str, Any]:
    return desk.receive(an_answer_to(letter, desk.at(sender), body, headers=judged(desk)))


def a_request(desk: RunningDesk, subject: str, **more: Any) -> int:
    customer = f"ann@{subject.replace(' ', '-').casefold()}.example"
    return int(desk.receive(an_email(sender=customer, to=desk.at("support"), subject=subject, **more))["ticket"])


def test_an_agent_lists_tickets_by_mail(desk: RunningDesk):
    number = a_request(desk, "Overcharged twice")
    before = len(desk.tickets())
    row = ask(desk, "list status:new overcharged")
    assert (row["state"], row["ticket"]) == ("done", None)
    letter = desk.letters_about("anna", "list status:new overcharged")[-1]
    assert f"{number}  new  " in text_of(letter)
    assert "Overcharged twice" in text_of(letter)
    assert letter["Subject"] == "Your request: list status:new overcharged"
    html = letter.get_body(("html",))
    assert html
    assert f"mailto:{desk.at('control')}?subject=show%20{number}" in html.get_content()
    assert len(desk.tickets()) == before


def test_the_control_address_reads_the_first_line_and_takes_no_requests_of_agents(desk: RunningDesk):
    before = len(desk.tickets())
    ask(desk, "", "list stauts:open\n", to="control")
    assert 'did you mean "status"' in text_of(desk.letters_about("anna", "list stauts:open")[-1])
    ask(desk, "hlep", to="control")
    assert "did you mean help?" in text_of(desk.letters_about("anna", "hlep")[-1])
    assert len(desk.tickets()) == before


def test_a_reply_to_such_a_letter_may_ask_more(desk: RunningDesk):
    ask(desk, "help")
    letter = desk.letters_about("anna", "Your request: help")[-1]
    assert "#close: closes the ticket\n" in text_of(letter)
    row = reply(desk, letter, "#list owner:anna status:closed\n")
    assert row["ticket"] is None
    assert desk.letters_about("anna", "list owner:anna status:closed")


def test_a_mistyped_subject_opens_no_ticket_and_yes_gets_what_was_meant(desk: RunningDesk):
    number = a_request(desk, "Roof leaks")
    before = len(desk.tickets())
    ask(desk, f"shwo {number}", "Regards, Anna\n")
    letter = desk.letters_about("anna", f"shwo {number}")[-1]
    assert f"reply to this mail with the one word yes:\n\n  show {number}\n" in text_of(letter)
    told = len(desk.letters_about("anna", "Roof leaks"))
    reply(desk, letter, "yes\n")
    desk.settle()
    assert len(desk.letters_about("anna", "Roof leaks")) == told + 1
    assert len(desk.tickets()) == before


def test_a_forged_agent_is_answered_nothing(desk: RunningDesk):
    told = len(desk.letters("anna"))
    row = desk.receive(an_email(sender=desk.at("anna"), to=desk.at("support"), subject="list", headers=judged(desk, "fail")))
    assert row["state"] == "quarantined"
    (letter,) = desk.letters("anna")[told:]
    assert "held" in letter["Subject"]


def test_an_out_of_office_to_such_a_letter_does_nothing(desk: RunningDesk):
    ask(desk, "help")
    letter, told = desk.letters_about("anna", "Your request: help")[-1], len(desk.letters("anna"))
    headers = judged(desk) | {"Auto-Submitted": "auto-replied"}
    row = desk.receive(an_answer_to(letter, desk.at("anna"), "help\n", headers=headers))
    assert (row["state"], row["ticket"]) == ("quarantined", None)
    assert len(desk.letters("anna")) == told


def test_an_answer_may_end_in_a_question_to_the_desk(desk: RunningDesk):
    number = a_request(desk, "Answered and asked")
    notice = desk.letters_about("anna", "Answered and asked")[-1]
    reply(desk, notice, "It is on its way.\n#list owner:me waiting answered\n")
    customer = desk.letters("ann@answered-and-asked.example")[-1]
    assert "It is on its way." in text_of(customer)
    assert "#list" not in text_of(customer)
    assert desk.letters_about("anna", "list owner:me waiting answered")
    assert desk.ticket(number)["status"] == "waiting"
    assert not desk.letters_about("ann@answered-and-asked.example", "list")


def test_a_ticket_that_was_asked_for_is_answered_from_its_letter(desk: RunningDesk):
    """As with a notification: between its lines, and without a word of the notes among what was said."""
    number = a_request(desk, "Shown and answered", body="Where is it?\n\nAnd when?\n")
    desk.maild("ticket", "note", str(number), "She has owed us money since last May.", "--as", "boris")
    row = ask(desk, f"show {number}")
    assert row["ticket"] is None
    letter = desk.letters_about("anna", "Shown and answered")[-1]
    text = text_of(letter)
    assert text.startswith("Reply = to ann@shown-and-answered.example\n")
    assert "#note Boris Petrov:\nShe has owed us money since last May.\n" in text
    quoted = "".join(f"> {line}\n" for line in text.splitlines())
    reply(desk, letter, f"On Friday support wrote:\n{quoted.replace('> And when?', '> And when?{0}On Monday.{0}'.format(chr(10)))}")
    answer = text_of(desk.letters("ann@shown-and-answered.example")[-1])
    assert "On Monday." in answer
    assert "owed" not in answer
    assert desk.kinds(number) == ["customer", "note", "agent"]


def names_of(letter: EmailMessage) -> list[str | None]:
    return [part.get_filename() for part in letter.iter_attachments()]


def test_the_files_of_a_ticket_are_mailed_beside_an_answer_and_by_a_mail_of_its_own(desk: RunningDesk):
    """MAIL.md A7, O7: of earlier messages, and what was too large for a notification."""
    customer, subject, film = "ann@with-files.example", "With files", b"x" * 5_500_000
    first = [("plan.pdf", "application/pdf", b"%PDF plan"), ("film.mp4", "video/mp4", film)]
    mail = an_email_with_files(first, sender=customer, to=desk.at("support"), subject=subject, body="See the plan.\n")
    number = int(desk.receive(mail)["ticket"])
    notice = desk.letters_about("anna", subject)[-1]
    assert (names_of(notice), "film.mp4 (5.245 MiB): #files film.mp4" in text_of(notice)) == (["plan.pdf"], True)
    photo = [("photo.jpg", "image/jpeg", b"\xff\xd8 photo")]
    desk.receive(an_email_with_files(photo, sender=customer, to=desk.at("support"), subject=f"Re: {desk.ticket(number)['tag']}"))
    told = len(desk.letters_about("anna", subject))
    reply(desk, notice, "It is on its way.\n\n#files\n")
    (letter,) = desk.letters_about("anna", subject)[told:]
    assert names_of(letter) == ["plan.pdf", "film.mp4", "photo.jpg"]
    assert next(part.get_content() for part in letter.iter_attachments() if part.get_filename() == "film.mp4") == film
    answer = desk.letters(customer)[-1]
    assert (names_of(answer), "It is on its way." in text_of(answer), "#files" in text_of(answer)) == ([], True, False)
    ask(desk, f"files {number} photo.jpg")
    assert names_of(desk.letters_about("anna", subject)[-1]) == ["photo.jpg"]
    ask(desk, f"show {number}")
    shown = text_of(desk.letters_about("anna", subject)[-1])
    assert "Files, by #files: plan.pdf (9 bytes), film.mp4 (5.245 MiB), photo.jpg (8 bytes)\n" in shown
    quoted = "".join(f"> {line}\n" for line in shown.splitlines())
    reply(
        desk,
        desk.letters_about("anna", subject)[-1],
        f"On Friday support wrote:\n{quoted.replace('> See the', f'Thanks.{chr(10)}> See the')}",
    )
    assert "Files" not in text_of(desk.letters(customer)[-1])


def test_files_go_to_nobody_but_a_proven_agent(desk: RunningDesk):
    number = a_request(desk, "Files guarded")
    told = len(desk.letters_about("anna", "Files guarded"))
    mail = {"to": desk.at("support"), "subject": f"files {number}", "headers": judged(desk, "fail")}
    assert desk.receive(an_email(sender=desk.at("anna"), **mail))["state"] == "quarantined"
    assert desk.receive(an_email(sender="eve@elsewhere.example", to=desk.at("support"), subject=f"files {number}"))["ticket"] != number
    assert len(desk.letters_about("anna", "Files guarded")) == told
    ask(desk, f"files {number}")
    assert f"Ticket {number} has no files." in text_of(desk.letters_about("anna", f"Your request: files {number}")[-1])


def test_the_next_ticket_is_claimed_and_mailed_at_the_end_of_an_answer_and_by_a_mail_of_its_own(desk: RunningDesk):
    first, second, third = (a_request(desk, f"Waiting {number}") for number in range(3))
    desk.maild("ticket", "set", str(third), "priority=urgent")
    reply(desk, desk.letters_about("anna", "Waiting 0")[-1], "It is on its way.\n\n#next\n")
    assert [desk.ticket(number)["owner"] for number in (first, second, third)] == ["anna", None, "anna"]
    notice = desk.letters_about("anna", "Waiting 2")[-1]
    assert f"Ticket: {third}\n" in text_of(notice)
    assert "Owner: Anna Ivanova\n" in text_of(notice)
    reply(desk, notice, "This one, too.\n")
    assert "This one, too." in text_of(desk.letters("ann@waiting-2.example")[-1])
    for row in desk.tickets("status:new", "owner:none", "queue:support"):
        if row["number"] != second:
            desk.maild("ticket", "close", str(row["number"]))
    ask(desk, "", "next\n", to="control")
    assert desk.ticket(second)["owner"] == "anna"
    ask(desk, "next support")
    assert "Nothing is waiting for you." in text_of(desk.letters_about("anna", "Your request: next support")[-1])


def test_a_view_is_listed_and_its_next_ticket_taken_by_its_name(desk: RunningDesk):
    """PRODUCT 17."""
    plain, burning = a_request(desk, "Views plain"), a_request(desk, "Views burning")
    desk.maild("ticket", "set", str(burning), "priority=urgent")
    ask(desk, "list burning")
    listed = text_of(desk.letters_about("anna", "Your request: list burning")[-1])
    assert f"{burning}  new  " in listed
    assert f"{plain}  new  " not in listed
    ask(desk, "next burning")
    assert [desk.ticket(number)["owner"] for number in (plain, burning)] == [None, "anna"]
    ask(desk, "next burning")
    assert "Nothing is waiting for you." in text_of(desk.letters_about("anna", "Your request: next burning")[-1])
    ask(desk, "help")
    assert "list burning" in text_of(desk.letters_about("anna", "Your request: help")[-1])


def test_an_agent_who_is_away_is_told_of_nothing_until_he_is_back(desk: RunningDesk):
    """PRODUCT 12. His tickets are told to his deputy, who answers them."""
    ask(desk, "away until 12 May deputy boris", sender="anna")
    letter = desk.letters_about("anna", "away until 12 May deputy boris")[-1]
    assert "Deputy: Boris Petrov\n" in text_of(letter)
    assert " 12 May " in text_of(letter)
    number = a_request(desk, "While she is away")
    assert not desk.letters_about("anna", "While she is away")
    desk.maild("ticket", "assign", str(number), "anna", "--as", "boris")
    told = len(desk.letters_about("boris", "While she is away"))
    desk.receive(an_email(sender="ann@while-she-is-away.example", to=desk.at("support"), subject=f"Re: {desk.ticket(number)['tag']}"))
    notice = desk.letters_about("boris", "While she is away")[told]
    assert "and owns this ticket. You are told in his place." in text_of(notice)
    reply(desk, notice, "She is away, I am here.\n#back\n", sender="boris")
    assert "She is away, I am here." in text_of(desk.letters("ann@while-she-is-away.example")[-1])
    reply(desk, letter, "#back\n")
    assert "You are back." in text_of(desk.letters_about("anna", "Your request: back")[-1])
    a_request(desk, "Now she is back")
    assert desk.letters_about("anna", "Now she is back")
