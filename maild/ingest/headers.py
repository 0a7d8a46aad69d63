"""The raw header reader (MAIL.md P2): bytes → header fields, with budgets, in linear time.

Every decision about a header is taken on what this module returns; no library sees a header before. What a field means is read elsewhere:
addresses in `addresses`, encoded words in `words`, parameters in `parameters`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from maild.message import HeaderField, by_name

MAX_FIELDS = 1_000
MAX_FIELD_BYTES = 64 * 1024
MAX_HEADER_BYTES = 256 * 1024
MAX_IDENTIFIERS = 100
MAX_IDENTIFIER_BYTES = 995

_NAME = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,200})[ \t]{0,20}:")
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*")
_ENVELOPE_LINE = re.compile(rb">?From [^\n]*\n")
_PARAMETER = re.compile(rb"[A-Za-z][A-Za-z0-9*-]{0,40}=")
_IDENTIFIER = re.compile(rf"<([^<>]{{1,{MAX_IDENTIFIER_BYTES}}})>")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class HeaderBlock:
    """A header read: its fields in order, where the body begins in the bytes given, and what was wrong."""

    fields: tuple[HeaderField, ...]
    body_start: int
    defects: tuple[str, ...] = ()
    _by_name: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", by_name(self.fields))

    def values(self, name: str) -> tuple[str, ...]:
        return self._by_name.get(name.casefold(), ())


def read_headers(raw: bytes) -> HeaderBlock:
    """The header fields at the beginning of a message or part. A block that does not begin with a field has none: all of it is body."""
    start = _skip_preliminaries(raw)
    reading = _Reading()
    position = start
    while position < len(raw):
        end = raw.find(b"\n", position) + 1 or len(raw)
        line = raw[position : min(end, position + MAX_FIELD_BYTES)].rstrip(b"\r\n")
        if not line:
            return reading.finish(end)
        if not reading.take(line):
            return reading.finish(position, "no blank line between header and body")
        position = end
    return reading.finish(len(raw))


def _skip_preliminaries(raw: bytes) -> int:
    """Seen in practice: a byte order mark, empty lines, or an mbox "From " line before the first field."""
    leading = _LEADING.match(raw)
    start = leading.end() if leading else 0
    envelope = _ENVELOPE_LINE.match(raw, start)
    return envelope.end() if envelope else start


class _Reading:
    """The fields gathered so far, against the budgets."""

    def __init__(self) -> None:
        self._fields: list[tuple[str, list[bytes]]] = []
        self._sizes = 0
        self._field_size = 0
        self._defects: dict[str, None] = {}

    def take(self, line: bytes) -> bool:
        """One line of the header; False if it cannot belong to one."""
        if line[:1] in (b" ", b"\t"):
            self._continue(line)
            return True
        if self._lacks_a_parameter() and _PARAMETER.match(line):
            self._defects["a parameter is not folded"] = None
            self._continue(b" " + line)
            return True
        name = _NAME.match(line)
        if name:
            self._open(name.group(1).decode("ascii"), line[name.end() :])
        # Seen in practice: mbox lines in the middle of a header.
        return name is not None or line.startswith((b"From ", b">From "))

    def finish(self, body_start: int, defect: str = "") -> HeaderBlock:
        if defect:
            self._defects[defect] = None
        fields = tuple(HeaderField(name, _unfold(lines)) for name, lines in self._fields)
        return HeaderBlock(fields, body_start, tuple(self._defects))

    def _lacks_a_parameter(self) -> bool:
        """Seen in practice: scripts that write `Content-Type: multipart/mixed;` and the boundary on the next line, not folded."""
        name, lines = self._fields[-1] if self._fields else ("", [])
        return name.casefold() == "content-type" and bool(lines) and lines[-1].rstrip().endswith(b";")

    def _open(self, name: str, value: bytes) -> None:
        if len(self._fields) >= MAX_FIELDS:
            self._defects[f"more than {MAX_FIELDS} header fields"] = None
            self._field_size = MAX_FIELD_BYTES
            return
        self._field_size = 0
        self._fields.append((name, []))
        self._continue(value)

    def _continue(self, line: bytes) -> None:
        room = min(MAX_FIELD_BYTES - self._field_size, MAX_HEADER_BYTES - self._sizes)
        if len(line) > room:
            self._defects["header cut: too long"] = None
        if not self._fields or room <= 0:
            return
        self._fields[-1][1].append(line[:room])
        self._field_size += len(line)
        self._sizes += min(len(line), room)


def _unfold(lines: list[bytes]) -> str:
    """RFC 5322 section 2.2.3; 8-bit bytes become surrogate escapes. Only blanks and tabs are white space there: form feeds stay."""
    return b"".join(lines).strip(b" \t\r\n").decode("ascii", "surrogateescape")


def first_identifier(value: str) -> str | None:
    """F1's message id: the first `<…>` without blanks, at most 995 bytes; without its brackets."""
    for found in _IDENTIFIER.finditer(value):
        if not _BLANKS.search(found.group(1)):
            return found.group(1)
    return None


def find_identifiers(value: str) -> tuple[str, ...]:
    """All ids of In-Reply-To or References, in order, each once. Seen in practice: ids folded in the middle, ids without brackets."""
    found = (_BLANKS.sub("", match.group(1)) for match in _IDENTIFIER.finditer(value))
    identifiers = tuple(dict.fromkeys(identifier for identifier in found if identifier))
    if identifiers or "<" in value:
        return identifiers[-MAX_IDENTIFIERS:]
    words = (word for word in value.split()[:MAX_IDENTIFIERS] if "@" in word and len(word) <= MAX_IDENTIFIER_BYTES)
    return tuple(dict.fromkeys(words))
