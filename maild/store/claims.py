"""Claims: whose are over. One made on this host holds while its process lives, whatever the clock says; one from elsewhere runs out."""

from collections.abc import Callable
from datetime import datetime, timedelta

from maild.waits import is_over

LONGEST = timedelta(hours=1)
"""Nothing is claimed for longer."""

VitalSign = Callable[[str], bool | None]
"""Whether an owner is at work; None: that cannot be known here (`maild.node.vital_sign`)."""


def has_ended(owner: str, until: datetime, vital_sign: VitalSign, now: datetime) -> bool:
    """Whether what an owner has claimed is anybody's again."""
    alive = vital_sign(owner)
    return is_over(until, LONGEST, now) if alive is None else not alive
