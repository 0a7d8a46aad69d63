"""Commands: how long a person waits for the command line, as whole processes, the best of several.

What the libraries of a list alone take on the machine stands beside it: figures of two machines are compared by what is above that.
"""

import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_most
from tests.bench.seeding import multiply_tickets, seed_tickets

DOMAIN = "commands.example"
MAILD = str(Path(sys.executable).with_name("maild"))
LIBRARIES = (sys.executable, "-c", "import sqlalchemy, click, yaml")
TRIES = 7
HELD = 100_000


def measure(ground: Ground) -> Iterator[Figure]:
    desk = BenchDesk(ground, "commands", DOMAIN)
    with closing(desk.open_store()) as store:
        seed_tickets(store, 1)
        multiply_tickets(store, HELD)
    listing = (MAILD, "-c", str(desk.directory), "ticket", "list")
    yield Figure("maild --help", _best(MAILD, "--help"), "ms", at_most(150))
    yield Figure("maild ticket list, on a terminal", _best(*listing, terminal=True), "ms", at_most(450), f"{HELD} tickets held")
    yield Figure("maild ticket list, into a pipe", _best(*listing), "ms", at_most(450), f"{HELD} tickets held")
    yield Figure("Python with the libraries of a list, alone", _best(*LIBRARIES), "ms", None, "sqlalchemy, click, yaml")


def _best(*command: str, terminal: bool = False) -> float:
    """Milliseconds."""
    return min(_time(command, terminal) for _ in range(TRIES))


def _time(command: tuple[str, ...], terminal: bool) -> float:
    reading, writing = pty.openpty() if terminal else os.pipe()
    began = time.monotonic()
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=writing, stderr=subprocess.DEVNULL) as process:
        os.close(writing)
        _drain(reading)
    assert process.returncode == 0, command
    return (time.monotonic() - began) * 1000


def _drain(descriptor: int) -> None:
    """Read to the end; a terminal ends with an error."""
    with open(descriptor, "rb", buffering=0) as file, suppress(OSError):
        while file.read(65536):
            pass
