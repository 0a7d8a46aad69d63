"""Mailboxes: progress that is kept, and how they fare."""

from maild.store import mailboxes
from maild.store.engine import Store
from tests.rig.desk import MINUTE, NOW


def test_progress_is_kept_and_a_new_generation_begins_anew(store: Store):
    with store.writing() as tx:
        assert mailboxes.find(tx, "support") is None
        mailboxes.store_progress(tx, "support", 7, 100, NOW)
        mailboxes.store_progress(tx, "support", 8, 3, NOW)
    with store.reading() as tx:
        state = mailboxes.find(tx, "support")
    assert state is not None
    assert (state.uid_validity, state.watermark, state.last_success) == (8, 3, None)


def test_the_state_says_since_when_and_what_went_wrong(store: Store):
    with store.writing() as tx:
        mailboxes.store_state(tx, "support", "watching", NOW, succeeded=True)
        mailboxes.store_state(tx, "support", "unreachable", NOW + MINUTE, error="connection refused")
        mailboxes.store_state(tx, "support", "unreachable", NOW + 2 * MINUTE, error="timed out")
    with store.reading() as tx:
        (state,) = mailboxes.list_mailboxes(tx)
    assert (state.state, state.error, state.last_success, state.changed) == ("unreachable", "timed out", NOW, NOW + MINUTE)
    assert state.watermark == 0
