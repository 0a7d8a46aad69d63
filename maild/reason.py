"""Why: the answer every check gives instead of a bare yes or no."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable `code` for programs and a `text` a person understands."""

    code: str
    text: str

    def __str__(self) -> str:
        return self.text
