"""`maild macro`: what the desk's rules say under a name, done to a ticket."""

from __future__ import annotations

import click

from cli.completion import macros
from cli.context import Context
from cli.front_desk import act
from cli.options import as_option, json_option, ticket_number


@click.command(
    short_help="What the desk's rules say under a name, done to a ticket.",
    help="What the desk's rules say under a name (`when: macro`), done to a ticket; `maild rules list` has their names.",
)
@click.argument("name", shell_complete=macros)
@click.argument("number", metavar="TICKET", type=ticket_number)
@as_option
@json_option
@click.pass_obj
def command(context: Context, name: str, number: int, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("macro", name)])
