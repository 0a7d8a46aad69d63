"""Address fields (RFC 5322 section 3.4) → mailboxes, in linear time, with what is structurally wrong with them (MAIL.md P2, A2).

Reads what is written, guesses nothing into an address: where a verifier and a mail client could see different senders, a defect says so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from maild.ingest.hygiene import one_line
from maild.ingest.words import decode_header
from maild.message import Address

MAX_ADDRESSES = 500
MAX_ADDRESS = 320

_QUOTED = r'"(?>[^"\\]|\\.)*+"'
_OTHER = r'[^"(),:;<>\[\]]+|\[[^\[\]<>,;"]{0,300}\]|[\s\S]'
_TOKEN = re.compile(f"{_QUOTED}|{_OTHER}", re.DOTALL)
_TOKEN_WITHOUT_QUOTES = re.compile(_OTHER)
_PARENTHESIS = re.compile(r"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_QUOTED_LOCAL = re.compile(rf"{_QUOTED}@[^\s@\"(),:;<>]+", re.DOTALL)
_PLAIN = re.compile(r"[^\s@\"(),:;<>\[\]]+@[^\s@\"(),:;<>]+")
_ANGLED_WORD = re.compile(r"<\s*[^<>\s@]+@[^<>\s@]+\s*>")


@dataclass(frozen=True, slots=True)
class AddressList:
    """The mailboxes of one or more fields, and the faults in their structure, empty where there are none."""

    addresses: tuple[Address, ...]
    defects: tuple[str, ...] = ()


@dataclass(slots=True)
class _Mailbox:
    """One mailbox while it is read: what stands before, in and after the angle brackets, and its comments."""

    before: list[str] = field(default_factory=list)
    inside: list[str] | None = None
    after: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)
    is_open: bool = False
    has_at: bool = False


def read_addresses(values: Iterable[str]) -> AddressList:
    """The mailboxes in raw header values, at most 500 of them; display names decoded and cleaned."""
    addresses: list[Address] = []
    defects: dict[str, None] = {}
    for value in values:
        for mailbox in _split(value):
            address, found = _read_mailbox(mailbox)
            defects.update(dict.fromkeys(found))
            if len(addresses) >= MAX_ADDRESSES:
                return AddressList(tuple(addresses), (*defects, f"more than {MAX_ADDRESSES} addresses"))
            if address:
                addresses.append(address)
    return AddressList(tuple(addresses), tuple(defects))


def _split(value: str) -> Iterator[_Mailbox]:
    """The pieces between commas; names of groups are dropped (RFC 5322 section 3.4: `name: a, b;`)."""
    reader = _Splitter(value)
    position = 0
    pattern = _TOKEN
    while token := pattern.match(value, position):
        if token.group() == '"':
            pattern = _TOKEN_WITHOUT_QUOTES  # A quote that never closes is text, and so is every quote after it.
        yield from reader.take(token)
        position = max(token.end(), reader.resume)
    yield from reader.end()


class _Splitter:
    """The tokens of one field gathered into mailboxes. `resume` is where reading goes on after a comment."""

    def __init__(self, value: str) -> None:
        self._value = value
        self._mailbox = _Mailbox()
        self._comments_close = ")" in value
        self.resume = 0

    def take(self, token: re.Match[str]) -> Iterator[_Mailbox]:
        text = token.group()
        match text:
            case "(" if self._comments_close:
                self._comment(token.start())
            case "<":
                self._open_angle()
            case ">" if self._mailbox.is_open:
                self._mailbox.is_open = False
            case "," | ";" if not self._mailbox.is_open:
                yield from self.end()
            case ":" if not self._mailbox.is_open and self._mailbox.inside is None and not self._mailbox.has_at:
                self._mailbox.before.clear()
            case _:
                self._add(text)

    def end(self) -> Iterator[_Mailbox]:
        mailbox, self._mailbox = self._mailbox, _Mailbox()
        if mailbox.is_open:
            mailbox.defects.append("angle bracket never closed")
        yield mailbox

    def _comment(self, start: int) -> None:
        """RFC 5322 section 3.2.2, nested. One that never closes is text, and so is every parenthesis after it."""
        depth = 0
        for found in _PARENTHESIS.finditer(self._value, start):
            depth += {"(": 1, ")": -1}.get(found.group(), 0)
            if not depth and found.group() == ")":
                self._mailbox.comments.append(self._value[start + 1 : found.start()])
                self.resume = found.end()
                return
        self._comments_close = False
        self._add("(")

    def _open_angle(self) -> None:
        if self._mailbox.inside is not None:
            self._mailbox.defects.append("two addresses in angle brackets")
            self._mailbox.after.append("<")
            return
        self._mailbox.inside = []
        self._mailbox.is_open = True

    def _add(self, text: str) -> None:
        mailbox = self._mailbox
        if mailbox.is_open and mailbox.inside is not None:
            mailbox.inside.append(text)
        elif mailbox.inside is not None:
            mailbox.after.append(text)
        else:
            mailbox.before.append(text)
            mailbox.has_at = mailbox.has_at or "@" in text


def _read_mailbox(mailbox: _Mailbox) -> tuple[Address | None, list[str]]:
    """(the mailbox, its defects); None for an empty piece between commas."""
    if mailbox.inside is not None:
        return _read_angled(mailbox)
    written = "".join(mailbox.before)
    text = written.strip()
    if not text:
        return None, mailbox.defects
    if "=?" in text and _ANGLED_WORD.search(decode_header(text)):
        # Seen in practice: the whole mailbox inside one encoded word.
        inner = read_addresses([decode_header(text).replace("=?", "")])
        return next(iter(inner.addresses), None), [*mailbox.defects, "address inside an encoded word"]
    name = _decode_name(mailbox.comments[-1:])
    if _is_address(text):
        address = _clean_address(text)
        return Address(name, address), [*mailbox.defects, *_find_strangers(written, address)]
    return _read_unbracketed(text, name, mailbox.defects)


def _is_address(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None or _QUOTED_LOCAL.fullmatch(text) is not None


def _find_strangers(written: str, address: str) -> list[str]:
    """Control characters and odd blanks around or in an address: we take them out, other readers keep them, and see another address."""
    return [] if decode_header(written).strip(" \t") == address else ["characters that belong to no address"]


def _read_unbracketed(text: str, name: str, defects: list[str]) -> tuple[Address | None, list[str]]:
    """Seen in practice: `Ann Smith ann@x`, `"ann@x"`, `ann @ x`, `MAILER-DAEMON`."""
    words = text.split()
    found = [word for word in words if _PLAIN.fullmatch(word.strip("\"'"))]
    if not found:
        return Address(name, _clean_address(text)), [*defects, "no address"]
    rest = " ".join(word for word in words if word != found[-1])
    return Address(name or _decode_name([rest]), _clean_address(found[-1].strip("\"'"))), [*defects, "address without angle brackets"]


def _read_angled(mailbox: _Mailbox) -> tuple[Address | None, list[str]]:
    defects = list(mailbox.defects)
    written = "".join(mailbox.inside or [])
    inside = written.strip()
    before = "".join(mailbox.before).strip()
    if "".join(mailbox.after).strip():
        defects.append("text after the angle brackets")
    if "@" in _unquoted(mailbox.before):
        defects.append("an address before the angle brackets")
    if inside.startswith("@") and ":" in inside:
        defects.append("a route before the address")
        inside = inside.rpartition(":")[2]
    address = _clean_address(inside)
    if not _is_address(inside):
        defects.append("not one address in the angle brackets")
    elif not defects:
        defects += _find_strangers(written, address)
    if not address:
        return _recover_from_name(before, defects)
    return Address(_decode_name([before] if before else mailbox.comments[-1:]), address), defects


def _recover_from_name(before: str, defects: list[str]) -> tuple[Address | None, list[str]]:
    """Seen in practice: `ann@x <>`."""
    word = before.strip("\"' ")
    return (Address("", _clean_address(word)) if _PLAIN.fullmatch(word) else None), defects


def _unquoted(tokens: list[str]) -> str:
    return "".join(token for token in tokens if not token.startswith('"'))


def _decode_name(pieces: list[str]) -> str:
    """A display name: quotes off, words decoded also inside quotes (MAIL.md P4), clean."""
    name = "".join(pieces).strip()
    if name.startswith('"') and name.endswith('"') and len(name) > 1 and '"' not in name[1:-1].replace('\\"', ""):
        name = _ESCAPE.sub(r"\1", name[1:-1])
    elif '"' in name:
        name = _ESCAPE.sub(r"\1", name.replace('"', ""))
    return one_line(decode_header(name))


def _clean_address(text: str) -> str:
    """An addr-spec without blanks around it. Seen in practice: `<mailto:ann@x>`, `<'ann@x'>`, words encoded in it."""
    address = one_line(decode_header(text)).removeprefix("mailto:").strip("' ")
    return address[:MAX_ADDRESS]
