"""The inquiry: the mails of a batch are shown to the desk's spam filter ahead of the walk, several at once, while no transaction is open.

A filter costs the desk little when it is slow and nothing when it is dead: each question has its time, and after a few that failed in a row
it is left alone for a while; the mail is then read without it. How a filter is asked is its door's to know.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillUnansweredError
from dataclasses import dataclass
from time import monotonic

from maild.config.settings import Rspamd
from maild.errors import FilterUnavailableError
from maild.ingest.opinion import Opinion
from maild.ingest.rspamd import ask_rspamd

AT_ONCE = 8
MOST_FAILURES = 3
FIRST_REST_SECONDS = 30.0
LONGEST_REST_SECONDS = 600.0
GRACE_SECONDS = 1.0

Ask = Callable[[Rspamd, bytes], Opinion]
Tell = Callable[[str, str], None]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question for each mail of a batch, None for those nobody is asked about; `rspamd` None: for all of them."""

    rspamd: Rspamd | None
    questions: Sequence["Future[Opinion] | None"]


class Inquiry:
    """`tell` gets a filter's name and what is wrong with it, "" for nothing, whenever that changes."""

    def __init__(self, tell: Tell = lambda name, trouble: None, ask: Ask = ask_rspamd, clock: Clock = monotonic) -> None:
        self._tell = tell
        self._ask = ask
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, "inquiry")
        self._patience: dict[Rspamd, _Patience] = {}
        self._told: dict[str, str] = {}

    def ask_ahead(self, rspamd: Rspamd | None, mails: Sequence[bytes | None]) -> Asked:
        """Ask, and wait for nothing. None among the mails: not about this one."""
        if rspamd is None:
            return Asked(None, (None,) * len(mails))
        if rspamd not in self._patience:
            self._patience = {rspamd: _Patience(self._clock)}
        patience = self._patience[rspamd]
        asked = (None if raw is None else self._threads.submit(self._question, rspamd, raw, patience) for raw in mails)
        return Asked(rspamd, tuple(asked))

    def hear(self, asked: Asked) -> list[Opinion | None]:
        """The answers. Waits for them, but no longer than all may take together."""
        rspamd = asked.rspamd
        patience = self._patience.get(rspamd) if rspamd else None
        if rspamd is None or not any(asked.questions):
            return [None for _ in asked.questions]
        rounds = -(-len(asked.questions) // AT_ONCE)
        until = monotonic() + rounds * rspamd.timeout.total_seconds() + GRACE_SECONDS
        heard = [_hear(question, rspamd, until, patience) if question else None for question in asked.questions]
        if patience and self._told.get(rspamd.name) != patience.trouble:
            self._told[rspamd.name] = patience.trouble
            self._tell(rspamd.name, patience.trouble)
        return heard

    def close(self) -> None:
        """What is not asked yet never is."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _question(self, rspamd: Rspamd, raw: bytes, patience: "_Patience") -> Opinion:
        if why := patience.why_not():
            return Opinion(rspamd.name, problem=why)
        try:
            opinion = self._ask(rspamd, raw)
        except FilterUnavailableError as error:
            patience.note(str(error))
            return Opinion(rspamd.name, problem=str(error))
        patience.note("")
        return opinion


def _hear(question: "Future[Opinion]", rspamd: Rspamd, until: float, patience: "_Patience | None") -> Opinion:
    """Where even the time for all has run out, the system has been looking up the host's name."""
    try:
        return question.result(max(until - monotonic(), 0))
    except StillUnansweredError:
        problem = "no answer in all the time there was"
        if not question.cancel() and patience:
            patience.note(problem)
        return Opinion(rspamd.name, problem=problem)


class _Patience:
    """How long one filter is borne with. `trouble`: how the last question failed, "" where it did not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests = 0
        self._resting_until = 0.0
        self._is_trial = False
        self.trouble = ""

    def why_not(self) -> str:
        """Why it is not to be asked now, "" if it is. After a rest one question is the trial, and the others wait for what it comes to."""
        with self._lock:
            if self._failures < MOST_FAILURES:
                return ""
            left = self._resting_until - self._clock()
            if left > 0:
                return f"it is left alone for {left:.0f} s more, since {self._failures} questions in a row have failed ({self.trouble})"
            self._is_trial = True
            self._resting_until = self._clock() + self._rest()
            return ""

    def note(self, trouble: str) -> None:
        """How a question went; "" well."""
        with self._lock:
            self.trouble = trouble
            if not trouble:
                self._failures = self._rests = 0
                self._is_trial = False
                return
            self._failures += 1
            if self._failures >= MOST_FAILURES and (self._is_trial or self._clock() >= self._resting_until):
                self._resting_until = self._clock() + self._rest()
                self._rests += 1
                self._is_trial = False

    def _rest(self) -> float:
        return min(FIRST_REST_SECONDS * 2.0 ** min(self._rests, 30), LONGEST_REST_SECONDS)
