"""The worker pool: a message can kill its worker, and nothing else (MAIL.md P1, OPERATIONS 2.5)."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from maild.errors import ReadingError, WorkerDiedError
from maild.ingest.errand import Opened
from maild.ingest.worker import Limits, Reader
from maild.message import InboundMessage
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.processes import wait_until_gone

OBEDIENT = "tests.doors.hostile_reading"
GOOD = an_email(subject="good")


@pytest.fixture
def reader() -> Iterator[Reader]:
    yield from a_reader()


def a_reader(workers: int = 1, **limits: float) -> Iterator[Reader]:
    reader = Reader(workers, Limits(**limits), program=OBEDIENT)
    yield reader
    reader.close()


def worker_of(reader: Reader) -> int:
    (opened,) = reader.open_ahead([b"who"]).result()
    assert isinstance(opened, Opened)
    (process,) = opened.files
    return process


def test_a_message_is_read_in_a_worker():
    reader = Reader()
    assert reader.read(GOOD).subject == "good"
    reader.close()


def test_attachments_are_taken_out_in_a_worker():
    reader = Reader()
    raw = an_email_with_files([("a.txt", "text/plain", b"bytes")])
    (opened,) = reader.open_ahead([raw]).result()
    assert isinstance(opened, Opened)
    (attachment,) = opened.message.attachments
    assert opened.files == {attachment.part: b"bytes"}
    reader.close()


def test_a_mail_is_read_without_its_look_where_nobody_will_see_it():
    reader = Reader()
    raw = an_email(body="<p>Help</p>", content_type="text/html; charset=utf-8")
    (seen,), (unseen,) = reader.read_many([raw]), reader.read_many([raw], with_look=False)
    assert isinstance(seen, InboundMessage)
    assert seen.new_html == "<p>Help</p>"
    assert unseen == replace(seen, new_html="", uncut_html="")
    reader.close()


def test_many_messages_keep_their_order():
    reader = Reader(workers=2)
    subjects = [f"number {number}" for number in range(100)]
    results = reader.read_many(an_email(subject=subject) for subject in subjects)
    assert [result.subject for result in results if isinstance(result, InboundMessage)] == subjects
    reader.close()


def check_death(reader: Reader, order: bytes, words: str) -> None:
    before, death, after = reader.read_many([GOOD, order, GOOD])
    assert isinstance(before, InboundMessage)
    assert isinstance(death, WorkerDiedError)
    assert words in str(death)
    assert isinstance(after, InboundMessage)


def test_a_death_costs_only_the_message_it_is_of(reader: Reader):
    check_death(reader, b"die", "exit status 9")


def test_a_worker_that_burns_its_cpu_time_is_ended():
    for reader in a_reader(cpu_seconds=1):
        check_death(reader, b"burn", f"signal {signal.SIGXCPU.value}")


def test_every_message_has_its_own_cpu_time():
    for reader in a_reader(cpu_seconds=1):
        for _ in range(3):
            check_death(reader, b"burn", "signal")


def test_a_worker_that_hangs_is_ended():
    for reader in a_reader(wall_seconds=4):
        check_death(reader, b"sleep", "no answer within 4 s")


def test_a_worker_that_eats_memory_is_ended(reader: Reader):
    check_death(reader, b"eat", "out of memory")


def test_a_bug_in_a_parser_is_told_with_its_traceback(reader: Reader):
    with pytest.raises(ReadingError, match="a parser's bug") as caught:
        reader.read(b"raise")
    assert "Traceback" in str(caught.value)
    first = worker_of(reader)
    assert reader.read(GOOD).subject == "good"
    assert worker_of(reader) == first


def test_every_death_is_raised_to_whoever_asked(reader: Reader):
    with pytest.raises(WorkerDiedError):
        reader.read(b"die")
    assert [type(result) for result in reader.open_ahead([b"die", GOOD]).result()] == [WorkerDiedError, Opened]


def test_workers_are_replaced_after_so_many_messages():
    for reader in a_reader(messages=3):
        workers = [worker_of(reader) for _ in range(6)]
        assert len(set(workers[:3])) == 1
        assert len(set(workers[3:])) == 1
        assert workers[0] != workers[3]
        assert is_gone(workers[0])


def test_a_worker_starts_in_well_under_a_second(reader: Reader):
    start = time.monotonic()
    reader.read(GOOD)
    assert time.monotonic() - start < 2


def test_threads_share_the_workers():
    for reader in a_reader(workers=2):
        with ThreadPoolExecutor(8) as threads:
            assert {message.subject for message in threads.map(reader.read, [GOOD] * 60)} == {"good"}


def test_a_message_of_twenty_five_mebibytes_is_read():
    reader = Reader()
    raw = an_email_with_files([("big.bin", "application/octet-stream", b"x" * (18 * 1024 * 1024))])
    (opened,) = reader.open_ahead([raw]).result()
    assert isinstance(opened, Opened)
    (attachment,) = opened.message.attachments
    assert attachment.size == len(opened.files[attachment.part]) == 18 * 1024 * 1024
    reader.close()


def test_closing_ends_the_workers(reader: Reader):
    worker = worker_of(reader)
    reader.close()
    assert is_gone(worker)


def test_workers_die_with_their_parent():
    program = f"""
        from maild.ingest.worker import Reader
        reader = Reader(program="{OBEDIENT}")
        print(*reader.open_ahead([b"who"]).result()[0].files, flush=True)
        import time
        time.sleep(600)
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while not is_gone(worker) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_gone(worker)


def is_gone(process: int) -> bool:
    """Ended; a zombie nobody waits for counts too."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def test_a_worker_that_dies_while_idle_costs_nobody_an_attempt(reader: Reader):
    worker = worker_of(reader)
    os.kill(worker, signal.SIGKILL)
    wait_until_gone([worker])
    assert reader.read(GOOD).subject == "good"
