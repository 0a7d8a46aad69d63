"""Which elements of a mail's HTML are open at a place, whatever its end tags say. Pure; what the elements mean is others' to know."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

VOID = frozenset({"br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr"})
"""Elements without content: they have no end tag, and none is ever open."""

T = TypeVar("T")


@dataclass(slots=True)
class Nesting(Generic[T]):
    """The open elements, outermost first, each with what its reader wants to know of it."""

    elements: list[tuple[str, T]] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def open(self, name: str, known: T) -> None:
        self.elements.append((name, known))
        self._counts[name] = self._counts.get(name, 0) + 1

    def close(self, name: str) -> list[tuple[str, T]]:
        """The elements that an end tag of this name ends, innermost first; none where none of that name is open."""
        ended: list[tuple[str, T]] = []
        while self._counts.get(name) and not (ended and ended[-1][0] == name):
            ended.append(self.elements.pop())
            self._counts[ended[-1][0]] -= 1
        return ended
