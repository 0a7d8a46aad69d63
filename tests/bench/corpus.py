"""Corpus: how well and how fast maild reads real mail, where the collection lies beside the project. It is never part of it."""

import base64
import gzip
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mailparser

from maild.ingest.parse import parse_message
from tests.bench.bench_desk import Ground
from tests.bench.figures import Figure, Target, at_least, at_most
from tests.rig import bounces

COLLECTION = Path(__file__).parents[3] / "shared" / "corpus"
MAILD = str(Path(sys.executable).with_name("maild"))


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: the scorer's column, and whether what is counted is what went wrong."""

    name: str
    column: str
    target: Target | None
    is_fault: bool = False


TASKS = {
    "parse": (Row("parse, every field right", "all_fields", at_least(82.5)),),
    "reply": (
        Row("new text, exact", "exact", at_least(68)),
        Row("new text, nothing lost", "no_loss", at_least(98.5)),
        Row("new text, nothing quoted", "no_leak", None),
    ),
    "bounce": (
        Row("bounce, found", "is_bounce", at_least(99)),
        Row("bounce, recipient", "rcpt_exact", at_least(98)),
        Row("bounce, hard or soft", "kind", at_least(97)),
        Row("bounce, false positives", "not_bounce", at_most(0.5), is_fault=True),
    ),
    "auto": (
        Row("automatic mail, silent", "silent", at_least(98.4)),
        Row("automatic mail, people acknowledged", "person_acked", None),
    ),
    "robust": (Row("odd mail, crashed", "ok", at_most(0), is_fault=True),),
}
"""The bars are what the best library reaches, by the collection's README; of new text nothing may be lost."""
SLOWEST_SECONDS = 1
MOST_READING_MS = 4


def measure(ground: Ground) -> Iterator[Figure]:
    if not COLLECTION.exists():
        print(f"corpus: NOT MEASURED, there is no {COLLECTION}", file=sys.stderr)
        return
    for task, rows in TASKS.items():
        yield from _score(task, rows)
    yield _slowest()
    yield from _correlation()
    yield from _speed(ground.directory)


def _score(task: str, rows: tuple[Row, ...]) -> Iterator[Figure]:
    """The collection's own scorer; its last row is about all sources together."""
    command = [sys.executable, str(COLLECTION / "evaluate.py"), "--maild", MAILD, task]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    names = next(line for line in printed if line.startswith(" ")).split()
    cells = re.findall(r"(\d+)/(\d+)|(?<= )-(?= |$)", next(line for line in printed if line.startswith("ALL ")))
    scores = dict(zip(names, cells, strict=True))
    for row in rows:
        right, cases = map(int, scores[row.column])
        counted = cases - right if row.is_fault else right
        yield Figure(f"corpus, {row.name}", 100 * counted / cases, "%", row.target, f"{counted} of {cases}")


def _slowest() -> Figure:
    """The one odd mail that takes longest to read, in CPU seconds."""
    longest = max(map(_seconds_to_read, _raws("robust")))
    return Figure("corpus, odd mail, slowest", longest, "s", at_most(SLOWEST_SECONDS))


def _seconds_to_read(raw: bytes) -> float:
    began = time.process_time()
    parse_message(raw)
    return time.process_time() - began


def _correlation() -> Iterator[Figure]:
    """Acceptance 6: every bounce as if it were about a letter of ours, by what it returns and by the address it was sent to."""
    raws = [base64.b64decode(case["raw"]) for case in _cases("bounce") if case["source"] == "sisimai" and case["expected"]["bounce"]]
    returned = [bounces.decided(bounces.with_our_id(raw)) for raw in raws]
    addressed = [bounces.decided(bounces.sent_to(raw)) for raw in raws]
    for name, decisions, target in (("by what it returns", returned, 88), ("by the bounce address", addressed, 100)):
        found = sum(map(bounces.is_about_our_letter, decisions))
        acted = sum(map(bounces.changes_something, decisions))
        yield Figure(f"corpus, bounce correlated {name}", 100 * found / len(raws), "%", at_least(target), f"{found} of {len(raws)}")
        yield Figure(
            f"corpus, bounce correlated {name}, opens or changes a ticket or is answered", acted, "", at_most(0), f"of {len(raws)}"
        )


def _speed(directory: Path) -> Iterator[Figure]:
    """Milliseconds a message of plain traffic, less what one message takes: starting. Beside it the library below, in CPU time."""
    raws = _raws("corpus")
    alone, all_of_them = _inspect(directory, raws[:1]), _inspect(directory, raws)
    yield Figure(
        "corpus, reading", (all_of_them - alone) * 1000 / (len(raws) - 1), "ms/message", at_most(MOST_READING_MS), f"{len(raws)} messages"
    )
    began = time.process_time()
    raised = sum(map(_raises_in_mail_parser, raws))
    taken = time.process_time() - began
    yield Figure("corpus, mail-parser alone", taken * 1000 / len(raws), "ms/message", None, f"it raised on {raised} of {len(raws)}")


def _raises_in_mail_parser(raw: bytes) -> bool:
    try:
        mailparser.parse_from_bytes(raw)
    except Exception:
        return True
    return False


def _inspect(directory: Path, raws: list[bytes]) -> float:
    with TemporaryDirectory(dir=directory) as folder:
        for number, raw in enumerate(raws):
            Path(folder, f"{number:05d}.eml").write_bytes(raw)
        began = time.monotonic()
        subprocess.run([MAILD, "message", "inspect", folder], check=True, capture_output=True)
        return time.monotonic() - began


def _raws(task: str) -> list[bytes]:
    return [base64.b64decode(case["raw"]) for case in _cases(task)]


def _cases(task: str) -> list[dict[str, Any]]:
    with gzip.open(COLLECTION / f"{task}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
