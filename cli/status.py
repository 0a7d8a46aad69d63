"""`maild status`: one look at the desk."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime

import click

from cli.context import Context
from cli.output import clean, json_option, print_json, print_rows, say


@click.command(help="One look: mailboxes, what waits, what is held. Exit status 1 where something needs a person.")
@json_option
@click.pass_obj
def command(context: Context, as_json: bool) -> None:
    from maild.reports.status import find_status

    settings = context.settings()
    with context.store(settings).reading() as tx:
        status = find_status(tx, settings, datetime.now(UTC))
    if as_json:
        print_json(asdict(status) | {"troubles": [trouble.text for trouble in status.troubles]})
    else:
        rows = ((item.mailbox, item.state, item.last_success) for item in status.mailboxes)
        print_rows(("MAILBOX", "STATE", "LAST READ"), rows)
        for name, counts in (("incoming", status.incoming), ("outbox", status.outbox)):
            click.echo(clean(f"{name}: {', '.join(f'{count} {state}' for state, count in counts.items()) or 'empty'}"))
        for trouble in status.troubles:
            say(f"! {trouble.text}")
    sys.exit(1 if status.troubles else 0)
