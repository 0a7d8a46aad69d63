"""The writing desk: letters are composed in the transaction that decides them, with what test mails have shown of their ways back; those
to agents also with who the customer is."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from maild.customer import Customer
from maild.effects import Letter
from maild.office import Office
from maild.outbox.delivery import Composed
from maild.round_trip import RoundTrip
from maild.store import customers, round_trips
from maild.store.apply import Compose
from maild.store.engine import Transaction
from maild.ticket import TicketView
from maild.tokens import LetterKind

NO_FILES: Mapping[int, bytes] = {}


def composing(tx: Transaction, office: Office, now: datetime, files: Mapping[int, bytes] = NO_FILES) -> Compose:
    """What `apply` calls for each letter. `files` holds the attachments' bytes of the mail that caused it."""

    @cache
    def trip_of(queue: str) -> RoundTrip | None:
        return round_trips.find(tx, queue)

    @cache
    def customer_of(address: str) -> Customer:
        return customers.find(tx, address)

    def compose(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        customer = customer_of(ticket.requester.key) if ticket and letter.kind is LetterKind.NOTIFICATION else None
        return office.composer.compose(letter, ticket, number, now, files, trip_of(letter.queue), customer)

    return compose
