"""Control mail: an agent's mail that asks the desk itself and is no request (MAIL.md A3, A4). Pure."""

from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk import control_letters
from maild.desk.agent_outcome import is_capped
from maild.desk.command import CommandFault
from maild.desk.control import find_asked
from maild.desk.errands import Asking, run
from maild.draft import Draft
from maild.effects import Decision, IncomingState
from maild.outbox.guard import post
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import TicketView


def decide_control_mail(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | None:
    """What it asks is done and answered at his registered address; it opens no ticket. None where it is other mail, or not proven."""
    asked = find_asked(reading.message, reading.sender, settings)
    if asked is None or not _is_proven(reading):
        return None
    words = "; ".join(f"{command.word} {command.argument}".strip() for command in asked)
    reason = Reason("control", f"{agent.name} asks the desk: {words}")
    if reading.circumstances.quiet or reading.departments.earlier:
        # Mail from before the desk was opened, or another department's copy of what has been answered.
        return Draft(IncomingState.DONE if reading.circumstances.quiet else IncomingState.DUPLICATE, reason)
    asking = asking_of(reading, agent, settings, now)
    ran = run(asked, asking)
    return Draft(IncomingState.DONE, reason, beside=tell_not_done(words, ran.faults, asking, reading) if ran.faults else ran.decisions)


def asking_of(reading: Reading, agent: Agent, settings: Settings, now: datetime, in_hand: TicketView | None = None) -> Asking:
    """See `Asking`."""
    identifier = reading.message.message_id if reading.message.message_id_given else None
    return Asking(agent, reading.departments.primary.key, reading.known, settings, now, identifier, in_hand, reading.shelf)


def _is_proven(reading: Reading) -> bool:
    """A reply to a letter about no ticket carries that letter's token; a fresh mail has its From alone, or came to the agent's personal
    address, or a person has let it in (A4)."""
    is_reply = reading.sender.token is not None
    return reading.circumstances.released or (reading.sender.proven if is_reply else reading.sender.vouched)


def tell_not_done(words: str, faults: tuple[CommandFault, ...], asking: Asking, reading: Reading) -> tuple[Decision, ...]:
    """He is told, unless he has been told too often."""
    face = control_letters.Face(asking.agent, asking.queue, words, asking.settings, asking.answers)
    letter = control_letters.not_done(face, faults)
    why = Reason("control", "; ".join(map(str, faults)))
    if is_capped(letter, asking.agent, reading, asking.settings):
        return ()
    return (Decision(IncomingState.DONE, why, effects=post(letter, asking.settings)),)
