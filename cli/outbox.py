"""`maild outbox`: what goes out, and the brake."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

import click

from cli.context import Context
from cli.output import json_option, limit_option, print_fields, print_json, print_rows

id_argument = click.argument("identifier", metavar="ID", type=click.IntRange(min=1))


@click.group(help="Mail on its way out.")
def command() -> None:
    pass


@command.command("list", help="Outgoing mail, newest first.")
@click.option(
    "--state",
    type=click.Choice(["queued", "sending", "sent", "deferred", "failed", "unknown", "cancelled"]),
    help="Only those in this state.",
)
@click.option("--ticket", type=int, help="Only those of this ticket.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, state: str | None, ticket: int | None, limit: int | None, as_json: bool) -> None:
    from cli.documents import outbox_document
    from maild.outbox.delivery import DeliveryState
    from maild.store import letters

    wanted = DeliveryState(state) if state else None
    with context.store(context.settings()).reading() as tx:
        rows = letters.list_outbox(tx, state=wanted, ticket=ticket, limit=limit)
    if as_json:
        print_json([outbox_document(row) for row in rows])
        return
    titles = ("ID", "STATE", "TICKET", "KIND", "TO", "ATTEMPTS", "NEXT", "SUBJECT", "ERROR")
    cells = (
        (row.id, row.state, row.ticket, row.template, row.recipient, row.attempts, row.next_attempt, row.subject, row.error) for row in rows
    )
    print_rows(titles, cells, limit=limit)


@command.command(help="One outgoing mail; --raw prints its bytes.")
@id_argument
@click.option("--raw", is_flag=True, help="The mail itself, as every attempt sends it.")
@json_option
@click.pass_obj
def show(context: Context, identifier: int, raw: bool, as_json: bool) -> None:
    from cli.documents import outbox_document
    from maild.store import letters

    with context.store(context.settings()).reading() as tx:
        row = letters.show(tx, identifier)
        content = letters.raw(tx, identifier) if raw else b""
    if raw:
        sys.stdout.buffer.write(content)
    elif as_json:
        print_json(outbox_document(row))
    else:
        print_fields(outbox_document(row).items())


@command.command(help="Send now what waits, failed or was cancelled.")
@id_argument
@click.pass_obj
def retry(context: Context, identifier: int) -> None:
    from maild.store import letters

    with context.store(context.settings()).writing() as tx:
        letters.retry(tx, identifier, datetime.now(UTC))
    click.echo(f"{identifier} will be sent")


@command.command(help="Never send it.")
@id_argument
@click.confirmation_option("--yes", prompt="Never send this mail?")
@click.pass_obj
def cancel(context: Context, identifier: int) -> None:
    from maild.store import letters

    with context.store(context.settings()).writing() as tx:
        letters.cancel(tx, identifier, datetime.now(UTC))
    click.echo(f"{identifier} is cancelled")


@command.command(help="Let nothing out until `maild outbox resume`.")
@click.pass_obj
def pause(context: Context) -> None:
    from maild.store import brakes

    with context.store(context.settings()).writing() as tx:
        brakes.pause(tx, "by hand")
    click.echo("the outbox is paused")


@command.command(help="Let mail out again.")
@click.pass_obj
def resume(context: Context) -> None:
    from maild.store import brakes

    with context.store(context.settings()).writing() as tx:
        brakes.resume(tx)
    click.echo("the outbox is open")
