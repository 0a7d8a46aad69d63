"""Names of attachments (MAIL.md P6): found wherever mail programs put them, and made safe to write to a disk."""

import re
from collections.abc import Iterable

from maild.ingest.data import table
from maild.ingest.hygiene import one_line
from maild.ingest.mime import Part
from maild.ingest.words import decode_header

MAX_NAME_BYTES = 150
MAX_EXTENSION_BYTES = 20

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]')
_SEPARATOR = re.compile(r"[\\/]")


def declared_name(part: Part) -> str:
    """The name the sender gave, cleaned; "" where he gave none. Content-Description and the subject of a message count (MAIL.md P6)."""
    parameters = (*part.disposition_parameters, *part.parameters)
    named = (value for wanted in ("filename", "name") for key, value in parameters if key == wanted)
    return next((name for name in map(clean_name, named) if name), "")


def attachment_name(part: Part, number: int) -> str:
    """A name for every attachment; `number` is for those without any."""
    if name := declared_name(part):
        return name
    if part.content_type in ("message/rfc822", "message/global"):
        subject = next((child.field("Subject") or "" for child in part.children), "")
        return clean_name(f"{one_line(decode_header(subject))[:120].replace('/', '-')}.eml") if subject else f"message-{number}.eml"
    description = clean_name(one_line(decode_header(part.field("Content-Description") or "")))
    if description and "." in description[-6:]:
        return description
    return f"attachment-{number}{_extension(part.content_type)}"


def clean_name(name: str) -> str:
    """The last part of a path, without what any file system would choke on, at most 150 bytes. "" if nothing is left."""
    name = _UNSAFE.sub("_", _SEPARATOR.split(one_line(name))[-1]).strip()
    name = name.rstrip(". ") if name.strip(".") else ""
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shorten(name)


def unique_names(names: Iterable[str]) -> list[str]:
    """The same names, the later ones numbered where they would fall together, case ignored."""
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    unique = []
    for name in names:
        stem, extension = _split_extension(name)
        number, candidate = numbers.get(name.casefold(), 1), name
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{_cut(stem, MAX_NAME_BYTES - len(extension.encode()) - 6)}-{number}{extension}"
        # Else, of many files of one name, each would try the numbers of all before it.
        numbers[name.casefold()] = number
        taken.add(candidate.casefold())
        unique.append(candidate)
    return unique


def _shorten(name: str) -> str:
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, extension = _split_extension(name)
    return _cut(stem, MAX_NAME_BYTES - len(extension.encode())) + extension


def _split_extension(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > MAX_EXTENSION_BYTES:
        return name, ""
    return stem, dot + extension


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode("utf-8", "ignore")


def _extension(content_type: str) -> str:
    extensions = table("attachments")["extensions"]
    found = extensions.get(content_type) if isinstance(extensions, dict) else None
    return f".{found}" if found else ".bin"
