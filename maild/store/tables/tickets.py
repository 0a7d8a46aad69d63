"""Tickets and all that hangs on one: people, tags, tasks, messages with their files, the log, the rules' records."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Integer, Named, Table, Text, TypedColumns, and_, text

from maild.store.columns import Key, Number, Packed, Time, Words
from maild.store.tables import metadata
from maild.ticket import MessageKind

MERGED = text("merged_into IS NOT NULL")
AGENTS = text("agent IS NOT NULL")
ENDED = text("status IN ('spam', 'closed')")
SNOOZED = text("snoozed_until IS NOT NULL")
SOUGHT = text("sought_by IS NOT NULL")
DUE = text("due IS NOT NULL AND told IS NULL AND done IS NULL")
UNDONE = text("done IS NULL")


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
    snoozed_until: Named[datetime | None] = Column(Time)
    requester_since: Named[datetime | None] = Column(Time)
    requester_by: Named[str | None] = Column(Text)
    tier: Named[str] = Column(Text, server_default="L1")
    follower: Named[str | None] = Column(Text)
    sought_by: Named[str | None] = Column(Text)


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


class TaskColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    number: Named[int] = Column(Integer)
    title: Named[str] = Column(Words)
    agent: Named[str] = Column(Text)
    made_by: Named[str] = Column(Text)
    made: Named[datetime] = Column(Time)
    due: Named[datetime | None] = Column(Time)
    told: Named[datetime | None] = Column(Time)
    done: Named[datetime | None] = Column(Time)
    done_by: Named[str | None] = Column(Text)


tasks = Table("tasks", metadata, TaskColumns)


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
IS_TAKEN_DOWN = and_(messages.c.kind == MessageKind.CUSTOMER.value, messages.c.agent.is_not(None))
"""An agent has written it for its author, who has never seen it."""


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
    """What rules made of one event: `rules`, those that did something or broke, which reports count; `whole`, all that were there to be
    asked, NULL in what an older maild has written, where `rules` has them."""

    id: Named[int] = Column(Number, primary_key=True)
    ticket: Named[int | None] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    incoming: Named[int | None] = Column(Number)
    at: Named[datetime] = Column(Time)
    rules: Named[list[dict[str, object]]] = Column(JSON)
    whole: Named[list[dict[str, object]] | None] = Column(Packed)


rule_traces = Table("rule_traces", metadata, RuleTraceColumns)


class RuleFiringColumns(TypedColumns):
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True)
    rule: Named[str] = Column(Text, primary_key=True)
    at: Named[datetime] = Column(Time)


rule_firings = Table("rule_firings", metadata, RuleFiringColumns, sqlite_with_rowid=False)


class RuleStayColumns(TypedColumns):
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"), primary_key=True)
    rule: Named[str] = Column(Text, primary_key=True)
    about: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    since: Named[datetime] = Column(Time)
    due: Named[datetime | None] = Column(Time)


rule_stays = Table("rule_stays", metadata, RuleStayColumns, sqlite_with_rowid=False)


class RegroupingColumns(TypedColumns):
    id: Named[int] = Column(Number, primary_key=True)
    kind: Named[str] = Column(Text)
    ticket: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    other: Named[int] = Column(Number, ForeignKey("tickets.number", ondelete="CASCADE"))
    by: Named[str] = Column(Words)
    at: Named[datetime] = Column(Time)
    undone: Named[datetime | None] = Column(Time)
    moved: Named[list[int]] = Column(JSON)
    states: Named[dict[str, dict[str, object]]] = Column(JSON)


regroupings = Table("regroupings", metadata, RegroupingColumns)
