"""Full-text search over everything people wrote: SQLite's FTS5, PostgreSQL's tsvector. Words are words: no search syntax gets through."""

import re

from sqlalchemy import BindParameter, Select, bindparam, select, text

from maild.store.columns import storable
from maild.store.engine import Transaction
from maild.store.tables.extras import FOLDED_POSTGRESQL
from maild.store.tables.tickets import messages

_PHRASE = re.compile(r'"([^"]*)"|(\S+)')
_SQLITE = text("messages.id IN (SELECT rowid FROM message_words WHERE message_words MATCH :phrase)")
_POSTGRESQL = text(f"messages.words @@ phraseto_tsquery('simple', {FOLDED_POSTGRESQL.format(text='CAST(:phrase AS text)')})")


def find_phrases(words: str) -> tuple[str, ...]:
    """The words, and what stands together in double quotes. An unpaired quote is nothing, and so is a word of signs only."""
    found = (match[1] if match[1] is not None else match[2].replace('"', " ") for match in _PHRASE.finditer(storable(words)))
    return tuple(phrase.strip() for phrase in found if any(character.isalnum() for character in phrase))


def build_search(tx: Transaction, phrase: str) -> Select[int]:
    """A query for the numbers of the tickets in which somebody wrote the phrase, as `find_phrases` gives it."""
    if tx.dialect.name == "postgresql":
        return select(messages.c.ticket).where(_POSTGRESQL.bindparams(_phrase(phrase)))
    # Inside double quotes FTS5 reads plain words; a phrase holds no quote itself.
    return select(messages.c.ticket).where(_SQLITE.bindparams(_phrase(f'"{phrase}"')))


def _phrase(value: str) -> BindParameter[str]:
    """Unique: one statement may look for many phrases, and each is a value of its own."""
    return bindparam("phrase", value, unique=True)
