"""Builders of mails with good defaults. The bytes are written by hand here, so that a test says exactly what stands on the wire."""

from base64 import encodebytes
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from itertools import count

CRLF = "\r\n"
A_DAY_IN_NOVEMBER = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
_numbers = count(1)

Headers = Iterable[tuple[str, str]] | dict[str, str]


def an_email(
    *,
    subject: str = "The printer is on fire",
    sender: str = "Ann Smith <ann@globex.example>",
    to: str = "support@acme.example",
    body: str = "Hello,\n\nsince this morning the printer on the second floor is on fire.\n\nAnn\n",
    headers: Headers = (),
    message_id: str | None = None,
    date: datetime | None = A_DAY_IN_NOVEMBER,
    content_type: str = "text/plain; charset=utf-8",
) -> bytes:
    """One mail. `headers` are added, or replace the builder's own of the same name; an empty value leaves a header out.

    `message_id` without angle brackets, a fresh one by default; "" leaves it out. Values go out as they stand, as UTF-8.
    """
    identifier = f"mail-{next(_numbers)}@globex.example" if message_id is None else message_id
    fields = [
        ("From", sender),
        ("To", to),
        ("Subject", subject),
        ("Date", format_datetime(date) if date else ""),
        ("Message-ID", f"<{identifier}>" if identifier else ""),
        ("MIME-Version", "1.0"),
        ("Content-Type", content_type),
        ("Content-Transfer-Encoding", "8bit"),
    ]
    return build(_with(fields, headers), body)


def a_reply(
    *,
    in_reply_to: str,
    references: Iterable[str] = (),
    subject: str = "Re: The printer is on fire",
    headers: Headers = (),
    **more: str,
) -> bytes:
    """A mail that answers the message with this id (without angle brackets)."""
    chain = " ".join(f"<{identifier}>" for identifier in (*references, in_reply_to))
    threading = [("In-Reply-To", f"<{in_reply_to}>"), ("References", chain)]
    return an_email(subject=subject, headers=[*threading, *_pairs(headers)], **more)


def an_email_with_files(
    files: Iterable[tuple[str, str, bytes]], *, body: str = "See the files.\n", boundary: str = "=_rig", **more: str
) -> bytes:
    """A multipart/mixed mail; `files` are (name, content type, bytes)."""
    parts = [f"Content-Type: text/plain; charset=utf-8\n\n{body}"]
    for name, content_type, content in files:
        head = f'Content-Type: {content_type}; name="{name}"\nContent-Disposition: attachment; filename="{name}"'
        parts.append(f"{head}\nContent-Transfer-Encoding: base64\n\n{encodebytes(content).decode()}")
    text = "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
    return an_email(body=text, content_type=f'multipart/mixed; boundary="{boundary}"', **more)


def build(fields: Iterable[tuple[str, str]], body: str) -> bytes:
    """Header fields and a body as wire bytes with CRLF line ends; surrogate escapes become the 8-bit bytes they stand for."""
    head = "".join(f"{name}: {value}{CRLF}" for name, value in fields if value)
    return (head + CRLF + CRLF.join(body.splitlines()) + CRLF).encode("utf-8", "surrogateescape")


def parsed(raw: bytes) -> EmailMessage:
    """A mail as the standard library reads it."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _with(fields: list[tuple[str, str]], extra: Headers) -> list[tuple[str, str]]:
    added = _pairs(extra)
    replaced = {name.casefold() for name, _ in added}
    return [field for field in fields if field[0].casefold() not in replaced] + added


def _pairs(headers: Headers) -> list[tuple[str, str]]:
    return list(headers.items()) if isinstance(headers, dict) else list(headers)


def an_apology(
    *,
    sender: str = "Microsoft Exchange Server 2010",
    subject: str = "Retrieval using the IMAP4 protocol failed for the following\r\n message: 20004",
    text: str = "The server couldn't retrieve the following message:",
) -> bytes:
    """What Exchange hands over in place of a message it cannot convert."""
    body = f'{text}\r\n\r\nSubject: "The printer is on fire"\r\nFrom: "Ann Smith" ("ann@globex.example")\r\n'
    fields = [
        ("MIME-Version", "1.0"),
        ("Content-Type", 'text/plain; charset="us-ascii"'),
        ("From", sender),
        ("To", "Support <support@acme.example>"),
        ("Subject", subject),
        ("Content-Transfer-Encoding", "quoted-printable"),
    ]
    return build(fields, body)


APOLOGY = an_apology()
