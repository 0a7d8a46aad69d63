"""The database's checkup: is it there, of this maild's schema, whole, private, and does its clock agree (OPERATIONS C12, C15)."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from maild.errors import MaildError, NotFoundError, SchemaMismatchError
from maild.finding import Finding, judge_clock
from maild.store import schema
from maild.store.engine import Store, Transaction, connect_store, describe_url
from maild.store.schema import SchemaState

READABLE_BY_OTHERS = 0o077
_REMEDY = "stop the daemon, put the last backup in its place, and keep the damaged file for whoever looks into it"


def check_database(url: str, directory: Path) -> list[Finding]:
    """Looks only; a missing database is not created."""
    try:
        with closing(connect_store(url, directory, create=False)) as store:
            return list(_look_around(store))
    except NotFoundError as error:
        return [Finding("ok", str(error))]
    except MaildError as error:
        return [Finding("fail", str(error), "see `storage.url`, and whether the database runs")]


def find_directory(url: str, directory: Path) -> Path:
    """Where the database's bytes lie as far as we know: beside its file, else in the desk's folder."""
    try:
        with closing(connect_store(url, directory, create=False)) as store:
            return Path(store.url.database or "").parent if store.is_sqlite else directory
    except MaildError:
        return directory


def _look_around(store: Store) -> Iterator[Finding]:
    place = describe_url(store.url)
    with store.reading() as tx:
        state = schema.find_state(tx)
        if state is SchemaState.EMPTY:
            yield Finding("ok", f"{place} is empty; `maild run` fills it")
            return
        try:
            schema.require_current(tx, place)
        except SchemaMismatchError as error:
            yield Finding("fail", str(error), "maild db upgrade" if state is SchemaState.OLDER else "")
            return
        yield Finding("ok", f"{place} has schema {schema.HEAD}")
        yield from _judge_file(tx, Path(store.url.database or "")) if store.is_sqlite else _judge_server(tx)


def _judge_file(tx: Transaction, file: Path) -> Iterator[Finding]:
    """SQLite's own check reads every page; its first complaint is enough."""
    said = str(tx.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    yield Finding("ok", "it is whole") if said == "ok" else Finding("fail", f"it is damaged: {said}", _REMEDY)
    if file.stat().st_mode & READABLE_BY_OTHERS:
        yield Finding("warn", f"others may read {file}, and with it everybody's mail", f"chmod 600 {file}")


def _judge_server(tx: Transaction) -> Iterator[Finding]:
    theirs = tx.execute(select(func.clock_timestamp())).scalar_one()
    if isinstance(theirs, datetime):
        yield judge_clock(theirs - datetime.now(UTC), "the database's")
