"""Latency, the desk otherwise idle: from handing a mail to the IMAP server to what comes of it at the sink.

Of a customer's mail that is its acknowledgement; of an agent's, in answer to a notification, his words as the customer gets them.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import quantiles

from imapclient import IMAPClient

from maild.store import letters, outbox, tickets
from maild.tokens import LetterKind
from tests.bench.bench_desk import BenchDesk, Ground
from tests.bench.figures import Figure, at_most
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to

SAMPLES = 60
WARM_UP = 3
PAUSES = (0.3, 0.8)
P95_MS = 300

Sample = tuple[str, bytes]
"""Who is to get what comes of a mail, and the mail."""
Write = Callable[[Ground, BenchDesk, str], list[Sample]]


def measure(ground: Ground) -> Iterator[Figure]:
    yield from _measure("latency", _requests, ground, "latency.example")
    yield from _measure("latency of an agent's answer", _answers, ground, "answers.example")


def _measure(name: str, write: Write, ground: Ground, domain: str) -> Iterator[Figure]:
    chance = random.Random(1)
    desk = BenchDesk(ground, domain, domain)
    times: list[float] = []
    with desk.running(), ground.dovecot.connect(f"support@{domain}") as client:
        samples = write(ground, desk, domain)
        ground.sink.clear()
        for recipient, raw in samples:
            time.sleep(chance.uniform(*PAUSES))
            times.append(_one(ground, client, recipient, raw))
    cuts = quantiles(times[WARM_UP:], n=20)
    yield Figure(f"{name}, p50", cuts[9], "ms")
    yield Figure(f"{name}, p95", cuts[18], "ms", at_most(P95_MS), f"{SAMPLES} mails, slowest {max(times[WARM_UP:]):.0f} ms")


def _one(ground: Ground, client: IMAPClient, recipient: str, raw: bytes) -> float:
    """Milliseconds for one mail."""
    began = time.time()
    client.append("INBOX", raw)
    return (ground.sink.wait_for(recipient) - began) * 1000


def _requests(ground: Ground, desk: BenchDesk, domain: str) -> list[Sample]:
    """Customers' mails."""
    return [_request(number, domain) for number in range(WARM_UP + SAMPLES)]


def _request(number: int, domain: str) -> Sample:
    writer = f"person{number}@company{number}.example"
    return writer, an_email(sender=writer, to=f"support@{domain}", subject=f"Case {number}", date=datetime.now(UTC))


def _answers(ground: Ground, desk: BenchDesk, domain: str) -> list[Sample]:
    """The agent's answers to the notifications of customers' mails, which the desk is done with by then."""
    requests = _requests(ground, desk, domain)
    ground.dovecot.append_all(f"support@{domain}", [raw for _, raw in requests])
    desk.wait_until_done(len(requests))
    store = desk.open_store()
    with store.reading() as tx:
        notices = [row for row in outbox.list_outbox(tx) if row.kind is LetterKind.NOTIFICATION]
        customers = [tickets.view(tx, row.ticket or 0).requester.address for row in notices]
        answers = [_answer(letters.raw(tx, row.id), row.recipient) for row in notices]
    store.close()
    return list(zip(customers, answers, strict=True))


def _answer(notice: bytes, agent: str) -> bytes:
    return an_answer_to(parsed(notice), agent, "Have you tried to turn it off?\n\n-- \nAnna\n", date=datetime.now(UTC))
