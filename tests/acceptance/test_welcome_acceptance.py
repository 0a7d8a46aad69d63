"""An agent answers the letter of welcome from each of her mail programs, and is told what works there (PRODUCT 34c; MAIL.md A1-A6)."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mail_programs import PROGRAMS, Parent
from tests.rig.mails import an_email
from tests.rig.mutt import Mutt
from tests.rig.office import RunningDesk, a_running_desk, eventually, text_of
from tests.rig.pages import MANUAL, rows, sections
from tests.rig.providers import at_provider
from tests.rig.sink import SmtpSink

TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example], agent_auth: token+dmarc}"
OBSERVING = "agents: [anna], mode: observe"
SUBJECT = "What works, what to change"


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    """A department that only observes, so that nothing goes to customers yet."""
    folder = tmp_path_factory.mktemp("desk")
    with a_running_desk(folder, dovecot_server, smtp_sink, storage=usual_storage(), support=OBSERVING, extra=TRUSTING) as running:
        yield running


@pytest.fixture
def welcome(desk: RunningDesk) -> EmailMessage:
    """The letter, new for each test."""
    before = len(desk.letters_about("anna", "Welcome to Acme"))
    desk.maild("agent", "welcome", "anna")
    return desk.letter_about("anna", "Welcome to Acme", before + 1)


def answer_from(
    desk: RunningDesk,
    welcome: EmailMessage,
    program: str,
    *,
    body: str = "It works.\n",
    sender: str = "",
    verdict: str = "pass",
    **more: str,
) -> dict[str, Any]:
    """What comes in where the letter is answered with a mail program, as its server vouches for it."""
    sender = sender or desk.at("anna")
    parent = Parent(str(welcome["Message-ID"]).strip("<>"), (), str(welcome["Subject"]))
    said = {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={sender.rpartition('@')[2]}"}
    headers = [*PROGRAMS[program].answer(parent), *said.items(), *more.items()]
    quoted = "".join(f"> {line}\n" for line in text_of(welcome).splitlines()) if program == "Gmail" else ""
    body = f"{body}\nOn Friday, 20 November 2026 at 10:02, Support wrote:\n{quoted}" if quoted else body
    return desk.receive(an_email(sender=sender, to=desk.at("support"), body=body, headers=headers))


def last(desk: RunningDesk) -> str:
    """The letter that meets the last answer."""
    return text_of(desk.letters_about("anna", SUBJECT)[-1])


def devices(desk: RunningDesk) -> dict[tuple[str | None, str], dict[str, Any]]:
    return {(device["program"], device["address"]): device for device in desk.ask("agent", "show", "anna")["devices"]}


def test_each_program_is_told_what_works_and_is_remembered(desk: RunningDesk, welcome: EmailMessage):
    assert "There is nothing to install." in text_of(welcome)
    tickets = len(desk.tickets())
    row = answer_from(desk, welcome, "Gmail", **{"User-Agent": "Mutt/2.2.9 (2022-11-12)"})
    assert (row["state"], row["ticket"]) == ("done", None)
    assert row["reason"].startswith("welcome: ")
    assert "- A reply to a notification goes to the customer.\n" in last(desk)
    assert "- New mail may ask the desk: help, next, list, away.\n" in last(desk)
    assert "Read as your words: It works.\n" in last(desk)
    assert "Nothing needs to be changed." in last(desk)
    answer_from(desk, welcome, "a program with References alone", **{"X-Mailer": "iPhone Mail (21E236)"})
    assert "! The program does not say in In-Reply-To" in last(desk)
    answer_from(desk, welcome, "a telephone that drops everything", body="It works.\n\nAnna Ivanova\nRoom 4711\n", **{"X-Mailer": "Dumb 1"})
    assert "! The program brings nothing back that tells which mail it answers." in last(desk)
    assert "“Anna Ivanova / Room 4711”" in last(desk)
    known = devices(desk)
    assert {key: (device["proven"], device["replies"], device["token"]) for key, device in known.items()} == {
        ("Mutt", desk.at("anna")): (True, "customer", "In-Reply-To"),
        ("iPhone Mail", desk.at("anna")): (True, "note", "References"),
        ("Dumb", desk.at("anna")): (False, "held", None),
    }
    assert known["Mutt", desk.at("anna")]["proof"] == f"token in In-Reply-To and DMARC passed for {desk.domain}"
    told = {row[0]: row[1].split() for row in rows(sections(MANUAL / "commands.md")["JSON"])}
    assert [list(device) for device in known.values()] == [told["device of an agent"]] * 3
    assert "2 of 3 proven" in desk.maild("agent", "list")
    assert len(desk.tickets()) == tickets
    assert {caught.recipients for caught in desk.sink.mails} == {(desk.at("anna"),)}


def test_an_answer_from_an_unknown_address_is_told_at_home_and_proves_nothing(desk: RunningDesk, welcome: EmailMessage):
    private = "anna@home.example"
    answer_from(desk, welcome, "Thunderbird", sender=private)
    assert f"! This mail came from {private}, which is not known as yours." in last(desk)
    assert desk.letters(private) == []
    device = devices(desk)[None, private]
    assert (device["proven"], device["whose"], device["replies"]) == (False, "unknown", "stranger")


def test_a_forged_answer_is_told_at_home_and_proves_nothing(desk: RunningDesk, welcome: EmailMessage):
    """With no token and a From that fails: so many are met, and the rest is held like any forgery. It takes no proven one's place."""
    answer_from(desk, welcome, "Thunderbird", **{"X-Mailer": "Hers"})
    for program in ("Hers", *["Forger"] * 5):
        row = answer_from(desk, welcome, "a telephone that drops everything", verdict="fail", **{"X-Mailer": program})
    assert (row["state"], row["reason"].partition(":")[0]) == ("quarantined", "agent_unverified")
    assert [devices(desk)[program, desk.at("anna")]["proven"] for program in ("Hers", "Forger")] == [True, False]
    assert desk.ask("agent", "show", "anna")["welcome"]["answers"] == 6


def test_a_machine_is_answered_nothing_and_a_loop_comes_to_an_end(desk: RunningDesk, welcome: EmailMessage):
    told = len(desk.letters("anna"))
    answer_from(desk, welcome, "Thunderbird", **{"Auto-Submitted": "auto-replied", "X-Mailer": "Vacation"})
    assert len(desk.letters("anna")) == told
    assert devices(desk)["Vacation", desk.at("anna")]["automatic"]
    for _ in range(20):
        answer_from(desk, desk.letters("anna")[-1], "Thunderbird")
    assert len(desk.letters("anna")) == told + 19


def test_the_token_of_a_welcome_is_good_for_nothing_else(desk: RunningDesk, welcome: EmailMessage):
    told = len(desk.letters("anna"))
    answer_from(desk, welcome, "Thunderbird", body="#list status:new\n")
    (letter,) = desk.letters("anna")[told:]
    assert SUBJECT in letter["Subject"]
    assert "Read as commands: #list status:new\n" in text_of(letter)


def test_an_agent_that_there_is_not_is_not_welcomed(desk: RunningDesk):
    desk.maild("agent", "welcome", "ana", status=2)
    desk.maild("agent", "welcome", status=2)
    assert {sent["agent"] for sent in desk.ask("agent", "welcome", "--all")} == {"anna", "boris"}
    assert desk.letter_about("boris", "Welcome to Acme")


def test_mutt_is_proven_by_pressing_reply(desk: RunningDesk, welcome: EmailMessage, open_mutt: Callable[[str, str], Mutt]):
    at_provider(desk, says=f"Authentication-Results: mx.desk.example; dmarc=pass header.from={desk.domain}")
    try:
        desk.dovecot.wipe(desk.at("anna"))
        told = len(desk.letters_about("anna", SUBJECT))
        desk.maild("agent", "welcome", "anna")
        mutt = open_mutt("Anna Ivanova", desk.at("anna"))
        assert "Reply = a test of your mail program" in mutt.read(1)
        mutt.answer("#close\nHello.")
        eventually(lambda: len(desk.letters_about("anna", SUBJECT)) > told)
    finally:
        desk.sink.deliver_to = None
    text = last(desk)
    assert "Nothing needs to be changed." in text
    assert "Read as your words: #close / Hello.\nRead as commands: #close\n" in text
