"""The clerk: takes stored messages and sees each through the walk, one thread, a batch at a time.

Under backlog a batch shares one commit, each message in its own savepoint; alone, a message commits at once. What a message breaks breaks
only that message: it is held with its traceback, visible and retryable (MAIL.md P1). Receiving and posting are left to others.
"""

import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from maild import maillog
from maild.effects import Decision, Letter
from maild.errors import MaildError, StoreUnavailableError, WorkerDiedError
from maild.ingest.arrival import Incoming
from maild.ingest.worker import Reader
from maild.killpoint import reach
from maild.message import InboundMessage
from maild.office import Office
from maild.outbox.delivery import Composed
from maild.pipeline import consider
from maild.reading import Circumstances
from maild.reason import Reason
from maild.store import apply as archive
from maild.store import incoming as inbox
from maild.store.engine import Store, Transaction
from maild.store.recall import recall
from maild.ticket import TicketView

BATCH = 50
LEASE_SECONDS = 300
MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(seconds=30)
OUTAGE_PAUSE_SECONDS = 2.0


class Clerk:
    """`on_letters` is called after a commit that put letters into the outbox."""

    def __init__(self, store: Store, reader: Reader, office: Callable[[], Office], owner: str, on_letters: Callable[[], None]) -> None:
        self._store = store
        self._reader = reader
        self._office = office
        self._owner = owner
        self._on_letters = on_letters
        self._wanted = threading.Event()
        self._ending = threading.Event()
        self._claims_in_doubt = False

    def wake(self) -> None:
        """There may be something to read."""
        self._wanted.set()

    def stop(self) -> None:
        """End `run` once the batch in hand is recorded."""
        self._ending.set()
        self._wanted.set()

    def run(self, poll_seconds: float = 1.0) -> None:
        """Work until told to stop."""
        self._reader.prepare()
        while not self._ending.is_set():
            try:
                is_idle = self.work() == 0
            except StoreUnavailableError as error:
                maillog.store_unavailable("clerk", str(error))
                self._claims_in_doubt = True
                self._ending.wait(OUTAGE_PAUSE_SECONDS)
                continue
            if is_idle:
                self._wanted.wait(poll_seconds)
                self._wanted.clear()

    def work(self) -> int:
        """See one batch through; answers how many messages it had.

        Raises:
            StoreUnavailableError: nothing of the batch is recorded, or all of it where only the answer was lost. `run` lets go of it
                before it claims again; otherwise it would wait until the lease has run out.
        """
        with self._store.writing() as tx:
            if self._claims_in_doubt:
                inbox.release_claims(tx, (self._owner,))
            batch = self._claim(tx)
        self._claims_in_doubt = False
        if not batch:
            return 0
        reach("read.claimed")
        office = self._office()
        messages = self._reader.read_many([incoming.raw for incoming in batch])
        reach("read.parsed")
        with self._store.writing() as tx:
            decisions = [self._see_through(tx, incoming, message, office) for incoming, message in zip(batch, messages, strict=True)]
            reach("apply.written")
        reach("apply.committed")
        if any(decision.letters for decision in decisions if decision):
            self._on_letters()
        return len(batch)

    def _claim(self, tx: Transaction) -> tuple[Incoming, ...]:
        """The next batch; a message over which a process has died before walks alone, so that it takes no other with it (I14, X28)."""
        batch = inbox.claim(tx, BATCH, self._owner, LEASE_SECONDS, _now())
        suspect = next((incoming for incoming in batch if incoming.attempts > 1), None)
        if suspect is None:
            return batch
        for incoming in batch:
            if incoming is not suspect:
                inbox.uncount(tx, incoming.id)
        if suspect.attempts <= MAX_ATTEMPTS:
            return (suspect,)
        inbox.hold(tx, suspect.id, Reason("poison", f"maild died over it {MAX_ATTEMPTS} times"), "", _now())
        maillog.held(suspect.mailbox, suspect.id, "poison")
        return ()

    def _see_through(self, tx: Transaction, incoming: Incoming, message: InboundMessage | MaildError, office: Office) -> Decision | None:
        """One message's walk, in its own savepoint. The catch-all around one message stands here (HOUSE.md 3)."""
        if isinstance(message, MaildError):
            self._unreadable(tx, incoming, message)
            return None
        try:
            with self._store.savepoint(tx):
                return self._record(tx, incoming, message, office)
        except StoreUnavailableError:
            raise
        except Exception as error:
            reason = Reason("error", f"{type(error).__name__}: {error}")
            inbox.hold(tx, incoming.id, reason, traceback.format_exc(), _now(), author=message.author, subject=message.subject)
            maillog.held(incoming.mailbox, incoming.id, reason.text)
            return None

    def _record(self, tx: Transaction, incoming: Incoming, message: InboundMessage, office: Office) -> Decision:
        now = _now()
        circumstances = Circumstances(incoming.mailbox, incoming.answered, incoming.quiet, incoming.released, incoming.full_size)
        decision = consider(message, circumstances, partial(recall, tx, now=now), office.desk, now)
        compose = self._composing(office, incoming, decision, now)
        first_number = office.desk.settings.desk.first_number
        applied = archive.apply(tx, decision, now=now, compose=compose, incoming=incoming, first_number=first_number)
        ticket = applied.ticket_number
        maillog.decided(incoming.mailbox, incoming.id, message.message_id, decision.state.value, ticket, decision.reason.text)
        return decision

    def _composing(
        self, office: Office, incoming: Incoming, decision: Decision, now: datetime
    ) -> Callable[[Letter, TicketView | None, int], Composed]:
        """How letters of this decision are rendered. Enclosures are read again from the raw mail, where a letter takes some along."""
        wanted = frozenset(attachment.part for letter in decision.letters for attachment in letter.attachments)
        files = self._reader.enclosures(incoming.raw, wanted) if wanted else {}
        return lambda letter, ticket, number: office.composer.compose(letter, ticket, number, now, files)

    def _unreadable(self, tx: Transaction, incoming: Incoming, error: MaildError) -> None:
        """A worker's death may be bad luck, so it is tried again; three are poison. A parser's exception is an error at once (P1)."""
        if isinstance(error, WorkerDiedError) and incoming.attempts < MAX_ATTEMPTS:
            inbox.put_back(tx, incoming.id, _now() + RETRY_AFTER)
            maillog.retrying(incoming.id, incoming.attempts, str(error))
            return
        code = "poison" if isinstance(error, WorkerDiedError) else "error"
        inbox.hold(tx, incoming.id, Reason(code, str(error).splitlines()[0]), str(error), _now())
        maillog.held(incoming.mailbox, incoming.id, f"{code}: {error}")


def _now() -> datetime:
    return datetime.now(UTC)
