"""`maild db`: the database and its schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.group import Group
from cli.options import json_option
from cli.output import print_fields, print_json, print_text

if TYPE_CHECKING:
    from maild.store.migrate import SchemaStatus


@click.group(cls=Group, help="The database.")
def command() -> None:
    pass


@command.command(help="Which schema the database has, and which this maild wants.")
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    from maild.store.migrate import schema_status

    settings = context.settings()
    document = _document(schema_status(settings.storage.url, settings.directory))
    if as_json:
        print_json(document)
    else:
        print_fields(document.items())


@command.command(help="Bring the database to this maild's schema.")
@json_option
@click.pass_obj
def upgrade(context: Context, as_json: bool) -> None:
    from maild.store.migrate import schema_status
    from maild.store.migrate import upgrade as upgrade_schema

    settings = context.settings()
    before, after = upgrade_schema(settings.storage.url, settings.directory)
    if as_json:
        print_json(_document(schema_status(settings.storage.url, settings.directory)) | {"before": before})
    else:
        print_text(f"the database has schema {after}" + ("" if before == after else f" (before: {before or 'none'})"))


def _document(found: SchemaStatus) -> dict[str, object]:
    return {"database": found.place, "state": found.state.value, "schema": found.version, "wanted": found.wanted}
