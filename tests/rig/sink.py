"""An SMTP server that keeps what it gets (aiosmtpd, loopback), and delivers it to mailboxes where a test wants a real flow."""

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class MailServer(Protocol):
    """Where a sink may deliver: `DovecotServer.append`."""

    def append(self, user: str, raw: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Caught:
    """One mail as it came over the wire, and when (monotonic)."""

    envelope_sender: str
    recipients: tuple[str, ...]
    raw: bytes
    at: float


@dataclass(slots=True)
class Refusal:
    """The reply a recipient gets instead of 250, and how often still."""

    reply: str
    times: int


@dataclass
class SmtpSink:
    """Start it, send to `host` and `port`, look at `mails`.

    `deliver_to`: every accepted mail is appended to its recipients' mailboxes there. `login`: the account clients must use. `relay`: what
    becomes of an accepted mail on its way, and the final reply. `policy`: the refusal an address gets to MAIL or RCPT, None for none.
    """

    login: tuple[str, str] | None = None
    deliver_to: MailServer | None = None
    relay: Callable[[Caught], tuple[Caught, str]] | None = None
    policy: Callable[[str, str], str | None] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    mails: list[Caught] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    connections: int = 0
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _controller: Controller | None = None

    def start(self) -> Self:
        listener = socket.create_server((self.host, self.port))
        self.port = listener.getsockname()[1]
        self._controller = _BoundController(self, listener)
        self._controller.start()
        return self

    def stop(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def refuse(self, recipient: str, reply: str, times: int = 1_000_000_000) -> None:
        """Answer RCPT for this address with `reply` (`550 5.1.1 unknown`, `451 4.7.1 later`)."""
        self.refusals[recipient] = Refusal(reply, times)

    def clear(self) -> None:
        """Forget everything: mails, refusals, logins, deliveries."""
        with self._arrived:
            self.mails.clear()
            self.refusals.clear()
            self.logins.clear()
            self.deliver_to = self.relay = self.policy = None

    def to(self, recipient: str) -> list[Caught]:
        """Mails for one address, in order of arrival."""
        with self._arrived:
            return [mail for mail in self.mails if recipient in mail.recipients]

    def wait_for(self, count: int, recipient: str | None = None, seconds: float = 10.0) -> list[Caught]:
        """Block until that many mails (for this recipient) are here.

        Raises:
            TimeoutError: they did not come in time.
        """
        deadline = time.monotonic() + seconds
        with self._arrived:
            while len(found := self._wanted(recipient)) < count:
                if not self._arrived.wait(max(0.0, deadline - time.monotonic())) and time.monotonic() >= deadline:
                    raise TimeoutError(f"{len(found)} of {count} mails arrived for {recipient or 'anybody'}")
            return found

    def _wanted(self, recipient: str | None) -> list[Caught]:
        return [mail for mail in self.mails if recipient is None or recipient in mail.recipients]

    # What aiosmtpd calls.

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        # aiosmtpd hands the null path over as it stands.
        if self.policy and (reply := self.policy("MAIL", address.strip("<>"))):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.policy and (reply := self.policy("RCPT", address)):
            return reply
        refusal = self.refusals.get(address)
        if refusal and refusal.times > 0:
            refusal.times -= 1
            return refusal.reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        mail = Caught(
            (envelope.mail_from or "").strip("<>"), tuple(envelope.rcpt_tos), bytes(envelope.original_content or b""), time.monotonic()
        )
        mail, reply = self.relay(mail) if self.relay else (mail, "250 2.0.0 kept")
        if self.deliver_to:
            await asyncio.to_thread(self._deliver, self.deliver_to, mail)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()
        return reply

    def _deliver(self, server: MailServer, mail: Caught) -> None:
        for recipient in mail.recipients:
            server.append(recipient, b"Return-Path: <%s>\r\n" % mail.envelope_sender.encode() + mail.raw)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth_data: object) -> AuthResult:
        if not isinstance(auth_data, LoginPassword) or self.login is None:
            return AuthResult(success=False)
        self.logins.append(auth_data.login.decode())
        return AuthResult(success=(auth_data.login.decode(), auth_data.password.decode()) == self.login)


class _BoundController(Controller):
    """A controller on a socket that is already bound, so that port 0 works."""

    def __init__(self, sink: SmtpSink, listener: socket.socket) -> None:
        self._listener = listener
        super().__init__(
            sink,
            hostname=sink.host,
            port=sink.port,
            server_hostname="sink.test",
            data_size_limit=64 * 1024 * 1024,
            authenticator=sink.authenticate if sink.login else None,
            auth_required=sink.login is not None,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        factory: Callable[[], asyncio.BaseProtocol] = self._factory_invoker
        return self.loop.create_server(factory, sock=self._listener)
