"""The daemon under cProfile, for `python -m tests.bench throughput --profile`: CPU time of each thread, merged and written when it ends.

The profiler slows small functions more than large ones: shares are to be read, not rates.
"""

import cProfile
import os
import pstats
import threading
import time
from pathlib import Path
from types import FrameType

from cli.main import main

MOST = 60

_profiles: list[cProfile.Profile] = []


def _begin(frame: FrameType, event: str, argument: object) -> None:
    """Called at a thread's first step; from then on its own profiler is called instead."""
    profile = cProfile.Profile(time.thread_time)
    _profiles.append(profile)
    profile.enable()


def _write(path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        stats = pstats.Stats(*_profiles, stream=file)
        stats.sort_stats("cumulative").print_stats(MOST)
        stats.sort_stats("tottime").print_stats(MOST)


if __name__ == "__main__":
    threading.setprofile(_begin)
    try:
        main()
    finally:
        threading.setprofile(None)
        _write(Path(os.environ["BENCH_FOLDER"]).with_suffix(".profile"))
