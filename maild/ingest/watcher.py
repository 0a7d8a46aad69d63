"""Watching one mailbox: a thread that connects, reads what is new, waits for more, and comes back after every kind of trouble (I22, I24).

How a folder is read is `maild.ingest.mailbox_reader`; what its messages mean is the walk's business. One mailbox's trouble is nobody
else's: each has a watcher of its own. The junk folder and the Sent folder are looked into from time to time, over the same connection
(I22: one a mailbox).
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain

from maild.config.settings import Mailbox
from maild.errors import (
    MailboxAuthError,
    MailboxError,
    MailboxFolderMissingError,
    MailboxProtocolError,
    MailboxThrottledError,
    MailboxUnreachableError,
    MaildError,
    StoreUnavailableError,
)
from maild.ingest.arrival import Part
from maild.ingest.backoff import retry_delay
from maild.ingest.imap import MailboxSession
from maild.ingest.imap_wire import USUAL_TIMING, Timing
from maild.ingest.mailbox_reader import BATCH_MESSAGES, BROKEN, MailboxReader, Troubles
from maild.ingest.progress import MailboxState, MailboxStore

STEADY_SECONDS = 30.0
STUCK_POLL_SECONDS = 20.0
RETELL_SECONDS = 60.0
REST_SECONDS = 3600.0

_chance = random.SystemRandom()

Tell = Callable[[str, MailboxState, str], None]


def _tell_nobody(mailbox: str, state: MailboxState, detail: str) -> None:
    pass


def _wake_nobody() -> None:
    pass


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Aside:
    """A folder beside the mailbox's own: looked into every `pause` seconds, next when the clock shows `due`; `trouble` is told people."""

    part: Part
    pause: float
    due: float = 0.0
    troubles: Troubles = field(default_factory=Troubles)
    trouble: str = ""


class Watcher:
    """Keeps one mailbox read.

    `touch` False: nothing on the server is ever changed (mode observe). `tell` hears of changes of state (mailbox key, state, words), and
    once a minute that the mailbox is still being watched. `wake` is called after each commit that stored a message.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        store: MailboxStore,
        *,
        touch: bool = True,
        tell: Tell = _tell_nobody,
        wake: Callable[[], None] = _wake_nobody,
        timing: Timing = USUAL_TIMING,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        self._mailbox = mailbox
        self._store = store
        self._touch = touch
        self._listener = tell
        self._told: tuple[MailboxState, str, float] | None = None
        self._wake = wake
        self._timing = timing
        self._now = now
        self._stop, self._wanted = threading.Event(), threading.Event()
        self._session: MailboxSession | None = None
        self._troubles = Troubles()
        self._asides = (_Aside(Part.JUNK, timing.junk), _Aside(Part.SENT, timing.sent))
        self._stored = 0
        self._thread = threading.Thread(target=self._run, name=f"mailbox-{mailbox.key}", daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_seconds: float = 10.0) -> None:
        """Finish the batch under way, log out and end the thread; after half of the timeout the connection is cut."""
        self._stop.set()
        self._wanted.set()
        if not self._thread.is_alive():
            return
        self._thread.join(timeout_seconds / 2)
        session = self._session
        if self._thread.is_alive() and session:
            session.cut()
            self._thread.join(timeout_seconds / 2)

    def look(self) -> None:
        """Somebody waits for a message: look into every folder now, instead of when the server speaks."""
        for aside in self._asides:
            aside.due = 0.0
        self._wanted.set()

    def poll_once(self) -> int:
        """Read everything that is new, without a thread; how many messages were stored.

        Raises:
            MailboxError: the mailbox cannot be read; what was stored before stays stored.
            StoreUnavailableError: likewise, for the database.
        """
        before = self._stored
        while True:
            troubles = self._extent_of_troubles()
            try:
                self._visit(wait=False)
                return self._stored - before
            except (MailboxError, StoreUnavailableError) as error:
                # Each message that is singled out is progress (I15); without it there is no point in coming back at once.
                if self._extent_of_troubles() != troubles:
                    continue
                self._tell(_state_after(error), str(error))
                raise

    def _extent_of_troubles(self) -> tuple[tuple[int, int], ...]:
        return self._troubles.extent, *(aside.troubles.extent for aside in self._asides)

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began, troubles = time.monotonic(), self._extent_of_troubles()
            try:
                self._visit(wait=True)
                failures = 0
            except (MailboxError, StoreUnavailableError) as error:
                got_on = time.monotonic() - began >= STEADY_SECONDS or self._extent_of_troubles() != troubles
                failures = 1 if got_on else failures + 1
                self._back_off(error, failures)
        self._tell(MailboxState.STOPPED)

    def _back_off(self, error: MaildError, failures: int) -> None:
        asked = error.retry_after_seconds if isinstance(error, MailboxThrottledError) else None
        # A refused login is no connection that broke: trying again at once would be one login a minute too many (I22).
        failures += isinstance(error, MailboxAuthError)
        delay = retry_delay(failures, self._timing.first_retry, self._timing.longest_retry, _chance.random(), asked)
        self._tell(_state_after(error), f"{str(error).rstrip('.')}; next try in {delay:.0f} s")
        self._stop.wait(delay)

    def _visit(self, *, wait: bool) -> None:
        """One connection: read, and if asked to, watch on until it is time for a new one."""
        self._tell(MailboxState.CONNECTING)
        self._session = session = MailboxSession(self._mailbox, self._timing)
        try:
            reader = self._reader(session)
            reader.finish_actions()
            self._catch_up(reader)
            while self._goes_on(session, wait=wait):
                if aside := self._find_due():
                    self._look_into(aside, session)
                    reader = self._reader(session)
                    self._catch_up(reader)
                else:
                    self._watch(session, reader)
            session.close()
        finally:
            self._session = None
            session.drop()

    def _goes_on(self, session: MailboxSession, *, wait: bool) -> bool:
        is_wanted = wait or self._find_due() is not None
        return is_wanted and not self._stop.is_set() and session.age_seconds < self._timing.renewal

    def _reader(self, session: MailboxSession) -> MailboxReader:
        return MailboxReader(session, self._mailbox, self._store, self._troubles, self._now, touch=self._touch)

    def _watch(self, session: MailboxSession, reader: MailboxReader) -> None:
        """Wait and read, until the connection is to be renewed or another folder's turn comes."""
        fruitless = 0
        while self._goes_on(session, wait=True) and not self._find_due():
            began = time.monotonic()
            self._wait(session, reader)
            found = self._catch_up(reader)
            # A server that talks all the time (flags changing, "still here") must not keep us busy.
            fruitless = 0 if found or time.monotonic() - began > 1 else fruitless + 1
            self._stop.wait(min(2.0, 0.1 * fruitless))

    def _find_due(self) -> "_Aside | None":
        now = time.monotonic()
        return next((aside for aside in self._asides if now >= aside.due), None)

    def _look_into(self, aside: "_Aside", session: MailboxSession) -> None:
        """Read what is new in a folder beside the mailbox's own. Its trouble keeps nobody from reading the mailbox: it is then left alone
        for an hour.

        Raises:
            MailboxError: the connection is in doubt.
        """
        pause, singled_out = aside.pause, aside.troubles.extent
        aside.trouble = ""
        try:
            if name := session.find_folder(aside.part):
                reader = MailboxReader(session, self._mailbox, self._store, aside.troubles, self._now, part=aside.part, name=name)
                self._read_all(reader)
            else:
                pause = REST_SECONDS
        except MailboxError as error:
            # Each message that is singled out is progress (I15).
            if aside.troubles.extent == singled_out:
                pause = REST_SECONDS
            if isinstance(error, (*BROKEN, MailboxAuthError)):
                raise
            aside.trouble = f"the {aside.part.value} folder cannot be read: {error}"
        finally:
            aside.due = time.monotonic() + pause

    def _catch_up(self, reader: MailboxReader) -> bool:
        """Read all there is; whether anything was stored."""
        before = self._stored
        self._read_all(reader)
        if not self._stop.is_set():
            self._tell(MailboxState.WATCHING, "; ".join(aside.trouble for aside in self._asides if aside.trouble))
        return self._stored > before

    def _read_all(self, reader: MailboxReader) -> None:
        for count in chain(reader.read_new(), reader.fetch_again()):
            self._stored += count
            if count == BATCH_MESSAGES:
                self._tell(MailboxState.READING)
            if count:
                self._wake()
            if self._stop.is_set():
                return

    def _tell(self, state: MailboxState, words: str = "") -> None:
        """The listener may write a row for each: so only what is news."""
        now = time.monotonic()
        if self._told is None or self._told[:2] != (state, words) or now - self._told[2] >= RETELL_SECONDS:
            self._told = (state, words, now)
            self._listener(self._mailbox.key, state, words)

    def _wait(self, session: MailboxSession, reader: MailboxReader) -> None:
        longest = self._timing.idle if session.can_idle else self._timing.poll
        if reader.has_stuck:
            longest = min(longest, STUCK_POLL_SECONDS)
        longest = max(0.0, min(longest, *(aside.due - time.monotonic() for aside in self._asides)))
        if session.can_idle:
            session.idle(longest, self._wanted)
        else:
            self._wanted.wait(longest)
            session.refresh()
        self._wanted.clear()


def _state_after(error: MaildError) -> MailboxState:
    """What people see of a mailbox after this error."""
    for kind, state in _STATES:
        if isinstance(error, kind):
            return state
    return MailboxState.REFUSING


_STATES: tuple[tuple[type[MaildError], MailboxState], ...] = (
    (MailboxUnreachableError, MailboxState.UNREACHABLE),
    (MailboxAuthError, MailboxState.AUTH_REQUIRED),
    (MailboxFolderMissingError, MailboxState.FOLDER_MISSING),
    (MailboxThrottledError, MailboxState.THROTTLED),
    (MailboxProtocolError, MailboxState.GARBLED),
    (StoreUnavailableError, MailboxState.STORE_DOWN),
)
