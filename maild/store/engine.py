"""The door to the database: opening it, transactions, and its errors mapped to ours. What is asked is left to one module per noun."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, NoSuchModuleError, OperationalError, TimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from maild.errors import ConfigurationError, NotFoundError, StoreUnavailableError
from maild.store import schema
from maild.store.prepared import run_plain
from maild.store.turnstile import Turnstile
from maild.writable import is_read_only

Transaction = Connection
"""What every function of the store takes first. Callers only hand it on."""

AnyRow = Row[*tuple[Any, ...]]
"""A row of more columns than the type checker counts."""

BUSY_SECONDS = 30
_LIMIT_EXCEEDED = "54"
"""PostgreSQL's class of errors over a value too large for it. The driver calls them operational, as if another time would be better."""
_LIMITS = ("too large", "too many", "too complex", "overflow")
"""What SQLite says over the same, as of an expression of a thousand terms. It has no code of its own for that."""
_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
)
"""No mmap: its pages count as resident memory, and an I/O error in them kills the process instead of failing the statement."""
_WRITING = ("PRAGMA cache_size = -2048",)
_SCRATCH = ("PRAGMA journal_mode = MEMORY", "PRAGMA synchronous = OFF", "PRAGMA foreign_keys = OFF", "PRAGMA cache_size = -32768")
_READING = ("PRAGMA query_only = ON", "PRAGMA cache_size = -512")
"""Who reads keeps little: SQLite throws the pages away as soon as another connection has written, and the holes stay in the heap."""


_NOT_OURS = "does it belong to another user?"
_HINTS = {
    "readonly database": _NOT_OURS,
    "unable to open database file": _NOT_OURS,
    "file is not a database": "it is damaged, or no database of SQLite's",
    "disk image is malformed": "it is damaged",
    "database is locked": "another program keeps it busy",
}
"""What is likely behind words of SQLite's."""


class Store:
    """An open database. Threads share it; a transaction belongs to one thread."""

    def __init__(self, url: URL, *, scratch: bool = False) -> None:
        """`scratch`: as `open_scratch` says."""
        self.url = url
        self.name = describe_url(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._writers = _sqlite_engine(url, reading=False, scratch=scratch) if self.is_sqlite else _postgresql_engine(url)
        self._readers = _sqlite_engine(url, reading=True) if self.is_sqlite else _snapshots(self._writers)
        self._turnstile = Turnstile() if self.is_sqlite else None
        self._writer: Connection | None = None
        self._watch = threading.Lock()
        self._watcher: Connection | None = None

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A consistent view of the moment it begins; nothing can be written through it.

        Raises:
            StoreUnavailableError: the database does not answer, or not in time.
        """
        with _faults_mapped(self.name), self._readers.connect() as connection, self._begun(connection, "BEGIN"):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """One transaction: commits at the end of the block, rolls back if the block raises.

        Raises:
            StoreUnavailableError: the database does not answer, or not in time.
        """
        with (
            self._turnstile or nullcontext(),
            _faults_mapped(self.name),
            self._connection_to_write() as connection,
            self._begun(connection, "BEGIN IMMEDIATE"),
        ):
            yield connection

    @property
    def is_awaited(self) -> bool:
        """Does another thread of this process wait until the writing transaction ends? Never where writers need not wait for each other."""
        return self._turnstile is not None and self._turnstile.is_awaited

    @contextmanager
    def savepoint(self, tx: Transaction) -> Iterator[None]:
        """Undo only this block if it raises, and keep the rest of the transaction.

        In SQL: every message has one, and SQLAlchemy's own, each of a new name, cost as much as three statements.
        """
        with _faults_mapped(self.name):
            run_plain(tx, "SAVEPOINT message")
            try:
                yield
            except BaseException:
                if not tx.invalidated and not _is_rolled_back(tx):
                    run_plain(tx, "ROLLBACK TO SAVEPOINT message")
                raise
            run_plain(tx, "RELEASE SAVEPOINT message")

    def data_version(self) -> int | None:
        """A number that changes whenever anybody commits, very cheap to ask; None where the engine has no such number."""
        if not self.is_sqlite:
            return None
        with self._watch, _faults_mapped(self.name):
            if self._watcher is None:
                self._watcher = self._readers.connect()
            with self._begun(self._watcher, "BEGIN"):
                return int(self._watcher.exec_driver_sql("PRAGMA data_version").scalar_one())

    @contextmanager
    def _connection_to_write(self) -> Iterator[Connection]:
        """SQLite's writers come one after the other, so that one connection serves all; taking it out of a pool and having it looked over
        for each letter would cost more than the letter's statements. Where a transaction has failed, the next begins with another.
        """
        if not self.is_sqlite:
            with self._writers.connect() as connection:
                yield connection
            return
        self._writer = self._writer or self._writers.connect()
        try:
            yield self._writer
        except BaseException:
            self._give_writer_up()
            raise

    def _give_writer_up(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    @contextmanager
    def _begun(self, connection: Connection, statement: str) -> Iterator[None]:
        """Writers begin IMMEDIATE: a transaction that reads first and writes later would fail at once beside another writer.

        Said here and not by a listener for "begin": an engine with listeners asks for them at every single statement.
        """
        with connection.begin():
            if self.is_sqlite:
                run_plain(connection, statement)
            yield

    def close(self) -> None:
        with self._watch:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        with self._turnstile or nullcontext():
            self._give_writer_up()
        self._readers.dispose()
        self._writers.dispose()


def open_store(url: str, directory: Path, *, create: bool) -> Store:
    """Open the database at `url`; a relative SQLite path counts from `directory`. `create`: a missing or empty one is made.

    Raises:
        ConfigurationError: the URL names no database maild can use.
        NotFoundError: there is no database yet, and none was to be made.
        SchemaMismatchError: the database belongs to another version of maild.
        StoreUnavailableError: it does not answer.
    """
    store = connect_store(url, directory, create=create)
    try:
        if create:
            _create_where_empty(store)
        with store.reading() as tx:
            schema.require_current(tx, describe_url(store.url))
    except BaseException:
        store.close()
        raise
    return store


def open_scratch(file: Path) -> Store:
    """A new database for as long as this process lives: nothing waits for the disk, and rows may point to rows that were not brought along.

    Raises:
        StoreUnavailableError: the file cannot be made.
    """
    _provide_file(file, create=True)
    store = Store(make_url("sqlite://").set(database=str(file)), scratch=True)
    try:
        _create_where_empty(store)
    except BaseException:
        store.close()
        raise
    return store


def connect_store(url: str, directory: Path, *, create: bool) -> Store:
    """Like `open_store`, whatever schema the database has. Only for what looks at or changes the schema itself."""
    parsed = _read_url(url, directory)
    if parsed.get_backend_name() == "sqlite":
        _provide_file(Path(parsed.database or ""), create=create)
    try:
        return Store(parsed)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"storage.url needs the Python package {error.name}; install maild[postgres]") from error


def describe_url(url: URL) -> str:
    """The database in words, without a password."""
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _read_url(text: str, directory: Path) -> URL:
    try:
        url = make_url(text)
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(f"storage.url is not understood: {error}") from error
    if url.drivername == "postgresql+psycopg":
        return url
    if url.drivername != "sqlite":
        raise ConfigurationError(f'storage.url begins with "{url.drivername}"; maild knows sqlite:// and postgresql+psycopg://')
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("storage.url names no file; a desk kept in memory would be lost")
    return url.set(database=str(directory / url.database))


def _provide_file(file: Path, *, create: bool) -> None:
    """The file exists afterwards, readable by its owner only; SQLite gives its companions the same rights."""
    if file.exists():
        return
    if not create:
        raise NotFoundError(f"the database {file} does not exist yet; `maild run` creates it")
    try:
        file.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreUnavailableError(f"the database {file} cannot be created: {error.strerror}") from error


def _create_where_empty(store: Store) -> None:
    with store.writing() as tx:
        if not store.is_sqlite:
            # Two daemons may start on one empty database; the second waits here and finds the first one's tables.
            tx.exec_driver_sql("SELECT pg_advisory_xact_lock(7233124)")
        if schema.find_state(tx) is schema.SchemaState.EMPTY:
            schema.create(tx)


def _sqlite_engine(url: URL, *, reading: bool, scratch: bool = False) -> Engine:
    """What begins a transaction is `Store`'s to say."""
    size = {"pool_size": 2, "max_overflow": 14} if reading else {"pool_size": 1, "max_overflow": 0}
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_timeout=BUSY_SECONDS, **size)

    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _PRAGMAS + (_READING if reading else _SCRATCH if scratch else _WRITING):
            cursor.execute(pragma)
        cursor.close()

    event.listen(engine, "connect", prepare)
    return engine


def _postgresql_engine(url: URL) -> Engine:
    """A connection is tried before use: the server may have been restarted while it lay in the pool."""
    patience = {"connect_timeout": 10}
    return create_engine(url, connect_args=patience, pool_size=4, max_overflow=12, pool_timeout=BUSY_SECONDS, pool_pre_ping=True)


def _snapshots(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _is_rolled_back(tx: Transaction) -> bool:
    """Over a full disk SQLite undoes the whole transaction by itself; nothing is left to undo then, and the disk is what to speak of."""
    return getattr(tx.connection.dbapi_connection, "in_transaction", True) is False


@contextmanager
def _faults_mapped(name: str) -> Iterator[None]:
    """A database that is away, full, locked or damaged is temporary trouble; a value it refuses is not."""
    try:
        yield
    except (OperationalError, InterfaceError, TimeoutError) as error:
        if _is_refusal(error):
            raise
        raise StoreUnavailableError(_words(error, name)) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise
        raise StoreUnavailableError(_words(error, name)) from error


def _is_refusal(error: Exception) -> bool:
    """Whether the database is there, and will not have this value at any time."""
    cause = getattr(error, "orig", None)
    if getattr(cause, "sqlite_errorname", "") == "SQLITE_ERROR":
        return any(limit in str(cause) for limit in _LIMITS)
    state = getattr(cause, "sqlstate", None)
    return isinstance(state, str) and state.startswith(_LIMIT_EXCEEDED)


def _words(error: Exception, name: str) -> str:
    cause = " ".join(str(getattr(error, "orig", None) or error).split())
    hint = next((hint for words, hint in _HINTS.items() if words in cause), "")
    if hint is _NOT_OURS and is_read_only(Path(name).parent):
        hint = "its file system is read-only"
    return f"the database {name} does not answer: {cause}{f' ({hint})' if hint else ''}"
