"""Tickets that an agent opens for somebody else: `#to` and `#from` in a new mail, and at the command line (MAIL.md A3, A4, A7-A9)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    with a_running_desk(
        tmp_path_factory.mktemp("desk"),
        dovecot_server,
        smtp_sink,
        storage=usual_storage(),
        support="agents: [anna, boris]",
        extra=TRUSTING,
    ) as running:
        yield running


def judged(desk: RunningDesk, verdict: str = "pass") -> dict[str, str]:
    return {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={desk.domain}"}


def write(desk: RunningDesk, subject: str, body: str, *, verdict: str = "pass", **more: Any) -> dict[str, Any]:
    """Anna writes a new mail to support."""
    sender = f"Anna Ivanova <{desk.at('anna')}>"
    headers = judged(desk, verdict) | more.pop("headers", {})
    return desk.receive(an_email(sender=sender, to=desk.at("support"), subject=subject, body=body, headers=headers, **more))


def reply(desk: RunningDesk, letter: EmailMessage, body: str, sender: str = "anna") -> dict[str, Any]:
    headers = judged(desk) if "@" not in sender else {}
    return desk.receive(an_answer_to(letter, desk.at(sender) if "@" not in sender else sender, body, headers=headers))


def assert_shows_nothing_inside(desk: RunningDesk, letter: EmailMessage) -> None:
    for word in (desk.at("anna"), "#to", "#from", "#tag", "maild-ref", "Room 4711"):
        assert word not in letter.as_string(), word


def test_an_agent_begins_a_conversation_and_the_answer_comes_back_to_her(desk: RunningDesk):
    dora, told = "dora@begun.example", len(desk.letters("boris"))
    row = write(
        desk, "Your order of the thirteenth", f'#to "Dora Lee" <{dora}>\n#tag order\nDear Dora,\nit leaves today.\n\n-- \nAnna\nRoom 4711\n'
    )
    number = row["ticket"]
    letter, tag = desk.letter(dora), desk.ticket(number)["tag"]
    assert (letter["To"], letter["Subject"]) == (f"Dora Lee <{dora}>", f"{tag} Your order of the thirteenth")
    assert letter["From"] == f'"Anna Ivanova (Acme)" <{desk.at("support")}>'
    assert text_of(letter).startswith("Dear Dora,\nit leaves today.\n\nAnna Ivanova\nSupport")
    assert (letter["Auto-Submitted"], letter["In-Reply-To"]) == (None, None)
    assert_shows_nothing_inside(desk, letter)
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["owner"], ticket["requester"]["address"], ticket["tags"]) == ("waiting", "anna", dora, ["order"])
    assert (desk.kinds(number), len(desk.letters("boris")), len(desk.letters(dora))) == (["agent"], told, 1)
    answered = reply(desk, letter, "Thank you. When does it come?\n", dora)
    assert (answered["ticket"], desk.ticket(number)["status"], len(desk.letters("boris"))) == (number, "open", told)
    notice = desk.letters("anna")[-1]
    assert text_of(notice).startswith("Reply = to Dora Lee\n\nThank you. When does it come?")
    reply(desk, notice, "On Friday.\n")
    assert desk.letter(dora, 2)["Subject"] == f"Re: {tag} Your order of the thirteenth"
    assert "> Thank you. When does it come?" in text_of(desk.letter(dora, 2))


def test_a_forged_agent_writes_to_nobody_and_what_is_released_does(desk: RunningDesk):
    victim, before = "victim@else.example", len(desk.tickets())
    row = write(desk, "Wire the money", f"#to {victim}\nWire the money.\n", verdict="fail")
    assert (row["state"], row["ticket"], desk.letters(victim), len(desk.tickets())) == ("quarantined", None, [], before)
    assert "held" in desk.letters("anna")[-1]["Subject"]
    desk.maild("message", "release", str(row["id"]))
    assert "Wire the money." in text_of(desk.letter(victim))
    assert len(desk.letters(victim)) == 1


def test_a_call_is_taken_down_and_nobody_outside_ever_reads_it(desk: RunningDesk):
    dora = "dora@called.example"
    row = write(
        desk, "The printer burns", f"#from Dora Lee <{dora}>\nShe shouted at me: the printer burns again.\n\n-- \nAnna\nRoom 4711\n"
    )
    number = row["ticket"]
    ticket = desk.ticket(number)
    (message,) = ticket["messages"]
    assert (ticket["status"], ticket["owner"], ticket["requester"]) == ("new", None, {"name": "Dora Lee", "address": dora})
    assert (message["kind"], message["from"]["address"], message["agent"], message["text"]) == (
        "customer",
        dora,
        "anna",
        "She shouted at me: the printer burns again.",
    )
    notice = desk.letter_about("boris", "The printer burns")
    assert text_of(notice).startswith("Reply = to Dora Lee\n\nShe shouted at me: the printer burns again.")
    assert "Anna Ivanova took this down" in " ".join(text_of(notice).split())
    assert (desk.letters(dora), desk.letters_about("anna", "The printer burns")) == ([], [])
    quoted = "".join(f"> {line}\n" for line in text_of(notice).splitlines())
    reply(desk, notice, f"Support wrote:\n{quoted}\n\nUse water.\n", "boris")
    assert desk.letters(dora) == [], "what stands between the lines of it comes back"
    assert "what you quote was taken down for the customer" in " ".join(text_of(desk.letters("boris")[-1]).split())
    reply(desk, notice, f"Use water.\n\nSupport wrote:\n{quoted}", "boris")
    answer = desk.letter(dora)
    assert text_of(answer).startswith("Use water.\n")
    assert "shouted" not in answer.as_string()
    assert_shows_nothing_inside(desk, answer)
    assert f"taken down by anna · Dora Lee <{dora}>" in desk.maild("ticket", "show", str(number))
    reply(desk, answer, "It burns no more.\n", dora)
    assert (desk.kinds(number), desk.ticket(number)["owner"]) == (["customer", "agent", "customer"], "boris")


def test_a_draft_that_comes_back_is_mended_by_its_command_lines_alone_and_by_yes(desk: RunningDesk):
    dora, before = "dora@mended.example", len(desk.tickets())
    write(desk, "First try", f"#too {dora}\nDear Dora, hello.\n")
    back = desk.letters("anna")[-1]
    shown = " ".join(text_of(back).split())
    assert "did you mean #to?" in shown
    assert "in a new mail to the department" in shown
    page = back.get_body(("html",))
    assert page
    for form in (text_of(back), page.get_content()):
        assert "Reply = commands for the desk" in form
        assert "internal note" not in form
        assert "#take" not in form, "there is no ticket to take"
    assert (back["Subject"], len(desk.tickets()), desk.letters(dora)) == ("Re: First try", before, [])
    reply(desk, back, "yes\n")
    assert "Dear Dora, hello." in text_of(desk.letter(dora))
    write(desk, "Second try", f"#to {desk.at('boris')}\nDear Dora, again.\n")
    back = desk.letters("anna")[-1]
    assert "a colleague's" in " ".join(text_of(back).split())
    reply(desk, back, f"#to {dora}\n#close\n")
    assert "Dear Dora, again." in text_of(desk.letter(dora, 2))
    (newest, *_) = desk.tickets()
    assert (newest["subject"], newest["status"], newest["requester"]["address"]) == ("Second try", "closed", dora)
    reply(desk, back, f"#to {dora}\n")
    assert len(desk.letters(dora)) == 2, "it goes once"


def test_the_command_line_writes_first_and_takes_down_too(desk: RunningDesk):
    dora = "dora@typed.example"
    options = ("--queue", "support", "--subject", "By hand", "--as", "anna")
    done = desk.ask("ticket", "new", *options, "--to", f"Dora Lee <{dora}>", "Dear Dora, by hand.")
    assert (done["status"], done["owner"], done["requester"]) == ("waiting", "anna", {"name": "Dora Lee", "address": dora})
    desk.settle()
    assert text_of(desk.letter(dora)).startswith("Dear Dora, by hand.")
    taken = desk.ask("ticket", "new", *options, "--from", dora, "She called.")
    desk.maild("ticket", "reply", str(taken["number"]), "Indeed.", "--as", "anna")
    desk.settle()
    assert "She called." not in desk.letter(dora, 2).as_string()
    for wrong in (
        (),
        ("--to", dora, "--from", dora),
        ("--to", dora, "--ack"),
        ("--to", desk.at("boris")),
        ("--to", "dora"),
        ("--to", f"{dora}, eve@typed.example"),
    ):
        desk.maild("ticket", "new", *options, *wrong, "Hello.", status=2)
    assert len(desk.letters(dora)) == 2


def test_an_answer_that_the_desk_itself_would_make_leak_is_held_and_its_author_told(desk: RunningDesk):
    """A8: here the signature shows her address. No ticket is there to tell of it on."""
    dora, signature = "dora@leak.example", desk.support
    desk.support = f"{signature}, signature: 'Write to {desk.at('anna')}'"
    desk.configure()
    assert desk.app
    assert desk.app.reload().done
    try:
        row = write(desk, "Leaking", f"#to {dora}\nDear Dora.\n")
        assert (row["state"], desk.letters(dora)) == ("held", [])
        told = desk.letters("anna")[-1]
        assert (told["Subject"], "Dear Dora." in text_of(told)) == ("Held back, not sent", True)
        assert f"maild message retry {row['id']}" in " ".join(text_of(told).split())
    finally:
        desk.support = signature
        desk.configure()
        assert desk.app.reload().done
    desk.maild("message", "retry", str(row["id"]))
    assert "Dear Dora." in text_of(desk.letter(dora))
