"""The post office: a Postman over a store door in memory and a scripted SMTP server."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from maild.config.settings import Queue, Smtp
from maild.errors import AccountUnavailableError, StoreUnavailableError
from maild.outbox.delivery import Deferred, Delivery, Failed, Outcome, Sent, Unknown
from maild.outbox.queue import Condition, Postman, PostState, group_by_account
from maild.outbox.smtp import Account, Trouble
from tests.rig.fake_smtp import Action, Cut, FakeSmtp, Stall
from tests.rig.letters import a_delivery, a_desk


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Shelf:
    """A store door that keeps letters in memory. `failing`: how many more calls of `record` find no database."""

    waiting: list[Delivery] = field(default_factory=list)
    recorded: list[tuple[int, Outcome]] = field(default_factory=list)
    claims: int = 0
    commits: int = 0
    paused: bool = False
    failing: int = 0

    def has_due(self, now: datetime) -> bool:
        return bool(self.waiting)

    def claim(self, now: datetime) -> Delivery | None:
        self.claims += 1
        return self._take()

    def record(self, delivery: int, outcome: Outcome, next_wanted: bool, now: datetime) -> Delivery | None:
        if self.failing:
            self.failing -= 1
            raise StoreUnavailableError
        self.commits += 1
        self.recorded.append((delivery, outcome))
        return self._take() if next_wanted else None

    def is_paused(self) -> bool:
        return self.paused

    def _take(self) -> Delivery | None:
        return self.waiting.pop(0) if self.waiting else None

    @property
    def outcomes(self) -> list[type[Outcome]]:
        return [type(outcome) for _, outcome in self.recorded]


@dataclass(slots=True)
class AwayOnce:
    """A courier whose relay cannot be reached the first time."""

    name: str = "relay:25"
    trouble: Trouble | None = None
    is_away: bool = True

    def connect(self) -> None:
        if self.is_away:
            self.is_away = False
            raise AccountUnavailableError("relay:25 is away")

    def send(self, delivery: Delivery) -> Outcome:
        return Sent("250 taken")

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


def a_shelf(count: int) -> Shelf:
    return Shelf([a_delivery(id=number, created=now()) for number in range(count)])


def a_postman(port: int, shelf: Shelf, states: list[PostState] | None = None) -> Postman:
    account = Account(
        Smtp("127.0.0.1", port, "none"), hello="acme.example", clock=now, unknown_retry=timedelta(minutes=15), final_reply_seconds=30
    )
    return Postman(account, shelf, now, on_state=(states if states is not None else []).append, jitter=lambda: 0.0, poll_seconds=0.05)


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def test_all_letters_go_out_over_one_connection_with_one_commit_each():
    shelf = a_shelf(20)
    with FakeSmtp() as server:
        assert a_postman(server.port, shelf).run_until_empty() == 20
        assert (len(server.taken), server.connections) == (20, 1)
    assert shelf.outcomes == [Sent] * 20
    assert (shelf.claims, shelf.commits) == (1, 20)


def test_each_outcome_is_recorded_and_the_next_letter_goes_on():
    script: dict[str, list[Action]] = {"RCPT": ["550 no", "451 later"], "DOT": [Cut()]}
    shelf = a_shelf(4)
    with FakeSmtp(dict(script)) as server:
        a_postman(server.port, shelf).run_until_empty()
    assert shelf.outcomes == [Failed, Deferred, Unknown, Sent]


def test_while_the_account_cannot_be_reached_letters_stay_where_they_are():
    shelf, states = a_shelf(3), list[PostState]()
    postman = a_postman(1, shelf, states)
    assert postman.run_until_empty() == 0
    assert (len(shelf.waiting), shelf.recorded) == (3, [])
    assert postman.state.condition is Condition.RESTING
    assert "127.0.0.1:1 cannot be used" in postman.state.detail
    assert states == [postman.state]


def test_a_clock_that_is_set_back_makes_no_account_rest_for_hours():
    """Nor for less than it should, where it is set forward (OPERATIONS I23)."""
    shelf, clock, stopwatch = a_shelf(1), [now()], [0.0]
    relay = AwayOnce()
    postman = Postman(relay, shelf, lambda: clock[0], jitter=lambda: 0.0, stopwatch=lambda: stopwatch[0])
    assert (postman.run_until_empty(), postman.state.condition) == (0, Condition.RESTING)
    clock[0] += timedelta(hours=5)
    stopwatch[0] = 4.9
    assert postman.run_until_empty() == 0
    clock[0] -= timedelta(hours=10)
    stopwatch[0] = 5.0
    assert postman.run_until_empty() == 1


def test_a_daily_limit_rests_the_account_and_fails_no_letter():
    shelf, states = a_shelf(100), list[PostState]()
    with FakeSmtp({"DOT": ["550 5.4.5 Daily user sending limit exceeded"]}) as server:
        a_postman(server.port, shelf, states).run_until_empty()
    assert shelf.outcomes == [Deferred]
    assert len(shelf.waiting) == 99
    assert [state.condition for state in states] == [Condition.SENDING, Condition.RESTING]


def test_the_brake_holds_everything_until_it_is_released():
    shelf = a_shelf(2)
    shelf.paused = True
    with FakeSmtp() as server:
        postman = a_postman(server.port, shelf)
        postman.start()
        wait_until(lambda: postman.state.condition is Condition.PAUSED)
        assert server.connections == 0
        shelf.paused = False
        postman.wake()
        wait_until(lambda: shelf.outcomes == [Sent, Sent])
        assert postman.drain(5)
    assert postman.state.condition is Condition.STOPPED


def test_a_wake_sends_at_once():
    shelf = Shelf()
    with FakeSmtp() as server:
        account = Account(Smtp("127.0.0.1", server.port, "none"), hello="x", clock=now, unknown_retry=timedelta())
        postman = Postman(account, shelf, now, poll_seconds=60)
        postman.start()
        time.sleep(0.1)
        shelf.waiting.append(a_delivery(created=now()))
        postman.wake()
        wait_until(lambda: shelf.outcomes == [Sent], seconds=1)
        assert postman.drain(5)


def test_a_sent_letter_is_recorded_even_if_the_database_is_away_for_a_while():
    shelf, states = a_shelf(2), list[PostState]()
    shelf.failing = 1
    with FakeSmtp() as server:
        a_postman(server.port, shelf, states).run_until_empty()
        assert len(server.taken) == 2
    assert shelf.outcomes == [Sent, Sent]
    assert Condition.STORELESS in {state.condition for state in states}


def test_draining_ends_the_letter_in_hand_and_starts_no_other():
    shelf = a_shelf(5)
    with FakeSmtp({"DOT": [Stall(0.5)]}) as server:
        postman = a_postman(server.port, shelf)
        postman.start()
        wait_until(lambda: "DATA" in server.commands)
        assert postman.drain(5)
    assert shelf.outcomes == [Sent]
    assert len(shelf.waiting) == 4


def test_stopping_cuts_the_connection_and_the_letter_is_unknown():
    shelf = a_shelf(5)
    with FakeSmtp({"DOT": [Stall(20)]}) as server:
        postman = a_postman(server.port, shelf)
        postman.start()
        wait_until(lambda: "DATA" in server.commands)
        time.sleep(0.1)
        assert not postman.drain(0.1)
        before = time.monotonic()
        postman.stop()
        assert time.monotonic() - before < 2
    assert shelf.outcomes == [Unknown]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("post ")]


def test_what_was_sent_is_told():
    told: list[tuple[int, type[Outcome]]] = []
    shelf = a_shelf(2)
    with FakeSmtp() as server:
        account = Account(Smtp("127.0.0.1", server.port, "none"), hello="x", clock=now, unknown_retry=timedelta())
        Postman(account, shelf, now, on_outcome=lambda delivery, outcome: told.append((delivery.id, type(outcome)))).run_until_empty()
    assert told == [(0, Sent), (1, Sent)]


def test_queues_share_an_account_unless_they_have_their_own():
    desk = a_desk()
    own = Smtp("smtp.other.example")
    desk = replace(desk, queues={**desk.queues, "vip": Queue("vip", "VIP", "vip@acme.example", "support", smtp=own)})
    assert dict(group_by_account(desk)) == {desk.smtp: frozenset({"support", "sales"}), own: frozenset({"vip"})}
