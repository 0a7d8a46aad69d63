"""`maild secret`: the keys of all tokens."""

from __future__ import annotations

import click

from cli.context import Context
from cli.group import Group
from cli.options import json_option
from cli.output import print_json, say


@click.group(cls=Group, help="The keys of all tokens.")
def command() -> None:
    pass


@command.command(help="Put a new key first into the secret file. The others stay, so that letters minted with them are still known.")
@json_option
@click.pass_obj
def rotate(context: Context, as_json: bool) -> None:
    from maild.config.key_ring import rotate as rotate_ring

    rotated = rotate_ring(context.settings())
    if as_json:
        print_json({"file": str(rotated.file), "key_id": rotated.key_id, "keys": rotated.keys})
    else:
        click.echo(f"{rotated.file} holds {rotated.keys} keys; the newest is {rotated.key_id}")
    say("A running daemon takes the new key before it reads its next mail.")
    say("Keep each older line for at least 400 days, or as long as letters minted with it may still be answered.")
