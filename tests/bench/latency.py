"""Latency: from handing a mail to the IMAP server to its acknowledgement at the sink, the desk otherwise idle."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from statistics import quantiles

from imapclient import IMAPClient

from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_most
from tests.rig.mails import an_email

DOMAIN = "latency.example"
SAMPLES = 60
WARM_UP = 3
PAUSES = (0.3, 0.8)
P95_MS = 300


def measure(ground: Ground) -> Iterator[Figure]:
    chance = random.Random(1)
    ground.sink.clear()
    times: list[float] = []
    with BenchDesk(ground, "latency", DOMAIN).running(), ground.dovecot.connect(f"support@{DOMAIN}") as client:
        for number in range(WARM_UP + SAMPLES):
            time.sleep(chance.uniform(*PAUSES))
            times.append(_one(ground, client, number))
    cuts = quantiles(times[WARM_UP:], n=20)
    yield Figure("latency, p50", cuts[9], "ms")
    yield Figure("latency, p95", cuts[18], "ms", at_most(P95_MS), f"{SAMPLES} mails, slowest {max(times[WARM_UP:]):.0f} ms")


def _one(ground: Ground, client: IMAPClient, number: int) -> float:
    """Milliseconds for one mail."""
    writer = f"person{number}@company{number}.example"
    raw = an_email(sender=writer, to=f"support@{DOMAIN}", subject=f"Case {number}", date=datetime.now(UTC))
    began = time.time()
    client.append("INBOX", raw)
    return (ground.sink.wait_for(writer) - began) * 1000
