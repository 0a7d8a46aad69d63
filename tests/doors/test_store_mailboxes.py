"""Mailboxes and leases: progress that is kept, work that one process does alone."""

from maild.store import leases, mailboxes
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


def test_a_lease_has_one_owner_at_a_time(store: Store):
    with store.writing() as tx:
        lease = leases.acquire(tx, "mailbox support", "host:1", 60, NOW)
        assert lease is not None
        assert leases.acquire(tx, "mailbox support", "host:2", 60, NOW) is None
        assert leases.is_held(tx, lease, NOW)


def test_renewing_keeps_the_token_and_taking_over_changes_it(store: Store):
    with store.writing() as tx:
        first = leases.acquire(tx, "mailbox support", "host:1", 60, NOW)
        renewed = leases.acquire(tx, "mailbox support", "host:1", 60, NOW + MINUTE / 2)
        taken = leases.acquire(tx, "mailbox support", "host:2", 60, NOW + 3 * MINUTE)
        assert first is not None
        assert renewed is not None
        assert taken is not None
        assert (renewed.token, taken.token) == (first.token, first.token + 1)
        assert not leases.is_held(tx, renewed, NOW + 3 * MINUTE)


def test_one_that_overslept_its_own_lease_has_lost_it(store: Store):
    """SIGSTOP, then SIGCONT: whatever it fetched under the old token must not be committed."""
    with store.writing() as tx:
        old = leases.acquire(tx, "mailbox support", "host:1", 60, NOW)
        new = leases.acquire(tx, "mailbox support", "host:1", 60, NOW + 2 * MINUTE)
        assert old is not None
        assert new is not None
        assert new.token > old.token
        assert not leases.is_held(tx, old, NOW + 2 * MINUTE)


def test_leases_of_the_dead_are_free_at_once(store: Store):
    with store.writing() as tx:
        leases.acquire(tx, "a", "dead", 60, NOW)
        leases.acquire(tx, "b", "alive", 60, NOW)
        assert leases.release_dead(tx, lambda owner: owner == "alive", NOW) == ("a",)
        assert leases.acquire(tx, "a", "alive", 60, NOW) is not None


def test_tokens_never_repeat_after_a_release(store: Store):
    with store.writing() as tx:
        first = leases.acquire(tx, "a", "host:1", 60, NOW)
        assert first is not None
        leases.release(tx, first, NOW)
        second = leases.acquire(tx, "a", "host:2", 60, NOW)
        assert second is not None
        assert second.token == first.token + 1
