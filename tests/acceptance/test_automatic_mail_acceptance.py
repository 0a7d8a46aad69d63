"""Automatic mail, in and out: who gets what, and that it ends (MAIL.md L1-L7, B4, F9; PRODUCT promise 3)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.bounces import a_bounce_of
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, eventually, text_of
from tests.rig.sink import SmtpSink

UNLIMITED = "limits: {automatic: off, storm: off}"
TRUSTING = f"{UNLIMITED}\ntrust: {{authserv_ids: [mx.desk.example], agent_auth: token}}"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), extra=TRUSTING) as running:
        yield running


def a_ticket_of(desk: RunningDesk, sender: str, **more: Any) -> tuple[int, EmailMessage]:
    """A new ticket: its number, and its acknowledgement."""
    row = desk.receive(an_email(sender=sender, to=desk.at("support"), subject=more.pop("subject", f"From {sender}"), **more))
    return int(row["ticket"]), desk.letters(sender)[0]


def answered(desk: RunningDesk, number: int, body: str, *more: str) -> EmailMessage:
    """Anna's answer to a ticket, as the customer gets it. `more`: `--close`."""
    desk.ask("ticket", "reply", str(number), body, "--as", "anna", *more)
    desk.settle()
    ticket = desk.ticket(number)
    return desk.letters(ticket["requester"]["address"])[-1]


def counts(desk: RunningDesk) -> tuple[int, int]:
    """(letters sent to anybody, tickets): what must not change."""
    return len(desk.sink.mails), len(desk.tickets())


# Mail in


def test_an_out_of_office_is_put_on_its_ticket_and_nobody_is_written_to(desk: RunningDesk):
    number, ack = a_ticket_of(desk, "ann@away.example")
    before = counts(desk)
    row = desk.receive(an_answer_to(ack, "ann@away.example", "I am away.\n", headers={"Auto-Submitted": "auto-replied"}))
    assert (row["state"], row["class"], row["ticket"]) == ("done", "auto_reply", number)
    assert desk.kinds(number) == ["customer", "auto"]
    assert counts(desk) == before


def test_an_out_of_office_of_nobodys_ticket_is_kept_in_quarantine(desk: RunningDesk):
    before = counts(desk)
    row = desk.receive(an_email(sender="bob@away.example", to=desk.at("support"), headers={"X-Autoreply": "yes"}))
    assert (row["state"], row["ticket"]) == ("quarantined", None)
    assert counts(desk) == before


def test_a_bounced_acknowledgement_is_a_line_on_the_ticket_and_no_mail(desk: RunningDesk):
    number, ack = a_ticket_of(desk, "typo@bounces.example")
    before = counts(desk)
    assert desk.receive(a_bounce_of(ack, desk.at("support")))["ticket"] == number
    assert counts(desk) == before
    assert "bounced" in desk.events(number)
    assert desk.ticket(number)["tags"] == []


def test_a_bounced_answer_is_told_to_its_owner_and_changes_no_state(desk: RunningDesk):
    number, _ = a_ticket_of(desk, "gone@bounces.example")
    answer = answered(desk, number, "This will not arrive.")
    told = len(desk.letters("anna"))
    row = desk.receive(a_bounce_of(answer, desk.at("support")))
    assert (row["ticket"], row["class"]) == (number, "bounce")
    assert len(desk.letters("anna")) == told + 1
    ticket = desk.ticket(number)
    assert (ticket["status"], ticket["tags"]) == ("waiting", ["undeliverable"])
    assert len(desk.letters("gone@bounces.example")) == 2


def test_an_address_that_bounced_gets_no_automatic_mail_until_somebody_writes_from_it(desk: RunningDesk):
    number, ack = a_ticket_of(desk, "back@bounces.example")
    desk.receive(a_bounce_of(ack, desk.at("support")))
    (row,) = [row for row in desk.ask("outbox", "list") if row["message_id"] == ack["Message-ID"].strip("<>")]
    assert (row["state"], row["error"]) == ("sent", "bounced: 550 5.1.1 User unknown")
    answer = answered(desk, number, "An answer is tried all the same.")
    assert "warned" in desk.events(number)
    desk.ask("ticket", "close", str(number))
    (withheld,) = [event["text"] for event in desk.ticket(number)["events"] if event["kind"] == "notice_withheld"]
    assert "gets no automatic mail: mail bounced" in withheld
    desk.receive(an_answer_to(answer, "back@bounces.example", "My mailbox works again.\n"))
    assert "suppression_lifted" in desk.events(number)
    again, _ = a_ticket_of(desk, "back@bounces.example", subject="Second")
    assert "acknowledged" in desk.events(again)


def test_an_agent_whose_own_mailbox_bounces_is_told_nothing_and_the_admins_are(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(support="agents: [anna, boris], statuses: []").start()
    _, _ = a_ticket_of(desk, "one@agents.example", subject="First")
    notice = desk.letter_about("boris", "First")
    desk.receive(a_bounce_of(notice, desk.at("support")))
    number, _ = a_ticket_of(desk, "two@agents.example", subject="Second")
    assert desk.letters_about("boris", "Second") == []
    assert len(desk.letters_about("anna", "Second")) == 1
    assert "mail to Boris Petrov comes back" in str(desk.ticket(number)["events"])
    assert any("Boris Petrov gets no notifications" in trouble for trouble in desk.ask("status")["troubles"])


def test_an_agent_to_whom_the_relay_delivers_nothing_is_told_nothing_and_the_others_are(make_desk: Callable[..., RunningDesk]):
    """B6: a refusal is a bounce that comes at once."""
    desk = make_desk(support="agents: [anna, boris], statuses: []").start()
    desk.sink.refuse(desk.at("boris"), "552 5.2.2 mailbox full")
    number, _ = a_ticket_of(desk, "one@refused.example", subject="First")
    desk.settle()
    told = [letter for letter in desk.letters_about("anna", "First") if "Mail to Boris Petrov comes back" in text_of(letter)]
    assert (len(told), "5.2.2 mailbox full" in text_of(told[0])) == (1, True)
    assert desk.ticket(number)["tags"] == []
    second, _ = a_ticket_of(desk, "two@refused.example", subject="Second")
    assert [row["to"] for row in desk.ask("outbox", "list", "--ticket", str(second)) if row["kind"] == "notification"] == [desk.at("anna")]
    assert any("Boris Petrov gets no notifications" in trouble for trouble in desk.ask("status")["troubles"])


def test_a_bounce_of_mail_about_no_ticket_tells_that_an_agents_mailbox_is_dead(make_desk: Callable[..., RunningDesk]):
    """B6: the letter that tells Anna of a forgery under her name comes back."""
    desk = make_desk(support="agents: [anna, boris], statuses: []").start()
    forged = desk.receive(an_email(sender=desk.at("anna"), to=desk.at("support"), subject="Close it"))
    assert (forged["state"], forged["ticket"]) == ("quarantined", None)
    row = desk.receive(a_bounce_of(desk.letter("anna"), desk.at("support")))
    assert (row["state"], row["class"], row["ticket"]) == ("done", "bounce", None), row["reason"]
    assert [held["address"] for held in desk.ask("outbox", "suppressed")] == [desk.at("anna")]
    assert "Mail to Anna Ivanova comes back" in text_of(desk.letter_about("boris", "needs a person"))


@pytest.mark.parametrize(
    ("sender", "headers", "message_class", "why"),
    [
        ("ann@lists.example", {"List-Id": "<talk.lists.example>"}, "list", "list"),
        ("noreply@shop.example", {}, "human", "noreply"),
        ("cron@machine.example", {"Auto-Submitted": "auto-generated"}, "auto_generated", "auto_generated"),
        ("ann@exchange.example", {"X-Auto-Response-Suppress": "OOF, AutoReply"}, "human", "X-Auto-Response-Suppress"),
        ("ann@forged.example", {"Authentication-Results": "mx.desk.example; dmarc=fail header.from=forged.example"}, "human", "authentic"),
    ],
)
def test_a_request_that_may_not_be_acknowledged_is_a_ticket_all_the_same(
    desk: RunningDesk, sender: str, headers: dict[str, str], message_class: str, why: str
):
    row = desk.receive(an_email(sender=sender, to=desk.at("support"), subject=f"Silent {sender}", headers=headers))
    assert (row["state"], row["class"]) == ("done", message_class)
    assert desk.letters(sender) == []
    (withheld,) = [event for event in desk.ticket(row["ticket"])["events"] if event["kind"] == "ack_withheld"]
    assert why.casefold() in withheld["text"].casefold()
    assert len(desk.letters_about("anna", f"Silent {sender}")) == 1


def test_a_departments_own_address_as_the_sender_is_never_answered(desk: RunningDesk):
    row = desk.receive(an_email(sender=desk.at("sales"), to=desk.at("support"), subject="From ourselves"))
    assert row["state"] in ("done", "quarantined")
    assert desk.letters("sales") == []


# The state of the ticket (F9)


def test_thanks_does_not_reopen_and_an_answer_does(desk: RunningDesk):
    number, _ = a_ticket_of(desk, "ann@thanks.example")
    answer = answered(desk, number, "It is repaired.", "--close")
    before = counts(desk)
    assert desk.receive(an_answer_to(answer, "ann@thanks.example", "Thank you very much!\n"))["ticket"] == number
    assert (desk.ticket(number)["status"], counts(desk)) == ("closed", before)
    assert desk.receive(an_answer_to(answer, "ann@thanks.example", "It is broken again.\n"))["ticket"] == number
    assert (desk.ticket(number)["status"], desk.ticket(number)["owner"]) == ("open", "anna")
    assert counts(desk)[0] == before[0] + 1, "anna is told"


def test_an_out_of_office_does_not_reopen(desk: RunningDesk):
    number, _ = a_ticket_of(desk, "ann@closed.example")
    answer = answered(desk, number, "Done.", "--close")
    before = counts(desk)
    desk.receive(an_answer_to(answer, "ann@closed.example", "I am away.\n", headers={"Auto-Submitted": "auto-replied"}))
    assert (desk.ticket(number)["status"], counts(desk)) == ("closed", before)


def test_an_answer_to_a_ticket_closed_too_long_opens_a_new_one_that_inherits_its_owner(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(desk=", reopen_days: 0").start()
    number, _ = a_ticket_of(desk, "ann@long-ago.example")
    answer = answered(desk, number, "Done.", "--close")
    new = desk.receive(an_answer_to(answer, "ann@long-ago.example", "One more question.\n"))["ticket"]
    assert new != number
    assert (desk.ticket(number)["status"], desk.ticket(new)["owner"]) == ("closed", "anna")
    assert "possible_followup_of" in desk.events(new)
    assert desk.ticket(new)["tag"] in desk.letters("ann@long-ago.example")[-1]["Subject"]


# Loops and storms (L4, L6, L7)


def test_two_desks_that_write_to_each_other_exchange_one_acknowledgement(make_desk: Callable[..., RunningDesk], sink: SmtpSink):
    """Acceptance row 5."""
    one, other = make_desk(extra=""), make_desk(extra="")
    (other.directory / "secret.key").write_text("o" * 64 + "\n", encoding="ascii")
    sink.deliver_to = one.dovecot
    one.start()
    other.start()
    other.put(an_email(sender=one.at("support"), to=other.at("support"), subject="From desk to desk"))
    eventually(lambda: any(row["state"] != "received" for row in one.incoming()))
    one.settle()
    other.settle()
    between = [mail for mail in sink.mails if set(mail.recipients) & {one.at("support"), other.at("support")}]
    assert len(between) == 1
    assert [row["state"] for row in one.incoming()] == ["quarantined"]
    assert one.tickets() == []


def test_a_peer_that_answers_everything_with_a_new_subject_gets_three_mails_an_hour(make_desk: Callable[..., RunningDesk]):
    """Acceptance row 5."""
    desk = make_desk(extra="").start()
    for number in range(6):
        desk.receive(an_email(sender="robot@peer.example", to=desk.at("support"), subject=f"Answer {number * 7919}", body=f"{number}\n"))
    assert len(desk.letters("robot@peer.example")) == 3
    assert len(desk.tickets()) == 6, "nothing is lost"


def test_the_caps_survive_a_restart(make_desk: Callable[..., RunningDesk], storage: str):
    desk = make_desk(extra="", storage=storage).start()
    for number in range(3):
        desk.receive(an_email(sender="ann@capped.example", to=desk.at("support"), subject=f"Request {number}"))
    assert len(desk.letters("ann@capped.example")) == 3
    desk.stop()
    desk.start()
    row = desk.receive(an_email(sender="ann@capped.example", to=desk.at("support"), subject="Request 4"))
    assert len(desk.letters("ann@capped.example")) == 3
    (withheld,) = [event for event in desk.ticket(row["ticket"])["events"] if event["kind"] == "ack_withheld"]
    assert "3 automatic mails" in withheld["text"]


def test_a_storm_of_tickets_is_tagged_and_not_acknowledged(make_desk: Callable[..., RunningDesk]):
    desk = make_desk(extra="limits: {automatic: off}").start()
    for number in range(7):
        desk.receive(an_email(sender="ann@storm.example", to=desk.at("support"), subject=f"Storm {number}"))
    assert len(desk.letters("ann@storm.example")) == 5
    assert len(desk.tickets("#storm")) == 2


def test_three_additions_right_behind_one_acknowledgement_are_a_persons(desk: RunningDesk):
    """L5: a loop is a machine's that answers each of our letters."""
    number, ack = a_ticket_of(desk, "ann@adds.example")
    for words in ("PS: it is the one on the second floor.", "Its serial number is ABC.", "And it beeps."):
        desk.receive(an_answer_to(ack, "ann@adds.example", f"{words}\n"))
    assert not {"loop_suspect", "quiet"} & set(desk.events(number))
    assert len(desk.letters_about("anna", desk.ticket(number)["tag"])) == 4


ANSWERING = """
version: 1
rules: [{id: faq, when: message.customer, do: [{reply: {template: faq-password}}]}]
"""


def test_a_machine_that_answers_each_automatic_letter_is_muted_with_its_third_answer(make_desk: Callable[..., RunningDesk]):
    """L5."""
    desk = make_desk(extra=UNLIMITED, rules=ANSWERING).start()
    number, _ = a_ticket_of(desk, "robot@pong.example")
    for round_trip in range(1, 5):
        letters = desk.letters("robot@pong.example")
        assert len(letters) == min(round_trip, 3)
        desk.receive(an_answer_to(letters[-1], "robot@pong.example", f"Your mail was read, {round_trip}.\n"))
    events = desk.events(number)
    assert (events.count("loop_suspect"), events.count("quiet")) == (1, 1)
