"""A scripted HTTP server in rspamd's place: for what no real one does on demand. Every request is recorded, and how many came at once."""

import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing for so long, then answer."""

    seconds: float
    answer: bytes = b""


@dataclass(frozen=True, slots=True)
class Drip:
    """Answer byte by byte, with a pause before each."""

    answer: bytes
    pause: float


@dataclass(frozen=True, slots=True)
class Flood:
    """Answer without end."""

    head: bytes
    chunk: bytes


Answer = bytes | Stall | Drip | Flood


def http(body: object, status: str = "200 OK", *headers: str) -> bytes:
    """A whole answer. `body`: bytes, or what becomes JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(raw)}", *headers, "", ""]).encode() + raw


def verdict(score: float = 0, action: str = "no action", **symbols: float) -> bytes:
    found = {name: {"name": name, "score": weight} for name, weight in symbols.items()}
    return http({"is_skipped": False, "score": score, "required_score": 15, "action": action, "symbols": found})


@dataclass(slots=True)
class FakeRspamd:
    """`script`: the answers, one a connection; when they are used up, it finds nothing in any mail."""

    script: Iterable[Answer] = ()
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    most_at_once: int = 0
    port: int = 0
    _answers: deque[Answer] = field(default_factory=deque)
    _socket: socket.socket = field(default_factory=socket.socket)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ending: threading.Event = field(default_factory=threading.Event)
    _at_once: int = 0

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def add(self, answer: Answer) -> None:
        """The answer to the next question."""
        self._answers.append(answer)

    def __enter__(self) -> Self:
        self._answers.extend(self.script)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(128)
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ending.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                answer = self._answers.popleft() if self._answers else verdict()
            threading.Thread(target=self._talk, args=(connection, answer), daemon=True).start()

    def _talk(self, connection: socket.socket, answer: Answer) -> None:
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            with suppress(OSError), self._secured(connection) as peer:
                self._note(_read_request(peer))
                for piece in self._pieces(answer):
                    peer.sendall(piece)
        finally:
            with self._lock:
                self._at_once -= 1

    def _secured(self, connection: socket.socket) -> socket.socket:
        return self.tls.wrap_socket(connection, server_side=True) if self.tls else connection

    def _note(self, request: bytes) -> None:
        with self._lock:
            self.requests.append(request)

    def _pieces(self, answer: Answer) -> Iterator[bytes]:
        match answer:
            case bytes():
                yield answer
            case Stall(seconds, after):
                self._ending.wait(seconds)
                yield after
            case Drip(whole, pause):
                for byte in whole:
                    self._ending.wait(pause)
                    yield bytes([byte])
            case Flood(head, chunk):
                yield head
                while not self._ending.is_set():
                    yield chunk


def _read_request(peer: socket.socket) -> bytes:
    request = b""
    while b"\r\n\r\n" not in request:
        request += _more(peer)
    head, _, body = request.partition(b"\r\n\r\n")
    size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
    while len(body) < size:
        body += _more(peer)
    return head + b"\r\n\r\n" + body


def _more(peer: socket.socket) -> bytes:
    chunk = peer.recv(65_536)
    if not chunk:
        raise OSError("it hung up")
    return chunk
