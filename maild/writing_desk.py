"""The writing desk: letters are composed in the transaction that decides them, with what test mails have shown of their ways back; those
to agents also with who the customer is."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache

from maild.customer import Customer
from maild.effects import Letter
from maild.errors import FilesLackingError
from maild.known import StoredFile
from maild.office import Office
from maild.outbox.delivery import Composed
from maild.round_trip import RoundTrip
from maild.store import customers, round_trips
from maild.store.apply import Compose
from maild.store.engine import Transaction
from maild.ticket import TicketView
from maild.tokens import LetterKind

NO_FILES: Mapping[int, bytes] = {}
Fetched = Mapping[StoredFile, bytes | None]
"""Files of earlier mail with their bytes; None: they are not to be had any more."""
NOTHING_FETCHED: Fetched = {}


def composing(
    tx: Transaction, office: Office, now: datetime, files: Mapping[int, bytes] = NO_FILES, fetched: Fetched = NOTHING_FETCHED
) -> Compose:
    """What `apply` calls for each letter. `files` holds the attachments' bytes of the mail that caused it. It raises FilesLackingError for
    a letter that is to carry files of earlier mail which are not among those `fetched`."""

    @cache
    def trip_of(queue: str) -> RoundTrip | None:
        return round_trips.find(tx, queue)

    @cache
    def customer_of(address: str, ticket: int) -> Customer:
        """As he is when the letters about this ticket are written: another, split off beside it, is his by then."""
        return customers.find(tx, address)

    def compose(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        customer = customer_of(ticket.requester.key, ticket.number) if ticket and letter.kind is LetterKind.NOTIFICATION else None
        packed, contents = _packed(letter, files, fetched)
        return office.composer.compose(packed, ticket, number, now, contents, trip_of(letter.queue), customer)

    return compose


def _packed(letter: Letter, files: Mapping[int, bytes], fetched: Fetched) -> tuple[Letter, Mapping[int, bytes]]:
    """The letter with the files of earlier mail beside its own, under numbers that no part of a mail has."""
    if not letter.enclosed:
        return letter, files
    if any(item not in fetched for item in letter.enclosed):
        raise FilesLackingError(files=letter.enclosed)
    numbered = [(-number, item) for number, item in enumerate(letter.enclosed, 1)]
    contents = {number: content for number, item in numbered if (content := fetched[item]) is not None}
    carried = tuple(replace(item.file, part=number) for number, item in numbered)
    return replace(letter, attachments=(*letter.attachments, *carried)), {**files, **contents}
