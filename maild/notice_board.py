"""The notice board: how mailboxes, SMTP accounts and the filter fare, into the log and into the store, where `maild status` reads it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from maild import maillog
from maild.errors import StoreUnavailableError
from maild.ingest.progress import MailboxState
from maild.outbox.queue import Condition, PostState
from maild.store import accounts, mailboxes
from maild.store.engine import Store

TROUBLE = frozenset({Condition.RESTING, Condition.STORELESS})


class NoticeBoard:
    """A notice that cannot be stored is only logged: the trouble it tells of goes on being told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._mailbox_errors: dict[str, str] = {}
        self._mailboxes_logged: dict[str, tuple[MailboxState, str]] = {}

    def note_mailbox(self, key: str, state: MailboxState, detail: str) -> None:
        """A mailbox has changed its state, or is still in it, which the log need not hear of. Trying again mends nothing yet: while it
        connects, the last error stands.
        """
        if self._mailboxes_logged.get(key) != (state, detail):
            self._mailboxes_logged[key] = state, detail
            maillog.mailbox_state(key, state.value, detail)
        detail = self._mailbox_errors.get(key, "") if state is MailboxState.CONNECTING else detail
        self._mailbox_errors[key] = detail
        with suppress(StoreUnavailableError), self._store.writing() as tx:
            is_read = state is MailboxState.WATCHING
            mailboxes.store_state(tx, key, state.value, datetime.now(UTC), error=detail, succeeded=is_read)

    def notes_of_account(self, name: str) -> Callable[[PostState], None]:
        """What to tell of one account's changes of state; only trouble, and its end, are written down, also of trouble that a daemon
        before this one has left.
        """
        told = [self._known_trouble(name)]

        def note(state: PostState) -> None:
            detail = state.detail if state.condition in TROUBLE else ""
            if detail == told[0]:
                return
            told[0] = detail
            maillog.smtp_state(name, state.condition.value, detail)
            with suppress(StoreUnavailableError), self._store.writing() as tx:
                accounts.store_trouble(tx, name, detail)

        return note

    def note_filter(self, name: str, trouble: str) -> None:
        """What is wrong with the spam filter that is asked, "" where nothing is."""
        maillog.filter_state(name, trouble)
        with suppress(StoreUnavailableError), self._store.writing() as tx:
            accounts.store_filter_trouble(tx, name, trouble)

    def _known_trouble(self, name: str) -> str:
        with suppress(StoreUnavailableError), self._store.reading() as tx:
            return accounts.find_troubles(tx).get(name, "")
        return ""
