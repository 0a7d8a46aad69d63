"""MAIL.md's acceptance table: every row has its tests, and those that belong to no other file stand here.

A test says which row it shows in the first words of its docstring: `grep -rn "Acceptance row 7" tests` finds all of a row.
"""

import ast
import base64
import gzip
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.rig import bounces
from tests.rig.dovecot import DovecotServer
from tests.rig.hostile_mails import HOSTILE, SEEN
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, eventually, text_of
from tests.rig.sink import Caught, SmtpSink

TESTS = Path(__file__).parents[1]
COLLECTION = TESTS.parents[1] / "shared" / "corpus" / "bounce.jsonl.gz"
"""Real reports, where they lie beside the project; they are never part of it. Else the project's own mails are tried."""
ROW = re.compile(r"Acceptance row (\d+)")
ROWS = {
    1: "a stranger with a number",
    2: "an answer before the acknowledgement, and one before its original",
    3: "one mail to two departments, in both fetch orders",
    4: "an id that a relay has rewritten",
    5: "two desks, vacation replies in ten languages, and an agent's",
    6: "real bounces",
    7: "forged bounces, plus addresses and ids",
    8: "a From that is read in two ways",
    9: "ids and notifications in foreign hands",
    10: "a typo in a command, and a quoted one",
    11: "what is new in a reply",
    12: "mails that crash parsers",
    13: "an id longer than a line",
    14: "a death between DATA and the reply, a relay that refuses some recipients",
    15: "what a third party answers to an internal forward",
}
VACATION = {
    "en": ("Automatic reply", "I am away until Monday and will answer then."),
    "de": ("Abwesenheitsnotiz", "Ich bin bis Montag nicht im Haus und melde mich danach."),
    "fr": ("Réponse automatique", "Je suis absente jusqu'à lundi et vous répondrai ensuite."),
    "es": ("Respuesta automática", "Estoy fuera hasta el lunes y le responderé entonces."),
    "it": ("Risposta automatica", "Sono fuori fino a lunedì e risponderò al ritorno."),
    "nl": ("Automatisch antwoord", "Ik ben tot maandag afwezig en antwoord daarna."),
    "pl": ("Automatyczna odpowiedź", "Nie ma mnie do poniedziałku, odpowiem po powrocie."),
    "ru": ("Автоматический ответ", "Меня не будет до понедельника, отвечу позже."),
    "bg": ("Автоматичен отговор", "Няма ме до понеделник, ще отговоря след това."),
    "ja": ("自動応答", "月曜日まで不在です。戻り次第ご返事いたします。"),
}


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage()) as running:
        yield running


# The table


@cache
def rows_shown() -> dict[int, list[str]]:
    """Row → the tests whose docstring names it."""
    shown: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for row in ROW.findall(ast.get_docstring(node) or ""):
                    shown.setdefault(int(row), []).append(f"{path.relative_to(TESTS)}::{node.name}")
    return shown


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row}: {ROWS[row]}")
def test_every_row_of_the_table_is_shown(row: int):
    assert rows_shown().get(row), f'no test has "Acceptance row {row}" in its docstring'


def test_no_test_shows_a_row_that_there_is_not():
    assert sorted(set(rows_shown()) - set(ROWS)) == []


# Row 5


@pytest.mark.parametrize("language", VACATION)
def test_a_vacation_reply_without_any_header_is_answered_by_nobody(desk: RunningDesk, language: str):
    """Acceptance row 5: it is told by two weak signs, the subject and what it answers (L1). The ticket stays as it is (F9)."""
    customer, (phrase, text) = f"ann@{language}.example", VACATION[language]
    number = desk.receive(an_email(sender=customer, to=desk.at("support"), subject="Where is my order?"))["ticket"]
    (ack,) = desk.letters(customer)
    before, sent = desk.ticket(number), len(desk.sink.mails)
    row = desk.receive(an_answer_to(ack, customer, f"{text}\n", headers={"Subject": f"{phrase}: {ack['Subject']}"}))
    assert (row["class"], row["state"], row["ticket"]) == ("auto_reply", "done", number)
    after = desk.ticket(number)
    assert (after["status"], after["owner"], desk.kinds(number)) == (before["status"], before["owner"], ["customer", "auto"])
    assert len(desk.sink.mails) == sent


@pytest.mark.parametrize("language", VACATION)
def test_an_agents_vacation_reply_without_any_header_reaches_no_customer(desk: RunningDesk, language: str):
    """Acceptance row 5: whatever proves the agent, what a machine wrote for him is never relayed (A5)."""
    customer, (phrase, text) = f"bob@{language}.example", VACATION[language]
    number = desk.receive(an_email(sender=customer, to=desk.at("support"), subject=f"For an agent, {language}"))["ticket"]
    notice = desk.letter_about("anna", f"For an agent, {language}")
    sent = len(desk.sink.mails)
    subject = {"Subject": f"{phrase}: {notice['Subject']}"}
    row = desk.receive(an_answer_to(notice, f"Anna Ivanova <{desk.at('anna')}>", f"{text}\n", headers=subject))
    assert (row["class"], desk.kinds(number), desk.ticket(number)["status"]) == ("auto_reply", ["customer", "auto"], "new")
    assert len(desk.sink.mails) == sent


# Row 6


def reports() -> list[bytes]:
    """Every bounce of Sisimai's in the collection, else the project's own that return an id."""
    if not COLLECTION.exists():
        own = [path.read_bytes() for path in sorted((TESTS / "corpus").glob("bounce*.eml"))]
        return [raw for raw in own if bounces.with_our_id(raw) != raw]
    with gzip.open(COLLECTION, "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    return [base64.b64decode(case["raw"]) for case in cases if case["source"] == "sisimai" and case["expected"]["bounce"]]


@pytest.mark.parametrize(("way", "share"), [(bounces.with_our_id, 0.88), (bounces.sent_to, 1.0)], ids=["without VERP", "with VERP"])
def test_real_bounces_find_their_letter_and_open_and_answer_nothing(way: Callable[[bytes], bytes], share: float):
    """Acceptance row 6."""
    decisions = [bounces.decided(way(raw)) for raw in reports()]
    assert sum(map(bounces.is_about_our_letter, decisions)) >= share * len(decisions) > 0
    assert not any(map(bounces.changes_something, decisions))


# Row 12


def test_what_crashes_parsers_is_stored_and_the_queue_goes_on(make_desk: Callable[..., RunningDesk], storage: str):
    """Acceptance row 12: none of them is held, none is answered with a crash, and the mail behind them is acknowledged."""
    desk = make_desk(storage=storage).start()
    mails = [raw if b"From:" in raw else b"From: eve@hostile.example\r\n" + raw for raw in (SEEN | HOSTILE).values()]
    desk.dovecot.append_all(desk.at("support"), mails)
    desk.deliver(sender="ann@behind.example", subject="Behind them all")
    desk.letter("ann@behind.example", seconds=60)
    desk.settle()
    rows = desk.incoming()
    assert len(rows) == len(mails) + 1
    assert {row["state"] for row in rows} <= {"done", "quarantined", "duplicate"}, [row["reason"] for row in rows if row["state"] == "held"]
    assert desk.app is not None, "the daemon lives"


# Row 14


def test_a_relay_that_defers_one_recipient_and_refuses_another_delivers_to_the_third(make_desk: Callable[..., RunningDesk]):
    """Acceptance row 14: each recipient has his own fate (O6), and a refused answer is told to its author (B4)."""
    desk = make_desk().start()
    copies = {"Cc": "bob@relay.example, carol@relay.example"}
    number = desk.receive(an_email(sender="ann@relay.example", to=desk.at("support"), subject="To three", headers=copies))["ticket"]
    desk.sink.refuse("bob@relay.example", "451 4.7.1 later")
    desk.sink.refuse("carol@relay.example", "550 5.1.1 unknown")
    desk.ask("ticket", "reply", str(number), "An answer.", "--as", "anna")
    desk.settle()
    answers = {row["to"]: row["state"] for row in desk.ask("outbox", "list", "--ticket", str(number)) if row["kind"] == "answer"}
    assert answers == {"ann@relay.example": "sent", "bob@relay.example": "deferred", "carol@relay.example": "failed"}
    assert "An answer." in text_of(desk.letters("ann@relay.example")[-1])
    assert (desk.letters("bob@relay.example"), desk.letters("carol@relay.example")) == ([], [])
    ticket = desk.ticket(number)
    assert ("failed" in desk.events(number), ticket["tags"]) == (True, ["undeliverable"])
    told = [text_of(letter) for letter in desk.letters_about("anna", "To three") if "could not be delivered" in text_of(letter)]
    assert (len(told), "carol@relay.example" in told[0]) == (1, True)
    assert [row["address"] for row in desk.ask("outbox", "suppressed")] == ["carol@relay.example"]


def test_a_death_while_the_relay_has_not_answered_yet_repeats_the_same_bytes(make_desk: Callable[..., RunningDesk], storage: str):
    """Acceptance row 14: kill -9 after DATA and before the reply. The letter goes out once more, as it was, and no other does (O6)."""
    desk = make_desk(storage=storage, extra="limits: {automatic: off, storm: off}\noutbox: {unknown_retry: 1s}")
    process = desk.launch_and_wait()

    def die(caught: Caught) -> tuple[Caught, str]:
        if "ann@death.example" in caught.recipients and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        return caught, "250 2.0.0 kept"

    desk.sink.relay = die
    desk.deliver(sender="ann@death.example", subject="Between DATA and reply")
    assert process.wait(30) == -signal.SIGKILL
    desk.start()
    eventually(lambda: len(desk.sink.to("ann@death.example")) == 2, seconds=60)
    desk.settle()
    first, again = desk.sink.to("ann@death.example")
    assert first.raw == again.raw
    assert len(desk.tickets()) == 1
    assert {row["state"] for row in desk.ask("outbox", "list")} == {"sent"}
