"""The ways back, end to end: reply and bounce addresses, replaced ids, new keys (MAIL.md O1, O1a, O4, O5, F3a, B2; acceptance 4, 6, 7)."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from maild.config.key_ring import rotate
from maild.config.load import require_settings
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, an_answer_to, eventually, text_of
from tests.rig.providers import at_provider, like_amazon, like_outlook

MakeDesk = Callable[..., RunningDesk]
ANN = "Ann Smith <ann@globex.example>"


@pytest.fixture
def proven(make_desk: MakeDesk, storage: str) -> RunningDesk:
    """A running desk whose test mails have shown that everything works."""
    return tried(make_desk(storage=storage))


def tried(desk: RunningDesk) -> RunningDesk:
    """Started, and its test mails sent and read."""
    at_provider(desk)
    desk.start()
    eventually(lambda: set(desk.mailbox_states().values()) == {"watching"})
    assert [item for item in desk.ask("doctor", "--send-test", "--wait", "20") if item["level"] == "fail"] == []
    eventually(lambda: len(desk.incoming("--state", "done")) == len(desk.sink.mails))
    desk.sink.mails.clear()
    return desk


def a_request(desk: RunningDesk, sender: str = ANN) -> tuple[int, EmailMessage]:
    """A new ticket and its acknowledgement."""
    row = desk.receive(an_email(sender=sender, to=desk.at("support"), subject="Printer"))
    return int(row["ticket"]), desk.letters(address_of(sender))[0]


def address_of(sender: str) -> str:
    return sender.rpartition("<")[2].rstrip(">")


def answered(desk: RunningDesk, number: int, *more: str) -> EmailMessage:
    desk.ask("ticket", "reply", str(number), "Use the extinguisher.", "--as", "anna", *more)
    desk.settle()
    return desk.letters("ann@globex.example")[-1]


def without_threading(mail: EmailMessage, sender: str, body: str) -> bytes:
    """An answer from a client that keeps nothing but the address."""
    return an_email(sender=sender, to=str(mail["Reply-To"] or mail["From"]), subject="hello again", body=body)


# Reply addresses


def test_letters_carry_reply_and_bounce_addresses_once_they_were_seen_to_work(proven: RunningDesk):
    number, ack = a_request(proven)
    answer = answered(proven, number)
    assert ack["Reply-To"].addresses[0].addr_spec == answer["Reply-To"].addresses[0].addr_spec
    assert ack["Reply-To"].addresses[0].addr_spec.startswith(f"support+r{number}.")
    senders = [caught.envelope_sender for caught in proven.sink.to("ann@globex.example")]
    assert senders[0] == "", "an acknowledgement leaves from the null path"
    assert senders[1].startswith("support+b")


def test_a_desk_that_has_seen_nothing_writes_as_it_always_did(make_desk: MakeDesk):
    desk = make_desk().start()
    _, ack = a_request(desk)
    assert ack["Reply-To"] is None
    assert [caught.envelope_sender for caught in desk.sink.to("ann@globex.example")] == [desk.at("support")]


def test_the_reply_address_alone_finds_the_ticket_for_anybody(proven: RunningDesk):
    number, ack = a_request(proven)
    for sender in (ANN, "carl@other.example"):
        assert proven.receive(without_threading(ack, sender, "It still burns.\n"))["ticket"] == number
    assert proven.kinds(number) == ["customer", "customer", "third_party"]
    cc = [person["address"] for person in proven.ticket(number)["cc"]]
    assert not [address for address in cc if "+" in address], "our own address takes no part"


def test_a_forged_reply_address_finds_nothing(proven: RunningDesk):
    """Acceptance row 7."""
    number, ack = a_request(proven)
    forged = ack["Reply-To"].addresses[0].addr_spec.replace(f"+r{number}.", f"+r{number + 1}.")
    other, _ = a_request(proven, "bob@globex.example")
    assert other == number + 1
    row = proven.receive(an_email(sender="eve@evil.example", to=forged, subject="let me in"))
    assert row["ticket"] not in (number, other)
    assert proven.kinds(other) == ["customer"]


def test_an_agent_answers_by_his_address_alone_and_a_note_stays_a_note(proven: RunningDesk):
    number, _ = a_request(proven)
    notice = proven.letters("anna")[-1]
    assert "+a" in notice["Reply-To"].addresses[0].addr_spec
    before = len(proven.letters("ann@globex.example"))
    proven.receive(without_threading(notice, f"Anna <{proven.at('anna')}>", "Use the extinguisher.\n"))
    answer = proven.letters("ann@globex.example")[before]
    assert "Use the extinguisher." in text_of(answer)
    assert "+a" not in answer.as_string()
    proven.receive(without_threading(notice, f"Anna <{proven.at('anna')}>", "#note\nHe is cross.\n"))
    assert len(proven.letters("ann@globex.example")) == before + 1
    assert proven.kinds(number) == ["customer", "agent", "note"]


def test_an_agents_address_under_another_name_gives_no_rights(proven: RunningDesk):
    number, _ = a_request(proven)
    notice = proven.letters("anna")[-1]
    proven.receive(without_threading(notice, "carl@other.example", "#close\nHa.\n"))
    assert proven.ticket(number)["status"] == "new"
    assert "token_elsewhere" in proven.events(number)


def test_an_agents_personal_address_proves_his_fresh_mail_and_nobody_elses(proven: RunningDesk):
    """A3, A4, on a desk to which no server says whose mail it is."""
    anna = proven.at("anna")
    a_request(proven)
    proven.receive(an_answer_to(proven.letters("anna")[-1], anna, "#help\n"))
    found = re.search(r"support\+anna\.\w+@\S+", text_of(proven.letter_about("anna", "Your request: help")))
    assert found is not None
    personal, told = found[0], len(proven.letters("anna"))
    assert proven.receive(an_email(sender=anna, to=proven.at("support"), subject="list"))["state"] == "quarantined"
    rotate(require_settings(proven.directory))
    assert proven.receive(an_email(sender=anna, to=personal, subject="list"))["state"] == "done"
    row = proven.receive(an_email(sender="eve@evil.example", to=personal, subject="list"))
    assert (row["state"], row["ticket"]) == ("quarantined", None)
    subjects = [letter["Subject"] for letter in proven.letters("anna")[told:]]
    assert subjects[1:] == ["Your request: list", "Somebody else has used your personal address"]
    assert f"maild message release {row['id']}" in text_of(proven.letters("anna")[-1])
    assert proven.letters("eve@evil.example") == []


# Bounces


def test_a_bounce_that_says_nothing_is_known_by_its_address(proven: RunningDesk):
    number, _ = a_request(proven)
    answered(proven, number)
    sender = proven.sink.to("ann@globex.example")[-1].envelope_sender
    tickets, letters = len(proven.tickets()), len(proven.sink.to("ann@globex.example"))
    notice = an_email(sender="MAILER-DAEMON@mx.globex.example", to=sender, subject="failure", body="No.\n", headers={"Return-Path": "<>"})
    row = proven.receive(notice)
    assert (row["class"], row["ticket"], row["state"]) == ("bounce", number, "done")
    assert "undeliverable" in proven.ticket(number)["tags"]
    (event,) = (event for event in proven.ticket(number)["events"] if event["kind"] == "bounced")
    assert event["text"].startswith("ann@globex.example: ")
    assert (len(proven.tickets()), len(proven.sink.to("ann@globex.example"))) == (tickets, letters)


def test_an_out_of_office_to_the_bounce_address_is_no_bounce(proven: RunningDesk):
    number, _ = a_request(proven)
    answer = answered(proven, number)
    sender = proven.sink.to("ann@globex.example")[-1].envelope_sender
    away = an_answer_to(answer, ANN, "I am away.\n", to=sender, headers={"Auto-Submitted": "auto-replied", "Return-Path": "<>"})
    row = proven.receive(away)
    assert (row["class"], row["ticket"]) == ("auto_reply", number)
    assert proven.ticket(number)["tags"] == []


def test_a_forged_bounce_address_changes_nothing(proven: RunningDesk):
    """Acceptance row 7."""
    number, _ = a_request(proven)
    answered(proven, number)
    sender = proven.sink.to("ann@globex.example")[-1].envelope_sender
    forged = sender.replace(".1.", ".2.")
    row = proven.receive(
        an_email(sender="MAILER-DAEMON@evil.example", to=forged, subject="failure", body="No.\n", headers={"Return-Path": "<>"}),
    )
    assert (row["state"], row["ticket"]) == ("quarantined", None)
    assert proven.ticket(number)["tags"] == []


# Replaced ids


def behind_the_relay(dovecot: DovecotServer, recipient: str) -> EmailMessage:
    """The last letter as it lies in its recipient's mailbox."""
    mail = message_from_bytes(dovecot.messages(recipient)[-1].raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.mark.parametrize("plus", ["auto", "off"])
def test_answers_thread_where_the_relay_reports_the_id_it_gave(make_desk: MakeDesk, storage: str, plus: str):
    """Acceptance row 4: the id is replaced, the subject edited, References lost."""
    desk = make_desk(storage=storage, desk=f", plus: {plus}")
    desk.sink.relay = like_amazon
    tried(desk)
    ann = f"ann{plus}{storage[:4]}@globex.example"
    number, _ = a_request(desk, ann)
    seen = behind_the_relay(desk.dovecot, ann)
    assert "amazonses.com" in seen["Message-ID"]
    assert (seen["Reply-To"] is None) == (plus == "off")
    edited = an_email(
        sender="carl@other.example", to=desk.at("support"), subject="my own words", headers={"In-Reply-To": seen["Message-ID"]}
    )
    assert desk.receive(edited)["ticket"] == number


def test_an_agents_answer_to_a_replaced_id_reaches_the_customer(make_desk: MakeDesk, storage: str):
    desk = make_desk(storage=storage, desk=", plus: off")
    desk.sink.relay = like_amazon
    tried(desk)
    a_request(desk)
    notice = behind_the_relay(desk.dovecot, desk.at("anna"))
    before = len(desk.letters("ann@globex.example"))
    desk.receive(an_email(sender=desk.at("anna"), to=desk.at("support"), body="Done.\n", headers={"In-Reply-To": notice["Message-ID"]}))
    assert "Done." in text_of(desk.letters("ann@globex.example")[before])


def test_where_the_relay_keeps_its_id_to_itself_the_reply_address_leads_home(make_desk: MakeDesk, storage: str):
    desk = make_desk(storage=storage)
    desk.sink.relay = like_outlook
    tried(desk)
    ann = f"ann-outlook{storage[:4]}@globex.example"
    number, _ = a_request(desk, ann)
    seen = behind_the_relay(desk.dovecot, ann)
    assert desk.domain not in seen["Message-ID"]
    assert desk.receive(without_threading(seen, "carl@other.example", "Hello.\n"))["ticket"] == number


# New keys


def test_old_threads_go_on_after_a_new_key(proven: RunningDesk):
    number, ack = a_request(proven)
    notice = proven.letters("anna")[-1]
    rotate(require_settings(proven.directory))
    for raw in (an_answer_to(ack, ANN, "Still burning.\n", subject="x"), without_threading(ack, ANN, "Still.\n")):
        assert proven.receive(raw)["ticket"] == number
    proven.receive(an_answer_to(notice, proven.at("anna"), "Use the extinguisher.\n"))
    answer = proven.letters("ann@globex.example")[-1]
    assert "Use the extinguisher." in text_of(answer)
    assert answer["Reply-To"] != ack["Reply-To"], "new letters are minted with the new key"
    assert proven.receive(an_answer_to(answer, ANN, "Thank you, but no.\n"))["ticket"] == number
