"""Agents by mail, by use and by attack (MAIL.md A1-A9, F11, L9; acceptance rows 8, 9, 10, 15; PRODUCT promises 2 and 4)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

UNLIMITED = "limits: {automatic: off, storm: off}"
TRUSTING = f"{UNLIMITED}\ntrust: {{authserv_ids: [mx.desk.example], agent_auth: token+dmarc}}"
A_PHONE_CALL = ("ticket", "new", "--queue", "sales", "--from", "Pat Phone <phone@caller.example>", "--subject", "A call", "He called.")
FILES = [("plan.pdf", "application/pdf", b"%PDF-1.4 plan"), ("price list.csv", "text/csv", b"a;b\n1;2\n")]


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk that wants token and DMARC of its agents, and tells customers of closing."""
    support = "agents: [anna], statuses: [closed]"
    with a_running_desk(
        tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), extra=TRUSTING, support=support
    ) as running:
        yield running


def a_request(desk: RunningDesk, subject: str, **more: Any) -> tuple[int, EmailMessage]:
    """Ann's new ticket: its number, and anna's notification of it."""
    row = desk.receive(an_email(sender=customer_of(subject), to=more.pop("to", desk.at("support")), subject=subject, **more))
    return int(row["ticket"]), desk.letter_about("anna", subject)


def customer_of(subject: str) -> str:
    """Each test has a customer of its own."""
    return f"ann@{subject.replace(' ', '-').casefold()}.example"


def judged(desk: RunningDesk, verdict: str = "pass") -> dict[str, str]:
    """What the desk's own mail server says of mail from its domain."""
    return {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={desk.domain}"}


def answer(desk: RunningDesk, notice: EmailMessage, body: str, sender: str = "", **more: Any) -> dict[str, Any]:
    """Anna answers a notification from her own mail client."""
    headers = judged(desk) | more.pop("headers", {})
    return desk.receive(an_answer_to(notice, sender or f"Anna Ivanova <{desk.at('anna')}>", body, headers=headers, **more))


def is_refused(desk: RunningDesk, row: dict[str, Any], subject: str) -> bool:
    """Held as `agent_unverified`: nothing relayed, nothing on the ticket."""
    (ticket,) = desk.tickets(f"from:{customer_of(subject)}")
    assert (row["state"], row["ticket"]) == ("quarantined", None), row
    assert desk.kinds(ticket["number"]) == ["customer"]
    assert ticket["status"] == "new"
    assert len(desk.letters(customer_of(subject))) == 1, "the acknowledgement, and nothing after it"
    return "not proven" in row["reason"]


def test_what_ends_an_agents_mails_again_and_again_does_not_reach_the_customer(desk: RunningDesk):
    """P9: a signature without a separator, above and below a command."""
    signature = "Best regards\nAnna Ivanova\nSenior Engineer\nRoom 4711, Building C\n"
    got = []
    for number in range(6):
        subject = f"Signed {number}"
        ticket, notice = a_request(desk, subject)
        body = (
            f"Answer {number}.\n\n{signature}",
            f"Answer {number}.\n#close\n\n{signature}",
            f"Answer {number}.\n\n{signature}\n#close\n",
        )
        answer(desk, notice, body[max(0, number - 3)])
        got.append(text_of(desk.letters(customer_of(subject))[-1]))
        assert desk.ticket(ticket)["status"] == ("closed" if number > 3 else "waiting")
    assert [f"Answer {number}." in text for number, text in enumerate(got)] == [True] * 6
    assert ["Room 4711" in text for text in got] == [True] * 3 + [False] * 3
    assert not any("#close" in text for text in got)


# Proof (A3)


def test_token_and_dmarc_together_prove_an_agent(desk: RunningDesk):
    number, notice = a_request(desk, "Proven twice")
    assert answer(desk, notice, "Here is your answer.\n")["state"] == "done"
    assert "Here is your answer." in text_of(desk.letters(customer_of("Proven twice"))[-1])
    assert desk.kinds(number) == ["customer", "agent"]


def test_a_token_without_dmarc_is_held_and_the_agent_is_told_at_home(desk: RunningDesk):
    _, notice = a_request(desk, "Token alone")
    told = len(desk.letters("anna"))
    row = desk.receive(an_answer_to(notice, desk.at("anna"), "Wire the money to me.\n"))
    assert is_refused(desk, row, "Token alone")
    (letter,) = desk.letters("anna")[told:]
    assert "Wire the money" not in letter.as_string(), "what a forger wrote is not carried on"
    assert f"Subject: {notice['Subject']}\n" in text_of(letter)
    assert f"maild message show {row['id']}, maild message release {row['id']}" in text_of(letter)


def test_a_failed_dmarc_and_the_word_of_an_untrusted_server_prove_nobody(desk: RunningDesk):
    _, notice = a_request(desk, "Judged badly")
    foreign = {"Authentication-Results": f"mx.evil.example; dmarc=pass header.from={desk.domain}"}
    for headers in (judged(desk, "fail"), foreign):
        row = desk.receive(an_answer_to(notice, desk.at("anna"), "I am Anna.\n", headers=headers))
        assert is_refused(desk, row, "Judged badly")


def test_a_forged_agent_without_a_token_is_held(desk: RunningDesk):
    a_request(desk, "Forged plainly")
    (ticket,) = desk.tickets(f"from:{customer_of('Forged plainly')}")
    raw = an_email(sender=desk.at("anna"), to=desk.at("support"), subject=f"Re: {ticket['tag']} x", body="#close\n", headers=judged(desk))
    assert is_refused(desk, desk.receive(raw), "Forged plainly")


def test_the_token_of_another_agent_or_of_another_ticket_proves_nothing(desk: RunningDesk):
    _, notice = a_request(desk, "The other ticket")
    a_request(desk, "The attacked ticket")
    (attacked,) = desk.tickets(f"from:{customer_of('The attacked ticket')}")
    (ack,) = desk.letters(customer_of("The attacked ticket"))
    as_boris = an_answer_to(notice, desk.at("boris"), "#close\n", headers=judged(desk))
    assert is_refused(desk, desk.receive(as_boris), "The other ticket")
    both = {"In-Reply-To": f"{ack['Message-ID']} {notice['Message-ID']}", "References": str(ack["Message-ID"])}
    row = desk.receive(
        an_answer_to(notice, desk.at("anna"), "#close\nBye.\n", headers=judged(desk) | both, subject=f"Re: {attacked['tag']} x")
    )
    assert is_refused(desk, row, "The attacked ticket")


def test_a_customer_cannot_make_himself_an_agent_with_the_ids_of_his_acknowledgement(desk: RunningDesk):
    """Acceptance row 9."""
    a_request(desk, "Made of an ack")
    (ack,) = desk.letters(customer_of("Made of an ack"))
    forged = an_answer_to(ack, desk.at("anna"), "#assign anna\nDone.\n", headers=judged(desk), subject="Made of an ack")
    assert is_refused(desk, desk.receive(forged), "Made of an ack")


@pytest.mark.parametrize(
    "sender", ["{agent} <evil@x.example>", "<{agent}> <evil@x.example>", "{agent})evil@x.example", "{agent}, evil@x.example"]
)
def test_a_from_that_two_readers_may_read_differently_has_no_agent_rights(desk: RunningDesk, sender: str):
    """Acceptance row 8."""
    subject = f"Differential {len(sender)}"
    number, notice = a_request(desk, subject)
    forged = sender.format(agent=desk.at("anna"))
    row = desk.receive(an_answer_to(notice, forged, "#close\nForged.\n", headers=judged(desk)))
    assert desk.ticket(number)["status"] == "new"
    assert "agent" not in desk.kinds(number)
    assert not any("Forged." in letter.as_string() for letter in desk.letters(customer_of(subject)))
    assert row["state"] in ("quarantined", "done")


def test_two_from_fields_and_an_agent_in_reply_to_give_no_rights(desk: RunningDesk):
    """Acceptance row 8."""
    number, notice = a_request(desk, "Two senders")
    parent = str(notice["Message-ID"])
    common = [("In-Reply-To", parent), ("References", parent), *judged(desk).items()]
    two = [("From", desk.at("anna")), ("From", "evil@x.example"), *common]
    reply_to = [("From", "evil@x.example"), ("Reply-To", desk.at("anna")), ("Sender", desk.at("anna")), *common]
    for headers in (two, reply_to):
        desk.receive(an_email(to=desk.at("support"), subject="Re: Two senders", body="#close\nForged.\n", headers=headers))
    assert desk.ticket(number)["status"] == "new"
    assert "agent" not in desk.kinds(number)
    assert len(desk.letters(customer_of("Two senders"))) == 1


def test_a_notification_passed_on_by_its_reader_gives_the_stranger_no_rights_and_the_customer_nothing(desk: RunningDesk):
    """Acceptance row 9."""
    number, notice = a_request(desk, "Passed on")
    row = desk.receive(an_answer_to(notice, "partner@else.example", "#close\nThe customer must not see this.\n"))
    assert (row["ticket"], desk.kinds(number), desk.ticket(number)["status"]) == (number, ["customer", "third_party"], "new")
    assert "token_elsewhere" in desk.events(number)
    answer(desk, notice, "Dear Ann, done.\n")
    last = desk.letters(customer_of("Passed on"))[-1]
    assert "Dear Ann" in text_of(last)
    assert "must not see" not in last.as_string()


@pytest.mark.parametrize(("agent_auth", "headers_matter"), [("token", False), ("dmarc", True)])
def test_each_way_of_proof_alone_where_the_desk_says_so(make_desk: Callable[..., RunningDesk], agent_auth: str, headers_matter: bool):
    desk = make_desk(extra=f"{UNLIMITED}\ntrust: {{authserv_ids: [mx.desk.example], agent_auth: {agent_auth}}}").start()
    number, notice = a_request(desk, "One proof")
    tag = desk.ticket(number)["tag"]
    without_token = an_email(
        sender=desk.at("anna"), to=desk.at("support"), subject=f"Re: {tag} One proof", body="By DMARC.\n", headers=judged(desk)
    )
    without_judgement = an_answer_to(notice, desk.at("anna"), "By token.\n")
    good, bad = (without_token, without_judgement) if headers_matter else (without_judgement, without_token)
    assert desk.receive(bad)["state"] == "quarantined"
    assert desk.receive(good)["state"] == "done"
    assert desk.kinds(number) == ["customer", "agent"]
    assert len(desk.letters(customer_of("One proof"))) == 2


def test_what_was_held_as_unproven_can_be_released_by_an_admin(desk: RunningDesk):
    number, notice = a_request(desk, "Released later")
    row = desk.receive(an_answer_to(notice, desk.at("anna"), "It really was me.\n"))
    assert is_refused(desk, row, "Released later")
    desk.maild("message", "release", str(row["id"]))
    assert "It really was me." in text_of(desk.letter(customer_of("Released later"), 2))
    assert desk.kinds(number) == ["customer", "agent"]


# Public or internal (A5, A6, F11)


def test_an_agents_out_of_office_is_never_relayed(desk: RunningDesk):
    """Acceptance row 5."""
    number, notice = a_request(desk, "While away")
    row = answer(desk, notice, "I am away until Monday.\n", headers={"Auto-Submitted": "auto-replied"})
    assert (row["state"], row["class"]) == ("done", "auto_reply")
    assert len(desk.letters(customer_of("While away"))) == 1
    assert desk.ticket(number)["status"] == "new"


def test_a_forwarded_notification_stays_a_note_and_whom_it_was_sent_to_gets_nothing_later(desk: RunningDesk):
    """Acceptance row 15."""
    number, notice = a_request(desk, "Forwarded inside")
    forward = f"Fwd: {notice['Subject']}"
    row = answer(
        desk,
        notice,
        "Partner, what do you say? The customer is difficult.\n",
        headers={"Subject": forward, "To": f"partner@else.example, {desk.at('support')}"},
        message_id="forward@anna.example",
    )
    assert (row["state"], desk.kinds(number)) == ("done", ["customer", "note"])
    kept = text_of(desk.letter_about("anna", "Forwarded inside", 2))
    assert "Your mail was kept as a note. The customer did not get it" in kept
    assert "Partner, what do you say?" in kept
    third = an_email(
        sender="partner@else.example",
        to=desk.at("support"),
        subject=f"Re: {notice['Subject']}",
        body="Difficult indeed.\n",
        headers={"In-Reply-To": "<forward@anna.example>"},
    )
    assert desk.receive(third)["ticket"] == number
    by_tag = an_email(sender="partner@else.example", to=desk.at("support"), subject=str(notice["Subject"]), body="Too difficult.\n")
    assert desk.receive(by_tag)["ticket"] == number
    inside = [(message["kind"], message["internal"]) for message in desk.ticket(number)["messages"]]
    assert inside == [("customer", False), ("note", True), ("third_party", True), ("third_party", True)]
    answer(desk, notice, "Dear customer, all is well.\n")
    assert not any("difficult" in letter.as_string().casefold() for letter in desk.letters(customer_of("Forwarded inside")))
    assert desk.letters("partner@else.example") == []


def test_a_note_and_every_reply_to_it_stay_inside(desk: RunningDesk):
    number, notice = a_request(desk, "Between us")
    desk.maild("ticket", "assign", str(number), "boris", "--as", "anna")
    answer(desk, notice, "#note\nHe has not paid since May.\n")
    assert desk.kinds(number)[-1] == "note"
    about_note = desk.letter_about("boris", "Between us", 2)
    assert text_of(about_note).startswith("Reply = internal note\n")
    answer(desk, about_note, "I will call him.\n", sender=desk.at("boris"))
    assert desk.kinds(number) == ["customer", "note", "note"]
    assert len(desk.letters(customer_of("Between us"))) == 1


def test_an_answer_goes_to_the_participants_with_its_files_and_not_twice_to_those_who_have_it(desk: RunningDesk):
    subject = "With files"
    _, notice = a_request(desk, subject, headers={"Cc": "bob@with-files.example, carol@with-files.example"})
    raw = an_email_with_files(FILES, body="See the plan.\n", sender=desk.at("anna"), subject=f"Re: {notice['Subject']}")
    parent = str(notice["Message-ID"])
    head = f"In-Reply-To: {parent}\r\nReferences: {parent}\r\nCc: carol@with-files.example\r\nAuthentication-Results: "
    desk.receive((head + judged(desk)["Authentication-Results"] + "\r\n").encode() + raw)
    for recipient in (customer_of(subject), "bob@with-files.example"):
        letter = desk.letters(recipient)[-1]
        assert [part.get_filename() for part in letter.iter_attachments()] == ["plan.pdf", "price list.csv"]
        assert [part.get_payload(decode=True) for part in letter.iter_attachments()] == [content for _, _, content in FILES]
        assert "See the plan." in text_of(letter)
        assert desk.at("anna") not in letter.as_string()
    assert desk.letters("carol@with-files.example") == []


def test_who_answers_an_agents_own_mail_is_told_of_with_a_warning(desk: RunningDesk):
    """A8, A10: the customer stood in Cc of the answer to the desk."""
    subject = "In copy"
    number, notice = a_request(desk, subject)
    mail = an_answer_to(
        notice, desk.at("anna"), "Here it is.\n", headers=judged(desk) | {"Cc": customer_of(subject)}, message_id=f"17@laptop.{desk.domain}"
    )
    desk.receive(mail)
    assert ("sent_directly" in desk.events(number), len(desk.letters(customer_of(subject)))) == (True, 1)
    headers = {"In-Reply-To": f"<17@laptop.{desk.domain}>", "Cc": desk.at("support")}
    asked = an_email(
        sender=customer_of(subject), to=desk.at("anna"), subject=f"Re: {notice['Subject']}", body="And when?\n", headers=headers
    )
    assert desk.receive(asked)["ticket"] == number
    warning = f"{customer_of(subject)} answers a mail that Anna Ivanova sent there directly, and has Anna Ivanova's own address."
    assert warning in " ".join(text_of(desk.letters_about("anna", subject)[-1]).split())


def test_an_answer_that_shows_the_agents_own_address_does_not_leave_the_house(desk: RunningDesk):
    number, notice = a_request(desk, "A leak")
    answer(desk, notice, f"Write to me at {desk.at('anna')} instead.\n")
    back = desk.letter_about("anna", "A leak", 2)
    assert "an agent's own address would be shown" in text_of(back)
    assert len(desk.letters(customer_of("A leak"))) == 1
    assert desk.kinds(number) == ["customer"]


def test_an_answer_with_a_file_named_after_the_agents_address_comes_back(desk: RunningDesk):
    """A8."""
    number, notice = a_request(desk, "A file that leaks")
    files = [(f"{desk.at('anna')}.pdf", "application/pdf", b"%PDF-1.4 plan")]
    parent = str(notice["Message-ID"])
    raw = an_email_with_files(files, body="See the plan.\n", sender=desk.at("anna"), subject=f"Re: {notice['Subject']}")
    head = f"In-Reply-To: {parent}\r\nReferences: {parent}\r\nAuthentication-Results: {judged(desk)['Authentication-Results']}\r\n"
    assert desk.receive(head.encode() + raw)["state"] == "done"
    assert "give the file another name" in text_of(desk.letter_about("anna", "A file that leaks", 2))
    assert len(desk.letters(customer_of("A file that leaks"))) == 1
    assert desk.kinds(number) == ["customer"]


def test_an_answer_with_an_attached_notification_comes_back(desk: RunningDesk):
    """A8: Outlook attaches a mail that is dragged into another."""
    subject = "An attached notice"
    number, notice = a_request(desk, subject)
    parent = str(notice["Message-ID"])
    attached = [("notice.eml", "message/rfc822", notice.as_bytes())]
    raw = an_email_with_files(attached, body="See what he wrote.\n", sender=desk.at("anna"), subject=f"Re: {notice['Subject']}")
    head = f"In-Reply-To: {parent}\r\nReferences: {parent}\r\nAuthentication-Results: {judged(desk)['Authentication-Results']}\r\n"
    assert desk.receive(head.encode() + raw)["state"] == "done"
    assert 'an agent\'s token would be shown, in the attached mail "notice.eml"' in text_of(desk.letter_about("anna", subject, 2))
    assert (len(desk.letters(customer_of(subject))), desk.kinds(number)) == (1, ["customer"])


def test_an_answer_that_the_signature_would_make_leak_is_held_and_goes_out_once_that_is_mended(make_desk: Callable[..., RunningDesk]):
    """A8, L9."""
    subject, desk = "A signature that leaks", make_desk()
    desk.support = f"agents: [anna], signature: 'Anna, {desk.at('anna')}'"
    desk.configure()
    assert desk.start().app
    number, notice = a_request(desk, subject)
    held = desk.receive(an_answer_to(notice, desk.at("anna"), "#close\nHere is the plan.\n"))
    assert (held["state"], desk.kinds(number), desk.ticket(number)["status"]) == ("held", ["customer"], "new")
    told = text_of(desk.letter_about("anna", subject, 2))
    for words in (f"would be shown: {desk.at('anna')}", f"maild message retry {held['id']}", "Here is the plan."):
        assert words in told
    desk.support = "agents: [anna]"
    desk.configure()
    assert desk.app.reload().done
    desk.maild("message", "retry", str(held["id"]))
    assert "Here is the plan." in text_of(desk.letter(customer_of(subject), 2))
    desk.settle()
    assert (desk.kinds(number), desk.ticket(number)["status"]) == (["customer", "agent"], "closed")
    assert len(desk.letters_about("anna", subject)) == 2


def test_a_customer_whose_message_id_looks_like_an_agents_token_is_acknowledged_and_answered(desk: RunningDesk):
    """A8: whatever he calls his mail, it stops nothing."""
    for subject, identifier in (
        ("An id like a token", f"n.1042.77.ab{'a' * 16}@globex.example"),
        ("An id like an agent", f"17.{desk.at('anna')}"),
    ):
        number, notice = a_request(desk, subject, message_id=identifier)
        assert answer(desk, notice, "Here is your answer.\n")["state"] == "done"
        _, letter = desk.letters(customer_of(subject))
        assert "Here is your answer." in text_of(letter)
        assert identifier not in letter.as_string()
        follow_up = desk.receive(an_answer_to(letter, customer_of(subject), "Thank you, and one more question: when?\n"))
        assert follow_up["ticket"] == number


def test_an_answer_that_was_kept_as_a_note_is_sent_by_one_word_once_and_with_its_files(desk: RunningDesk):
    """A6: his mail program threads by References only."""
    subject = "Kept and sent"
    number, notice = a_request(desk, subject)
    parent = str(notice["Message-ID"])
    raw = an_email_with_files(FILES, body="Dear Ann, see the plan.\n", sender=desk.at("anna"), subject=f"Re: {notice['Subject']}")
    desk.receive(f"References: {parent}\r\nAuthentication-Results: {judged(desk)['Authentication-Results']}\r\n".encode() + raw)
    assert (desk.kinds(number), len(desk.letters(customer_of(subject)))) == (["customer", "note"], 1)
    told = desk.letter_about("anna", subject, 2)
    assert "reply to this mail with the one word: send" in text_of(told)
    assert "Dear Ann, see the plan." in text_of(told)
    answer(desk, told, "send\n")
    letter = desk.letter(customer_of(subject), 2)
    assert "Dear Ann, see the plan." in text_of(letter)
    assert [part.get_payload(decode=True) for part in letter.iter_attachments()] == [content for _, _, content in FILES]
    desk.settle()
    ticket = desk.ticket(number)
    assert (desk.kinds(number), ticket["status"], ticket["owner"]) == (["customer", "note", "agent"], "waiting", "anna")
    answer(desk, told, "#send\n")
    assert "it goes out once" in text_of(desk.letters_about("anna", subject)[-1])
    assert len(desk.letters(customer_of(subject))) == 2
    follow_up = desk.receive(an_answer_to(letter, customer_of(subject), "Thank you, and when will it be done?\n"))
    assert (follow_up["ticket"], desk.kinds(number)[-1]) == (number, "customer")


def test_what_was_kept_as_a_note_is_never_sent_with_a_colleagues_note(desk: RunningDesk):
    """A6: In-Reply-To names a mail of his colleague's; the token stands in References only."""
    subject = "Asked by note"
    number, notice = a_request(desk, subject)
    desk.maild("ticket", "note", str(number), "He has owed us money since May.", "--as", "boris")
    for body in ("BP> He has owed us money since May.\nDear Ann, we wait.\n", "Dear Ann, we wait for your payment.\n"):
        answer(desk, notice, body, headers={"In-Reply-To": "<chat@else.example>"})
        answer(desk, desk.letters_about("anna", subject)[-1], "send\n")
        desk.settle()
    shown = [text_of(letter) for letter in desk.letters(customer_of(subject))[1:]]
    assert (len(shown), "we wait for your payment" in shown[0], "owed" in shown[0]) == (1, True, False)
    assert desk.kinds(number) == ["customer", "note", "note", "note", "agent"]


def test_who_answers_a_note_is_not_told_that_it_is_one(desk: RunningDesk):
    """A6: the first line of what he answers says so."""
    subject = "Note upon note"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "#assign boris\n#note\nHe has owed us money since May.\n")
    about_note = desk.letter_about("boris", subject)
    answer(desk, about_note, "I know.\n", sender=desk.at("boris"))
    desk.settle()
    assert (len(desk.letters_about("boris", subject)), desk.kinds(number)) == (1, ["customer", "note", "note"])


# Commands (A7)


def test_a_mistyped_command_returns_the_draft_and_nothing_goes_out(desk: RunningDesk):
    """Acceptance row 10."""
    number, notice = a_request(desk, "A typo")
    answer(desk, notice, "#clsoe\nDear Ann, we are done.\n")
    back = desk.letter_about("anna", "A typo", 2)
    assert "#close" in text_of(back)
    assert "Dear Ann, we are done." in text_of(back)
    assert (desk.kinds(number), desk.ticket(number)["status"]) == (["customer"], "new")
    assert len(desk.letters(customer_of("A typo"))) == 1
    answer(desk, back, "#close\nDear Ann, we are done.\n")
    assert desk.ticket(number)["status"] == "closed"
    assert "we are done" in text_of(desk.letters(customer_of("A typo"))[-1])


def test_a_draft_that_came_back_goes_out_at_the_word_yes_once_and_with_its_files(desk: RunningDesk):
    """A7."""
    subject = "Meant and sent"
    number, notice = a_request(desk, subject)
    raw = an_email_with_files(FILES, body="#clsoe\nDear Ann, see the plan.\n", sender=desk.at("anna"), subject=f"Re: {notice['Subject']}")
    headers = {"In-Reply-To": str(notice["Message-ID"]), **judged(desk)}
    desk.receive("".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + raw)
    back = desk.letter_about("anna", subject, 2)
    assert "with the one word yes:\n\n  #close\n" in text_of(back)
    assert (desk.kinds(number), len(desk.letters(customer_of(subject)))) == (["customer"], 1)
    answer(desk, back, "Yes.\n\n-- \nAnna Ivanova\n")
    letter = desk.letter(customer_of(subject), 2)
    assert ("Dear Ann, see the plan." in text_of(letter), "#" in text_of(letter).replace(desk.ticket(number)["tag"], "")) == (True, False)
    assert [part.get_payload(decode=True) for part in letter.iter_attachments()] == [content for _, _, content in FILES]
    desk.settle()
    assert (desk.kinds(number), desk.ticket(number)["status"]) == (["customer", "agent"], "closed")
    assert "corrected" in desk.events(number)
    for again in ("#yes\n", "#close\n"):
        answer(desk, back, again)
        assert "it goes out once" in text_of(desk.letters_about("anna", subject)[-1])
    assert len(desk.letters(customer_of(subject))) == 2
    follow_up = desk.receive(an_answer_to(letter, customer_of(subject), "Thank you, and when will it be done?\n"))
    assert (follow_up["ticket"], desk.kinds(number)[-1]) == (number, "customer")


def test_a_draft_that_came_back_goes_out_with_the_command_lines_of_an_answer(desk: RunningDesk):
    """A7: a mistake in them brings it back once more; a word that is a tag of the desk is a command among them, too."""
    subject = "Mended by lines"
    number, notice = a_request(desk, subject)
    other, _ = a_request(desk, "Its tag is known")
    desk.maild("ticket", "tag", str(other), "payment")
    answer(desk, notice, "#frobnicate\n#take\nDear Ann, we are done.\n")
    answer(desk, desk.letters_about("anna", subject)[-1], "#cloze\n")
    desk.settle()
    back = desk.letters_about("anna", subject)[-1]
    assert "  1 #cloze\n  2 Dear Ann, we are done." in text_of(back)
    answer(desk, back, "#payment\n#close\n")
    desk.settle()
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["tags"], desk.kinds(number)) == ("closed", ["payment"], ["customer", "agent"])
    assert "we are done" in text_of(desk.letters(customer_of(subject))[-1])


def test_nobody_but_its_agent_makes_a_draft_go_that_came_back(desk: RunningDesk):
    """A3, A7: whoever forges his name, has another agent's proof, or was passed the letter on."""
    subject = "Not mended"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "#clsoe\nDear Ann, we are done.\n")
    back = desk.letter_about("anna", subject, 2)
    for body in ("yes\n", "#close\n"):
        answer(desk, back, body, headers=judged(desk, "fail"))
        answer(desk, back, body, sender=desk.at("boris"))
        answer(desk, back, body, subject=f"Fwd: {back['Subject']}")
        desk.receive(an_answer_to(back, "partner@else.example", body))
        desk.receive(an_answer_to(back, customer_of(subject), body))
    desk.settle()
    assert "agent" not in desk.kinds(number)
    assert not any("we are done" in letter.as_string() for letter in desk.letters(customer_of(subject)))


def test_a_note_that_came_back_is_a_note_when_it_is_mended(desk: RunningDesk):
    """Promise 4: its agent corrects but one of its lines."""
    subject = "A note mended"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "#note\n#asign boris\nHe is a fraud.\n")
    answer(desk, desk.letter_about("anna", subject, 2), "#assign boris\n")
    desk.settle()
    assert (desk.kinds(number), desk.ticket(number)["owner"]) == (["customer", "note"], "boris")
    assert not any("fraud" in letter.as_string() for letter in desk.letters(customer_of(subject)))


def test_commands_steer_the_ticket_and_never_reach_the_customer(desk: RunningDesk):
    number, notice = a_request(desk, "Steered")
    answer(desk, notice, "#assign boris\n#tag vip slow\n#priority high\nWe look into it.\n#wait\n")
    ticket = desk.ticket(number)
    assert (ticket["owner"], ticket["tags"], ticket["priority"], ticket["status"]) == ("boris", ["slow", "vip"], "high", "waiting")
    last = desk.letters(customer_of("Steered"))[-1]
    assert "We look into it." in text_of(last)
    assert "#" not in text_of(last).replace(ticket["tag"], "")
    assert "Anna Ivanova passed this ticket to you." in text_of(desk.letter_about("boris", "Steered"))


def test_a_closing_command_alone_sends_the_closing_notice_and_with_an_answer_only_the_answer(desk: RunningDesk):
    _, notice = a_request(desk, "Closed alone")
    answer(desk, notice, "#close\n")
    assert len(desk.letters(customer_of("Closed alone"))) == 2
    _, notice = a_request(desk, "Closed with words")
    answer(desk, notice, "#close\nGood bye.\n")
    assert [("Good bye." in text_of(letter)) for letter in desk.letters(customer_of("Closed with words"))] == [False, True]


def test_a_quoted_command_is_no_command(desk: RunningDesk):
    """Acceptance row 10."""
    number, notice = a_request(desk, "Only quoted", body="#close\nplease\n")
    answer(desk, notice, "Not yet.\n\nOn Friday, 20 November 2026 at 10:02 Ann wrote:\n> #close\n> please\n")
    assert desk.ticket(number)["status"] == "waiting"
    assert desk.kinds(number) == ["customer", "agent"]


# The command line


def test_every_verb_of_the_command_line_does_what_its_mail_command_does(desk: RunningDesk):
    number = int(desk.ask(*A_PHONE_CALL)["number"])
    one = str(number)
    for arguments, key, wanted in (
        (("assign", one, "boris"), "owner", "boris"),
        (("tag", one, "vip", "old"), "tags", ["old", "vip"]),
        (("untag", one, "old"), "tags", ["vip"]),
        (("set", one, "priority=urgent"), "priority", "urgent"),
        (("note", one, "A quiet word."), "messages", 2),
        (("reply", one, "An answer from sales.", "--as", "boris"), "status", "waiting"),
        (("move", one, "support"), "queue", "support"),
        (("close", one), "status", "closed"),
        (("reopen", one), "status", "open"),
        (("spam", one), "status", "spam"),
    ):
        assert desk.ask("ticket", *arguments)[key] == wanted, arguments
    desk.settle()
    (mail,) = desk.letters("phone@caller.example")[:1]
    assert mail["From"].addresses[0].addr_spec == desk.at("sales")
    assert "An answer from sales." in text_of(mail)
    assert desk.kinds(number) == ["customer", "note", "agent"]
    assert not any("quiet word" in letter.as_string() for letter in desk.letters("phone@caller.example"))


def test_a_ticket_moved_to_another_department_is_answered_there_by_replying(desk: RunningDesk):
    subject = "For the other department"
    number, notice = a_request(desk, subject)
    answer(desk, notice, "#take\n")
    answer(desk, notice, "#move sales\n")
    moved = desk.letter_about("boris", subject)
    assert "moved this ticket here from Support." in text_of(moved)
    assert "the printer on the second floor is on fire" in text_of(moved)
    assert (desk.ticket(number)["queue"], desk.ticket(number)["owner"]) == ("sales", None)
    assert any("does not work in Sales" in event["text"] for event in desk.ticket(number)["events"])
    answer(desk, moved, "Sales will see to it.\n", sender=desk.at("boris"))
    last = desk.letters(customer_of(subject))[-1]
    assert (last["From"].addresses[0].addr_spec, "Sales will see to it." in text_of(last)) == (desk.at("sales"), True)
    assert desk.ticket(number)["owner"] == "boris"


def test_a_failed_note_does_not_become_an_answer_when_it_is_corrected(desk: RunningDesk):
    number, notice = a_request(desk, "A note with a typo")
    answer(desk, notice, "#take\n")
    desk.maild("ticket", "note", str(number), "between us", "--as", "boris")
    about_note = desk.letter_about("anna", "A note with a typo", 2)
    assert text_of(about_note).startswith("Reply = internal note")
    answer(desk, about_note, "#clsoe\nhe is a fraud\n")
    back = desk.letter_about("anna", "A note with a typo", 3)
    assert text_of(back).startswith("Reply = internal note")
    answer(desk, back, "#wait\nhe is a fraud\n")
    assert not any("fraud" in text_of(mail) for mail in desk.letters(customer_of("A note with a typo")))
    assert "agent" not in desk.kinds(number)


def test_a_list_header_does_not_let_a_forged_agent_in(desk: RunningDesk):
    number, _ = a_request(desk, "A forged list")
    tag = desk.ticket(number)["tag"]
    desk.receive(an_email(sender=f"Anna <{desk.at('anna')}>", to=desk.at("support"), subject=f"Re: {tag}", headers={"Precedence": "list"}))
    assert desk.kinds(number) == ["customer"]
    assert any(row["reason"] and "not proven" in row["reason"] for row in desk.ask("message", "list", "--state", "quarantined"))
