"""Why a mail may not be answered automatically, whatever wrote it (MAIL.md L3). Pure. Of caps and suppressions the store knows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from maild.config.settings import Settings
from maild.ingest.address_kinds import ADDRESS
from maild.ingest.author import Carrier
from maild.ingest.data import rows
from maild.ingest.signs import Sign, shown
from maild.ingest.weak_signs import auto_reply_subject, no_reply_author, null_return_path
from maild.message import Authentication, AuthResult, InboundMessage, MessageClass
from maild.reason import Reason
from maild.tokens import Tokens


def find_silence(
    message: InboundMessage,
    message_class: MessageClass,
    tokens: Tokens,
    settings: Settings | None,
    authentication: Authentication,
    carrier: Carrier | None = None,
) -> Iterator[Reason]:
    """Every reason not to answer. `settings` None: no desk is known. `carrier`: the machine that named the writer."""
    if message_class is not MessageClass.HUMAN:
        yield Reason("class", f"the mail is {message_class.value}")
    for sign in SILENCE_SIGNS:
        if reason := sign(message):
            yield reason
    if carrier and carrier.unproven:
        yield carrier.unproven
    if tokens.read_message_id(message.message_id):
        yield Reason("own-letter", "it is a letter of ours")
    author = message.author
    if settings and author and (settings.is_own_address(author.address) or author.key in settings.own_lists):
        yield Reason("own-address", f"{author.address} is an address of this desk")
    elif authentication.verdict is AuthResult.FAIL:
        yield Reason("unauthenticated", f"the sender failed authentication: {authentication.reason}")


def _suppress_wish(message: InboundMessage) -> Reason | None:
    """[MS-OXCMAIL] 2.2.3.2.14: a wish, not evidence of a class. Exchange sets it on normal mail."""
    for value in message.fields("X-Auto-Response-Suppress"):
        wishes = {wish.strip().casefold() for wish in re.split(r"[,;]", value)}
        if wishes & {"all", "autoreply", "oof"}:
            return Reason("suppress", f"X-Auto-Response-Suppress: {shown(value)}")
    return None


def _vendor_field(message: InboundMessage) -> Reason | None:
    """X-Loop, and what vacation programs leave behind (L3)."""
    for mark in _vendor_marks():
        for value in message.fields(mark.field):
            if mark.contains in value.casefold():
                return Reason("vendor-field", f"{mark.field}: {shown(value)}")
    return None


@dataclass(frozen=True, slots=True)
class _VendorMark:
    """A field that stops the acknowledgement if its value contains these words; empty: any value."""

    field: str
    contains: str


@cache
def _vendor_marks() -> tuple[_VendorMark, ...]:
    return tuple(_VendorMark(row["field"], row.get("contains", "")) for row in rows("autoresponders", "silent"))


def _no_sender(message: InboundMessage) -> Reason | None:
    author = message.author
    if author is None or not ADDRESS.fullmatch(author.address):
        return Reason("no-sender", "no address to answer to")
    return None


SILENCE_SIGNS: tuple[Sign, ...] = (
    _no_sender,
    no_reply_author,
    null_return_path,
    _suppress_wish,
    _vendor_field,
    auto_reply_subject,
)
