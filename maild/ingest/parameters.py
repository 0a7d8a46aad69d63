"""Parameters of MIME fields (RFC 2045 section 5.1, RFC 2231): `text/plain; charset="utf-8"` → its value and its parameters. Linear."""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from maild.ingest.charset import decode_bytes
from maild.ingest.hygiene import one_line
from maild.ingest.words import decode_header

MAX_VALUE = 4_096
MAX_PARAMETERS = 100

# Seen in practice: quotes inside a quoted value, not escaped. One that ends it has a semicolon or nothing behind it.
_PARAMETER = re.compile(r'\s*([^\s=;"]{1,100})\s*=\s*(?:"((?>[^"\\]|\\.|"(?!\s*+(?:;|$)))*+)"?|([^;]*))[^;]*;?')
_SECTION = re.compile(r"([^*]{1,80})(?:\*(\d{1,3}))?(\*)?$")
_LOOKS_EXTENDED = re.compile(r"(?:utf-8|iso-8859-\d{1,2}|windows-125\d|koi8-r)'[a-z-]{0,8}'", re.IGNORECASE)
_ESCAPE = re.compile(r"\\([\"\\])")


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A structured field: its value in lower case, and its parameters by lower-case name, decoded."""

    value: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)


@dataclass(frozen=True, slots=True)
class _Section:
    """One piece of a parameter (RFC 2231 section 3)."""

    name: str
    number: int
    is_extended: bool
    value: str


def read_value(raw: str) -> FieldValue:
    """The value before the first semicolon, and the parameters after it. Of two parameters of a name the first counts."""
    value, _, rest = raw[:MAX_VALUE].partition(";")
    sections: dict[str, list[_Section]] = {}
    for count, found in enumerate(_PARAMETER.finditer(rest)):
        if count >= MAX_PARAMETERS:
            break
        section = _read_section(found)
        sections.setdefault(section.name, []).append(section)
    parameters = tuple((name, one_line(_join(found))) for name, found in sections.items())
    return FieldValue(one_line(decode_header(value)).lower(), parameters)


def _read_section(found: re.Match[str]) -> _Section:
    quoted = found.group(2)
    value = _ESCAPE.sub(r"\1", quoted) if quoted is not None else found.group(3).strip()
    parts = _SECTION.match(found.group(1).lower())
    if parts is None:
        return _Section(found.group(1).lower(), 0, False, value)
    return _Section(parts.group(1), int(parts.group(2) or 0), parts.group(3) is not None, value)


def _join(sections: list[_Section]) -> str:
    """The whole value. Extended sections win over a plain fallback of the same name; seen in practice: sections out of order."""
    extended = [section for section in sections if section.is_extended]
    if not extended:
        numbered = len(sections) > 1 and len({section.number for section in sections}) == len(sections)
        chosen = sorted(sections, key=lambda section: section.number) if numbered else sections[:1]
        value = "".join(section.value for section in chosen)
        return _decode_extended(value) if _LOOKS_EXTENDED.match(value) else decode_header(value)
    numbers = {section.number: section for section in sections if not section.is_extended}
    numbers.update({section.number: section for section in reversed(extended)})
    ordered = [numbers[number] for number in sorted(numbers)]
    charset, value = _split_charset(ordered[0].value) if ordered[0].is_extended else ("", ordered[0].value)
    pieces = [value, *(section.value for section in ordered[1:])]
    return decode_bytes(b"".join(map(_unquote, pieces, ordered)), charset)


def _decode_extended(value: str) -> str:
    """Seen in practice: an extended value under a name without the asterisk that says so."""
    charset, encoded = _split_charset(value)
    return decode_bytes(unquote_to_bytes(encoded.encode("utf-8", "surrogateescape")), charset)


def _split_charset(value: str) -> tuple[str, str]:
    """RFC 2231 section 4: charset'language'value. Seen in practice: no quotes at all."""
    parts = value.split("'", 2)
    charset, text = (parts[0], parts[2]) if len(parts) == 3 else ("", value)
    # Seen in practice: quotes around what is encoded.
    return charset, text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _unquote(value: str, section: _Section) -> bytes:
    octets = value.encode("utf-8", "surrogateescape")
    return unquote_to_bytes(octets) if section.is_extended else octets
