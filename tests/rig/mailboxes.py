"""Builder of mailbox settings for tests."""

from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from maild.config.settings import Mailbox
from maild.ingest.imap_wire import Timing
from maild.secret import Secret

HASTY = Timing(connect=2, read=5, command=5, idle=5, poll=0.3, near_poll=0, renewal=60, first_retry=0.2, longest_retry=1)


class Server(Protocol):
    """What offers IMAP: Dovecot, the fake, a proxy."""

    host: str
    port: int


def a_mailbox(server: Server, username: str = "support@acme.example", **more: object) -> Mailbox:
    """The mailbox `support` on this server, read from the beginning."""
    mailbox = Mailbox(
        key="support",
        host=server.host,
        port=server.port,
        security="none",
        username=username,
        password=Secret("plain", "secret"),
        start=timedelta(days=3650),
    )
    return replace(mailbox, **more)
