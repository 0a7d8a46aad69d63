"""`maild message`: what came in, and the way out of each state."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from cli.completion import mailboxes
from cli.context import Context
from cli.group import Group
from cli.options import json_option, limit_option, number
from cli.output import print_bytes, print_fields, print_json, print_json_line, print_rows, print_text, room_for

if TYPE_CHECKING:
    from cli.documents import Document
    from maild.config.settings import Settings
    from maild.store.received_mail import IncomingRow

id_argument = click.argument("identifier", metavar="ID", type=number)
STATES = ("received", "done", "held", "quarantined", "duplicate")


@click.group(cls=Group, help="Incoming mail.")
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
    from maild.store import received_mail

    wanted = IncomingState(state) if state else None
    with context.store(context.settings()).reading() as tx:
        rows = received_mail.list_incoming(tx, state=wanted, limit=limit if as_json else room_for(limit))
        total = None if as_json or limit else received_mail.count_incoming(tx, state=wanted)
    documents = [incoming_document(row) for row in rows]
    if as_json:
        print_json(documents)
        return
    names = ("id", "state", "class", "mailbox", "received", "from", "ticket", "subject", "reason")
    print_rows([name.upper() for name in names], ([document[name] for name in names] for document in documents), limit=limit, total=total)


@command.command(help="One incoming mail: what became of it and why; with a traceback where something broke. --raw prints its bytes.")
@id_argument
@click.option("--raw", is_flag=True, help="The mail exactly as it came.")
@json_option
@click.pass_obj
def show(context: Context, identifier: int, raw: bool, as_json: bool) -> None:
    from maild.store import received_mail

    with context.store(context.settings()).reading() as tx:
        row = received_mail.show(tx, identifier)
        signs = received_mail.evidence(tx, identifier)
        content = received_mail.raw(tx, identifier) if raw else b""
    if raw:
        print_bytes(content)
        return
    document = _document(row)
    if as_json:
        print_json(document | {"evidence": [{"code": sign.code, "text": sign.text} for sign in signs]})
        return
    print_fields((name, value) for name, value in document.items() if name != "error")
    print_fields(("evidence", sign.text) for sign in signs)
    if row.error:
        print_text(row.error)


@command.command(help="Let a held mail walk again; one that the mail server withheld is fetched again.")
@id_argument
@json_option
@click.pass_obj
def retry(context: Context, identifier: int, as_json: bool) -> None:
    from maild.store import incoming, received_mail

    with context.store(context.settings()).writing() as tx:
        incoming.retry(tx, identifier, datetime.now(UTC))
        row = received_mail.show(tx, identifier)
    _report(row, f"{identifier} will be {'fetched again within minutes' if row.is_withheld else 'read again'}", as_json)


@command.command(help="Let a quarantined mail in as if it had never been stopped. --train: its sender too, from the next reload on.")
@id_argument
@click.option("--train", is_flag=True, help="Add the sender to rules/05-allowed.yaml; he must be authenticated.")
@json_option
@click.pass_obj
def release(context: Context, identifier: int, train: bool, as_json: bool) -> None:
    from maild.store import incoming, received_mail

    settings = context.settings()
    with context.store(settings).writing() as tx:
        incoming.release(tx, identifier)
        row = received_mail.show(tx, identifier)
        trained = f"; {_allow(settings, row)}" if train else ""
    _report(row, f"{identifier} is released{trained}", as_json)


def _allow(settings: Settings, row: IncomingRow) -> str:
    """What came of it, in words.

    Raises:
        WrongStateError, UsageError: the sender cannot be allowed; then nothing is released, either.
    """
    from maild.errors import WrongStateError
    from maild.message import AuthResult
    from maild.rules.allow_list import FILE, allow_sender

    address = row.author.address
    if row.auth is not AuthResult.PASS:
        proved = row.auth.value if row.auth else "unknown"
        raise WrongStateError(f"{address} is not authenticated in message {row.id} ({proved}): anybody could be him")
    if allow_sender(settings, address, f"message {row.id}, {datetime.now(UTC):%Y-%m-%d}: {row.reason.text[:60]}"):
        return f"{address} is in rules/{FILE}, which takes effect when the daemon reloads"
    return f"{address} stands in rules/{FILE} already"


@command.command(help="Put a mail file in as if it had arrived; `-` reads standard input.")
@click.argument("file", type=click.File("rb"))
@click.option("--mailbox", shell_complete=mailboxes, help="The mailbox it arrives in; by default that of the address it was written to.")
@json_option
@click.pass_obj
def inject(context: Context, file: BinaryIO, mailbox: str | None, as_json: bool) -> None:
    from maild.errors import UsageError
    from maild.ingest.arrival import Arrival
    from maild.store import incoming, received_mail

    settings = context.settings()
    content = file.read()
    if not content:
        raise UsageError(f"{file.name} is empty")
    chosen = mailbox or _mailbox_of(content, settings)
    if chosen not in settings.mailboxes:
        why = f'there is no mailbox "{mailbox}"' if mailbox else "the mail is addressed to no department; name the mailbox with --mailbox"
        raise UsageError(f"{why}; one of: {', '.join(settings.mailboxes)}")
    now = datetime.now(UTC)
    with context.store(settings).writing() as tx:
        (identifier,) = incoming.store_arrivals(tx, [Arrival(chosen, content, now)], now)
        row = received_mail.show(tx, identifier)
    _report(row, f"{identifier} has arrived", as_json)


def _mailbox_of(content: bytes, settings: Settings) -> str:
    """Where it would have arrived; "" where nothing tells."""
    if len(settings.mailboxes) == 1:
        return next(iter(settings.mailboxes))
    from maild.ingest.department import find_mailbox
    from maild.ingest.parse import parse_message

    return find_mailbox(parse_message(content), settings) or ""


def _report(row: IncomingRow, words: str, as_json: bool) -> None:
    if as_json:
        print_json(_document(row))
    else:
        print_text(words)


def _document(row: IncomingRow) -> Document:
    """The row as a list has it, and what only one at a time is asked for."""
    from cli.documents import incoming_document

    return incoming_document(row) | {"attempts": row.attempts, "error": row.error or None}


@command.command(
    short_help="How maild reads mail files: one JSON object a line.",
    help="How maild reads mail files: one JSON object a line. A folder: all files in it. No desk is needed. "
    "Exit status 1 if a path that was named is not there; a file that cannot be read is told of in its line.",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, readable=False))
@click.option("--json", is_flag=True, expose_value=False, help="JSON lines are what it prints anyway.")
def inspect(paths: tuple[Path, ...]) -> None:
    from maild.reports.inspection import inspect_paths

    for document in inspect_paths(paths):
        print_json_line(document)
    sys.exit(0 if all(os.access(path, os.F_OK) for path in paths) else 1)
