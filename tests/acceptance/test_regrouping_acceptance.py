"""Tickets merged and linked, and that undone, by mail and at the command line (PRODUCT 21; MAIL.md A7, F9)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, eventually, text_of
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A desk that wants token and DMARC of its agents."""
    with a_running_desk(
        tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), extra=TRUSTING, support="agents: [anna]"
    ) as running:
        yield running


def a_request(desk: RunningDesk, customer: str, subject: str, **more: Any) -> tuple[int, EmailMessage]:
    """A customer's new ticket: its number, and anna's notification of it."""
    row = desk.receive(an_email(sender=customer, to=desk.at("support"), subject=subject, **more))
    return int(row["ticket"]), desk.letter_about("anna", subject)


def answer(desk: RunningDesk, notice: EmailMessage, body: str) -> dict[str, Any]:
    """Anna answers a notification from her own mail client."""
    return desk.receive(an_answer_to(notice, f"Anna Ivanova <{desk.at('anna')}>", body, headers=proof(desk)))


def quoted(notice: EmailMessage) -> str:
    """The notification below an answer, as mail programs quote it."""
    lines = (f"> {line}".rstrip() for line in text_of(notice).splitlines())
    return "\n".join((f"On Fri, 20 Nov 2026 at 10:02, {notice['From']} wrote:", *lines, ""))


def proof(desk: RunningDesk) -> dict[str, str]:
    """What the desk's own mail server says of Anna's mail."""
    return {"Authentication-Results": f"mx.desk.example; dmarc=pass header.from={desk.domain}"}


def test_a_second_mail_about_the_same_goes_into_the_first_and_is_answered_there(desk: RunningDesk):
    customer = "ann@twice.example"
    first, _ = a_request(desk, customer, "Lamp broken", body="My lamp is broken.\n")
    second, notice = a_request(desk, customer, "Still dark", body="It is still dark here.\n")
    row = answer(desk, notice, f"#merge {first}\nWe send you another lamp.\n")
    assert (row["state"], row["ticket"]) == ("done", first)
    merged, gone = desk.ticket(first), desk.ticket(second)
    assert [message["kind"] for message in merged["messages"]] == ["customer", "customer", "agent"]
    assert (merged["status"], gone["status"], gone["merged_into"], gone["messages"]) == ("waiting", "merged", first, [])
    letter = desk.letters(customer)[-1]
    assert "We send you another lamp." in text_of(letter)
    assert "#merge" not in letter.as_string()
    assert merged["tag"] in letter["Subject"]
    assert [ticket["number"] for ticket in desk.tickets(f"from:{customer}")] == [first]

    (ack,) = (mail for mail in desk.letters(customer) if gone["tag"] in mail["Subject"])
    row = desk.receive(an_answer_to(ack, customer, "Thank you for the lamp, it works. May I keep the old one?\n"))
    assert (row["ticket"], desk.ticket(first)["status"]) == (first, "open")
    assert "May I keep the old one?" in text_of(desk.letter_about("anna", "Lamp broken", 2))


def test_another_customers_ticket_comes_along_only_if_the_agent_says_so(desk: RunningDesk):
    first, _ = a_request(desk, "carl@one.example", "Carls contract")
    second, notice = a_request(desk, "dora@two.example", "Doras contract")
    answer(desk, notice, f"#merge {first}\nHere is the contract.\n")
    back = desk.letter_about("anna", "Doras contract", 2)
    assert "dora@two.example would get the answers" in text_of(back)
    assert (desk.kinds(first), desk.kinds(second)) == (["customer"], ["customer"])
    answer(desk, back, f"#merge {first} anyway\nHere is the contract.\n")
    assert [person["address"] for person in desk.ticket(first)["cc"]] == ["dora@two.example"]
    for customer in ("carl@one.example", "dora@two.example"):
        assert "Here is the contract." in text_of(desk.letters(customer)[-1])


def test_tickets_are_merged_at_the_command_line(desk: RunningDesk):
    first, _ = a_request(desk, "erik@one.example", "Eriks first")
    second, _ = a_request(desk, "erik@one.example", "Eriks second")
    other, _ = a_request(desk, "fred@one.example", "Freds own")
    assert desk.ask("ticket", "merge", str(second), f"#{first}")["number"] == first
    assert f"into #{first}" in desk.maild("ticket", "show", str(second))
    assert desk.ask("ticket", "tag", str(second), "vip")["number"] == first, "what is done to it is done where it went"
    desk.maild("ticket", "merge", str(other), str(first), status=2)
    assert desk.ticket(other)["status"] == "new"
    assert desk.ask("ticket", "merge", str(other), str(first), "--yes")["messages"]
    assert desk.kinds(first) == ["customer"] * 3


def test_a_merge_is_undone_by_mail_and_what_the_agent_says_beside_it_stays_inside(desk: RunningDesk):
    customer = "gina@one.example"
    first, _ = a_request(desk, customer, "Ginas first")
    second, notice = a_request(desk, customer, "Ginas second")
    before = desk.ticket(first), desk.ticket(second)
    answer(desk, notice, f"#merge {first}\n")
    assert desk.kinds(first) == ["customer"] * 2
    answer(desk, notice, "#undo\nThat was wrong of me.\n")
    after = desk.ticket(first), desk.ticket(second)
    assert [message["text"] for message in after[0]["messages"]][1:] == ["That was wrong of me."]
    assert [message["kind"] for message in after[0]["messages"]] == ["customer", "note"]
    assert after[1]["messages"] == before[1]["messages"]
    assert [ticket["status"] for ticket in after] == ["new", "new"]
    assert not any("wrong of me" in letter.as_string() for letter in desk.letters(customer))
    answer(desk, notice, "Now to your second question.\n")
    assert desk.kinds(second) == ["customer", "agent"]


def test_tickets_are_linked_and_that_is_undone(desk: RunningDesk):
    first, _ = a_request(desk, "hans@one.example", "Hanss first")
    second, notice = a_request(desk, "ines@one.example", "Iness own")
    answer(desk, notice, f"#link {first}\n#note\nThe same lamp.\n")
    assert (desk.ticket(first)["links"], desk.ticket(second)["links"]) == ([second], [first])
    assert f"#{first}" in desk.maild("ticket", "show", str(second))
    desk.maild("ticket", "undo", str(first))
    assert (desk.ticket(first)["links"], desk.ticket(second)["links"]) == ([], [])
    desk.maild("ticket", "undo", str(first), status=2)
    assert desk.ask("ticket", "link", str(first), str(second))["number"] == first


def test_an_answer_that_fails_once_its_ticket_is_merged_is_told_of_where_that_went(desk: RunningDesk):
    customer = "jan@one.example"
    first, _ = a_request(desk, customer, "Jans first")
    second, notice = a_request(desk, customer, "Jans second")
    desk.maild("outbox", "pause")
    desk.put(an_answer_to(notice, desk.at("anna"), "Here you are.\n", headers=proof(desk)))
    eventually(lambda: desk.kinds(second) == ["customer", "agent"])
    desk.maild("ticket", "merge", str(second), str(first))
    desk.sink.refuse(customer, "550 5.1.1 no such user", 1)
    desk.maild("outbox", "resume")
    eventually(lambda: desk.ticket(first)["tags"] == ["undeliverable"])
    desk.settle()
    assert any("could not be delivered" in text_of(letter) for letter in desk.letters_about("anna", "Jans first"))
    assert desk.ticket(second)["tags"] == []


def test_several_questions_in_one_mail_become_tickets_of_their_own(desk: RunningDesk):
    customer = "kim@one.example"
    body = "My lamp is broken.\nI also want my money back for order 12.\nAnd when are you open on Saturday?\n"
    number, notice = a_request(desk, customer, "Three things", body=body)
    answer(
        desk,
        notice,
        "#split\nWe send you another lamp.\n\n--- Refund for order 12\n> I also want my money back for order 12.\n\n"
        f"--- Opening hours\nWhen are you open on Saturday?\n\n{quoted(notice)}",
    )
    desk.settle()
    opened = {ticket["subject"]: ticket for ticket in desk.tickets(f"from:{customer}")}
    refund, hours = opened["Refund for order 12"]["number"], opened["Opening hours"]["number"]
    assert [message["text"] for message in desk.ticket(refund)["messages"]] == ["I also want my money back for order 12."]
    assert [message["text"] for message in desk.ticket(hours)["messages"]] == ["When are you open on Saturday?"]
    assert (desk.ticket(number)["links"], desk.ticket(refund)["links"]) == ([refund, hours], [number])
    got = [text_of(letter) for letter in desk.letters(customer)[1:]]
    assert len(got) == 1, "nobody is sent an acknowledgement of what an agent has opened"
    assert ("another lamp" in got[0], "---" in got[0], "#split" in got[0]) == (True, False, False)
    told = desk.letter_about("anna", "Opening hours")
    assert "split this ticket off" in text_of(told)
    answer(desk, told, "From nine to one.\n")
    assert "When are you open on Saturday?" in text_of(desk.letters(customer)[-1])
    assert desk.kinds(hours) == ["customer", "agent"]


def test_a_message_and_those_after_it_are_split_off_at_the_command_line(desk: RunningDesk):
    customer = "lea@one.example"
    number, _ = a_request(desk, customer, "Leas lamp")
    (ack,) = desk.letters(customer)
    row = desk.receive(an_answer_to(ack, customer, "Another thing: may I come on Saturday?\n"))
    assert row["ticket"] == number
    before = desk.ticket(number)
    first, second = (message["id"] for message in before["messages"])
    new = desk.ask("ticket", "split", str(number), "--message", str(second), "--subject", "Leas visit")
    assert (new["subject"], [message["id"] for message in desk.ticket(new["number"])["messages"]]) == ("Leas visit", [second])
    assert [message["id"] for message in desk.ticket(number)["messages"]] == [first]
    assert "may I come on Saturday?" in text_of(desk.letter_about("anna", "Leas visit"))
    for wrong in (first, second, 0):
        desk.maild("ticket", "split", str(number), "--message", str(wrong), status=None)
        assert [message["id"] for message in desk.ticket(number)["messages"]] == [first]
    desk.maild("ticket", "undo", str(number))
    after = desk.ticket(number)
    assert {key: after[key] for key in after if key not in ("updated", "events")} == {
        key: before[key] for key in before if key not in ("updated", "events")
    }
    assert desk.ticket(new["number"])["merged_into"] == number
