"""Several writers at once, and writers that die: numbers without gaps, nothing half-written, nothing claimed twice."""

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select

from maild.effects import IncomingState, Post
from maild.outbox.delivery import DeliveryState, Sent
from maild.store import deliveries, incoming, outbox, received_mail, tickets
from maild.store.apply import apply
from maild.store.engine import Store, open_store
from maild.store.tables import all_tables
from maild.tokens import LetterKind
from tests.rig.desk import MINUTE, NOW, a_decision, a_letter, a_message, an_arrival, composed
from tests.rig.postgres import PostgresServer
from tests.rig.store_writer import write

PROJECT = Path(__file__).parents[2]


def in_threads(count: int, work: Callable[[int], None]) -> None:
    failures: list[BaseException] = []

    def run(me: int) -> None:
        try:
            work(me)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(me,)) for me in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def a_writer(url: str, directory: Path, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.rig.store_writer", url, str(directory), name, str(count)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def test_writers_in_threads_get_numbers_without_gaps(store: Store):
    def write_ten(me: int) -> None:
        for uid in range(1, 11):
            write(store, f"box{me}", uid)

    in_threads(4, write_ten)
    with store.reading() as tx:
        assert [row.number for row in tickets.list_tickets(tx)] == list(range(40, 0, -1))
        assert sorted({row.letter for row in outbox.list_outbox(tx)}) == list(range(1, 81))


def test_writers_in_processes_get_numbers_without_gaps(store: Store, store_url: str, tmp_path: Path):
    writers = [a_writer(store_url, tmp_path, f"box{number}", 20) for number in range(3)]
    printed = [line for writer in writers for line in writer.communicate(timeout=60)[0].split() if line != "ready"]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert sorted(map(int, printed)) == list(range(1, 61))


def test_an_arrival_stored_by_two_at_once_is_there_once(store: Store):
    def both(_: int) -> None:
        with store.writing() as tx:
            incoming.store_arrivals(tx, [an_arrival(uid=uid, raw=b"Subject: the same\r\n\r\n") for uid in range(1, 6)], NOW)

    in_threads(4, both)
    with store.reading() as tx:
        assert len(received_mail.list_incoming(tx)) == 5


def test_no_message_is_claimed_by_two(store: Store):
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival(uid=uid) for uid in range(1, 101)], NOW)
    claims: list[int] = []

    def take(me: int) -> None:
        while True:
            with store.writing() as tx:
                taken = incoming.claim(tx, 7, f"owner{me}", 60, NOW)
            if not taken:
                return
            claims.extend(message.id for message in taken)

    in_threads(4, take)
    assert sorted(claims) == sorted(set(claims))
    assert len(claims) == 100


def test_no_letter_is_sent_by_two_even_if_one_dies(store: Store):
    """OPERATIONS T15, in small: one sender forgets every fifth letter it took, as if it had been killed."""
    with store.writing() as tx:
        for _ in range(20):
            mails = [Post(a_letter(kind=kind)) for kind in (LetterKind.ANSWER, LetterKind.ACKNOWLEDGEMENT)]
            apply(tx, a_decision(a_message(), *mails), now=NOW, compose=composed, incoming=None, first_number=1)
    sent: list[int] = []

    def send(me: int) -> None:
        for turn in range(1000):
            with store.writing() as tx:
                delivery = deliveries.claim(tx, NOW, f"owner{me}", 600)
            if delivery is None:
                return
            if me == 0 and turn % 5 == 0:
                continue
            sent.append(delivery.id)
            with store.writing() as tx:
                deliveries.record(tx, delivery.id, Sent("250"), NOW)

    in_threads(3, send)
    with store.writing() as tx:
        lost = deliveries.recover(tx, lambda owner: owner != "owner0", NOW, timedelta(minutes=15))
        states = Counter(row.state for row in outbox.list_outbox(tx))
    assert max(Counter(sent).values()) == 1
    assert len(sent) + len(lost) == 40
    assert states == Counter({DeliveryState.SENT: len(sent), DeliveryState.UNKNOWN: len(lost)})


def test_a_killed_writer_leaves_nothing_half_written(store: Store, store_url: str, tmp_path: Path):
    for round_number, lines_wanted in enumerate((2, 5, 9, 14)):
        writer = a_writer(store_url, tmp_path, f"box{round_number}", 10_000)
        assert writer.stdout is not None
        printed = [writer.stdout.readline().strip() for _ in range(lines_wanted)]
        os.kill(writer.pid, signal.SIGKILL)
        printed += writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        promised = {int(line) for line in printed if line.isdigit()}
        assert_whole(store, promised)


def assert_whole(store: Store, promised: set[int]) -> None:
    """Every promised ticket is there, and every ticket has all that belongs to it."""
    with store.writing() as tx:
        numbers = {row.number for row in tickets.list_tickets(tx)}
        assert promised <= numbers
        assert numbers == set(range(1, max(numbers, default=0) + 1))
        for name, each in (("messages", 1), ("events", 2), ("letters", 2), ("participants", 1)):
            ticket = all_tables().tables[name].c.ticket
            counts = tx.execute(select(ticket, func.count()).group_by(ticket)).all()
            assert {(number, count) for number, count in counts} == {(number, each) for number in numbers}
        done = received_mail.list_incoming(tx, state=IncomingState.DONE)
        assert {row.ticket for row in done} == numbers
        incoming.release_claims(tx, lambda owner: False, NOW)
        left = incoming.claim(tx, 999, "the next", 60, NOW + MINUTE)
        assert len(left) <= 1
        for message in left:
            apply(tx, a_decision(), now=NOW, compose=composed, incoming=message, first_number=1)


def test_a_database_survives_its_servers_power_cut(own_postgres: PostgresServer, tmp_path: Path):
    store = open_store(own_postgres.create("power_cut"), tmp_path, create=True)
    numbers = [write(store, "support", uid) for uid in range(1, 11)]
    own_postgres.kill()
    own_postgres.restart()
    with store.reading() as tx:
        assert sorted(row.number for row in tickets.list_tickets(tx)) == numbers
    store.close()


def test_sqlite_is_whole_after_a_kill(tmp_path: Path):
    writer = a_writer("sqlite:///maild.db", tmp_path, "support", 10_000)
    assert writer.stdout is not None
    for _ in range(10):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    store = open_store("sqlite:///maild.db", tmp_path, create=False)
    with store.reading() as tx:
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert tx.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    store.close()
