"""What the daemon asks of a reading worker, and what it gets back. Plain values that cross a pipe; nothing here does anything."""

from dataclasses import dataclass

from maild.message import InboundMessage

# The exit status of a worker whose memory ran out.
OUT_OF_MEMORY = 3


@dataclass(frozen=True, slots=True)
class ReadErrand:
    """Read a message; `reply` as in `maild.ingest.parse.parse_message`."""

    raw: bytes
    reply: bool


@dataclass(frozen=True, slots=True)
class EnclosureErrand:
    """Take attachments out of a message, by their part numbers."""

    raw: bytes
    wanted: frozenset[int]


@dataclass(frozen=True, slots=True)
class Failure:
    """The errand raised; `traceback` is its text."""

    traceback: str


Errand = ReadErrand | EnclosureErrand
Answer = InboundMessage | dict[int, bytes] | Failure
