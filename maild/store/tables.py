"""The tables, typed. What they look like on disk is frozen in `migrations/`; a test keeps both equal on both engines.

Only the modules of `maild.store` read this one. Enumerations are stored by value, times in UTC, mail text cleaned (`columns`).
"""

from datetime import datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    Table,
    Text,
    TypedColumns,
    false,
    text,
)

from maild.ingest.arrival import Part
from maild.store.columns import Key, Number, Time, Words

metadata = MetaData()

UNDELIVERED = text("state NOT IN ('sent', 'cancelled')")
"""Literal, not bound: SQLite uses a partial index only where it can read the same condition in the query."""
UNSETTLED = text("state <> 'done'")

KEPT_OUT = text(
    "ticket IS NULL AND (state IN ('quarantined', 'duplicate')"
    " OR folder = 'sent' AND state = 'done' AND reason_code NOT IN ('expired', 'deleted'))"
)
PASSED = text("auth = 'pass'")
ENDED = text("status IN ('spam', 'closed')")
UNPACKED = text("NOT packed")
AUTOMATIC = text("automatic")
GUESSING = text("wrong_tokens > 0")
AGENTS = text("agent IS NOT NULL")


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


incoming = Table("incoming", metadata, IncomingColumns)


class TicketColumns(TypedColumns):
    number: Named[int] = Column(Number, primary_key=True, autoincrement=False)
    subject: Named[str] = Column(Words)
    queue: Named[str] = Column(Text)
    status: Named[str] = Column(Text)
    priority: Named[str] = Column(Text)
    requester_name: Named[str] = Column(Words)
    requester_address: Named[str] = Column(Words)
    requester_key: Named[str] = Column(Key)
    requester_domain: Named[str] = Column(Key)
    created: Named[datetime] = Column(Time)
    updated: Named[datetime] = Column(Time)
    owner: Named[str | None] = Column(Text)
    team: Named[str | None] = Column(Text)
    fields: Named[dict[str, str]] = Column(JSON)
    decided: Named[list[str]] = Column(JSON)
    watchers: Named[list[str]] = Column(JSON)
    language: Named[str | None] = Column(Text)
    closed_at: Named[datetime | None] = Column(Time)
    merged_into: Named[int | None] = Column(Number)
    follow_up_of: Named[int | None] = Column(Number)
    acknowledged: Named[bool] = Column(Boolean)
    messages: Named[int] = Column(Integer)
    customer_messages: Named[int] = Column(Integer)
    agent_messages: Named[int] = Column(Integer)
    thread_ids: Named[list[str]] = Column(JSON)
    last_customer_id: Named[str | None] = Column(Words)
    reply_to: Named[str | None] = Column(Words)


tickets = Table("tickets", metadata, TicketColumns)


class ParticipantColumns(TypedColumns):
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True)
    key: Named[str] = Column(Key, primary_key=True)
    position: Named[int] = Column(Integer)
    name: Named[str] = Column(Words)
    address: Named[str] = Column(Words)
    role: Named[str] = Column(Text)


participants = Table("participants", metadata, ParticipantColumns, sqlite_with_rowid=False)


class TagColumns(TypedColumns):
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True)
    tag: Named[str] = Column(Key, primary_key=True)


tags = Table("tags", metadata, TagColumns, sqlite_with_rowid=False)


class MessageColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    incoming: Named[int | None] = Column(Number, ForeignKey("incoming.id", ondelete="SET NULL"))
    kind: Named[str] = Column(Text)
    author_name: Named[str] = Column(Words)
    author_address: Named[str] = Column(Words)
    agent: Named[str | None] = Column(Text)
    at: Named[datetime] = Column(Time)
    internal: Named[bool] = Column(Boolean)
    message_id: Named[str | None] = Column(Key)
    subject: Named[str] = Column(Words)
    text: Named[str] = Column(Words)
    visible: Named[str] = Column(Words)
    html: Named[str] = Column(Words)
    indexed: Named[bool] = Column(Boolean)
    thread_headers: Named[list[list[str]] | None] = Column(JSON(none_as_null=True))
    shown: Named[datetime | None] = Column(Time)


messages = Table("messages", metadata, MessageColumns)


class MessageReferenceColumns(TypedColumns):
    message: Named[int] = Column(Number, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    reference: Named[str] = Column(Key, primary_key=True)


message_references = Table("message_references", metadata, MessageReferenceColumns, sqlite_with_rowid=False)


class MessageNameColumns(TypedColumns):
    message: Named[int] = Column(Number, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    address: Named[str] = Column(Key, primary_key=True)


message_names = Table("message_names", metadata, MessageNameColumns, sqlite_with_rowid=False)


class AttachmentColumns(TypedColumns):
    message: Named[int] = Column(Number, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    position: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    part: Named[int] = Column(Integer)
    name: Named[str] = Column(Words)
    content_type: Named[str] = Column(Words)
    size: Named[int] = Column(Number)
    sha256: Named[str] = Column(Text)
    inline: Named[bool] = Column(Boolean)
    content_id: Named[str | None] = Column(Words)


attachments = Table("attachments", metadata, AttachmentColumns, sqlite_with_rowid=False)


class EventColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    ticket: Named[int | None] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    incoming: Named[int | None] = Column(Number)
    at: Named[datetime] = Column(Time)
    kind: Named[str] = Column(Text)
    by: Named[str] = Column(Words)
    text: Named[str] = Column(Words)


events = Table("events", metadata, EventColumns)


class RuleTraceColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    ticket: Named[int | None] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    incoming: Named[int | None] = Column(Number)
    at: Named[datetime] = Column(Time)
    rules: Named[list[dict[str, object]]] = Column(JSON)


rule_traces = Table("rule_traces", metadata, RuleTraceColumns)


class LetterColumns(TypedColumns):
    number: Named[int] = Column(Number, primary_key=True, autoincrement=False)
    ticket: Named[int | None] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    kind: Named[str] = Column(Text)
    template: Named[str] = Column(Text)
    queue: Named[str] = Column(Text)
    agent: Named[str | None] = Column(Text)
    author: Named[str | None] = Column(Text)
    internal: Named[bool] = Column(Boolean)
    automatic: Named[bool] = Column(Boolean)
    message_id: Named[str] = Column(Key)
    subject: Named[str] = Column(Words)
    created: Named[datetime] = Column(Time)
    content: Named[bytes] = Column(LargeBinary)
    packed: Named[bool] = Column(Boolean)
    incoming: Named[int | None] = Column(Number)


letters = Table("letters", metadata, LetterColumns)


class FileColumns(TypedColumns):
    sha256: Named[str] = Column(Text, primary_key=True)
    content: Named[bytes] = Column(LargeBinary)


files = Table("files", metadata, FileColumns)


class LetterFileColumns(TypedColumns):
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    position: Named[int] = Column(Number, primary_key=True, autoincrement=False)
    file: Named[str] = Column(Text, ForeignKey("files.sha256"))


letter_files = Table("letter_files", metadata, LetterFileColumns, sqlite_with_rowid=False)


class DeliveryColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"))
    priority: Named[int] = Column(Integer)
    queue: Named[str] = Column(Text)
    recipient: Named[str] = Column(Words)
    recipient_key: Named[str] = Column(Key)
    recipient_domain: Named[str] = Column(Key)
    automatic: Named[bool] = Column(Boolean)
    created: Named[datetime] = Column(Time)
    state: Named[str] = Column(Text)
    attempts: Named[int] = Column(Integer)
    next_attempt: Named[datetime | None] = Column(Time)
    was_unknown: Named[bool] = Column(Boolean)
    claimed_by: Named[str | None] = Column(Text)
    claimed_until: Named[datetime | None] = Column(Time)
    settled: Named[datetime | None] = Column(Time)
    reply: Named[str] = Column(Words)
    error: Named[str] = Column(Words)
    envelope_sender: Named[str] = Column(Words, server_default="")
    envelope_id: Named[str] = Column(Words, server_default="")


deliveries = Table("deliveries", metadata, DeliveryColumns)


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


class LeaseColumns(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    owner: Named[str] = Column(Text)
    token: Named[int] = Column(Number)
    expires: Named[datetime] = Column(Time)


leases = Table("leases", metadata, LeaseColumns)


class SettingColumns(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    value: Named[str] = Column(Words)


settings = Table("settings", metadata, SettingColumns)


class BounceColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    address: Named[str] = Column(Key)
    at: Named[datetime] = Column(Time)
    status: Named[str] = Column(Words)


bounces = Table("bounces", metadata, BounceColumns)


class MuteColumns(TypedColumns):
    key: Named[str] = Column(Key, primary_key=True)
    until: Named[datetime] = Column(Time)
    why: Named[str] = Column(Words)


mutes = Table("mutes", metadata, MuteColumns)


class CounterColumns(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    value: Named[int] = Column(Number)


counters = Table("counters", metadata, CounterColumns)


class LetterAliasColumns(TypedColumns):
    alias: Named[str] = Column(Key, primary_key=True)
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"))
    by_relay: Named[bool] = Column(Boolean)


letter_aliases = Table("letter_aliases", metadata, LetterAliasColumns, sqlite_with_rowid=False)


class RoundTripColumns(TypedColumns):
    queue: Named[str] = Column(Text, primary_key=True)
    address: Named[str] = Column(Words)
    at: Named[datetime] = Column(Time)
    plus: Named[bool] = Column(Boolean)
    seen_in: Named[str] = Column(Text)
    envelope: Named[bool] = Column(Boolean)
    null_sender: Named[bool] = Column(Boolean)
    keeps_ids: Named[bool] = Column(Boolean)


round_trips = Table("round_trips", metadata, RoundTripColumns)


class SentCopyColumns(TypedColumns):
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    accepted: Named[datetime | None] = Column(Time)
    due: Named[datetime | None] = Column(Time)
    attempts: Named[int] = Column(Integer)


sent_copies = Table("sent_copies", metadata, SentCopyColumns, sqlite_with_rowid=False)


class SuppressionColumns(TypedColumns):
    address: Named[str] = Column(Key, primary_key=True)
    reason: Named[str] = Column(Words)
    since: Named[datetime] = Column(Time)
    until: Named[datetime | None] = Column(Time)


suppressions = Table("suppressions", metadata, SuppressionColumns)

SEARCH_SQLITE = (
    "CREATE VIRTUAL TABLE message_words USING fts5(subject, text, author_name, author_address, content='messages', content_rowid='id',"
    " tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER message_words_insert AFTER INSERT ON messages WHEN new.indexed BEGIN"
    " INSERT INTO message_words(rowid, subject, text, author_name, author_address)"
    " VALUES (new.id, new.subject, new.text, new.author_name, new.author_address); END",
    "CREATE TRIGGER message_words_delete AFTER DELETE ON messages WHEN old.indexed BEGIN"
    " INSERT INTO message_words(message_words, rowid, subject, text, author_name, author_address)"
    " VALUES ('delete', old.id, old.subject, old.text, old.author_name, old.author_address); END",
)
FOLDED_POSTGRESQL = "lower(regexp_replace(normalize({text}, NFKD), '[\\u0300-\\u036f]', '', 'g') COLLATE \"und-x-icu\")"
"""Without accents and case whatever locale the database was made with; FTS5 does the same by itself."""

# A tsvector holds at most 1 MiB, so that only the first 100,000 characters of a text are found there.
_WORDS_POSTGRESQL = FOLDED_POSTGRESQL.format(
    text="(left(subject, 2000) || ' ' || author_name || ' ' || author_address || ' ' || left(text, 100000))"
)
SEARCH_POSTGRESQL = (
    "ALTER TABLE messages ADD COLUMN words tsvector GENERATED ALWAYS AS"
    f" (CASE WHEN indexed THEN to_tsvector('simple'::regconfig, {_WORDS_POSTGRESQL}) END) STORED",
    "CREATE INDEX ix_messages_words ON messages USING gin (words)",
)
# The bytes are compressed already.
STORAGE_POSTGRESQL = (
    "ALTER TABLE raw_messages ALTER COLUMN content SET STORAGE EXTERNAL",
    "ALTER TABLE letters ALTER COLUMN content SET STORAGE EXTERNAL",
    "ALTER TABLE files ALTER COLUMN content SET STORAGE EXTERNAL",
)
