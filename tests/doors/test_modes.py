"""What a department's mode lets out, through the real walk and store (PRODUCT 34a): of all that happens there and makes letters."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from maild.ticket import Status
from tests.rig.agent_mailbag import AGENT, DESK, INSIDERS
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import Replay, a_replay

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ANN = "ann@globex.example"


class Department:
    def __init__(self, desk: Replay) -> None:
        self.desk, self._now = desk, START

    def receive(self, raw: bytes) -> int | None:
        self._now += timedelta(minutes=5)
        return self.desk.receive(raw, self._now)

    def asked(self) -> int:
        number = self.receive(an_email(sender=ANN, date=START))
        assert number is not None
        return number

    def letters(self, address: str = AGENT) -> list[EmailMessage]:
        return [parsed(sent.raw) for sent in self.desk.letters.get(address, ())]

    def outside(self) -> set[str]:
        """Who has got anything and is none of the house."""
        return {address for address, letters in self.desk.letters.items() if letters} - INSIDERS


@contextmanager
def a_department(directory: Path, mode: str) -> Iterator[Department]:
    with a_replay(
        directory, DESK.replace("support: {", f"support: {{mode: {mode}, statuses: [waiting, closed, reopened, passed_on], ")
    ) as desk:
        yield Department(desk)


WORDS: Sequence[str] = ("Here it is.", "#close\nHere it is.", "#cc bob@elsewhere.example\nHere it is.", "#canned refund order=1 name=Ann")
SILENT: Sequence[str] = ("#close", "#open", "#wait", "#note\nHe has not paid.", "#move sales", "#task boris fri call her")


def test_a_live_department_writes_to_customers_and_agents(tmp_path: Path):
    with a_department(tmp_path, "live") as department:
        number = department.asked()
        for words in SILENT:
            department.receive(an_answer_to(department.letters()[0], AGENT, words))
        assert department.outside() == {ANN}
        assert len(department.desk.letters_about(ANN, number)) == 4, "the acknowledgement, closed, reopened, waiting"


@pytest.mark.parametrize("words", WORDS)
def test_a_department_of_agents_alone_gives_their_answers_back(tmp_path: Path, words: str):
    with a_department(tmp_path, "agents") as department:
        number = department.asked()
        (notice,) = department.letters()
        department.receive(an_answer_to(notice, AGENT, words))
        (told,) = department.letters()[1:]
        assert "Nothing was sent and nothing was changed" in text_of(told)
        assert (department.outside(), department.desk.ticket(number).status) == (set(), Status.NEW)


def test_a_department_of_agents_alone_does_their_commands_and_tells_no_customer(tmp_path: Path):
    with a_department(tmp_path, "agents") as department:
        number = department.asked()
        for words in SILENT[:-2]:
            department.receive(an_answer_to(department.letters()[0], AGENT, words))
        ticket = department.desk.ticket(number)
        department.receive(an_email(sender=ANN, subject=str(department.letters()[0]["Subject"]), body="And where is it now?\n"))
        department.receive(an_email(sender=AGENT, subject="A call", body="#to dora@globex.example\nGood day.\n"))
        assert (ticket.status, department.outside()) == (Status.WAITING, set())
        assert len(department.desk.letters_about(AGENT, number)) == 2, "she has written again"


def test_a_department_that_observes_writes_to_nobody(tmp_path: Path):
    with a_department(tmp_path, "observe") as department:
        number = department.asked()
        department.receive(an_email(sender=ANN, subject="Again", body="Hello?\n"))
        for words in (*WORDS, *SILENT, "list"):
            department.receive(an_email(sender=AGENT, subject=f"Re: [Acme #{number}] My order", body=words))
            department.receive(an_email(sender=AGENT, subject="help", body=words))
        assert department.desk.letters == {}
