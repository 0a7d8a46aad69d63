"""Faults: what is wrong in a file, where, and the remedy. Collected, never raised one by one."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from itertools import islice
from pathlib import Path

from maild.errors import MaildError

MAX_WORDS_COMPARED = 1000


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file; line and column count from 1. `width` is the length of what stands there, for the carets."""

    file: Path
    line: int
    column: int
    width: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Codes (RULES.md 6): E1xx syntax and keys, E2xx unknown names, E3xx types and values, E4xx templates, W3xx warnings."""

    place: Place
    code: str
    message: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.code.startswith("W") else Severity.ERROR

    def describe(self, base: Path) -> str:
        """`file:line:column: CODE message`, the file relative to `base` where it lies below it."""
        file = self.place.file.relative_to(base) if self.place.file.is_relative_to(base) else self.place.file
        return f"{file}:{self.place.line}:{self.place.column}: {self.code} {self.message}"


class TooManyFaultsError(MaildError):
    """There are more faults than anybody reads."""


class Faults:
    """A growing list of faults, handed through a load. With a `limit`, the error beyond so many ends the load.

    Raises:
        TooManyFaultsError: from `add`, at that error.
    """

    def __init__(self, limit: int | None = None) -> None:
        self._faults: dict[Fault, None] = {}
        self._errors_left = limit

    def add(self, place: Place, code: str, message: str) -> None:
        fault = Fault(place, code, message)
        if fault in self._faults:
            return
        if self._errors_left is not None and fault.severity is Severity.ERROR:
            if not self._errors_left:
                raise TooManyFaultsError
            self._errors_left -= 1
        self._faults[fault] = None

    def sorted(self) -> tuple[Fault, ...]:
        return tuple(sorted(self._faults, key=lambda fault: (str(fault.place.file), fault.place.line, fault.place.column)))

    @property
    def errors(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.sorted() if fault.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.sorted() if fault.severity is Severity.WARNING)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean "…"?)`, or nothing where no known word is near."""
    near = find_nearest(word, known)
    return f' (did you mean "{near}"?)' if near else ""


def find_nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like this one, if any is like it at all. Of very many, the first are looked at."""
    folded = {name.casefold(): name for name in islice(known, MAX_WORDS_COMPARED)}
    near = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[near[0]] if near else None
