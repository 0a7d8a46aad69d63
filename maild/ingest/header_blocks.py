"""The block of header lines over a quoted or forwarded mail: "From: … Sent: … To: … Subject: …" (MAIL.md P8). Pure, linear.

Labels of all languages are in `data/header_labels.toml`. Lines come simplified (`maild.ingest.lines`).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from maild.ingest.attributions import has_address, has_date
from maild.ingest.data import words
from maild.ingest.lines import Line, next_written

ROLES = ("from", "sent", "to", "subject", "other")
BLOCK_LINES = 40
MAX_STRANGERS = 3
LEAST_ROLES = 3
LEAST_UNKNOWN = 3
RULED_LINES = 6
LABEL_WIDTH = 40
WIDE = 50
MOST_WRAPPED = 2
WHOLE_LINES = 400

_RULE = re.compile(r"\s{0,4}[-_=*~#]{3,}\s*$")
# `From:`, `*From:*`, `**From**:`, and the cells `From | Ann` or `| From | Ann |` of NetEase.
_LABEL = re.compile(r"[\s*_>|]{0,6}([^\s*_>|:][^:|]{0,39}?)\s{0,3}\*{0,2}\s{0,3}(?::|\|\s)")
_FIELD = re.compile(r"([!-9;-~]{1,76}):(?:\s(.*)|$)", re.DOTALL)
_OF_WHOLE_HEADERS = frozenset(
    ("return-path", "received", "delivered-to", "dkim-signature", "authentication-results", "message-id", "mime-version", "content-type")
)
_ANY_LABEL = re.compile(r"\s{0,3}[*_]{0,2}[^\s:@<>][^:@<>]{0,28}:[*_]{0,2}\s+\S")


def find_header_block(lines: Sequence[Line], number: int) -> int | None:
    """The line after the header block that begins here, None if none does. A rule directly above the block belongs to it."""
    first = next_written(lines, number + 1) if _RULE.match(lines[number].text) else number
    if first is None:
        return None
    if role_of(lines[first].text):
        end = _read_block(lines, first)
        if end is not None:
            return end
    if lines[first].is_ruled or first > number:
        return _read_ruled(lines, first)
    return None


def _read_block(lines: Sequence[Line], first: int) -> int | None:
    """At least three known labels, the sender's among them, with an address or a date."""
    roles: set[str] = set()
    strangers = 0
    end = first
    for position in range(first, min(len(lines), first + BLOCK_LINES)):
        text = lines[position].text
        role = role_of(text)
        if position > first and (lines[position].is_ruled or (role in roles and role != "other")):
            if lines[position - 1].text.strip():
                return None  # The block begins later: what stood before is the writer's own.
            break
        if role:
            roles.add(role)
            end = position + 1
        elif text.strip() and not _continues(lines, position):
            strangers += 1
            if strangers > MAX_STRANGERS or not lines[position - 1].text.strip():
                break
    block = " ".join(line.text for line in lines[first:end] if role_of(line.text) or not _ANY_LABEL.match(line.text))
    is_header = len(roles) >= LEAST_ROLES and "from" in roles and ("subject" in roles or has_address(block))
    return end if is_header and (has_address(block) or has_date(block)) else None


def read_header_fields(lines: Sequence[Line]) -> tuple[Mapping[str, str], int]:
    """What the labels of the block at the beginning of these lines name, by what that is, the first of each; and how many lines it has.

    Where it is no whole block, as under a marker, it ends at the first line without a label.
    """
    whole = find_header_block(lines, 0)
    fields: dict[str, str] = {}
    current, end = "", 0
    for number, line in enumerate(lines[: whole or BLOCK_LINES]):
        if role := role_of(line.text):
            current = "" if role in fields else role
            fields.setdefault(role, _value_of(line.text))
            end = number + 1
        elif current and _goes_on(fields[current], line.text, current):
            fields[current] = f"{fields[current]} {line.text.strip()}"
            end = number + 1
        elif whole is None:
            break
        else:
            current = ""
    end = whole or end
    while end < len(lines) and end and lines[end].text.strip() and lines[end - 1].text.rstrip().endswith((",", ";")):
        end += 1
    if current == "subject":
        wrapped = _find_wrapped(fields[current], lines, end)
        fields[current] = " ".join((fields[current], *(line.text.strip() for line in lines[end : end + wrapped])))
        end += wrapped
    return fields, end


def read_whole_header(lines: Sequence[Line]) -> tuple[Mapping[str, str], int] | None:
    """The same of a mail's whole header, as mutt passes it on if it is told to leave none of it out; None for any other lines. `Received:`
    is no date there, and a field goes on where a line is indented (RFC 5322 section 2.2.3)."""
    end = next((number for number, line in enumerate(lines[:WHOLE_LINES]) if not line.text.strip()), 0)
    fields: dict[str, str] = {}
    current = ""
    for line in lines[:end]:
        if found := _FIELD.match(line.text):
            name = found[1].lower()
            current = "" if name in fields else name
            fields.setdefault(name, found[2].strip())
        elif current:
            fields[current] = f"{fields[current]} {line.text.strip()}"
    if not lines or not _FIELD.match(lines[0].text) or not {"from", "date"} <= fields.keys() or not _OF_WHOLE_HEADERS & fields.keys():
        return None
    roles = {"from": "from", "date": "sent", "to": "to", "subject": "subject"}
    return {role: fields[name] for name, role in roles.items() if name in fields}, end


def _value_of(text: str) -> str:
    found = _LABEL.match(text)
    return text[found.end() :].strip(" \t*_|") if found else ""


def _goes_on(value: str, text: str, role: str) -> bool:
    """A value on the line below its label: of a sender until his address has come, of a subject where it fills the line above."""
    if not text.strip() or _ANY_LABEL.match(text):
        return False
    is_cut = (role == "from" and "@" not in value and "@" in text) or (role == "subject" and len(value) >= WIDE)
    return is_cut or value.endswith((",", ";")) or text[:1].isspace()


def _find_wrapped(value: str, lines: Sequence[Line], end: int) -> int:
    """How many lines a long subject goes on for, where an empty line is below it."""
    rest = next((number for number in range(MOST_WRAPPED + 1) if end + number < len(lines) and not lines[end + number].text.strip()), 0)
    return rest if len(value) >= WIDE else 0


def _continues(lines: Sequence[Line], position: int) -> bool:
    """Recipients over many lines."""
    before = lines[position - 1].text.rstrip() if position else ""
    return before.endswith((",", ";")) or lines[position].text.rstrip().endswith(";")


def _read_ruled(lines: Sequence[Line], first: int) -> int | None:
    """Under a rule or a border less is enough: the sender and one label more, also on one line; or labels of a language nobody knows."""
    roles: set[str] = set()
    unknown = 0
    end = first
    for position in range(first, min(len(lines), first + RULED_LINES)):
        text = lines[position].text
        found = _roles_in(text[:400])
        unknown += _ANY_LABEL.match(text) is not None
        if not found and not _ANY_LABEL.match(text):
            break
        roles |= found
        end = position + 1
    block = " ".join(line.text for line in lines[first:end])
    is_known = "from" in roles and len(roles) > 1 and (has_address(block) or ("subject" in roles and has_date(block)))
    return end if is_known or (unknown >= LEAST_UNKNOWN and has_address(block) and has_date(block)) else None


def _roles_in(text: str) -> set[str]:
    """What the labels anywhere in this line name."""
    if ":" not in text and "|" not in text:
        return set()
    return {_roles()[_fold(label)] for label in _label_anywhere().findall(text)}


def role_of(text: str) -> str:
    """What the label at the beginning of this line names: from, sent, to, subject or other; "" without a known one."""
    if ":" not in text[:LABEL_WIDTH] and "|" not in text[:LABEL_WIDTH]:
        return ""
    found = _LABEL.match(text)
    return _roles().get(_fold(found.group(1)), "") if found else ""


@lru_cache(maxsize=1)
def _roles() -> dict[str, str]:
    """Role by folded label. A word that names two things in two languages is known by the first."""
    roles: dict[str, str] = {}
    for role in ROLES:
        for label in words("header_labels", role):
            roles.setdefault(_fold(label), role)
    return roles


def _fold(label: str) -> str:
    """A label without case, Turkish ones too: "TARİH" and "Tarih", "ALICI" and "Alıcı" are one each."""
    return label.replace("İ", "I").casefold().replace("ı", "i")


@lru_cache(maxsize=1)
def _label_anywhere() -> re.Pattern[str]:
    labels = {label for role in ROLES for label in words("header_labels", role)}
    alternatives = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
    return re.compile(rf"(?<![^\s*_|])({alternatives})\s{{0,3}}\*{{0,2}}\s{{0,3}}(?::|\|\s)", re.IGNORECASE)
