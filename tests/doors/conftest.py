"""A store of each engine: every test that asks for `store` runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maild.store.counters import COUNTERS
from maild.store.engine import Store, open_store
from maild.store.tables import all_tables
from maild.store.tables.desk import counters
from tests.rig.flaky_store import FlakyStore
from tests.rig.postgres import PostgresServer
from tests.rig.ruled_desk import Opening, ruled_desks


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> str:
    return postgres.create("desk")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database of each engine; a relative path for SQLite."""
    if request.param == "sqlite":
        return "sqlite:///maild.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    """An open, empty store."""
    opened = open_store(store_url, tmp_path, create=True)
    _empty(opened)
    yield opened
    opened.close()


@pytest.fixture
def flaky(store: Store) -> Iterator[FlakyStore]:
    """The same store, which goes away where the test says so."""
    flaky = FlakyStore(store.url)
    yield flaky
    flaky.close()


def _empty(store: Store) -> None:
    """The PostgreSQL database is shared by the session: a fresh one for each test would take ten times as long."""
    with store.writing() as tx:
        for table in reversed(all_tables().sorted_tables):
            tx.execute(table.delete())
        tx.execute(counters.insert(), [{"name": name, "value": 0} for name in COUNTERS])


@pytest.fixture
def a_desk(tmp_path: Path) -> Iterator[Opening]:
    with ruled_desks(tmp_path) as opening:
        yield opening
