"""The copyist: puts a copy of each letter that a relay has taken into the Sent folder of its department's mailbox (MAIL.md O10).

Nothing of sending waits for it: it comes afterwards, over connections of its own. A mailbox that takes no copies is tried again for two
days; then the ticket's log says that there is none.
"""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from maild import maillog
from maild.config.settings import Mailbox, Settings
from maild.errors import MailboxError
from maild.ingest.imap import MailboxSession
from maild.ingest.imap_wire import Timing
from maild.jobs import scheduled_job
from maild.killpoint import reach
from maild.outbox.schedule import next_try
from maild.store import letters, sent_copies
from maild.store.engine import Store
from maild.store.sent_copies import SentCopy

MOST_AT_ONCE = 100
PATIENCE = Timing(connect=5, read=15, command=15)
"""Short: the daemon ends only when the round does, and what fails is tried again."""


@scheduled_job("copies of sent mail")
def copy_sent_mail(store: Store, settings: Settings, now: datetime) -> None:
    """Copy what is due, mailbox by mailbox."""
    for key, mailbox in settings.mailboxes.items():
        queues = [queue.key for queue in settings.queues.values() if queue.mailbox == key]
        with store.reading() as tx:
            due = sent_copies.find_due(tx, queues, now, MOST_AT_ONCE)
        if due:
            _copy_all(store, mailbox, due, now)


def _copy_all(store: Store, mailbox: Mailbox, due: Collection[SentCopy], now: datetime) -> None:
    try:
        with _session(mailbox) as session:
            _copy_over(session, store, mailbox, due, now)
    except MailboxError as error:
        _put_off(store, due, mailbox, error, now)


def _copy_over(session: MailboxSession, store: Store, mailbox: Mailbox, due: Collection[SentCopy], now: datetime) -> None:
    """After an error the connection is in doubt: what is left of the round waits for the next."""
    for copy in due:
        try:
            _copy(store, session, copy)
        except MailboxError as error:
            _put_off(store, [copy], mailbox, error, now)
            return


@contextmanager
def _session(mailbox: Mailbox) -> Iterator[MailboxSession]:
    session = MailboxSession(mailbox, PATIENCE)
    try:
        yield session
        session.close()
    finally:
        session.drop()


def _copy(store: Store, session: MailboxSession, copy: SentCopy) -> None:
    with store.reading() as tx:
        raw = letters.content(tx, copy.letter)
    session.keep_sent(raw, copy.message_id)
    reach("copy.kept")
    with store.writing() as tx:
        sent_copies.finish(tx, copy)


def _put_off(store: Store, copies: Iterable[SentCopy], mailbox: Mailbox, error: MailboxError, now: datetime) -> None:
    maillog.not_copied(mailbox.key, str(error))
    with store.writing() as tx:
        for copy in copies:
            retry_at = next_try(copy.attempts, copy.accepted, now, jitter=0)
            if retry_at is None:
                sent_copies.give_up(tx, copy, str(error), now)
            else:
                sent_copies.put_off(tx, copy, retry_at)
