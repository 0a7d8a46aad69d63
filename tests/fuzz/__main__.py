"""Coverage-guided fuzzing of what reads mail: `python -m tests.fuzz TARGET [SECONDS]`, by `make fuzz-reading`.

It needs atheris (the extra `fuzz`). Inputs that reached something new are kept under `.fuzz/` from run to run. What breaks a target is
written to `tests/fuzz/findings/<target>/`, where a unit test reads it ever after: mend it, give the file a telling name, commit both.
"""

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["maild.ingest"]):
    from tests.fuzz.targets import HERE, TARGETS, find_seeds

LONGEST_INPUT = 30_000
SECONDS_FOR_ONE = 5
MEGABYTES = 1_500


def main() -> None:
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in TARGETS:
        sys.exit(f"usage: python -m tests.fuzz {{{','.join(TARGETS)}}} [SECONDS]")
    target = sys.argv[1]
    options = {
        "max_total_time": sys.argv[2] if len(sys.argv) == 3 else "1800",
        "max_len": LONGEST_INPUT,
        "len_control": 20,
        "timeout": SECONDS_FOR_ONE,
        "rss_limit_mb": MEGABYTES,
        "artifact_prefix": f"{HERE / 'findings' / target}/",
    }
    arguments = [sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(_lay_out_seeds(target))]
    atheris.Setup(arguments, TARGETS[target])
    atheris.Fuzz()


def _lay_out_seeds(target: str) -> Path:
    folder = HERE.parents[1] / ".fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    for seed in find_seeds(target):
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    return folder


if __name__ == "__main__":
    main()
