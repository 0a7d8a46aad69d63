"""The book of what time rules wait for, where no store keeps it."""

from dataclasses import replace
from datetime import timedelta

from maild.effects import Decision, IncomingState, PauseRule
from maild.reason import Reason
from maild.rules.times import Timing, decide_to_ask
from maild.rules.waiting import Waiting
from maild.stay import Stay
from maild.ticket import Status
from tests.rig.occasions import NOW, a_desk, a_ticket, rules_from

DAY = timedelta(days=1)
CLOSE = "{id: close, when: {after: 3d, while: {status: waiting}}, do: [{tag: x}]}"
NUDGE = "{id: nudge, when: {after: 1d, while: {status: waiting}}, once: 1d, do: [{tag: y}]}"
WAITS = a_ticket(number=7, status=Status.WAITING, created=NOW - 9 * DAY, updated=NOW - 2 * DAY)


def waiting(*rules: str) -> Waiting:
    return Waiting(Timing(rules_from(f"rules: [{', '.join(rules)}]").timed, a_desk()))


def test_the_stay_that_is_due_first_is_asked_first_and_again_when_its_rule_says_so():
    book = waiting(CLOSE, NUDGE)
    book.follow(None, WAITS, NOW)
    first = book.find_next(7)
    assert first == Stay(7, "nudge", 0, WAITS.created, WAITS.created + DAY)
    asked = book.ask(first, WAITS, NOW, None)
    assert asked
    book.note(decide_to_ask(WAITS, asked))
    assert book.find_next(7) == Stay(7, "close", 0, WAITS.created, WAITS.created + 3 * DAY)
    assert book.take_due(NOW) == (7,)
    assert book.next_due == NOW + DAY


def test_what_is_over_is_not_asked_about():
    book = waiting(CLOSE)
    book.follow(None, WAITS, NOW)
    book.follow(WAITS, replace(WAITS, status=Status.OPEN), NOW)
    assert book.find_next(7) is None
    stale = Stay(7, "close", 0, NOW, NOW)
    book.begin(stale)
    assert book.ask(stale, replace(WAITS, status=Status.OPEN), NOW, None) is None
    assert book.find_next(7) is None


def test_a_rule_that_is_paused_is_not_asked():
    book = waiting(CLOSE, NUDGE)
    book.follow(None, WAITS, NOW)
    book.note(Decision(IncomingState.DONE, Reason("time", ""), effects=(PauseRule("nudge", "too much"),)))
    found = book.find_next(7)
    assert found
    assert found.rule == "close"


def test_rules_that_are_written_alike_wait_on_and_others_look_through_the_tickets():
    earlier = waiting(CLOSE, NUDGE)
    earlier.begin(Stay(7, "close", 0, NOW - 4 * DAY, None))
    earlier.begin(Stay(7, "nudge", 0, NOW - 4 * DAY, NOW + DAY))
    later = waiting(CLOSE, NUDGE.replace("after: 1d", "after: 4d"), NUDGE.replace("id: nudge", "id: new"))
    later.take_over((WAITS, a_ticket(number=8)), NOW, earlier)
    assert later.find_next(7) == Stay(7, "new", 0, WAITS.updated, WAITS.updated + DAY)
    later.forget(7)
    assert later.find_next(7) is None
    assert later.find_next(8) is None
