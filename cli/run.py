"""`maild run`: the daemon."""

from __future__ import annotations

import sys

import click

from cli.context import Context
from cli.options import json_option
from cli.output import print_json


@click.command(
    short_help="Run the daemon; with --once, do all there is to do and exit.",
    help="Run the daemon. --once: fetch every mailbox until empty, process, send what is due, and exit; exit status 1 if a mailbox "
    "could not be read. What happens is told on stderr; --json prints afterwards what `maild status` prints.",
)
@click.option("--once", is_flag=True, help="Do all there is to do now, and exit.")
@json_option
@click.pass_obj
def command(context: Context, once: bool, as_json: bool) -> None:
    from maild import maillog
    from maild.daemon import App, run
    from maild.errors import UsageError

    if as_json and not once:
        raise UsageError("a daemon prints no document; --json goes with --once")
    if not once:
        sys.exit(run(context.directory))
    maillog.set_up()
    is_whole = App(context.directory).run_once()
    if as_json:
        from cli.status import find, status_document

        print_json(status_document(find(context)))
    sys.exit(0 if is_whole else 1)
