"""Threads: how surely mail finds its ticket, over some weeks of a desk whose customers use every program there is (`tests.rig.mailbag`)."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.bench_desk import Ground
from tests.bench.figures import Figure, at_least
from tests.rig.mailbag import Mailbag, score
from tests.rig.replay import a_replay
from tests.rig.small_office import DESK

CONVERSATIONS = 300
SEED = 1
DESK_WITH_PLUS = DESK.replace("admins:", "plus: on, admins:")


def measure(ground: Ground) -> Iterator[Figure]:
    yield from _measure(ground.directory / "threads", "threads", DESK)
    yield from _measure(ground.directory / "threads-plus", "threads, with plus addresses", DESK_WITH_PLUS)


def _measure(directory: Path, name: str, desk: str) -> Iterator[Figure]:
    directory.mkdir()
    with a_replay(directory, desk) as replay:
        result = score(Mailbag(replay, SEED).empty(CONVERSATIONS))
    remark = f"{result.mails} mails, {len(result.astray)} not where they belong"
    yield Figure(f"{name}, precision in pairs of mails", 100 * result.precision, "%", at_least(100), remark)
    yield Figure(f"{name}, recall in pairs of mails", 100 * result.recall, "%", at_least(95), remark)
