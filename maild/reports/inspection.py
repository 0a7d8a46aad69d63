"""How maild reads mail files: the JSON of `maild message inspect` (INTERFACE.md). Needs no desk and stores nothing."""

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from maild.config.settings import SpamPolicy
from maild.errors import MaildError
from maild.ingest.automated import classify
from maild.ingest.spam import find_spam
from maild.ingest.worker import Reader
from maild.message import Address, Attachment, BouncedRecipient, Forwarded, InboundMessage, MessageClass, Nature
from maild.tokens import Tokens

Json = dict[str, object]
_Read = tuple[Path, "InboundMessage | MaildError | OSError"]

_BATCH = 64
_MOST_READING = 4
_NO_DESK = Tokens(keys=[bytes(32)], domain="localhost", prefixes=["maild"])


def inspect_paths(paths: Iterable[Path]) -> Iterator[Json]:
    """One JSON object for each file, in order; a folder stands for all files in it. A file that cannot be read gives its error."""
    files = iter([file for path in paths for file in _files_of(path)])
    with closing(Reader(workers=_cores())) as reader, ThreadPoolExecutor(1, "reading ahead") as ahead:
        reading: Future[list[_Read]] | None = None
        while batch := list(islice(files, _BATCH)):
            following = ahead.submit(_read_batch, batch, reader)
            if reading:
                yield from map(_inspect, reading.result())
            reading = following
        if reading:
            yield from map(_inspect, reading.result())


def describe_inspection(file: str, message: InboundMessage, nature: Nature) -> Json:
    """The object of one message, its keys in the contract's order; what we add comes last."""
    author = message.header_from[0] if message.header_from else message.author
    spam = find_spam(message, None, SpamPolicy()).reason
    silence = (*nature.silence, spam) if spam else nature.silence
    return {
        "file": file,
        "from": _describe_address(author) if author else None,
        "to": [_describe_address(address) for address in message.to],
        "cc": [_describe_address(address) for address in message.cc],
        "reply_to": [_describe_address(address) for address in message.reply_to],
        "subject": message.subject,
        "date": _describe_date(message.date),
        "message_id": message.message_id,
        "in_reply_to": list(message.in_reply_to),
        "references": list(message.references),
        "text": message.text,
        "html": message.html,
        "new_text": message.new_text,
        "elided": message.elided,
        "attachments": [_describe_attachment(attachment) for attachment in message.attachments],
        "class": nature.message_class.value,
        "bounce": _describe_bounce(message, nature),
        "may_acknowledge": not silence,
        "reasons": list(dict.fromkeys(str(reason) for reason in (*nature.reasons, *silence))),
        "defects": list(message.defects),
        "wrappings": [wrapping.value for wrapping in message.wrappings],
        "invitation": message.invitation,
        "forwarded": _describe_forwarded(message.forwarded) if message.forwarded else None,
    }


def _read_batch(files: list[Path], reader: Reader) -> list[_Read]:
    contents = [_read_bytes(file) for file in files]
    messages = iter(reader.read_many([content for content in contents if isinstance(content, bytes)]))
    return [(file, next(messages) if isinstance(content, bytes) else content) for file, content in zip(files, contents, strict=True)]


def _inspect(read: _Read) -> Json:
    file, result = read
    if isinstance(result, InboundMessage):
        return describe_inspection(str(file), result, classify(result, _NO_DESK, None))
    return {"file": str(file), "error": _describe_error(result)}


def _cores() -> int:
    """How many processes may read at once."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST_READING)


def _files_of(path: Path) -> list[Path]:
    """A folder stands for all files in it. What is none, or cannot be looked into, stands for itself, and reading it says what is wrong."""
    no_folders: list[Path] = []
    folders = os.walk(path, onerror=lambda error: no_folders.append(Path(error.filename)))
    files = [file for folder, _, names in folders for file in (Path(folder, name) for name in names) if file.is_file()]
    return sorted([*files, *no_folders])


def _read_bytes(file: Path) -> bytes | OSError:
    try:
        return file.read_bytes()
    except OSError as error:
        return error


def _describe_error(error: OSError | MaildError) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error).strip().rpartition("\n")[2]


def _describe_address(address: Address) -> Json:
    return {"name": address.name, "address": address.address}


def _describe_date(date: datetime | None) -> str | None:
    return date.astimezone(UTC).isoformat().replace("+00:00", "Z") if date else None


def _describe_attachment(attachment: Attachment) -> Json:
    return {
        "name": attachment.name,
        "type": attachment.content_type,
        "size": attachment.size,
        "sha256": attachment.sha256,
        "inline": attachment.inline,
        "elided": attachment.elided,
    }


def _describe_forwarded(forwarded: Forwarded) -> Json:
    """A mail that is passed on; `from` is null where it does not name one sender (MAIL.md A12)."""
    mail = forwarded.mail
    return {
        "from": _describe_address(mail.header_from[0]) if len(mail.header_from) == 1 and not mail.from_defect else None,
        "subject": mail.subject,
        "date": _describe_date(mail.date) or forwarded.sent or None,
        "message_id": mail.message_id,
        "text": mail.text,
        "attachments": [_describe_attachment(attachment) for attachment in mail.attachments],
        "attached": forwarded.is_attached,
        "words": forwarded.words,
    }


def _describe_bounce(message: InboundMessage, nature: Nature) -> Json | None:
    if message.report is None or nature.message_class not in (MessageClass.BOUNCE, MessageClass.DELAY):
        return None
    return {"recipients": [_describe_recipient(recipient) for recipient in message.report.recipients if not recipient.delivered]}


def _describe_recipient(recipient: BouncedRecipient) -> Json:
    return {
        "address": recipient.address,
        "kind": recipient.kind.value if recipient.kind else None,
        "status": recipient.status,
        "diagnostic": recipient.diagnostic,
    }
