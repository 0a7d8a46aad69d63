"""The writing desk: letters are composed in the transaction that decides them, with what test mails have shown of their ways back."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from maild.effects import Letter
from maild.office import Office
from maild.outbox.delivery import Composed
from maild.round_trip import RoundTrip
from maild.store import round_trips
from maild.store.apply import Compose
from maild.store.engine import Transaction
from maild.ticket import TicketView

NO_FILES: Mapping[int, bytes] = {}


def composing(tx: Transaction, office: Office, now: datetime, files: Mapping[int, bytes] = NO_FILES) -> Compose:
    """What `apply` calls for each letter. `files` holds the attachments' bytes of the mail that caused it."""

    @cache
    def trip_of(queue: str) -> RoundTrip | None:
        return round_trips.find(tx, queue)

    def compose(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        return office.composer.compose(letter, ticket, number, now, files, trip_of(letter.queue))

    return compose
