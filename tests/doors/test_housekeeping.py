"""The housekeeper: what dead processes left behind comes back, and letters that were sent are packed."""

from datetime import timedelta

from maild import node
from maild.effects import IncomingState, Post
from maild.housekeeping import BITE_LETTERS, housekeep
from maild.outbox.delivery import DeliveryState, Sent
from maild.store import deliveries, incoming, letters, outbox, received_mail
from maild.store.apply import apply
from maild.store.engine import Store
from tests.builders import some_settings
from tests.rig.desk import ACKNOWLEDGEMENT, NOW, a_decision, a_message, an_arrival, composed

DEAD = node.own_name() + "0"
"""This very process, as if it had started at another time."""


def posted(store: Store, number: int = 1) -> None:
    with store.writing() as tx:
        for _ in range(number):
            apply(tx, a_decision(a_message(), Post(ACKNOWLEDGEMENT)), now=NOW, compose=composed, incoming=None, first_number=1)


def test_one_round_packs_everything_that_was_sent_bite_by_bite(store: Store):
    posted(store, BITE_LETTERS + 3)
    with store.writing() as tx:
        while delivery := deliveries.claim(tx, NOW, node.own_name(), 60):
            deliveries.record(tx, delivery.id, Sent("250"), NOW)
    housekeep(store, some_settings(), NOW)
    with store.writing() as tx:
        assert letters.pack(tx, 1, 1) == 0


def test_what_a_dead_process_had_in_hand_comes_back(store: Store):
    posted(store)
    with store.writing() as tx:
        incoming.store_arrivals(tx, [an_arrival()], NOW)
        incoming.claim(tx, 1, DEAD, 3600, NOW)
        deliveries.claim(tx, NOW, DEAD, 3600)
    housekeep(store, some_settings(), NOW)
    with store.writing() as tx:
        (message,) = incoming.claim(tx, 1, node.own_name(), 60, NOW)
        (letter,) = outbox.list_outbox(tx)
        assert received_mail.show(tx, message.id).state is IncomingState.RECEIVED
    assert (message.attempts, letter.state) == (2, DeliveryState.UNKNOWN)
    assert letter.next_attempt == NOW + timedelta(minutes=15)
