"""What the log and the store hear of mailboxes and SMTP accounts."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maild.ingest.progress import MailboxState
from maild.notice_board import NoticeBoard
from maild.outbox.queue import Condition, PostState
from maild.store import accounts, mailboxes
from maild.store.engine import Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def fields(log: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.__dict__["fields"] for record in log.records]


def troubles(store: Store) -> dict[str, str]:
    with store.reading() as tx:
        return accounts.find_troubles(tx)


def test_a_mailbox_that_stays_as_it_is_is_stored_again_and_not_logged_again(store: Store, log: pytest.LogCaptureFixture):
    board = NoticeBoard(store)
    seen = []
    for _ in range(3):
        board.note_mailbox("support", MailboxState.WATCHING, "")
        with store.reading() as tx:
            seen.append(mailboxes.list_mailboxes(tx)[0].last_success)
    assert sorted(set(seen), key=str) == seen
    board.note_mailbox("sales", MailboxState.WATCHING, "")
    board.note_mailbox("support", MailboxState.WATCHING, "the junk folder cannot be read")
    board.note_mailbox("support", MailboxState.WATCHING, "")
    assert fields(log) == [
        {"mailbox": "support", "state": "watching"},
        {"mailbox": "sales", "state": "watching"},
        {"mailbox": "support", "state": "watching", "detail": "the junk folder cannot be read"},
        {"mailbox": "support", "state": "watching"},
    ]


def test_an_account_is_told_of_when_its_trouble_begins_and_ends(store: Store, log: pytest.LogCaptureFixture):
    note = NoticeBoard(store).notes_of_account("desk at relay")
    for condition in (Condition.SENDING, Condition.IDLE):
        note(PostState(condition, NOW))
    assert fields(log) == []
    for _ in range(2):
        note(PostState(Condition.RESTING, NOW, "no route to host"))
    assert troubles(store) == {"desk at relay": "no route to host"}
    for condition in (Condition.SENDING, Condition.IDLE):
        note(PostState(condition, NOW))
    assert troubles(store) == {}
    assert fields(log) == [
        {"account": "desk at relay", "state": "resting", "detail": "no route to host"},
        {"account": "desk at relay", "state": "sending"},
    ]


def test_trouble_of_a_daemon_that_died_ends_with_the_first_letter_of_the_next(store: Store):
    NoticeBoard(store).notes_of_account("desk at relay")(PostState(Condition.RESTING, NOW, "no route to host"))
    NoticeBoard(store).notes_of_account("desk at relay")(PostState(Condition.SENDING, NOW))
    assert troubles(store) == {}
