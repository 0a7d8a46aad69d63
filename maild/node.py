"""Who we are among processes: the owner's name in claims, and whether another owner is still alive on this host."""

import os
import socket
from pathlib import Path


def own_name() -> str:
    """`host:pid:start`; the start time tells this process from a later one with the same pid."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_start_time(pid)}"


def place_of(owner: str) -> tuple[str, int | None]:
    """An owner's host and process id."""
    host, _, rest = owner.partition(":")
    pid = rest.partition(":")[0]
    return host, int(pid) if pid.isdigit() else None


def vital_sign(owner: str) -> bool | None:
    """Whether an owner is still at work; None: it is on another host, of which nothing can be known here."""
    host, pid = place_of(owner)
    if host != socket.gethostname() or pid is None:
        return None
    return _start_time(pid) == owner.rpartition(":")[2] != ""


def _start_time(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)), counted behind the command name, which may hold anything.

    Empty if there is no such process, or only its zombie, which a container without init keeps for ever.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]
