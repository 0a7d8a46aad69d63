"""Control mail: an agent's mail that asks the desk itself and is no request (MAIL.md A3, A4). Pure."""

from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk import control_letters
from maild.desk.agent_outcome import find_cap, last_words
from maild.desk.answered_letter import find_answered_letter
from maild.desk.command import CommandFault
from maild.desk.command_lines import says
from maild.desk.control import find_asked
from maild.desk.errands import Asking, Ran, run
from maild.desk.returned_mail import find_mending, find_offer
from maild.draft import Draft
from maild.effects import Decision, IncomingState, SendMended
from maild.known_letter import COMMAND_FAILED
from maild.outbox.guard import post
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import TicketView


def decide_control_mail(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | None:
    """What it asks is done and answered at his registered address; it opens no ticket. None where it is other mail, or not proven."""
    asked = find_asked(reading.message, reading.sender, settings, reading.circumstances.corrected)
    if asked is None or not _is_proven(reading):
        return None
    words = "; ".join(f"{command.word} {command.argument}".strip() for command in asked)
    reason = Reason("control", f"{agent.name} asks the desk: {words}")
    if reading.circumstances.quiet or reading.departments.earlier:
        # Mail from before the desk was opened, or another department's copy of what has been answered.
        return Draft(IncomingState.DONE if reading.circumstances.quiet else IncomingState.DUPLICATE, reason)
    asking = asking_of(reading, agent, settings, now)
    agreed = _agree(reading, now)
    if isinstance(agreed, SendMended):
        return Draft(IncomingState.DONE, reason, effects=(agreed,))
    ran = Ran(faults=(agreed,)) if agreed else run(asked, asking)
    if not ran.faults:
        return Draft(IncomingState.DONE, reason, beside=ran.decisions)
    untold = find_cap(agent, asking.queue, reading, settings)
    failed = Reason(COMMAND_FAILED, "; ".join((*map(str, ran.faults), *((untold.text,) if untold else ()))))
    told = tell_not_done(words, ran.faults, asking, reading, find_offer(asked, ran.faults) or "")
    # The letter is this mail's own, so that an answer to it can let the mail walk again.
    return Draft(IncomingState.DONE, failed, effects=tuple(effect for decision in told for effect in decision.effects))


def _agree(reading: Reading, now: datetime) -> SendMended | CommandFault | None:
    """`yes` in answer to a letter that asks whether something else was meant (A7): the mail that asked walks again, and asks that."""
    letter = find_answered_letter(reading)
    if letter is None or letter.asked is None or not says("yes", reading.message.new_text):
        return None
    return find_mending(letter, letter.asked, "yes", (), now)


def asking_of(reading: Reading, agent: Agent, settings: Settings, now: datetime, in_hand: TicketView | None = None) -> Asking:
    """See `Asking`."""
    identifier = reading.message.message_id if reading.message.message_id_given else None
    return Asking(agent, reading.departments.primary.key, reading.known, settings, now, identifier, in_hand, reading.shelf)


def _is_proven(reading: Reading) -> bool:
    """A reply to a letter about no ticket carries that letter's token; a fresh mail has its From alone, or came to the agent's personal
    address, or a person has let it in (A4)."""
    is_reply = reading.sender.token is not None
    return reading.circumstances.released or (reading.sender.proven if is_reply else reading.sender.vouched)


def tell_added(address: str, asking: Asking) -> Decision:
    """MAIL.md A4: at his registered address, so that nobody adds one behind his back."""
    letter = control_letters.added(control_letters.Face(asking.agent, asking.queue, address, asking.settings, asking.answers), address)
    return Decision(IncomingState.DONE, Reason("control", f"{address} was added"), effects=post(letter, asking.settings))


def tell_not_done(words: str, faults: tuple[CommandFault, ...], asking: Asking, reading: Reading, offer: str = "") -> tuple[Decision, ...]:
    """He is told, unless he has been told too often. `offer`: what he probably meant."""
    if find_cap(asking.agent, asking.queue, reading, asking.settings):
        return ()
    face = control_letters.Face(asking.agent, asking.queue, words, asking.settings, asking.answers)
    letter = control_letters.not_done(face, (*faults, *last_words(asking.agent, asking.queue, reading, asking.settings)), offer)
    why = Reason("control", "; ".join(map(str, faults)))
    return (Decision(IncomingState.DONE, why, effects=post(letter, asking.settings)),)
