"""Growth: the rate of a desk that holds 20,000 tickets beside that of an empty one, on the same mail."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_least, median_of
from tests.bench.seeding import seed_tickets
from tests.bench.throughput import run_desk

DOMAIN = "growth.example"
HELD = 20_000


def measure(ground: Ground) -> Iterator[Figure]:
    ground.fill(DOMAIN, ground.messages)
    past = _write_past(ground)
    empty: list[float] = []
    full: list[float] = []
    for number in range(ground.runs):
        empty.append(run_desk(ground, BenchDesk(ground, f"empty-{number}", DOMAIN)).rate)
        grown = BenchDesk(ground, f"full-{number}", DOMAIN)
        shutil.copy(past, grown.directory)
        full.append(run_desk(ground, grown).rate)
    yield median_of("growth, empty desk", empty, "messages/s")
    yield median_of(f"growth, {HELD} tickets held", full, "messages/s")
    yield Figure("growth, held to empty", median(full) / median(empty), "", at_least(0.9))


def _write_past(ground: Ground) -> Path:
    """A database that holds the tickets."""
    desk = BenchDesk(ground, "past", DOMAIN)
    with closing(desk.open_store()) as store:
        seed_tickets(store, HELD)
    return desk.directory / "maild.db"
