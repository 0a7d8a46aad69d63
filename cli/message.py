"""`maild message`: what came in, and the way out of each state."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import click

from cli.context import Context
from cli.output import clean, json_option, limit_option, print_fields, print_json, print_rows

id_argument = click.argument("identifier", metavar="ID", type=click.IntRange(min=1))
STATES = ("received", "done", "held", "quarantined", "duplicate")


@click.group(help="Incoming mail.")
def command() -> None:
    pass


@command.command("list", help="Incoming mail, newest first.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, state: str | None, limit: int | None, as_json: bool) -> None:
    from cli.documents import incoming_document
    from maild.effects import IncomingState
    from maild.store import incoming

    wanted = IncomingState(state) if state else None
    with context.store(context.settings()).reading() as tx:
        rows = incoming.list_incoming(tx, state=wanted, limit=limit)
    if as_json:
        print_json([incoming_document(row) for row in rows])
        return
    titles = ("ID", "STATE", "CLASS", "MAILBOX", "RECEIVED", "FROM", "TICKET", "SUBJECT", "REASON")
    cells = (
        (row.id, row.state, row.message_class, row.mailbox, row.received, row.author.address, row.ticket, row.subject, row.reason.text)
        for row in rows
    )
    print_rows(titles, cells, limit=limit)


@command.command(help="One incoming mail: what became of it and why; with a traceback where something broke. --raw prints its bytes.")
@id_argument
@click.option("--raw", is_flag=True, help="The mail exactly as it came.")
@json_option
@click.pass_obj
def show(context: Context, identifier: int, raw: bool, as_json: bool) -> None:
    from cli.documents import incoming_document
    from maild.store import incoming

    with context.store(context.settings()).reading() as tx:
        row = incoming.show(tx, identifier)
        content = incoming.raw(tx, identifier) if raw else b""
    if raw:
        sys.stdout.buffer.write(content)
        return
    document = incoming_document(row) | {"attempts": row.attempts, "error": row.error or None}
    if as_json:
        print_json(document)
        return
    print_fields((name, value) for name, value in document.items() if name != "error")
    if row.error:
        click.echo(clean(row.error, lines=True))


@command.command(help="Let a held mail walk again.")
@id_argument
@click.pass_obj
def retry(context: Context, identifier: int) -> None:
    from maild.store import incoming

    with context.store(context.settings()).writing() as tx:
        incoming.retry(tx, identifier)
    click.echo(f"{identifier} will be read again")


@command.command(help="Let a quarantined mail in as if it had never been stopped.")
@id_argument
@click.pass_obj
def release(context: Context, identifier: int) -> None:
    from maild.store import incoming

    with context.store(context.settings()).writing() as tx:
        incoming.release(tx, identifier)
    click.echo(f"{identifier} is released")


@command.command(help="Put a mail file in as if it had arrived; `-` reads standard input.")
@click.argument("file", type=click.File("rb"))
@click.option("--mailbox", help="The mailbox it arrives in. Needed where the desk has several.")
@click.pass_obj
def inject(context: Context, file: BinaryIO, mailbox: str | None) -> None:
    from maild.errors import UsageError
    from maild.ingest.arrival import Arrival
    from maild.store import incoming

    settings = context.settings()
    chosen = mailbox or (next(iter(settings.mailboxes)) if len(settings.mailboxes) == 1 else None)
    if chosen not in settings.mailboxes or chosen is None:
        raise UsageError(f"name the mailbox with --mailbox; one of: {', '.join(settings.mailboxes)}")
    now = datetime.now(UTC)
    with context.store(settings).writing() as tx:
        (identifier,) = incoming.store_arrivals(tx, [Arrival(chosen, file.read(), now)], now)
    click.echo(f"{identifier} has arrived")


@command.command(help="How maild reads mail files: one JSON object a line. A folder: all files in it. No desk is needed.")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
def inspect(paths: tuple[Path, ...]) -> None:
    import json

    from maild.reports.inspection import inspect_paths

    for document in inspect_paths(paths):
        click.echo(json.dumps(document, ensure_ascii=False))
