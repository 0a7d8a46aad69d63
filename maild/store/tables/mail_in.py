"""Mail in: what was fetched, byte by byte and as it fares, and how far each mailbox has been read."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, Named, Table, Text, TypedColumns, false, text

from maild.ingest.arrival import Part
from maild.store.columns import Key, Number, Time, Words
from maild.store.tables import metadata

UNSETTLED = text("state <> 'done'")
LENT = text("claimed_by = 'watcher'")
"""Withheld mail that whoever watches its mailbox is to fetch again."""
KEPT_OUT = text(
    "ticket IS NULL AND (state IN ('quarantined', 'duplicate')"
    " OR folder = 'sent' AND state = 'done' AND reason_code NOT IN ('expired', 'deleted'))"
)
WITH_TICKET = text("ticket IS NOT NULL")
"""Were those without one in its index too, SQLite would look for `KEPT_OUT` among them all: one value, be it NULL, is more to it than a
span of time."""
PASSED = text("auth = 'pass'")
GUESSING = text("wrong_tokens > 0")


class RawMessageColumns(TypedColumns):
    sha256: Named[str] = Column(Text, primary_key=True)
    size: Named[int] = Column(Integer)
    content: Named[bytes] = Column(LargeBinary)


raw_messages = Table("raw_messages", metadata, RawMessageColumns)


class IncomingColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    mailbox: Named[str] = Column(Text)
    uid_validity: Named[int | None] = Column(Number)
    uid: Named[int | None] = Column(Number)
    raw: Named[str] = Column(Text, ForeignKey("raw_messages.sha256"))
    received: Named[datetime] = Column(Time)
    stored: Named[datetime] = Column(Time)
    state: Named[str] = Column(Text)
    attempts: Named[int] = Column(Integer)
    claimed_by: Named[str | None] = Column(Text)
    claimed_until: Named[datetime | None] = Column(Time)
    answered: Named[bool] = Column(Boolean)
    quiet: Named[bool] = Column(Boolean)
    released: Named[bool] = Column(Boolean)
    full_size: Named[int | None] = Column(Number)
    message_class: Named[str] = Column(Text)
    reason_code: Named[str] = Column(Text)
    reason: Named[str] = Column(Words)
    error: Named[str] = Column(Words)
    author_name: Named[str] = Column(Words)
    author_address: Named[str] = Column(Words)
    subject: Named[str] = Column(Words)
    evidence: Named[list[dict[str, str]]] = Column(JSON)
    ticket: Named[int | None] = Column(Number)
    settled: Named[datetime | None] = Column(Time)
    message_id: Named[str | None] = Column(Key)
    fingerprint: Named[str | None] = Column(Text)
    date: Named[datetime | None] = Column(Time)
    author_key: Named[str | None] = Column(Key)
    author_domain: Named[str | None] = Column(Key)
    wrong_tokens: Named[int | None] = Column(Integer)
    is_prompt: Named[bool | None] = Column(Boolean)
    text_hash: Named[str | None] = Column(Text)
    auth: Named[str | None] = Column(Text)
    folder: Named[str] = Column(Text, server_default=Part.INBOX.value)
    junk: Named[bool] = Column(Boolean, server_default=false())
    departments: Named[list[str] | None] = Column(JSON)
    sent_after_all: Named[bool] = Column(Boolean, server_default=false())
    corrected: Named[str | None] = Column(Words)
    caught_up: Named[datetime | None] = Column(Time)
    opinion: Named[dict[str, Any] | None] = Column(JSON(none_as_null=True))


incoming = Table("incoming", metadata, IncomingColumns)


class MailboxColumns(TypedColumns):
    mailbox: Named[str] = Column(Text, primary_key=True)
    folder: Named[str] = Column(Text, primary_key=True)
    uid_validity: Named[int | None] = Column(Number)
    watermark: Named[int] = Column(Number)
    first_contact: Named[datetime | None] = Column(Time)
    state: Named[str] = Column(Text)
    error: Named[str] = Column(Words)
    last_success: Named[datetime | None] = Column(Time)
    changed: Named[datetime] = Column(Time)


mailboxes = Table("mailboxes", metadata, MailboxColumns)
