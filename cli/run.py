"""`maild run`: the daemon."""

import sys

import click

from cli.context import Context


@click.command(help="Run the daemon. --once: fetch every mailbox until empty, process, send what is due, and exit.")
@click.option("--once", is_flag=True, help="Do all there is to do now, and exit.")
@click.pass_obj
def command(context: Context, once: bool) -> None:
    from maild import maillog
    from maild.daemon import App, run

    if not once:
        sys.exit(run(context.directory))
    maillog.set_up()
    sys.exit(0 if App(context.directory).run_once() else 1)
