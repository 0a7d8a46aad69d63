"""Mailboxes: progress that is kept, and how they fare."""

from maild.ingest.arrival import Part, Place
from maild.store import mailboxes
from maild.store.engine import Store
from tests.rig.desk import MINUTE, NOW

SUPPORT = Place("support")


def test_progress_is_kept_and_a_new_generation_begins_anew(store: Store):
    with store.writing() as tx:
        assert mailboxes.find(tx, SUPPORT) is None
        mailboxes.store_progress(tx, SUPPORT, 7, 100, NOW)
        mailboxes.store_progress(tx, SUPPORT, 8, 3, NOW)
    with store.reading() as tx:
        state = mailboxes.find(tx, SUPPORT)
    assert state is not None
    assert (state.uid_validity, state.watermark, state.last_success) == (8, 3, None)


def test_each_folder_of_a_mailbox_has_its_own_progress_and_the_mailbox_one_state(store: Store):
    with store.writing() as tx:
        mailboxes.store_progress(tx, SUPPORT, 7, 100, NOW)
        mailboxes.store_progress(tx, Place("support", Part.JUNK), 7, 3, NOW)
        mailboxes.store_state(tx, "support", "watching", NOW)
    with store.reading() as tx:
        junk = mailboxes.find(tx, Place("support", Part.JUNK))
        assert [(state.watermark, state.state) for state in mailboxes.list_mailboxes(tx)] == [(100, "watching")]
    assert junk is not None
    assert junk.watermark == 3


def test_the_state_says_since_when_and_what_went_wrong(store: Store):
    with store.writing() as tx:
        mailboxes.store_state(tx, "support", "watching", NOW, succeeded=True)
        mailboxes.store_state(tx, "support", "unreachable", NOW + MINUTE, error="connection refused")
        mailboxes.store_state(tx, "support", "unreachable", NOW + 2 * MINUTE, error="timed out")
    with store.reading() as tx:
        (state,) = mailboxes.list_mailboxes(tx)
    assert (state.state, state.error, state.last_success, state.changed) == ("unreachable", "timed out", NOW, NOW + MINUTE)
    assert state.watermark == 0
