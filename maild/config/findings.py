"""What a reading of the files gathers on its way, and the place it has reached. Handed to every reader; judges nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Literal, TypeVar

from maild.config.faults import Faults, Place
from maild.config.nodes import Node, Scalar
from maild.secret import Secret


class Bad(Enum):
    """Stands in for a value that could not be read; its fault is already recorded."""

    BAD = "bad"


BAD = Bad.BAD


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that must stand elsewhere: an agent's, a queue's, a calendar's, or that of the queue whose mailbox is shared."""

    kind: Literal["agent", "queue", "mailbox", "calendar"]
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Claim:
    """Somebody's address: a department's, an agent's, an admin's, or the desk's own. `owner` is the department's or the agent's key."""

    kind: Literal["queue", "agent", "admin", "control"]
    owner: str
    address: str
    place: Place


@dataclass(frozen=True, slots=True)
class FoundSecret:
    """A secret and where it is written. `lenient`: its file may be readable by others (`insecure_permissions: true`)."""

    secret: Secret
    name: str
    place: Place
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """All that one reading gathers; it grows while the reading runs. `unread` are top-level keys whose file is no valid YAML."""

    directory: Path
    faults: Faults = field(default_factory=Faults)
    unread: set[str] = field(default_factory=set)
    references: list[Reference] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    secrets: list[FoundSecret] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """Where the reading stands: the keys on the way here, and the place of the last of them."""

    findings: Findings
    place: Place
    path: tuple[str, ...] = ()

    def at(self, key: Scalar) -> "Reading":
        """One level further down, under `key`."""
        return Reading(self.findings, key.place, (*self.path, key.text))

    @property
    def name(self) -> str:
        """The key whose value is being read."""
        return self.path[-1] if self.path else "maild.yaml"

    @property
    def where(self) -> str:
        """The whole way here, as in `queues.support`."""
        return ".".join(self.path) or self.name

    def refuse(self, place: Place, code: str, message: str) -> Bad:
        """Record a fault; the answer says that there is no value."""
        self.findings.faults.add(place, code, message)
        return BAD

    def warn(self, place: Place, code: str, message: str) -> None:
        """Record a warning; there is a value all the same."""
        self.findings.faults.add(place, code, message)


T = TypeVar("T")
Reader = Callable[[Node, Reading], T | Bad]
