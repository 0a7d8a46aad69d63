"""A sending account's checkup: log in, ask what it takes, and from whom, without sending anything (OPERATIONS C12, T10).

Part of the door to smtplib, together with `smtp` and `wire`.
"""

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime

from maild.config.settings import Smtp
from maild.errors import AccountUnavailableError, ConfigurationError
from maild.finding import TRANSFER_GROWTH, Finding, certificate_end, judge_certificate, remedy_for_certificate
from maild.outbox.hygiene import wire_address
from maild.outbox.wire import Wire, open_wire

COMMAND_SECONDS = 30.0
EXTENSIONS = ("SIZE", "8BITMIME", "SMTPUTF8", "DSN")


def check_account(account: Smtp, hello: str, senders: Sequence[str], largest: int) -> list[Finding]:
    """`senders` are the departments that send over the account, `largest` what attachments may take together."""
    found: list[Finding] = []
    try:
        with closing(open_wire(account, hello, COMMAND_SECONDS)) as wire:
            who = f"login as {account.username}" if account.username else "connected without a login; none is configured"
            found.append(Finding("ok", f"{who} ({account.security})"))
            found.extend(_look_around(wire, senders, largest))
    except AccountUnavailableError as error:
        found.append(Finding("fail", str(error), _find_remedy(error)))
    except smtplib.SMTPException as error:
        found.append(Finding("fail", f"the connection broke: {error}", "try again; if it stays so, ask the relay's operator"))
    return found


def _find_remedy(error: AccountUnavailableError) -> str:
    """The keys that a login which failed for this reason rests on."""
    match error.__cause__:
        case ssl.SSLCertVerificationError() as untrusted:
            return remedy_for_certificate(untrusted)
        case FileNotFoundError():
            return "see `ca_file` of `smtp`"
        case smtplib.SMTPAuthenticationError() | ConfigurationError():
            return "see username and password of `smtp`"
        case smtplib.SMTPException():
            return "see host, port, security, username and password of `smtp`"
        case _:
            return "see host, port and security of `smtp`"


def _look_around(wire: Wire, senders: Sequence[str], largest: int) -> Iterator[Finding]:
    if wire.sock is not None and (end := certificate_end(wire.sock)):
        yield judge_certificate(end, datetime.now(UTC))
    offered = [name for name in EXTENSIONS if wire.has_extn(name)]
    yield Finding("ok", f"it offers {', '.join(offered) or 'none of ' + ', '.join(EXTENSIONS)}")
    yield _judge_size(wire, largest)
    for sender in senders:
        yield _try_sender(wire, sender)
    wire.command("QUIT")


def _judge_size(wire: Wire, largest: int) -> Finding:
    """T10: a letter that is too large fails only when it is sent; better to know before."""
    limit = wire.esmtp_features.get("size", "")
    if not limit.isdecimal() or int(limit) == 0:
        return Finding("ok", "it names no size it would refuse")
    mebibytes = int(limit) // (1024 * 1024)
    if int(limit) < largest * TRANSFER_GROWTH:
        text = f"it takes mail up to {mebibytes} MiB, and attachments of {largest // (1024 * 1024)} MiB make more than that"
        return Finding("warn", text, f"set `desk.attach_max: {int(int(limit) / TRANSFER_GROWTH) // (1024 * 1024)}MiB`")
    return Finding("ok", f"it takes mail up to {mebibytes} MiB")


def _try_sender(wire: Wire, sender: str) -> Finding:
    """Sender and recipient as for a mail of the department to itself, and then none."""
    address = wire_address(sender)
    if address is None:
        return Finding("fail", f"{sender} is no address mail could be sent from", "see the department's `address`")
    try:
        for line in (f"MAIL FROM:<{address}>", f"RCPT TO:<{address}>"):
            reply = wire.command(line)
            if not 200 <= reply.code <= 299:
                return _judge_refusal(sender, line, str(reply), is_final=reply.code >= 500)
    finally:
        wire.command("RSET")
    return Finding("ok", f"it takes mail from {sender} (nothing was sent)")


def _judge_refusal(sender: str, line: str, reply: str, *, is_final: bool) -> Finding:
    text = f"it does not take mail from {sender}: {reply} (to {line.partition(':')[0]})"
    if is_final:
        return Finding("fail", text, "the login must be allowed to send as every department")
    return Finding("warn", text, "it says later: try again in a few minutes")
