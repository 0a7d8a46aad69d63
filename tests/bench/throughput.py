"""Throughput: mails in a mailbox → tickets and letters at the sink, beside a bare pipeline on the same mail in the same run."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tests.bench.bare_pipeline import Errand, run_bare
from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_least, median_of
from tests.bench.processes import usage_of
from tests.bench.sink_process import Tally

DOMAIN = "throughput.example"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the desk: messages a second, CPU of its main process for one message, and the letters it sent."""

    rate: float
    cpu_ms: float
    letters: Tally


def measure(ground: Ground) -> Iterator[Figure]:
    ground.fill(DOMAIN, ground.messages)
    desks: list[float] = []
    bares: list[float] = []
    costs: list[float] = []
    for number in range(ground.runs):
        run = run_desk(ground, BenchDesk(ground, f"throughput-{number}", DOMAIN))
        desks.append(run.rate)
        costs.append(run.cpu_ms)
        bares.append(run_yardstick(ground, run.letters))
    size = run.letters.size / max(1, run.letters.letters)
    yield median_of("throughput, desk", desks, "messages/s")
    yield median_of("throughput, bare pipeline", bares, "messages/s")
    yield median_of("throughput, CPU of the main process", costs, "ms/message")
    letters = f"{run.letters.letters} letters of {size / 1024:.1f} kB"
    yield Figure("throughput, desk to bare", median(desks) / median(bares), "", at_least(1 / 3), letters)


def run_desk(ground: Ground, desk: BenchDesk) -> Run:
    """From the first contact with the mailbox to the last letter at the sink."""
    ground.sink.clear()
    with desk.running() as pid:
        desk.wait_until_done(ground.messages)
        cpu_ms = usage_of(pid).cpu_seconds * 1000 / ground.messages
    letters = ground.sink.tally()
    rate = ground.messages / (letters.last - desk.first_contact())
    print_profile(desk)
    shutil.rmtree(desk.directory)
    return Run(rate, cpu_ms, letters)


def run_yardstick(ground: Ground, letters: Tally) -> float:
    """The bare pipeline's rate with as many letters of the same size."""
    database = ground.directory / "bare.db"
    errand = Errand(
        imap_port=ground.dovecot.port,
        user=f"support@{DOMAIN}",
        password=ground.dovecot.password,
        smtp_port=ground.sink.port,
        database=str(database),
        letters=letters.letters,
        letter_size=letters.size // max(1, letters.letters),
    )
    rate = ground.messages / run_bare(errand)
    database.unlink()
    return rate


def print_profile(desk: BenchDesk) -> None:
    """What cost most, where the daemon ran under the profiler."""
    profile = desk.directory.with_suffix(".profile")
    if profile.exists():
        print(profile.read_text(encoding="utf-8"), file=sys.stderr)
        profile.unlink()
