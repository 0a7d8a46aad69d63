"""Bringing an older database up to this maild's schema: the door to Alembic, imported only when that is really wanted."""

from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from maild.store import schema
from maild.store.engine import Store, Transaction, connect_store, describe_url
from maild.store.schema import HEAD, SchemaState


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """`version` None: the database is empty, or not maild's."""

    place: str
    state: SchemaState
    version: str | None
    wanted: str


def schema_status(url: str, directory: Path) -> SchemaStatus:
    """What schema the database has. Raises as `open_store` does, except over the schema itself."""
    store = connect_store(url, directory, create=False)
    try:
        with store.reading() as tx:
            return SchemaStatus(describe_url(store.url), schema.find_state(tx), schema.find_version(tx), HEAD)
    finally:
        store.close()


def upgrade(url: str, directory: Path) -> tuple[str | None, str]:
    """Apply what is missing, all of it in one transaction; answers the versions before and after.

    Raises:
        SchemaMismatchError: the database is newer than this maild, or not maild's.
    """
    store = connect_store(url, directory, create=False)
    try:
        return _upgrade(store)
    finally:
        store.close()


def _upgrade(store: Store) -> tuple[str | None, str]:
    with store.writing() as tx:
        before = schema.find_version(tx)
        if schema.find_state(tx) not in (SchemaState.EMPTY, SchemaState.OLDER):
            schema.require_current(tx, describe_url(store.url))
            return before, HEAD
        run_migrations(tx, HEAD)
    return before, HEAD


def run_migrations(tx: Transaction, version: str) -> None:
    """Migrate up to a version inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    with as_file(files("maild.store") / "migrations") as scripts:
        config = Config()
        config.set_main_option("script_location", str(scripts).replace("%", "%%"))
        config.attributes["connection"] = tx
        command.upgrade(config, version)
