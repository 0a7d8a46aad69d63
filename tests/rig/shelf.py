"""A store for watchers that lives in memory and keeps the promises of `MailboxStore`: one commit, known UIDs left as they are."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from maild.errors import StoreUnavailableError
from maild.ingest.arrival import Arrival, Place
from maild.ingest.progress import Progress


@dataclass(slots=True)
class Shelf:
    """`reached` is by the place in words; `commits` holds what each commit brought.

    `down` makes every call fail; `dies_after` commits it goes down by itself. `wanted`: what somebody has asked for again.
    """

    arrivals: dict[tuple[Place, int | None, int | None], Arrival] = field(default_factory=dict)
    reached: dict[str, Progress] = field(default_factory=dict)
    commits: list[tuple[Arrival, ...]] = field(default_factory=list)
    down: bool = False
    dies_after: int | None = None
    wanted: set[tuple[Place, int | None]] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def progress(self, place: Place) -> Progress | None:
        self._check()
        return self.reached.get(str(place))

    def store(self, place: Place, arrivals: Sequence[Arrival], progress: Progress) -> None:
        self._check()
        with self._changed:
            for arrival in arrivals:
                assert arrival.place == place
                self.arrivals.setdefault((place, arrival.uid_validity, arrival.uid), arrival)
            self.reached[str(place)] = replace(progress, last_success=datetime.now(UTC))
            self.commits.append(tuple(arrivals))
            self._changed.notify_all()

    def stored(self, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
        self._check()
        return frozenset(uid for uid in uids if (place, uid_validity, uid) in self.arrivals)

    def whole(self, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
        self._check()
        held = {uid: self.arrivals.get((place, uid_validity, uid)) for uid in uids}
        return frozenset(uid for uid, arrival in held.items() if arrival and arrival.full_size is None)

    def asked_again(self, place: Place, uid_validity: int) -> frozenset[int]:
        self._check()
        return frozenset(uid for wanted, uid in self.wanted if wanted == place and uid is not None)

    def store_again(self, arrival: Arrival) -> None:
        self._check()
        with self._changed:
            self.wanted.discard((arrival.place, arrival.uid))
            self.arrivals[(arrival.place, arrival.uid_validity, arrival.uid)] = arrival
            self._changed.notify_all()

    @property
    def uids(self) -> list[int | None]:
        """UIDs of everything stored, in order."""
        return sorted((arrival.uid for arrival in self.arrivals.values()), key=lambda uid: uid or 0)

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Arrival]:
        """Block until that many messages are stored.

        Raises:
            TimeoutError: they did not come in time.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while len(self.arrivals) < count:
                if time.monotonic() >= deadline:
                    raise TimeoutError(f"{len(self.arrivals)} of {count} messages are stored")
                self._changed.wait(max(0.0, deadline - time.monotonic()))
            return list(self.arrivals.values())

    def _check(self) -> None:
        if self.dies_after is not None and len(self.commits) >= self.dies_after:
            self.down = True
        if self.down:
            raise StoreUnavailableError
