"""The clerk: takes stored messages and sees each through the walk, one thread, a batch at a time.

While one batch is recorded the next is already being read in the workers. Under backlog the messages of a batch share a commit, each in its
own savepoint, until somebody else wants to write: letters and new mail do not wait for fifty messages. Alone, a message commits at once.
What a message breaks breaks only that message: it is held with its traceback, visible and retryable (MAIL.md P1). Receiving and posting
are left to others.
"""

import threading
import traceback
from collections import deque
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NamedTuple

from maild import maillog
from maild.effects import Decision
from maild.errors import FilesLackingError, LeakError, MaildError, StoreUnavailableError, TemplateError, WorkerDiedError
from maild.file_room import fetch
from maild.held_answers import tell_author, why_held
from maild.ingest.arrival import Incoming, Part
from maild.ingest.department import Departments, find_departments
from maild.ingest.errand import Opened
from maild.ingest.inquiry import Asked, Inquiry
from maild.ingest.opinion import Opinion
from maild.ingest.worker import Reader
from maild.killpoint import reach
from maild.known import StoredFile
from maild.message import InboundMessage
from maild.office import Office
from maild.pipeline import consider
from maild.reading import Circumstances
from maild.reason import Reason
from maild.store import apply as archive
from maild.store import incoming as inbox
from maild.store.engine import Store, Transaction
from maild.store.recall import recall
from maild.store.received_mail import WITHHELD
from maild.writing_desk import NOTHING_FETCHED, Fetched, composing

BATCH = 50
BATCH_BYTES = 16 * 1024 * 1024
LEASE_SECONDS = 300
MAX_ATTEMPTS = 3
RETRY_AFTER = timedelta(seconds=30)
OUTAGE_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Messages claimed together, what the workers make of them, and what the spam filter was asked about them."""

    incoming: tuple[Incoming, ...]
    reading: "Future[list[Opened | MaildError]]"
    asked: Asked

    @property
    def is_suspect(self) -> bool:
        return any(map(_is_suspect, self.incoming))

    def deaths(self) -> list[tuple[Incoming, WorkerDiedError]]:
        """The messages over which a worker died."""
        read = zip(self.incoming, self.reading.result(), strict=True)
        return [(incoming, opened) for incoming, opened in read if isinstance(opened, WorkerDiedError)]


class _Case(NamedTuple):
    """A message that waits to be seen through, with what was `fetched` for the letters about it."""

    incoming: Incoming
    opened: Opened | MaildError
    opinion: Opinion | None
    fetched: Fetched = NOTHING_FETCHED


class _Seen(NamedTuple):
    """A message that was seen through: `log` says so, which waits for the commit."""

    log: Callable[[], None]
    has_letters: bool = False


class Clerk:
    """`office` is the desk as it stands, `renewed` the same with what has come to it since it was opened; asked once for each batch.
    `on_letters` is called after a commit that put letters into the outbox.

    What an outage of the store has kept from being recorded is lost until the next claim; None: nothing is, and no claim is in doubt.
    """

    def __init__(
        self,
        store: Store,
        reader: Reader,
        office: Callable[[], Office],
        owner: str,
        on_letters: Callable[[], None],
        inquiry: Inquiry | None = None,
        renewed: Callable[[], Office] | None = None,
    ) -> None:
        self._store = store
        self._reader = reader
        self._office = office
        self._renewed = renewed or office
        self._owner = owner
        self._on_letters = on_letters
        self._inquiry = inquiry or Inquiry()
        self._wanted = threading.Event()
        self._ending = threading.Event()
        self._ahead: _Batch | None = None
        self._lost: Sequence[_Batch] | None = None

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
            if self._try_to(self.work) == 0:
                self._wanted.wait(poll_seconds)
                self._wanted.clear()
        self._try_to(self._finish)

    def work(self) -> int:
        """Claim the next batch and have it read, and record the one before; answers how many messages there were to do.

        Raises:
            StoreUnavailableError: what was to be recorded is not, or a part of it is. What is claimed and not recorded is given back
                before the next claim.
        """
        in_hand, self._ahead = self._ahead, None
        try:
            if in_hand is None or not in_hand.is_suspect:
                self._ahead = self._claim_and_read(alone=in_hand is None)
            recorded = self._record_all(in_hand) if in_hand else 0
        except StoreUnavailableError:
            self._lost = [batch for batch in (in_hand, self._ahead, *(self._lost or ())) if batch]
            self._ahead = None
            raise
        return recorded + (len(self._ahead.incoming) if self._ahead else 0)

    def _try_to(self, do: Callable[[], int]) -> int:
        try:
            return do()
        except StoreUnavailableError as error:
            maillog.store_unavailable("clerk", str(error))
            self._ending.wait(OUTAGE_PAUSE_SECONDS)
            return 0

    def _finish(self) -> int:
        """Record what was read ahead, and claim no more."""
        in_hand, self._ahead = self._ahead, None
        return self._record_all(in_hand) if in_hand else 0

    def _claim_and_read(self, *, alone: bool) -> _Batch | None:
        deaths = [death for batch in self._lost or () for death in batch.deaths()]
        with self._store.writing() as tx:
            if self._lost is not None:
                self._give_back(tx, deaths)
            batch = self._claim(tx, alone=alone)
        self._lost = None
        if not batch:
            return None
        reach("read.claimed")
        reading = self._reader.open_ahead([incoming.raw for incoming in batch])
        asked = self._ask_filter(batch)
        # The bytes are the reader's now: 25 MiB of a large mail need not wait here until it is recorded.
        return _Batch(tuple(replace(incoming, raw=b"") for incoming in batch), reading, asked)

    def _ask_filter(self, batch: Sequence[Incoming]) -> Asked:
        policy = self._office().desk.settings.spam
        return self._inquiry.ask_ahead(policy.rspamd if policy else None, [each.raw if _is_asked_about(each) else None for each in batch])

    def _give_back(self, tx: Transaction, deaths: Sequence[tuple[Incoming, WorkerDiedError]]) -> None:
        """An outage of the store counts against no message; a worker's death that could not be recorded then does (I14)."""
        for incoming, death in deaths:
            self._unreadable(tx, incoming, death).log()
        inbox.give_back_claims(tx, self._owner)

    def _record_all(self, batch: _Batch) -> int:
        opened = batch.reading.result()
        reach("read.parsed")
        office = self._renewed()
        opinions = self._inquiry.hear(batch.asked)
        waiting = deque(_Case(*each) for each in zip(batch.incoming, opened, opinions, strict=True))
        while waiting:
            lacking = self._record_together(waiting, office)
            if lacking:
                case = waiting[0]
                waiting[0] = case._replace(fetched={**case.fetched, **fetch(self._store, self._reader, lacking)})
        return len(batch.incoming)

    def _record_together(self, waiting: deque[_Case], office: Office) -> Collection[StoredFile]:
        """One commit: those that wait, in order, until somebody else wants to write. The log hears of it when it is true.

        Answers what must be fetched before the first that still waits can be seen through: nobody else waits while that is done.
        """
        seen: list[_Seen] = []
        lacking: Collection[StoredFile] = ()
        with self._store.writing() as tx:
            while waiting and not lacking:
                try:
                    seen += self._see_through(tx, waiting[0], office)
                    waiting.popleft()
                except FilesLackingError as error:
                    lacking = error.files
                if self._store.is_awaited:
                    break
            reach("apply.written")
        reach("apply.committed")
        for each in seen:
            each.log()
        if any(each.has_letters for each in seen):
            self._on_letters()
        return lacking

    def _claim(self, tx: Transaction, *, alone: bool) -> tuple[Incoming, ...]:
        """The next batch. A suspect, over which a process may have died, walks alone, so that it takes no other with it (I14, X28).

        `alone`: nothing else is in hand; otherwise a suspect waits until that is so.
        """
        batch = inbox.claim(tx, BATCH, self._owner, LEASE_SECONDS, _now(), most_bytes=BATCH_BYTES)
        suspect = next((incoming for incoming in batch if _is_suspect(incoming)), None)
        if suspect is None:
            return batch
        for incoming in batch:
            if incoming is not suspect or not alone:
                inbox.uncount(tx, incoming.id)
        if not alone:
            return ()
        if suspect.attempts <= MAX_ATTEMPTS:
            return (suspect,)
        self._hold(tx, suspect, Reason("poison", f"maild died over it {MAX_ATTEMPTS} times")).log()
        return self._claim(tx, alone=alone)

    def _see_through(self, tx: Transaction, case: _Case, office: Office) -> tuple[_Seen, ...]:
        """One message's walk, in its own savepoint. The catch-all around one message stands here (HOUSE.md 3).

        Raises:
            FilesLackingError: see `composing`; the message is left as it is.
        """
        incoming, opened = case.incoming, case.opened
        if isinstance(opened, MaildError):
            return (self._unreadable(tx, incoming, opened),)
        if incoming.withheld:
            return (self._hold(tx, incoming, Reason(WITHHELD, incoming.withheld), header=opened.message),)
        try:
            with self._store.savepoint(tx):
                return self._walk_all(tx, case, opened, office)
        except (StoreUnavailableError, FilesLackingError):
            raise
        except LeakError as leak:
            return self._hold_leaking(tx, incoming, opened.message, leak, office)
        except Exception as error:
            reason = Reason("error", f"{type(error).__name__}: {error}")
            return (self._hold(tx, incoming, reason, traceback.format_exc(), header=opened.message),)

    def _walk_all(self, tx: Transaction, case: _Case, opened: Opened, office: Office) -> tuple[_Seen, ...]:
        """A mail that several departments have to themselves walks once for each (F10); the message is settled as it fared best."""
        decisions: list[Decision] = []
        seen: list[_Seen] = []
        incoming = case.incoming
        for departments in find_departments(opened.message, incoming.mailbox, office.desk.settings):
            decision, ticket = self._record(tx, case, opened, office, departments, decisions)
            decisions.append(decision)
            told = (incoming.mailbox, incoming.id, opened.message.message_id, decision.state.value, ticket, decision.reason.text)
            seen.append(_Seen(partial(maillog.decided, *told), decision.has_letters))
        return tuple(seen)

    def _record(
        self,
        tx: Transaction,
        case: _Case,
        opened: Opened,
        office: Office,
        departments: Departments,
        earlier: Sequence[Decision],
    ) -> tuple[Decision, int | None]:
        """The mail means what it meant when it came, also where it is released or retried days later (MAIL.md S5). Letters are of today,
        and so is what an agent has sent after all, mended or released (A6, A7, A11)."""
        now, message, incoming = _now(), opened.message, case.incoming
        at = now if incoming.walks_again else incoming.stored
        circumstances = Circumstances.of(incoming, case.opinion)
        decision = consider(message, circumstances, partial(recall, tx, now=now), office.desk, at, departments)
        compose = composing(tx, office, now, opened.files, case.fetched)
        first_number = office.desk.settings.desk.first_number
        applied = archive.apply(
            tx,
            decision,
            now=now,
            compose=compose,
            incoming=incoming,
            first_number=first_number,
            settles=decision.settles(earlier),
            follow=office.desk.timing.follow,
        )
        return decision, applied.ticket_number

    def _hold_leaking(
        self, tx: Transaction, incoming: Incoming, message: InboundMessage, leak: LeakError, office: Office
    ) -> tuple[_Seen, ...]:
        """Where no letter can be written about it, the mail is held all the same."""
        told: tuple[Decision, ...] = ()
        problem = ""
        try:
            with self._store.savepoint(tx):
                told = tell_author(tx, incoming.id, leak, message.new_text, office, _now())
        except TemplateError as error:
            problem = f"its author could not be told: {error}"
        held = self._hold(tx, incoming, why_held(leak), problem, header=message)
        return (held._replace(has_letters=any(decision.has_letters for decision in told)),)

    def _unreadable(self, tx: Transaction, incoming: Incoming, error: MaildError) -> _Seen:
        """A worker's death may be bad luck, so it is tried again; three are poison. A parser's exception is an error at once (P1)."""
        if isinstance(error, WorkerDiedError) and incoming.attempts < MAX_ATTEMPTS:
            inbox.put_back(tx, incoming.id, _now() + RETRY_AFTER)
            return _Seen(partial(maillog.retrying, incoming.id, incoming.attempts, str(error)))
        code = "poison" if isinstance(error, WorkerDiedError) else "error"
        return self._hold(tx, incoming, Reason(code, str(error).splitlines()[0]), str(error))

    def _hold(self, tx: Transaction, incoming: Incoming, reason: Reason, error: str = "", *, header: InboundMessage | None = None) -> _Seen:
        """Set a message aside, with what is known of it. A withheld one stays that, whatever else happens over its header (I12)."""
        why = Reason(WITHHELD, incoming.withheld) if incoming.withheld else reason
        author, subject = (header.author, header.subject) if header else (None, "")
        inbox.hold(tx, incoming.id, why, error, _now(), author=author, subject=subject)
        return _Seen(partial(maillog.held, incoming.mailbox, incoming.id, f"{why.code}: {why.text}"))


def _is_suspect(incoming: Incoming) -> bool:
    return incoming.attempts > 1


def _is_asked_about(incoming: Incoming) -> bool:
    """What the server calls spam is called so already; what people of the desk have written, or want seen through, needs no filter."""
    return incoming.part is Part.INBOX and not incoming.withheld and not incoming.walks_again


def _now() -> datetime:
    return datetime.now(UTC)
