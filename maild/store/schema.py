"""The schema's version: told by plain SQL, created whole in an empty database. Upgrading an old one is `migrate`'s, which needs Alembic."""

from enum import Enum

from sqlalchemy import Connection, inspect, text

from maild.errors import NotFoundError, SchemaMismatchError
from maild.store.counters import COUNTERS
from maild.store.tables.desk import counters
from maild.store.tables.extras import SEARCH_POSTGRESQL, SEARCH_SQLITE, STORAGE_POSTGRESQL

VERSIONS = tuple(f"{number:04}" for number in range(1, 36))
"""Every schema this maild can bring up to date, oldest first; the last is its own."""
HEAD = VERSIONS[-1]

_EXTRAS = {"sqlite": SEARCH_SQLITE, "postgresql": SEARCH_POSTGRESQL + STORAGE_POSTGRESQL}


class SchemaState(Enum):
    """How a database stands to this maild."""

    EMPTY = "empty"
    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"
    FOREIGN = "foreign"


def find_version(tx: Connection) -> str | None:
    """The schema version written in the database, None where there is none."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    return tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def find_state(tx: Connection) -> SchemaState:
    version = find_version(tx)
    if version is None:
        return SchemaState.FOREIGN if inspect(tx).get_table_names() else SchemaState.EMPTY
    if version == HEAD:
        return SchemaState.CURRENT
    return SchemaState.OLDER if version in VERSIONS else SchemaState.NEWER


def create(tx: Connection) -> None:
    """Write the whole current schema into an empty database."""
    from maild.store.indexes import create_tables

    create_tables(tx)
    for statement in _EXTRAS[tx.dialect.name]:
        tx.exec_driver_sql(statement)
    tx.execute(counters.insert(), [{"name": name, "value": 0} for name in COUNTERS])
    tx.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY)")
    tx.execute(text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def require_current(tx: Connection, place: str) -> None:
    """
    Raises:
        NotFoundError: the database is empty.
        SchemaMismatchError: it belongs to another version; the message says what to run.
    """
    match find_state(tx):
        case SchemaState.EMPTY:
            raise NotFoundError(f"the database {place} does not exist yet; `maild run` creates it")
        case SchemaState.OLDER:
            raise SchemaMismatchError(
                f"the database {place} has schema {find_version(tx)}, this maild needs {HEAD}; run `maild db upgrade`"
            )
        case SchemaState.NEWER:
            raise SchemaMismatchError(
                f"the database {place} has schema {find_version(tx)}, newer than this maild's {HEAD}; run the newer maild"
            )
        case SchemaState.FOREIGN:
            raise SchemaMismatchError(f"the database {place} holds tables that are not maild's; give maild a database of its own")
        case SchemaState.CURRENT:
            return
