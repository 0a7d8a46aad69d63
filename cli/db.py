"""`maild db`: the database and its schema."""

from __future__ import annotations

import click

from cli.context import Context
from cli.output import json_option, print_fields, print_json


@click.group(help="The database.")
def command() -> None:
    pass


@command.command(help="Which schema the database has, and which this maild wants.")
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    from maild.store.migrate import schema_status

    settings = context.settings()
    found = schema_status(settings.storage.url, settings.directory)
    document = {"database": found.place, "state": found.state.value, "schema": found.version, "wanted": found.wanted}
    if as_json:
        print_json(document)
    else:
        print_fields(document.items())


@command.command(help="Bring the database to this maild's schema.")
@click.pass_obj
def upgrade(context: Context) -> None:
    from maild.store.migrate import upgrade as upgrade_schema

    settings = context.settings()
    before, after = upgrade_schema(settings.storage.url, settings.directory)
    click.echo(f"the database has schema {after}" + ("" if before == after else f" (before: {before or 'none'})"))
