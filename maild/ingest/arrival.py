"""A message's first moments: as fetched (Arrival), and as the store hands it to the walk (Incoming). Plain values."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """One fetched message, to be stored before anything else happens to it (MAIL.md P1).

    `received` is the server's INTERNALDATE (for other doors: now). `uid_validity` and `uid` are None for mail that came by another door.
    `answered`: the server copy carries the Answered flag. `quiet`: old mail, never acknowledged. `full_size`: the message's size on the
    server where `raw` is only its header and the beginning of its text (MAIL.md P13), else None. `withheld`: why there is no more than
    the header, or not even that, because the server does not hand the message over (OPERATIONS I12); else empty.
    """

    mailbox: str
    raw: bytes
    received: datetime
    uid_validity: int | None = None
    uid: int | None = None
    answered: bool = False
    quiet: bool = False
    full_size: int | None = None
    withheld: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One stored message on its way through the walk.

    `attempts` counts this one. `released`: a person let it out of quarantine, so policy does not hold it again (MAIL.md S5).
    `full_size`, `withheld`: as in `Arrival`.
    """

    id: int
    mailbox: str
    raw: bytes
    received: datetime
    attempts: int
    answered: bool = False
    quiet: bool = False
    released: bool = False
    full_size: int | None = None
    withheld: str = ""
