"""What SQLAlchemy cannot say of tables: full-text search on both engines, and how PostgreSQL keeps bytes. Plain SQL."""

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
_STREAM_SAFE = "regexp_replace({text} COLLATE \"und-x-icu\", '[^\\w\\s\\u0001-\\u007f]{{31,}}', ' ', 'g')"
"""Without endless runs of combining marks: sorting one, as `normalize` does, takes the square of its length (UAX 15: 30 are enough)."""
FOLDED_POSTGRESQL = f"lower(regexp_replace(normalize({_STREAM_SAFE}, NFKD), '[\\u0300-\\u036f]', '', 'g') COLLATE \"und-x-icu\")"
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
