"""Each verb by mail and at the command line comes to the same: the ticket, what is on it, and who is written to (MAIL.md A7, PRODUCT 9)."""

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maild.desk.verbs import VERBS
from maild.store import outbox, tickets
from maild.ticket import TicketView
from tests.rig.agent_mailbag import AGENT, CANNED, DESK
from tests.rig.commands import run_here
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.replay import Replay, a_replay

ON_DISK = DESK.replace("agents: [anna]", "agents: [anna, boris]").replace("boris@acme.example}", "boris@acme.example, tier: 2}")
ON_DISK += 'storage: {url: "sqlite:///replay.db"}\n'
BOTH_WAYS = {
    "note": ("#note\nHe owes us.", "note {} 'He owes us.'"),
    "close": ("#close", "close {}"),
    "open": ("#open", "reopen {}"),
    "wait": ("#wait", "set {} status=waiting"),
    "assign": ("#assign boris", "assign {} boris"),
    "take": ("#take", "assign {} me"),
    "move": ("#move sales", "move {} sales"),
    "l2": ("#l2", "set {} tier=L2"),
    "tag": ("#tag gold silver", "tag {} gold silver"),
    "untag": ("#untag vip", "untag {} vip"),
    "snooze": ("#snooze 12 May 9:00", "snooze {} 12 May 9:00"),
    "priority": ("#priority high", "set {} priority=high"),
    "set": ("#set order=4711", "set {} order=4711"),
    "cc": ("#cc bob@elsewhere.example", "set {} cc=bob@elsewhere.example"),
    "uncc": ("#uncc carol@elsewhere.example", "set {} uncc=carol@elsewhere.example"),
    "requester": ("#requester dora@elsewhere.example", "set {} requester=dora@elsewhere.example"),
    "spam": ("#spam", "spam {}"),
    "merge": ("#merge 1", "merge {} 1 --yes"),
    "link": ("#link 1", "link {} 1"),
    "canned": ("#canned refund order=1 name=Ann", "reply {} --canned refund order=1 name=Ann"),
    "task": ("#task boris 12 May check the invoice", "task {} boris --due '12 May' check the invoice"),
    "done": ("#done 1", "done {} 1"),
}
PREPARED = {"untag": "#tag vip", "done": "#task me call her"}
"""What must have been said before."""
OTHERWISE = {"to", "from", "ack", "same", "split", "undo", "macro", "noreply"}
"""Tested in files of their own: what opens a ticket, wants a third party, takes back, runs rules; and what only a mail can mean."""
SKIPPED = ("number", "created", "updated", "closed_at", "references", "last_customer_id", "requester_since", "decided")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Replay]:
    (tmp_path / "canned").mkdir()
    for name, text in CANNED.items():
        (tmp_path / "canned" / name).write_text(text, encoding="utf-8")
    with a_replay(tmp_path, ON_DISK) as replay:
        opened(replay)
        yield replay


def test_every_verb_is_tried_both_ways_here_or_elsewhere():
    assert BOTH_WAYS.keys() | OTHERWISE == VERBS.keys()


def test_each_comes_to_the_same(desk: Replay, tmp_path: Path):
    for verb, (mail, command) in BOTH_WAYS.items():
        by_mail, by_command = (opened(desk, PREPARED.get(verb, "")) for _ in range(2))
        before = became(desk, by_mail)
        assert became(desk, by_command) == before, verb
        answered(desk, by_mail, mail)
        run = run_here(tmp_path, "ticket", *shlex.split(command.format(by_command)), "--as", "anna")
        assert run.returncode == 0, (verb, run.stderr)
        assert became(desk, by_mail) == became(desk, by_command), verb
        assert became(desk, by_mail) != before or verb == "link", verb


def opened(desk: Replay, prepared: str = "") -> int:
    copied = {"Cc": "carol@elsewhere.example"}
    number = desk.receive(an_email(sender="Ann Smith <ann@globex.example>", headers=copied, date=datetime.now(UTC)), datetime.now(UTC))
    assert number is not None
    if prepared:
        answered(desk, number, prepared)
    return number


def answered(desk: Replay, number: int, words: str) -> None:
    notice = parsed(desk.letters_about(AGENT, number)[0].raw)
    desk.receive(an_answer_to(notice, AGENT, words, date=datetime.now(UTC)), datetime.now(UTC))


def became(desk: Replay, number: int) -> tuple[dict[str, object], list[tuple[str, str]], list[tuple[str, str]]]:
    """The ticket, what is on it, and whom the desk has written what."""
    ticket = desk.ticket(number)
    fields = {name: getattr(ticket, name) for name in TicketView.__slots__ if name not in SKIPPED}
    fields["tasks"] = [(task.number, task.title, task.agent, task.made_by, task.due, task.done_by) for task in ticket.tasks]
    with desk.store.reading() as tx:
        said = [(row.kind.value, row.visible) for row in tickets.list_messages(tx, number)]
        written = sorted((row.kind.name, row.recipient) for row in outbox.list_outbox(tx, ticket=number))
    return fields, said, written
