"""What the rig's servers share: finding a free port, waiting for one to answer, and saying that a program is not installed."""

import random
import socket
import time
from contextlib import suppress
from pathlib import Path

PORTS = range(15_000, 32_000)
"""Below what systems hand out by themselves to connections that go out, which would take a port between our finding and our using it."""


class ServerMissingError(Exception):
    """A server program these tests need is not installed."""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int, seconds: float = 10.0) -> None:
    """Return once something accepts connections on the loopback port.

    Raises:
        TimeoutError: nothing did in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise TimeoutError(f"nothing listens on port {port}")


def wait_for_file(path: Path, seconds: float = 10.0) -> None:
    """Return once the file is there.

    Raises:
        TimeoutError: it did not come in time.
    """
    deadline = time.monotonic() + seconds
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} does not appear")
        time.sleep(0.01)
