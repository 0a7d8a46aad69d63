"""Which letters the Sent folders are still to get a copy of (MAIL.md O10). What is done, or given up, is forgotten: so it is done once.

A copy is wanted from the letter's posting on, and due from the moment a relay has taken the letter for the first of its recipients.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from maild.outbox.schedule import LONGEST_WAIT
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_out import deliveries, letters, sent_copies
from maild.store.tables.tickets import events
from maild.waits import find_latest_end

_LETTER_OF = select(deliveries.c.letter).where(deliveries.c.id == bindparam("delivery")).scalar_subquery()
_ACCEPTED = Prepared(update(sent_copies).where(sent_copies.c.letter == _LETTER_OF, sent_copies.c.accepted.is_(None)))
_DUE = (
    select(sent_copies.c.letter, letters.c.message_id, letters.c.ticket, sent_copies.c.accepted, sent_copies.c.attempts)
    .join(letters, letters.c.number == sent_copies.c.letter)
    .where(sent_copies.c.due <= bindparam("now"), letters.c.queue.in_(bindparam("queues", expanding=True)))
    .order_by(sent_copies.c.due, sent_copies.c.letter)
    .limit(bindparam("most"))
)
_OF_LETTER = sent_copies.c.letter == bindparam("number")


@dataclass(frozen=True, slots=True)
class SentCopy:
    """A copy that is due. `accepted` is when the relay took the letter; `attempts` counts earlier tries to copy it."""

    letter: int
    message_id: str
    ticket: int | None
    accepted: datetime
    attempts: int


def want(tx: Transaction, wanted: Collection[int]) -> None:
    """These letters, by number, are to be copied once they are sent."""
    if wanted:
        tx.execute(sent_copies.insert(), [{"letter": letter, "attempts": 0} for letter in wanted])


def note_accepted(tx: Transaction, delivery: int, now: datetime) -> None:
    """A relay has taken a letter. If a copy is wanted it is due, unless another recipient's has made it so."""
    _ACCEPTED.write(tx, {"delivery": delivery, "accepted": now, "due": now})


def find_due(tx: Transaction, queues: Collection[str], now: datetime, most: int) -> tuple[SentCopy, ...]:
    """The copies of these departments' letters that are due, the longest waiting first."""
    rows = tx.execute(_DUE, {"now": now, "queues": sorted(queues), "most": most})
    return tuple(SentCopy(letter, message_id, ticket, accepted or now, attempts) for letter, message_id, ticket, accepted, attempts in rows)


def put_off(tx: Transaction, copy: SentCopy, until: datetime) -> None:
    """It did not work this time."""
    tx.execute(update(sent_copies).where(_OF_LETTER), {"number": copy.letter, "due": until, "attempts": copy.attempts + 1})


def hasten(tx: Transaction, now: datetime) -> None:
    """Make those due that wait for longer than they can: the clock was set back since."""
    tx.execute(
        update(sent_copies).where(sent_copies.c.due > bindparam("latest")), {"latest": find_latest_end(now, LONGEST_WAIT), "due": now}
    )


def finish(tx: Transaction, copy: SentCopy) -> None:
    """The copy lies there, and no other will be made."""
    tx.execute(delete(sent_copies).where(_OF_LETTER), {"number": copy.letter})


def forget(tx: Transaction, letter: int) -> None:
    """No relay will take the letter."""
    tx.execute(delete(sent_copies).where(_OF_LETTER), {"number": letter})


def forget_homeless(tx: Transaction, queues: Collection[str]) -> None:
    """Copies for departments that are gone, and their mailboxes with them."""
    homeless = select(letters.c.number).where(letters.c.number == sent_copies.c.letter, letters.c.queue.not_in(sorted(queues)))
    tx.execute(delete(sent_copies).where(sent_copies.c.due.is_not(None), homeless.exists()))


def give_up(tx: Transaction, copy: SentCopy, why: str, now: datetime) -> None:
    """There will be no copy; the ticket's log says so."""
    finish(tx, copy)
    text = f"the Sent folder has no copy of letter {copy.letter}: {why}"
    tx.execute(events.insert(), {"ticket": copy.ticket, "at": now, "kind": "copy_failed", "by": "maild", "text": text})
