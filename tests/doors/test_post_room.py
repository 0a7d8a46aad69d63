"""The post room whose store goes away as it answers: no letter is left claimed by somebody who has not heard of it (OPERATIONS T3)."""

from datetime import datetime

import pytest

from maild.errors import StoreUnavailableError
from maild.outbox.delivery import Deferred, Delivery, Failed, Outcome, Sent, Unknown
from maild.store import deliveries, outbox
from maild.store.engine import Store, Transaction
from maild.store.post_room import OnEnd, PostRoom
from maild.tokens import LetterKind
from tests.rig.desk import MINUTE, NOW, a_letter, posted
from tests.rig.flaky_store import FlakyStore, Outage

ANSWER = a_letter(kind=LetterKind.ANSWER, template="answer")
FAR_AWAY = NOW + 600 * MINUTE


@pytest.fixture
def refused() -> list[int]:
    """The deliveries whose refusal was told of."""
    return []


@pytest.fixture
def late() -> list[int]:
    """The deliveries that were accepted, but not at the first try."""
    return []


@pytest.fixture
def room(flaky: FlakyStore, refused: list[int], late: list[int]) -> PostRoom:
    def into(told: list[int]) -> OnEnd:
        def tell(tx: Transaction, delivery: int, now: datetime) -> None:
            told.append(delivery)

        return tell

    return PostRoom(flaky, "host:1", {"support"}, into(refused), into(late))


def states(store: Store) -> list[tuple[str, int]]:
    """Every delivery's state and attempts, in order."""
    with store.reading() as tx:
        return [(row.state.value, row.attempts) for row in reversed(outbox.list_outbox(tx))]


def taken(room: PostRoom) -> Delivery:
    delivery = room.claim(NOW)
    assert delivery is not None
    return delivery


def recorded(room: PostRoom, delivery: Delivery, outcome: Outcome) -> Delivery | None:
    """As a postman does: until the store takes it."""
    try:
        return room.record(delivery.id, outcome, True, NOW)
    except StoreUnavailableError:
        return room.record(delivery.id, outcome, True, NOW)


@pytest.mark.parametrize("outage", Outage)
def test_a_letter_whose_claim_nobody_heard_of_is_claimed_again(outage: Outage, store: Store, flaky: FlakyStore, room: PostRoom):
    posted(store, ANSWER)
    flaky.outages = [outage]
    with pytest.raises(StoreUnavailableError):
        room.claim(NOW)
    assert room.has_due(NOW)
    delivery = taken(room)
    assert (delivery.attempts, delivery.was_unknown) == (0, False)
    assert states(store) == [("sending", 1)]


@pytest.mark.parametrize("outage", Outage)
def test_the_next_letter_is_not_lost_with_the_answer_to_the_last(outage: Outage, store: Store, flaky: FlakyStore, room: PostRoom):
    posted(store, ANSWER, ANSWER, ANSWER)
    first = taken(room)
    flaky.outages = [outage]
    following = recorded(room, first, Sent("250 ok"))
    assert following is not None
    assert following.id == first.id + 1
    assert states(store) == [("sent", 1), ("sending", 1), ("queued", 0)]


def test_a_letter_goes_back_as_what_it_was(store: Store, flaky: FlakyStore, room: PostRoom):
    posted(store, ANSWER, ANSWER)
    second = recorded(room, taken(room), Deferred("later", NOW + MINUTE))
    assert second is not None
    recorded(room, second, Unknown("cut off", NOW + MINUTE))
    before = states(store)
    assert before == [("deferred", 1), ("unknown", 1)]
    flaky.outages = [Outage.AFTER_COMMIT, Outage.AFTER_COMMIT, Outage.BEFORE_COMMIT]
    for _ in range(3):
        with pytest.raises(StoreUnavailableError):
            room.claim(FAR_AWAY)
    assert room.claim(NOW) is None
    assert states(store) == before


def test_a_refusal_is_told_once_though_the_answer_to_its_recording_was_lost(
    store: Store, flaky: FlakyStore, room: PostRoom, refused: list[int]
):
    posted(store, ANSWER)
    delivery = taken(room)
    flaky.outages = [Outage.AFTER_COMMIT]
    recorded(room, delivery, Failed("550 nobody here"))
    assert states(store) == [("failed", 1)]
    assert refused == [delivery.id]


def test_what_is_accepted_at_a_later_try_is_told_of(store: Store, room: PostRoom, late: list[int]):
    posted(store, ANSWER)
    first = taken(room)
    recorded(room, first, Sent("250 OK"))
    posted(store, ANSWER)
    second = taken(room)
    recorded(room, second, Failed("550 nobody here"))
    with store.writing() as tx:
        outbox.retry(tx, second.id, NOW)
    assert (taken(room).id, late) == (second.id, [])
    recorded(room, second, Sent("250 OK"))
    assert late == [second.id]


def test_letters_that_others_send_are_left_to_them(store: Store, flaky: FlakyStore, room: PostRoom):
    posted(store, ANSWER, ANSWER)
    with store.writing() as tx:
        theirs = deliveries.claim(tx, NOW, "host:2", 600)
    flaky.outages = [Outage.AFTER_COMMIT]
    with pytest.raises(StoreUnavailableError):
        room.claim(NOW)
    assert states(store) == [("sending", 1), ("sending", 1)]
    assert theirs is not None
    assert taken(room).id == theirs.id + 1
    assert states(store) == [("sending", 1), ("sending", 1)]
