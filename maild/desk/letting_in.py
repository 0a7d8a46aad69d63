"""An agent lets in his own mail that was held, since nothing proved that it is his, by one word (MAIL.md A4). Pure.

The word answers the letter that told him so at his registered address. Whoever can answer that reads his mail: this is the proof that the
held mail lacked, where no mail server vouches for him, say. It counts once, for a day. Where the mail came to his personal address from one
that nobody knows, another word makes that one his for good (docs/decisions/39-addresses-that-agents-add.md).
"""

from datetime import datetime, timedelta

from maild.config.settings import Agent, Settings
from maild.desk.agent_words import unsigned
from maild.desk.answered_letter import find_answered_letter
from maild.desk.command import HASHES, CommandFault
from maild.desk.command_lines import says
from maild.desk.control_mail import asking_of, tell_added, tell_not_done
from maild.desk.errands import Asking
from maild.draft import Draft
from maild.effects import AddAddress, IncomingState, LetIn
from maild.ingest.sender import find_from_fault
from maild.known_letter import COMMAND_FAILED, HeldAway, KnownLetter
from maild.message import AuthResult
from maild.reading import Reading
from maild.reason import Reason

RELEASE = "release"
ALWAYS = "always"
MOST_ADDED = 10
RELEASABLE_FOR = timedelta(days=1)
HOW = (
    "the mail that is held is let in by the one word release, alone; what is meant for a customer goes in a reply to the last notification "
    "of the ticket"
)
HOW_TO_ADD = "mail from {} counts as yours from now on by the one word always, alone; if you do not know that address, do nothing"
NOT_VOUCHED = "an address is added only by a reply for which your mail server vouches; an admin adds it to emails: in agents.yaml"
TOO_MANY = f"you have added {MOST_ADDED} addresses already; an admin takes one away, by maild agent disown"
LET_IN_ALREADY = "the mail you mean is not held any more"
TOO_LATE = "the mail you mean was held more than a day ago; an admin lets it in, by maild message release {}"


def decide_letting_in(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | None:
    """The held mail walks again, or why it does not. None for any other mail, for one whose From is in doubt, and for commands."""
    letter = find_answered_letter(reading)
    held = letter.held if letter else None
    text = unsigned(reading.message.new_text, reading, agent, settings).strip()
    is_command = text.startswith(tuple(HASHES)) and not text[1:].casefold().startswith((RELEASE, ALWAYS))
    if letter is None or held is None or is_command:
        return None
    if find_from_fault(reading.message) or reading.sender.authentication.verdict is AuthResult.FAIL:
        return None
    asking = asking_of(reading, agent, settings, now)
    if hindrance := _find_hindrance(letter, held, text, now) or _find_why_not_added(held, reading, agent, settings):
        fault = CommandFault(0, hindrance)
        told = tell_not_done(reading.title, (fault,), asking, reading)
        return Draft(IncomingState.DONE, Reason(COMMAND_FAILED, str(fault)), beside=told)
    if held.adds:
        return _add(held, agent, asking)
    reason = Reason("control", f"{agent.name} lets in message {held.incoming}, which was held")
    return Draft(IncomingState.DONE, reason, effects=(LetIn(held.incoming),))


def _add(held: HeldAway, agent: Agent, asking: Asking) -> Draft:
    """The address is his, too, and the mail walks again as his. He is told at the registered one, whoever has said so."""
    reason = Reason("control", f"{agent.name} lets in message {held.incoming}; mail from {held.adds} is {agent.name}'s from now on")
    told = tell_added(held.adds, asking)
    return Draft(IncomingState.DONE, reason, effects=(AddAddress(agent.key, held.adds), LetIn(held.incoming)), beside=(told,))


def _find_why_not_added(held: HeldAway, reading: Reading, agent: Agent, settings: Settings) -> str:
    """MAIL.md A4: an address gives rights for good, so that the letter's token alone is not enough to say whose it is."""
    if not held.adds:
        return ""
    if not (reading.sender.proven and reading.sender.authenticated):
        return NOT_VOUCHED
    if settings.agent_at(held.adds) or settings.is_own_address(held.adds):
        return f"{held.adds} is known to the desk already"
    return TOO_MANY if len(agent.added) >= MOST_ADDED else ""


def _find_hindrance(letter: KnownLetter, held: HeldAway, text: str, now: datetime) -> str:
    if not says(ALWAYS if held.adds else RELEASE, text):
        return HOW_TO_ADD.format(held.adds) if held.adds else HOW
    if not held.is_waiting:
        return LET_IN_ALREADY
    return TOO_LATE.format(held.incoming) if now - letter.created > RELEASABLE_FOR else ""
