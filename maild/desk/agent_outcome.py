"""How an agent's mail fared, as its ticket's log and its writer are told of it (MAIL.md A7, A8, A10, L9). Pure."""

from dataclasses import dataclass, replace

from maild.config.settings import Agent, Settings
from maild.desk import returned_letters
from maild.desk.acts import Act, find_absent_helpers, find_absent_owner
from maild.desk.command import Command, CommandFault, describe_faults
from maild.desk.crossing import find_known_until
from maild.desk.errands import Asking, tell_of_absent_helper, tell_of_absent_owner
from maild.desk.returned_mail import find_offer
from maild.draft import Draft
from maild.effects import Decision, IncomingState, RecordEvent
from maild.known_letter import COMMAND_FAILED
from maild.message import Address
from maild.outbox.guard import cap_refusal, post
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import ParticipantRole, TicketView

LAST_OF_SUCH = CommandFault(0, "too many such mails have gone to you of late: what comes back in the next hour or so, you are not told of")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing of a mail is done. `text` is shown to its writer; `commands` are those of its command lines in which no fault was found.

    `about`: an earlier mail that it was to mend; None: it is about itself.
    """

    faults: tuple[CommandFault, ...]
    text: str
    commands: tuple[Command, ...] = ()
    about: int | None = None


def give_back(
    reading: Reading, agent: Agent, ticket: TicketView, refusal: Refusal, settings: Settings, *, internal: bool, may_be_rule: bool = False
) -> Draft:
    """All or nothing: the draft goes back, nothing reaches the customer (MAIL.md A7, L9). `internal`: it was to be a note.

    A `ticket` that was only to be opened is not, so that nothing is on any. `may_be_rule`: a rule of his mail program may have sent it, so
    that he is told only so often; what he is not told of is kept where an admin sees it.
    """
    why = "; ".join(map(str, refusal.faults))
    if may_be_rule and (untold := find_cap(agent, ticket.queue, reading, settings)):
        return Draft(IncomingState.QUARANTINED, Reason(COMMAND_FAILED, f"{why}; {untold.text}"))
    reason, is_there = Reason(COMMAND_FAILED, why), ticket.number != 0
    place = ticket if is_there else None
    offer = find_offer(refusal.commands, refusal.faults)
    faults = (*refusal.faults, *(last_words(agent, ticket.queue, reading, settings) if may_be_rule else ()))
    letter = returned_letters.command_failed(
        agent, ticket, describe_faults(faults), refusal.text, settings, internal=internal, offer=offer, about=refusal.about
    )
    event = (RecordEvent("command_failed", agent.key, f"{why}; nothing was done"),) if is_there else ()
    told = replace(letter, as_of=find_known_until(reading), automatic=may_be_rule)
    return Draft(IncomingState.DONE, reason, before=place, after=place, effects=(*event, *post(told, settings)))


def find_cap(agent: Agent, queue: str, reading: Reading, settings: Settings, more: int = 0) -> Reason | None:
    """Why he is not told: a machine that answers us without saying so must come to an end (L4, L5). `more`: as in `cap_refusal`."""
    home, verdict = Address(agent.name, agent.email), reading.sender.authentication.verdict
    capped = cap_refusal(home, queue, verdict, reading.known.sent, settings, more)
    return Reason(capped.code, f"{agent.name} is not told: {capped.text}") if capped else None


def last_words(agent: Agent, queue: str, reading: Reading, settings: Settings) -> tuple[CommandFault, ...]:
    """Said in the last letter that he gets for a while, lest he take silence for success."""
    return (LAST_OF_SUCH,) if find_cap(agent, queue, reading, settings, more=1) else ()


def tell_received(reading: Reading, agent: Agent, proof: str) -> RecordEvent:
    """That his mail came, or walks again by his word, and what proves him."""
    if reading.circumstances.sent_after_all:
        return RecordEvent("sent_after_all", agent.key, "by his word; it was kept as a note")
    if reading.circumstances.caught_up:
        return RecordEvent("sent_after_all", agent.key, f"from {agent.name}, {proof}; it was held, since it crossed with an answer")
    if (corrected := reading.circumstances.corrected) is not None:
        lines = ", ".join(corrected.splitlines())
        return RecordEvent("corrected", agent.key, f"from {agent.name}, {proof}; it had come back to him, and goes with {lines}")
    return RecordEvent("received", agent.key, f"from {agent.name}, {proof}")


def tell_sent_directly(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings) -> tuple[RecordEvent, ...]:
    """MAIL.md A8, A10."""
    theirs = ", ".join(find_direct_readers(reading, ticket, settings))
    text = f"{theirs} got this mail from {agent.name} directly, with the address it came from"
    return (RecordEvent("sent_directly", agent.key, text),) if theirs else ()


def find_direct_readers(reading: Reading, ticket: TicketView, settings: Settings) -> tuple[str, ...]:
    """The addresses of customers who have the agent's own mail, with all that the desk would have taken out of it. Of what is
    sent after all the agent was told when it came."""
    if reading.circumstances.sent_after_all:
        return ()
    named = (*reading.message.to, *reading.message.cc)
    persons = (person for person in named if settings.agent_at(person.address) is None and settings.queue_at(person.address) is None)
    theirs = [person.address for person in persons if ticket.role_of(person.address) in (ParticipantRole.REQUESTER, ParticipantRole.CC)]
    return tuple(dict.fromkeys(theirs))


def warn_of_absence(before: TicketView, after: TicketView, act: Act, asking: Asking) -> tuple[Decision, ...]:
    """Beside an act that gives the ticket, or a task, to a colleague who is away."""
    absence, helpers = find_absent_owner(before, after, act), find_absent_helpers(before, after, act)
    of_ticket = (tell_of_absent_owner(absence, asking),) if absence else ()
    return (*of_ticket, *(tell_of_absent_helper(helper, asking) for helper in helpers))
