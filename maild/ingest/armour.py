"""OpenPGP armour in a text (RFC 4880 sections 6.2 and 7), taken out of view: what is left is what people wrote (MAIL.md P12). Pure.

The stored text keeps it. Nothing is decrypted or verified here.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

from maild.ingest.lines import Line

_BEGIN = re.compile(
    r"-----BEGIN PGP (SIGNED MESSAGE|MESSAGE(?:, PART \d{1,4}(?:/\d{1,4})?)?|SIGNATURE|(?:PUBLIC|PRIVATE) KEY BLOCK)-----\s*$"
)
_END = re.compile(r"-----END PGP (?:MESSAGE|SIGNATURE|(?:PUBLIC|PRIVATE) KEY BLOCK)\b.{0,20}-----\s*$")
_HASH = re.compile(r"(?:Hash|Charset|SaltedHash|NotDashEscaped|Comment|Version):")


class Armour(Enum):
    """What kind of armour stands in a text."""

    SIGNED = "signed"
    ENCRYPTED = "encrypted"
    KEY = "key"


def remove_armour(lines: Sequence[Line]) -> tuple[tuple[Line, ...], frozenset[Armour]]:
    """(the lines people wrote, what armour stood around or between them). A block that never ends is text."""
    if not any(line.text.startswith("-----BEGIN PGP ") for line in lines):
        return tuple(lines), frozenset()
    kept: list[Line] = []
    found: set[Armour] = set()
    ends = [number for number, line in enumerate(lines) if _END.match(line.text)]
    number = 0
    is_signed = False
    while number < len(lines):
        begin = _BEGIN.match(lines[number].text)
        if begin and begin.group(1) == "SIGNED MESSAGE":
            found.add(Armour.SIGNED)
            is_signed = True
            number = _end_of_fields(lines, number + 1)
        elif begin and (end := _first_after(ends, number)) is not None:
            found.add(_kind_of(begin.group(1)))
            is_signed = False
            number = end + 1
        else:
            kept.append(_without_escape(lines[number]) if is_signed else lines[number])
            number += 1
    return tuple(kept), frozenset(found)


def _kind_of(title: str) -> Armour:
    if title.startswith("MESSAGE"):
        return Armour.ENCRYPTED
    return Armour.SIGNED if title == "SIGNATURE" else Armour.KEY


def _first_after(ends: list[int], number: int) -> int | None:
    """The next end; those passed are given up, so that all lines together are looked at once."""
    while ends and ends[0] <= number:
        ends.pop(0)
    return ends[0] if ends else None


def _end_of_fields(lines: Sequence[Line], number: int) -> int:
    """Where the signed words begin: behind the armour's fields and the empty line after them."""
    while number < len(lines) and _HASH.match(lines[number].text):
        number += 1
    return number + 1 if number < len(lines) and not lines[number].text.strip() else number


def _without_escape(line: Line) -> Line:
    """RFC 4880 section 7.1."""
    return replace(line, text=line.text[2:]) if line.text.startswith("- ") else line
