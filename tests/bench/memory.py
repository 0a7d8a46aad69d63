"""Memory: what the daemon's processes hold after each 2,000 messages, up to 10,000, whether that grows, and what large mails leave."""

import random
from collections.abc import Iterator

from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_most
from tests.bench.processes import peak_of, usage_of
from tests.rig.mails import an_email_with_files
from tests.rig.processes import children_of

DOMAIN = "memory.example"
STEP = 2_000
STEPS = 5
LARGE_MAILS = 10
LARGE_FILE = 17_000_000
"""In base64 this makes a mail of 22 MiB, just below the usual `max_size`."""
ALLOWED_MIB = 120
ALLOWED_PEAK_MIB = 250
ALLOWED_GROWTH = 1.05
MIB = 1024 * 1024


def measure(ground: Ground) -> Iterator[Figure]:
    """`--messages` makes the steps smaller or larger in proportion: 3,000 read 30,000 messages."""
    step = int(STEP * ground.messages / 1000)
    desk = BenchDesk(ground, "memory", DOMAIN)
    readings: list[float] = []
    with desk.running() as pid:
        for number in range(1, STEPS + 1):
            ground.fill(DOMAIN, step, seed=number)
            desk.wait_until_done(number * step)
            readings.append(usage_of(pid).resident / MIB)
            yield Figure(f"memory, main process after {number * step}", readings[-1], "MiB", at_most(ALLOWED_MIB))
        yield Figure("memory, growth from the first reading to the largest", max(readings) / readings[0], "", at_most(ALLOWED_GROWTH))
        workers = [usage_of(child).resident / MIB for child in children_of(pid)]
        yield Figure("memory, reading workers", len(workers), "", at_most(2), " ".join(f"{size:.0f} MiB" for size in workers))
        ground.dovecot.append_all(f"support@{DOMAIN}", _large_mails())
        desk.wait_until_done(STEPS * step + LARGE_MAILS)
        yield Figure(f"memory, main process after {LARGE_MAILS} mails of 22 MiB", usage_of(pid).resident / MIB, "MiB", at_most(ALLOWED_MIB))
        yield Figure("memory, main process at its largest", peak_of(pid) / MIB, "MiB", at_most(ALLOWED_PEAK_MIB))


def _large_mails() -> list[bytes]:
    chance = random.Random(1)
    files = (chance.randbytes(LARGE_FILE) for _ in range(LARGE_MAILS))
    return [an_email_with_files([("scan.bin", "application/octet-stream", content)], to=f"support@{DOMAIN}") for content in files]
