"""A scripted IMAP server: it knows the conversation up to SELECT and answers the rest as the test tells it, byte by byte or not at all.

It holds messages only as far as a script says so. What a real server does is tested against Dovecot; this one does what no server should.
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

LINE = re.compile(rb"(?P<tag>\S+) (?P<command>UID \S+|\S+) ?(?P<arguments>.*)", re.DOTALL)
CAPABILITIES = b"IMAP4rev1 IDLE UIDPLUS MOVE"


@dataclass(slots=True)
class Mail:
    """A message the fake holds. `body_answer` replaces the untagged answer to a FETCH of its body and may lie; `#` is its number.

    `header_answer`: likewise for its header, `size_answer` for its size, date and flags.
    """

    raw: bytes
    flags: bytes = b""
    received: bytes = b"20-Nov-2026 10:02:11 +0000"
    body_answer: bytes | None = None
    header_answer: bytes | None = None
    size: int | None = None
    size_answer: bytes | None = None


@dataclass(slots=True)
class Connection:
    """One client's connection, handed to scripts: `send` goes out as it stands."""

    server: "FakeImap"
    socket: socket.socket
    lines: list[bytes] = field(default_factory=list)

    def send(self, data: bytes) -> None:
        if not self.server.byte_pause:
            self.socket.sendall(data)
            return
        for byte in data:
            self.socket.sendall(bytes([byte]))
            time.sleep(self.server.byte_pause)

    def cut(self) -> None:
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)


Script = Callable[[Connection, bytes, bytes], None]


@dataclass(slots=True)
class FakeImap:
    """`mails` by UID; `scripts` by command (`b"IDLE"`, `b"UID FETCH"`): called with connection, tag, arguments instead of the fake's own.

    `byte_pause`: every answer goes out byte by byte with so many seconds between. `commands`: every line any client sent.
    """

    mails: dict[int, Mail] = field(default_factory=dict)
    scripts: dict[bytes, Script] = field(default_factory=dict)
    capabilities: bytes = CAPABILITIES
    uid_validity: int = 1
    greeting: bytes = b"* OK fake ready\r\n"
    byte_pause: float = 0.0
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    commands: list[bytes] = field(default_factory=list)
    _listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def start(self) -> Self:
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="fake-imap", daemon=True).start()
        return self

    def stop(self) -> None:
        for each in [self._listener, *self._open]:
            if each:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def cut_all(self) -> None:
        """End every connection."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while self._listener:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        connection = Connection(self, client)
        with suppress(OSError), client.makefile("rb") as reader:
            connection.send(self.greeting)
            for line in reader:
                self.commands.append(line.strip())
                self._answer(connection, line.strip())
        client.close()

    def _answer(self, connection: Connection, line: bytes) -> None:
        if line.upper() == b"DONE":
            connection.send(connection.lines.pop() + b" OK idle ended\r\n" if connection.lines else b"")
            return
        found = LINE.match(line)
        if found is None:
            connection.send(b"* BAD what?\r\n")
            return
        command = found["command"].upper()
        script = self.scripts.get(command) or OWN_SCRIPTS.get(command)
        if script is None:
            connection.send(found["tag"] + b" BAD unknown command\r\n")
            return
        script(connection, found["tag"], found["arguments"])

    def existing(self, uids: bytes) -> list[int]:
        """The UIDs of a sequence set (`5,7:9,100:*`) that exist; `*` is the last one."""
        last = max(self.mails, default=0)
        wanted: set[int] = set()
        for part in uids.split(b","):
            ends = sorted(last if end == b"*" else int(end) for end in part.split(b":"))
            wanted.update(uid for uid in self.mails if ends[0] <= uid <= ends[-1])
        return sorted(wanted)


def ok(connection: Connection, tag: bytes, arguments: bytes) -> None:
    connection.send(tag + b" OK done\r\n")


def capability(connection: Connection, tag: bytes, arguments: bytes) -> None:
    connection.send(b"* CAPABILITY " + connection.server.capabilities + b"\r\n" + tag + b" OK done\r\n")


def select(connection: Connection, tag: bytes, arguments: bytes) -> None:
    server = connection.server
    connection.send(
        b"* FLAGS (\\Answered \\Seen \\Deleted)\r\n* %d EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %d] ok\r\n* OK [UIDNEXT %d] ok\r\n"
        % (len(server.mails), server.uid_validity, max(server.mails, default=0) + 1)
        + tag
        + b" OK [READ-WRITE] selected\r\n"
    )


def search(connection: Connection, tag: bytes, arguments: bytes) -> None:
    uids = re.search(rb"UID ([\d:*,]+)", arguments)
    found = connection.server.existing(uids[1]) if uids else sorted(connection.server.mails)
    connection.send(b"* SEARCH" + b"".join(b" %d" % uid for uid in found) + b"\r\n" + tag + b" OK done\r\n")


def fetch(connection: Connection, tag: bytes, arguments: bytes) -> None:
    uids, _, items = arguments.partition(b" ")
    for uid in connection.server.existing(uids):
        connection.send(_fetch_line(connection.server, uid, items.upper()))
    connection.send(tag + b" OK done\r\n")


def _fetch_line(server: FakeImap, uid: int, items: bytes) -> bytes:
    mail = server.mails[uid]
    number = sorted(server.mails).index(uid) + 1
    for item, answer, content in (
        (b"[]", mail.body_answer, mail.raw),
        (b"[HEADER]", mail.header_answer, mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
    ):
        if b"BODY.PEEK" + item in items and answer is not None:
            return answer.replace(b"#", b"%d" % number).replace(b"@UID@", b"%d" % uid)
        if b"BODY.PEEK" + item in items:
            return b"* %d FETCH (UID %d BODY%b {%d}\r\n%b)\r\n" % (number, uid, item, len(content), content)
    if mail.size_answer is not None:
        return mail.size_answer
    size = len(mail.raw) if mail.size is None else mail.size
    return b'* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE "%b" FLAGS (%b))\r\n' % (number, uid, size, mail.received, mail.flags)


def idle(connection: Connection, tag: bytes, arguments: bytes) -> None:
    connection.lines.append(tag)
    connection.send(b"+ idling\r\n")


def logout(connection: Connection, tag: bytes, arguments: bytes) -> None:
    connection.send(b"* BYE\r\n" + tag + b" OK bye\r\n")
    connection.cut()


OWN_SCRIPTS: dict[bytes, Script] = {
    b"CAPABILITY": capability,
    b"LIST": ok,
    b"LOGIN": ok,
    b"NOOP": ok,
    b"SELECT": select,
    b"EXAMINE": select,
    b"UID SEARCH": search,
    b"UID FETCH": fetch,
    b"UID STORE": ok,
    b"UID EXPUNGE": ok,
    b"UID MOVE": ok,
    b"UID COPY": ok,
    b"IDLE": idle,
    b"LOGOUT": logout,
}
