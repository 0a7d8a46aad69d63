"""A command of an agent's, by mail or at the command line, and what may be wrong with it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

HASHES = "#＃﹟"
"""What stands before a command's word, as keyboards of the East write it, too."""


PLAIN_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'"})
"""What programs make of quotation marks, back to those that were typed."""

OF_STATUS = {"open": "open", "waiting": "wait", "closed": "close", "spam": "spam"}
"""What `#set status=` takes, and the command that says the same."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command line: the word in its first spelling, the rest of the line, and the line's number in the text (from 1)."""

    word: str
    argument: str
    line: int = 0

    def __str__(self) -> str:
        return f"#{self.word} {self.argument}".rstrip()


@dataclass(frozen=True, slots=True)
class CommandFault:
    """A command that cannot be done, in words for the agent. `line` 0: the mail as a whole.

    `by_commands`: other command lines would mend it, with nothing lost that was meant for somebody. `better` is the command line that was
    probably meant, "" where that is not known.
    """

    line: int
    text: str
    by_commands: bool = False
    better: str = ""

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text


def describe_faults(faults: Iterable[CommandFault]) -> str:
    """What a letter says is wrong: each on a line of its own."""
    return "\n".join(map(str, faults))


def in_order(faults: Iterable[CommandFault]) -> tuple[CommandFault, ...]:
    """By the lines of the mail, those of the mail as a whole behind them."""
    return tuple(sorted(faults, key=lambda fault: (fault.line == 0, fault.line)))


def read_assignment(argument: str) -> tuple[str, str] | None:
    """The name and the value in `order=1234567`, as behind `#set`; None where it sets nothing."""
    name, equals, value = (part.strip() for part in argument.partition("="))
    name = name.casefold().removeprefix("field.")
    return (name, value) if name and equals else None
