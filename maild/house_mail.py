"""House mail: letters of the desk about itself, to its leads and admins; they concern no ticket. Written in one transaction."""

from collections.abc import Sequence
from datetime import datetime

from maild.config.settings import Mode, Settings
from maild.effects import Decision, IncomingState, Letter, Post
from maild.office import Office
from maild.reason import Reason
from maild.recording import record
from maild.store.engine import Transaction


def post_house_letters(tx: Transaction, office: Office, letters: Sequence[Letter], why: Reason, now: datetime) -> None:
    """Put them into the outbox."""
    decision = Decision(IncomingState.DONE, why, effects=tuple(Post(letter) for letter in letters))
    record(tx, decision, office, now)


def find_speaking_queue(settings: Settings) -> str | None:
    """The first department that may send mail; none on a desk that only observes."""
    return next((queue.key for queue in settings.queues.values() if queue.mode is not Mode.OBSERVE), None)
