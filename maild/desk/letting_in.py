"""An agent lets in his own mail that was held, since nothing proved that it is his, by one word (MAIL.md A4). Pure.

The word answers the letter that told him so at his registered address. Whoever can answer that reads his mail: this is the proof that the
held mail lacked, where no mail server vouches for him, say. It counts once, for a day.
"""

from datetime import datetime, timedelta

from maild.config.settings import Agent, Settings
from maild.desk.agent_words import unsigned
from maild.desk.answered_letter import find_answered_letter
from maild.desk.command import HASHES, CommandFault
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
HOW = (
    "the mail that is held is let in by the one word release, alone; what is meant for a customer goes in a reply to the last notification "
    "of the ticket"
)
LET_IN_ALREADY = "the mail you mean is not held any more"
TOO_LATE = "the mail you mean was held more than a day ago; an admin lets it in, by maild message release {}"


def decide_letting_in(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | None:
    """The held mail walks again, or why it does not. None for any other mail, for one whose From is in doubt, and for commands."""
    letter = find_answered_letter(reading)
    held = letter.held if letter else None
    text = unsigned(reading.message.new_text, reading, agent, settings).strip()
    is_command = text.startswith(tuple(HASHES)) and not text[1:].casefold().startswith(RELEASE)
    if letter is None or held is None or is_command:
        return None
    if find_from_fault(reading.message) or reading.sender.authentication.verdict is AuthResult.FAIL:
        return None
    if hindrance := _find_hindrance(letter, held, text, now):
        fault = CommandFault(0, hindrance)
        told = tell_not_done(reading.title, (fault,), asking_of(reading, agent, settings, now), reading)
        return Draft(IncomingState.DONE, Reason(COMMAND_FAILED, str(fault)), beside=told)
    reason = Reason("control", f"{agent.name} lets in message {held.incoming}, which was held")
    return Draft(IncomingState.DONE, reason, effects=(LetIn(held.incoming),))


def _find_hindrance(letter: KnownLetter, held: HeldAway, text: str, now: datetime) -> str:
    if not says(RELEASE, text):
        return HOW
    if not held.is_waiting:
        return LET_IN_ALREADY
    return TOO_LATE.format(held.incoming) if now - letter.created > RELEASABLE_FOR else ""
