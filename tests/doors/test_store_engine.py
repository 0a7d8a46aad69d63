"""Opening, transactions, errors: `maild.store.engine` on both engines."""

import os
import stat
import threading
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.exc import DatabaseError

from maild.errors import ConfigurationError, NotFoundError, SchemaMismatchError, StoreUnavailableError
from maild.store import schema, switches
from maild.store.engine import Store, Transaction, open_store
from tests.rig.postgres import PostgresServer


def test_a_missing_sqlite_database_is_created_for_its_owner_only(tmp_path: Path):
    open_store("sqlite:///data/maild.db", tmp_path, create=True).close()
    assert stat.S_IMODE((tmp_path / "data/maild.db").stat().st_mode) == 0o600


def test_the_companions_of_the_sqlite_file_are_private_too(tmp_path: Path):
    store = open_store("sqlite:///maild.db", tmp_path, create=True)
    with store.writing() as tx:
        switches.store(tx, "a", "b")
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    store.close()


def test_connections_that_read_keep_few_pages_of_sqlite(tmp_path: Path):
    """What they keep is thrown away whenever another connection writes, and the daemon has up to sixteen of them."""
    store = open_store("sqlite:///maild.db", tmp_path, create=True)
    with store.writing() as writing, store.reading() as reading:
        assert _page_caches_kib(writing, reading) == [2048, 512]
    store.close()


def _page_caches_kib(*transactions: Transaction) -> list[int]:
    """A negative `cache_size` is one in KiB."""
    return [-tx.exec_driver_sql("PRAGMA cache_size").scalar_one() for tx in transactions]


def test_a_missing_database_is_reported_with_the_remedy(tmp_path: Path):
    with pytest.raises(NotFoundError, match=r"does not exist yet; `maild run` creates it"):
        open_store("sqlite:///maild.db", tmp_path, create=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("flags", "hint"), [(os.ST_RDONLY | os.ST_NOSUID, "its file system is read-only"), (0, "another user")])
def test_a_database_that_cannot_be_opened_is_reported_with_the_likely_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: int, hint: str
):
    (tmp_path / "maild.db").mkdir()
    monkeypatch.setattr(os, "statvfs", lambda folder: os.statvfs_result((*[0] * 8, flags, 255)))
    with pytest.raises(StoreUnavailableError, match=rf"unable to open database file \(.*{hint}"):
        open_store("sqlite:///maild.db", tmp_path, create=False)


def test_an_empty_database_is_filled_only_when_asked(postgres: PostgresServer, tmp_path: Path):
    url = postgres.create("empty")
    with pytest.raises(NotFoundError):
        open_store(url, tmp_path, create=False)
    open_store(url, tmp_path, create=True).close()
    open_store(url, tmp_path, create=False).close()


def test_another_schema_is_refused_with_what_to_do(store: Store, store_url: str, tmp_path: Path):
    for version, words in (("9999", "run the newer maild"), (schema.VERSIONS[0], "maild db upgrade"), (schema.HEAD, "")):
        with store.writing() as tx:
            tx.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{version}'")
        if words:
            with pytest.raises(SchemaMismatchError, match=words):
                open_store(store_url, tmp_path, create=True)
    open_store(store_url, tmp_path, create=True).close()


def test_a_database_with_other_peoples_tables_is_refused(postgres: PostgresServer, tmp_path: Path):
    url = postgres.create("foreign_tables")
    store = open_store(url, tmp_path, create=True)
    with store.writing() as tx:
        tx.exec_driver_sql("DROP TABLE alembic_version")
    store.close()
    with pytest.raises(SchemaMismatchError, match="not maild's"):
        open_store(url, tmp_path, create=True)


def test_urls_maild_cannot_use_are_configuration_errors(tmp_path: Path):
    for url in ("mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", "postgresql://x/y"):
        with pytest.raises(ConfigurationError, match=r"storage\.url"):
            open_store(url, tmp_path, create=True)


def test_a_dead_database_is_temporary_trouble(tmp_path: Path):
    with pytest.raises(StoreUnavailableError) as caught:
        open_store("postgresql+psycopg://maild@127.0.0.1:1/desk", tmp_path, create=False)
    assert not caught.value.permanent


def test_a_file_that_is_no_database_is_temporary_trouble(tmp_path: Path):
    (tmp_path / "maild.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        open_store("sqlite:///maild.db", tmp_path, create=True)


def test_a_database_that_comes_back_is_used_again(own_postgres: PostgresServer, tmp_path: Path):
    store = open_store(own_postgres.create("comes_back"), tmp_path, create=True)
    own_postgres.kill()
    with pytest.raises(StoreUnavailableError), store.writing() as tx:
        switches.store(tx, "a", "b")
    own_postgres.restart()
    with store.writing() as tx:
        switches.store(tx, "a", "b")
    store.close()


def test_a_value_the_database_will_never_take_is_no_outage(postgres: PostgresServer, tmp_path: Path):
    store = open_store(postgres.create("refuses"), tmp_path, create=True)
    too_much = "SELECT to_tsvector('simple', string_agg(md5(i::text), ' ')) FROM generate_series(1, 40000) i"
    with store.writing() as tx:
        with pytest.raises(DatabaseError, match="too long for tsvector"), store.savepoint(tx):
            tx.exec_driver_sql(too_much)
        switches.store(tx, "still", "works")
    store.close()


def test_a_statement_too_large_for_the_database_is_no_outage_on_either_engine(store: Store):
    """One mail, which asked for a thousand words, was tried for ever, and no other was seen through meanwhile."""
    with store.writing() as tx:
        with pytest.raises(DatabaseError), store.savepoint(tx):
            tx.exec_driver_sql(f"SELECT 1 WHERE {'NOT ' * 20_000} 1 = 1")
        switches.store(tx, "still", "works")


def test_a_block_that_raises_leaves_nothing(store: Store):
    def fail() -> None:
        with store.writing() as tx:
            switches.store(tx, "a", "b")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.reading() as tx:
        assert switches.find(tx, "a") is None


def test_a_savepoint_undoes_its_own_block_only(store: Store):
    with store.writing() as tx:
        switches.store(tx, "kept", "yes")
        with suppress(ZeroDivisionError), store.savepoint(tx):
            switches.store(tx, "lost", "yes")
            raise ZeroDivisionError
        switches.store(tx, "also kept", "yes")
    with store.reading() as tx:
        assert [switches.find(tx, name) for name in ("kept", "lost", "also kept")] == ["yes", None, "yes"]


def test_a_full_disk_is_what_is_spoken_of_though_it_took_the_savepoint_along(tmp_path: Path):
    with closing(open_store("sqlite:///maild.db", tmp_path, create=True)) as store:
        with store.writing() as tx:
            tx.exec_driver_sql("PRAGMA max_page_count = 1")  # the pages there are: no more can be had
        with pytest.raises(StoreUnavailableError, match="disk is full"), store.writing() as tx, store.savepoint(tx):
            switches.store(tx, "large", "x" * 10_000_000)
        with store.reading() as tx:
            assert switches.find(tx, "large") is None


def test_a_reading_transaction_sees_one_moment_and_cannot_write(store: Store):
    with store.reading() as before:
        assert switches.find(before, "a") is None
        with store.writing() as tx:
            switches.store(tx, "a", "b")
        assert switches.find(before, "a") is None
    with pytest.raises(Exception, match=r"read-?only"), store.reading() as tx:
        switches.store(tx, "a", "c")


def test_the_data_version_changes_with_every_commit_and_only_then(tmp_path: Path):
    store = open_store("sqlite:///maild.db", tmp_path, create=True)
    first = store.data_version()
    assert first == store.data_version()
    with store.writing() as tx:
        switches.store(tx, "a", "b")
    assert first != store.data_version()
    store.close()


def test_a_thread_that_would_wait_for_itself_is_told(tmp_path: Path):
    store = open_store("sqlite:///maild.db", tmp_path, create=True)
    with pytest.raises(RuntimeError, match="two writing transactions"), store.writing(), store.writing():
        pass
    with store.writing() as tx:
        switches.store(tx, "still", "works")
    store.close()


def test_writing_threads_take_turns(tmp_path: Path):
    """Without a fair lock the thread that has just committed comes in again first, hundreds of times over."""
    store = open_store("sqlite:///maild.db", tmp_path, create=True)
    order: list[int] = []
    barrier = threading.Barrier(3)

    def write(me: int) -> None:
        barrier.wait()
        for _ in range(30):
            with store.writing() as tx:
                switches.store(tx, f"thread {me}", "was here")
                order.append(me)

    threads = [threading.Thread(target=write, args=(me,)) for me in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    handovers = sum(first != second for first, second in pairwise(order))
    assert len(order) == 90
    assert handovers > 50
