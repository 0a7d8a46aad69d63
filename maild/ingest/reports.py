"""Is this mail a machine's report, and what does it say: bounces, delays, receipts, complaints (MAIL.md B1-B3, B7).

Reads the MIME tree inside the parsing worker and answers with a plain Report. Which letter of ours a report is about is for
`maild.ingest.bounce`; what follows from it is decided later.
"""

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from maild.ingest.bounce_verdict import find_status, read_kind
from maild.ingest.data import word_set, words
from maild.ingest.delivery_status import MAX_DIAGNOSTIC, DeliveryStatus, read_address, read_delivery_status, read_groups
from maild.ingest.headers import find_identifiers, read_headers
from maild.ingest.hygiene import one_line
from maild.ingest.mime import Part
from maild.ingest.notices import (
    ADDRESS,
    NamedRecipient,
    Notice,
    find_recipients,
    guess_recipients,
    has_opening,
    has_report_subject,
    read_notice,
    says_delay,
)
from maild.ingest.words import decode_header
from maild.message import BouncedRecipient, BounceKind, Report, ReportKind
from maild.tokens import MAC_PATTERN

_SEARCHED = 256 * 1024
_DELIVERY_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RETURNED = frozenset({"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"})
_OWN_ID = re.compile(rf"\b(?:[casnw]\.|b)\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN}(?:@[a-z0-9.-]{{1,255}})?", re.IGNORECASE)
_BOUNCE_ADDRESS = re.compile(rf"\+b\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN}@", re.IGNORECASE)
_RECIPIENT_FIELDS = ("Delivered-To", "X-Original-To", "Envelope-To", "To", "Cc")


def read_report(message: Part) -> Report | None:
    """The report this message is, None for any other mail. The readers stand in order of certainty."""
    return next((report for reader in READERS if (report := reader(message))), None)


# Reports that say so by their MIME types


def _complaint(message: Part) -> Report | None:
    """RFC 5965."""
    part = next((part for part in _own_parts(message) if part.content_type == "message/feedback-report"), None)
    if part is None and _report_type(message) != "feedback-report":
        return None
    groups = read_groups(part.text) if part else ()
    addresses = dict.fromkeys(read_address(value) for group in groups for value in group.values("original-rcpt-to"))
    recipients = tuple(BouncedRecipient(address, None, False, "", "complaint") for address in addresses if address)
    return Report(ReportKind.ARF, recipients, _returned_ids(message), "a feedback report (RFC 5965)")


def _hotmail_complaint(message: Part) -> Report | None:
    """Seen in practice: Outlook.com's complaints are no reports, just the mail attached under their own header field."""
    for part in message.walk():
        if address := read_address(part.field("X-HmXmrOriginalRecipient") or ""):
            recipient = BouncedRecipient(address, None, False, "", "complaint")
            return Report(ReportKind.ARF, (recipient,), _returned_ids(message), "X-HmXmrOriginalRecipient: a complaint by Outlook.com")
    return None


def _receipt(message: Part) -> Report | None:
    """RFC 8098."""
    part = next((part for part in _own_parts(message) if part.content_type == "message/disposition-notification"), None)
    if part is None and _report_type(message) != "disposition-notification":
        return None
    recipients = tuple(
        BouncedRecipient(address, None, False, "", group.value("disposition")[:MAX_DIAGNOSTIC])
        for group in (read_groups(part.text) if part else ())
        if (address := read_address(group.value("final-recipient")))
    )
    return Report(ReportKind.MDN, recipients, _returned_ids(message), "a disposition notification (RFC 8098)")


def _delivery_report(message: Part) -> Report | None:
    """RFC 3464: a delivery-status part anywhere in the message itself. One in an attached message is another mail's."""
    parts = [part for part in _own_parts(message) if part.content_type in _DELIVERY_STATUS]
    if not parts and _report_type(message) != "delivery-status":
        return None
    status = read_delivery_status("\n\n".join(part.text for part in parts))
    if not status.recipients:
        return _noticed(message, "a report of type delivery-status (RFC 3464)")
    return _from_status(message, status, "a delivery-status part (RFC 3464)")


def _from_status(message: Part, status: DeliveryStatus, sign: str) -> Report:
    returned = next(_returned_message_ids(message), "")
    return Report(status.kind, status.recipients, _returned_ids(message), sign, returned_message_id=returned)


# Reports in plain words


def _failed_recipients(message: Part) -> Report | None:
    """Exim and Gmail."""
    return _noticed(message, "X-Failed-Recipients") if message.field("X-Failed-Recipients") else None


def _daemons_notice(message: Part) -> Report | None:
    """MAIL.md B1: a null Return-Path and a daemon's From; or one of them with the subject or the words of a notice. A daemon's From alone
    is not enough: postmaster@ may be a person. Nor are subject and words together: a person asks what the notice he got means."""
    null_path, daemon = _has_null_path(message), _has_daemon_from(message)
    subject = has_report_subject(decode_header(message.field("Subject") or ""))
    if null_path and daemon:
        return _noticed(message, "a null Return-Path and a daemon's From")
    if subject and message.field("X-MLServer"):
        # Seen in practice: fml tells of a loop under its administrator's name and path.
        return _noticed(message, "a list server's field and the subject of a notice")
    if not (null_path or daemon):
        return None
    sender = "a null Return-Path" if null_path else "a daemon’s From"
    if subject:
        return _noticed(message, f"{sender} and the subject of a notice")
    notice = _notice(message)
    named = null_path or _is_surely_a_daemon(message) or find_recipients(notice, _own_address(message))
    return _noticed(message, f"{sender} and the words of a notice") if named and has_opening(notice) else None


def _sent_to_a_bounce_address(message: Part) -> Report | None:
    """MAIL.md B1. Whether the address is ours only the desk can judge, which has the keys."""
    values = (value[:_SEARCHED] for name in _RECIPIENT_FIELDS for value in message.fields(name))
    if not any(_BOUNCE_ADDRESS.search(value) for value in values):
        return None
    return replace(_noticed(message, "sent to the bounce address of a letter"), by_address=True)


READERS: tuple[Callable[[Part], Report | None], ...] = (
    _complaint,
    _hotmail_complaint,
    _receipt,
    _delivery_report,
    _failed_recipients,
    _daemons_notice,
    _sent_to_a_bounce_address,
)


def _noticed(message: Part, sign: str) -> Report:
    """The report a notice in plain words makes."""
    notice = _notice(message)
    status = read_delivery_status(notice.text)
    if status.recipients:
        return _from_status(message, status, sign)
    late = says_delay(decode_header(message.field("Subject") or ""), notice)
    # B3: a server that writes this field means those it could not reach.
    otherwise = BounceKind.HARD if message.field("X-Failed-Recipients") else None
    recipients = tuple(_judge_named(named, notice, late, otherwise) for named in _named_recipients(message, notice))
    kind, returned = ReportKind.DELAY if late else ReportKind.BOUNCE, next(_returned_message_ids(message), "")
    return Report(kind, recipients, _returned_ids(message), sign, returned_message_id=returned)


def _named_recipients(message: Part, notice: Notice) -> tuple[NamedRecipient, ...]:
    own = _own_address(message)
    listed = find_recipients(notice, own)
    return (
        _listed_in_header(message, notice, listed)
        or listed
        or _nested_recipients(message)
        or guess_recipients(notice, own)
        or tuple(NamedRecipient(address, notice.text) for address in _returned_recipients(message))
    )


def _listed_in_header(message: Part, notice: Notice, listed: tuple[NamedRecipient, ...]) -> tuple[NamedRecipient, ...]:
    """The recipients of the header, each with what the text says of him: an address in the text may be anybody's.

    Seen in practice: an address written to in the text, with the reason, and in the header what became of it. Then the text has it right.
    """
    said = {named.address.casefold(): named for named in listed}
    found = tuple(said.get(address.casefold(), NamedRecipient(address, notice.text)) for address in _header_recipients(message))
    is_named = any(named in listed for named in found)
    is_told_of_another = any(read_kind("", named.words) for named in listed)
    return found if is_named or not is_told_of_another else ()


def _judge_named(named: NamedRecipient, notice: Notice, late: bool, otherwise: BounceKind | None) -> BouncedRecipient:
    """`otherwise`: what kind it is where no word tells."""
    kind = read_kind("", named.words) or read_kind("", notice.text) or (BounceKind.SOFT if late else otherwise)
    status = find_status(named.words)
    diagnostic = " ".join((named.words if status or len(named.words) > 1 else notice.text).split())
    return BouncedRecipient(named.address, kind, not late, status, diagnostic[:MAX_DIAGNOSTIC])


def _header_recipients(message: Part) -> tuple[str, ...]:
    values = one_line(" ".join(message.fields("X-Failed-Recipients"))[:_SEARCHED])
    return tuple(dict.fromkeys(match[0].strip("'.") for match in re.finditer(ADDRESS, values)))


def _nested_recipients(message: Part) -> tuple[NamedRecipient, ...]:
    """Seen in practice: a gateway wraps another server's report into its own and names nobody."""
    inner = (child for part in _returned_parts(message) for child in part.children)
    reports = (part.text for child in inner for part in _own_parts(child) if part.content_type in _DELIVERY_STATUS)
    failed = (recipient for text in reports for recipient in read_delivery_status(text).recipients)
    return tuple(NamedRecipient(recipient.address, f"{recipient.status} {recipient.diagnostic}") for recipient in failed)


def _returned_recipients(message: Part) -> tuple[str, ...]:
    """Whom the returned message was for, when it was for one person only."""
    for part in _returned_parts(message):
        found = {match[0].casefold() for value in _returned_fields(part, "To") for match in re.finditer(ADDRESS, one_line(value[:4000]))}
        if len(found) == 1:
            return tuple(found)
    return ()


# Who sent it


def _has_null_path(message: Part) -> bool:
    """Seen in practice: <MAILER-DAEMON> in place of <>."""
    paths = message.fields("Return-Path")
    return any(path.strip() in ("<>", "") or _local_part(path).startswith(words("addresses", "sure_daemon_beginnings")) for path in paths)


def _has_daemon_from(message: Part) -> bool:
    """Seen in practice: `MAILER-DAEMON <>`, `mailer-daemon` without a domain, `<>`."""
    for value in message.fields("From"):
        name = decode_header(value[:1000]).strip(" \"'").casefold()
        if value.strip() == "<>" or name.startswith(words("addresses", "daemon_names")) or _is_daemon(value):
            return True
    return False


def _is_surely_a_daemon(message: Part) -> bool:
    return any(_local_part(value).startswith(words("addresses", "sure_daemon_beginnings")) for value in message.fields("From"))


def _is_daemon(field: str) -> bool:
    local = _local_part(field)
    return (
        local in word_set("addresses", "daemons")
        or local.startswith(words("addresses", "daemon_beginnings"))
        or local.endswith(words("addresses", "daemon_endings"))
    )


def _local_part(field: str) -> str:
    address = read_address(field) or field
    return re.sub(r"[._]", "-", address.rpartition("@")[0] or address).strip(" <>\"'").casefold()


def _own_address(message: Part) -> str:
    return read_address(message.field("To") or "")


# The message's own parts, and those of the message it returns


def _own_parts(part: Part) -> Iterator[Part]:
    """The parts of this message, not those of messages in it."""
    yield part
    if part.main_type != "message":
        for child in part.children:
            yield from _own_parts(child)


def _returned_parts(message: Part) -> tuple[Part, ...]:
    return tuple(part for part in _own_parts(message) if part is not message and part.content_type in _RETURNED)


def _report_type(message: Part) -> str:
    return (message.parameter("report-type") or "").strip().lower() if message.content_type == "multipart/report" else ""


def _notice(message: Part) -> Notice:
    """The text for people, plain if there is any. Seen in practice: a boundary that never occurs, so that all is one part."""
    texts = [part for part in _own_parts(message) if part.main_type in ("text", "multipart") and part.content_type not in _RETURNED]
    plain = [part.text for part in texts if part.content_type != "text/html" and part.text.strip()]
    return read_notice("\n".join(plain or [_without_markup(part.text) for part in texts])[:_SEARCHED])


def _without_markup(source: str) -> str:
    """Enough for a daemon's HTML; what people write in HTML is read elsewhere."""
    broken = re.sub(r"<(?:br|/p|/div|/tr|/td|/li|/h\d)\b[^<>]{0,500}>", "\n", source[:_SEARCHED], flags=re.IGNORECASE)
    return html.unescape(re.sub(r"<[^<>]{0,2000}>", "", broken))


def _returned_fields(part: Part, name: str) -> tuple[str, ...]:
    return part.children[0].fields(name) if part.children else read_headers(part.payload[:_SEARCHED]).values(name)


# Ids that may be ours (B2)


def _returned_ids(message: Part) -> tuple[str, ...]:
    """In the order of B2: Original-Envelope-Id, the returned message's Message-ID, ids of our form anywhere in the text."""
    return tuple(dict.fromkeys((*_envelope_ids(message), *_returned_message_ids(message), *_own_ids(message))))


def _envelope_ids(message: Part) -> Iterator[str]:
    for part in _own_parts(message):
        if part.content_type in _DELIVERY_STATUS or part.content_type == "message/feedback-report":
            for group in read_groups(part.text[:_SEARCHED]):
                yield from (value.strip("<> ") for value in group.values("original-envelope-id") if value.strip("<> "))


def _returned_message_ids(message: Part) -> Iterator[str]:
    for part in _returned_parts(message):
        for value in _returned_fields(part, "Message-ID"):
            yield from find_identifiers(one_line(value))[:1]
    for part in _own_parts(message):
        if part.content_type in ("message/disposition-notification", "message/feedback-report"):
            for group in read_groups(part.text[:_SEARCHED]):
                yield from find_identifiers(group.value("original-message-id"))[:1]


def _own_ids(message: Part) -> Iterator[str]:
    """MAIL.md B2: the pattern of our ids, and of our bounce addresses, in the first 256 KiB of decoded text, message parts included."""
    left = _SEARCHED
    for part in message.walk():
        if left > 0 and part.payload and part.main_type in ("text", "message", "multipart"):
            text = part.text[:left]
            left -= len(text)
            yield from (match[0] for match in _OWN_ID.finditer(text))
