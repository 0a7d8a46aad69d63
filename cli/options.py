"""The options and arguments that many commands share."""

import re

import click

from cli.completion import agents

_NUMBER = re.compile(r"0*[1-9][0-9]{0,17}")


def number(text: str) -> int:
    """A number from 1 on that fits into every database. Raises BadParameter."""
    if not _NUMBER.fullmatch(text):
        raise click.BadParameter(f'"{text}" is no number from 1 on')
    return int(text)


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
limit_option = click.option("--limit", type=number, metavar="N", help="At most so many. Else 50, and all in JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
as_option = click.option(
    "--as", "agent", metavar="AGENT", envvar="MAILD_AGENT", shell_complete=agents, help="Which agent you are. Else $MAILD_AGENT."
)
