"""Playground: a mail provider on loopback for everybody in the demo: customers, agents, departments. Leaves nothing behind.

IMAP is pymap in a child process (`imap_child`), SMTP an aiosmtpd sink that delivers into it (`smtp_sink`), so that mail really flows
between mailboxes and any mail client can log in as anybody. What is played on this stage is left to others.
"""

import json
import smtplib
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Self

from maild.config.settings import Mailbox
from maild.demo.smtp_sink import AUTHSERV_ID, HOST, SmtpSink, read_mailbox
from maild.errors import MailboxUnreachableError
from maild.secret import Secret

PASSWORD = "demo"


@dataclass(frozen=True, slots=True)
class Playground:
    """The running servers. Everybody's password is `password`; `authserv_id` marks the provider's verdicts about senders."""

    users: tuple[str, ...]
    password: str
    imap_port: int
    smtp_port: int
    _child: "subprocess.Popen[str]"
    _sink: SmtpSink
    host: str = HOST
    authserv_id: str = AUTHSERV_ID

    @classmethod
    def start(cls, users: Iterable[str]) -> Self:
        """Start both servers for these addresses.

        Raises:
            MailboxUnreachableError: the IMAP server does not start; pymap is perhaps not installed.
        """
        addresses = tuple(dict.fromkeys(user.casefold() for user in users))
        child, port = _start_imap(dict.fromkeys(addresses, PASSWORD))
        sink = SmtpSink({user: _mailbox(user, PASSWORD, port) for user in addresses})
        return cls(addresses, PASSWORD, port, sink.port, child, sink)

    def send(self, sender: str, raw: bytes) -> None:
        """Send a mail to whom its To and Cc name, logged in as `sender` where he is a user here.

        Raises:
            smtplib.SMTPException: it was refused.
        """
        header = BytesHeaderParser().parsebytes(raw)
        recipients = [address for _, address in getaddresses([*header.get_all("To", []), *header.get_all("Cc", [])])]
        with smtplib.SMTP(self.host, self.smtp_port, timeout=30) as client:
            if sender.casefold() in self.users:
                client.login(sender.casefold(), self.password)
            client.sendmail(sender, recipients, raw)

    def mailbox(self, user: str) -> list[bytes]:
        """What lies in a user's INBOX, oldest first."""
        return read_mailbox(self.account(user))

    def account(self, user: str) -> Mailbox:
        """How to log in as this user."""
        return _mailbox(user.casefold(), self.password, self.imap_port)

    def stop(self) -> None:
        """End both servers; all mail is gone with them."""
        self._sink.stop()
        _end(self._child)


def _mailbox(user: str, password: str, port: int) -> Mailbox:
    return Mailbox(user, HOST, port, "none", user, Secret("plain", password))


def _start_imap(passwords: dict[str, str]) -> tuple["subprocess.Popen[str]", int]:
    command = [sys.executable, "-m", "maild.demo.imap_child"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if child.stdin is None or child.stdout is None:
        raise MailboxUnreachableError("the IMAP server of the demo has no pipes")
    try:
        child.stdin.write(json.dumps(passwords) + "\n")
        child.stdin.flush()
        return child, int(child.stdout.readline())
    except (ValueError, OSError) as error:
        _end(child)
        raise MailboxUnreachableError("the IMAP server of the demo does not start; is maild[demo] installed?") from error


def _end(child: "subprocess.Popen[str]") -> None:
    """The child goes when its input ends."""
    for pipe in (child.stdin, child.stdout):
        if pipe:
            pipe.close()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
