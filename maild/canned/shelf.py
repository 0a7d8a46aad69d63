"""Canned answers: texts that agents send by name, in the customer's language (PRODUCT 22). Values, pure; their files are `load`'s.

A text is kept in pieces, words and variables in turn, so that what is filled in is never read again as anything but words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import quote

ANY_LANGUAGE = ""
"""The language of a text that stands in for all languages which the answer is not written in."""


@dataclass(frozen=True, slots=True)
class Variable:
    """What is filled in. `default` stands where nothing is known, None: then it must be given. `in_link`: it is a part of an address."""

    name: str
    default: str | None = None
    in_link: bool = False


Piece = str | Variable


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its values: `text` is readable as it stands, `html` says the same and is safe."""

    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Canned:
    """One answer in one language."""

    name: str
    language: str
    text: tuple[Piece, ...]
    html: tuple[Piece, ...]

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Each once, in order."""
        found: dict[str, Variable] = {}
        for piece in self.text:
            if isinstance(piece, Variable):
                found.setdefault(piece.name, piece)
        return tuple(found.values())

    @property
    def first_line(self) -> str:
        """How it begins, its variables by their names."""
        shown = "".join(f"{{{{ {piece.name} }}}}" if isinstance(piece, Variable) else piece for piece in self.text)
        return next((line.strip() for line in shown.splitlines() if line.strip()), "")

    def find_missing(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The names of what cannot be filled in: nothing, or only blanks, stands for it."""
        needed = (piece for piece in self.text if isinstance(piece, Variable) and piece.default is None)
        return tuple(dict.fromkeys(piece.name for piece in needed if not _value(piece, values)))

    def fill(self, values: Mapping[str, str]) -> Filled:
        """The text with values for all its variables. In the HTML they stand as words, whatever is written in them."""
        return Filled(
            "".join(piece if isinstance(piece, str) else _written(piece, values) for piece in self.text),
            "".join(piece if isinstance(piece, str) else _shown(piece, values) for piece in self.html),
        )


@dataclass(frozen=True, slots=True)
class Shelf:
    """All canned answers of a desk, by name and language."""

    texts: Mapping[tuple[str, str], Canned] = field(default_factory=dict)

    def answers(self) -> tuple[Canned, ...]:
        """By name and language."""
        return tuple(self.texts[key] for key in sorted(self.texts))

    def names(self) -> tuple[str, ...]:
        return tuple(sorted({name for name, _ in self.texts}))

    def languages(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(language for known, language in self.texts if known == name))

    def find(self, name: str, languages: Sequence[str]) -> Canned | None:
        """The answer in the first of the languages that it is written in; a regional one (`de-AT`) falls back to its language."""
        return next((found for language in _tried(languages) if (found := self.texts.get((name, language)))), None)

    def show(self, name: str, languages: Sequence[str]) -> Canned:
        """An answer there is, in the first of the languages that it is written in, else in any."""
        return self.find(name, languages) or self.texts[name, self.languages(name)[0]]


NO_ANSWERS = Shelf()


def _tried(languages: Iterable[str]) -> Iterator[str]:
    for language in languages:
        yield language.casefold()
        yield language.partition("-")[0].casefold()
    yield ANY_LANGUAGE


def _value(variable: Variable, values: Mapping[str, str]) -> str:
    return values.get(variable.name, "").strip() or variable.default or ""


def _written(variable: Variable, values: Mapping[str, str]) -> str:
    """Percent-encoded within an address."""
    value = _value(variable, values)
    return quote(value, safe="@") if variable.in_link else value


def _shown(variable: Variable, values: Mapping[str, str]) -> str:
    """Apart from the words around it, which may run the other way (Unicode UAX #9)."""
    value = escape(_written(variable, values))
    return value if variable.in_link else f"<bdi>{value}</bdi>"
