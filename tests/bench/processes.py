"""What a process uses, read from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Of one process: resident bytes, and seconds of CPU since it began, those of its children not included."""

    resident: int
    cpu_seconds: float


def usage_of(pid: int) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    resident = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return Usage(resident * _PAGE, sum(map(int, fields[11:13])) / _TICK)


def peak_of(pid: int) -> int:
    """The most bytes a process has ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    (kibibytes,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kibibytes) * 1024
