"""A scripted SMTP server: threads, a script per phase, every byte recorded. For what no real server does on demand (OPERATIONS 1.6)."""

import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection instead of replying. `taken`: the message counts as accepted all the same."""

    taken: bool = False


@dataclass(frozen=True, slots=True)
class Stall:
    """Say nothing for so long, then reply."""

    seconds: float
    reply: str = "250 2.0.0 at last"


Action = str | Cut | Stall


@dataclass(frozen=True, slots=True)
class Taken:
    """One message the server accepted. `raw` is as it came over the wire, dots unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class _CutError(Exception):
    """The script cuts the connection here."""


@dataclass(slots=True)
class FakeSmtp:
    """Start it, point an account at `host` and `port`.

    `script` maps a phase (GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, DOT, RSET) to what it answers, one after the other; when a
    phase's list is used up it answers as a good server does. `close_after`: every connection is closed after so many messages.
    """

    script: dict[str, Iterable[Action]] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME")
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    close_after: int = 0
    host: str = "127.0.0.1"
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    _listener: socket.socket | None = None
    _sockets: list[socket.socket] = field(default_factory=list)

    def start(self) -> Self:
        self.script = {phase: deque(actions) for phase, actions in self.script.items()}
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()
        return self

    def stop(self) -> None:
        for opened in (self._listener, *self._sockets):
            if opened is not None:
                opened.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def next_action(self, phase: str, usual: str) -> Action:
        waiting = self.script.get(phase)
        return waiting.popleft() if isinstance(waiting, deque) and waiting else usual

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self._sockets.append(connection)
            threading.Thread(target=_Session(self, connection).run, daemon=True).start()


class _Session:
    """One connection."""

    def __init__(self, server: FakeSmtp, connection: socket.socket) -> None:
        self._server = server
        self._socket = connection
        self._buffer = b""
        self._sender = ""
        self._recipients: list[str] = []
        self._messages = 0

    def run(self) -> None:
        try:
            if self._server.implicit_tls:
                self._wrap()
            self._answer("GREETING", "220 fake.example ESMTP")
            while line := self._line():
                self._command(line.decode("utf-8", "replace").rstrip("\r\n"))
        except (_CutError, OSError, ssl.SSLError):
            pass
        finally:
            self._socket.close()

    def _command(self, line: str) -> None:
        self._server.commands.append(line)
        verb = line.upper().partition(" ")[0]
        match verb:
            case "EHLO":
                self._answer("EHLO", "\r\n".join(f"250-{name}" for name in ("fake.example", *self._server.extensions)) + "\r\n250 HELP")
            case "STARTTLS":
                self._answer("STARTTLS", "220 go ahead")
                self._wrap()
            case "AUTH":
                self._answer("AUTH", "235 2.7.0 welcome")
            case "MAIL":
                self._sender, self._recipients = line.partition(":")[2], []
                self._answer("MAIL", "250 2.1.0 ok")
            case "RCPT":
                self._recipients.append(line.partition(":")[2])
                self._answer("RCPT", "250 2.1.5 ok")
            case "DATA":
                if self._answer("DATA", "354 go on").startswith("354"):
                    self._message()
            case "QUIT":
                self._answer("QUIT", "221 bye")
                raise _CutError
            case _:
                self._answer(verb, "250 2.0.0 ok")

    def _message(self) -> None:
        lines = []
        while (line := self._line()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b".") else line)
        taken = Taken(self._sender, tuple(self._recipients), b"".join(lines))
        action = self._server.next_action("DOT", "250 2.0.0 queued as 42")
        if (isinstance(action, Cut) and action.taken) or (isinstance(action, Stall | str) and _reply(action).startswith("2")):
            self._server.taken.append(taken)
        self._perform(action)
        self._messages += 1
        if self._messages == self._server.close_after:
            raise _CutError

    def _answer(self, phase: str, usual: str) -> str:
        return self._perform(self._server.next_action(phase, usual))

    def _perform(self, action: Action) -> str:
        if isinstance(action, Cut):
            raise _CutError
        if isinstance(action, Stall):
            time.sleep(action.seconds)
        reply = _reply(action)
        self._socket.sendall(reply.encode("utf-8") + b"\r\n")
        return reply

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            chunk = self._socket.recv(65536)
            if not chunk:
                return b""
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line + b"\n"

    def _wrap(self) -> None:
        if self._server.tls is not None:
            self._socket = self._server.tls.wrap_socket(self._socket, server_side=True)


def _reply(action: str | Stall) -> str:
    return action.reply if isinstance(action, Stall) else action
