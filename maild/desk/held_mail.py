"""Mail that is held because nothing proves whose it is; the agent concerned is told at his registered address (MAIL.md A3, A4). Pure."""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk import returned_letters
from maild.draft import Draft
from maild.effects import IncomingState, Letter
from maild.ingest.hygiene import one_line
from maild.ingest.sender import find_from_fault
from maild.known_letter import PERSONAL_ADDRESS
from maild.message import Address, AuthResult, InboundMessage, MessageClass
from maild.outbox.guard import cap_refusal, post
from maild.reading import Reading
from maild.reason import Reason

WRITTEN = frozenset({MessageClass.HUMAN, MessageClass.LIST, MessageClass.AUTO_GENERATED})
"""What would be a request: of reports and automatic answers others take care."""


def hold_unverified(reading: Reading, agent: Agent, why: Reason, settings: Settings, now: datetime) -> Draft:
    """MAIL.md A4: a mail under an agent's name; nothing relayed, nothing run."""
    letter = returned_letters.unverified(agent, reading.departments.primary.key, why, _described(reading, now), settings)
    return _hold(reading, agent, f"under the name of {agent.name}, but not proven: {why.text}", letter, settings)


def hold_strangers_mail(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md A3: somebody else's mail to an agent's personal address and to nothing else of the desk's; None for any other.

    What belongs to a ticket, or was written to a department as well, is the mail it would be without that address: a customer who answers
    to all must be heard.
    """
    owner = settings.agents.get(reading.sender.personal_of or "")
    is_a_request = reading.nature.message_class in WRITTEN and reading.thread.ticket is None
    if owner is None or not is_a_request or reading.circumstances.released or _is_to_a_department(reading.message, settings):
        return None
    writer = one_line(str(reading.sender.address or "somebody"))
    letter = returned_letters.unverified(
        owner, reading.departments.primary.key, Reason("stranger", writer), _described(reading, now), settings
    )
    adds = _find_addable(reading, settings)
    told = replace(
        letter,
        template=PERSONAL_ADDRESS,
        agent=owner.key if adds else None,
        offer=adds or None,
        values={**letter.values, "sender": writer, "adds": adds},
    )
    return _hold(reading, owner, f"to the personal address of {owner.name}, but from {writer}", told, settings)


def _find_addable(reading: Reading, settings: Settings) -> str:
    """MAIL.md A4, S1: the address from which he may have written himself, "" where it is surely none of his, or nobody vouches for it. A
    customer's stays a customer's: what he writes on his tickets must not become an agent's."""
    message, sender, address = reading.message, reading.sender, reading.sender.address
    if address is None or find_from_fault(message) or address.key != message.header_from[0].key:
        return ""
    is_his = sender.authentication.verdict is AuthResult.PASS and reading.nature.message_class is MessageClass.HUMAN
    is_anybodys = settings.agent_at(address.address) or settings.is_own_address(address.address) or reading.known.history.has_written
    return address.address if is_his and not is_anybodys else ""


def _hold(reading: Reading, agent: Agent, what: str, letter: Letter, settings: Settings) -> Draft:
    """Whoever writes such mail decides how many letters about it there would be, so they are capped (L4). A token nobody has but the agent,
    or who has mail of his: an answer of his never vanishes untold."""
    home, verdict = Address(agent.name, agent.email), reading.sender.authentication.verdict
    is_quiet = reading.circumstances.quiet or reading.nature.message_class is not MessageClass.HUMAN
    capped = cap_refusal(home, letter.queue, verdict, reading.known.sent, settings)
    untold = capped if capped and reading.sender.token is None and not is_quiet else None
    not_told = f"; {agent.name} is not told: {untold.text}" if untold else ""
    reason = Reason("agent_unverified", f"{what}{not_told}")
    return Draft(IncomingState.QUARANTINED, reason, effects=() if is_quiet or untold else post(letter, settings))


def _described(reading: Reading, now: datetime) -> returned_letters.HeldMail:
    ticket = reading.thread.ticket
    return returned_letters.HeldMail(reading.message.subject, reading.circumstances.received or now, ticket.number if ticket else 0)


def _is_to_a_department(message: InboundMessage, settings: Settings) -> bool:
    """By To and Cc: whoever delivers a mail may have dropped what stands behind the plus."""
    own = (settings.department_at(address.address) for address in (*message.to, *message.cc))
    return any(found is not None and not found.detail for found in own)
