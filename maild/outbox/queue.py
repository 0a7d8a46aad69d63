"""The post office: one Postman per SMTP account takes letters from the store, sends them, and records what came of each.

One commit per letter: recording a letter's outcome claims the next. While the account cannot be used nothing is claimed, so letters stay
queued and only the account backs off. How a letter is sent is `smtp`'s, which letter is next the store's.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from time import monotonic
from typing import Protocol

from maild.config.settings import Settings, Smtp
from maild.errors import AccountUnavailableError, StoreUnavailableError
from maild.killpoint import reach
from maild.outbox.delivery import Delivery, Outcome
from maild.outbox.schedule import back_off
from maild.outbox.smtp import Trouble

POLL_SECONDS = 2.0
KEEP_OPEN_SECONDS = 60.0
STORE_RETRY_SECONDS = 1.0
PAUSE_CHECK_SECONDS = 1.0


class Door(Protocol):
    """What the post office asks of the store, for the queues of one account. Each call is one transaction.

    `has_due` only looks. `claim` and `record` hand out a delivery in state `sending`, under a lease. Any of them may raise
    StoreUnavailableError.
    """

    def has_due(self, now: datetime) -> bool: ...

    def claim(self, now: datetime) -> Delivery | None: ...

    def record(self, delivery: int, outcome: Outcome, next_wanted: bool, now: datetime) -> Delivery | None: ...

    def is_paused(self) -> bool: ...


class Courier(Protocol):
    """What carries a letter: `maild.outbox.smtp.Account`."""

    @property
    def name(self) -> str: ...

    @property
    def trouble(self) -> Trouble | None: ...

    def connect(self) -> None: ...

    def send(self, delivery: Delivery) -> Outcome: ...

    def close(self) -> None: ...

    def abort(self) -> None: ...


class Condition(Enum):
    """What a postman is doing. RESTING: the account is in trouble; STORELESS: the database does not answer."""

    IDLE = "idle"
    SENDING = "sending"
    PAUSED = "paused"
    RESTING = "resting"
    STORELESS = "storeless"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PostState:
    """A postman's condition since when, and for trouble why."""

    condition: Condition
    since: datetime
    detail: str = ""


class Postman:
    """Sends what is due, in a thread of its own (`start`) or in the caller's (`run_until_empty`).

    `clock` tells the hour, `stopwatch` how long the account has rested, in seconds that nobody sets back.
    """

    def __init__(
        self,
        courier: Courier,
        door: Door,
        clock: Callable[[], datetime],
        *,
        on_state: Callable[[PostState], None] = lambda state: None,
        on_outcome: Callable[[Delivery, Outcome], None] = lambda delivery, outcome: None,
        jitter: Callable[[], float] = random.random,
        stopwatch: Callable[[], float] = monotonic,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._courier = courier
        self._door = door
        self._clock = clock
        self._on_state = on_state
        self._on_outcome = on_outcome
        self._jitter = jitter
        self._stopwatch = stopwatch
        self._poll_seconds = poll_seconds
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._cut = threading.Event()
        self._failures = 0
        self._rest_until: float | None = None
        self._last_sent = monotonic()
        self._pause_seen = -PAUSE_CHECK_SECONDS
        self._thread: threading.Thread | None = None
        self.state = PostState(Condition.IDLE, clock())

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=f"post {self._courier.name}", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Something may be due: look at once instead of at the next poll."""
        self._wake.set()

    def drain(self, timeout: float) -> bool:
        """Finish the letter in hand, claim no other, end the thread. False if it has not ended in time; then `stop` cuts it off."""
        self._ending.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    def stop(self) -> None:
        """End at once; a letter under way is then unknown to us, as after a crash (MAIL.md O6)."""
        self._cut.set()
        self._courier.abort()
        self.drain(timeout=5.0)

    def run_until_empty(self) -> int:
        """Send everything that is due now and return how many deliveries were tried; stops early where the account cannot be used."""
        tried = 0
        while (count := self._send_due()) > 0:
            tried += count
        self._courier.close()
        return tried

    def _run(self) -> None:
        while not self._ending.is_set():
            self._send_due()
            self._hang_up_when_idle()
            self._wake.wait(self._poll_seconds)
            self._wake.clear()
        self._courier.close()
        self._enter(Condition.STOPPED)

    def _send_due(self) -> int:
        """One burst: connect if anything is due, then send until nothing is. Returns how many deliveries were tried."""
        try:
            if self._is_resting() or self._is_paused() or not self._door.has_due(self._clock()):
                return 0
            self._courier.connect()
            self._failures = 0
            return self._burst()
        except AccountUnavailableError as error:
            self._rest(str(error), back_off(self._failures, self._jitter()))
            self._failures += 1
        except StoreUnavailableError as error:
            self._enter(Condition.STORELESS, str(error))
        return 0

    def _burst(self) -> int:
        count = 0
        delivery = self._door.claim(self._clock())
        while delivery is not None:
            self._enter(Condition.SENDING)
            reach("send.claimed")
            outcome = self._courier.send(delivery)
            reach("send.answered")
            count += 1
            self._last_sent = monotonic()
            following = self._record(delivery, outcome)
            reach("send.recorded")
            self._on_outcome(delivery, outcome)
            delivery = following
        if trouble := self._courier.trouble:
            self._rest(trouble.reason, trouble.pause)
        elif self.state.condition is Condition.SENDING:
            self._enter(Condition.IDLE)
        return count

    def _record(self, delivery: Delivery, outcome: Outcome) -> Delivery | None:
        """Record until the store takes it: a letter sent but not recorded would go out twice."""
        while True:
            try:
                next_wanted = not self._ending.is_set() and self._courier.trouble is None and not self._is_paused()
                return self._door.record(delivery.id, outcome, next_wanted, self._clock())
            except StoreUnavailableError as error:
                self._enter(Condition.STORELESS, str(error))
                if self._cut.wait(STORE_RETRY_SECONDS):
                    return None

    def _is_paused(self) -> bool:
        """The brake of `maild outbox pause`; asked at most once a second while letters flow."""
        if self.state.condition is Condition.SENDING and monotonic() - self._pause_seen < PAUSE_CHECK_SECONDS:
            return False
        self._pause_seen = monotonic()
        paused = self._door.is_paused()
        if paused:
            self._enter(Condition.PAUSED)
        elif self.state.condition in (Condition.PAUSED, Condition.STORELESS):
            self._enter(Condition.IDLE)
        return paused

    def _is_resting(self) -> bool:
        return self._rest_until is not None and self._stopwatch() < self._rest_until

    def _rest(self, reason: str, pause: timedelta) -> None:
        self._rest_until = self._stopwatch() + pause.total_seconds()
        self._enter(Condition.RESTING, reason)

    def _hang_up_when_idle(self) -> None:
        if monotonic() - self._last_sent > KEEP_OPEN_SECONDS:
            self._last_sent = monotonic()
            self._courier.close()

    def _enter(self, condition: Condition, detail: str = "") -> None:
        if (condition, detail) == (self.state.condition, self.state.detail):
            return
        self.state = PostState(condition, self._clock(), detail)
        self._on_state(self.state)


def group_by_account(settings: Settings) -> tuple[tuple[Smtp, frozenset[str]], ...]:
    """Every account that sends, with the queues whose letters it takes. A queue without any account is in none."""
    groups: dict[Smtp, set[str]] = {}
    for queue in settings.queues.values():
        account = queue.smtp or settings.smtp
        if account and account.host:
            groups.setdefault(account, set()).add(queue.key)
    return tuple((account, frozenset(queues)) for account, queues in groups.items())
