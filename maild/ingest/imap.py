"""The door to imapclient: one mailbox, selected and read. Owns OPERATIONS I1, I4, I6, I7 and I11 to I18. The connection is `imap_wire`,
waiting `imap_vigil`, what folders are called `imap_folders`.

A session knows nothing of what was read before, when to come again or what a message means: that is `maild.ingest.watcher`. After any
error other than a plain refusal the connection is in doubt: close the session and open a new one.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from maild.config.settings import Mailbox
from maild.errors import MailboxError, MailboxProtocolError, MailboxThrottledError, MailboxUnreachableError
from maild.finding import certificate_end
from maild.ingest.apology import is_apology
from maild.ingest.arrival import Part
from maild.ingest.imap_folders import Folders
from maild.ingest.imap_vigil import Vigil
from maild.ingest.imap_wire import USUAL_TIMING, ImapWire, Timing
from maild.ingest.oversize import first_part_as_message

SEARCH_WINDOW = 20_000
COMMAND_UIDS = 500
PIECE = 1024 * 1024
WHOLE_UP_TO = 4 * PIECE
UNKNOWN_SIZE = WHOLE_UP_TO + 1
OVERSIZE_TEXT = 65_536
BODY = b"BODY[]"
# Registered are $Junk and $NotJunk; Thunderbird writes Junk and NonJunk.
JUNK_KEYWORDS = frozenset({b"$junk", b"junk"})
NO_JUNK_KEYWORDS = frozenset({b"$notjunk", b"notjunk", b"nonjunk"})


@dataclass(frozen=True, slots=True)
class Folder:
    """What SELECT tells. `uid_next` None: the server does not say."""

    uid_validity: int
    uid_next: int | None
    messages: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A message on the server. `size` is advisory; Exchange lies about it. `received` is INTERNALDATE, None where the server garbles it.

    `answered` and `junk`: its flags say so.
    """

    uid: int
    size: int
    received: datetime | None
    answered: bool
    junk: bool = False


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message's bytes; `whole` False: only its header and the beginning of its text (MAIL.md P13)."""

    listed: Listed
    raw: bytes
    whole: bool = True


class MailboxSession:
    """A connection with the mailbox's folder selected. Not for use by two threads."""

    def __init__(self, mailbox: Mailbox, timing: Timing = USUAL_TIMING) -> None:
        self._mailbox = mailbox
        self._wire = ImapWire(mailbox, timing)
        self._folders = Folders(self._wire, mailbox)
        self._vigil = Vigil(self._wire, timing)

    @property
    def age_seconds(self) -> float:
        return self._wire.age

    @property
    def capabilities(self) -> frozenset[str]:
        """What the server offers now that we are logged in."""
        return frozenset(name.decode("ascii", "replace") for name in self._wire.capabilities)

    @property
    def certificate_end(self) -> datetime | None:
        """When the server's certificate ends, None without TLS."""
        return certificate_end(self._wire.client.socket())

    @property
    def can_idle(self) -> bool:
        return self._wire.offers(b"IDLE")

    @property
    def removes_cleanly(self) -> bool:
        """Whether the server can take single messages out of a folder (I17)."""
        return self._wire.offers(b"MOVE", b"UIDPLUS", b"IMAP4REV2")

    def close(self) -> None:
        """Log out. Raises nothing."""
        self._wire.log_out()

    def drop(self) -> None:
        """Close without a word."""
        self._wire.drop()

    def cut(self) -> None:
        """From another thread: let whatever this session is doing end with MailboxUnreachableError."""
        self._wire.cut()

    # ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def select(self, folder: str | None = None, *, readonly: bool = True) -> Folder:
        """Select a folder, the mailbox's own unless another is named; `readonly` (EXAMINE) leaves even \\Recent to others.

        Raises:
            MailboxFolderMissingError: the server has no such folder.
        """
        folder = folder or self._mailbox.folder
        name = self._folders.server_name(folder)
        try:
            with self._wire.speaking() as client:
                answer: Mapping[bytes, int] = client.select_folder(name, readonly)
                self._wire.take_announcement()
        except (MailboxUnreachableError, MailboxProtocolError, MailboxThrottledError):
            raise
        except MailboxError as error:
            raise self._folders.missing(name, folder) or error from error
        uid_validity = answer.get(b"UIDVALIDITY")
        if uid_validity is None:
            raise MailboxProtocolError(f"{self._mailbox.host} gives folder {name} no UIDVALIDITY")
        return Folder(uid_validity, answer.get(b"UIDNEXT"), answer.get(b"EXISTS", 0))

    def find_folder(self, part: Part) -> str | None:
        """The folder that is this part of the mailbox; None where it is off, where there is none, and where it is the mailbox's own."""
        return self._folders.find(part)

    def new_uids(self, after: int, uid_next: int | None = None) -> list[int]:
        """UIDs above `after`, ascending. `uid_next` as SELECT gave it splits a large backlog into windows (I16)."""
        found: set[int] = set()
        for window in _windows(after, uid_next or 0):
            found.update(self._search("UID", window))
        # I4: "500:*" answers with the last message even if its UID is 5.
        return sorted(uid for uid in found if uid > after)

    def uids_until(self, last: int) -> list[int]:
        """UIDs up to `last` that nobody has marked as deleted."""
        found = (self._search("UNDELETED", "UID", f"{first}:{min(last, first + SEARCH_WINDOW - 1)}") for first in _steps(last))
        return sorted({uid for uids in found for uid in uids if uid <= last})

    def first_uid_since(self, moment: datetime) -> int | None:
        """The lowest UID among the messages the server received at or after `moment`, None without any (I3)."""
        # SINCE compares dates in a time zone of the server's choosing: one day more, then INTERNALDATE decides.
        day = datetime.fromtimestamp(moment.timestamp() - 86_400, UTC).date()
        for uids in _batches(sorted(self._search("SINCE", day)), COMMAND_UIDS):
            received = {listed.uid: listed.received for listed in self.describe(uids)}
            for uid in uids:
                # What the server says nothing of may be young too.
                if (date := received.get(uid)) is None or date >= moment:
                    return uid
        return None

    def describe(self, uids: Sequence[int]) -> list[Listed]:
        """Size, date and the Answered flag of each message that still exists, in order of UID."""
        found: list[Listed] = []
        for batch in _batches(uids, COMMAND_UIDS):
            found.extend(self._describe_batch(batch))
        return found

    def fetch(self, wanted: Sequence[Listed]) -> list[Fetched]:
        """The messages themselves, without touching a flag (I1). What the server does not hand over is not among them (I12)."""
        small = [listed for listed in wanted if listed.size <= min(WHOLE_UP_TO, self._mailbox.max_size)]
        bodies = self._fetch_bodies([listed.uid for listed in small], sum(listed.size for listed in small))
        found = [Fetched(listed, bodies[listed.uid]) for listed in small if listed.uid in bodies]
        found.extend(large for listed in wanted if listed not in small and (large := self._fetch_large(listed)))
        return sorted((one for one in found if not is_apology(one.raw)), key=lambda fetched: fetched.listed.uid)

    def newest_received(self, folder: Folder) -> datetime | None:
        """When the server received the newest of the last messages; None in an empty folder."""
        uids = self.new_uids(max(0, (folder.uid_next or 1) - COMMAND_UIDS))
        dates = (listed.received for listed in self.describe(uids[-1:]))
        return next((date for date in dates if date), None)

    def fetch_header(self, uid: int) -> bytes:
        """The header block of one message, empty if the server does not hand it over."""
        with self._wire.speaking() as client:
            return _octets(client.fetch([uid], ["BODY.PEEK[HEADER]"]).get(uid, {}), b"BODY[HEADER]")

    def idle(self, seconds: float, stop: threading.Event) -> bool:
        """Wait until the server says anything at all, at most so many seconds or until `stop`. True: look for new mail."""
        return self._vigil.keep(seconds, stop)

    def refresh(self) -> bool:
        """Let the server announce what is new, without which SEARCH may not see it (RFC 3501, 7.3.1). True: it said something."""
        return self._vigil.ask()

    # ── Acting on the server's copies ───────────────────────────────────────────────────────────────────────────────────────────────

    def act_after(self, uids: Sequence[int]) -> None:
        """Do with stored messages what `after` says (I17). Repeating it for messages that are gone changes nothing."""
        after = self._mailbox.after
        for batch in _batches(uids, COMMAND_UIDS):
            if after.action == "move" and after.folder:
                self._move(batch, self._folders.ensure(after.folder))
            elif after.action == "delete":
                self._delete(batch)

    def append(self, folder: str, raw: bytes, flags: Sequence[str] = ()) -> None:
        """Put a message into a folder."""
        with self._wire.speaking(len(raw)) as client:
            client.append(self._folders.server_name(folder), raw, flags)

    def keep_sent(self, raw: bytes, message_id: str) -> None:
        """Put a copy of a sent letter, read, into the folder for sent mail; without one it is made. Another folder is selected then.

        A letter that lies there stays alone: an earlier try may have got so far, and Gmail and Exchange keep copies of their own.
        """
        folder = self._folders.for_sent_mail()
        with self._wire.speaking() as client:
            client.select_folder(folder, True)
        if not self._search("HEADER", "Message-ID", message_id):
            with self._wire.speaking(len(raw)) as client:
                client.append(folder, raw, [b"\\Seen"])

    # ── How ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _search(self, *criteria: object) -> list[int]:
        with self._wire.speaking() as client:
            self._wire.take_announcement()
            return [int(uid) for uid in client.search(list(criteria))]

    def _describe_batch(self, uids: Sequence[int]) -> list[Listed]:
        try:
            with self._wire.speaking() as client:
                answer = client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE", "FLAGS"])
        except MailboxProtocolError:
            # Seen in practice (I15): one message whose INTERNALDATE or FLAGS do not parse. Its bytes matter, not these.
            if len(uids) == 1:
                return [Listed(uids[0], UNKNOWN_SIZE, None, False)]
            return [listed for uid in uids for listed in self._describe_batch([uid])]
        return [_listed(uid, answer[uid]) for uid in uids if uid in answer]

    def _fetch_bodies(self, uids: Sequence[int], size: int) -> dict[int, bytes]:
        """One FETCH for all; what comes back without bytes is asked for once more by itself."""
        bodies = self._fetch_at_once(uids, size)
        for uid in uids:
            if uid not in bodies:
                bodies |= self._fetch_at_once([uid], size)
        return bodies

    def _fetch_at_once(self, uids: Sequence[int], size: int) -> dict[int, bytes]:
        with self._wire.speaking(size) as client:
            answer = client.fetch(uids, ["BODY.PEEK[]"])
        # I12: Dovecot answers NIL for a message expunged elsewhere, Exchange OK without data.
        return {uid: body for uid in uids if (body := _octets(answer.get(uid, {}), BODY))}

    def _fetch_large(self, listed: Listed) -> Fetched | None:
        """I13: over 4 MiB in pieces; over `max_size`, whatever the server said before, only the beginning."""
        if listed.size <= self._mailbox.max_size:
            raw = b"".join(self._pieces(listed.uid))
            if len(raw) <= self._mailbox.max_size:
                return Fetched(listed, raw) if raw else None
        raw = self._fetch_beginning(listed.uid)
        return Fetched(listed, raw, whole=False) if raw else None

    def _pieces(self, uid: int) -> Iterator[bytes]:
        for offset in range(0, self._mailbox.max_size + 1, PIECE):
            with self._wire.speaking(PIECE) as client:
                answer = client.fetch([uid], [f"BODY.PEEK[]<{offset}.{PIECE}>"])
            piece = _octets(answer.get(uid, {}), b"BODY[]<%d>" % offset)
            yield piece
            if len(piece) < PIECE:
                return

    def _fetch_beginning(self, uid: int) -> bytes:
        """Header and first text part of a message, put together so that it reads as a message of one part (MAIL.md P13)."""
        header = self.fetch_header(uid)
        with self._wire.speaking(OVERSIZE_TEXT) as client:
            answer = client.fetch([uid], ["BODY.PEEK[1.MIME]", f"BODY.PEEK[1]<0.{OVERSIZE_TEXT}>"])
        part = answer.get(uid, {})
        return first_part_as_message(header, _octets(part, b"BODY[1.MIME]"), _octets(part, b"BODY[1]<0>"))

    def _move(self, uids: Sequence[int], folder: str) -> None:
        if self._wire.offers(b"MOVE", b"IMAP4REV2"):
            with self._wire.speaking() as client:
                client.move(uids, folder)
            return
        with self._wire.speaking() as client:
            client.copy(uids, folder)
        self._expunge(uids)

    def _delete(self, uids: Sequence[int]) -> None:
        """I20: at Gmail an expunged message is only archived; what is to be deleted moves to the trash."""
        if self._wire.offers(b"X-GM-EXT-1"):
            self._move(uids, self._folders.special(b"\\Trash"))
        else:
            self._expunge(uids)

    def _expunge(self, uids: Sequence[int]) -> None:
        """Without UIDPLUS the messages stay, marked as deleted: a plain EXPUNGE would remove other people's deletions too (I17)."""
        with self._wire.speaking() as client:
            client.delete_messages(uids, silent=True)
            if self._wire.offers(b"UIDPLUS", b"IMAP4REV2"):
                client.uid_expunge(uids)


def _windows(after: int, uid_next: int) -> Iterator[str]:
    """`101:20100`, …, and an open one at the end for what comes after SELECT."""
    first = after + 1
    while uid_next - first > SEARCH_WINDOW:
        yield f"{first}:{first + SEARCH_WINDOW - 1}"
        first += SEARCH_WINDOW
    yield f"{first}:*"


def _steps(last: int) -> range:
    return range(1, last + 1, SEARCH_WINDOW)


def _batches(uids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), size):
        yield uids[start : start + size]


def _listed(uid: int, data: Mapping[bytes, object]) -> Listed:
    size, received, flags = data.get(b"RFC822.SIZE"), data.get(b"INTERNALDATE"), data.get(b"FLAGS")
    marks = {flag.lower() for flag in flags if isinstance(flag, bytes)} if isinstance(flags, tuple) else set()
    return Listed(
        uid,
        size if isinstance(size, int) else UNKNOWN_SIZE,
        received if isinstance(received, datetime) and received.tzinfo else None,
        answered=b"\\answered" in marks,
        junk=bool(marks & JUNK_KEYWORDS) and not marks & NO_JUNK_KEYWORDS,
    )


def _octets(data: Mapping[bytes, object], key: bytes) -> bytes:
    """A body item as bytes. Seen in practice: None, no such item, and a number where the body was all digits and not a literal."""
    value = data.get(key)
    return value if isinstance(value, bytes) else b""
