"""Claims: whose are over. One made on this host holds while its process lives, whatever the clock says; one from elsewhere runs out."""

from collections.abc import Callable, Hashable, Iterable
from datetime import datetime, timedelta
from time import monotonic

from maild.waits import is_over

LONGEST = timedelta(hours=1)
"""Nothing is claimed for longer."""

VitalSign = Callable[[str], bool | None]
"""Whether an owner is at work; None: that cannot be known here (`maild.node.vital_sign`)."""


def has_ended(owner: str, until: datetime, vital_sign: VitalSign, now: datetime) -> bool:
    """Whether what an owner has claimed is anybody's again."""
    alive = vital_sign(owner)
    return is_over(until, LONGEST, now) if alive is None else not alive


class Watch:
    """Sees claims that stand and stand, although their process lives: nobody there may know of them any more."""

    def __init__(self, stopwatch: Callable[[], float] = monotonic) -> None:
        self._stopwatch = stopwatch
        self._seen: dict[Hashable, float] = {}

    def find_lost(self, claims: Iterable[Hashable]) -> frozenset[Hashable]:
        """Of all claims that stand now those that have been seen for longer than any is needed. `claims`: each with its attempt."""
        now = self._stopwatch()
        self._seen = {claim: self._seen.get(claim, now) for claim in claims}
        return frozenset(claim for claim, since in self._seen.items() if now - since > LONGEST.total_seconds())
