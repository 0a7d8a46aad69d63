"""A running desk on each engine."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.office import RunningDesk
from tests.rig.sink import SmtpSink

_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///maild.db"
    return str(request.getfixturevalue("postgres").create(f"acceptance{next(_numbers)}"))


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
