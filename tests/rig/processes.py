"""Looking at processes through /proc: who started whom, and who is gone."""

import time
from collections.abc import Iterable
from pathlib import Path


def children_of(parent: int) -> list[int]:
    """The processes its threads have started and not yet buried."""
    found: list[int] = []
    for thread in Path(f"/proc/{parent}/task").glob("*"):
        try:
            found += map(int, (thread / "children").read_text(encoding="ascii").split())
        except FileNotFoundError:
            continue  # The thread has ended meanwhile.
    return found


def command_of(process: int) -> str:
    """Its command line, empty if it is gone."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")
    except OSError:
        return ""


def wait_until_gone(processes: Iterable[int], seconds: float = 10.0) -> None:
    """Raises TimeoutError if one of them is still there then."""
    deadline = time.monotonic() + seconds
    for process in processes:
        while is_alive(process):
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {process} does not end")
            time.sleep(0.01)


def is_alive(process: int) -> bool:
    """A zombie that nobody reaps (no init in a container) is not alive."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
