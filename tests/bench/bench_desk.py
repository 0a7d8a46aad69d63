"""The desk under measurement: maild in a process of its own, its mail in a real Dovecot, its letters to the sink's process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from maild.effects import IncomingState
from maild.ingest.arrival import Place
from maild.store import mailboxes
from maild.store.engine import Store, open_store
from maild.store.status import find_depths
from tests.bench.sink_process import SinkProcess
from tests.bench.traffic import write_mails
from tests.rig.dovecot import DovecotServer
from tests.rig.office import RunningDesk

LOOK_SECONDS = 0.2
LONGEST_SECONDS = 1800.0
STORAGE = "sqlite:///maild.db"


@dataclass(frozen=True, slots=True)
class Ground:
    """What all figures share. `program` is the module the daemon runs as."""

    dovecot: DovecotServer
    sink: SinkProcess
    directory: Path
    messages: int
    runs: int
    program: str = "cli.main"

    def fill(self, domain: str, number: int, seed: int = 1) -> None:
        """Lay that many mails into the support mailbox of the desk at this domain."""
        department = f"support@{domain}"
        self.dovecot.append_all(department, write_mails(number, department, seed))


@contextmanager
def a_ground(messages: int, runs: int, program: str) -> Iterator[Ground]:
    """Servers started, and stopped in the end; nothing is left behind."""
    dovecot = DovecotServer().start()
    try:
        with SinkProcess() as sink, TemporaryDirectory(prefix="maild-bench-") as directory:
            yield Ground(dovecot, sink, Path(directory), messages, runs, program)
    finally:
        dovecot.stop()


class BenchDesk:
    """One desk with an empty folder of its own, and one agent to be told. Desks of one domain read the same mailbox."""

    def __init__(self, ground: Ground, name: str, domain: str) -> None:
        self._ground = ground
        self.directory = ground.directory / name
        RunningDesk(self.directory, ground.dovecot, ground.sink, storage=STORAGE, domain=domain)
        self._log = self.directory / "daemon.log"

    @contextmanager
    def running(self) -> Iterator[int]:
        """The daemon, started and ready; its process id."""
        command = [sys.executable, "-m", self._ground.program, "-c", str(self.directory), "run"]
        with self._log.open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"BENCH_FOLDER": str(self.directory)})
        try:
            self._wait_until_started(process)
            yield process.pid
        finally:
            process.terminate()
            process.wait(60)

    def open_store(self) -> Store:
        return open_store(STORAGE, self.directory, create=True)

    def wait_until_done(self, last_uid: int) -> None:
        """Return when everything up to this UID was received, walked through and sent."""
        deadline = time.monotonic() + LONGEST_SECONDS
        store = self.open_store()
        while not _is_done(store, last_uid):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the desk is not done after {LONGEST_SECONDS:g} s")
            time.sleep(LOOK_SECONDS)
        store.close()

    def first_contact(self) -> float:
        """When the daemon turned to the support mailbox (seconds since the epoch)."""
        return min(at for at, line in self._lines() if line["event"] == "mailbox" and line["mailbox"] == "support")

    def _wait_until_started(self, process: subprocess.Popen[bytes]) -> None:
        while not any(line["event"] == "started" for _, line in self._lines()):
            if process.poll() is not None:
                raise RuntimeError(f"the daemon ended:\n{self._log.read_text(encoding='utf-8')}")
            time.sleep(0.05)

    def _lines(self) -> Iterator[tuple[float, dict[str, object]]]:
        """The log's complete lines, with their times."""
        for text in self._log.read_text(encoding="utf-8").split("\n")[:-1]:
            line = json.loads(text)
            yield datetime.fromisoformat(line["at"]).timestamp(), line


def _is_done(store: Store, last_uid: int) -> bool:
    with store.reading() as tx:
        mailbox = mailboxes.find(tx, Place("support"))
        depths = find_depths(tx)
    is_all_in = mailbox is not None and mailbox.watermark >= last_uid
    return is_all_in and IncomingState.RECEIVED not in depths.incoming and not depths.outbox
