"""A fair lock: threads pass in the order in which they came. Python's own lock lets the thread that has just left come in again first."""

import threading
from collections import deque
from types import TracebackType


class Turnstile:
    """`with turnstile:` one thread at a time, first come, first served."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._holder: int | None = None

    @property
    def is_awaited(self) -> bool:
        """Does another thread wait to come in? A moment later the answer may be another."""
        return bool(self._waiting)

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._mutex:
            if self._holder is None:
                self._holder = me
                return
            if self._holder == me:
                raise RuntimeError("a thread cannot hold two writing transactions at once")
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append(gate)
        gate.acquire()
        self._holder = me

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._mutex:
            if self._waiting:
                self._holder = 0
                self._waiting.popleft().release()
            else:
                self._holder = None
