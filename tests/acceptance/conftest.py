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

_numbers = count(1)


@pytest.fixture(scope="session")
def make_database(postgres: PostgresServer) -> Callable[[], str]:
    """Makes new desks' databases and answers their URLs. They are copied: to write the tables anew takes three times as long."""
    open_store(postgres.create("pattern"), Path(), create=True).close()
    return lambda: postgres.create(f"acceptance{next(_numbers)}", like="pattern")


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///maild.db"
    make_database: Callable[[], str] = request.getfixturevalue("make_database")
    return make_database()


@pytest.fixture
def make_desk(tmp_path: Path, dovecot: DovecotServer, sink: SmtpSink) -> Iterator[Callable[..., RunningDesk]]:
    """Desks to be configured and started by the test, all stopped at its end."""
    made: list[RunningDesk] = []

    def make(**settings: Any) -> RunningDesk:
        desk = RunningDesk(tmp_path / f"desk{len(made)}", dovecot, sink, **settings)
        made.append(desk)
        return desk

    yield make
    for desk in made:
        desk.stop()


@pytest.fixture
def desk(make_desk: Callable[..., RunningDesk], storage: str) -> RunningDesk:
    """A desk with the usual configuration, running."""
    return make_desk(storage=storage).start()
