"""How far a folder has been read, what state its mailbox is in, and the store's side of reading it. Plain values and one Protocol."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from maild.ingest.arrival import Arrival, Place


class MailboxState(Enum):
    """What `maild status` says of a mailbox. None of them is for ever: the watcher goes on trying (I24)."""

    CONNECTING = "connecting"
    READING = "reading"
    WATCHING = "watching"
    UNREACHABLE = "unreachable"
    AUTH_REQUIRED = "auth_required"
    FOLDER_MISSING = "folder_missing"
    THROTTLED = "throttled"
    REFUSING = "refusing"
    GARBLED = "garbled"
    STORE_DOWN = "store_down"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Progress:
    """Every UID up to `watermark` is stored, gone, or older than the desk. Dates are None where nothing is known.

    `first_contact` is when the desk first saw the folder: what `start` and `quiet` are counted from. `last_success` is the last time
    the mailbox was read to its end; only the store fills it.
    """

    uid_validity: int
    watermark: int
    first_contact: datetime | None = None
    last_success: datetime | None = None


class MailboxStore(Protocol):
    """What the watcher wants of the store. All of them may raise StoreUnavailableError, and then nothing has happened."""

    def progress(self, place: Place) -> Progress | None:
        """How far this folder has been read, None at first contact."""

    def store(self, place: Place, arrivals: Sequence[Arrival], progress: Progress) -> None:
        """Messages and new progress in one commit. Messages already there (place, uid_validity, uid) are left as they are."""

    def stored(self, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
        """Which of these UIDs are stored."""

    def whole(self, place: Place, uid_validity: int, uids: Sequence[int]) -> frozenset[int]:
        """Which of these UIDs are stored to the last byte."""

    def asked_again(self, place: Place, uid_validity: int) -> frozenset[int]:
        """The UIDs of withheld messages a person wants to be fetched once more (OPERATIONS I12)."""

    def store_again(self, arrival: Arrival) -> None:
        """What came of it, in place of what was stored before."""
