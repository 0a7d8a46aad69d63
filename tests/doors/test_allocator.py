"""What a process holds after large mails: the C library's habits, seen from outside."""

import subprocess
import sys

KEPT = """
from pathlib import Path
from maild.allocator import give_large_blocks_back

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

give_large_blocks_back()
before = resident()
largest = b"z" * 20_000_000
del largest
large, small = [], []
for _ in range(20):
    large.append(b"x" * 3_000_000)
    small.append(bytearray(1_000))
large.clear()
print(resident() - before)
"""


def kept_bytes() -> int:
    """What a process still holds of 60 MB it has freed, with a small block after each 3 MB, once it had freed a larger one."""
    done = subprocess.run([sys.executable, "-c", KEPT], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_large_blocks_go_back_to_the_system_even_with_small_ones_between_them():
    assert kept_bytes() < 5_000_000
