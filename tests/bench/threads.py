"""Threads: how surely mail finds its ticket, over some weeks of a desk whose customers use every program there is (`tests.rig.mailbag`)."""

from collections.abc import Iterator

from tests.bench.bench_desk import Ground
from tests.bench.figures import Figure, at_least
from tests.rig.mailbag import Mailbag, score
from tests.rig.replay import a_replay

CONVERSATIONS = 300
SEED = 1


def measure(ground: Ground) -> Iterator[Figure]:
    directory = ground.directory / "threads"
    directory.mkdir()
    with a_replay(directory) as desk:
        result = score(Mailbag(desk, SEED).empty(CONVERSATIONS))
    remark = f"{result.mails} mails, {len(result.astray)} not where they belong"
    yield Figure("threads, precision in pairs of mails", 100 * result.precision, "%", at_least(100), remark)
    yield Figure("threads, recall in pairs of mails", 100 * result.recall, "%", at_least(95), remark)
