"""The outbox in the store: order, leases, outcomes, recovery, the brake."""

from dataclasses import replace
from datetime import timedelta

import pytest

from maild.errors import NotFoundError, WrongStateError
from maild.outbox.delivery import Deferred, Delivery, DeliveryState, Failed, Outcome, Sent, Unknown
from maild.store import brakes, claims, deliveries, letters, outbox, tickets
from maild.store.engine import Store
from maild.tokens import LetterKind
from tests.rig.desk import ACKNOWLEDGEMENT, MINUTE, NOTIFICATION, NOW, a_letter, posted

MIB = 1024 * 1024
ANSWER = a_letter(kind=LetterKind.ANSWER, template="answer")


def claimed(store: Store, *, minutes: float = 0, owner: str = "host:1", queues: frozenset[str] | None = None) -> Delivery | None:
    with store.writing() as tx:
        return deliveries.claim(tx, NOW + minutes * MINUTE, owner, 600, queues)


def recorded(store: Store, outcome: Outcome, *, minutes: float = 0) -> DeliveryState:
    """Claim what is due and record this outcome."""
    delivery = claimed(store, minutes=minutes)
    assert delivery is not None
    with store.writing() as tx:
        deliveries.record(tx, delivery.id, outcome, NOW + minutes * MINUTE)
        return outbox.show(tx, delivery.id).state


def test_answers_go_before_notifications_before_acknowledgements(store: Store):
    posted(store, ACKNOWLEDGEMENT, NOTIFICATION, ANSWER)
    posted(store, ANSWER)
    kinds = [(delivery.kind, delivery.letter) for _ in range(4) if (delivery := claimed(store))]
    assert kinds == [("answer", 3), ("answer", 4), ("notification", 2), ("acknowledgement", 1)]
    assert claimed(store) is None


def test_a_claim_carries_everything_the_sender_needs(store: Store):
    posted(store, ANSWER)
    delivery = claimed(store)
    assert delivery is not None
    assert (delivery.recipient, delivery.envelope_sender, delivery.ticket) == ("ann@globex.example", "support@acme.example", 1)
    assert delivery.envelope_id == "b1.1"
    assert (delivery.attempts, delivery.was_unknown, delivery.created, delivery.queue) == (0, False, NOW, "support")
    assert delivery.raw == b"Message-ID: <c.1.1.mac@acme.example>\r\n\r\nhi\r\n"


def test_only_the_wanted_queues_are_claimed(store: Store):
    posted(store, replace(ANSWER, queue="sales"), ANSWER)
    assert claimed(store, queues=frozenset()) is None
    delivery = claimed(store, queues=frozenset({"support", "billing"}))
    assert delivery is not None
    assert delivery.queue == "support"
    assert claimed(store, queues=frozenset({"support"})) is None


def test_a_deferred_letter_comes_due_again_with_its_attempts_counted(store: Store):
    posted(store, ANSWER)
    assert recorded(store, Deferred("451 try later", NOW + MINUTE)) is DeliveryState.DEFERRED
    assert claimed(store) is None
    with store.reading() as tx:
        assert deliveries.find_next_due(tx) == NOW + MINUTE
    delivery = claimed(store, minutes=1)
    assert delivery is not None
    assert delivery.attempts == 1


def test_a_sent_letter_is_done(store: Store):
    posted(store, ANSWER)
    assert recorded(store, Sent("250 OK")) is DeliveryState.SENT
    assert claimed(store, minutes=9999) is None
    with store.reading() as tx:
        assert deliveries.find_next_due(tx) is None


def test_a_failed_letter_stands_in_the_tickets_log(store: Store):
    posted(store, ANSWER)
    assert recorded(store, Failed("550 no such user")) is DeliveryState.FAILED
    with store.reading() as tx:
        (line,) = tickets.list_events(tx, 1)
    assert line.text == "answer to ann@globex.example was not delivered: 550 no such user"


def test_an_unknown_letter_is_tried_once_more_and_then_reported(store: Store):
    posted(store, ANSWER)
    assert recorded(store, Unknown("cut", NOW + MINUTE)) is DeliveryState.UNKNOWN
    assert claimed(store) is None
    second = claimed(store, minutes=1)
    assert second is not None
    assert second.was_unknown
    with store.writing() as tx:
        deliveries.record(tx, second.id, Unknown("cut", None), NOW)
        assert [line.kind for line in tickets.list_events(tx, 1)] == ["unknown"]
    assert claimed(store, minutes=9999) is None


def test_what_a_dead_process_was_sending_is_unknown_never_queued(store: Store):
    posted(store, ANSWER, NOTIFICATION)
    lost, kept = claimed(store, owner="dead"), claimed(store, owner="alive")
    assert lost is not None
    assert kept is not None
    with store.writing() as tx:
        assert deliveries.recover(tx, lambda owner: owner == "alive", NOW, timedelta(minutes=15)) == (lost.id,)
        assert outbox.show(tx, kept.id).state is DeliveryState.SENDING
    again = claimed(store, minutes=15, owner="dead")
    assert again is not None
    assert again.was_unknown
    with store.writing() as tx:
        deliveries.recover(tx, lambda owner: False, NOW + 15 * MINUTE, timedelta(minutes=15))
        assert outbox.show(tx, again.id).next_attempt is None


def nobody_knows(owner: str) -> None:
    """The vital sign of an owner on another host."""


def test_what_is_being_sent_on_another_host_is_unknown_once_the_lease_has_ended(store: Store):
    posted(store, ANSWER)
    delivery = claimed(store)
    assert delivery is not None
    with store.writing() as tx:
        assert deliveries.recover(tx, nobody_knows, NOW + 9 * MINUTE, timedelta(minutes=15)) == ()
        assert deliveries.recover(tx, nobody_knows, NOW + 10 * MINUTE, timedelta(minutes=15)) == (delivery.id,)


def test_a_lease_from_before_the_clock_was_set_back_has_ended(store: Store):
    posted(store, ANSWER)
    delivery = claimed(store)
    assert delivery is not None
    with store.writing() as tx:
        assert deliveries.recover(tx, nobody_knows, NOW - 300 * MINUTE, timedelta(minutes=15)) == (delivery.id,)


@pytest.mark.parametrize("jump", [-600 * MINUTE, 600 * MINUTE])
def test_what_a_living_process_is_sending_is_its_own_wherever_the_clock_is_set(store: Store, jump: timedelta):
    """OPERATIONS I23: it would go out twice."""
    posted(store, ANSWER)
    delivery = claimed(store, owner="alive")
    assert delivery is not None
    with store.writing() as tx:
        assert deliveries.recover(tx, lambda owner: True, NOW + jump, timedelta(minutes=15)) == ()
        deliveries.record(tx, delivery.id, Failed("550"), NOW + jump)
        assert outbox.show(tx, delivery.id).state is DeliveryState.FAILED


def test_a_letter_that_a_living_process_has_lost_is_unknown_after_an_hour_by_the_stopwatch(store: Store):
    """No sending takes so long; the store was away when its postman was cut off, say."""
    posted(store, ANSWER)
    delivery, stopwatch = claimed(store, owner="alive"), [0.0]
    assert delivery is not None
    watch = claims.Watch(lambda: stopwatch[0])

    def recover() -> tuple[int, ...]:
        with store.writing() as tx:
            return deliveries.recover(tx, lambda owner: True, NOW, timedelta(minutes=15), watch)

    assert recover() == ()
    stopwatch[0] = 3600.0
    assert recover() == ()
    stopwatch[0] = 3610.0
    assert recover() == (delivery.id,)
    assert claimed(store, minutes=15, owner="alive") is not None
    assert recover() == (), "another attempt, another hour"


@pytest.mark.parametrize("state", ["queued", "deferred", "unknown"])
def test_a_clock_that_is_set_back_keeps_no_letter_waiting(store: Store, state: str):
    posted(store, ANSWER)
    outcomes = {"deferred": Deferred("451 later", NOW + 60 * MINUTE), "unknown": Unknown("cut", NOW + 15 * MINUTE)}
    if state in outcomes:
        recorded(store, outcomes[state])
    assert claimed(store, minutes=-300) is None
    with store.writing() as tx:
        assert deliveries.hasten(tx, NOW, 72 * MINUTE) == 0, "all as it should be"
        assert deliveries.hasten(tx, NOW - 300 * MINUTE, 72 * MINUTE) == 1
    assert claimed(store, minutes=-300) is not None


def test_after_the_claim_was_lost_only_the_relays_acceptance_counts(store: Store):
    posted(store, ANSWER)
    delivery = claimed(store, owner="slow")
    assert delivery is not None
    with store.writing() as tx:
        deliveries.recover(tx, lambda owner: False, NOW, timedelta(minutes=15))
        deliveries.record(tx, delivery.id, Deferred("451", NOW), NOW)
        assert outbox.show(tx, delivery.id).state is DeliveryState.UNKNOWN
        deliveries.record(tx, delivery.id, Sent("250"), NOW)
        assert outbox.show(tx, delivery.id).state is DeliveryState.SENT


def test_a_paused_outbox_lets_nothing_out(store: Store):
    posted(store, ANSWER)
    with store.writing() as tx:
        brakes.pause(tx, "by boris")
        brakes.pause(tx, "by anna")
        assert brakes.is_paused(tx)
    assert claimed(store) is None
    with store.writing() as tx:
        brakes.resume(tx)
        assert not brakes.is_paused(tx)
    assert claimed(store) is not None


def test_a_letter_can_be_cancelled_and_retried_unless_it_is_on_its_way(store: Store):
    posted(store, ANSWER)
    with store.writing() as tx:
        (row,) = outbox.list_outbox(tx)
        outbox.cancel(tx, row.id, NOW)
    assert claimed(store) is None
    with store.writing() as tx:
        outbox.retry(tx, row.id, NOW)
    assert claimed(store) is not None
    for act in (outbox.cancel, outbox.retry):
        with pytest.raises(WrongStateError, match="is sending"), store.writing() as tx:
            act(tx, row.id, NOW)
        with pytest.raises(NotFoundError), store.writing() as tx:
            act(tx, 999, NOW)


def test_the_list_is_newest_first_and_can_be_narrowed(store: Store):
    posted(store, ACKNOWLEDGEMENT, NOTIFICATION)
    posted(store, ANSWER)
    recorded(store, Sent("250 OK"))
    with store.reading() as tx:
        assert [row.kind for row in outbox.list_outbox(tx)] == [LetterKind.ANSWER, LetterKind.NOTIFICATION, LetterKind.ACKNOWLEDGEMENT]
        assert [row.reply for row in outbox.list_outbox(tx, state=DeliveryState.SENT)] == ["250 OK"]
        assert [row.template for row in outbox.list_outbox(tx, ticket=1, limit=1)] == ["notification"]


def test_letters_are_packed_once_nobody_waits_for_them(store: Store):
    posted(store, ANSWER)
    posted(store, NOTIFICATION)
    recorded(store, Sent("250 taken"))
    with store.writing() as tx:
        rows = [row.id for row in reversed(outbox.list_outbox(tx))]
        before = [letters.raw(tx, row) for row in rows]
        assert letters.pack(tx, 10, MIB) == 1
        assert letters.pack(tx, 10, MIB) == 0
        assert [letters.raw(tx, row) for row in rows] == before
    delivery = claimed(store)
    assert delivery is not None
    assert delivery.raw == before[1]


def test_letters_of_a_queue_that_is_gone_are_sent_for_another(store: Store):
    posted(store, replace(ANSWER, queue="helpdesk"), ANSWER)
    posted(store, replace(ANSWER, queue="old"))
    assert recorded(store, Sent("250 ok")) is DeliveryState.SENT
    with store.writing() as tx:
        assert deliveries.rehome(tx, ("support", "sales"), "sales") == 1
    assert claimed(store, queues=frozenset({"sales"})) is not None
    with store.reading() as tx:
        assert [row.queue for row in outbox.list_outbox(tx)] == ["sales", "support", "helpdesk"], "what was sent stays as it was"


def test_letters_are_packed_in_bites_that_fit_into_memory(store: Store):
    for _ in range(5):
        posted(store, ANSWER)
        recorded(store, Sent("250 taken"))
    with store.writing() as tx:
        (size,) = {len(letters.raw(tx, row.id)) for row in outbox.list_outbox(tx)}
        assert letters.pack(tx, 10, 2 * size) == 2
        assert letters.pack(tx, 10, size - 1) == 1, "a letter larger than a bite is packed all the same"
        assert letters.pack(tx, 1, MIB) == 1
        assert letters.pack(tx, 10, MIB) == 1
        assert letters.pack(tx, 10, MIB) == 0
