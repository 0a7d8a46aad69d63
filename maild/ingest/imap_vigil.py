"""Waiting for a mail server to say that there is something new (OPERATIONS I8 to I10)."""

import math
import select
import threading
import time

from maild.ingest.imap_wire import ImapWire, Timing

NEAR_SECONDS = 0.005


class Vigil:
    """Over one connection with a folder selected: by IDLE, or by asking often where that costs next to nothing."""

    def __init__(self, wire: ImapWire, timing: Timing) -> None:
        self._wire = wire
        self._timing = timing
        self._round_trip = math.inf

    def keep(self, seconds: float, stop: threading.Event) -> bool:
        """Wait until the server says anything at all, at most so many seconds or until `stop`. True: look for new mail.

        What the server says in IDLE is never read while it may be incomplete: DONE first, then all up to the tagged answer (I8 to I10).
        What it announced in its answer to the last SEARCH, or after that, is not found yet, and not said in IDLE any more.
        """
        if self._wire.take_announcement():
            return True
        if not self._is_near() and self._measure():
            return True
        if self._is_near():
            return self._ask_often(seconds, stop)
        with self._wire.speaking() as client:
            client.idle()
        spoke = self._wait_for_words(seconds, stop)
        with self._wire.speaking() as client:
            _, told = client.idle_done()
        return spoke or bool(told)

    def ask(self) -> bool:
        """Let the server announce what is new, without which SEARCH may not see it (RFC 3501, 7.3.1). True: it said something."""
        with self._wire.speaking() as client:
            _, told = client.noop()
        return bool(told)

    def _is_near(self) -> bool:
        """Whether the server answers so fast that asking costs next to nothing."""
        return self._timing.near_poll > 0 and self._round_trip < NEAR_SECONDS

    def _measure(self) -> bool:
        """How fast the server answers at its best. True: it had news, which it will not tell again.

        Measured anew at every vigil until it is near: while what came in the night is worked off, every answer is late, and the connection
        that begins then lasts long.
        """
        began = time.monotonic()
        told = self.ask()
        self._round_trip = min(self._round_trip, time.monotonic() - began)
        return told

    def _ask_often(self, seconds: float, stop: threading.Event) -> bool:
        """Instead of IDLE: Dovecot tells an idling client of new mail half a second late, to gather what comes together."""
        deadline = time.monotonic() + seconds
        while not stop.wait(self._timing.near_poll) and time.monotonic() < deadline:
            if self.ask():
                return True
        return False

    def _wait_for_words(self, seconds: float, stop: threading.Event) -> bool:
        deadline = time.monotonic() + seconds
        connection = self._wire.client.socket()
        if self._wire.has_buffered():
            return True
        poller = select.poll()
        poller.register(connection.fileno(), select.POLLIN)
        while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
            # Half a second at most, so that `stop` is seen soon.
            if poller.poll(min(left, 0.5) * 1000):
                return True
        return False
