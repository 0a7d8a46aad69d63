"""The words of a language: what the letters with a common structure say in it (`<language>/words.yaml`). Part of the Jinja2 door.

A word is a small template of its own, filled in when a letter asks for it: `Reply = to {{ reply_to }}`. A desk's own file holds only the
words it wants otherwise. A word that a language lacks is taken from English: such a letter is mixed, but never broken.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from jinja2 import Template

from maild.config.faults import Faults, Place
from maild.config.nodes import Scalar, Table, parse_yaml, read_yaml
from maild.errors import TemplateError
from maild.templates.catalogue import Catalogue
from maild.templates.sandbox import Sandbox, capped

NAME = "words"
LAST_RESORT = "en"

Tree: TypeAlias = dict[str, "str | Template | Tree"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a file: `("card", "owner")`, what it says, and where its name and its text stand."""

    name: tuple[str, ...]
    text: str
    name_place: Place
    place: Place

    def __str__(self) -> str:
        return ".".join(self.name)


class Vocabulary:
    """All words of one language, ready to be filled in."""

    def __init__(self, words: Iterable[Word], sandbox: Sandbox) -> None:
        self.tree: Tree = {}
        for word in words:
            _hang(self.tree, word.name, sandbox.from_string(word.text) if "{" in word.text else word.text)

    def filled(self, values: Mapping[str, object]) -> "Words":
        """The words as one rendering sees them."""
        return Words(self.tree, values)


class Words(Mapping[str, object]):
    """The words of one rendering: `words.reply_to`, or in a table of words `words.card.owner`."""

    def __init__(self, tree: Tree, values: Mapping[str, object]) -> None:
        self._tree = tree
        self._values = values

    def __getitem__(self, name: str) -> object:
        found = self._tree[name]
        if isinstance(found, str):
            return found
        return capped(found.generate(self._values)) if isinstance(found, Template) else Words(found, self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def __len__(self) -> int:
        return len(self._tree)


def load_vocabulary(catalogue: Catalogue, sandbox: Sandbox, language: str) -> Vocabulary:
    """The words of a language: the desk's own, the packaged, and English where one is missing.

    Raises:
        TemplateError: a file of words is not valid, or a word is no valid template.
    """
    faults = Faults()
    files = dict.fromkeys((*catalogue.words(language), *catalogue.words(LAST_RESORT)))
    words = [word for file in files for word in read_words(file.path, faults, file.kept)]
    if faults.errors:
        raise TemplateError(faults.errors[0].describe(Path()))
    return Vocabulary(words, sandbox)


def read_words(path: Path, faults: Faults, kept: bytes | None = None) -> tuple[Word, ...]:
    """The words of one file, in its order; as it was `kept`, if it was."""
    root = read_yaml(path, faults) if kept is None else parse_yaml(kept, path, faults)
    if isinstance(root, Table):
        return tuple(_words_below(root, (), faults))
    if root is not None:
        faults.add(root.place, "E401", "must hold words and their texts")
    return ()


def _words_below(table: Table, above: tuple[str, ...], faults: Faults) -> Iterator[Word]:
    for entry in table.entries:
        name, value = (*above, entry.key.text), entry.value
        if isinstance(value, Table):
            yield from _words_below(value, name, faults)
        elif isinstance(value, Scalar):
            yield Word(name, value.text, entry.key.place, value.place)
        else:
            faults.add(value.place, "E401", f'"{".".join(name)}" must be a text')


def _hang(tree: Tree, name: tuple[str, ...], text: str | Template) -> None:
    """Put a word into the tree, unless the place is taken by one that goes before it."""
    *tables, last = name
    for table in tables:
        inner = tree.setdefault(table, {})
        if not isinstance(inner, dict):
            return
        tree = inner
    tree.setdefault(last, text)
