"""The post room's side of the store: what a `maild.outbox.queue.Postman` asks for its queues, each call one transaction.

Where an outage swallows the answer to a claim, nobody here knows the letter that is claimed: it goes back before the next claim, or it
would lie for an hour (`maild.store.claims.Watch`).
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from maild import maillog
from maild.errors import StoreUnavailableError, TemplateError
from maild.outbox.delivery import Delivery, Failed, Outcome, Sent
from maild.store import brakes, deliveries
from maild.store.engine import Store, Transaction

LEASE_SECONDS = 15 * 60
"""Longer than the longest wait for a relay's final reply (RFC 5321 section 4.5.3.2.6)."""


OnEnd = Callable[[Transaction, int, datetime], None]
"""Does what follows from a delivery, given its id."""


class PostRoom:
    """Implements `maild.outbox.queue.Door`. `on_refusal` is for what has failed for good, `on_late_success` for what was accepted, but not
    at the first try.
    """

    def __init__(self, store: Store, owner: str, queues: Collection[str], on_refusal: OnEnd, on_late_success: OnEnd) -> None:
        self._store = store
        self._owner = owner
        self._queues = frozenset(queues)
        self._on_refusal = on_refusal
        self._on_late_success = on_late_success
        self._in_hand: Delivery | None = None
        self._claim_is_in_doubt = False

    def has_due(self, now: datetime) -> bool:
        if self._claim_is_in_doubt:
            return True
        with self._store.reading() as tx:
            due = deliveries.find_next_due(tx, self._queues)
        return due is not None and due <= now

    def claim(self, now: datetime) -> Delivery | None:
        with self._claiming() as tx:
            self._give_back_lost(tx)
            claimed = deliveries.claim(tx, now, self._owner, LEASE_SECONDS, self._queues)
        self._in_hand = claimed
        return claimed

    def record(self, delivery: int, outcome: Outcome, next_wanted: bool, now: datetime) -> Delivery | None:
        """One commit for each letter: what came of the last one, and the claim of the next. Said twice it is recorded once."""
        with self._claiming() as tx:
            counts = deliveries.record(tx, delivery, outcome, now)
            if counts and isinstance(outcome, Failed):
                self._tell(tx, delivery, now)
            elif isinstance(outcome, Sent) and self._was_tried_before(delivery):
                self._on_late_success(tx, delivery, now)
            self._give_back_lost(tx)
            claimed = deliveries.claim(tx, now, self._owner, LEASE_SECONDS, self._queues) if next_wanted else None
        self._in_hand = claimed
        return claimed

    def _was_tried_before(self, delivery: int) -> bool:
        return self._in_hand is not None and self._in_hand.id == delivery and self._in_hand.attempts > 0

    @contextmanager
    def _claiming(self) -> Iterator[Transaction]:
        try:
            with self._store.writing() as tx:
                yield tx
        except StoreUnavailableError:
            self._claim_is_in_doubt = True
            raise
        self._claim_is_in_doubt = False

    def _give_back_lost(self, tx: Transaction) -> None:
        """What is claimed in our name while no letter is in hand."""
        if self._claim_is_in_doubt:
            deliveries.give_back_claims(tx, self._owner, self._queues)

    def _tell(self, tx: Transaction, delivery: int, now: datetime) -> None:
        """A broken template must not keep what came of a letter from being recorded."""
        try:
            with self._store.savepoint(tx):
                self._on_refusal(tx, delivery, now)
        except TemplateError as error:
            maillog.refusal_untold(delivery, str(error))

    def is_paused(self) -> bool:
        with self._store.reading() as tx:
            return brakes.is_paused(tx)
