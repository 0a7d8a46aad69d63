"""A terminal to run a command in: what a person would see of it."""

import os
import pty
import subprocess
from contextlib import suppress
from fcntl import ioctl
from struct import pack
from termios import TIOCSWINSZ


def shown_on_a_terminal(command: list[str], *, columns: int = 120, rows: int = 50, **more: str) -> str:
    """Everything the command writes to its terminal, stdout and stderr alike, with its escape sequences. `more`: of the environment."""
    ours, theirs = pty.openpty()
    ioctl(theirs, TIOCSWINSZ, pack("HHHH", rows, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")} | more
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        # The terminal of a process that has ended answers with an error.
        with suppress(OSError):
            while piece := os.read(ours, 65_536):
                shown += piece
        process.wait(timeout=60)
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")
