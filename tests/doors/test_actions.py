"""The actions of a notification, as its reader's program opens and sends them, through the real walk and store (MAIL.md O7, A1, A6)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest

from maild.store import tickets
from maild.ticket import Status, TicketView
from tests.rig.agent_mailbag import DESK
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import Replay, a_replay

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ANN, ANNA, BORIS = "ann@globex.example", "anna@acme.example", "boris@acme.example"
_LINK = re.compile(r'<a href="mailto:([^"?]*)\?subject=([^"&]*)&amp;body=([^"]*)">')


class Actions:
    """A ticket of Ann's, and what anna's notification of it lets her do: each action as the mail that it opens, by its command."""

    def __init__(self, desk: Replay, subject: str = "Where is my order?") -> None:
        self._desk, self._now = desk, START
        number = self._receive(an_email(sender=f"Ann Smith <{ANN}>", subject=subject, date=START))
        assert number is not None
        self.number = number
        (notice,) = desk.letters_about(ANNA, number)
        self.notice = parsed(notice.raw)
        html = self.notice.get_body(("html",))
        assert html is not None
        found = (map(unquote, map(unescape, link)) for link in _LINK.findall(str(html.get_content())))
        self._opened = {body.split("\r\n")[0]: (to, subject, body.replace("\r\n", "\n")) for to, subject, body in found}

    @property
    def commands(self) -> list[str]:
        return list(self._opened)

    @property
    def ticket(self) -> TicketView:
        return self._desk.ticket(self.number)

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is on the ticket beside Ann's request."""
        with self._desk.store.reading() as tx:
            return [(row.kind.value, row.visible) for row in tickets.list_messages(tx, self.number)][1:]

    def send(self, command: str, *, sender: str = ANNA, above: str = "", below: str = "") -> None:
        """Press the link, write these words above the line of the token or below it, and send."""
        to, subject, body = self._opened[command]
        start, _, reference = body.rpartition("\n")
        lines = (start.rstrip(), *filter(None, (above,)), "", reference, *filter(None, (below,)))
        self._receive(an_email(sender=sender, to=to, subject=subject, body="\n".join(lines)))

    def answer(self, mail: EmailMessage, words: str) -> None:
        self._receive(an_answer_to(mail, ANNA, words))

    def letters(self, address: str) -> list[EmailMessage]:
        """What he has got beside what Ann's request led to."""
        return [parsed(sent.raw) for sent in self._desk.letters.get(address, ())][1:]

    def _receive(self, raw: bytes) -> int | None:
        self._now += timedelta(minutes=5)
        return self._desk.receive(raw, self._now)


def opened(directory: Path, language: str = "en") -> Iterator[Actions]:
    with a_replay(directory, DESK.replace("desk: {", f"desk: {{language: {language}, ")) as desk:
        yield Actions(desk)


@pytest.fixture
def actions(tmp_path: Path) -> Iterator[Actions]:
    yield from opened(tmp_path)


@pytest.mark.parametrize("language", ["en", "de", "fa"])
def test_each_does_what_it_says_and_gives_the_customer_no_more_than_a_notice(tmp_path: Path, language: str):
    for actions in opened(tmp_path, language):
        assert actions.commands == ["#close", "#take", "#wait", "#snooze 3d", "#note"]
        actions.send("#take")
        assert (actions.ticket.owner, actions.ticket.status) == ("anna", Status.NEW)
        actions.send("#snooze 3d")
        assert actions.ticket.snoozed_until is not None
        actions.send("#wait")
        assert actions.ticket.status is Status.WAITING
        actions.send("#note", above="She has called twice.")
        assert actions.said == [("note", "She has called twice.")]
        assert actions.letters(ANN) == []
        actions.send("#close")
        assert actions.ticket.status is Status.CLOSED
        (notice,) = actions.letters(ANN)
        assert notice["Auto-Submitted"] == "auto-generated"
        assert not any(secret in notice.as_string() for secret in ("maild-ref", ANNA, "called twice", "#close"))
        assert actions.letters(ANNA) == [], "silence is success (A13)"


@pytest.mark.parametrize("below", ["", "-- \nAnna Ivanova\nRoom 4711", "Kind regards\nAnna Ivanova\nRoom 4711", "Sent from my iPhone"])
def test_a_signature_that_the_program_adds_says_nothing(actions: Actions, below: str):
    actions.send("#close", below=below)
    assert (actions.ticket.status, actions.said, actions.letters(ANNA)) == (Status.CLOSED, [], [])


@pytest.mark.parametrize("signature", ["", "\n\n-- \nAnna Ivanova", "\n\nSent from my iPhone"])
def test_words_below_the_token_are_words_too(actions: Actions, signature: str):
    """Seen in practice: a telephone puts the cursor there. Nothing that somebody wrote is dropped."""
    actions.send("#note", below=f"She has called twice.{signature}")
    actions.send("#note", above="At noon,", below=f"and at one.{signature}")
    assert actions.said == [("note", "She has called twice."), ("note", "At noon,\n\nand at one.")]
    assert (actions.letters(ANN), actions.letters(ANNA)) == ([], [])


@pytest.mark.parametrize("place", ["above", "below"])
def test_words_beside_a_command_stay_inside_until_their_writer_sends_them(actions: Actions, place: str):
    """A6: the token stands in the maild-ref line only."""
    actions.send("#wait", **{place: "It is on its way."})
    assert (actions.ticket.status, actions.said, actions.letters(ANN)) == (Status.WAITING, [("note", "It is on its way.")], [])
    (told,) = actions.letters(ANNA)
    assert "It is on its way." in text_of(told)
    actions.answer(told, "send")
    (letter,) = actions.letters(ANN)
    assert text_of(letter).startswith("It is on its way.\n")
    assert not any(secret in letter.as_string() for secret in ("maild-ref", ANNA, "#wait"))


def test_a_note_without_a_word_comes_back(actions: Actions):
    actions.send("#note")
    (told,) = actions.letters(ANNA)
    assert (actions.said, "the note has no words; write them behind #note or below it" in text_of(told)) == ([], True)
    actions.answer(told, "#note She has called twice.")
    assert actions.said == [("note", "She has called twice.")]


def test_in_other_hands_they_do_nothing(actions: Actions):
    """A1a, A3: a colleague's, who has it by a forward, and that of the customer, who was shown it by mistake, or of a stranger."""
    for sender in (BORIS, ANN, "eve@evil.example"):
        for command in actions.commands:
            actions.send(command, sender=sender, above="Done.")
    assert (actions.ticket.owner, actions.ticket.status, actions.ticket.snoozed_until) == (None, Status.NEW, None)
    assert {kind for kind, _ in actions.said} <= {"customer", "third_party"}
    assert not any("Done." in text_of(letter) for letter in actions.letters(ANN))


def test_no_word_of_a_customer_gets_into_a_link(tmp_path: Path):
    with a_replay(tmp_path, DESK) as desk:
        actions = Actions(desk, subject="x&bcc=eve@evil.example&body=%23spam\"> <a href='mailto:eve@evil.example'>")
        html = actions.notice.get_body(("html",))
        assert html is not None
        links = [unescape(link) for link in re.findall(r"(?i)href\s*=\s*[\"']?(mailto:[^\"'>]*)", str(html.get_content()))]
    assert len(links) == len(actions.commands) == 5
    assert not any("evil" in unquote(link) for link in links)
