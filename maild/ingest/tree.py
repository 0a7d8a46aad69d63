"""The limits of a MIME tree (MAIL.md P2), and stdlib's message turned into `Part` values. The bytes are opened by `maild.ingest.parse`.

Libraries see no more parts, no deeper nesting and no longer fields than they can bear; what is beyond becomes one opaque attachment.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from email.errors import MessageError
from email.feedparser import FeedParser
from email.message import Message
from itertools import islice

from maild.ingest.headers import MAX_FIELD_BYTES, MAX_FIELDS, read_headers
from maild.ingest.mime import Part
from maild.ingest.parameters import FieldValue, read_value
from maild.ingest.tnef import TnefError, TnefFile, unpack
from maild.ingest.transfer import decode_transfer, split_uuencoded
from maild.ingest.wrapping import is_tnef
from maild.message import HeaderField

MAX_DEPTH = 30
MAX_PARTS = 500
MAX_MULTIPARTS = 200
MAX_STRUCTURAL_FIELD = 4_096
MANY_HEADS = 10_000
"""Where there are so many, what a library may see most likely ends among the first of them."""
OPAQUE = "application/octet-stream"
# What stdlib's readers of hostile mail have been seen to raise.
PARSER_FAULTS = (LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError, MessageError)

_BOUNDARY = re.compile(rb"boundary[^=\n]{0,20}=[ \t\n]{0,20}\"?([^\"\n;]{0,200})")
_STRUCTURAL_FIELD = re.compile(rb"\ncontent-(?:type|disposition)[ \t]{0,20}:[^\n]*(?:\n[ \t][^\n]*)*")
_UNFOLDED = re.compile(rb"boundary=", re.IGNORECASE)
# Lines end as stdlib has them end.
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEAD_END = re.compile(rb"(?:\A|(?>\r\n|\r|\n))(?:\r\n|\r|\n)")
# The dash stands first, because a single octet is soon looked for.
_DASHES = re.compile(rb"-(?<=[\r\n]-)-")
_TYPE = re.compile(r"[^\s/]{1,100}/[^\s/]{1,100}")
_FOLD = re.compile(r"[\r\n]+")
MESSAGES = frozenset({"message/rfc822", "message/global", "message/news"})
_STRUCTURAL_NAMES = frozenset({"content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version"})


class SealedMessage(Message):
    """A message whose message/* parts stay closed, so that their bytes are kept exactly as they came."""

    def get_content_type(self) -> str:
        found = super().get_content_type()
        return OPAQUE if found.startswith("message/") else found


def guard_header(fields: tuple[HeaderField, ...], names: frozenset[str] = frozenset()) -> bytes:
    """The first of every field a library may see (MAIL.md P2): the structural ones and those named, none over 4 KiB."""
    first: dict[str, HeaderField] = {}
    for field in fields:
        name = field.name.casefold()
        if name in _STRUCTURAL_NAMES | names and len(field.value) <= MAX_STRUCTURAL_FIELD:
            first.setdefault(name, field)
    lines = (f"{field.name}: {field.value}\r\n" for field in first.values())
    return "".join(lines).encode("utf-8", "surrogateescape") + b"\r\n"


def find_cut(octets: bytes) -> int | None:
    """Where a guarded message goes beyond what a library may see, None if it does not."""
    # Same length, so that places in it are places in the message.
    lowered = octets.lower().replace(b"\r\n", b" \n").replace(b"\r", b"\n")
    declared = list(islice(_BOUNDARY.finditer(lowered), MAX_MULTIPARTS + 1))
    cuts = [declared[-1].start()] if len(declared) > MAX_MULTIPARTS else []
    boundaries = tuple({found.group(1).strip() for found in declared})
    cuts += islice(_delimiters(lowered, boundaries), 2 * MAX_PARTS, 2 * MAX_PARTS + 1)
    for field in _STRUCTURAL_FIELD.finditer(lowered):
        if field.end() - field.start() > MAX_STRUCTURAL_FIELD:
            cuts.append(field.start())
            break
    return min(cuts, default=None)


def _delimiters(lowered: bytes, boundaries: tuple[bytes, ...]) -> Iterator[int]:
    position = lowered.find(b"\n--")
    while position >= 0:
        if lowered.startswith(boundaries, position + 3):
            yield position
        position = lowered.find(b"\n--", position + 3)


def build_tree(
    message: Message, fields: tuple[HeaderField, ...], remainder: bytes, *, depth: int = 0, parts: int = 0
) -> tuple[Part, tuple[str, ...]]:
    """(the tree of an opened message, its defects); the message keeps its structure and headers only.

    `fields` is the message's whole header, `remainder` what was cut off before opening. Of a message in another one, `depth` is its own
    there, and `parts` are those counted already.
    """
    builder = _Builder(parts)
    root = builder.build(message, depth, fields)
    if remainder:
        opaque = Part(builder.next_index(), OPAQUE, (), (), remainder, disposition="attachment")
        root = replace(root, children=(*root.children, opaque))
        builder.note("structure cut: too many parts")
    return root, tuple(builder.defects)


class _Builder:
    """Numbers the parts while it builds them, and stops at the limits."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.defects: dict[str, None] = {}

    def note(self, defect: str) -> None:
        self.defects[defect] = None

    def next_index(self) -> int:
        self._count += 1
        return self._count - 1

    def build(self, message: Message, depth: int, fields: tuple[HeaderField, ...] | None = None) -> Part:
        index = self.next_index()
        headers = _inner_fields(message) if fields is None else fields
        kind = _read_type(headers, message.get_default_type())
        disposition = read_value(_first(headers, "content-disposition"))
        name = kind.parameter("name") or disposition.parameter("filename") or ""
        payload, children = self._content(message, kind, headers, name, depth)
        return Part(
            index,
            kind.value,
            kind.parameters,
            headers,
            payload,
            children,
            disposition.value,
            disposition.parameters,
        )

    def _content(
        self, message: Message, kind: FieldValue, headers: tuple[HeaderField, ...], name: str, depth: int
    ) -> tuple[bytes, tuple[Part, ...]]:
        """(payload, children) of a part that declares this name, "" for none."""
        if message.is_multipart():
            return b"", self._build_children(_parts(message), depth)
        payload = decode_transfer(_raw_payload(message), "" if message.get_content_maintype() == "multipart" else _encoding(headers))
        if depth + 1 < MAX_DEPTH and (opened := _open_unfolded(kind.value, payload)):
            self.note("a boundary is not folded")
            return b"", self._build_children(_parts(opened), depth)
        if kind.value in MESSAGES:
            return payload, self._build_message(payload, depth)
        if kind.value == "text/plain" and b"begin" in payload:
            return self._build_uuencoded(payload, headers)
        if is_tnef(kind.value, name):
            return payload, self._build_tnef(payload)
        return payload, ()

    def _build_children(self, parts: list[Message], depth: int) -> tuple[Part, ...]:
        children = []
        for part in parts:
            if self._count >= MAX_PARTS:
                self.note(f"more than {MAX_PARTS} parts")
                break
            if depth + 1 >= MAX_DEPTH and part.is_multipart():
                self.note(f"nested deeper than {MAX_DEPTH}")
                children.append(Part(self.next_index(), OPAQUE, (), (), _flatten(part), disposition="attachment"))
                continue
            children.append(self.build(part, depth + 1))
        return tuple(children)

    def _build_message(self, payload: bytes, depth: int) -> tuple[Part, ...]:
        """The message in a message/rfc822 part, opened by stdlib alone: it is read for reports only, never for text."""
        if depth + 1 >= MAX_DEPTH or self._count >= MAX_PARTS:
            return ()
        block = read_headers(payload)
        inner, _ = open_with_stdlib(guard_header(block.fields) + payload[block.body_start :])
        return (self.build(inner, depth + 1, block.fields),)

    def _build_uuencoded(self, payload: bytes, headers: tuple[HeaderField, ...]) -> tuple[bytes, tuple[Part, ...]]:
        """P5: uuencoded files in a text become parts beside it."""
        text, files = split_uuencoded(payload)
        if not files:
            return payload, ()
        kind = _read_type(headers, "text/plain")
        children = [Part(self.next_index(), kind.value, kind.parameters, (), text)]
        for name, content in files[: MAX_PARTS - self._count]:
            children.append(Part(self.next_index(), OPAQUE, (("name", name),), (), content, disposition="attachment"))
        return b"", tuple(children)

    def _build_tnef(self, payload: bytes) -> tuple[Part, ...]:
        """P12: the files in a winmail.dat; none where it cannot be unpacked, then it stays what it is."""
        try:
            files = unpack(payload)
        except TnefError as error:
            self.note(f"TNEF: {error}")
            return ()
        return tuple(self._build_file(file) for file in files[: MAX_PARTS - self._count])

    def _build_file(self, file: TnefFile) -> Part:
        headers = (HeaderField("Content-ID", f"<{file.content_id}>"),) if file.content_id else ()
        kind = file.content_type if _TYPE.fullmatch(file.content_type) else OPAQUE
        return Part(self.next_index(), kind, (("name", file.name),), headers, file.content, disposition="attachment")


def open_with_stdlib(guarded: bytes) -> tuple[Message, bytes]:
    """(a guarded message opened by stdlib, what was cut off before). One that breaks the parser is opened as a single text."""
    opened, remainder = _cut(guarded)
    try:
        return _split(opened), remainder
    except PARSER_FAULTS:
        _, _, body = guarded.partition(b"\r\n\r\n")
        return _split(b"\r\n" + body), b""


def _cut(guarded: bytes) -> tuple[bytes, bytes]:
    """(what a library may see, the rest). Only heads are looked through: stdlib looks for nothing in what stands between them."""
    every = _find_heads(guarded)
    heads = list(islice(every, MANY_HEADS))
    cut = find_cut(b"".join(guarded[head] for head in heads))
    if cut is None and len(heads) == MANY_HEADS:
        heads += every
        cut = find_cut(b"".join(guarded[head] for head in heads))
    if cut is None:
        return guarded, b""
    for head in heads:
        length = head.stop - head.start
        if cut < length:
            break
        cut -= length
    return guarded[: head.start + cut], guarded[head.start + cut :]


def _find_heads(octets: bytes) -> Iterator[slice]:
    """Where a header may stand: from the beginning, and in a multipart from any line with two dashes, to the next empty line.

    All else is body.
    """
    start = 0
    while True:
        found = _HEAD_END.search(octets, start)
        end = found.end() if found else len(octets)
        yield slice(start, end)
        if start == 0 and b"multipart" not in octets[:end].lower():
            return
        following = _DASHES.search(octets, end)
        if following is None:
            return
        start = following.start()


def _split(octets: bytes) -> SealedMessage:
    """Stdlib's splitter is given line by line only what it has to look at, and bodies whole: most of a large mail is a few of them.

    Its `feed` would break them into lines again, so the pieces go straight to the queue of lines it reads.
    """
    parser = FeedParser(SealedMessage)
    vars(parser)["_input"].pushlines([piece.decode("ascii", "surrogateescape") for piece in _pieces(octets)])
    return parser.close()


def _pieces(octets: bytes) -> Iterator[bytes]:
    """The lines of heads, and what stands between heads."""
    end = 0
    for head in _find_heads(octets):
        if end < head.start:
            yield octets[end : head.start]
        yield from _LINE.findall(octets, head.start, head.stop)
        end = head.stop
    if end < len(octets):
        yield octets[end:]


def _open_unfolded(kind: str, payload: bytes) -> Message | None:
    """The multipart whose boundary begins its body; None for anything else.

    Seen in practice: `Content-Type: multipart/alternative;` in a part, and the boundary on a line below that is not folded.
    """
    if not kind.startswith("multipart/") or not _UNFOLDED.match(payload):
        return None
    opened, _ = open_with_stdlib(f"Content-Type: {kind};\r\n\t".encode("ascii", "replace") + payload)
    return opened if opened.is_multipart() else None


def _parts(message: Message) -> list[Message]:
    """The parts of a multipart. A leaf must never be asked like this: stdlib then decodes it with whatever charset it declares."""
    parts = message.get_payload()
    return [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []


def _inner_fields(message: Message) -> tuple[HeaderField, ...]:
    fields = islice(message.raw_items(), MAX_FIELDS)
    return tuple(HeaderField(name, _FOLD.sub("", str(value)[:MAX_FIELD_BYTES]).strip()) for name, value in fields)


def _read_type(fields: tuple[HeaderField, ...], default: str) -> FieldValue:
    """Content-Type; seen in practice: none, "text", or prose."""
    found = read_value(_first(fields, "content-type"))
    return found if _TYPE.fullmatch(found.value) else FieldValue(default, found.parameters)


def _encoding(fields: tuple[HeaderField, ...]) -> str:
    return _first(fields, "content-transfer-encoding")


def _first(fields: tuple[HeaderField, ...], name: str) -> str:
    return next((field.value for field in fields if field.name.casefold() == name), "")


def _raw_payload(message: Message) -> bytes:
    """The bytes of a leaf taken out of the message, their transfer encoding still on: no library decodes them."""
    del message["Content-Transfer-Encoding"]
    payload = message.get_payload(decode=True)
    message.set_payload("")
    return payload if isinstance(payload, bytes) else b""


def _flatten(message: Message) -> bytes:
    try:
        return message.as_bytes()
    except PARSER_FAULTS:
        return b""
