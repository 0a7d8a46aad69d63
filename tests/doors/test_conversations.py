"""A ticket is one conversation in everybody's mail program, whatever happens to it: as a server threads mail, and as Gmail does (O2, O3).

Thunderbird and mutt thread as Dovecot does (RFC 5256, by References, REFS: never by subject). Gmail and Outlook want one subject besides.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.rig.agent_mailbag import DESK
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.replay import Replay, a_replay

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ANN, ANNA, BORIS = "ann@globex.example", "anna@acme.example", "boris@acme.example"
SUBJECT = f"AW: Счёт 4711 🙂 {'a long subject that folds ' * 5}"


class Day:
    """What everybody has in his mailbox: what the desk has written to him, and what he has written himself."""

    def __init__(self, desk: Replay) -> None:
        self.desk, self.now = desk, START
        self.own: dict[str, list[bytes]] = {}

    def write(self, raw: bytes) -> int:
        self.now += timedelta(minutes=5)
        self.own.setdefault(parsed(raw)["From"].addresses[0].addr_spec, []).append(raw)
        number = self.desk.receive(raw, self.now)
        assert number is not None
        return number

    def answer(self, who: str, ticket: int, words: str, *, to: int = -1) -> None:
        self.write(an_answer_to(self.letters(who, ticket)[to], who, words, date=self.now))

    def letters(self, who: str, ticket: int) -> list[EmailMessage]:
        return [parsed(sent.raw) for sent in self.desk.letters_about(who, ticket)]

    def mailbox(self, who: str) -> list[bytes]:
        return [*(sent.raw for sent in self.desk.letters[who]), *self.own.get(who, ())]


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    with a_replay(tmp_path, DESK.replace("agents: [anna]", "agents: [anna, boris]")) as desk:
        yield Day(desk)


def live(day: Day) -> int:
    """All that can happen to a ticket, on one."""
    number = day.write(an_email(sender=f"Ann <{ANN}>", subject=SUBJECT, date=day.now))
    day.answer(ANNA, number, "#clsoe\nIt comes back.")
    day.answer(ANNA, number, "#note\nBetween us.", to=0)
    day.answer(BORIS, number, "#take\n#tag vip\n#priority urgent\nIt is on its way.", to=0)
    day.answer(ANNA, number, "It crosses.", to=0)
    day.answer(ANN, number, "And where is it now?")
    day.answer(BORIS, number, "#assign anna\n#task anna fri call her\n#note\nPlease see to it.")
    day.answer(ANNA, number, "#close\nHere it is.")
    day.answer(ANN, number, "No, it is not. Please look again?")
    day.answer(ANNA, number, "#move sales")
    day.answer(BORIS, number, "#close")
    return number


def test_it_is_one_thread_on_a_real_server_in_every_mailbox_under_one_subject(day: Day, dovecot: DovecotServer):
    """Two tickets of one customer, about the same."""
    numbers = live(day), live(day)
    for who, fewest in ((ANN, 4), (ANNA, 6), (BORIS, 3)):
        assert sorted(map(len, threaded(dovecot, who, day.mailbox(who)))) == [1, 1], who
        for number in numbers:
            letters = day.letters(who, number)
            assert len(letters) >= fewest, who
            assert len({str(letter["Subject"]) for letter in letters}) == 1, who
            (first,) = {str(letter["References"]).split()[0] for letter in letters}
            assert first.startswith(f"<t.{number}."), who


def threaded(dovecot: DovecotServer, who: str, mails: list[bytes]) -> list[set[str]]:
    """The tags in each of the threads that the server makes of these mails."""
    dovecot.wipe(who)
    dovecot.append_all(who, mails)
    with dovecot.connect(who) as client:
        client.select_folder("INBOX", readonly=True)
        threads = [sorted(flat(thread)) for thread in client.thread("REFS")]
    assert sorted(number for thread in threads for number in thread) == list(range(1, len(mails) + 1))
    return [{tag_of(mails[number - 1]) for number in thread} - {""} for thread in threads]


def flat(thread: Iterable[object]) -> Iterator[int]:
    """The numbers in a thread of threads."""
    for each in thread:
        if isinstance(each, int):
            yield each
        elif isinstance(each, tuple | list):
            yield from flat(each)


def tag_of(raw: bytes) -> str:
    """ "" in her first mail, which has none."""
    _, begun, rest = str(parsed(raw)["Subject"]).partition("[Acme ")
    return rest.partition("]")[0] if begun else ""
