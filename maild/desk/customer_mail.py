"""Customers' mail: what it leaves on its ticket, whether it opens that or comes to it. Pure."""

from collections.abc import Iterator
from dataclasses import replace
from html import escape

from maild.desk.participants import tell_who_joined
from maild.desk.reply_address import tell_reply_address
from maild.effects import AddMessage, Effect, RecordEvent
from maild.message import InboundMessage, Wrapping
from maild.reading import Reading
from maild.ticket import Status, TicketView

OVERSIZE = "oversize"
TAGS_OF_WRAPPINGS = {
    Wrapping.TNEF: "tnef",
    Wrapping.PARTIAL: "partial",
    Wrapping.SMIME_ENCRYPTED: "encrypted",
    Wrapping.PGP_ENCRYPTED: "encrypted",
}
"""P12. A signature alone is no reason to look twice; rules may ask for it."""


def with_marks(ticket: TicketView, reading: Reading) -> TicketView:
    """What cannot be read here is never skipped silently: too large to fetch (MAIL.md P13), or wrapped so that nobody can open it (P12)."""
    marks = {TAGS_OF_WRAPPINGS[wrapping] for wrapping in reading.message.wrappings if wrapping in TAGS_OF_WRAPPINGS}
    oversize = set() if reading.circumstances.full_size is None else {OVERSIZE}
    return replace(ticket, tags=ticket.tags | marks | oversize)


def with_invitation(added: AddMessage, message: InboundMessage) -> AddMessage:
    """MAIL.md P12: above the words of an invitation stands what it invites to, in one line. Seen in practice: Outlook's say neither when
    nor where."""
    if not message.invitation or message.invitation in added.visible:
        return added
    html = f"<p>{escape(message.invitation)}</p>{added.visible_html}" if added.visible_html else ""
    return replace(added, visible=f"{message.invitation}\n\n{added.visible}", visible_html=html)


def tell_changes(before: TicketView | None, after: TicketView, why: str) -> Iterator[Effect]:
    """What the mail has changed beside adding itself; that it opens or reopens the ticket is told of already."""
    if before and before.status is Status.WAITING and after.status is Status.OPEN:
        yield RecordEvent("changed", "maild", f"status open: {why}")
    yield from tell_who_joined(before, after)
    yield from tell_reply_address(before, after)


def tell_oddities(reading: Reading) -> Iterator[RecordEvent]:
    """What is odd about a mail, whether it opens a ticket or follows one (MAIL.md F1, F4, A1a, P14)."""
    by, senders = sender_name(reading), reading.message.senders
    for other in reading.thread.dissent:
        yield RecordEvent("evidence_disagrees", "maild", f"not followed: {other.text}")
    if reading.sender.strange_token:
        yield RecordEvent("token_elsewhere", "maild", f"an agent's token under the address {by}; it gives no rights")
    if reading.sender.personal_of:
        yield RecordEvent(
            "token_elsewhere", "maild", f"the personal address of {reading.sender.personal_of} in a mail of {by}; it gives no rights"
        )
    if reading.thread.collision:
        yield RecordEvent("mid_collision", "maild", "its Message-ID belongs to another message and is not used for threading")
    if (carrier := reading.sender.carrier) and carrier.rule:
        yield RecordEvent("sender_named", f"rule {carrier.rule}", f"{by} wrote what came from {carrier.address}")
    if len(senders) > 1:
        yield RecordEvent("several_senders", "maild", f"{by} counts as its writer, the first of {len(senders)} whom the mail names in From")


def sender_name(reading: Reading) -> str:
    """Who has written it, as events name him."""
    author = reading.message.author
    return author.address if author else "unknown"
