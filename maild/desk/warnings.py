"""Warnings: what an agent must know before he answers a message (MAIL.md O7). Pure."""

from collections.abc import Iterator

from maild.config.settings import Settings
from maild.desk import agent_letters, customer_letters
from maild.desk.doubt import warn_of_doubts
from maild.desk.glimpses import Remark
from maild.desk.take_back import tell_of_waiting
from maild.draft import Draft
from maild.effects import AddMessage
from maild.ingest.address_kinds import is_never_answered
from maild.message import InboundMessage
from maild.reading import Reading
from maild.sizes import describe_size
from maild.ticket import MessageKind, TicketView

MOST_SENDERS = 5
"""So many of a mail's senders are named in a notification."""


def warn_agents(draft: Draft, message: AddMessage, ticket: TicketView, reading: Reading, settings: Settings) -> Iterator[Remark]:
    """In the order in which they stand above the message."""
    if draft.silence:
        yield f"This looks like a loop: {draft.silence.text}. Nothing is answered, and more of it comes in quietly for a day."
    sender = message.author
    yield from warn_of_doubts(reading)
    if (carrier := reading.sender.carrier) and carrier.rule:
        unproven = ", and nothing proves that it came from there" if carrier.unproven else ""
        yield f"The mail came from {carrier.address}{unproven}. Rule {carrier.rule} says that {sender.address} wrote it."
    yield from tell_of_waiting(reading.known.waiting.get(ticket.number, ()), message.at, settings)
    yield from _warn_of_ways(message, ticket, reading, settings)
    if len(senders := reading.message.senders) > 1:
        named = ", ".join(address.address for address in senders[:MOST_SENDERS])
        yield f"The mail names several senders: {named}. The first counts as its writer."
    direct = _direct_writers(reading, settings)
    for name in direct if sender and message.kind is MessageKind.CUSTOMER else ():
        yield f"{sender.address} answers a mail that {name} sent there directly, and has {name}'s own address. Answer to the desk alone."
    if reading.sender.strange_token and (draft.before is None or message.kind is MessageKind.THIRD_PARTY):
        yield f"This mail quotes a notification meant for an agent; somebody passed it on to {sender.address}."
    elif message.kind is MessageKind.CUSTOMER and not direct:
        yield from _warn_of_leaked_token(message, reading, settings)
    if message.kind is MessageKind.AUTO:
        yield "This is automatic mail."
    if suppression := reading.known.suppressed.get(ticket.addressee.key):
        yield f"Mail to {ticket.addressee.address} may not arrive: {suppression.reason}."
    elif is_never_answered(ticket.addressee.address):
        yield f"By its name, nobody reads at {ticket.addressee.address}. #cc ADDRESS or #requester ADDRESS names somebody who does."
    if size := reading.circumstances.full_size:
        yield f"The mail is too large ({describe_size(size)}): only its beginning was fetched, all of it lies in the mailbox."
    for defect in reading.message.defects[:3]:
        yield f"The mail is damaged: {defect}."


def _warn_of_ways(message: AddMessage, ticket: TicketView, reading: Reading, settings: Settings) -> Iterator[str]:
    """MAIL.md F8, P14: where the agent's reply goes, wherever that is not where the mail comes from or asks for."""
    sender = message.author
    is_public = not agent_letters.is_answered_inside(message, settings)
    if message.kind is MessageKind.THIRD_PARTY:
        both = "#cc sender sends it there, too; #same does, if both are one person"
        goes = f" Your reply goes to {ticket.addressee}, not to {sender.address}; {both}." if is_public else ""
        yield f"{sender.address} is not the requester.{goes}"
    if is_public and sender.key == ticket.requester.key and ticket.reply_to:
        yield f"The sender asks for answers to {ticket.reply_to}, and that is where your reply goes."
    elsewhere = _other_reply_addresses(reading.message, ticket, settings)
    if is_public and (nobody := customer_letters.find_unreachable(ticket, (), settings)):
        asked = f" The mail asks for answers to {elsewhere}." if elsewhere else ""
        yield f"{nobody.address} is the department's own address, so a reply reaches nobody unless #cc ADDRESS names who gets it.{asked}"
    elif elsewhere:
        goes = f" Your reply goes to {ticket.addressee}; #cc ADDRESS sends copies there." if is_public else ""
        yield f"The sender asks for answers to {elsewhere}.{goes}"


def _warn_of_leaked_token(message: AddMessage, reading: Reading, settings: Settings) -> Iterator[str]:
    """MAIL.md A1a: a customer has what only an agent was sent, and not because she answers a copy of his own mail that he sent her."""
    found = reading.sender.token
    if found and reading.sender.strange_token:
        agent = settings.agents.get(found.token.agent or "")
        meant = f"a notification meant for {agent.name if agent else found.token.agent} ({found.place.value})"
        yield f"This mail names {meant}, which {message.author.address} should not have. It gives no rights, but may have been read."


def _direct_writers(reading: Reading, settings: Settings) -> tuple[str, ...]:
    """MAIL.md A8, A10: the agents whose own mails the message answers. The desk shows the ids of these to nobody."""
    identifiers = (*reading.message.in_reply_to, *reading.message.references)
    named = (reading.known.by_id.get(identifier) for identifier in identifiers)
    agents = (settings.agents.get(answered.agent or "") for answered in named if answered)
    return tuple(dict.fromkeys(agent.name for agent in agents if agent))


def _other_reply_addresses(message: InboundMessage, ticket: TicketView, settings: Settings) -> str:
    """MAIL.md P14, O7: addresses in Reply-To that are neither the writer's nor ours, and to which no reply goes."""
    reached = {person.key for person in (message.author, ticket.addressee) if person}
    others = (address for address in message.reply_to if address.key not in reached)
    return ", ".join(address.address for address in others if "@" in address.address and not settings.is_own_address(address.address))
