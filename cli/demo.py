"""`maild demo`: a whole desk to play with, on loopback."""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING

import click

from cli.options import json_option
from cli.output import clean, is_terminal, print_json, print_rows

if TYPE_CHECKING:
    from maild.demo.desk import DemoDesk
    from maild.demo.narrator import Narrator, Piece

LOOKS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "title": partial(click.style, bold=True),
    "aside": partial(click.style, dim=True),
    "fact": partial(click.style, fg="green", bold=True),
    "customer": partial(click.style, fg="cyan"),
    "agent": partial(click.style, fg="yellow"),
    "desk": partial(click.style, fg="green"),
    "stranger": partial(click.style, fg="red"),
}
PAUSE_SECONDS = 0.8
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command(
    help="A whole desk on loopback, with real mail flowing, told as it happens. Needs no configuration and leaves nothing behind. "
    "--serve --json tells no story: it prints one document of ports, logins and the desk's folder once all is played, for scripts."
)
@click.option("--serve", is_flag=True, help="Keep it running afterwards and print how to log in with a mail client.")
@json_option
def command(serve: bool, as_json: bool) -> None:
    from maild import maillog
    from maild.demo.desk import open_desk
    from maild.demo.narrator import Narrator
    from maild.demo.story import play
    from maild.errors import UsageError

    if as_json and not serve:
        raise UsageError("a story is no document; --json goes with --serve")
    narrator = Narrator(Nobody() if as_json else Terminal(), "maild" if shutil.which("maild") else sys.argv[0])
    _end_by_signals()
    with open_desk() as desk:
        play(desk, narrator)
        if serve:
            _serve(desk, narrator, as_json=as_json)
            # How the servers say goodbye to each other is no news.
            maillog.set_up(io.StringIO())
    narrator.farewell(served=serve)


def _serve(desk: DemoDesk, narrator: Narrator, *, as_json: bool) -> None:
    """Until somebody ends it."""
    from maild import maillog

    with suppress(KeyboardInterrupt):
        narrator.serve(desk)
        if as_json:
            print_json(_logins(desk))
        maillog.set_up(sys.stderr)
        _wait_for_a_signal(desk)


def _logins(desk: DemoDesk) -> dict[str, object]:
    """What a script needs to play along."""
    from maild.demo.cast import AGENTS, CUSTOMERS, DEPARTMENTS

    playground = desk.playground
    cast = {"customers": CUSTOMERS, "agents": AGENTS, "departments": DEPARTMENTS}
    return {
        "desk": str(desk.directory),
        "imap": {"host": playground.host, "port": playground.imap_port},
        "smtp": {"host": playground.host, "port": playground.smtp_port},
        "password": playground.password,
    } | {name: [{"name": person.name, "address": person.address} for person in persons] for name, persons in cast.items()}


def _end_by_signals() -> None:
    """Every way to end the demo cleans up first, and a second one does not disturb that. A `nohup` is respected."""

    def leave(number: int, frame: FrameType | None) -> None:
        for ending in ENDINGS:
            signal.signal(ending, signal.SIG_IGN)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        sys.exit(128 + number)

    for ending in ENDINGS:
        if ending is not signal.SIGHUP or signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, leave)


def _wait_for_a_signal(desk: DemoDesk) -> None:
    """Its handler ends the wait. Not `signal.pause`, which a signal just before would leave waiting for a second one.

    SIGHUP reloads the desk as it does the daemon, unless it says that the terminal of the demo is gone. A `nohup` is respected.
    """
    leave, had_terminal, is_wanted = signal.getsignal(signal.SIGHUP), _has_terminal(), threading.Event()

    def reload(number: int, frame: FrameType | None) -> None:
        if callable(leave) and had_terminal and not _has_terminal():
            leave(number, frame)
        is_wanted.set()

    if leave is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, reload)
    while True:
        if is_wanted.is_set():
            is_wanted.clear()
            desk.reload()
        time.sleep(1)


def _has_terminal() -> bool:
    """Whether a terminal controls this process, and is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


class Terminal:
    """The screen of the narrator: colours on a terminal, plain text elsewhere."""

    def __init__(self) -> None:
        self.columns = shutil.get_terminal_size().columns
        # A terminal that knows no Persian still gets the rest.
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")

    def write(self, *pieces: Piece) -> None:
        click.echo("".join(LOOKS[piece.ink.value](clean(piece.text)) for piece in pieces))

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        print_rows(titles, rows)

    def pause(self) -> None:
        if is_terminal():
            time.sleep(PAUSE_SECONDS)


class Nobody:
    """The screen of a story that is not told."""

    columns = 80

    def write(self, *pieces: Piece) -> None: ...

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None: ...

    def pause(self) -> None: ...
