"""Does a mail pass another one on (MAIL.md A6, A12), and what stands of that in its text? Pure, linear; the words of all languages are in
`data/forwards.toml` and `data/header_labels.toml`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maild.ingest.data import words
from maild.ingest.header_blocks import read_header_fields, read_whole_header, role_of
from maild.ingest.lines import MAX_LINES, Line, next_written, simplify
from maild.ingest.new_text import cut_reply
from maild.ingest.prefixes import is_forward
from maild.ingest.quotes import find_quote, is_marker, is_quoted
from maild.message import Address

MAX_LINE = 200
LINES_ABOVE = 6
LEAST_BESIDE = 2
_WRITTEN_LINE = re.compile(r"[^\n]*[^\s][^\n]*")
_RULE = re.compile(r"\s{0,4}[-_=*~#—–─]{2,}")
_RULE_ALONE = re.compile(r"\s{0,4}[-_=*~#]{2,}\s*")
_DECORATION = " \t-_=*~#—–─.:：\"'«»„“”<>"
_MARK = re.compile(r"\s{0,4}>\s?")
# mutt's subject of a forward, "[ann@globex.example: My chair]": it has no prefix.
_NAMED_SUBJECT = re.compile(r"\s{0,4}\[[^\s@\[\]:<>]{1,64}@[^\s@\[\]:<>]{1,255}: (.*)\]\s{0,4}")
# Seen in practice: Outlook writes a link behind an address, and wrote it in brackets once.
_LINK = re.compile(r"[<\[]mailto:([^<>\[\]\s]{1,320})[>\]]", re.IGNORECASE)
_ADDRESS = r"[^\s@\"'(),:;<>\[\]]{1,64}@[^\s@\"'(),:;<>\[\]]{1,255}"
_NAMED = re.compile(rf"(?P<name>[^<>]{{0,500}})<\s?(?P<address>{_ADDRESS})\s?>")
_BARE = re.compile(_ADDRESS)
_AROUND_NAMES = " \t*_\"'"


@dataclass(frozen=True, slots=True)
class Block:
    """A mail as it stands in the text of another: what the lines over it say of it, "" where they do not, and its own lines. `words` are
    those of whoever passes it on."""

    sender: str
    sent: str
    subject: str
    lines: tuple[Line, ...]
    words: str


def begins_with_forward(text: str) -> bool:
    """Is the first written line the marker of a forwarded mail? A marker further down belongs to what is quoted there."""
    found = _WRITTEN_LINE.search(text[: 20 * MAX_LINE])
    return found is not None and _is_marker(found[0])


def _is_marker(line: str) -> bool:
    if len(line) > MAX_LINE or line.lstrip().startswith((">", "|")):
        return False
    bare = line.strip(_DECORATION).casefold()
    if _RULE.match(line):
        # Seen in practice: `----- Forwarded by Ann Smith/Globex on 10.11.2026 09:12 -----`.
        return bare.startswith(words("forwards", "markers"))
    return bare in words("forwards", "markers")


def passes_on(subject: str) -> bool:
    """Does the subject say so? Seen in practice: "VS:", which is a reply in Finnish and a forward in Danish and Norwegian."""
    is_named = _NAMED_SUBJECT.fullmatch(subject) is not None
    return is_named or is_forward(subject) or subject.lstrip().casefold().startswith(words("forwards", "ambiguous"))


def subject_passed_on(subject: str) -> str:
    """The subject without what mutt puts around it."""
    found = _NAMED_SUBJECT.fullmatch(subject)
    return found[1] if found else subject


def find_block(lines: Sequence[Line], *, is_announced: bool) -> Block | None:
    """The mail that is passed on in this text, None where none is.

    It stands where the first quotation does: under the marker of a forward, or, where the subject announces one, under a block of header
    lines. What its writer quotes himself is his.
    """
    examined = simplify(lines[:MAX_LINES])
    quote = find_quote(examined, is_careful=False)
    if quote is None:
        return None
    begun, written = _unquoted(examined, quote.start), _unquoted(lines, quote.start)
    is_marked = _is_marker(begun[0].text)
    first = _find_label(begun, is_whole=is_marked)
    if first is None or not (is_marked or is_announced):
        return None
    head = _unquoted(begun, first)
    fields, length = (is_marked and read_whole_header(head)) or read_header_fields(head)
    if not is_marked and ("from" not in fields or len(fields.keys() & {"sent", "to", "subject"}) < LEAST_BESIDE):
        return None
    content, below = _part_at_end(_unquoted(written, first)[length:])
    own = (_own_words(lines[: quote.start]), _own_words(below))
    return Block(
        sender=fields.get("from", ""),
        sent=fields.get("sent", ""),
        subject=fields.get("subject", ""),
        lines=content,
        words="\n\n".join(filter(None, own)),
    )


def read_sender(written: str) -> Address | None:
    """Whom the line "From:" of a block names; None unless that is one person with one address, beyond doubt."""
    text = _without_links(written)
    if found := _NAMED.fullmatch(text):
        name, address = found["name"].strip(_AROUND_NAMES), found["address"]
        # Whoever is called like another address may be that one.
        return None if "@" in name and name.casefold() != address.casefold() else Address(name, address)
    bare = text.strip(_AROUND_NAMES)
    return Address("", bare) if _BARE.fullmatch(bare) else None


def _without_links(written: str) -> str:
    """`Ann <ann@x<mailto:ann@x>>`, `Ann <mailto:ann@x>` and `Ann [mailto:ann@x]` as they are meant."""
    text = written.strip(_AROUND_NAMES)
    for found in list(_LINK.finditer(text))[:1]:
        before, behind = text[: found.start()].rstrip(), text[found.end() :]
        is_repeated = before.casefold().endswith(found[1].casefold())
        text = f"{before}{behind}" if is_repeated else f"{before} <{found[1]}>{behind}"
    return text.strip(_AROUND_NAMES)


def _find_label(lines: Sequence[Line], *, is_whole: bool) -> int | None:
    """The first labelled line of a block that begins with these, behind its marker and rules. `is_whole`: it may be a whole header, whose
    fields are no labels of any program."""
    number: int | None = 0
    for _ in range(LINES_ABOVE):
        if number is None or role_of(lines[number].text) or (is_whole and read_whole_header(_unquoted(lines, number))):
            return number
        if not (is_marker(lines[number].text) or _is_marker(lines[number].text) or _RULE_ALONE.fullmatch(lines[number].text)):
            return None
        number = next_written(lines, number + 1)
    return None


def _unquoted(lines: Sequence[Line], first: int) -> tuple[Line, ...]:
    """The lines from the first on. Seen in practice: Apple Mail quotes what it passes on, with the line that says so or without."""
    if not is_quoted(lines[first].text):
        return tuple(lines[first:])
    return tuple(replace(line, text=_MARK.sub("", line.text, count=1)) for line in lines[first:])


def _part_at_end(lines: tuple[Line, ...]) -> tuple[tuple[Line, ...], tuple[Line, ...]]:
    """(what is passed on, what stands below it). Seen in practice: mutt says where it ends, and writes the signature below."""
    ends = words("forwards", "ends")
    last = next((number for number in range(len(lines) - 1, -1, -1) if _ends(lines[number].text, ends)), len(lines))
    return lines[:last], lines[last + 1 :]


def _ends(line: str, ends: tuple[str, ...]) -> bool:
    return len(line) <= MAX_LINE and _RULE.match(line) is not None and line.strip(_DECORATION).casefold().startswith(ends)


def _own_words(lines: Sequence[Line]) -> str:
    new = cut_reply(lines)
    return "" if new.is_old else new.visible
