"""What every reader of rule files shares: the faults so far, the desk's settings, named lists and conditions, and the smallest readers.

The readers for conditions, actions, test cases and whole files stand in the `load` modules.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from maild.config.faults import Faults, Place, did_you_mean
from maild.config.nodes import Entry, Items, Node, Scalar, Table
from maild.config.settings import Settings
from maild.desk.ticket_tags import find_tag_problem, write_tag_word
from maild.errors import MaildError
from maild.rules.fields import Known
from maild.rules.folding import fold
from maild.rules.foreign_words import NOBODY, suggest, suggest_flag

_AROUND_TAGS = '#"“”„«» '
_LIST_NAME = re.compile(r"\$([A-Za-z_][\w-]*)")


MAX_GROWTH = 1_000_000
COMPARISON = 10
"""What one takes, in values."""


class TooLargeError(MaildError):
    """Lists and named conditions make the rules larger than any mail should be asked about."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class Growth:
    """To how many values lists come where they are used, and named conditions to how many comparisons.

    What is written out, the size of a file bounds; so no file of a few lines becomes a billion comparisons.
    """

    def __init__(self) -> None:
        self._count = 0

    def add(self, count: int, place: Place) -> None:
        """Raises TooLargeError beyond `MAX_GROWTH`."""
        self._count += count
        if self._count > MAX_GROWTH:
            raise TooLargeError(place)


def _name_few(words: tuple[str, ...]) -> str:
    """All that there are, where that is quickly read."""
    return f" (one of: {', '.join(words)})" if 0 < len(words) <= _FEW else ""


def _mend_tag(written: str) -> str:
    """The remedy, where it is known what was meant."""
    words = ["-".join(part.strip(_AROUND_TAGS).split()) for part in written.split(",")]
    if any(map(find_tag_problem, words)):
        return ""
    return f" (write {words[0]})" if len(words) == 1 else f" (write each for itself: [{', '.join(words)}])"


_FEW = 8


@dataclass(frozen=True, slots=True)
class Loading:
    """One load of all rule files. `lists` and `conditions` are known before the first rule is read."""

    faults: Faults
    settings: Settings
    lists: Mapping[str, tuple[Scalar, ...]] = field(default_factory=dict)
    conditions: Mapping[str, Table] = field(default_factory=dict)
    growth: Growth = field(default_factory=Growth)

    def add(self, place: Place, code: str, message: str) -> None:
        self.faults.add(place, code, message)

    def refuse_unknown(self, noun: str, key: Scalar, known: Iterable[str], planned: Collection[str] = (), where: str = "") -> None:
        """The fault about a word of the language that is none, or none yet."""
        place = f" in {where}" if where else ""
        if key.text in planned:
            self.add(key.place, "E109", f'the {noun} "{key.text}"{place} is not built yet')
        else:
            self.add(key.place, "E102", f'unknown {noun} "{key.text}"{place}{suggest(key.text, known)}')

    def check_name(self, scalar: Scalar, known: Known, *, folded: bool = False, nobody: str = "") -> bool:
        """Whether a word is one of those known, letter by letter or as conditions compare; the fault about any other. `nobody`: how it is
        written there that there is none."""
        words = tuple(known.words(self.settings))
        if scalar.text in words or (folded and fold(scalar.text) in map(fold, words)):
            return True
        is_nobody = nobody and scalar.text.casefold() in NOBODY
        meant = f" (write {nobody})" if is_nobody else did_you_mean(scalar.text, words) or _name_few(words)
        self.add(scalar.place, known.code, f'{known.noun} "{scalar.text}" is not known here{meant}')
        return known.code.startswith("W")

    def check_tag(self, scalar: Scalar, written: str | None = None) -> bool:
        """Whether a ticket can be tagged so; the fault about anything else. `written`: what stands there, names in braces aside."""
        text = scalar.text if written is None else written
        problem = find_tag_problem(text)
        if problem:
            self.add(scalar.place, "E302", f"{problem}{_mend_tag(text)}")
        return not problem

    def tags(self, node: Node) -> frozenset[str]:
        """Tags as a ticket bears them."""
        return frozenset(write_tag_word(scalar.text) for scalar in self.scalars(node) or () if self.check_tag(scalar))

    def scalars(self, node: Node) -> tuple[Scalar, ...] | None:
        """One value or a list of values; `$name` stands for a list. None, with a fault, for anything else."""
        match node:
            case Scalar():
                name = _LIST_NAME.fullmatch(node.text)
                return self._list(node, name[1]) if name else (node,)
            case Items():
                return self._each(node)
        self.add(node.place, "E301", "takes a value or a list of values, not a mapping")
        return None

    def _each(self, node: Items) -> tuple[Scalar, ...] | None:
        groups = [self.scalars(item) if isinstance(item, Scalar) else None for item in node]
        for item in node:
            if not isinstance(item, Scalar):
                self.add(item.place, "E301", "a list holds plain values only")
        if not groups:
            self.add(node.place, "E305", "the list is empty")
        return None if not groups or None in groups else tuple(scalar for group in groups if group for scalar in group)

    def _list(self, node: Scalar, name: str) -> tuple[Scalar, ...] | None:
        if name in self.lists:
            self.growth.add(len(self.lists[name]), node.place)
            return self.lists[name]
        self.add(node.place, "E205", f'there is no list "{name}"{did_you_mean(name, self.lists)}')
        return None

    def text(self, node: Node, what: str) -> str | None:
        """A text that is not blank; None, with a fault, for anything else."""
        if isinstance(node, Scalar) and node.value is not None and node.text.strip():
            return node.text
        self.add(node.place, "E301", f"{what} takes a text")
        return None

    def flag(self, node: Node, what: str) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        self.add(node.place, "E301", f"{what} takes true or false{suggest_flag(node.text) if isinstance(node, Scalar) else ''}")
        return None

    def table(self, node: Node, what: str, remedy: str = "") -> Table | None:
        if isinstance(node, Table):
            return node
        self.add(node.place, "E301", f"{what} takes a mapping (key: value){remedy}")
        return None

    def items(self, node: Node, what: str) -> Items | None:
        if isinstance(node, Items) and node.items:
            return node
        if isinstance(node, Items):
            self.add(node.place, "E305", f"{what} is empty")
        else:
            self.add(node.place, "E301", f'{what} takes a list (lines that begin with "- ")')
        return None

    def entries(self, table: Table, where: str, known: Collection[str], planned: Collection[str] = ()) -> dict[str, Entry]:
        """The entries with known keys; the fault about every other."""
        for entry in table.entries:
            if entry.key.text not in known:
                self.refuse_unknown("key", entry.key, known, planned, where)
        return {entry.key.text: entry for entry in table.entries if entry.key.text in known}
