"""The mail room's side of the store: what `maild.ingest.watcher` asks for, each call one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime

from maild import maillog
from maild.ingest.arrival import Arrival, Place
from maild.ingest.progress import Progress
from maild.store import incoming, mailboxes
from maild.store.engine import Store


class MailRoom:
    """Implements `maild.ingest.progress.MailboxStore`."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def progress(self, place: Place) -> Progress | None:
        with self._store.reading() as tx:
            found = mailboxes.find(tx, place)
        if found is None or found.uid_validity is None:
            return None
        return Progress(found.uid_validity, found.watermark, found.first_contact, found.last_success)

    def store(self, place: Place, arrivals: Sequence[Arrival], progress: Progress) -> None:
        """Raw bytes and watermark in one commit, before anything changes on the server (OPERATIONS I5)."""
        now = self._clock()
        with self._store.writing() as tx:
            incoming.store_arrivals(tx, arrivals, now)
            mailboxes.store_progress(tx, place, progress.uid_validity, progress.watermark, now, first_contact=progress.first_contact)
        if arrivals:
            maillog.received(str(place), len(arrivals))

    def stored(self, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
        with self._store.reading() as tx:
            return incoming.find_stored(tx, place, uid_validity, uids)

    def whole(self, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
        with self._store.reading() as tx:
            return incoming.find_stored(tx, place, uid_validity, uids, whole=True)

    def asked_again(self, place: Place, uid_validity: int) -> frozenset[int]:
        with self._store.reading() as tx:
            return incoming.find_asked_again(tx, place, uid_validity)

    def store_again(self, arrival: Arrival) -> None:
        with self._store.writing() as tx:
            incoming.store_again(tx, arrival)
        if not arrival.withheld:
            maillog.received(str(arrival.place), 1)
