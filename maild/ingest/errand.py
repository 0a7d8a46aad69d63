"""What the daemon asks of a reading worker, and what it gets back. Plain values that cross a pipe; nothing here does anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from maild.message import InboundMessage

# The exit status of a worker whose memory ran out.
OUT_OF_MEMORY = 3


@dataclass(frozen=True, slots=True)
class Errand:
    """Read a message; `reply` as in `maild.ingest.parse.parse_message`. `with_files`: its attachments' bytes are wanted, too; `with_look`:
    how its HTML looks in letters, too, which takes a quarter of the time."""

    raw: bytes
    reply: bool = True
    with_files: bool = False
    with_look: bool = True


@dataclass(frozen=True, slots=True)
class Opened:
    """A message read; `files` holds its attachments' bytes by `Attachment.part` if they were wanted."""

    message: InboundMessage
    files: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Failure:
    """The errand raised; `traceback` is its text."""

    traceback: str


Answer = Opened | Failure
