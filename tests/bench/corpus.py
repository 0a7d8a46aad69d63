"""Corpus: how well and how fast maild reads real mail, where the collection lies beside the project. It is never part of it."""

import base64
import gzip
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.bench_desk import Ground
from tests.bench.figures import Figure, at_least
from tests.rig import bounces

COLLECTION = Path(__file__).parents[3] / "shared" / "corpus"
MAILD = str(Path(sys.executable).with_name("maild"))
TASKS = {
    "parse": ("all_fields",),
    "reply": ("exact", "no_loss", "no_leak"),
    "bounce": ("is_bounce", "not_bounce", "rcpt_exact", "kind"),
    "auto": ("silent", "person_acked"),
    "robust": ("ok",),
}


def measure(ground: Ground) -> Iterator[Figure]:
    if not COLLECTION.exists():
        print(f"corpus: NOT MEASURED, there is no {COLLECTION}", file=sys.stderr)
        return
    for task, fields in TASKS.items():
        yield from _score(task, fields)
    yield from _correlation()
    yield _speed(ground.directory)


def _score(task: str, fields: tuple[str, ...]) -> Iterator[Figure]:
    """The collection's own scorer; its last row is about all sources together."""
    command = [sys.executable, str(COLLECTION / "evaluate.py"), "--maild", MAILD, task]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    names = next(line for line in printed if line.startswith(" ")).split()
    cells = re.findall(r"(\d+)/(\d+)|(?<= )-(?= |$)", next(line for line in printed if line.startswith("ALL ")))
    scores = dict(zip(names, cells, strict=True))
    for field in fields:
        right, cases = map(int, scores[field])
        yield Figure(f"corpus, {task}, {field}", 100 * right / cases, "%", None, f"{right} of {cases}")


def _correlation() -> Iterator[Figure]:
    """Acceptance 6: every bounce as if it were about a letter of ours, by what it returns and by the address it was sent to."""
    with gzip.open(COLLECTION / "bounce.jsonl.gz", "rt", encoding="utf-8") as lines:
        cases = [json.loads(line) for line in lines]
    raws = [base64.b64decode(case["raw"]) for case in cases if case["source"] == "sisimai" and case["expected"]["bounce"]]
    returned = [bounces.decided(bounces.with_our_id(raw)) for raw in raws]
    addressed = [bounces.decided(bounces.sent_to(raw)) for raw in raws]
    for name, decisions, target in (("by what it returns", returned, 88), ("by the bounce address", addressed, 100)):
        found = sum(map(bounces.is_about_our_letter, decisions))
        acted = sum(map(bounces.changes_something, decisions))
        yield Figure(f"corpus, bounce correlated {name}", 100 * found / len(raws), "%", at_least(target), f"{found} of {len(raws)}")
        yield Figure(f"corpus, bounce correlated {name}, opens or changes a ticket or is answered", acted, "", None, f"of {len(raws)}")


def _speed(directory: Path) -> Figure:
    """Milliseconds a message of plain traffic, less what one message takes: starting."""
    with gzip.open(COLLECTION / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        raws = [base64.b64decode(json.loads(line)["raw"]) for line in lines]
    alone, all_of_them = _inspect(directory, raws[:1]), _inspect(directory, raws)
    return Figure("corpus, reading", (all_of_them - alone) * 1000 / (len(raws) - 1), "ms/message", None, f"{len(raws)} messages")


def _inspect(directory: Path, raws: list[bytes]) -> float:
    with TemporaryDirectory(dir=directory) as folder:
        for number, raw in enumerate(raws):
            Path(folder, f"{number:05d}.eml").write_bytes(raw)
        began = time.monotonic()
        subprocess.run([MAILD, "message", "inspect", folder], check=True, capture_output=True)
        return time.monotonic() - began
