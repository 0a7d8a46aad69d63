"""What commands are called in the desk's languages, beside their own words (MAIL.md A7), and in other systems, by `data`. Pure."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from maild.desk.when import fold

_OF_OTHER_KEYBOARDS = str.maketrans({"ي": "ی", "ك": "ک"})
"""Persian letters as Arabic keyboards write them."""


def command_of(word: str) -> str:
    """The command that goes by this word, in its own spelling; the word itself where none does, or where it is that spelling."""
    folded = plain(word)
    return aliases().get(folded) or (folded if folded in _own_words() else word)


def plain(word: str) -> str:
    """As words of commands are compared, whatever keyboard they were typed on."""
    return fold(word).translate(_OF_OTHER_KEYBOARDS)


@cache
def aliases() -> Mapping[str, str]:
    """The commands by their other words, as these are compared."""
    return {plain(word): command for language in words().values() for command, others in language.items() for word in others}


@cache
def _own_words() -> frozenset[str]:
    """In full-width letters, too, as keyboards of the East write them."""
    return frozenset(command for language in words().values() for command in language)


@cache
def spellings() -> Mapping[str, str]:
    """How people are shown the other words, by how they are compared."""
    return {plain(word): word for language in words().values() for others in language.values() for word in others}


@cache
def foreign_commands() -> Mapping[str, str]:
    """The commands that do what a word of other systems says, by that word as it is compared; some with what stands behind them."""
    return {plain(word): command for command, others in _read("foreign_commands.toml").items() for word in others}


@cache
def words() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By language and command."""
    return {
        language: {command: tuple(others) for command, others in table.items()} for language, table in _read("command_words.toml").items()
    }


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("maild.desk").joinpath(f"data/{name}").read_text(encoding="utf-8"))
