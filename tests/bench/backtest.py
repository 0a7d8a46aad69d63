"""Backtests: how long it takes to replay what a desk has stored by other rules, as a whole command.

The past is lived by the walk itself, without servers. 10,000 mails are promised a minute; a run of fewer is told as so many.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maild.config.load import require_settings
from maild.office import open_office
from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.commands import MAILD
from tests.bench.figures import Figure, at_most
from tests.bench.traffic import write_mails
from tests.rig.replay import Replay

DOMAIN = "backtest.example"
PROMISED = 10_000
RULES = """
version: 1
rules: [{id: invoices, when: [ticket.created, message.customer], if: {text: {word: [invoice*, Rechnung*]}}, do: [{tag: [payment]}]}]
"""


def measure(ground: Ground) -> Iterator[Figure]:
    desk = BenchDesk(ground, "backtest", DOMAIN)
    _live(desk, ground.messages)
    seconds = _time(desk.directory)
    yield Figure("backtest, all mail of the desk", seconds, "s", None, f"{ground.messages} mails")
    yield Figure("backtest, of 10,000 mails at this rate", seconds * PROMISED / ground.messages, "s", at_most(60))


def _live(desk: BenchDesk, mails: int) -> None:
    """The desk gets that many mails, one a minute, up to now."""
    began = datetime.now(UTC) - timedelta(minutes=mails + 1)
    with closing(desk.open_store()) as store:
        replay = Replay(open_office(require_settings(desk.directory)), store)
        for place, raw in enumerate(write_mails(mails, f"support@{DOMAIN}")):
            replay.receive(raw, began + timedelta(minutes=place))


def _time(directory: Path) -> float:
    folder = directory / "tried"
    folder.mkdir()
    (folder / "10-tried.yaml").write_text(RULES, encoding="utf-8")
    began = time.monotonic()
    subprocess.run([MAILD, "-c", str(directory), "rules", "backtest", "--rules", str(folder)], check=True, capture_output=True)
    return time.monotonic() - began
