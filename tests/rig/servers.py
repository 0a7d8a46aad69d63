"""What the rig's servers share: finding a free port, waiting for one to answer, and saying that a program is not installed."""

import socket
import time


class ServerMissingError(Exception):
    """A server program these tests need is not installed."""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
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
