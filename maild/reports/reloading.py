"""Asking a running daemon of this host to take the files as they are: SIGHUP, and its own word about what came of it."""

import os
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from maild import node
from maild.reports.life import Life, find_daemon
from maild.store.engine import Store

WAIT_SECONDS = 20.0
_LOOK_AFTER_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """`done` None: there was no daemon to ask, or it has not answered yet; False: it has refused the files."""

    done: bool | None
    text: str


def ask_to_reload(store: Store, wait_seconds: float = WAIT_SECONDS) -> Answer:
    """Signal it and wait for its answer."""
    began = datetime.now(UTC)
    with store.reading() as tx:
        daemon = find_daemon(tx, began)
    if daemon.life not in (Life.RUNNING, Life.SILENT):
        return Answer(None, daemon.text)
    if daemon.pid is None or daemon.host != node.place_of(node.own_name())[0]:
        return Answer(None, f"the daemon runs elsewhere ({daemon.text}): have it reload there")
    try:
        os.kill(daemon.pid, signal.SIGHUP)
    except OSError as error:
        return Answer(None, f"the daemon (process {daemon.pid}) cannot be asked to reload: {error.strerror}")
    return _await_answer(store, began, wait_seconds)


def _await_answer(store: Store, began: datetime, wait_seconds: float) -> Answer:
    until = time.monotonic() + wait_seconds
    while time.monotonic() < until:
        time.sleep(_LOOK_AFTER_SECONDS)
        with store.reading() as tx:
            daemon = find_daemon(tx, datetime.now(UTC))
        if daemon.refused_reload and daemon.refused_reload.at >= began:
            return Answer(False, f"the daemon keeps what it runs with: {daemon.refused_reload.first}")
        if daemon.loaded and daemon.loaded >= began:
            return Answer(True, "the daemon runs with these files")
    return Answer(None, "the daemon was asked to reload and has not answered yet; `maild status` tells when it has")
