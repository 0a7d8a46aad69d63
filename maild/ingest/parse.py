"""Bytes → InboundMessage, and the door to mail-parser and stdlib's email (MAIL.md P1-P10). Runs in disposable worker processes.

Behind our guarded header stdlib splits the message, as mail-parser has it do too; mail-parser then reads the Date and names the defects of
structure and headers, and its reading of From is the second opinion that A2 needs. It gets no payloads: it would normalise and re-encode
them all, and a run of combining marks takes it minutes. Where it gives up, the message is read without it.
Nothing a message holds makes this raise: what is wrong with it is listed in its `defects`.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import Message
from hashlib import sha256

from mailparser import MailParser
from mailparser.exceptions import MailParserError

from maild.ingest.addresses import AddressList, read_addresses
from maild.ingest.content import Content, read_content
from maild.ingest.dates import read_date
from maild.ingest.errand import Opened
from maild.ingest.forwarded import attached_mail, find_enclosed, mail_in_text
from maild.ingest.forwards import passes_on
from maild.ingest.headers import HeaderBlock, find_identifiers, read_headers
from maild.ingest.hygiene import one_line
from maild.ingest.identity import fingerprint, message_identity
from maild.ingest.language import guess_language
from maild.ingest.mime import Part
from maild.ingest.reports import read_report
from maild.ingest.tree import PARSER_FAULTS, build_tree, guard_header, open_with_stdlib
from maild.ingest.words import decode_header
from maild.message import Address, HeaderField, InboundMessage

LOOP_FIELD = "X-Maild-Loop"
OWN_PREFIX = "x-maild-"
MAX_DATE = 200
_GUARDED_NAMES = frozenset({"from", "date"})
_RECIPIENT_FIELDS = frozenset({"delivered-to", "x-original-to", "envelope-to"})

# It warns about every part it has no use for, into the daemon's log.
logging.getLogger("mailparser").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A message opened: its own header, its tree, and what mail-parser says of it (None where it gave up)."""

    header: HeaderBlock
    root: Part
    senders: frozenset[str] | None
    date: datetime | None
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Senders:
    """The From fields, all together, and the first structural fault in them (MAIL.md A2)."""

    addresses: tuple[Address, ...]
    fields: int
    defect: str


def parse_message(raw: bytes, *, reply: bool = True) -> InboundMessage:
    """The message in these bytes. `reply`: its new text is cut; without, all of it is new (the first message of a ticket, MAIL.md P8)."""
    return open_message(raw, reply=reply).message


def open_message(raw: bytes, *, reply: bool = True, with_files: bool = False, with_look: bool = True) -> Opened:
    """The message, and if wanted the bytes of what it carries. `with_look` as in `Errand`."""
    parts = _open(raw)
    content = read_content(parts.root, reply=reply, is_announced=passes_on(_decoded(parts.header, "subject")), with_look=with_look)
    message = _compose(raw, parts, content)
    enclosed = () if message.report else find_enclosed(parts.root)
    attached = content.attached
    if enclosed:
        inner, (part, *others) = _open_enclosed(enclosed[0]), enclosed
        passed_on = read_content(inner.root, reply=reply, with_look=with_look)
        attached += passed_on.attached
        message = replace(message, forwarded=attached_mail(message, _compose(part.payload, inner, passed_on), part, len(others)))
    elif content.block and not message.report:
        message = replace(message, forwarded=mail_in_text(message, content.block, content.block_html))
    return Opened(message, {part.index: part.payload for part in attached} if with_files else {})


def _open_enclosed(part: Part) -> _Opened:
    """A message in a part, which the tree has opened already. That it is a message proves nothing of its From, so that there is no second
    opinion to ask for."""
    return _Opened(read_headers(part.payload), part.children[0], None, None, ())


def _open(raw: bytes) -> _Opened:
    header = read_headers(raw)
    message, remainder = open_with_stdlib(guard_header(header.fields, _GUARDED_NAMES) + raw[header.body_start :])
    root, defects = build_tree(message, header.fields, remainder)
    parser = _ask_mail_parser(message)
    if parser is None:
        return _Opened(header, root, None, None, (*header.defects, "mail-parser gave up", *defects))
    senders = frozenset(address.casefold() for _, address in parser.from_)
    named = sorted(parser.defects_categories)
    return _Opened(header, root, senders, parser.date, (*header.defects, *named, *defects))


def _ask_mail_parser(message: Message) -> MailParser | None:
    try:
        return MailParser(message)
    except (MailParserError, *PARSER_FAULTS):
        return None


def _compose(raw: bytes, opened: _Opened, content: Content) -> InboundMessage:
    """The message's values, put together."""
    header = opened.header
    senders = _read_senders(opened)
    author = senders.addresses[0].key if senders.addresses else ""
    subject = _decoded(header, "subject")
    written = _decoded(header, "date")[:MAX_DATE]
    body = raw[header.body_start :]
    mid, given = message_identity(_first(header, "message-id"), author, written, subject, body)
    return InboundMessage(
        raw_sha256=sha256(raw).hexdigest(),
        size=len(raw),
        headers=tuple(field for field in header.fields if _is_foreign(field)),
        header_from=senders.addresses,
        from_fields=senders.fields,
        from_defect=senders.defect,
        sender=next(iter(_addresses(header, "sender").addresses), None),
        reply_to=_addresses(header, "reply-to").addresses,
        to=_addresses(header, "to").addresses,
        cc=_addresses(header, "cc").addresses,
        recipients=_recipients(header),
        return_path=_return_path(header),
        subject=subject,
        date=opened.date or read_date(written),
        message_id=mid,
        message_id_given=given,
        in_reply_to=find_identifiers(_decoded(header, "in-reply-to")),
        references=find_identifiers(_decoded(header, "references")),
        fingerprint=fingerprint(author, written, subject, content.text),
        text=content.text,
        html=content.html,
        new_text=content.new_text,
        elided=content.elided,
        attachments=content.attachments,
        part_types=tuple(part.content_type for part in opened.root.walk()),
        report=read_report(opened.root),
        defects=opened.defects,
        calendar_method=content.calendar_method,
        uncut_text=content.uncut_text,
        new_html=content.new_html,
        uncut_html=content.uncut_html,
        invitation=content.invitation,
        wrappings=content.wrappings,
        nothing_new=content.nothing_new,
        loop_marks=header.values(LOOP_FIELD),
        language=guess_language(content.text),
    )


def _read_senders(opened: _Opened) -> _Senders:
    """A2: our reading of the From fields, and mail-parser's of the first. Where they name different addresses, neither is believed."""
    values = opened.header.values("from")
    found = read_addresses(values)
    defect = next(iter(found.defects), "")
    if not defect and len(values) == 1 and opened.senders is not None:
        ours = frozenset(address.key for address in found.addresses)
        defect = "" if ours == opened.senders else "two readers find different addresses"
    return _Senders(found.addresses, len(values), defect)


def _is_foreign(field: HeaderField) -> bool:
    """MAIL.md S7: what only we may write is no header of a message that comes in."""
    return not field.name.casefold().startswith(OWN_PREFIX)


def _first(header: HeaderBlock, name: str) -> str | None:
    return next(iter(header.values(name)), None)


def _decoded(header: HeaderBlock, name: str) -> str:
    """The first field of a name, decoded, on one line; "" without one."""
    return one_line(decode_header(_first(header, name) or ""))


def _addresses(header: HeaderBlock, name: str) -> AddressList:
    return read_addresses(header.values(name))


def _recipients(header: HeaderBlock) -> tuple[str, ...]:
    """The addresses of the trace fields, in the order of the header."""
    values = [field.value for field in header.fields if field.name.casefold() in _RECIPIENT_FIELDS]
    return tuple(address.address for address in read_addresses(values).addresses)


def _return_path(header: HeaderBlock) -> str | None:
    """None without a Return-Path, "" for the null path `<>` (RFC 5321 section 4.5.5)."""
    value = _first(header, "return-path")
    if value is None:
        return None
    return next((address.address for address in read_addresses([value]).addresses if "@" in address.address), "")
