"""The manual's page of commands, made of the commands themselves. `python -m tests.rig.command_page` writes it anew."""

from collections.abc import Iterator

import click

from cli.main import command as maild
from tests.rig.pages import MANUAL

PAGE = MANUAL / "commands.md"
HEAD = """\
# Commands

`maild [-c DIR] NOUN VERB`. This page is made of the commands' own help: `maild NOUN VERB --help` says the same.

Data goes to standard output, talk to standard error. On a terminal lists are tables of at most 50 rows; in a pipe they are complete, one
tab-separated line a row, without a head. `--json` prints one document. Destructive acts ask, `--yes` answers.

Exit status: 0 done, 1 failed or an expectation was not met, 2 wrong usage or invalid configuration.
"""
Named = tuple[str, click.Command]


def page() -> str:
    return "\n".join([HEAD, *(line for name, command in commands() for line in _section(name, command))])


def commands() -> Iterator[Named]:
    """Every command that does something, with its whole name, in the order of the help."""
    yield from _below("maild", maild)


def _below(name: str, command: click.Command) -> Iterator[Named]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for verb in command.list_commands(context):
        found = command.get_command(context, verb)
        assert found is not None, verb
        yield from _below(f"{name} {verb}", found)


def _section(name: str, command: click.Command) -> Iterator[str]:
    usage = command.collect_usage_pieces(click.Context(command))
    yield f"## `{name}`\n"
    yield f"    {' '.join([name, *usage])}\n"
    yield f"{' '.join((command.help or '').split())}\n"
    for option in options(command):
        form, words = option.get_help_record(click.Context(command)) or ("", "")
        yield f"- `{form}`: {' '.join(words.split())}"
    yield from [""] if options(command) else []


def options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
