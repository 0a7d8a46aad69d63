"""Sending one delivery over one account, phase by phase (OPERATIONS T1). The door to smtplib, together with `wire`.

A loss after the final dot is `Unknown`, a loss before it `Deferred`: only the server knows whether it took a letter whose last reply is
missing. The connection is kept between letters and renewed without counting where the server has closed it (T12). Which letter is sent
when is `queue`'s.
"""

import random
import re
import smtplib
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.config.settings import Smtp
from maild.errors import AccountUnavailableError
from maild.outbox.delivery import Deferred, Delivery, Failed, Outcome, Sent, Unknown
from maild.outbox.hygiene import wire_address
from maild.outbox.replies import Meaning, Phase, Reply, describe_refusal, read_reply
from maild.outbox.schedule import next_try, try_after_unknown
from maild.outbox.wire import COMMAND_SECONDS, Wire, open_wire

FINAL_REPLY_SECONDS = 600.0
"""RFC 5321 section 4.5.3.2.6. Giving up earlier sends the same letter twice."""
BYTES_PER_SECOND = 20_000
PAUSES = {Meaning.BUSY: timedelta(minutes=1), Meaning.ACCOUNT: timedelta(hours=1)}
_BARE_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the whole account must rest, and for how long."""

    reason: str
    pause: timedelta


class Account:
    """One submission account and its connection. Used by one thread; `abort` may come from another."""

    def __init__(
        self,
        smtp: Smtp,
        *,
        hello: str,
        clock: Callable[[], datetime],
        unknown_retry: timedelta,
        jitter: Callable[[], float] = random.random,
        command_seconds: float = COMMAND_SECONDS,
        final_reply_seconds: float = FINAL_REPLY_SECONDS,
    ) -> None:
        self._smtp = smtp
        self._hello = hello
        self._clock = clock
        self._unknown_retry = unknown_retry
        self._jitter = jitter
        self._command_seconds = command_seconds
        self._final_reply_seconds = final_reply_seconds
        self._wire: Wire | None = None
        self.trouble: Trouble | None = None

    @property
    def name(self) -> str:
        return f"{self._smtp.host}:{self._smtp.port}"

    def connect(self) -> None:
        """Be connected and logged in.

        Raises:
            AccountUnavailableError: the relay cannot be reached, trusted or logged in to; the message says which.
        """
        if self._wire is None:
            self._open()

    def send(self, delivery: Delivery) -> Outcome:
        """One transaction for one recipient. Sets `trouble` where the account, not the letter, is at fault."""
        kept = self._wire is not None
        self.trouble = None
        outcome = self._try(delivery)
        if outcome is None and kept:
            outcome = self._try(delivery)
        if outcome is None:
            error = f"{self.name} closes the connection before it takes mail"
            self.trouble = Trouble(error, PAUSES[Meaning.BUSY])
            outcome = self._later(delivery, error)
        return outcome

    def close(self) -> None:
        """Leave politely."""
        if self._wire is not None:
            self._wire.patience = 2.0
            with suppress(OSError, smtplib.SMTPException):
                self._wire.quit()
        self._drop()

    def abort(self) -> None:
        """Cut the connection from another thread: whoever waits for the server stops waiting."""
        wire = self._wire
        if wire is not None and wire.sock is not None:
            with suppress(OSError):
                wire.sock.shutdown(socket.SHUT_RDWR)

    def _try(self, delivery: Delivery) -> Outcome | None:
        """One try; None where the server had already closed the connection, which counts for nothing (OPERATIONS T12)."""
        try:
            self.connect()
        except AccountUnavailableError as error:
            self.trouble = Trouble(str(error), PAUSES[Meaning.BUSY])
            return self._later(delivery, str(error))
        if self._wire is None:
            return None
        envelope = _write_envelope(delivery, self._wire)
        return envelope if isinstance(envelope, Failed) else self._transact(delivery, envelope, self._wire)

    def _transact(self, delivery: Delivery, envelope: "_Envelope", wire: Wire) -> Outcome | None:
        phase = Phase.MAIL
        try:
            for phase, line in ((Phase.MAIL, envelope.mail), (Phase.RCPT, envelope.rcpt), (Phase.DATA, "DATA")):
                reply = wire.command(line)
                if phase is Phase.MAIL and reply.code == 421:
                    self._drop()
                    return None
                if read_reply(phase, reply) is not Meaning.TAKEN:
                    return self._refused(delivery, phase, reply, wire)
            phase = Phase.BODY
            wire.patience = self._command_seconds + len(delivery.raw) / BYTES_PER_SECOND
            wire.transmit(to_wire(delivery.raw))
            phase = Phase.ANSWER
            wire.patience = self._final_reply_seconds
            reply = wire.reply()
        except smtplib.SMTPServerDisconnected as error:
            self._drop()
            return None if phase is Phase.MAIL else self._lost(delivery, phase, str(error))
        wire.patience = self._command_seconds
        return Sent(str(reply)) if read_reply(phase, reply) is Meaning.TAKEN else self._refused(delivery, phase, reply, wire)

    def _refused(self, delivery: Delivery, phase: Phase, reply: Reply, wire: Wire) -> Outcome:
        meaning = read_reply(phase, reply)
        error = describe_refusal(self.name, phase, reply)
        self._reset(wire, meaning)
        if meaning is Meaning.NEVER:
            return Failed(error)
        if pause := PAUSES.get(meaning):
            self.trouble = Trouble(error, pause)
        return self._later(delivery, error)

    def _lost(self, delivery: Delivery, phase: Phase, why: str) -> Outcome:
        error = f"{self.name}: connection lost after {phase.value}: {why}"
        if phase is not Phase.ANSWER:
            return self._later(delivery, error)
        return Unknown(error, try_after_unknown(delivery.was_unknown, self._unknown_retry, self._clock()))

    def _later(self, delivery: Delivery, error: str) -> Outcome:
        now = self._clock()
        at = next_try(delivery.attempts, delivery.created, now, self._jitter())
        if at is None:
            return Failed(f"{error}; given up after 48 hours")
        return Deferred(error, max(at, now + self.trouble.pause) if self.trouble else at)

    def _reset(self, wire: Wire, meaning: Meaning) -> None:
        """Make the connection fit for the next letter, or drop it."""
        if meaning in PAUSES:
            self.close()
            return
        try:
            reset = wire.command("RSET")
        except smtplib.SMTPServerDisconnected:
            self._drop()
            return
        if reset.code != 250:
            self._drop()

    def _open(self) -> None:
        self._wire = open_wire(self._smtp, self._hello, self._command_seconds)

    def _drop(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.close()


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The two commands that open a transaction."""

    mail: str
    rcpt: str


def to_wire(raw: bytes) -> bytes:
    """The message as DATA wants it: CRLF only, leading dots doubled, the final dot last (RFC 5321 section 4.5.2).

    Nothing but CRLF ends a line, so no ending can smuggle a second message past a lax server (OPERATIONS T11, X10).
    """
    if not raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r"):
        raw = _BARE_LINE_END.sub(b"\r\n", raw)
    if not raw.endswith(b"\r\n"):
        raw += b"\r\n"
    stuffed = raw.replace(b"\r\n.", b"\r\n..")
    return (b"." if raw.startswith(b".") else b"") + stuffed + b".\r\n"


def _write_envelope(delivery: Delivery, wire: Wire) -> _Envelope | Failed:
    """The commands for this server, or why it can never take the letter (OPERATIONS T10, T11, T13)."""
    sender = wire_address(delivery.envelope_sender) if delivery.envelope_sender else ""
    recipient = wire_address(delivery.recipient)
    if sender is None or recipient is None:
        return Failed(f"no mail can be sent from {delivery.envelope_sender} to {delivery.recipient}: not an address")
    if b"\0" in delivery.raw:
        return Failed("the message holds a NUL byte, which no server takes")
    limit = wire.esmtp_features.get("size", "")
    if limit.isdecimal() and 0 < int(limit) < len(delivery.raw):
        return Failed(f"the message has {len(delivery.raw)} bytes; the server takes {limit}")
    options = f" SIZE={len(delivery.raw)}" if wire.has_extn("size") else ""
    if not delivery.raw.isascii() and wire.has_extn("8bitmime"):
        options += " BODY=8BITMIME"
    if not (sender + recipient).isascii():
        if not wire.has_extn("smtputf8"):
            return Failed(f"the server does not offer SMTPUTF8, which {delivery.recipient} needs")
        options += " SMTPUTF8"
    asked = wire.has_extn("dsn") and bool(sender)
    return _Envelope(
        f"MAIL FROM:<{sender}>{options}{f' RET=HDRS ENVID={xtext(delivery.envelope_id)}' if asked and delivery.envelope_id else ''}",
        f"RCPT TO:<{recipient}>{_reports_wanted(delivery.recipient) if asked else ''}",
    )


def _reports_wanted(recipient: str) -> str:
    """RFC 3461 section 4: tell us of failures and delays, never of successes, under the address as we wrote it."""
    original = f" ORCPT=rfc822;{xtext(recipient)}" if recipient.isascii() else ""
    return f" NOTIFY=FAILURE,DELAY{original}"


def xtext(value: str) -> str:
    """RFC 3461 section 4: what cannot stand in an SMTP parameter becomes `+` and two hex digits."""
    return "".join(character if "!" <= character <= "~" and character not in "+=" else f"+{ord(character):02X}" for character in value)
