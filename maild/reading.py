"""Reading: everything found out about one message before anything is decided. The reading room's result, plain values."""

from dataclasses import dataclass
from datetime import datetime

from maild.ingest.department import Departments
from maild.ingest.sender import Sender
from maild.ingest.thread import Thread
from maild.known import NOTHING_NOTED, Conduct, Known
from maild.message import InboundMessage, Nature
from maild.tokens import LetterToken


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How the message came to us: its mailbox and what the server said of it (see `maild.ingest.arrival.Incoming`).

    `received` None: now.
    """

    mailbox: str
    answered: bool = False
    quiet: bool = False
    released: bool = False
    received: datetime | None = None
    full_size: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """`title` is the subject without our own tags and reply prefixes, `bounced` the letter of ours a delivery report is about (B2)."""

    message: InboundMessage
    circumstances: Circumstances
    nature: Nature
    sender: Sender
    departments: Departments
    known: Known
    thread: Thread
    conduct: Conduct = NOTHING_NOTED
    title: str = ""
    bounced: LetterToken | None = None
