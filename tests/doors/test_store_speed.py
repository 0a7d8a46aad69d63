"""The store stays as fast as it was on an empty desk: nothing on the walk reads a whole table."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from maild.effects import IncomingState, Post
from maild.ingest.arrival import Place
from maild.known import Question
from maild.outbox.delivery import Sent
from maild.reason import Reason
from maild.store import incoming, letters, sent_copies, tables, tickets
from maild.store.apply import apply
from maild.store.engine import Store, Transaction, open_store
from maild.store.recall import recall
from maild.store.retention import forget_kept_out, forget_tickets
from maild.ticket import Status
from tests.rig.desk import ACKNOWLEDGEMENT, ANN, MINUTE, NOW, a_decision, a_message, a_ticket, an_arrival, composed

WINDOWS = (("recipient", 3600), ("domain", 3600), ("queue", 3600), ("all", 600), ("storm sender", 600), ("storm domain", 600))
_WHOLE_TABLE = re.compile(rf"SCAN (?:{'|'.join(tables.all_tables().tables)})\b")

_PARTIAL_INDEX = re.compile(r"USING (?:COVERING )?INDEX ix_\w+_(?:undelivered|unpacked)\b")
"""These hold only what is still to be done."""


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[Store]:
    store = open_store("sqlite:///maild.db", tmp_path, create=True)
    yield store
    store.close()


class Plans:
    """How SQLite goes about every statement of a transaction; a line is one step of one statement."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection: Any = tx.connection.dbapi_connection
        self._seen: dict[str, None] = {}
        self._connection.set_trace_callback(self._note)

    def _note(self, statement: str) -> None:
        """Told by SQLite itself, with the values put in."""
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            self._seen[statement] = None

    def lines(self) -> list[str]:
        self._connection.set_trace_callback(None)
        return [
            f"{step.detail} in {' '.join(statement.split())}"
            for statement in self._seen
            for step in self._tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}")
        ]


def test_no_step_of_the_walk_reads_a_whole_table(sqlite_store: Store):
    with sqlite_store.writing() as tx:
        plans = Plans(tx)
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        incoming.find_stored(tx, Place("support"), 7, [1], whole=True)
        incoming.find_asked_again(tx, Place("support"), 7)
        incoming.find_mailboxes_asked_again(tx)
        (message,) = incoming.claim(tx, 50, "host:1", 60, NOW)
        opened = apply(tx, a_decision(), now=NOW, compose=composed, incoming=message, first_number=1).ticket
        assert opened is not None
        question = Question(
            "x@x",
            ids=("y@y",),
            tickets=frozenset({1}),
            letters=frozenset({1}),
            own_letter=2,
            sender=ANN.key,
            bounced=1,
            aliases=("y@y",),
            addressees=frozenset({ANN.key}),
            queues=("support",),
            windows=WINDOWS,
            tags=frozenset({"vip"}),
        )
        ticket = recall(tx, question, NOW).tickets[1]
        assert ticket == opened
        changed = replace(ticket, status=Status.OPEN, tags=frozenset({"vip"}), participants=())
        follow_up = a_decision(a_message(references=("y@y",)), Post(ACKNOWLEDGEMENT), before=ticket, after=changed)
        apply(tx, follow_up, now=NOW, compose=composed, incoming=None, first_number=1)
        steps = plans.lines()
    assert len(steps) > 30
    assert [step for step in steps if _WHOLE_TABLE.match(step)] == []


def test_no_step_of_sending_reads_a_whole_table(sqlite_store: Store):
    with sqlite_store.writing() as tx:
        apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
        plans = Plans(tx)
        for queues in (None, frozenset({"support"})):
            delivery = letters.claim(tx, NOW, "host:1", 60, queues)
            assert delivery is not None
            letters.record(tx, delivery.id, Sent("250"), NOW)
            letters.find_next_due(tx, queues)
        letters.recover(tx, lambda owner: True, NOW, timedelta(minutes=15))
        letters.rehome(tx, ("support", "sales"), "support")
        letters.pack(tx, 10, 1024 * 1024)
        incoming.release_claims(tx, lambda owner: True, NOW)
        letters.hasten(tx, NOW, timedelta(hours=1))
        sent_copies.hasten(tx, NOW)
        sent_copies.find_due(tx, ("support",), NOW, 10)
        steps = plans.lines()
    assert len(steps) > 10
    assert [step for step in steps if _WHOLE_TABLE.match(step) and not _PARTIAL_INDEX.search(step)] == []


def test_no_step_of_forgetting_reads_a_whole_table(sqlite_store: Store):
    with sqlite_store.writing() as tx:
        for uid, status in ((1, Status.SPAM), (2, Status.CLOSED)):
            incoming.store_arrivals(tx, [an_arrival(uid=uid)], NOW)
            (message,) = incoming.claim(tx, 1, "host:1", 60, NOW)
            apply(tx, a_decision(after=a_ticket(status=status)), now=NOW, compose=composed, incoming=message, first_number=1)
        (message,) = incoming.store_arrivals(tx, [an_arrival(uid=3)], NOW)
        incoming.finish(tx, message, IncomingState.QUARANTINED, Reason("spam", ""), NOW)
        plans = Plans(tx)
        assert forget_kept_out(tx, NOW + MINUTE, 10) == 1
        assert [forget_tickets(tx, status, NOW + MINUTE, 10) for status in (Status.SPAM, Status.CLOSED)] == [1, 1]
        steps = plans.lines()
    assert len(steps) > 10
    assert [step for step in steps if _WHOLE_TABLE.match(step) and not _PARTIAL_INDEX.search(step)] == []


def test_counting_all_tickets_looks_at_none(sqlite_store: Store):
    with sqlite_store.writing() as tx:
        few = _work_of_counting(tx)
        for _ in range(100):
            apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
        assert _work_of_counting(tx) == few


def _work_of_counting(tx: Transaction) -> int:
    """In instructions of SQLite's machine."""
    connection: Any = tx.connection.dbapi_connection
    done: list[None] = []
    connection.set_progress_handler(lambda: done.append(None), 1)
    tickets.count_tickets(tx)
    connection.set_progress_handler(None, 1)
    return len(done)
