"""A customer's mail that an agent forwards into the desk (MAIL.md A12), over real IMAP and SMTP."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mail_forms import Quoted, attaching, forwarded
from tests.rig.mails import a_reply, an_email, an_email_with_files
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, eventually, text_of
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"
RULES = """version: 1
rules:
  - id: keep-out
    when: mail.received
    if: {header.X-Spam-Flag: "YES"}
    do: [{quarantine: "spam"}]
  - id: chairs
    when: ticket.created
    if: {text: {word: chair}, from.domain: globex.example}
    do: [{tag: [chair]}, {default: {priority: high}}]
"""
PICTURE = b"JFIF" * 2000


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "rules").mkdir()
    (folder / "rules" / "10-chairs.yaml").write_text(RULES, encoding="utf-8")
    with a_running_desk(folder, dovecot_server, smtp_sink, storage=usual_storage(), extra=TRUSTING) as running:
        yield running


def by_anna(desk: RunningDesk, verdict: str = "pass", **mail: Any) -> bytes:
    headers = {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={desk.domain}"}
    return an_email(sender=f"Anna Ivanova <{desk.at('anna')}>", to=desk.at("support"), headers=headers, **mail)


def an_original(desk: RunningDesk, customer: str, **more: Any) -> bytes:
    return an_email_with_files(
        [("chair.jpg", "image/jpeg", PICTURE)],
        sender=f"Ann Smith <{customer}>",
        to=desk.at("anna"),
        subject="My chair",
        body="My chair is broken.\n",
        **more,
    )


def test_it_is_the_customers_ticket_from_the_first_answer_to_the_last(desk: RunningDesk):
    customer = "ann@globex.example"
    original = an_original(desk, customer, message_id="chair@globex.example", headers={"X-Spam-Flag": "YES"})
    content_type, body = attaching("#assign boris\nShe rang twice.", original)
    row = desk.receive(by_anna(desk, subject="Fwd: My chair", body=body, content_type=content_type))
    ticket = desk.ticket(row["ticket"])
    assert (ticket["requester"]["address"], ticket["owner"], ticket["priority"], ticket["tags"]) == (customer, "boris", "high", ["chair"])
    notice = desk.letter_about("boris", "My chair")
    assert [part.get_filename() for part in notice.iter_attachments()] == ["chair.jpg"]
    assert [part.get_content() for part in notice.iter_attachments()] == [PICTURE]
    desk.settle()
    assert desk.letters(customer) == []
    answer = {"headers": {"Authentication-Results": f"mx.desk.example; dmarc=pass header.from={desk.domain}"}}
    desk.receive(an_answer_to(notice, desk.at("boris"), "A new one is on its way.", **answer))
    letter = desk.letter(customer)
    assert (letter["In-Reply-To"], letter["Subject"].partition("]")[2]) == ("<chair@globex.example>", " My chair")
    for inside in (desk.at("anna"), desk.at("boris"), "rang twice", "#assign"):
        assert inside not in letter.as_string()
    reply = a_reply(in_reply_to="chair@globex.example", sender=customer, to=desk.at("support"), subject="My chair", body="It is blue.\n")
    assert desk.receive(reply)["ticket"] == row["ticket"]
    assert desk.kinds(row["ticket"]) == ["customer", "note", "agent", "customer"]


def test_what_is_held_for_want_of_proof_works_once_it_is_released(desk: RunningDesk):
    """A4."""
    quoted = Quoted("Bob <bob@globex.example>", desk.at("anna"), "Another chair", "It is broken, too.", "")
    subject, body = forwarded("Outlook", "#tag broken\nHe rang.", quoted)
    row = desk.receive(by_anna(desk, "none", subject=subject, body=body))
    assert (row["state"], row["ticket"]) == ("quarantined", None)
    desk.letter_about("anna", "A mail in your name was held")
    desk.maild("message", "release", str(row["id"]))
    eventually(lambda: desk.tickets("from:bob@globex.example") != [])
    (opened,) = desk.tickets("from:bob@globex.example")
    ticket = desk.ticket(opened["number"])
    assert (ticket["subject"], ticket["tags"]) == ("Another chair", ["broken", "chair"])
    assert [message["text"] for message in ticket["messages"]] == ["It is broken, too.", "He rang."]
    assert desk.letters("bob@globex.example") == []


def test_upon_a_command_it_is_acknowledged(desk: RunningDesk):
    quoted = Quoted("Carol <carol@globex.example>", desk.at("anna"), "My lamp", "It is dark.", "")
    subject, body = forwarded("Apple Mail", "#ack", quoted)
    row = desk.receive(by_anna(desk, subject=subject, body=body))
    assert f"number {row['ticket']}" in text_of(desk.letter("carol@globex.example"))


def test_a_forward_that_came_back_goes_by_the_right_line_or_by_yes(desk: RunningDesk):
    """A7: with the mail in it and its files, and without forwarding it again."""
    proof = {"headers": {"Authentication-Results": f"mx.desk.example; dmarc=pass header.from={desk.domain}"}}
    for wrong, reply in (("#asign boris", "yes"), ("#assign nobody\n#close", "#assign boris")):
        customer = f"{reply.strip('#')[:3]}@mended.example"
        content_type, body = attaching(f"{wrong}\nShe rang twice.", an_original(desk, customer))
        told = len(desk.letters("anna"))
        row = desk.receive(by_anna(desk, subject="Fwd: My chair", body=body, content_type=content_type))
        assert row["ticket"] is None
        eventually(lambda told=told: len(desk.letters("anna")) > told)
        returned = desk.letters("anna")[-1]
        assert all(line in text_of(returned) for line in (*wrong.splitlines(), "She rang twice."))
        desk.receive(an_answer_to(returned, desk.at("anna"), reply, **proof))
        desk.settle()
        (number,) = [ticket["number"] for ticket in desk.tickets() if ticket["requester"]["address"] == customer]
        ticket = desk.ticket(number)
        assert (ticket["owner"], ticket["status"], desk.kinds(number)) == ("boris", "new", ["customer", "note"])
        assert desk.letters(customer) == []
