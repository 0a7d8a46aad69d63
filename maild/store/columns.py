"""Column types: how times, mail text and keys become database values, the same on SQLite and PostgreSQL. Knows no table."""

import json
import zlib
from datetime import UTC, datetime

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

LONGEST_KEY_BYTES = 1000

Number = BigInteger().with_variant(Integer(), "sqlite")
"""A 64-bit number; SQLite calls its own by the shorter name."""


class Time(TypeDecorator[datetime]):
    """A moment: aware on our side, UTC on disk."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text out of a mail. The reading room cleans it (MAIL.md P3); what a database still refuses is replaced here."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else storable(value)


class Key(TypeDecorator[str]):
    """Text that is looked up: Message-IDs, addresses. Cut to what an index can hold (PostgreSQL: a third of a page), on both sides."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else storable_key(value)


class Packed(TypeDecorator[list[dict[str, object]]]):
    """A list that is read whole or not at all, as JSON under zlib at its fastest: what repeats itself in it takes no room."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: list[dict[str, object]] | None, dialect: Dialect) -> bytes | None:
        return None if value is None else zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 1)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> list[dict[str, object]] | None:
        return None if value is None else json.loads(zlib.decompress(value))


def storable_key(text: str) -> str:
    """The text as a key holds it; two keys are equal in the database where this makes them equal."""
    clean = storable(text)
    if len(clean) <= LONGEST_KEY_BYTES // 4:
        return clean
    return clean.encode()[:LONGEST_KEY_BYTES].decode(errors="ignore")


def storable(text: str) -> str:
    """The text without NUL (PostgreSQL refuses it) and lone surrogates (UTF-8 has none)."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
