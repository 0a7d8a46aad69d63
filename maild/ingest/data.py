"""The reading room's word lists: TOML files in `data/`, read once each. What the words mean is known by whoever asks."""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files


@lru_cache(maxsize=32)
def table(file: str) -> Mapping[str, object]:
    """A whole data file, by name without its suffix."""
    return tomllib.loads((files("maild.ingest") / "data" / f"{file}.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=128)
def words(file: str, key: str) -> tuple[str, ...]:
    """The strings under one key; where the key holds lists by language, all of them one after the other."""
    return tuple(dict.fromkeys(_strings(table(file)[key])))


@lru_cache(maxsize=32)
def word_set(file: str, key: str) -> frozenset[str]:
    return frozenset(words(file, key))


@lru_cache(maxsize=32)
def rows(file: str, key: str) -> tuple[Mapping[str, str], ...]:
    """An array of tables whose values are all strings."""
    found = table(file)[key]
    if not isinstance(found, list):
        raise TypeError(f"{file}.toml: {key} is not an array of tables")
    return tuple({str(name): str(value) for name, value in row.items()} for row in found)


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    raise TypeError(f"words are strings or lists of them, not {type(value).__name__}")
