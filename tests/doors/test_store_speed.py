"""The store stays as fast as it was on an empty desk: nothing on the walk reads a whole table."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from maild.background import Aspect, Behind, Limit
from maild.effects import IncomingState, Post
from maild.ingest.arrival import Place
from maild.outbox.delivery import Sent
from maild.question import Question
from maild.reason import Reason
from maild.store import backgrounds, customers, deliveries, incoming, letters, sent_copies, sought, stays, tables, tasks, tickets
from maild.store.apply import apply
from maild.store.engine import Store, Transaction, open_store
from maild.store.quarantine import list_kept_out
from maild.store.recall import recall
from maild.store.retention import forget_kept_out, forget_tickets
from maild.store.status import count_elsewhere
from maild.task import Task
from maild.ticket import Status
from tests.rig.desk import ACKNOWLEDGEMENT, ANN, MINUTE, NOW, a_decision, a_message, a_ticket, an_arrival, composed

WINDOWS = (
    ("recipient", 3600),
    ("domain", 3600),
    ("queue", 3600),
    ("all", 600),
    ("agent", 600),
    ("storm sender", 600),
    ("storm domain", 600),
)
_WHOLE_TABLE = re.compile(rf"SCAN (?:{'|'.join(tables.all_tables().tables)})\b")

_PARTIAL_INDEX = re.compile(r"USING (?:COVERING )?INDEX ix_\w+_(?:undelivered|unpacked)\b")
"""These hold only what is still to be done."""


def _withheld_mail(tx: Transaction) -> object:
    return incoming.find_asked_again(tx, Place("support"), 7)


def _mailboxes_with_withheld_mail(tx: Transaction) -> object:
    return incoming.find_mailboxes_asked_again(tx)


def _mail_to_be_forgotten(tx: Transaction) -> object:
    return forget_kept_out(tx, NOW - MINUTE, 10)


def _mail_kept_out_since(tx: Transaction) -> object:
    return list_kept_out(tx, NOW, NOW + MINUTE, 10)


def _tickets_elsewhere(tx: Transaction) -> object:
    return count_elsewhere(tx, ["sales", "support"])


def _tickets_to_wake(tx: Transaction) -> object:
    return tickets.find_snoozed_until(tx, NOW)


def _tasks_that_are_due(tx: Transaction) -> object:
    return tasks.find_due(tx, NOW)


def _stays_that_are_due(tx: Transaction) -> object:
    return stays.find_due(tx, ("late",), NOW, 10)


def _stays_that_begin_later_than_now(tx: Transaction) -> object:
    return stays.find_ahead(tx, NOW, 10)


def _tickets_to_look_through(tx: Transaction) -> object:
    return stays.find_tickets(tx, 100, 10)


def _tickets_whose_owner_is_sought(tx: Transaction) -> object:
    return sought.find(tx)


ASKED_OFTEN = (
    _withheld_mail,
    _mailboxes_with_withheld_mail,
    _mail_to_be_forgotten,
    _mail_kept_out_since,
    _tickets_elsewhere,
    _tickets_to_wake,
    _tasks_that_are_due,
    _stays_that_are_due,
    _stays_that_begin_later_than_now,
    _tickets_to_look_through,
    _tickets_whose_owner_is_sought,
)


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
            notes_beside="anna",
            undoes=True,
            waits=True,
        )
        ticket = recall(tx, question, NOW).tickets[1]
        assert ticket == opened
        assert customers.find(tx, ANN.key).tickets[0].number == 1
        task = Task(1, "call her", "anna", "anna", NOW)
        changed = replace(ticket, status=Status.OPEN, tags=frozenset({"vip"}), participants=(), tasks=(task,))
        follow_up = a_decision(a_message(references=("y@y",)), Post(ACKNOWLEDGEMENT), before=ticket, after=changed)
        apply(tx, follow_up, now=NOW, compose=composed, incoming=None, first_number=1)
        (task,) = tickets.view(tx, 1).tasks
        tasks.write(tx, 1, (task,), (replace(task, done=NOW),))
        tasks.find_open(tx, "anna")
        backgrounds.find(tx, Behind(frozenset((*Aspect, Limit("faq", 0, timedelta(hours=1)))), 1, ANN.key), NOW)
        steps = plans.lines()
    assert len(steps) > 30
    assert [step for step in steps if _WHOLE_TABLE.match(step)] == []


def test_no_step_of_sending_reads_a_whole_table(sqlite_store: Store):
    with sqlite_store.writing() as tx:
        apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
        plans = Plans(tx)
        for queues in (None, frozenset({"support"})):
            delivery = deliveries.claim(tx, NOW, "host:1", 60, queues)
            assert delivery is not None
            deliveries.record(tx, delivery.id, Sent("250"), NOW)
            deliveries.find_next_due(tx, queues)
        deliveries.recover(tx, lambda owner: True, NOW, timedelta(minutes=15))
        deliveries.rehome(tx, ("support", "sales"), "support")
        letters.pack(tx, 10, 1024 * 1024)
        incoming.release_claims(tx, lambda owner: True, NOW)
        deliveries.hasten(tx, NOW, timedelta(hours=1))
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
        few = _steps_of(tx, tickets.count_tickets)
        for _ in range(100):
            apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
        assert _steps_of(tx, tickets.count_tickets) == few


@pytest.mark.parametrize("asks", ASKED_OFTEN, ids=lambda asks: asks.__name__)
def test_what_is_asked_often_costs_the_same_whatever_the_desk_has_seen(sqlite_store: Store, asks: Callable[[Transaction], object]):
    """That is: after every round of reading, and every few seconds. Index or not, SQLite may take no step more."""
    with sqlite_store.writing() as tx:
        _fill(tx, 0)
        before = _steps_of(tx, asks)
        for number in range(1, 20):
            _fill(tx, number)
        assert _steps_of(tx, asks) == before


def _fill(tx: Transaction, number: int) -> None:
    """Three more mails: one on a ticket, one that is kept out, and one that is not read yet."""
    arrivals = [an_arrival(uid=3 * number + place) for place in (1, 2, 3)]
    ticketed, kept_out, _ = incoming.store_arrivals(tx, arrivals, NOW)
    message = next(claimed for claimed in incoming.claim(tx, 3, "host:1", 60, NOW) if claimed.id == ticketed)
    later, done = Task(1, "call her", "anna", "anna", NOW, NOW + MINUTE), Task(2, "call her", "anna", "anna", NOW, NOW, done=NOW)
    ticket = replace(a_ticket(snoozed_until=NOW + MINUTE), tasks=(later, done, replace(done, number=3, done=None, told=NOW)))
    apply(tx, a_decision(after=ticket), now=NOW, compose=composed, incoming=message, first_number=1)
    incoming.finish(tx, kept_out, IncomingState.QUARANTINED, Reason("spam", ""), NOW)


def _steps_of(tx: Transaction, asks: Callable[[Transaction], object]) -> int:
    """How many steps SQLite's machine takes."""
    steps = count()
    connection: Any = tx.connection.dbapi_connection
    connection.set_progress_handler(lambda: next(steps) < 0, 1)
    asks(tx)
    connection.set_progress_handler(None, 0)
    return next(steps)
