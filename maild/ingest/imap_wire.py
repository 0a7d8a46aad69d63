"""The IMAP connection beneath a mailbox session: TLS, timeouts, deadlines, and one tree of errors for everything that can go wrong on it.

Half of the door to imapclient; the commands are in `maild.ingest.imap`. Waiting and trying again is left to `maild.ingest.watcher`.
"""

import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError
from imapclient.imap4 import IMAP4WithTimeout

from maild.config.settings import Mailbox
from maild.errors import (
    ConfigurationError,
    MailboxAuthError,
    MailboxError,
    MailboxProtocolError,
    MailboxThrottledError,
    MailboxUnreachableError,
    plain_words,
)

# What imaplib and imapclient raise, beside their own errors, over lines no server should send: `int("")`, a missing bracket, a thousand
# open parentheses, a literal of many gigabytes.
GARBLED = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError, MemoryError, OverflowError)

# Seen in practice (OPERATIONS 1.1): Dovecot `[LIMIT]`, `[INUSE]`, `[UNAVAILABLE]`; Gmail; Microsoft 365, which also says the last one.
_THROTTLED = re.compile(
    r"\[(?:LIMIT|INUSE|UNAVAILABLE|OVERQUOTA)\]|too many (?:simultaneous )?(?:connections|login)|throttled|bandwidth limits"
    r"|authenticated but not connected",
    re.IGNORECASE,
)
NEVER = float("inf")
_BACKOFF = re.compile(r"Suggested Backoff Time: (\d{1,9}) milliseconds", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Timing:
    """All waits of a mailbox, in seconds; tests pass shorter ones.

    A command may last `command` plus its expected bytes at `slowest_rate` bytes a second, however slowly the bytes drip (I11). IDLE is
    asked for anew after `idle` (I8); without IDLE the folder is searched every `poll`. A server on the same host or network is asked
    every `near_poll` instead (0: never). The junk folder is looked into every `junk`, the Sent folder
    every `sent`. A connection is renewed after `renewal`.
    """

    connect: float = 15.0
    read: float = 60.0
    command: float = 60.0
    slowest_rate: float = 20_000.0
    idle: float = 300.0
    poll: float = 30.0
    near_poll: float = 0.15
    junk: float = 300.0
    sent: float = 60.0
    renewal: float = 3600.0
    first_retry: float = 5.0
    longest_retry: float = 900.0


USUAL_TIMING = Timing()


class ImapWire:
    """One TCP connection to a mail server, logged in. Every use of `client` stands inside `speaking`."""

    def __init__(self, mailbox: Mailbox, timing: Timing) -> None:
        self._mailbox = mailbox
        self._timing = timing
        self._opened = time.monotonic()
        with mapped_errors(mailbox):
            self.client = self._connect()
        try:
            self._secure()
            self._log_in()
        except MailboxError:
            self.drop()
            raise

    @property
    def age(self) -> float:
        return time.monotonic() - self._opened

    @property
    def capabilities(self) -> frozenset[bytes]:
        """What the server offers now that we are logged in (I18)."""
        return self._capabilities

    def offers(self, *names: bytes) -> bool:
        """Whether the server offers one of these capabilities."""
        return not self._capabilities.isdisjoint(names)

    @contextmanager
    def speaking(self, expected_bytes: int = 0) -> Iterator[IMAPClient]:
        """The client, for one command: errors come out as ours, and the watchdog cuts the line when the deadline passes."""
        limit = self._timing.command + expected_bytes / self._timing.slowest_rate
        with mapped_errors(self._mailbox), watchdog().cutting(self.client.socket(), limit):
            yield self.client

    def take_announcement(self) -> bool:
        """Whether the server has announced mail since this was last asked, in its answer to any command; it will not do so again (I8)."""
        _, announced = self.client._imap.response("EXISTS")
        return bool(announced != [None])

    def has_buffered(self) -> bool:
        """I10: what came in the same packet as `+ idling` lies in the reader's buffer, where polling the socket does not see it."""
        reader = getattr(getattr(self.client, "_imap", None), "file", None)
        connection = self.client.socket()
        if reader is None:
            return False
        connection.setblocking(False)
        try:
            return bool(reader.peek(1))
        except OSError:
            # A TLS socket with nothing to read says so with SSLWantReadError.
            return False
        finally:
            connection.settimeout(self._timing.read)

    def drop(self) -> None:
        """Close the connection without a word."""
        with suppress(OSError, IMAPClientError, *GARBLED):
            self.client.shutdown()

    def cut(self) -> None:
        """From another thread: end the command under way with an error."""
        cut_connection(self.client.socket())

    def log_out(self) -> None:
        """Say goodbye, waiting two seconds for the answer, and close."""
        with suppress(MailboxError), self.speaking() as client:
            client.socket().settimeout(2.0)
            client.logout()
        self.drop()

    def _connect(self) -> IMAPClient:
        mailbox = self._mailbox
        direct_tls = mailbox.security == "tls"
        timeout = SocketTimeout(connect=self._timing.connect, read=self._timing.read)
        context = tls_context(mailbox) if direct_tls else None
        client = IMAPClient(mailbox.host, mailbox.port, ssl=direct_tls, ssl_context=context, timeout=timeout)
        client.normalise_times = False
        _silence_wire_log(client)
        tune_socket(client.socket())
        return client

    def _secure(self) -> None:
        """STARTTLS, where asked for, is required; what the server said before it is forgotten (I18)."""
        if self._mailbox.security == "starttls":
            with self.speaking() as client:
                client.starttls(tls_context(self._mailbox))

    def _log_in(self) -> None:
        password = _reveal_password(self._mailbox)
        with self.speaking() as client:
            if client.has_capability("LOGINDISABLED"):
                raise MailboxAuthError(f"{self._mailbox.host} does not allow a login on this connection; try security: tls or starttls")
            # imaplib sends LOGIN in ASCII only; SASL PLAIN is UTF-8 (RFC 4616).
            log_in = client.login if (self._mailbox.username + password).isascii() else client.plain_login
            log_in(self._mailbox.username, password)
            client._cached_capabilities = None
            self._capabilities = frozenset(client.capabilities())


def reads_literals_in_pieces() -> bool:
    """Whether Python reads what a server announces piece by piece. If not, it reserves all of it at once, be it gigabytes (I16).

    Found out by trying, because distributions mend old versions, too (OPERATIONS 5).
    """
    silent = SilentConnection()
    protocol = IMAP4WithTimeout.__new__(IMAP4WithTimeout)
    # Each version of imaplib knows the connection by another name.
    vars(protocol).update(file=silent, _file=silent, sock=silent, _readbuf=[])
    with suppress(IMAPClientError):
        protocol.read(GIANT)
    return silent.largest < GIANT


GIANT = 3_000_000_000


class SilentConnection:
    """Has nothing to say, and remembers how much it was asked for at once."""

    largest = 0

    def read(self, size: int) -> bytes:
        self.largest = max(self.largest, size)
        return b""

    recv = read


def tls_context(mailbox: Mailbox) -> ssl.SSLContext:
    """A verifying context; `ca_file` adds an authority of the site's own (T8). There is no way to switch verification off."""
    return ssl.create_default_context(cafile=str(mailbox.ca_file) if mailbox.ca_file else None)


def tune_socket(connection: socket.socket) -> None:
    """Notice dead peers (I8), and send small commands at once: with Nagle's algorithm each APPEND to pymap takes 44 ms."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 120_000)):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _silence_wire_log(client: IMAPClient) -> None:
    """imapclient formats every literal for a debug log: half of the time of a FETCH, and passwords on paper (U7)."""
    protocol = getattr(client, "_imap", None)
    if protocol is not None:
        protocol.debug = 0


def _reveal_password(mailbox: Mailbox) -> str:
    try:
        return mailbox.password.reveal()
    except ConfigurationError as error:
        raise MailboxAuthError(str(error)) from error


@contextmanager
def mapped_errors(mailbox: Mailbox) -> Iterator[None]:
    """Turn the three exception families of imaplib and imapclient, and OSError, into ours."""
    try:
        yield
    except MailboxError:
        raise
    except LoginError as error:
        raise _login_failure(error, mailbox) from error
    except ProtocolError as error:
        raise MailboxProtocolError(f"{mailbox.host} answers what no server should: {_words(error)}") from error
    except IMAPClientAbortError as error:
        raise _refusal(error, mailbox) or MailboxUnreachableError(f"the connection to {mailbox.host} broke: {_words(error)}") from error
    except IMAPClientError as error:
        raise _refusal(error, mailbox) or MailboxError(f"{mailbox.host} says: {_words(error)}") from error
    except ssl.SSLCertVerificationError as error:
        raise MailboxUnreachableError(f"the certificate of {mailbox.host} is not trusted: {error.verify_message}") from error
    except OSError as error:
        raise MailboxUnreachableError(f"{mailbox.host}:{mailbox.port} does not answer: {_words(error)}") from error
    except GARBLED as error:
        raise MailboxProtocolError(f"{mailbox.host} answers what no server should: {type(error).__name__} {_words(error)}") from error


def _login_failure(error: LoginError, mailbox: Mailbox) -> MailboxError:
    """imapclient calls a connection that breaks during LOGIN a login error too; the abort beneath tells them apart."""
    if isinstance(error.__context__, IMAPClientAbortError):
        return MailboxUnreachableError(f"the connection to {mailbox.host} broke during the login: {_words(error)}")
    refused = MailboxAuthError(f"{mailbox.host} refuses the login of {mailbox.username}: {_words(error)}")
    return _refusal(error, mailbox) or refused


def _refusal(error: Exception, mailbox: Mailbox) -> MailboxThrottledError | None:
    text = _words(error)
    if not _THROTTLED.search(text):
        return None
    suggested = _BACKOFF.search(text)
    return MailboxThrottledError(
        f"{mailbox.host} asks us to slow down: {text}",
        retry_after_seconds=int(suggested[1]) / 1000 if suggested else None,
    )


def _words(error: Exception) -> str:
    """The server's words on one line, without the `b'…'` imaplib wraps them in."""
    text = re.sub(r"""\bb(['"])(.*)\1""", r"\2", plain_words(error))
    return " ".join(text.split())[:300]


class Watchdog:
    """One thread that shuts down connections whose command lasts too long. Read timeouts do not help: they start anew with every byte."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._deadlines: dict[int, tuple[float, socket.socket]] = {}
        self._wakes_at = NEVER
        self._next = 0
        threading.Thread(target=self._watch, name="imap-watchdog", daemon=True).start()

    @contextmanager
    def cutting(self, connection: socket.socket, seconds: float) -> Iterator[None]:
        """Cut the connection unless the block ends within so many seconds."""
        key = self._arm(connection, time.monotonic() + seconds)
        try:
            yield
        finally:
            with self._changed:
                del self._deadlines[key]

    def _arm(self, connection: socket.socket, deadline: float) -> int:
        with self._changed:
            self._next += 1
            self._deadlines[self._next] = (deadline, connection)
            if deadline < self._wakes_at:
                self._changed.notify()
            return self._next

    def _watch(self) -> None:
        with self._changed:
            while True:
                self._wakes_at = min((deadline for deadline, _ in self._deadlines.values()), default=NEVER)
                self._changed.wait(None if self._wakes_at == NEVER else max(0.0, self._wakes_at - time.monotonic()))
                self._cut_overdue()

    def _cut_overdue(self) -> None:
        now = time.monotonic()
        for key, (deadline, connection) in self._deadlines.items():
            if deadline <= now:
                self._deadlines[key] = (NEVER, connection)
                cut_connection(connection)


def cut_connection(connection: socket.socket) -> None:
    """Wake whoever reads or writes there with an end of file. The base class's method: SSLSocket's own swaps the TLS layer away."""
    with suppress(OSError):
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


@cache
def watchdog() -> Watchdog:
    """The process's one watchdog, started when first needed."""
    return Watchdog()
