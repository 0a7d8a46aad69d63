"""The reader: messages are parsed in disposable processes with limits (MAIL.md P1, OPERATIONS 2.5), so that no input can stop the queue.

A worker that dies over a message costs that message one attempt and nobody else anything. What is done in a worker is
`maild.ingest.reading_process`'s; the two talk in batches, so that a worker reads on while its last answer is taken in.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import Pipe
from threading import BoundedSemaphore, Lock

from maild.errors import MaildError, ReadingError, WorkerDiedError
from maild.ingest.errand import OUT_OF_MEMORY, Answer, Errand, Failure, Opened
from maild.message import InboundMessage

BATCH_MESSAGES = 16
BATCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may cost, and after how many messages a worker is replaced."""

    cpu_seconds: int = 20
    wall_seconds: float = 30
    memory_bytes: int = 512 * 1024 * 1024
    messages: int = 2000


class Reader:
    """Thread-safe; workers start when they are first needed, or at `prepare`. `program` is the module a worker runs."""

    def __init__(self, workers: int = 1, limits: Limits | None = None, program: str = "maild.ingest.reading_process") -> None:
        self._workers = workers
        self._limits = limits or Limits()
        self._program = program
        self._idle: list[_Worker] = []
        self._lock = Lock()
        self._free = BoundedSemaphore(workers)
        self._threads = ThreadPoolExecutor(workers, "reader")
        self._ahead = ThreadPoolExecutor(1, "reading ahead")
        self._is_closed = False

    def prepare(self) -> None:
        """Have a worker ready before the first message comes."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Worker(self._program, self._limits))

    def read(self, raw: bytes, *, reply: bool = True) -> InboundMessage:
        """Raises WorkerDiedError or ReadingError."""
        (result,) = self.read_many([raw], reply=reply)
        if isinstance(result, MaildError):
            raise result
        return result

    def read_many(self, raws: Iterable[bytes], *, reply: bool = True, with_look: bool = True) -> list[InboundMessage | MaildError]:
        """One result for each message, in order; an error stands for the message it belongs to."""
        results = self._run_all([Errand(raw, reply, with_look=with_look) for raw in raws])
        return [result.message if isinstance(result, Opened) else result for result in results]

    def open_ahead(self, raws: Sequence[bytes]) -> "Future[list[Opened | MaildError]]":
        """Read messages with their attachments, while the caller does something else."""
        return self._ahead.submit(self._run_all, [Errand(raw, with_files=True) for raw in raws])

    def close(self) -> None:
        """End all workers; those at work end with their batch."""
        self._ahead.shutdown()
        self._threads.shutdown()
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.stop()

    def _run_all(self, errands: Sequence[Errand]) -> list["_Result"]:
        batches = list(_batches(errands))
        if len(batches) < 2 or self._workers < 2:
            return [result for batch in batches for result in self._run(batch)]
        return [result for results in self._threads.map(self._run, batches) for result in results]

    def _run(self, batch: Sequence[Errand]) -> list["_Result"]:
        """The batch's results. After a death a new worker takes the rest."""
        results: list[_Result] = []
        while len(results) < len(batch):
            with self._free:
                worker = self._take()
                results += worker.perform(batch[len(results) :])
                self._give_back(worker)
        return results

    def _take(self) -> "_Worker":
        """An idle worker, else a new one. One that died while it was idle is nobody's fault and simply dropped."""
        with self._lock:
            while self._idle:
                worker = self._idle.pop()
                if worker.is_running:
                    return worker
                worker.stop()
        return _Worker(self._program, self._limits)

    def _give_back(self, worker: "_Worker") -> None:
        """A worker that has read enough is replaced at once, so that its successor is ready when it is needed."""
        with self._lock:
            if worker.is_fit and not self._is_closed:
                self._idle.append(worker)
                return
            if not self._is_closed:
                self._idle.append(_Worker(self._program, self._limits))
        worker.stop()


_Result = Opened | MaildError


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, program: str, limits: Limits) -> None:
        self._limits = limits
        self._left = limits.messages
        self._is_alive = True
        self._pipe, theirs = Pipe()
        with theirs:
            descriptor = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", program, str(descriptor), str(limits.cpu_seconds), str(limits.memory_bytes)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[descriptor],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def is_fit(self) -> bool:
        """May it have another batch?"""
        return self._is_alive and self._left > 0

    def perform(self, errands: Sequence[Errand]) -> list[_Result]:
        """Results in order, fewer than errands if the worker died: the last one is then its death."""
        self._left -= len(errands)
        results: list[_Result] = []
        try:
            self._pipe.send(list(errands))
            while len(results) < len(errands):
                if not self._pipe.poll(self._limits.wall_seconds):
                    return [*results, self._bury(f"no answer within {self._limits.wall_seconds:g} s")]
                results.append(_unpack(self._pipe.recv()))
        except (EOFError, OSError):
            results.append(self._bury(""))
        return results

    def stop(self) -> None:
        """Closing the pipe ends the process; one that does not listen is killed."""
        self._pipe.close()
        try:
            self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _bury(self, reason: str) -> WorkerDiedError:
        self._is_alive = False
        if reason:
            self._process.kill()
        code = self._process.wait()
        return WorkerDiedError(f"a reading worker died over this message: {reason or _describe_exit(code)}")


def _unpack(answer: Answer) -> _Result:
    return ReadingError(answer.traceback) if isinstance(answer, Failure) else answer


def _describe_exit(code: int) -> str:
    if code == OUT_OF_MEMORY:
        return "out of memory"
    return f"signal {-code}" if code < 0 else f"exit status {code}"


def _batches(errands: Sequence[Errand]) -> Iterator[Sequence[Errand]]:
    """Runs of errands, at most 16 and about 1 MiB each, so that a worker never holds much more than one large message."""
    batch: list[Errand] = []
    size = 0
    for errand in errands:
        if batch and (len(batch) >= BATCH_MESSAGES or size + len(errand.raw) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(errand)
        size += len(errand.raw)
    if batch:
        yield batch
