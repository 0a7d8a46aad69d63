"""Two agents answer the same customer at the same time (MAIL.md A11, A15)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"
BOTH = "agents: [anna, boris]"
FILES = [("plan.pdf", "application/pdf", b"%PDF-1.4 plan")]


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk that tells both of its agents of what is new."""
    with a_running_desk(
        tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), extra=TRUSTING, support=BOTH
    ) as running:
        yield running


def a_request(desk: RunningDesk, subject: str) -> tuple[int, EmailMessage, EmailMessage]:
    """A customer's new ticket, and the notifications of it to anna and boris."""
    row = desk.receive(an_email(sender=customer_of(subject), to=desk.at("support"), subject=subject))
    return int(row["ticket"]), desk.letter_about("anna", subject), desk.letter_about("boris", subject)


def customer_of(subject: str) -> str:
    """Each test has a customer of its own."""
    return f"ann@{subject.replace(' ', '-').casefold()}.example"


def judged(desk: RunningDesk, verdict: str = "pass") -> dict[str, str]:
    return {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={desk.domain}"}


def answer(desk: RunningDesk, notice: EmailMessage, body: str, sender: str, **more: Any) -> dict[str, Any]:
    return desk.receive(an_answer_to(notice, desk.at(sender), body, headers=judged(desk) | more.pop("headers", {}), **more))


def said(desk: RunningDesk, subject: str) -> list[str]:
    """What the customer has got, but for the acknowledgement."""
    desk.settle()
    return [text_of(letter).partition("\n")[0] for letter in desk.letters(customer_of(subject))[1:]]


def test_the_second_answer_is_held_until_its_author_has_seen_the_first(desk: RunningDesk):
    subject = "Both at once"
    number, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_boris, "It comes on Monday.\n", "boris")
    raw = an_email_with_files(FILES, body="#tag vip\nIt comes on Friday.\n#close\n", sender=desk.at("anna"), subject=f"Re: {subject}")
    head = {"In-Reply-To": str(for_anna["Message-ID"]), **judged(desk)}
    desk.receive("".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + raw)
    held = desk.letter_about("anna", subject, 2)
    assert "The other answer: Boris Petrov " in text_of(held)
    assert ("It comes on Monday." in text_of(held), "It comes on Friday." in text_of(held)) == (True, True)
    ticket = desk.ticket(number)
    assert (said(desk, subject), ticket["status"], ticket["tags"]) == (["It comes on Monday."], "waiting", [])
    assert "crossed" in desk.events(number)

    answer(desk, held, "send\n", "anna")
    assert said(desk, subject) == ["It comes on Monday.", "It comes on Friday."]
    letter = desk.letters(customer_of(subject))[-1]
    assert [part.get_payload(decode=True) for part in letter.iter_attachments()] == [content for _, _, content in FILES]
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["tags"], desk.kinds(number)) == ("closed", ["vip"], ["customer", "agent", "agent"])
    told = desk.letters_about("boris", subject)[-1]
    assert "It comes on Friday." in text_of(told), "the owner hears of it"
    answer(desk, held, "send\n", "anna")
    assert "it goes out once" in text_of(desk.letters_about("anna", subject)[-1])
    assert len(said(desk, subject)) == 2


def test_what_is_answered_once_more_meanwhile_holds_it_again(desk: RunningDesk):
    subject = "Again and again"
    number, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_boris, "It comes on Monday.\n", "boris")
    answer(desk, for_anna, "It comes on Friday.\n", "anna")
    held = desk.letter_about("anna", subject, 2)
    answer(desk, for_boris, "On Tuesday, I am told.\n", "boris")
    answer(desk, held, "send\n", "anna")
    again = desk.letter_about("anna", subject, 3)
    assert ("On Tuesday" in text_of(again), "on Monday" in text_of(again)) == (True, False)
    assert len(said(desk, subject)) == 2
    answer(desk, again, "send\n", "anna")
    assert said(desk, subject)[-1] == "It comes on Friday."
    assert desk.kinds(number) == ["customer", "agent", "agent", "agent"]


def test_a_held_answer_is_kept_as_a_note_with_its_commands_done(desk: RunningDesk):
    subject = "Better a note"
    number, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_boris, "It comes on Monday.\n", "boris")
    answer(desk, for_anna, "#tag vip\nIt comes on Friday.\n", "anna")
    answer(desk, desk.letter_about("anna", subject, 2), "note\n", "anna")
    assert said(desk, subject) == ["It comes on Monday."]
    assert (desk.kinds(number), desk.ticket(number)["tags"]) == (["customer", "agent", "note"], ["vip"])


def test_notes_commands_and_the_owners_answers_are_not_held(desk: RunningDesk):
    subject = "Not held"
    number, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_anna, "#take\n", "anna")
    answer(desk, for_boris, "It comes on Monday.\n", "boris")
    answer(desk, for_anna, "#note\nHe owes us.\n", "anna")
    answer(desk, for_anna, "#tag vip\n", "anna")
    assert (desk.kinds(number), desk.ticket(number)["tags"]) == (["customer", "agent", "note"], ["vip"])
    answer(desk, for_anna, "It comes on Friday.\n", "anna")
    assert said(desk, subject) == ["It comes on Monday.", "It comes on Friday."]
    assert desk.events(number).count("crossed") == 2
    assert "! It crossed with what Boris Petrov has answered." in text_of(desk.letters_about("boris", subject)[-1])
    last = text_of(desk.letters_about("anna", subject)[-1])
    assert ("! Your answer crossed with it." in last, "It comes on Monday." in last) == (True, True)


def test_a_mistyped_command_does_not_make_an_answer_pass_that_crosses(desk: RunningDesk):
    """The letter that gave it back says nothing of what was answered meanwhile."""
    subject = "Mended and crossed"
    _, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_anna, "#clsoe\nIt comes on Friday.\n", "anna")
    back = desk.letter_about("anna", subject, 2)
    answer(desk, for_boris, "It comes on Monday.\n", "boris")
    answer(desk, back, "yes\n", "anna")
    assert "It comes on Monday." in text_of(desk.letter_about("anna", subject, 3))
    answer(desk, back, "It comes on Saturday.\n", "anna")
    assert "It comes on Monday." in text_of(desk.letter_about("anna", subject, 4))
    assert said(desk, subject) == ["It comes on Monday."]


def test_nobody_but_its_author_releases_an_answer_that_is_held(desk: RunningDesk):
    """A3: whoever forges his name, has another agent's proof, or was passed the letter on."""
    subject = "Not released"
    number, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_boris, "It comes on Monday.\n", "boris")
    answer(desk, for_anna, "It comes on Friday.\n", "anna")
    held = desk.letter_about("anna", subject, 2)
    for word in ("send\n", "note\n"):
        answer(desk, held, word, "anna", headers=judged(desk, "fail"))
        answer(desk, held, word, "boris")
        desk.receive(an_answer_to(held, "partner@else.example", word))
        desk.receive(an_answer_to(held, customer_of(subject), word))
    answer(desk, held, "send\n", "anna", subject=f"Fwd: {held['Subject']}")
    assert said(desk, subject) == ["It comes on Monday."]
    assert not any("on Friday" in message["text"] for message in desk.ticket(number)["messages"])


def test_an_answer_found_in_the_sent_folder_is_a_colleagues(make_desk: Callable[..., RunningDesk]):
    """A15: nobody knows who wrote it, but the customer has it."""
    desk, subject = make_desk(), "From the mailbox"
    desk.dovecot.create(desk.at("support"), "Sent")
    desk.put(an_email(sender=customer_of(subject), to=desk.at("support"), subject=subject, message_id="asked@globex.example"))
    assert desk.run_once()
    (notice,) = desk.letters_about("anna", subject)
    support, headers = f"Support <{desk.at('support')}>", {"In-Reply-To": "<asked@globex.example>"}
    raw = an_email(sender=support, to=customer_of(subject), subject=f"Re: {subject}", body="On Monday.\n", headers=headers)
    desk.dovecot.append(desk.at("support"), raw, folder="Sent")
    assert desk.run_once()
    assert desk.kinds(1) == ["customer", "agent"]
    desk.put(an_answer_to(notice, desk.at("anna"), "On Friday.\n"))
    assert desk.run_once()
    held = text_of(desk.letters_about("anna", subject)[1])
    assert ("The other answer: Support " in held, "On Monday." in held) == (True, True)
    assert said(desk, subject) == []


@pytest.mark.parametrize(("policy", "kind", "got"), [("send", "agent", ["On Monday.", "On Friday."]), ("note", "note", ["On Monday."])])
def test_a_desk_may_say_that_crossed_answers_go_out_or_are_kept(
    make_desk: Callable[..., RunningDesk], policy: str, kind: str, got: list[str]
) -> None:
    desk = make_desk(desk=f", on_crossing: {policy}", support=BOTH).start()
    subject = "By policy"
    number, for_anna, for_boris = a_request(desk, subject)
    answer(desk, for_boris, "On Monday.\n", "boris")
    answer(desk, for_anna, "On Friday.\n", "anna")
    assert (said(desk, subject), desk.kinds(number)) == (got, ["customer", "agent", kind])
    if policy == "note":
        answer(desk, desk.letter_about("anna", subject, 2), "send\n", "anna")
        assert said(desk, subject) == ["On Monday.", "On Friday."]
    assert "crossed" in desk.events(number)
