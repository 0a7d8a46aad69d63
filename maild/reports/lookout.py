"""The lookout: sees test mails come in, in the mailboxes, which are only looked at, and in the store, where a running daemon may have been
faster. What they show is concluded in `maild.reports.round_trips`.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from maild.config.settings import Mailbox
from maild.errors import MailboxError
from maild.finding import Finding
from maild.ingest.imap import MailboxSession
from maild.ingest.mailbox_checkup import find_remedy
from maild.ingest.parse import parse_message
from maild.message import InboundMessage
from maild.store import incoming, received_mail
from maild.store.engine import Store
from maild.tokens import Tokens

POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Returned:
    """A probe that came in, or a report about it. `received` is the server's time, `seen` ours."""

    message: InboundMessage
    received: datetime | None
    seen: datetime


class Lookout:
    """Looks from its making on; mailboxes from when they are watched."""

    def __init__(self, store: Store, tokens: Tokens) -> None:
        self._store = store
        self._tokens = tokens
        self._sessions: dict[MailboxSession, int] = {}
        with store.reading() as tx:
            self._last_stored = received_mail.find_newest(tx)

    def watch(self, mailbox: Mailbox) -> Finding | None:
        """Look at this mailbox, too, from now on; answers why it cannot be looked at."""
        try:
            session = MailboxSession(mailbox)
            folder = session.select()
            self._sessions[session] = folder.uid_next - 1 if folder.uid_next else max(session.new_uids(0), default=0)
        except MailboxError as error:
            return Finding("fail", str(error), find_remedy(error))
        return None

    def wait_for(self, numbers: set[int], seconds: float) -> Mapping[int, Returned]:
        """What has come in of these probes, at the latest after so many seconds."""
        found: dict[int, Returned] = {}
        deadline = time.monotonic() + seconds
        while True:
            for raw, received in self._look():
                # What is not proven to be ours is not parsed in this process.
                number = self._tokens.find_probe(raw.partition(b"\r\n\r\n")[0].decode("latin-1"))
                if number in numbers:
                    found.setdefault(number, Returned(parse_message(raw), received, datetime.now(UTC)))
            if not numbers - found.keys() or time.monotonic() >= deadline:
                return found
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        for session in self._sessions:
            session.close()

    def _look(self) -> Iterator[tuple[bytes, datetime | None]]:
        for session in list(self._sessions):
            try:
                yield from self._look_at(session)
            except MailboxError:
                session.drop()
                del self._sessions[session]
        with self._store.reading() as tx:
            stored = incoming.list_stored_after(tx, self._last_stored)
        for message in stored:
            self._last_stored = message.id
            yield message.raw, message.received

    def _look_at(self, session: MailboxSession) -> Iterator[tuple[bytes, datetime | None]]:
        session.refresh()
        for listed in session.describe(session.new_uids(self._sessions[session])):
            self._sessions[session] = listed.uid
            yield session.fetch_header(listed.uid), listed.received
