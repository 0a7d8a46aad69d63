"""A running desk on each engine."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from maild.store.engine import open_store
from tests.rig.dovecot import DovecotServer
from tests.rig.office import RunningDesk
from tests.rig.postgres import PostgresServer
from tests.rig.sink import SmtpSink

SQLITE = "sqlite:///maild.db"

_numbers = count(1)


@pytest.fixture(scope="session")
def make_database(postgres: PostgresServer) -> Callable[[], str]:
    """Makes new desks' databases and answers their URLs. They are copied: to write the tables anew takes three times as long."""
    open_store(postgres.create("pattern"), Path(), create=True).close()
    return lambda: postgres.create(f"acceptance{next(_numbers)}", like="pattern")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def storage(request: pytest.FixtureRequest) -> str:
    """Of each engine in `make soak`; the doors to both are tested in `make test`, and what hangs on the engine has `each_storage`."""
    return _storage_of(request)


@pytest.fixture(params=["sqlite", "postgresql"])
def each_storage(request: pytest.FixtureRequest) -> str:
    """For tests whose point is what the engine does: kills, locks, the main job from end to end."""
    return _storage_of(request)


def _storage_of(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return SQLITE
    make_database: Callable[[], str] = request.getfixturevalue("make_database")
    return make_database()


@pytest.fixture(scope="session")
def usual_storage(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Where a desk has its data of which the test does not say: in SQLite, with `--postgresql` in a database of PostgreSQL's."""
    if request.config.getoption("--postgresql"):
        make_database: Callable[[], str] = request.getfixturevalue("make_database")
        return make_database
    return lambda: SQLITE


@pytest.fixture
def make_desk(
    tmp_path: Path, dovecot: DovecotServer, sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[Callable[..., RunningDesk]]:
    """Desks to be configured and started by the test, all stopped at its end."""
    made: list[RunningDesk] = []

    def make(storage: str = "", **settings: Any) -> RunningDesk:
        desk = RunningDesk(tmp_path / f"desk{len(made)}", dovecot, sink, storage=storage or usual_storage(), **settings)
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.stop()


@pytest.fixture
def desk(make_desk: Callable[..., RunningDesk], storage: str) -> RunningDesk:
    """A desk with the usual configuration, running."""
    return make_desk(storage=storage).start()
