"""Where a requester wants his letters: the address in Reply-To, as far as it may be believed (MAIL.md P14). Pure.

It says only where letters go. Who he is stays his From: by it he is known again, capped and counted.
"""

from collections.abc import Iterator
from dataclasses import replace

from maild.config.settings import Settings
from maild.desk.participants import is_person
from maild.effects import RecordEvent
from maild.ingest.address_kinds import is_freemail
from maild.ingest.authentication import is_aligned
from maild.message import Address, AuthResult, InboundMessage
from maild.outbox.guard import address_refusal
from maild.ticket import TicketView


def find_reply_address(message: InboundMessage, verdict: AuthResult, settings: Settings) -> Address | None:
    """The one address beside the writer's own to which answers go; None where they go to the writer.

    Of his own organisation any will do, the first of several. Another must be the only one, in a mail that has not failed authentication.
    """
    author = message.author
    if author is None or any(address.key == author.key for address in message.reply_to):
        return None
    may_be_strange = len(message.reply_to) == 1 and verdict is not AuthResult.FAIL
    usable = (address for address in message.reply_to if is_person(address, settings))
    return next((address for address in usable if may_be_strange or is_same_organisation(author, address)), None)


def is_same_organisation(one: Address, other: Address) -> bool:
    """Whoever has one of the addresses may be trusted with the other's mail. Those of a freemail provider belong to unrelated people."""
    return not is_freemail(one.domain) and is_aligned(one.domain, other.domain)


def with_reply_address(ticket: TicketView, message: InboundMessage, verdict: AuthResult, settings: Settings) -> TicketView:
    """The ticket after a mail on it: only its requester moves his letters, and the last mail counts. Where From takes no answers, an
    address that was named once stays."""
    author = message.author
    if author is None or author.key != ticket.requester.key:
        return ticket
    found = find_reply_address(message, verdict, settings)
    if found is None and address_refusal(author, settings):
        return ticket
    return replace(ticket, reply_to=found.address if found else None)


def tell_reply_address(before: TicketView | None, after: TicketView) -> Iterator[RecordEvent]:
    """That letters go elsewhere from now on. `before` None: the ticket is new."""
    if after.reply_to == (before.reply_to if before else None):
        return
    why = "as the mail asks in Reply-To" if after.reply_to else "as the mail asks for no other address"
    yield RecordEvent("reply_address", "maild", f"letters to {after.requester.address} go to {after.addressee.address}, {why}")
