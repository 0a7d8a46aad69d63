"""`maild outbox`: what goes out, and the brake."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.completion import suppressed_addresses
from cli.context import Context
from cli.group import Group
from cli.options import json_option, limit_option, number, ticket_number, yes_option
from cli.output import confirm, print_bytes, print_fields, print_json, print_rows, print_text, room_for

if TYPE_CHECKING:
    from maild.store.outbox import OutboxRow

id_argument = click.argument("identifier", metavar="ID", type=number)
STATES = ("queued", "sending", "sent", "deferred", "failed", "unknown", "cancelled")


@click.group(cls=Group, help="Mail on its way out.")
def command() -> None:
    pass


@command.command("list", help="Outgoing mail, newest first.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--ticket", type=ticket_number, metavar="NUMBER", help="Only those of this ticket.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, state: str | None, ticket: int | None, limit: int | None, as_json: bool) -> None:
    from cli.documents import outbox_document
    from maild.outbox.delivery import DeliveryState
    from maild.store import outbox

    wanted = DeliveryState(state) if state else None
    with context.store(context.settings()).reading() as tx:
        rows = outbox.list_outbox(tx, state=wanted, ticket=ticket, limit=limit if as_json else room_for(limit))
        total = None if as_json or limit else outbox.count_outbox(tx, state=wanted, ticket=ticket)
    if as_json:
        print_json([outbox_document(row) for row in rows])
        return
    titles = ("ID", "STATE", "TICKET", "KIND", "TO", "ATTEMPTS", "NEXT", "SUBJECT", "ERROR")
    cells = (
        (row.id, row.state, row.ticket, row.template, row.recipient, row.attempts, row.next_attempt, row.subject, row.error) for row in rows
    )
    print_rows(titles, cells, limit=limit, total=total)


@command.command(help="One outgoing mail, with the relay's reply and when it was; --raw prints its bytes.")
@id_argument
@click.option("--raw", is_flag=True, help="The mail itself, as every attempt sends it.")
@json_option
@click.pass_obj
def show(context: Context, identifier: int, raw: bool, as_json: bool) -> None:
    from cli.documents import outbox_document
    from maild.store import letters, outbox

    with context.store(context.settings()).reading() as tx:
        row = outbox.show(tx, identifier)
        content = letters.raw(tx, identifier) if raw else b""
    if raw:
        print_bytes(content)
        return
    document = outbox_document(row) | {"settled": row.settled, "reply": row.reply or None}
    if as_json:
        print_json(document)
    else:
        print_fields(document.items())


@command.command(help="Send now what waits, failed or was cancelled.")
@id_argument
@json_option
@click.pass_obj
def retry(context: Context, identifier: int, as_json: bool) -> None:
    from maild.store import outbox

    with context.store(context.settings()).writing() as tx:
        outbox.retry(tx, identifier, datetime.now(UTC))
        row = outbox.show(tx, identifier)
    _report(row, f"{identifier} will be sent", as_json)


@command.command(help="Never send it.")
@id_argument
@yes_option
@json_option
@click.pass_obj
def cancel(context: Context, identifier: int, yes: bool, as_json: bool) -> None:
    from maild.store import outbox

    store = context.store(context.settings())
    with store.reading() as tx:
        row = outbox.show(tx, identifier)
    confirm(f"Never send “{row.subject}” to {row.recipient}?", yes=yes)
    with store.writing() as tx:
        outbox.cancel(tx, identifier, datetime.now(UTC))
        row = outbox.show(tx, identifier)
    _report(row, f"{identifier} is cancelled", as_json)


def _report(row: OutboxRow, words: str, as_json: bool) -> None:
    from cli.documents import outbox_document

    if as_json:
        print_json(outbox_document(row))
    else:
        print_text(words)


@command.command(help="Addresses that get no automatic mail any more: why, since when, until when.")
@limit_option
@json_option
@click.pass_obj
def suppressed(context: Context, limit: int | None, as_json: bool) -> None:
    from cli.documents import suppression_document
    from maild.store import suppressions

    now = datetime.now(UTC)
    with context.store(context.settings()).reading() as tx:
        rows = suppressions.list_holding(tx, now, limit=limit if as_json else room_for(limit))
        total = None if as_json or limit else suppressions.count_holding(tx, now)
    if as_json:
        print_json([suppression_document(row) for row in rows])
        return
    cells = ((row.address, row.since, row.until or "lifted by hand", row.reason) for row in rows)
    print_rows(("ADDRESS", "SINCE", "UNTIL", "REASON"), cells, limit=limit, total=total)


@command.command(
    short_help="Let automatic mail go to an address again.",
    help="Let automatic mail go to an address again. Where somebody has complained of it as spam, nothing else does, and maild asks first.",
)
@click.argument("address", shell_complete=suppressed_addresses)
@yes_option
@json_option
@click.pass_obj
def lift(context: Context, address: str, yes: bool, as_json: bool) -> None:
    from maild.store import suppressions

    store = context.store(context.settings())
    with store.reading() as tx:
        row = suppressions.show(tx, address, datetime.now(UTC))
    if row.until is None:
        confirm(f"{row.address}: {row.reason}. Send automatic mail there again?", yes=yes)
    with store.writing() as tx:
        suppressions.lift(tx, row.address)
    if as_json:
        print_json({"address": row.address, "reason": None, "since": None, "until": None})
    else:
        print_text(f"automatic mail may go to {row.address} again")


@command.command(help="Let nothing out until `maild outbox resume`.")
@json_option
@click.pass_obj
def pause(context: Context, as_json: bool) -> None:
    from maild.store import brakes

    with context.store(context.settings()).writing() as tx:
        brakes.pause(tx, "by hand")
    _report_brake(True, as_json)


@command.command(help="Let mail out again.")
@json_option
@click.pass_obj
def resume(context: Context, as_json: bool) -> None:
    from maild.store import brakes

    with context.store(context.settings()).writing() as tx:
        brakes.resume(tx)
    _report_brake(False, as_json)


def _report_brake(paused: bool, as_json: bool) -> None:
    """As `maild status` tells it."""
    if as_json:
        print_json({"paused": paused})
    else:
        print_text(f"the outbox is {'paused' if paused else 'open'}")
