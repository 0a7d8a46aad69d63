"""A message's first moments: where it lay (Place), as fetched (Arrival), and as the store hands it to the walk (Incoming). Plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from maild.ingest.opinion import Opinion


class Part(Enum):
    """One of the folders of a mailbox: the one it is read from; the one into which the server puts what it takes for spam; the one in which
    mail programs keep what people write in its name."""

    INBOX = "inbox"
    JUNK = "junk"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a mailbox as the desk knows it, whatever the server calls it. UIDs mean something in one place only."""

    mailbox: str
    part: Part = Part.INBOX

    def __str__(self) -> str:
        return self.mailbox if self.part is Part.INBOX else f"{self.mailbox}/{self.part.value}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One fetched message, to be stored before anything else happens to it (MAIL.md P1).

    `received` is the server's INTERNALDATE (for other doors: now). `uid_validity` and `uid` are None for mail that came by another door.
    `answered`: the server copy carries the Answered flag; `junk`: the keyword $Junk. `quiet`: old mail, never acknowledged. `full_size`:
    the message's size on the server where `raw` is only its header and the beginning of its text (MAIL.md P13), else None. `withheld`:
    why there is no more than the header, or not even that, because the server does not hand the message over (OPERATIONS I12); else empty.
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
    part: Part = Part.INBOX
    junk: bool = False

    @property
    def place(self) -> Place:
        return Place(self.mailbox, self.part)


@dataclass(frozen=True, slots=True)
class Incoming:
    """One stored message on its way through the walk.

    `attempts` counts this one. `stored` is when it came to us, which orders threads (MAIL.md P15). `released`: a person let it out of
    quarantine, so policy does not hold it again (S5). `sent_after_all`: it was kept as a note, and its agent has said that it is to go to
    the customer (A6). `corrected`: it was given back to its agent, and these are the command lines he wants in place of its own (A7); None:
    its own. `caught_up`: it was held because a colleague had answered before, and its agent knows all that was answered until then (A11).
    `opinion`: what the spam filter said that was asked about it; None: none was. `full_size`, `withheld`, `part` and `junk`: as in
    `Arrival`.
    """

    id: int
    mailbox: str
    raw: bytes
    received: datetime
    stored: datetime
    attempts: int
    answered: bool = False
    quiet: bool = False
    released: bool = False
    full_size: int | None = None
    withheld: str = ""
    part: Part = Part.INBOX
    junk: bool = False
    sent_after_all: bool = False
    corrected: str | None = None
    caught_up: datetime | None = None
    opinion: Opinion | None = None

    @property
    def walks_again(self) -> bool:
        """Whether its agent has wanted it to, so that it means what it says today."""
        return self.sent_after_all or self.corrected is not None or self.caught_up is not None
