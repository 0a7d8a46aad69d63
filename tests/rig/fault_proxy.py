"""A TCP pump that misbehaves on demand: between a client under test and a real server."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

CHUNK = 16_384


class Fault(Enum):
    """BLACK_HOLE: bytes vanish and nothing is closed, as behind a NAT that forgot. REFUSE: new connections are reset."""

    NONE = "none"
    BLACK_HOLE = "black hole"
    REFUSE = "refuse"


@dataclass(slots=True)
class FaultProxy:
    """Forwards `port` to `target`. Faults act on the server's bytes to the client unless they cut both ways.

    `delay_seconds` before each chunk, `bytes_per_second` (0: no limit), `cut_after` bytes in all (None: never) may be set at any time.
    """

    target: tuple[str, int]
    host: str = "127.0.0.1"
    port: int = 0
    fault: Fault = Fault.NONE
    delay_seconds: float = 0.0
    bytes_per_second: int = 0
    cut_after: int | None = None
    accepted: int = 0
    _listener: socket.socket | None = None
    _pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> Self:
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="fault-proxy", daemon=True).start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        if self._listener:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        self.close_all()

    def reset_all(self) -> None:
        """RST to every client."""
        self._end(_reset)

    def close_all(self) -> None:
        """An orderly end of file for every client."""
        self._end(_close)

    def half_close_all(self) -> None:
        """The server's side says it will send no more; the client may still write."""
        for client, _ in list(self._pairs):
            with suppress(OSError):
                client.shutdown(socket.SHUT_WR)

    def heal(self) -> None:
        """Behave from now on; connections that lost bytes stay broken and are closed."""
        self.fault, self.delay_seconds, self.bytes_per_second, self.cut_after = Fault.NONE, 0.0, 0, None
        self.close_all()

    def _end(self, end_client: Callable[[socket.socket], None]) -> None:
        pairs, self._pairs[:] = list(self._pairs), []
        for client, server in pairs:
            end_client(client)
            _close(server)

    def _accept(self) -> None:
        listener = self._listener
        while listener and not self._stopping.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.accepted += 1
            self._serve(client)

    def _serve(self, client: socket.socket) -> None:
        try:
            if self.fault is Fault.REFUSE:
                raise ConnectionRefusedError
            server = socket.create_connection(self.target, timeout=5)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        self._pairs.append((client, server))
        threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
        threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, faulty: bool) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK):
                if self.fault is Fault.BLACK_HOLE:
                    continue
                self._send(sink, chunk, faulty)
        if self.fault is not Fault.BLACK_HOLE:
            _close(sink)

    def _send(self, sink: socket.socket, chunk: bytes, faulty: bool) -> None:
        if not faulty:
            sink.sendall(chunk)
            return
        if self.delay_seconds:
            time.sleep(self.delay_seconds)
        if self.cut_after is not None:
            chunk, self.cut_after = chunk[: self.cut_after], self.cut_after - len(chunk)
        self._send_slowly(sink, chunk)
        if self.cut_after is not None and self.cut_after <= 0:
            self.cut_after = None
            raise ConnectionAbortedError

    def _send_slowly(self, sink: socket.socket, chunk: bytes) -> None:
        if not self.bytes_per_second:
            sink.sendall(chunk)
            return
        step = max(1, self.bytes_per_second // 20)
        for start in range(0, len(chunk), step):
            if self._stopping.is_set():
                return
            sink.sendall(chunk[start : start + step])
            time.sleep(step / self.bytes_per_second)


def _close(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()


def _reset(connection: socket.socket) -> None:
    """Closing with a linger time of zero sends RST, once no other thread reads there: so the readers are woken first."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RD)
        connection.close()
