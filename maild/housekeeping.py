"""What the daemon does every few seconds, beside its rooms: what dead processes left behind comes back into circulation, what has had its
time is forgotten.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from maild import maillog, node
from maild.config.settings import Retention, Settings
from maild.ingest.watcher import Watcher
from maild.jobs import scheduled_job
from maild.outbox.queue import group_by_account
from maild.outbox.schedule import LONGEST_WAIT
from maild.store import broken_rules, deliveries, incoming, letters, mutes, sent_copies, suppressions
from maild.store.claims import Watch
from maild.store.engine import Store
from maild.store.retention import forget_kept_out, forget_tickets, forget_traces
from maild.ticket import Status

BITES = 20
BITE_LETTERS = 25
BITE_BYTES = 1024 * 1024
"""Letters are packed in small bites, each a commit: nobody waits long for the database, and little is held in memory at a time."""
FORGOTTEN_AT_ONCE = 200
TICKETS_FORGOTTEN_AT_ONCE = 20
"""A tenth of a second's work each."""
TRACES_KEPT = timedelta(days=90)
"""How long it can be explained what rules were asked (RULES.md 5.7)."""


@scheduled_job("housekeeping")
def housekeep(store: Store, settings: Settings, now: datetime, watch: Watch | None = None) -> None:
    """Messages claimed by dead processes are free again; letters in their hands become unknown (OPERATIONS T3); sent letters are packed.
    What a clock that was set back would keep waiting for hours is due at once (I23). Letters of queues that are gone are another's to
    send. Mutes and suppressions that have run out are forgotten, rules that broke long ago, copies of sent mail that have no mailbox any
    more, and what `retention` says.

    `watch` is handed in again each time; None: nobody looks for letters that a living process has lost.
    """
    with store.writing() as tx:
        incoming.release_claims(tx, node.vital_sign, now)
        deliveries.recover(tx, node.vital_sign, now, settings.outbox.unknown_retry, watch)
        deliveries.hasten(tx, now, max(LONGEST_WAIT, settings.outbox.unknown_retry))
        sent_copies.hasten(tx, now)
        mutes.forget_ended(tx, now)
        suppressions.forget_old(tx, now)
        broken_rules.forget_old(tx, now)
        sent_copies.forget_homeless(tx, settings.queues)
        if accounts := group_by_account(settings):
            deliveries.rehome(tx, settings.queues, min(accounts[0][1]))
    _pack(store)
    _forget(store, settings.retention, now)


@scheduled_job("withheld mail")
def call_watchers(store: Store, watchers: Mapping[str, Watcher]) -> None:
    """Whoever asks for a withheld message again does not wait until its server speaks (OPERATIONS I12)."""
    with store.reading() as tx:
        asked = incoming.find_mailboxes_asked_again(tx)
    for mailbox in asked & watchers.keys():
        watchers[mailbox].look()


def _pack(store: Store) -> None:
    for _ in range(BITES):
        with store.writing() as tx:
            if letters.pack(tx, BITE_LETTERS, BITE_BYTES) == 0:
                return


def _forget(store: Store, retention: Retention, now: datetime) -> None:
    with store.writing() as tx:
        kept_out = 0 if retention.quarantine is None else forget_kept_out(tx, now - retention.quarantine, FORGOTTEN_AT_ONCE)
        spans = ((Status.SPAM, retention.spam), (Status.CLOSED, retention.closed))
        wanted = [(status, span) for status, span in spans if span is not None]
        forget_traces(tx, now - TRACES_KEPT, FORGOTTEN_AT_ONCE)
        tickets = sum(forget_tickets(tx, status, now - span, TICKETS_FORGOTTEN_AT_ONCE) for status, span in wanted)
    if kept_out or tickets:
        maillog.forgotten(kept_out, tickets)
