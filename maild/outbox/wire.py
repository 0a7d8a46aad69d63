"""One SMTP connection, on smtplib's primitives: bounded replies, whole deadlines, our own TLS contexts. Part of the door to smtplib.

smtplib's own reader waits anew for every byte and takes replies without end; this one has a deadline for each reply and a limit on it
(OPERATIONS T2, X20). What is said over the connection is `smtp`'s.
"""

import select
import smtplib
import socket
import ssl
from ipaddress import ip_address
from time import monotonic

from maild.config.settings import Smtp
from maild.errors import AccountUnavailableError, ConfigurationError, plain_words
from maild.outbox.replies import Reply

CONNECT_SECONDS = 15.0
COMMAND_SECONDS = 120.0
MAX_REPLY_LINES = 100
MAX_REPLY_BYTES = 8192


class Wire(smtplib.SMTP):
    """A connection. Every way of losing it raises SMTPServerDisconnected."""

    patience = COMMAND_SECONDS
    _buffer = b""

    @property
    def is_quiet(self) -> bool:
        """Whether the connection stands, as far as can be seen. What a server says unasked is its farewell."""
        if self.sock is None:
            return False
        said = select.poll()
        said.register(self.sock, select.POLLIN)
        return not said.poll(0)

    def command(self, line: str) -> Reply:
        """One command and its reply. UTF-8, as SMTPUTF8 wants it (RFC 6531); smtplib knows ASCII only."""
        self.transmit(line.encode("utf-8") + b"\r\n")
        return self.reply()

    def reply(self) -> Reply:
        code, text = self.getreply()
        return Reply(code, " ".join(text.decode("utf-8", "replace").split()))

    def transmit(self, content: bytes) -> None:
        """Bytes as they are. The deadline is for all of them."""
        if self.sock is not None:
            self.sock.settimeout(self.patience)
        self.send(content)

    def getreply(self) -> tuple[int, bytes]:
        deadline = monotonic() + self.patience
        texts: list[bytes] = []
        while len(texts) < MAX_REPLY_LINES:
            line = self._read_line(deadline)
            if not line[:3].isdigit():
                raise self._lost("an unreadable reply")
            texts.append(line[4:].strip())
            if line[3:4] != b"-":
                return int(line[:3]), b"\n".join(texts)
        raise self._lost("an endless reply")

    def encrypt(self, context: ssl.SSLContext) -> None:
        """STARTTLS. What came in the clear behind its reply is an injection, not a reply of the server's (OPERATIONS X21)."""
        self.starttls(context=context)
        if self._buffer:
            raise self._lost("plain text after STARTTLS")

    def _read_line(self, deadline: float) -> bytes:
        while b"\n" not in self._buffer:
            if len(self._buffer) > MAX_REPLY_BYTES:
                raise self._lost("an overlong reply")
            self._buffer += self._receive(deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _receive(self, deadline: float) -> bytes:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        try:
            self.sock.settimeout(max(0.001, deadline - monotonic()))
            chunk = self.sock.recv(4096)
            self.sock.settimeout(self.patience)
        except TimeoutError as error:
            raise self._lost("no answer in time") from error
        except OSError as error:
            raise self._lost(str(error)) from error
        if not chunk:
            raise self._lost("connection closed by the server")
        return chunk

    def _lost(self, why: str) -> smtplib.SMTPServerDisconnected:
        self.close()
        return smtplib.SMTPServerDisconnected(why)


class TlsWire(Wire, smtplib.SMTP_SSL):
    """A connection that is TLS from its first byte (RFC 8314)."""


def open_wire(account: Smtp, hello: str, command_seconds: float) -> Wire:
    """A connection ready for mail: greeted, encrypted as configured, logged in. Each reply may take `command_seconds`.

    Raises:
        AccountUnavailableError: the relay cannot be reached, trusted or logged in to; the message says which.
    """
    name = f"{account.host}:{account.port}"
    try:
        return _open(account, hello, command_seconds)
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        raise AccountUnavailableError(f"{name} refuses us: {error.smtp_code} {' '.join(said.split())}") from error
    except ssl.SSLCertVerificationError as error:
        raise AccountUnavailableError(f"the certificate of {name} is not trusted: {error.verify_message}") from error
    except (OSError, smtplib.SMTPException, UnicodeError, ConfigurationError) as error:
        raise AccountUnavailableError(f"{name} cannot be used: {plain_words(error)}") from error


def _open(account: Smtp, hello: str, command_seconds: float) -> Wire:
    if account.security == "tls":
        context = _tls_context(account)
        wire: Wire = TlsWire(account.host, account.port, local_hostname=hello, timeout=CONNECT_SECONDS, context=context)
    else:
        wire = Wire(account.host, account.port, local_hostname=hello, timeout=CONNECT_SECONDS)
    wire.patience = command_seconds
    try:
        _prepare(wire, account)
    except BaseException:
        wire.close()
        raise
    return wire


def _prepare(wire: Wire, account: Smtp) -> None:
    wire.ehlo_or_helo_if_needed()
    if account.security == "starttls":
        if not wire.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("the server does not offer STARTTLS, which this account requires")
        wire.encrypt(_tls_context(account))
        wire.ehlo()
    elif account.security == "none" and not (account.allow_plaintext or is_loopback(account.host)):
        raise smtplib.SMTPNotSupportedError("a connection without TLS is allowed to loopback only")
    if account.username:
        wire.login(account.username, account.password.reveal() if account.password else "")
    if wire.sock is not None:
        wire.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _tls_context(account: Smtp) -> ssl.SSLContext:
    """smtplib's own would accept any certificate (OPERATIONS T8). Made where it is used only: to read every authority takes long."""
    return ssl.create_default_context(cafile=str(account.ca_file) if account.ca_file else None)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
