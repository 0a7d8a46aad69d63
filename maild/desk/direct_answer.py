"""An agent's answer straight to the customer, with the desk in copy (MAIL.md A10): recorded, and never sent again. Pure.

It answers no letter of the desk's, so that no token is in it. What stands in it the customer has read; it commands nothing.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.agent_outcome import tell_received, tell_sent_directly
from maild.desk.colleagues import tell_agents
from maild.desk.messages import message_of
from maild.desk.participants import tell_who_joined, with_persons
from maild.desk.rehoming import rehome, works_in
from maild.desk.sent_mail import tell_status, with_answer
from maild.desk.snooze import tell_awakening
from maild.desk.tiers import may_take_by_answering
from maild.draft import Draft
from maild.effects import AddMessage, Effect, IncomingState, RecordEvent
from maild.ingest.sender import find_from_fault
from maild.message import AuthResult
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import MessageKind, ParticipantRole, TicketView

DIRECT = "direct_answer"


def decide_direct_answer(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft | None:
    """What such a mail does that no token proves; None for any other, and for one that is doubtful (A2, S3).

    A15: where nothing vouches for the agent it is a note, and neither state nor clock move.
    """
    is_doubtful = reading.sender.authentication.verdict is AuthResult.FAIL or find_from_fault(reading.message) is not None
    if reading.sender.token or is_doubtful or not _went_to_requester(ticket, reading):
        return None
    if not reading.sender.vouched:
        return _kept(reading, agent, ticket, now)
    housed, moved = rehome(ticket, reading.departments.primary, settings)
    peopled = with_persons(housed, (*reading.message.to, *reading.message.cc), settings)
    answered = with_answer(peopled, reading.message, now)
    after = answered.owned_by(agent.key) if _takes_it(agent, answered, settings) else answered
    message = replace(message_of(reading, MessageKind.AGENT, now), agent=agent.key)
    proof = reading.sender.describe_voucher()
    effects: tuple[Effect, ...] = (
        message,
        tell_received(reading, agent, proof),
        *moved,
        *tell_who_joined(housed, peopled),
        *tell_sent_directly(reading, agent, ticket, settings),
        RecordEvent("answered", agent.key, "straight to the customer; not sent again"),
        *_tell_owner(agent, housed, after, message, reading, settings),
        *tell_status(housed, after),
        *tell_awakening(housed, after, "answered", settings),
    )
    reason = Reason(DIRECT, f"{agent.name} answers the customer directly, {proof}")
    return Draft(IncomingState.DONE, reason, ticket, after, message, effects)


def _went_to_requester(ticket: TicketView, reading: Reading) -> bool:
    return any(ticket.role_of(person.address) is ParticipantRole.REQUESTER for person in reading.message.to)


def _kept(reading: Reading, agent: Agent, ticket: TicketView, now: datetime) -> Draft:
    note = replace(message_of(reading, MessageKind.NOTE, now), internal=True)
    doubt = reading.sender.authentication.reason.text
    why = f"it looks like an answer of {agent.name}'s to the customer, and nothing vouches for it: {doubt}"
    return Draft(IncomingState.DONE, Reason(DIRECT, why), ticket, ticket, note, (note, RecordEvent("kept_as_note", "maild", why)))


def _takes_it(agent: Agent, ticket: TicketView, settings: Settings) -> bool:
    """A14: a public answer takes an unowned ticket for its author, where he works there."""
    return ticket.owner is None and works_in(agent.key, ticket.queue, settings) and may_take_by_answering(agent.key, ticket, settings)


def _tell_owner(
    agent: Agent, before: TicketView, after: TicketView, message: AddMessage, reading: Reading, settings: Settings
) -> Iterator[Effect]:
    if before.owner is None and after.owner == agent.key:
        yield RecordEvent("assigned", agent.key, f"to {agent.name}, who answered first")
    owner = after.owner if after.owner in settings.agents and after.owner not in (agent.key, *reading.known.away) else None
    yield from tell_agents((owner,) if owner else (), after, message, (), settings, reading.known.earlier.get(after.number, ()))
