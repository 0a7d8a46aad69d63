"""Fixtures every test may ask for. A server program that is not installed is a failure in CI and a loud skip elsewhere."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import TypeVar

import pytest
from hypothesis import settings

from tests.rig import mails
from tests.rig.browser import Browser
from tests.rig.dovecot import DovecotServer
from tests.rig.mutt import Mutt
from tests.rig.postgres import PostgresServer
from tests.rig.rspamd import RspamdServer
from tests.rig.servers import ServerMissingError
from tests.rig.sink import SmtpSink

Server = TypeVar("Server")
_numbers = count(1)

# No deadlines: the machines of CI are shared. `make fuzz` looks longer.
settings.register_profile("maild", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=5000)
settings.load_profile("maild")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--postgresql", action="store_true", help="desks of acceptance tests have their data in PostgreSQL")


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[DovecotServer]:
    server = _started(DovecotServer(tls=True).start)
    yield server
    server.stop()


@pytest.fixture
def dovecot(dovecot_server: DovecotServer) -> DovecotServer:
    """A running Dovecot, shared by the session: use `user` for a mailbox of the test's own."""
    dovecot_server.ensure_running()
    return dovecot_server


@pytest.fixture
def user() -> str:
    """A fresh mail user; Dovecot knows everybody."""
    return f"user{next(_numbers)}@acme.example"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    server = _started(PostgresServer.start)
    yield server
    server.stop()


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server to kill. After it the one of all tests would look through every database they have made, for minutes."""
    server = _started(PostgresServer.start)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def smtp_sink() -> Iterator[SmtpSink]:
    sink = SmtpSink().start()
    yield sink
    sink.stop()


@pytest.fixture
def sink(smtp_sink: SmtpSink) -> SmtpSink:
    """A running SMTP sink, shared by the session and empty at the start of each test."""
    smtp_sink.clear()
    return smtp_sink


@pytest.fixture(scope="session")
def rspamd() -> Iterator[RspamdServer]:
    server = _started(RspamdServer.start)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium without a screen, with one page that every test lays out anew."""
    browser = _started(Browser.start)
    yield browser
    browser.stop()


@pytest.fixture
def open_mutt(dovecot_server: DovecotServer, smtp_sink: SmtpSink) -> Iterator[Callable[[str, str], Mutt]]:
    """Opens the mail client of a person, by name and address; all are closed at the test's end."""
    with ExitStack() as opened:

        def open_one(name: str, address: str) -> Mutt:
            mutt = _started(lambda: Mutt.start(name, address, dovecot_server, smtp_sink))
            opened.callback(mutt.stop)
            return mutt

        yield open_one


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> pytest.LogCaptureFixture:
    """What maild logs, whoever has set logging up before."""
    logger = logging.getLogger("maild")
    monkeypatch.setattr(logger, "handlers", [caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    caplog.set_level(logging.INFO, "maild")
    return caplog


@pytest.fixture
def an_email() -> Callable[..., bytes]:
    return mails.an_email


def _started(start: Callable[[], Server]) -> Server:
    try:
        return start()
    except ServerMissingError as missing:
        if os.environ.get("CI"):
            pytest.fail(f"{missing}; in CI every server must be there")
        pytest.skip(f"NOT TESTED: {missing}. `make test` as root installs it")
