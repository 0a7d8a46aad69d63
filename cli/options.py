"""The options and arguments that many commands share."""

import re

import click

from cli.completion import agents
from cli.context import Context

_NUMBER = re.compile(r"0*[1-9][0-9]{0,17}")
_CHECKED_NUMBER = re.compile(r"#?([0-9]+-[0-9A-Za-z]{4})")


def number(text: str) -> int:
    """A number from 1 on that fits into every database. Raises BadParameter."""
    if not _NUMBER.fullmatch(text):
        raise click.BadParameter(f'"{text}" is no number from 1 on')
    return int(text)


def count(text: str) -> int:
    """The same, or 0: none at all."""
    return 0 if text == "0" else number(text)


def ticket_number(text: str) -> int:
    """A ticket as people name it: `8`, `#8`, `8-7QKD`, `[Acme #8-7QKD]`, or a subject with that in it.

    Raises BadParameter, also for wrong check characters: where one is mistyped, so may the number be.
    """
    context = click.get_current_context().find_object(Context)
    found = _find_tagged(context, text) if context else None
    return number(text.removeprefix("#")) if found is None else found


def _find_tagged(context: Context, text: str) -> int | None:
    """The number in the desk's subject tag, None where there is no tag. Raises BadParameter where its check characters are wrong."""
    checked = _CHECKED_NUMBER.fullmatch(text)
    if not checked and "[" not in text and "［" not in text:
        return None
    settings = context.settings()
    tag = next(iter(context.tokens(settings).find_tags(f"[{settings.desk.tag} #{checked[1]}]" if checked else text)), None)
    if tag and tag.guessed:
        raise click.BadParameter(f'the check characters of "{text}" are wrong; is the number right?')
    return tag.ticket if tag else None


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
limit_option = click.option("--limit", type=number, metavar="N", help="At most so many. Else 50, and all in JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
as_option = click.option(
    "--as", "agent", metavar="AGENT", envvar="MAILD_AGENT", shell_complete=agents, help="Which agent you are. Else $MAILD_AGENT."
)
