"""Probes: the mails by which a desk sees whether its ways back work (MAIL.md O1a, O4, O5, L8). Pure.

A probe goes from a department to itself. Its number, signed, stands in its Message-ID, in its subject, and behind the plus of the address
it is sent to. The daemon knows it by its address, its id or X-Maild-Loop, and makes no ticket of it. Who sends and awaits it is
`maild.reports.round_trips`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime

from maild import plus
from maild.config.settings import Queue
from maild.message import Address
from maild.outbox.folding import fold_addresses, fold_ids, fold_text
from maild.outbox.mime_parts import text_part
from maild.tokens import Tokens

WORDS = """\
This is a test mail of maild, the help desk of this department. `maild doctor
--send-test` has sent it to see whether answers and bounces find their way
back. It becomes no ticket, and you may delete it.
"""


@dataclass(frozen=True, slots=True)
class Probe:
    """`envelope_sender` may be "", the null path."""

    queue: Queue
    number: int
    recipient: str
    envelope_sender: str
    message_id: str
    raw: bytes

    def sent_by(self, envelope_sender: str) -> "Probe":
        """The same mail in another envelope."""
        return replace(self, envelope_sender=envelope_sender)


def write_plus_probe(queue: Queue, number: int, tokens: Tokens, now: datetime) -> Probe | None:
    """To a plus address, and from one; None where the department's address leaves no room for a detail."""
    address = plus.with_detail(queue.address, tokens.mint_probe(number))
    return _write(queue, number, address, address, tokens, now) if address else None


def write_control_probe(queue: Queue, number: int, tokens: Tokens, now: datetime) -> Probe:
    """To the department's plain address, from the null path: where nothing comes in, not even this, it is not the plus that is to blame."""
    return _write(queue, number, queue.address, "", tokens, now)


def _write(queue: Queue, number: int, recipient: str, envelope_sender: str, tokens: Tokens, now: datetime) -> Probe:
    detail = tokens.mint_probe(number)
    message_id = f"{detail}@{tokens.domain}"
    headers = (
        fold_addresses("From", (Address(queue.name, queue.address),)),
        fold_addresses("To", (Address("", recipient),)),
        fold_text("Subject", f"maild test {detail}"),
        f"Date: {format_datetime(now)}\r\n",
        fold_ids("Message-ID", (message_id,)),
        "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n",
        f"X-Maild-Loop: {tokens.mint_loop_header()}\r\nMIME-Version: 1.0\r\n",
    )
    return Probe(queue, number, recipient, envelope_sender, message_id, "".join(headers).encode("ascii") + text_part(WORDS).to_bytes())
