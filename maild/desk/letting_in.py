"""An agent lets in his own mail that was held, since nothing proved that it is his, by one word (MAIL.md A4). Pure.

The word answers the letter that told him so at his registered address. Whoever can answer that reads his mail: this is the proof that the
held mail lacked, where no mail server vouches for him, say. It counts once, for a day.
"""

from datetime import datetime, timedelta

from maild.config.settings import Agent, Settings
from maild.desk.agent_words import unsigned
from maild.desk.answered_letter import find_answered_letter
from maild.desk.command import CommandFault
from maild.desk.command_lines import says
from maild.desk.control_mail import asking_of, tell_not_done
from maild.draft import Draft
from maild.effects import IncomingState, LetIn
from maild.ingest.sender import find_from_fault
from maild.known import COMMAND_FAILED, HeldAway, KnownLetter
from maild.message import AuthResult
from maild.reading import Reading
from maild.reason import Reason

RELEASE = "release"
RELEASABLE_FOR = timedelta(days=1)
LET_IN_ALREADY = "the mail you mean is not held any more"
TOO_LATE = "the mail you mean was held more than a day ago; an admin lets it in, by maild message release {}"


def decide_letting_in(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | None:
    """The held mail walks again, or why it does not; None for any other mail, and for one whose From is in doubt."""
    letter = find_answered_letter(reading)
    held = letter.held if letter else None
    if letter is None or held is None or not says(RELEASE, unsigned(reading.message.new_text, reading, agent, settings)):
        return None
    if find_from_fault(reading.message) or reading.sender.authentication.verdict is AuthResult.FAIL:
        return None
    if hindrance := _find_hindrance(letter, held, now):
        fault = CommandFault(1, hindrance)
        told = tell_not_done(RELEASE, (fault,), asking_of(reading, agent, settings, now), reading)
        return Draft(IncomingState.DONE, Reason(COMMAND_FAILED, str(fault)), beside=told)
    reason = Reason("control", f"{agent.name} lets in message {held.incoming}, which was held under his name")
    return Draft(IncomingState.DONE, reason, effects=(LetIn(held.incoming),))


def _find_hindrance(letter: KnownLetter, held: HeldAway, now: datetime) -> str:
    if not held.is_waiting:
        return LET_IN_ALREADY
    return TOO_LATE.format(held.incoming) if now - letter.created > RELEASABLE_FOR else ""
