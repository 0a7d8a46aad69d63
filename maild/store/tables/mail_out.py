"""Mail out: letters with their files, one delivery for each recipient, and what came back of them."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, LargeBinary, Named, Table, Text, TypedColumns, text

from maild.store.columns import Key, Number, Time, Words
from maild.store.tables import metadata

UNDELIVERED = text("state NOT IN ('sent', 'cancelled')")
UNPACKED = text("NOT packed")
AUTOMATIC = text("automatic")
NOTIFICATIONS = text("template = 'notification'")
BY_RULES = text("rule IS NOT NULL")


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
    offer: Named[str | None] = Column(Words)
    as_of: Named[datetime | None] = Column(Time)
    task: Named[int | None] = Column(Number)
    rule: Named[str | None] = Column(Text)


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


class DelayedAnswerColumns(TypedColumns):
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    message: Named[int] = Column(Number, ForeignKey("messages.id", ondelete="CASCADE"))
    until: Named[datetime] = Column(Time)
    states: Named[dict[str, dict[str, object]]] = Column(JSON)
    answers: Named[int] = Column(Integer)
    taken_back: Named[datetime | None] = Column(Time)


delayed_answers = Table("delayed_answers", metadata, DelayedAnswerColumns)


class LetterAliasColumns(TypedColumns):
    alias: Named[str] = Column(Key, primary_key=True)
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"))
    by_relay: Named[bool] = Column(Boolean)


letter_aliases = Table("letter_aliases", metadata, LetterAliasColumns, sqlite_with_rowid=False)


class FoldColumns(TypedColumns):
    agent: Named[str] = Column(Text, primary_key=True)
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    since: Named[datetime] = Column(Time)


folds = Table("folds", metadata, FoldColumns, sqlite_with_rowid=False)


class SentCopyColumns(TypedColumns):
    letter: Named[int] = Column(Number, ForeignKey("letters.number", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    accepted: Named[datetime | None] = Column(Time)
    due: Named[datetime | None] = Column(Time)
    attempts: Named[int] = Column(Integer)


sent_copies = Table("sent_copies", metadata, SentCopyColumns, sqlite_with_rowid=False)


class BounceColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    address: Named[str] = Column(Key)
    at: Named[datetime] = Column(Time)
    status: Named[str] = Column(Words)


bounces = Table("bounces", metadata, BounceColumns)


class SuppressionColumns(TypedColumns):
    address: Named[str] = Column(Key, primary_key=True)
    reason: Named[str] = Column(Words)
    since: Named[datetime] = Column(Time)
    until: Named[datetime | None] = Column(Time)


suppressions = Table("suppressions", metadata, SuppressionColumns)


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
