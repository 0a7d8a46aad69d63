"""PostgreSQL finds words without first sorting endless runs of combining marks: over one mail of them everybody waited for minutes."""

from alembic import op

revision = "0013"
down_revision = "0012"

STREAM_SAFE = "regexp_replace({text} COLLATE \"und-x-icu\", '[^\\w\\s\\u0001-\\u007f]{{31,}}', ' ', 'g')"
FOLDED = f"lower(regexp_replace(normalize({STREAM_SAFE}, NFKD), '[\\u0300-\\u036f]', '', 'g') COLLATE \"und-x-icu\")"
WORDS = FOLDED.format(text="(left(subject, 2000) || ' ' || author_name || ' ' || author_address || ' ' || left(text, 100000))")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        return
    op.execute("ALTER TABLE messages DROP COLUMN words")
    computed = f"CASE WHEN indexed THEN to_tsvector('simple'::regconfig, {WORDS}) END"
    op.get_bind().exec_driver_sql(f"ALTER TABLE messages ADD COLUMN words tsvector GENERATED ALWAYS AS ({computed}) STORED")
    op.execute("CREATE INDEX ix_messages_words ON messages USING gin (words)")
