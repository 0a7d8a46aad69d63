"""Records: tables with fixed keys, each key with its reader. Knows unknown, missing and not yet built keys, and nothing of mail."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from maild.config.faults import did_you_mean, find_nearest
from maild.config.findings import BAD, Bad, Reader, Reading
from maild.config.nodes import Node, Table
from maild.config.readers import as_table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record. `default` is compared only where the key is not `built` yet: giving the default needs no warning."""

    name: str
    reader: Reader[Any]
    required: bool = False
    built: bool = True
    kept: bool = True
    default: object = None

    def read(self, table: Table, reading: Reading) -> object:
        """The value, or BAD; also BAD where it is not kept, so that it has no effect."""
        key, node = table.key(self.name), table.get(self.name)
        if key is None or node is None:
            return BAD
        value: object = self.reader(node, reading.at(key))
        if not self.built and value is not BAD and value != self.default:
            reading.warn(key.place, "W300", f'"{self.name}" is not built yet and has no effect')
        return value if self.kept else BAD


def required(name: str, reader: Reader[Any]) -> Key:
    """A key that must be there."""
    return Key(name, reader, required=True)


def optional(name: str, reader: Reader[Any]) -> Key:
    """A key whose default is the one of the value it goes into."""
    return Key(name, reader)


def checked(name: str, reader: Reader[Any]) -> Key:
    """A key whose value serves elsewhere: `inherit.py` hands it to others."""
    return Key(name, reader, kept=False)


def unbuilt(name: str, reader: Reader[Any], default: object = None) -> Key:
    """A key of the contract whose feature has not landed: read, checked, without effect."""
    return Key(name, reader, built=False, kept=False, default=default)


def relaxed(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The same keys, none of them required."""
    return tuple(replace(key, required=False) for key in keys)


Check = Callable[[Any, Table, Reading], None]


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """A reader of tables. Keys that are absent or bad are not handed to `build`, so that its own defaults hold.

    `keyed`: `build` also gets the key under which the table stands. `partial`: built even where a required key is missing.
    """

    build: Callable[..., T]
    keys: tuple[Key, ...]
    checks: tuple[Check, ...] = ()
    keyed: bool = False
    partial: bool = False

    def __call__(self, node: Node, reading: Reading) -> T | Bad:
        table = as_table(node, reading)
        if table is BAD:
            return BAD
        meant = self._refuse_unknown(table, reading)
        values = {key.name: value for key in self.keys if (value := key.read(table, reading)) is not BAD}
        self._refuse_missing(table, meant, reading)
        if not self.partial and any(key.required and key.name not in values for key in self.keys):
            return BAD
        built = self.build(**({"key": reading.name} if self.keyed else {}), **values)
        for check in self.checks:
            check(built, table, reading)
        return built

    def _refuse_unknown(self, table: Table, reading: Reading) -> frozenset[str]:
        """The keys that were meant, as far as one can guess."""
        names = [key.name for key in self.keys]
        unknown = [entry.key for entry in table.entries if entry.key.text not in names]
        for key in unknown:
            message = f'unknown key "{key.text}" in {reading.where}{did_you_mean(key.text, names)}'
            reading.refuse(key.place, "E102", message)
        return frozenset(near for key in unknown if (near := find_nearest(key.text, names)))

    def _refuse_missing(self, table: Table, meant: frozenset[str], reading: Reading) -> None:
        """A misspelt key is not missing too."""
        for key in self.keys:
            if key.required and key.name not in meant and table.get(key.name) is None:
                reading.refuse(reading.place, "E108", f'the key "{key.name}" is missing in {reading.where}')


def record(build: Callable[..., T], *keys: Key, checks: tuple[Check, ...] = (), keyed: bool = False, partial: bool = False) -> Record[T]:
    """A record of these keys."""
    return Record(build, keys, checks, keyed, partial)


def table_with(*keys: Key) -> Record[dict[str, object]]:
    """A record that is only checked, or taken apart at once by the reader that asked for it."""
    return Record(_as_read, keys)


def _as_read(**values: object) -> dict[str, object]:
    return values
