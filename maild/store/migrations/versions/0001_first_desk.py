"""The first schema: mail in, tickets, mail out. Frozen: later changes are migrations of their own."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
TEXT = sa.Text()

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
)


def upgrade() -> None:
    _create_counters()
    _create_leases()
    _create_mailboxes()
    _create_raw_messages()
    _create_settings()
    _create_suppressions()
    _create_tickets()
    _create_events()
    _create_incoming()
    _create_letters()
    _create_participants()
    _create_rule_traces()
    _create_tags()
    _create_deliveries()
    _create_messages()
    _create_attachments()
    _create_message_references()
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SEARCH_SQLITE if is_sqlite else SEARCH_POSTGRESQL + STORAGE_POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
    for counter in ("ticket", "letter", "turn"):
        op.get_bind().execute(sa.text("INSERT INTO counters (name, value) VALUES (:name, 0)"), {"name": counter})


def _create_counters() -> None:
    op.create_table(
        "counters", sa.Column("name", TEXT, nullable=False), sa.Column("value", NUMBER, nullable=False), sa.PrimaryKeyConstraint("name")
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("token", NUMBER, nullable=False),
        sa.Column("expires", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def _create_mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("mailbox", TEXT, nullable=False),
        sa.Column("uid_validity", NUMBER, nullable=True),
        sa.Column("watermark", NUMBER, nullable=False),
        sa.Column("first_contact", TIME, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("last_success", TIME, nullable=True),
        sa.Column("changed", TIME, nullable=False),
        sa.PrimaryKeyConstraint("mailbox"),
    )


def _create_raw_messages() -> None:
    op.create_table(
        "raw_messages",
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )


def _create_settings() -> None:
    op.create_table(
        "settings", sa.Column("name", TEXT, nullable=False), sa.Column("value", TEXT, nullable=False), sa.PrimaryKeyConstraint("name")
    )


def _create_suppressions() -> None:
    op.create_table(
        "suppressions",
        sa.Column("address", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=True),
        sa.PrimaryKeyConstraint("address"),
    )


def _create_tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("queue", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("priority", TEXT, nullable=False),
        sa.Column("requester_name", TEXT, nullable=False),
        sa.Column("requester_address", TEXT, nullable=False),
        sa.Column("requester_key", TEXT, nullable=False),
        sa.Column("requester_domain", TEXT, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("updated", TIME, nullable=False),
        sa.Column("owner", TEXT, nullable=True),
        sa.Column("team", TEXT, nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("decided", sa.JSON(), nullable=False),
        sa.Column("watchers", sa.JSON(), nullable=False),
        sa.Column("language", TEXT, nullable=True),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("merged_into", NUMBER, nullable=True),
        sa.Column("follow_up_of", NUMBER, nullable=True),
        sa.Column("acknowledged", sa.Boolean(), nullable=False),
        sa.Column("messages", sa.Integer(), nullable=False),
        sa.Column("customer_messages", sa.Integer(), nullable=False),
        sa.Column("agent_messages", sa.Integer(), nullable=False),
        sa.Column("thread_ids", sa.JSON(), nullable=False),
        sa.Column("last_customer_id", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_tickets_domain", "tickets", ["requester_domain", "created"], unique=False)
    op.create_index("ix_tickets_owner", "tickets", ["owner", "number"], unique=False)
    op.create_index("ix_tickets_queue", "tickets", ["queue", "number"], unique=False)
    op.create_index("ix_tickets_requester", "tickets", ["requester_key", "created"], unique=False)
    op.create_index("ix_tickets_status", "tickets", ["status", "number"], unique=False)


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("ticket", NUMBER, nullable=True),
        sa.Column("incoming", NUMBER, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_events_ticket", "events", ["ticket", "id"], unique=False)


def _create_incoming() -> None:
    op.create_table(
        "incoming",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("mailbox", TEXT, nullable=False),
        sa.Column("uid_validity", NUMBER, nullable=True),
        sa.Column("uid", NUMBER, nullable=True),
        sa.Column("raw", TEXT, nullable=False),
        sa.Column("received", TIME, nullable=False),
        sa.Column("stored", TIME, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("full_size", NUMBER, nullable=True),
        sa.Column("message_class", TEXT, nullable=False),
        sa.Column("reason_code", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.Column("author_name", TEXT, nullable=False),
        sa.Column("author_address", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("ticket", NUMBER, nullable=True),
        sa.Column("settled", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["raw"],
            ["raw_messages.sha256"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incoming_raw", "incoming", ["raw"], unique=False)
    op.create_index("ix_incoming_ticket", "incoming", ["ticket"], unique=False)
    op.create_index("ix_incoming_uid", "incoming", ["mailbox", "uid_validity", "uid"], unique=True)
    op.create_index("ix_incoming_unsettled", "incoming", ["state", "id"], unique=False, **_where("state <> 'done'"))


def _create_letters() -> None:
    op.create_table(
        "letters",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("ticket", NUMBER, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("template", TEXT, nullable=False),
        sa.Column("queue", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=True),
        sa.Column("author", TEXT, nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("envelope_sender", TEXT, nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("packed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_letters_message_id", "letters", ["message_id"], unique=False)
    op.create_index("ix_letters_ticket", "letters", ["ticket", "number"], unique=False)
    op.create_index("ix_letters_unpacked", "letters", ["number"], unique=False, **_where("NOT packed"))


def _create_participants() -> None:
    op.create_table(
        "participants",
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ticket", "key"),
        sqlite_with_rowid=False,
    )


def _create_rule_traces() -> None:
    op.create_table(
        "rule_traces",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("ticket", NUMBER, nullable=True),
        sa.Column("incoming", NUMBER, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_rule_traces_incoming", "rule_traces", ["incoming"], unique=False)
    op.create_index("ix_rule_traces_ticket", "rule_traces", ["ticket", "id"], unique=False)


def _create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("tag", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("ticket", "tag"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_tags_tag", "tags", ["tag", "ticket"], unique=False)


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("letter", NUMBER, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("queue", TEXT, nullable=False),
        sa.Column("recipient", TEXT, nullable=False),
        sa.Column("recipient_key", TEXT, nullable=False),
        sa.Column("recipient_domain", TEXT, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("created", TIME, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt", TIME, nullable=True),
        sa.Column("was_unknown", sa.Boolean(), nullable=False),
        sa.Column("claimed_by", TEXT, nullable=True),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("settled", TIME, nullable=True),
        sa.Column("reply", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["letter"], ["letters.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_deliveries_cap_all", "deliveries", ["created"], unique=False, **_where("automatic"))
    op.create_index("ix_deliveries_cap_domain", "deliveries", ["recipient_domain", "created"], unique=False, **_where("automatic"))
    op.create_index("ix_deliveries_cap_queue", "deliveries", ["queue", "created"], unique=False, **_where("automatic"))
    op.create_index("ix_deliveries_cap_recipient", "deliveries", ["recipient_key", "created"], unique=False, **_where("automatic"))
    op.create_index("ix_deliveries_letter", "deliveries", ["letter"], unique=False)
    op.create_index(
        "ix_deliveries_undelivered",
        "deliveries",
        ["priority", "next_attempt", "id", "queue"],
        unique=False,
        **_where("state NOT IN ('sent', 'cancelled')"),
    )


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("ticket", NUMBER, nullable=False),
        sa.Column("incoming", NUMBER, nullable=True),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("author_name", TEXT, nullable=False),
        sa.Column("author_address", TEXT, nullable=False),
        sa.Column("agent", TEXT, nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("date", TIME, nullable=True),
        sa.Column("internal", sa.Boolean(), nullable=False),
        sa.Column("message_id", TEXT, nullable=True),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("visible", TEXT, nullable=False),
        sa.Column("html", TEXT, nullable=False),
        sa.Column("indexed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["incoming"], ["incoming.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_messages_incoming", "messages", ["incoming"], unique=False)
    op.create_index("ix_messages_message_id", "messages", ["message_id"], unique=False)
    op.create_index("ix_messages_ticket", "messages", ["ticket", "id"], unique=False)


def _create_attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("message", NUMBER, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("content_type", TEXT, nullable=False),
        sa.Column("size", NUMBER, nullable=False),
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "position"),
        sqlite_with_rowid=False,
    )


def _create_message_references() -> None:
    op.create_table(
        "message_references",
        sa.Column("message", NUMBER, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", "reference"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_message_references_reference", "message_references", ["reference"], unique=False)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
