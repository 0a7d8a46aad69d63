"""The migrations build what the tables say, on both engines, and the version is told without Alembic."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import inspect

from maild.desk.query import parse_query
from maild.errors import NotFoundError, SchemaMismatchError
from maild.ingest.arrival import Place
from maild.known import KnownCopy
from maild.question import Question
from maild.store import deliveries, incoming, mailboxes, migrate, schema
from maild.store.engine import Store, Transaction, connect_store, open_store
from maild.store.recall import recall
from maild.store.tables import all_tables
from maild.store.tickets import list_tickets
from tests.rig.desk import NOW
from tests.rig.postgres import PostgresServer

WORD = re.compile(r"[^\s(),]+")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Two empty databases of one engine."""
    if request.param == "sqlite":
        for name in ("first.db", "second.db"):
            (tmp_path / name).touch()
        return "sqlite:///first.db", "sqlite:///second.db"
    postgres: PostgresServer = request.getfixturevalue("postgres")
    return postgres.create("first"), postgres.create("second")


def describe(store: Store) -> list[str]:
    """Everything the engine knows of the schema, a line each."""
    with store.reading() as tx:
        return sorted(_lines(tx))


def _lines(tx: Transaction) -> Iterator[str]:
    inspector = inspect(tx)
    for table in inspector.get_table_names():
        for column in inspector.get_columns(table):
            yield f"{table}.{column['name']} {column['type']} {column['nullable']} {column['default']} {column.get('computed')}"
        yield f"{table} keys {inspector.get_pk_constraint(table)['constrained_columns']} {inspector.get_unique_constraints(table)}"
        yield from (f"{table} to {sorted(key.items(), key=str)}" for key in inspector.get_foreign_keys(table))
    if tx.dialect.name == "sqlite":
        # A column added later stands behind the constraints of its table, so only the words of a statement can be compared.
        programs = tx.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'alembic%'")
        yield from (f"{name}: {' '.join(sorted(WORD.findall(sql)))}" for name, sql in programs)
    else:
        yield from tx.exec_driver_sql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'").scalars()
        storage = tx.exec_driver_sql("SELECT attname, attstorage FROM pg_attribute WHERE attrelid = 'raw_messages'::regclass")
        yield from (f"storage of {name}: {kind}" for name, kind in storage)
    yield from (f"counter {name} {value}" for name, value in tx.exec_driver_sql("SELECT name, value FROM counters"))
    yield f"version {schema.find_version(tx)}"


def test_all_migrations_applied_equal_the_tables(empty_urls: tuple[str, str], tmp_path: Path):
    created = open_store(empty_urls[0], tmp_path, create=True)
    assert migrate.upgrade(empty_urls[1], tmp_path) == (None, schema.HEAD)
    migrated = open_store(empty_urls[1], tmp_path, create=False)
    assert describe(created) == describe(migrated)
    assert len(describe(created)) > 150
    created.close()
    migrated.close()


def test_alembic_sees_no_difference_either(empty_urls: tuple[str, str], tmp_path: Path):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    store = open_store(empty_urls[0], tmp_path, create=True)
    with store.reading() as tx:
        context = MigrationContext.configure(tx, opts={"include_object": _is_ours})
        assert compare_metadata(context, all_tables()) == []
    store.close()


def _is_ours(_: object, name: str | None, kind: str, reflected: bool, __: object) -> bool:
    """The full-text index is written in each engine's own words and compared above."""
    return not (reflected and name is not None and (name.startswith("message_words") or name in ("words", "ix_messages_words")))


def test_the_packaged_versions_are_those_the_schema_module_names():
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == schema.VERSIONS


def test_the_status_says_what_is_there_and_what_is_wanted(empty_urls: tuple[str, str], tmp_path: Path):
    assert migrate.schema_status(empty_urls[0], tmp_path).state is schema.SchemaState.EMPTY
    open_store(empty_urls[0], tmp_path, create=True).close()
    status = migrate.schema_status(empty_urls[0], tmp_path)
    assert (status.state, status.version, status.wanted) == (schema.SchemaState.CURRENT, schema.HEAD, schema.HEAD)
    assert "maild:" not in status.place


def upgraded_from(version: str, statements: Sequence[str], url: str, directory: Path) -> Store:
    """A store that was filled under an old schema and has been brought up to date."""
    store = connect_store(url, directory, create=False)
    with store.writing() as tx:
        migrate.run_migrations(tx, version)
        for statement in statements:
            tx.exec_driver_sql(statement)
    store.close()
    assert migrate.upgrade(url, directory) == (version, schema.HEAD)
    return open_store(url, directory, create=False)


def test_mail_of_the_first_schema_is_still_known_again(empty_urls: tuple[str, str], tmp_path: Path):
    store = upgraded_from("0001", FIRST_DESK, empty_urls[0], tmp_path)
    with store.reading() as tx:
        (copy,) = recall(tx, Question("mail-a@globex.example"), NOW).same_id
        words = [row.number for row in list_tickets(tx, parse_query("printer", None, NOW))]
        stored = incoming.find_stored(tx, Place("support"), 7, [9])
        reached = mailboxes.find(tx, Place("support"))
    store.close()
    assert copy == KnownCopy(1, "abc", NOW, 1, in_quarantine=False)
    assert words == [1]
    assert stored == {9}
    assert reached is not None
    assert (reached.uid_validity, reached.watermark, reached.first_contact, reached.state) == (7, 9, NOW, "watching")


def test_letters_of_the_second_schema_keep_their_envelope_sender(empty_urls: tuple[str, str], tmp_path: Path):
    store = upgraded_from("0002", A_LETTER, empty_urls[0], tmp_path)
    with store.writing() as tx:
        delivery = deliveries.claim(tx, NOW, "host:1:1", 60)
    store.close()
    assert delivery
    assert (delivery.recipient, delivery.envelope_sender, delivery.envelope_id) == ("ann@globex.example", "support@acme.example", "")


A_LETTER = (
    "INSERT INTO letters (number, kind, template, queue, internal, automatic, message_id, subject, envelope_sender, created, content,"
    " packed) VALUES (1, 'c', 'answer', 'support', false, false, 'c.1.1.x@acme.example', '', 'support@acme.example',"
    " '2026-11-20 10:02:11', '', false)",
    "INSERT INTO deliveries (letter, priority, queue, recipient, recipient_key, recipient_domain, automatic, created, state, attempts,"
    " next_attempt, was_unknown, reply, error) VALUES (1, 0, 'support', 'ann@globex.example', 'ann@globex.example', 'globex.example',"
    " false, '2026-11-20 10:02:11', 'queued', 0, '2026-11-20 10:02:11', false, '', '')",
)
"""A letter on its way as a desk of the second schema wrote it."""

FIRST_DESK = (
    "INSERT INTO raw_messages (sha256, size, content) VALUES ('0a', 1, '')",
    "INSERT INTO mailboxes (mailbox, uid_validity, watermark, first_contact, state, error, changed) VALUES ('support', 7, 9,"
    " '2026-11-20 10:02:11', 'watching', '', '2026-11-20 10:02:11')",
    "INSERT INTO incoming (id, mailbox, uid_validity, uid, raw, received, stored, state, attempts, answered, quiet, released,"
    " message_class, reason_code, reason, error, author_name, author_address, subject, evidence, ticket) VALUES (1, 'support', 7, 9, '0a',"
    " '2026-11-20 10:02:11', '2026-11-20 10:02:11', 'done', 1, false, false, false, 'human', 'new', '', '', 'Ann', 'ann@globex.example',"
    " '', '[]', 1)",
    "INSERT INTO tickets (number, subject, queue, status, priority, requester_name, requester_address, requester_key, requester_domain,"
    " created, updated, fields, decided, watchers, acknowledged, messages, customer_messages, agent_messages, thread_ids) VALUES"
    " (1, 'Printer', 'support', 'new', 'normal', 'Ann', 'ann@globex.example', 'ann@globex.example', 'globex.example',"
    " '2026-11-20 10:02:11', '2026-11-20 10:02:11', '{}', '[]', '[]', true, 1, 1, 0, '[]')",
    "INSERT INTO messages (id, ticket, incoming, kind, author_name, author_address, at, date, internal, message_id, fingerprint, subject,"
    " text, visible, html, indexed) VALUES (1, 1, 1, 'customer', 'Ann', 'ann@globex.example', '2026-11-20 10:02:11',"
    " '2026-11-20 10:02:11', false, 'mail-a@globex.example', 'abc', 'Printer', 'fire', 'fire', '', true)",
)
"""One ticket as a desk of the first schema wrote it."""


def test_a_database_that_is_newer_is_not_touched(empty_urls: tuple[str, str], tmp_path: Path):
    open_store(empty_urls[0], tmp_path, create=True).close()
    store = connect_store(empty_urls[0], tmp_path, create=False)
    with store.writing() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(SchemaMismatchError, match="newer"):
        migrate.upgrade(empty_urls[0], tmp_path)
    assert migrate.schema_status(empty_urls[0], tmp_path).version == "9999"


def test_a_missing_database_is_not_created_by_an_upgrade(tmp_path: Path):
    with pytest.raises(NotFoundError):
        migrate.upgrade("sqlite:///none.db", tmp_path)
    assert not list(tmp_path.iterdir())


def test_opening_a_database_imports_neither_alembic_nor_the_other_engine(tmp_path: Path):
    program = (
        "import sys; from pathlib import Path; from maild.store import apply, engine, incoming, letters, recall, tickets; "
        f"engine.open_store('sqlite:///maild.db', Path({str(tmp_path)!r}), create=True).close(); "
        "print([name for name in ('alembic', 'psycopg', 'sqlalchemy.orm', 'jinja2', 'imapclient', 'yaml') if name in sys.modules])"
    )
    project = Path(migrate.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=project)
    assert done.stdout == "[]\n"
