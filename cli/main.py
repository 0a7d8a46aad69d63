"""The entry: `maild NOUN VERB`. Nouns are loaded only when named, so that `maild --help` imports none of them."""

import atexit
import gc
import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.context import Context, find_directory
from cli.group import Group
from maild.errors import ConfigurationError, MaildError, SchemaMismatchError, UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

NOUNS = {
    "init": "Write a new desk's configuration and its secret.",
    "check": "Are files, rules, templates and canned answers valid?",
    "doctor": "Do logins, SMTP, plus addressing, clock, disk, database really work?",
    "run": "Run the daemon; with --once, do all there is to do and exit.",
    "demo": "A whole desk to play with, on loopback.",
    "status": "One look at the desk.",
    "report": "Requests, answer times, what was never answered, what rules did.",
    "macro": "What the desk's rules say under a name, done to a ticket.",
    "queue": "Departments: list, show, next.",
    "ticket": "Tickets: new, list, show, reply, note, assign, close …",
    "view": "Saved queries: list, show.",
    "message": "What came in: list, show, retry, release, inject, inspect.",
    "outbox": "What goes out: list, show, retry, cancel, suppressed, lift, pause, resume.",
    "rules": "Rules: check, lint, list, test, explain, backtest, stats, disable …",
    "mailbox": "Mailboxes: list, test.",
    "agent": "Agents: list, show, welcome, away, back, disown.",
    "template": "Templates: list, preview, copy, canned.",
    "db": "The database: status, upgrade.",
    "completion": "Completion for bash, zsh and fish.",
    "secret": "The keys of all tokens: rotate.",
}
LASTING = {"run", "demo"}
"""What runs until it is stopped."""
SELDOM = 100_000
"""New objects between two garbage collections of a command that soon ends. Loading makes many and next to no garbage: looking for it as
often as Python does by itself is a twelfth of what `maild ticket list` takes."""


class LazyGroup(Group):
    """A group whose commands stand in modules of the same name, imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return None
        command = import_module(f"cli.{cmd_name}").command
        return command if isinstance(command, click.Command) else None

    def invoke(self, ctx: click.Context) -> object:
        """Faults of the desk's files are shown wherever a command meets them, as `maild check` shows them."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            _show_faults(error, ctx.obj.directory if ctx.obj else Path.cwd())
            raise

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        nouns = [CompletionItem(noun, help=words) for noun, words in NOUNS.items() if noun.startswith(incomplete)]
        return [*nouns, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))


def _version(ctx: click.Context, parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"maild {version('maild')}")
        ctx.exit()


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-c", "--config", metavar="DIR", type=click.Path(file_okay=False), help="The desk's folder. Else $MAILD_CONFIG, else /etc/maild."
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version and exit.")
@click.pass_context
def command(ctx: click.Context, config: str | None) -> None:
    """maild: an email-first help desk."""
    ctx.obj = Context(find_directory(config))
    if ctx.invoked_subcommand not in LASTING:
        gc.set_threshold(SELDOM, *gc.get_threshold()[1:])
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command (None: the one this process was started with); faults become one sentence and an exit status (INTERFACE.md: 1 failed,
    2 wrong usage or configuration).
    """
    _prepare_streams()
    # Python ends with a search for garbage in everything there is, which the system takes back whole: a seventh of `maild ticket list`.
    atexit.register(gc.freeze)
    try:
        sys.exit(command.main(arguments, prog_name="maild", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        _say("Aborted.")
        sys.exit(1)
    except MaildError as error:
        _say(f"maild: {error}")
        sys.exit(2 if isinstance(error, ConfigurationError | UsageError | SchemaMismatchError) else 1)
    except OSError as error:
        _drop_output()
        if not isinstance(error, BrokenPipeError):
            _say(f"maild: {_describe(error)}")
        sys.exit(1)


def _prepare_streams() -> None:
    """A terminal that knows no Persian still gets the rest; where standard input is closed, there is nothing to read."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115


def _say(text: str) -> None:
    from cli.output import say

    say(text)


def _describe(error: OSError) -> str:
    """A file that may not be read, a disk that is full: what the system says, and of which file."""
    what = error.strerror or type(error).__name__
    return f"{os.fsdecode(error.filename)}: {what}" if isinstance(error.filename, str | bytes) else what


def _drop_output() -> None:
    """What could not be written is not tried again when the process ends."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_faults(error: ConfigurationError, directory: Path) -> None:
    from maild.config.report import render_faults

    if error.faults:
        click.echo(render_faults(error.faults, directory), err=True)


if __name__ == "__main__":
    main()
