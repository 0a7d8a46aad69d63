"""Memory: what the daemon's processes hold after 2,000 messages, and after 10,000."""

from collections.abc import Iterator

from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_most
from tests.bench.processes import usage_of
from tests.rig.processes import children_of

DOMAIN = "memory.example"
FEW = 2_000
MANY = 10_000
ALLOWED_MIB = 120
ALLOWED_GROWTH = 1.1
MIB = 1024 * 1024


def measure(ground: Ground) -> Iterator[Figure]:
    """`--messages` below 1,000 make this smaller in proportion."""
    scale = min(1.0, ground.messages / 1000)
    few, many = int(FEW * scale), int(MANY * scale)
    desk = BenchDesk(ground, "memory", DOMAIN)
    with desk.running() as pid:
        ground.fill(DOMAIN, few, seed=1)
        desk.wait_until_done(few)
        early = usage_of(pid).resident / MIB
        ground.fill(DOMAIN, many - few, seed=2)
        desk.wait_until_done(many)
        late = usage_of(pid).resident / MIB
        workers = [usage_of(child).resident / MIB for child in children_of(pid)]
    yield Figure(f"memory, main process after {few}", early, "MiB", at_most(ALLOWED_MIB))
    yield Figure(f"memory, main process after {many}", late, "MiB", at_most(ALLOWED_MIB))
    yield Figure("memory, growth", late / early, "", at_most(ALLOWED_GROWTH))
    yield Figure("memory, reading workers", len(workers), "", at_most(2), " ".join(f"{size:.0f} MiB" for size in workers))
