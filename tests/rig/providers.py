"""What stands between a sink and the mailboxes at different providers: plus addresses or none, relays that rewrite ids or envelopes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from itertools import count
from typing import Any

from tests.rig.dovecot import DovecotServer
from tests.rig.office import RunningDesk
from tests.rig.sink import Caught, SmtpSink

_numbers = count(1)


@dataclass(slots=True)
class Provider:
    """Delivers a desk's mail into its mailboxes, and everybody else's into his own. Implements `tests.rig.sink.MailServer`.

    `plus`: details are dropped on delivery. `trace`: the field that names the recipient as written, "" for none. `says`: what else the
    server writes above a mail. `mailboxes`: addresses that come into another's mailbox.
    """

    dovecot: DovecotServer
    mailboxes: Mapping[str, str] = field(default_factory=dict)
    plus: bool = True
    trace: str = "Delivered-To"
    says: str = ""

    def append(self, user: str, raw: bytes) -> None:
        local, _, domain = user.partition("@")
        address = f"{local.partition('+')[0]}@{domain}" if self.plus else user
        traced = f"{self.trace}: {user}\r\n".encode() if self.trace else b""
        self.dovecot.append(self.mailboxes.get(address, address), traced + (f"{self.says}\r\n".encode() if self.says else b"") + raw)


def at_provider(desk: RunningDesk, **settings: Any) -> Provider:
    """Let the desk's sink deliver: billing into support's mailbox, as the desk is configured."""
    provider = Provider(desk.dovecot, {desk.at("billing"): desk.at("support"), desk.at("help"): desk.at("support")}, **settings)
    desk.sink.deliver_to = provider
    return provider


def without_plus(sink: SmtpSink) -> None:
    """A server that knows no plus addresses refuses them as unknown."""
    sink.policy = lambda command, address: "550 5.1.1 unknown user" if command == "RCPT" and "+" in address else None


def refusing_senders(sink: SmtpSink, reply: str = "553 5.7.1 sender not owned by this login") -> None:
    """A relay that takes plain addresses as senders, and no others."""
    sink.policy = lambda command, address: reply if command == "MAIL" and (not address or "+" in address) else None


def like_amazon(mail: Caught) -> tuple[Caught, str]:
    """A relay that replaces Message-ID and envelope sender, and reports the id in its reply, without the domain."""
    identifier = f"0100018c2f5c6e5b-1c0a1b2c-3d4e-5f60-7182-{next(_numbers):012x}-000000"
    sender = f"{identifier}@bounces.amazonses.com"
    return replace(mail, raw=_with_id(mail.raw, f"<{identifier}@eu-west-1.amazonses.com>"), envelope_sender=sender), f"250 Ok {identifier}"


def like_outlook(mail: Caught) -> tuple[Caught, str]:
    """A relay that replaces the Message-ID and says nothing of it."""
    return replace(mail, raw=_with_id(mail.raw, f"<DB9PR{next(_numbers):020X}@DB9PR.eurprd.prod.outlook.example>")), "250 2.0.0 OK"


def _with_id(raw: bytes, message_id: str) -> bytes:
    message = message_from_bytes(raw)
    assert message["Message-ID"]
    before = next(line for line in raw.split(b"\r\n") if line.lower().startswith(b"message-id:"))
    return raw.replace(before, f"Message-ID: {message_id}".encode(), 1)
