"""TNEF (MS-OXTNEF), the "winmail.dat" of Outlook and Exchange: bytes → the files in it (MAIL.md P12). Pure, linear, within limits.

What it says of the message beside its files repeats the message's text and headers, and is left alone.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from maild.ingest.charset import decode_bytes
from maild.ingest.hygiene import one_line

SIGNATURE = 0x223E9F78
MAX_ATTRIBUTES = 5_000
MAX_PROPERTIES = 2_000
MAX_VALUES = 2_000
MAX_FILES = 200

_HEADER = struct.Struct("<IH")
_ATTRIBUTE = struct.Struct("<BHHI")
_CHECKSUM_SIZE = 2

# MAPI properties (MS-OXPROPS), the better names first.
_LONG_NAMES = (0x3707, 0x3704, 0x3001)
_MIME_TYPE = 0x370E
_CONTENT_ID = 0x3712
_CONTENT = 0x3701

# MAPI types (MS-OXCDATA section 2.11.1): their sizes, and those whose values have lengths of their own.
_FIXED_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x0A: 4, 0x0B: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _STRING, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_MEASURED = frozenset({_OBJECT, _STRING, _UNICODE, _BINARY})
_MULTIPLE = 0x1000
_NAMED = 0x8000
_INTERFACE_SIZE = 16
_MESSAGE_INTERFACE = bytes.fromhex("0703020000000000c000000000000046")


class _Attribute(IntEnum):
    """Those that matter here (section 2.1.3)."""

    CODE_PAGE = 0x9007
    NEW_FILE = 0x9002
    TITLE = 0x8010
    DATA = 0x800F
    PROPERTIES = 0x9005


class TnefError(ValueError):
    """The bytes are not TNEF, or broken."""


@dataclass(frozen=True, slots=True)
class TnefFile:
    """A file in a TNEF stream: its name, MIME type and Content-ID, each empty where none is given, and its bytes."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""


def unpack(stream: bytes) -> tuple[TnefFile, ...]:
    """The files in a stream, in order.

    Raises:
        TnefError: it is no TNEF, or ends in the middle.
    """
    try:
        return tuple(file for file in _read_files(stream) if file.content)
    except struct.error as error:
        raise TnefError(str(error)) from error


def _read_files(stream: bytes) -> list[TnefFile]:
    signature, _ = _HEADER.unpack_from(stream)
    if signature != SIGNATURE:
        raise TnefError("no TNEF signature")
    files: list[TnefFile] = []
    charset = ""
    for identifier, value in _attributes(stream):
        if identifier == _Attribute.CODE_PAGE and len(value) >= 4:
            charset = f"cp{int.from_bytes(value[:4], 'little')}"
        elif identifier == _Attribute.NEW_FILE:
            if len(files) >= MAX_FILES:
                raise TnefError(f"more than {MAX_FILES} files")
            files.append(TnefFile())
        elif files:
            files[-1] = _with_attribute(files[-1], identifier, value, charset)
    return files


def _attributes(stream: bytes) -> Iterator[tuple[int, bytes]]:
    position = _HEADER.size
    for _ in range(MAX_ATTRIBUTES):
        if position + _ATTRIBUTE.size > len(stream):
            return
        _, identifier, _, size = _ATTRIBUTE.unpack_from(stream, position)
        position += _ATTRIBUTE.size
        if position + size > len(stream):
            raise TnefError("an attribute goes beyond the end")
        yield identifier, stream[position : position + size]
        position += size + _CHECKSUM_SIZE
    raise TnefError(f"more than {MAX_ATTRIBUTES} attributes")


def _with_attribute(file: TnefFile, identifier: int, value: bytes, charset: str) -> TnefFile:
    match identifier:
        case _Attribute.TITLE:
            return replace(file, name=file.name or _text(value, charset))
        case _Attribute.DATA:
            return replace(file, content=value)
        case _Attribute.PROPERTIES:
            return _with_properties(file, dict(_properties(value)), charset)
        case _:
            return file


def _with_properties(file: TnefFile, properties: dict[int, tuple[int, bytes]], charset: str) -> TnefFile:
    """What the file's MAPI properties say beside its plain attributes."""
    names = (_property_text(properties[number], charset) for number in _LONG_NAMES if number in properties)
    named = replace(
        file,
        name=next(filter(None, names), file.name),
        content_type=_property_text(properties[_MIME_TYPE], charset).lower() if _MIME_TYPE in properties else "",
        content_id=_property_text(properties[_CONTENT_ID], charset).strip("<>") if _CONTENT_ID in properties else "",
    )
    kind, content = properties.get(_CONTENT, (_BINARY, b""))
    if kind != _OBJECT:
        return replace(named, content=file.content or content)
    interface, inner = content[:_INTERFACE_SIZE], content[_INTERFACE_SIZE:]
    if interface == _MESSAGE_INTERFACE:
        # An embedded message is TNEF again. Beside it stands a picture of its icon, as if that were its content.
        return replace(named, name=f"{named.name or 'message'}.dat", content_type="application/ms-tnef", content=inner)
    return replace(named, content=file.content or inner)


def _properties(value: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """(property id, (type, first value)) of a property list (section 2.1.3.4)."""
    reader = _Cursor(value)
    for _ in range(min(reader.number(4), MAX_PROPERTIES)):
        kind, identifier = reader.number(2), reader.number(2)
        if identifier >= _NAMED:
            reader.skip_property_name()
        yield identifier, (kind & ~_MULTIPLE, reader.values(kind))


class _Cursor:
    """A place in a property list."""

    def __init__(self, value: bytes) -> None:
        self._value = value
        self._position = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def take(self, size: int) -> bytes:
        end = self._position + size
        if end > len(self._value):
            raise TnefError("a property goes beyond the end")
        taken = self._value[self._position : end]
        self._position = end
        return taken

    def skip_property_name(self) -> None:
        """The GUID and the number or name of a named property."""
        self.take(16)
        if self.number(4) == 0:
            self.take(4)
        else:
            self._measured()

    def values(self, kind: int) -> bytes:
        """The first value of a property; all are passed."""
        plain = kind & ~_MULTIPLE
        is_counted = bool(kind & _MULTIPLE) or plain in _MEASURED
        count = self.number(4) if is_counted else 1
        if count > MAX_VALUES:
            raise TnefError(f"more than {MAX_VALUES} values")
        values = [self._measured() if plain in _MEASURED else self.take(_size_of(plain)) for _ in range(count)]
        return values[0] if values else b""

    def _measured(self) -> bytes:
        """Length, bytes, and padding to four."""
        size = self.number(4)
        value = self.take(size)
        self.take(min(-size % 4, len(self._value) - self._position))
        return value


def _size_of(kind: int) -> int:
    if kind not in _FIXED_SIZES:
        raise TnefError(f"unknown property type {kind:#x}")
    return _FIXED_SIZES[kind]


def _property_text(value: tuple[int, bytes], charset: str) -> str:
    kind, octets = value
    return _text(octets, "utf-16-le" if kind == _UNICODE else charset)


def _text(octets: bytes, charset: str) -> str:
    """Zero-terminated, in the stream's code page."""
    return one_line(decode_bytes(octets, charset).partition("\0")[0])
