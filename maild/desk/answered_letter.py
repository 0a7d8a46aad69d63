"""Which letter of ours an agent's mail surely answers. Only such an answer reaches a customer, or steers what the letter tells of. Pure."""

from maild.ingest.forwards import begins_with_forward
from maild.ingest.prefixes import starts_with_forward, strip_prefixes
from maild.ingest.sender import PUBLIC_PLACES
from maild.known_letter import KnownLetter
from maild.message import InboundMessage
from maild.reading import Reading


def find_answered_letter(reading: Reading) -> KnownLetter | None:
    """MAIL.md A6: its token stands where an answer has it, and the mail is no forward; None for any other mail."""
    token = reading.sender.token
    if token is None or token.place not in PUBLIC_PLACES or is_forward(reading.message):
        return None
    return reading.known.letters.get(token.token.letter)


def find_task_told(reading: Reading) -> int | None:
    """The id of the task that the letter tells of which is answered. Wherever its token stands: nothing of it reaches a customer."""
    token = reading.sender.token
    letter = reading.known.letters.get(token.token.letter) if token and not is_forward(reading.message) else None
    return letter.task if letter else None


def has_subject_of_ours(reading: Reading) -> bool:
    """Whether a mail answers a letter about no ticket and has kept its subject, which is the desk's. A letter under a subject of its
    reader's, as one that gives his mail back, has "Re:" before it."""
    ours = (letter.subject for letter in reading.known.letters.values() if letter.ticket is None)
    return any(subject == strip_prefixes(subject) and _folded(subject) == _folded(reading.title) for subject in ours if subject)


def _folded(subject: str) -> str:
    return " ".join(subject.split()).casefold()


def is_forward(message: InboundMessage) -> bool:
    """By its subject, or by a forward block below the agent's words, or instead of them."""
    return starts_with_forward(message.subject) or begins_with_forward(message.elided) or begins_with_forward(message.new_text)
