"""Reading one folder over one connection: from where, in what batches, and what happens to the server's copies once they are stored.

Bytes are committed before anything changes on the server (I5), and what is not stored whole stays there; progress is UIDVALIDITY and UID,
never a flag or a date (I1). Connecting, waiting and trying again are left to `maild.ingest.watcher`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from maild.config.settings import Mailbox
from maild.errors import (
    MailboxError,
    MailboxFolderMissingError,
    MailboxProtocolError,
    MailboxThrottledError,
    MailboxUnreachableError,
)
from maild.ingest.arrival import Arrival, Part, Place
from maild.ingest.imap import UNKNOWN_SIZE, Fetched, Folder, Listed, MailboxSession
from maild.ingest.progress import MailboxStore, Progress
from maild.killpoint import reach
from maild.waits import is_over

BATCH_MESSAGES = 50
BATCH_BYTES = 8 * 1024 * 1024
ROUND_UIDS = 1000
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
GIVE_UP_TRIES = 8
"""Two hours' worth: what has lain on the server for a day when this process begins is not given up at once."""
OLD = timedelta(hours=24)
BROKEN = (MailboxUnreachableError, MailboxProtocolError, MailboxThrottledError)


@dataclass(frozen=True, slots=True)
class Stuck:
    """A message the server lists but does not hand over (I12)."""

    since: datetime
    tries: int
    retry_at: datetime


@dataclass(slots=True)
class Troubles:
    """What went wrong with single messages; outlives the connection, not the process.

    Up to `careful_until` messages are read singly (I15). Of the `bare` ones not even the header can be had.
    """

    uid_validity: int = 0
    stuck: dict[int, Stuck] = field(default_factory=dict)
    bare: set[int] = field(default_factory=set)
    careful_until: int = 0

    @property
    def extent(self) -> tuple[int, int]:
        """Grows with every message singled out."""
        return sum(stuck.tries for stuck in self.stuck.values()), self.careful_until

    def forget_unless(self, uid_validity: int) -> None:
        """UIDs mean nothing under another UIDVALIDITY."""
        if uid_validity != self.uid_validity:
            self.uid_validity, self.careful_until = uid_validity, 0
            self.forget(list(self.stuck))

    def forget(self, uids: Iterable[int]) -> None:
        """These are stored, or gone."""
        for uid in uids:
            self.stuck.pop(uid, None)
            self.bare.discard(uid)

    def note(self, listed: Listed, now: datetime) -> None:
        """One more failed try for this message. Its day begins with its arrival, so that a restart does not begin it anew."""
        known = self.stuck.get(listed.uid, Stuck(listed.received or now, 0, now))
        wait = min(LONGEST_RETRY, FIRST_RETRY * 2**known.tries)
        self.stuck[listed.uid] = Stuck(min(known.since, now), known.tries + 1, now + wait)

    def is_waiting(self, uid: int, now: datetime) -> bool:
        return uid in self.stuck and not is_over(self.stuck[uid].retry_at, LONGEST_RETRY, now)

    def is_hopeless(self, uid: int, now: datetime) -> bool:
        stuck = self.stuck.get(uid)
        return stuck is not None and stuck.tries >= GIVE_UP_TRIES and now - stuck.since >= GIVE_UP_AFTER

    def limit(self, watermark: int, stored: Collection[int]) -> int:
        """The watermark stays below whatever is still to be fetched."""
        return min([watermark, *(uid - 1 for uid in self.stuck if uid not in stored)])


class MailboxReader:
    """One connection's reading of one folder: the mailbox's own, or a part beside it by the `name` that it has on the server.

    `touch` False: nothing on the server is changed (mode observe); in a folder beside the mailbox's own nothing ever is.
    """

    def __init__(
        self,
        session: MailboxSession,
        mailbox: Mailbox,
        store: MailboxStore,
        troubles: Troubles,
        now: Callable[[], datetime],
        *,
        touch: bool = True,
        part: Part = Part.INBOX,
        name: str | None = None,
    ) -> None:
        self._session = session
        self._mailbox = mailbox
        self._store = store
        self._troubles = troubles
        self._now = now
        self._place = Place(mailbox.key, part)
        self._name = name or mailbox.folder
        self._acts = touch and mailbox.after.action != "keep" and part is Part.INBOX
        self._start = _start(mailbox, part)
        self._folder = session.select(self._name, readonly=not self._acts)
        troubles.forget_unless(self._folder.uid_validity)
        self._progress, self._quiet_before = self._begin()
        self._resuming = True

    @property
    def has_stuck(self) -> bool:
        return bool(self._troubles.stuck)

    def finish_actions(self) -> None:
        """Do what an earlier run stored but did not come to move or delete."""
        if not self._acts:
            return
        for uids in _slices(self._session.uids_until(self._progress.watermark), ROUND_UIDS):
            self._act(sorted(self._store.whole(self._place, self._progress.uid_validity, uids)))

    def read_new(self) -> Iterator[int]:
        """Fetch, commit and act, batch by batch, until nothing new is left; yields after each commit how many messages it held."""
        uids = self._session.new_uids(self._progress.watermark, self._folder.uid_next)
        for some in _slices(self._wanted(uids), ROUND_UIDS):
            listed = self._session.describe(some)
            if withheld := self._put_off(set(some) - {item.uid for item in listed}):
                yield withheld
            for batch in _batches(listed, self._troubles.careful_until):
                yield self._take(batch)
        if uids:
            self._advance(uids[-1], ())
        self._resuming = False

    def fetch_again(self) -> Iterator[int]:
        """Withheld messages that a person wants once more (I12), each by itself; yields one for each that was had."""
        for uid in sorted(self._store.asked_again(self._place, self._progress.uid_validity)):
            if self._fetch_again(uid):
                yield 1

    def _begin(self) -> tuple[Progress, datetime | None]:
        """Where to go on, and before what date mail is old enough to stay unacknowledged."""
        known = self._store.progress(self._place)
        if known is None:
            now = self._now()
            progress = Progress(self._folder.uid_validity, self._baseline(now), first_contact=now)
            self._store.store(self._place, (), progress)
            return progress, _quiet_before(self._start, now)
        if known.uid_validity == self._folder.uid_validity:
            return known, _quiet_before(self._start, self._first_contact(known))
        return self._begin_generation(known)

    def _begin_generation(self, known: Progress) -> tuple[Progress, datetime | None]:
        """I2: the UIDs mean nothing any more. Read again from the first contact on; MAIL.md F1 recognises what is known.

        The new generation is stored with its first batch: until then a restart must still see when the old one was last read.
        """
        watermark = self._baseline(known.first_contact) if known.first_contact else 0
        progress = Progress(self._folder.uid_validity, watermark, known.first_contact)
        dates = [date for date in (_quiet_before(self._start, self._first_contact(known)), known.last_success) if date]
        return progress, max(dates, default=None)

    def _first_contact(self, known: Progress) -> datetime | None:
        """Not later than now: where the clock was ahead and is set back, customers would get no acknowledgement until then."""
        return known.first_contact and min(known.first_contact, self._now())

    def _baseline(self, first_contact: datetime) -> int:
        """I3: the UID below the first message young enough."""
        if self._start is None:
            return 0
        first = self._session.first_uid_since(first_contact - self._start) if self._start else None
        return first - 1 if first else _highest_uid(self._session, self._folder)

    def _wanted(self, uids: Sequence[int]) -> list[int]:
        """What is to be fetched now: not what is stored already, not what failed a moment ago; what vanished is forgotten (I6)."""
        self._troubles.forget(self._troubles.stuck.keys() - set(uids))
        stored: frozenset[int] = frozenset()
        if uids and (self._resuming or self._troubles.stuck):
            stored = self._stored(uids)
        return [uid for uid in uids if uid not in stored and not self._troubles.is_waiting(uid, self._now())]

    def _stored(self, uids: Sequence[int]) -> frozenset[int]:
        slices = _slices(uids, ROUND_UIDS)
        return frozenset().union(*(self._store.stored(self._place, self._progress.uid_validity, some) for some in slices))

    def _put_off(self, uids: Collection[int]) -> int:
        """Messages that SEARCH lists and of which the server says nothing are asked for again (I12), or are gone by then (I6).

        Noted before anything beside them is stored, so that the watermark does not pass them. Answers how many were given up.
        """
        given_up = [listed for listed in map(_unlisted, sorted(uids)) if self._gives_up(listed)]
        if given_up:
            self._advance(self._progress.watermark, [self._withheld(listed, self._header(listed.uid)) for listed in given_up])
        return len(given_up)

    def _take(self, batch: Sequence[Listed]) -> int:
        """One batch: fetched, committed with the new watermark, and only then acted upon."""
        fetched = self._fetch(batch)
        had = {item.listed.uid for item in fetched}
        given_up = [listed for listed in batch if listed.uid not in had and self._gives_up(listed)]
        arrivals = [*map(self._arrival, fetched), *(self._withheld(listed, self._header(listed.uid)) for listed in given_up)]
        reach("receive.fetched")
        self._advance(batch[-1].uid, arrivals)
        reach("receive.stored")
        if self._acts:
            self._act([item.listed.uid for item in fetched if item.whole])
        reach("receive.acted")
        return len(arrivals)

    def _fetch(self, batch: Sequence[Listed]) -> list[Fetched]:
        """After an error the connection is in doubt. On the next one these messages are asked for singly: one may be at fault (I15)."""
        try:
            return self._session.fetch(batch)
        except MailboxThrottledError:
            raise
        except MailboxError:
            self._troubles.careful_until = max(self._troubles.careful_until, batch[-1].uid)
            if len(batch) == 1 and self._gives_up(batch[0]):
                self._advance(batch[0].uid, [self._withheld(batch[0], b"")])
            raise

    def _gives_up(self, listed: Listed) -> bool:
        """Note one more failed try for a message; whether it was the last."""
        self._troubles.note(listed, self._now())
        return self._troubles.is_hopeless(listed.uid, self._now())

    def _header(self, uid: int) -> bytes:
        """What can be had of a message that is withheld. A server that fails over this too is not asked for it again."""
        if uid in self._troubles.bare:
            return b""
        try:
            return self._session.fetch_header(uid)
        except MailboxError:
            self._troubles.bare.add(uid)
            raise

    def _fetch_again(self, uid: int) -> bool:
        """Whether the message was had. Otherwise it is held again at once, whatever the server did: who asked is waiting."""
        try:
            listed = self._session.describe([uid])
            fetched = self._session.fetch(listed)
        except MailboxThrottledError:
            raise
        except MailboxError as error:
            self._store.store_again(self._withheld(_unlisted(uid), b"", str(error)))
            raise
        if not fetched:
            arrival = self._withheld(listed[0], b"") if listed else self._withheld(_unlisted(uid), b"", "it is no longer there")
            self._store.store_again(arrival)
            return False
        self._store.store_again(self._arrival(fetched[0]))
        if self._acts and fetched[0].whole:
            self._act([uid])
        return True

    def _arrival(self, fetched: Fetched) -> Arrival:
        listed = fetched.listed
        received = listed.received or self._now()
        return Arrival(
            mailbox=self._mailbox.key,
            raw=fetched.raw,
            received=received,
            uid_validity=self._progress.uid_validity,
            uid=listed.uid,
            answered=listed.answered,
            quiet=self._quiet_before is not None and received < self._quiet_before,
            full_size=None if fetched.whole else listed.size,
            part=self._place.part,
            junk=listed.junk,
        )

    def _withheld(self, listed: Listed, header: bytes, why: str = "the server lists it and does not hand it over") -> Arrival:
        """I12: never skipped silently, and never a ticket. People learn that there is a message maild cannot have, and where."""
        place = f"message {listed.uid} in {self._name} of {self._mailbox.username} on {self._mailbox.host}"
        return replace(self._arrival(Fetched(listed, header, whole=False)), withheld=f"{place}: {why}")

    def _advance(self, uid: int, arrivals: Sequence[Arrival]) -> None:
        """Commit messages, and the watermark as far as nothing below it is still to be fetched."""
        stored = {arrival.uid for arrival in arrivals if arrival.uid is not None}
        watermark = self._troubles.limit(max(uid, self._progress.watermark), stored)
        progress = replace(self._progress, watermark=watermark)
        if arrivals or progress != self._progress:
            self._store.store(self._place, arrivals, progress)
            self._progress = progress
        self._troubles.forget(stored)

    def _act(self, uids: Sequence[int]) -> None:
        """A server that refuses to move or delete does not keep us from reading; `finish_actions` tries again on the next connection."""
        try:
            if uids:
                self._session.act_after(uids)
        except (*BROKEN, MailboxFolderMissingError):
            raise
        except MailboxError:
            return


def _unlisted(uid: int) -> Listed:
    """A message of which the server says nothing."""
    return Listed(uid, UNKNOWN_SIZE, None, False)


def _start(mailbox: Mailbox, part: Part) -> timedelta | None:
    """How far back first contact goes. Nobody wants years of spam, even where he wants all mail."""
    return OLD if part is not Part.INBOX and mailbox.start is None else mailbox.start


def _quiet_before(start: timedelta | None, first_contact: datetime | None) -> datetime | None:
    """Mail older than this is never acknowledged: what lay there before the desk came."""
    if first_contact is None:
        return None
    return first_contact - (OLD if start is None else start)


def _highest_uid(session: MailboxSession, folder: Folder) -> int:
    if folder.uid_next is not None:
        return folder.uid_next - 1
    return max(session.new_uids(0), default=0)


def _batches(listed: Sequence[Listed], careful_until: int) -> Iterator[list[Listed]]:
    """At most 50 messages and 8 MiB each; a larger message, and each one that needs care, stands alone."""
    batch: list[Listed] = []
    size = 0
    for item in listed:
        if batch and (len(batch) == BATCH_MESSAGES or size + item.size > BATCH_BYTES or batch[0].uid <= careful_until):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def _slices(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), size):
        yield uids[start : start + size]
