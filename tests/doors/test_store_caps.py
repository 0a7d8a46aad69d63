"""What counts as of late, for limits and suspicions, where the clock was set back (OPERATIONS I23)."""

from dataclasses import replace
from datetime import datetime, timedelta

from maild.effects import IncomingState
from maild.known import Conduct
from maild.message import Address
from maild.question import Question
from maild.reason import Reason
from maild.store import brakes, incoming
from maild.store.apply import apply
from maild.store.caps import count_sent
from maild.store.engine import Store
from maild.store.history import find_history
from tests.rig.desk import ANN, MINUTE, NOW, a_decision, an_arrival, composed

WINDOW = 3600
QUESTION = Question("", sender=ANN.key, addressees=frozenset({ANN.key}), windows=(("all", WINDOW), ("storm sender", WINDOW)))
BEFORE = NOW - timedelta(hours=5)


def counted(store: Store, now: datetime) -> list[int]:
    with store.reading() as tx:
        sent = count_sent(tx, QUESTION, (), now)
    return [sent.counts[("all", "", WINDOW)], sent.counts[("storm sender", ANN.key, WINDOW)]]


def test_what_was_sent_in_hours_to_come_is_not_sent_at_once(store: Store):
    """It would trip the breaker: all the mail of five hours against a limit for ten minutes."""
    with store.writing() as tx:
        apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
    assert counted(store, NOW - MINUTE / 2) == [1, 1], "clocks may differ a little"
    assert counted(store, NOW + 59 * MINUTE) == [1, 1]
    assert counted(store, NOW + 61 * MINUTE) == [0, 0]
    assert counted(store, BEFORE) == [0, 0]


def test_after_a_resume_the_breaker_counts_anew_and_nothing_else_does(store: Store):
    """L4: the mail that tripped it must not trip it again with the next request."""

    def count(*, tripped: bool) -> int:
        with store.writing() as tx:
            apply(tx, a_decision(), now=NOW, compose=composed, incoming=None, first_number=1)
        before = counted(store, NOW + MINUTE)[0]
        with store.writing() as tx:
            if tripped:
                brakes.trip(tx, "too many")
            brakes.resume(tx)
        assert counted(store, NOW + MINUTE)[0] == (0 if tripped else before)
        return before

    assert [count(tripped=tripped) for tripped in (False, True, False, True)] == [1, 2, 1, 2]
    with store.reading() as tx:
        sent = count_sent(tx, replace(QUESTION, windows=(("recipient", WINDOW), ("storm sender", WINDOW))), (), NOW + MINUTE)
    assert set(sent.counts.values()) == {4}


def test_what_somebody_does_in_hours_to_come_is_not_held_against_him(store: Store):
    conduct = Conduct(wrong_tokens=3, is_prompt=True, text_hash="abc")
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [an_arrival()], NOW)
        author = Address("Ann", ANN.address)
        incoming.finish(tx, message, IncomingState.DONE, Reason("new", ""), NOW, author=author, conduct=conduct)
    with store.reading() as tx:
        now, before = (find_history(tx, QUESTION, (), (), at) for at in (NOW + MINUTE, BEFORE))
    assert ([mail.conduct for mail in now.recent], now.domain_guesses) == ([conduct], 3)
    assert (before.recent, before.domain_guesses) == ((), 0)
