"""Incoming mail in the store: nothing stored twice, nothing lost, everything visible."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from maild.effects import IncomingState
from maild.errors import NotFoundError, WrongStateError
from maild.ingest.arrival import Part, Place
from maild.message import Address, AuthResult
from maild.reason import Reason
from maild.store import incoming, received_mail
from maild.store.engine import Store
from maild.store.tables.mail_in import raw_messages
from tests.rig.desk import MINUTE, NOW, an_arrival

BROKEN = Reason("error", "something broke")


def stored(store: Store, *uids: int | None) -> list[int]:
    with store.writing() as tx:
        return incoming.store_arrivals(tx, [an_arrival(uid=uid) for uid in uids], NOW)


def state_of(store: Store, message: int) -> IncomingState:
    with store.reading() as tx:
        return received_mail.show(tx, message).state


def test_a_uid_is_stored_once(store: Store):
    assert len(stored(store, 1, 2, 3)) == 3
    assert len(stored(store, 2, 3, 4)) == 1
    assert len(stored(store, 5, 5)) == 1


def test_the_same_uid_in_another_generation_is_another_message(store: Store):
    stored(store, 1)
    with store.writing() as tx:
        assert len(incoming.store_arrivals(tx, [an_arrival(uid=1, uid_validity=8)], NOW)) == 1


def test_the_same_uid_in_another_folder_is_another_message_and_its_place_is_kept(store: Store):
    here, there = an_arrival(uid=1), replace(an_arrival(uid=1), part=Part.JUNK, junk=True)
    with store.writing() as tx:
        assert len(incoming.store_arrivals(tx, [here, there], NOW)) == 2
        assert incoming.store_arrivals(tx, [here, there], NOW) == []
        assert incoming.find_stored(tx, Place("support", Part.JUNK), 7, [1, 2]) == {1}
        claimed = incoming.claim(tx, 9, "host:1", 60, NOW)
    assert [(message.part, message.junk) for message in claimed] == [(Part.INBOX, False), (Part.JUNK, True)]


def test_mail_from_other_doors_has_no_uid_and_is_always_new(store: Store):
    assert len(stored(store, None, None)) == 2


def test_what_is_stored_only_in_part_is_known_and_not_whole(store: Store):
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival(uid=1), replace(an_arrival(uid=2), full_size=30_000_000)], NOW)
        assert incoming.find_stored(tx, Place("support"), 7, [1, 2, 3]) == {1, 2}
        assert incoming.find_stored(tx, Place("support"), 7, [1, 2, 3], whole=True) == {1}


def test_raw_bytes_come_back_exactly_and_are_kept_once(store: Store):
    raw = b"Subject: \xff\x00\r\n\r\n" + bytes(range(256)) * 40
    with store.writing() as tx:
        ids = incoming.store_arrivals(tx, [an_arrival(uid=1, raw=raw), an_arrival(uid=2, raw=raw, mailbox="sales")], NOW)
    with store.reading() as tx:
        assert [received_mail.raw(tx, identifier) for identifier in ids] == [raw, raw]
        assert len(tx.execute(raw_messages.select()).all()) == 1


def test_ids_come_back_in_the_order_of_arrival(store: Store):
    ids = stored(store, *range(1, 60))
    with store.reading() as tx:
        assert [received_mail.show(tx, identifier).uid for identifier in ids] == list(range(1, 60))


def test_a_claim_takes_the_oldest_and_counts_the_attempt(store: Store):
    ids = stored(store, 1, 2, 3)
    with store.writing() as tx:
        claimed = incoming.claim(tx, 2, "host:1", 60, NOW)
    assert [message.id for message in claimed] == ids[:2]
    assert [message.attempts for message in claimed] == [1, 1]
    assert claimed[0].received == NOW


def nobody_knows(owner: str) -> None:
    """The vital sign of an owner on another host."""


def test_a_message_claimed_on_another_host_is_nobody_elses_until_the_lease_ends(store: Store):
    stored(store, 1)
    with store.writing() as tx:
        incoming.claim(tx, 9, "host:1", 60, NOW)
        assert incoming.release_claims(tx, nobody_knows, NOW) == 0
        assert incoming.claim(tx, 9, "host:2", 60, NOW) == ()
        assert incoming.release_claims(tx, nobody_knows, NOW + MINUTE) == 1
        assert [message.attempts for message in incoming.claim(tx, 9, "host:2", 60, NOW + MINUTE)] == [2]


def test_claims_of_the_dead_are_freed_and_those_of_the_living_are_not(store: Store):
    stored(store, 1, 2)
    with store.writing() as tx:
        incoming.claim(tx, 1, "dead", 60, NOW)
        incoming.claim(tx, 1, "alive", 60, NOW)
        assert incoming.release_claims(tx, lambda owner: owner == "alive", NOW) == 1
        assert [message.attempts for message in incoming.claim(tx, 9, "alive", 60, NOW)] == [2]


@pytest.mark.parametrize("jump", [-600 * MINUTE, 600 * MINUTE])
def test_what_a_living_process_has_in_hand_stays_its_own_wherever_the_clock_is_set(store: Store, jump: timedelta):
    """OPERATIONS I23: it would be read twice."""
    stored(store, 1)
    with store.writing() as tx:
        incoming.claim(tx, 9, "alive", 300, NOW)
        assert incoming.release_claims(tx, lambda owner: True, NOW + jump) == 0
        assert incoming.claim(tx, 9, "alive", 300, NOW + jump) == ()


def test_a_clock_that_is_set_back_keeps_no_message_waiting(store: Store):
    """Neither one put back, nor one claimed elsewhere."""
    first, second, third = stored(store, 1, 2, 3)
    with store.writing() as tx:
        incoming.claim(tx, 2, "host:1", 300, NOW)
        incoming.put_back(tx, second, NOW + MINUTE / 2)
        earlier = NOW - 300 * MINUTE
        assert incoming.release_claims(tx, nobody_knows, NOW) == 0, "all as it should be"
        assert [message.id for message in incoming.claim(tx, 9, "host:2", 300, earlier)] == [third]
        assert incoming.release_claims(tx, nobody_knows, earlier) == 2
        assert [message.id for message in incoming.claim(tx, 9, "host:2", 300, earlier)] == [first, second]


def test_a_finished_message_is_not_claimed_again(store: Store):
    (message,) = stored(store, 1)
    with store.writing() as tx:
        incoming.finish(tx, message, IncomingState.DONE, Reason("new", "opened"), NOW, message_class="human", ticket=None)
        assert incoming.claim(tx, 9, "host:1", 60, NOW) == ()
    assert state_of(store, message) is IncomingState.DONE


def test_a_finished_message_shows_what_is_proved_of_its_author_and_what_spoke_for_the_decision(store: Store):
    (message,) = stored(store, 1)
    signs = (Reason("human", "no sign of a machine"), Reason("auth-pass", "DMARC passed"))
    with store.reading() as tx:
        assert (received_mail.show(tx, message).auth, received_mail.evidence(tx, message)) == (None, ())
    with store.writing() as tx:
        incoming.finish(tx, message, IncomingState.DONE, Reason("new", "opened"), NOW, evidence=signs, auth=AuthResult.PASS)
    with store.reading() as tx:
        assert (received_mail.show(tx, message).auth, received_mail.evidence(tx, message)) == (AuthResult.PASS, signs)


def test_a_held_message_shows_why_and_can_be_retried(store: Store):
    (message,) = stored(store, 1)
    with store.writing() as tx:
        incoming.claim(tx, 1, "host:1", 60, NOW)
        incoming.hold(tx, message, BROKEN, "Traceback: \x00 \ud800", NOW, author=Address("Ann", "ann@x"), subject="Hi")
    with store.reading() as tx:
        row = received_mail.show(tx, message)
    assert (row.state, row.reason, row.subject, row.author) == (IncomingState.HELD, BROKEN, "Hi", Address("Ann", "ann@x"))
    assert row.error.startswith("Traceback:")
    with store.writing() as tx:
        incoming.retry(tx, message, NOW)
        (again,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    assert (again.attempts, again.released) == (1, False)


def test_a_released_message_is_known_as_released(store: Store):
    (message,) = stored(store, 1)
    with store.writing() as tx:
        incoming.finish(tx, message, IncomingState.QUARANTINED, Reason("spam", "looks like spam"), NOW)
        incoming.release(tx, message)
        (again,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    assert again.released


def test_a_mail_that_is_sent_after_all_walks_again_and_is_known_as_that_after_a_failure(store: Store):
    """A6: a walk that breaks is repeated as the same walk, or the mail would be kept as a note a second time."""
    (message,) = stored(store, 1)
    with store.writing() as tx:
        incoming.finish(tx, message, IncomingState.DONE, Reason("agent-act", "kept"), NOW)
        incoming.send_after_all(tx, message)
        (again,) = incoming.claim(tx, 1, "host:1", 60, NOW)
        incoming.hold(tx, message, Reason("error", "it broke"), "", NOW)
        incoming.retry(tx, message, NOW)
        (once_more,) = incoming.claim(tx, 1, "host:1", 60, NOW)
    assert (again.sent_after_all, once_more.sent_after_all) == (True, True)


def test_only_the_fitting_way_out_is_open(store: Store):
    (message,) = stored(store, 1)
    for way_out in (incoming.release, partial(incoming.retry, now=NOW)):
        with pytest.raises(WrongStateError, match="is received"), store.writing() as tx:
            way_out(tx, message)
        with pytest.raises(NotFoundError), store.writing() as tx:
            way_out(tx, 999)


def test_a_message_put_back_waits_for_its_time(store: Store):
    (message,) = stored(store, 1)
    with store.writing() as tx:
        incoming.claim(tx, 1, "host:1", 60, NOW)
        incoming.put_back(tx, message, NOW + MINUTE)
        assert incoming.claim(tx, 1, "host:1", 60, NOW) == ()
        assert len(incoming.claim(tx, 1, "host:1", 60, NOW + MINUTE)) == 1


def test_a_message_claimed_but_never_read_loses_no_attempt(store: Store):
    (message,) = stored(store, 1)
    with store.writing() as tx:
        incoming.claim(tx, 1, "host:1", 60, NOW)
        incoming.uncount(tx, message)
        assert [again.attempts for again in incoming.claim(tx, 1, "host:1", 60, NOW)] == [1]


def test_the_list_is_newest_first_and_can_be_narrowed(store: Store):
    ids = stored(store, 1, 2, 3)
    with store.writing() as tx:
        incoming.hold(tx, ids[1], BROKEN, "", NOW)
    with store.reading() as tx:
        assert [row.id for row in received_mail.list_incoming(tx)] == ids[::-1]
        assert [row.id for row in received_mail.list_incoming(tx, state=IncomingState.HELD)] == [ids[1]]
        assert [row.id for row in received_mail.list_incoming(tx, limit=1)] == [ids[2]]
