"""The playground's SMTP server: takes mail from anybody on loopback and puts it into the recipients' mailboxes, as a small provider would.

It judges senders like one, too: whoever logged in as the address his From names passes DMARC, everybody else fails.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import format_datetime, parseaddr

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from maild.config.settings import Mailbox
from maild.errors import MailboxError
from maild.ingest.imap import MailboxSession

HOST = "127.0.0.1"
AUTHSERV_ID = "mx.playground.example"


class SmtpSink:
    """An SMTP server on a free loopback port. `mailboxes` by address: who exists here."""

    def __init__(self, mailboxes: Mapping[str, Mailbox]) -> None:
        self._mailboxes = mailboxes
        self._sessions: dict[str, MailboxSession] = {}
        self._delivering = threading.Lock()
        listener = socket.create_server((HOST, 0))
        self.port: int = listener.getsockname()[1]
        # aiosmtpd warns that AUTH without TLS can be overheard; there is nobody on loopback to do so.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._controller = _BoundController(self, listener)
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()
        for session in self._sessions.values():
            session.close()

    # What aiosmtpd calls.

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self._owner(address) is None:
            return "550 5.1.1 there is no such user in this playground"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        raw = bytes(envelope.original_content or b"")
        judgement = _judge(raw, session.auth_data if session.authenticated else None)
        try:
            await asyncio.to_thread(self._deliver, envelope.mail_from or "", envelope.rcpt_tos, judgement + raw)
        except MailboxError as error:
            return f"451 4.3.0 {error}"
        return "250 2.0.0 delivered"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False)
        user = data.login.decode("utf-8", "replace").casefold()
        mailbox = self._mailboxes.get(user)
        known = mailbox is not None and mailbox.password.reveal().encode() == data.password
        return AuthResult(success=known, handled=known, auth_data=user)

    def _owner(self, address: str) -> Mailbox | None:
        """The mailbox of an address; what follows a plus sign is the owner's own business."""
        local, _, domain = address.casefold().rpartition("@")
        return self._mailboxes.get(f"{local.partition('+')[0]}@{domain}")

    def _deliver(self, sender: str, recipients: list[str], raw: bytes) -> None:
        with self._delivering:
            for recipient in recipients:
                owner = self._owner(recipient)
                if owner:
                    self._append(owner, f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode() + raw)

    def _append(self, mailbox: Mailbox, raw: bytes) -> None:
        """Connections are kept; one that broke meanwhile is renewed."""
        session = self._sessions.pop(mailbox.key, None)
        if session:
            try:
                session.append("INBOX", raw)
            except MailboxError:
                session.drop()
                session = None
        if session is None:
            session = MailboxSession(mailbox)
            session.append("INBOX", raw)
        self._sessions[mailbox.key] = session


def read_mailbox(mailbox: Mailbox, folder: str = "INBOX") -> list[bytes]:
    """Every message in a folder, oldest first; looking changes nothing."""
    with closing(MailboxSession(mailbox)) as session:
        session.select()
        return [fetched.raw for fetched in session.fetch(session.describe(session.new_uids(0)))]


def _judge(raw: bytes, login: object) -> bytes:
    """What a provider writes on top of what it takes in."""
    sender = parseaddr(str(BytesHeaderParser().parsebytes(raw).get("From", "")))[1].casefold()
    verdict = "pass" if sender and sender == login else "fail"
    domain = "".join(letter for letter in sender.rpartition("@")[2] if letter.isalnum() or letter in ".-")
    now = format_datetime(datetime.now(UTC))
    return (
        f"Received: from client by {AUTHSERV_ID} with ESMTP; {now}\r\n"
        f"Authentication-Results: {AUTHSERV_ID}; dmarc={verdict} header.from={domain or 'invalid'}\r\n"
    ).encode("ascii", "replace")


class _BoundController(Controller):
    """A controller on a socket that is already bound, so that port 0 works."""

    def __init__(self, sink: SmtpSink, listener: socket.socket) -> None:
        self._listener = listener
        super().__init__(
            sink,
            hostname=HOST,
            port=sink.port,
            server_hostname=AUTHSERV_ID,
            data_size_limit=64 * 1024 * 1024,
            authenticator=sink.authenticate,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
        )

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        factory: Callable[[], asyncio.BaseProtocol] = self._factory_invoker
        return self.loop.create_server(factory, sock=self._listener)
