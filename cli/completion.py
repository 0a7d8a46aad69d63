"""`maild completion`: the scripts for shells; and what of a desk completes an argument."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

    from cli.context import Context
    from maild.config.settings import Settings

    Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem] | list[str]]

SHELLS = ("bash", "zsh", "fish")


@click.command(
    short_help="Completion for bash, zsh and fish.",
    help="Print the script that makes a shell complete maild's commands, options and names. For bash and zsh put `eval \"$(maild "
    'completion bash)"` into ~/.bashrc or ~/.zshrc; for fish write the script to ~/.config/fish/completions/maild.fish.',
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    from click.shell_completion import get_completion_class

    maker = get_completion_class(shell)
    assert maker is not None, shell
    click.echo(maker(ctx.find_root().command, {}, "maild", "_MAILD_COMPLETE").source())


def names_of(names: Callable[[Settings], Iterable[str]]) -> Completer:
    """Completes with names of the desk's configuration."""
    return _found_by(lambda context: names(context.settings()))


def _found_by(find: Callable[[Context], Iterable[str]]) -> Completer:
    """Completes with what is found at the desk that `-c` or the environment names; with nothing where that has faults."""

    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
        from cli.context import Context, find_directory
        from maild.errors import MaildError

        try:
            with ctx.scope():
                found = find(Context(find_directory(ctx.find_root().params.get("config"))))
        except MaildError:
            return []
        return [name for name in found if name.startswith(incomplete)]

    return complete


def files(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Completes as the shell completes files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


agents = names_of(lambda settings: settings.agents)
owners = names_of(lambda settings: (*settings.agents, "me", "none"))
queues = names_of(lambda settings: settings.queues)
views = names_of(lambda settings: settings.views)
queues_and_views = names_of(lambda settings: (*settings.queues, *settings.views))
mailboxes = names_of(lambda settings: settings.mailboxes)


def _kinds(settings: Settings) -> Iterable[str]:
    from maild.templates.render import list_templates

    return dict.fromkeys(item.kind for item in list_templates(settings))


def _template_files(settings: Settings) -> Iterable[str]:
    from maild.templates.render import open_catalogue

    return [file.name for file in open_catalogue(settings).files() if not file.own]


def _canned(settings: Settings) -> Iterable[str]:
    from maild.canned.load import load_shelf

    return load_shelf(settings).shelf.names()


def _rules(settings: Settings) -> Iterable[str]:
    from maild.rules.load import load_rules

    loaded = load_rules(settings.directory, settings)
    return [rule.id for rule in loaded.rules.rules] if loaded.rules else []


def _macros(settings: Settings) -> Iterable[str]:
    from maild.rules.load import load_rules

    loaded = load_rules(settings.directory, settings)
    return loaded.rules.macros if loaded.rules else ()


def _suppressed(context: Context) -> Iterable[str]:
    from datetime import UTC, datetime

    from maild.store import suppressions

    with context.store(context.settings()).reading() as tx:
        return [row.address for row in suppressions.list_holding(tx, datetime.now(UTC))]


kinds = names_of(_kinds)
template_files = names_of(_template_files)
canned_answers = names_of(_canned)
rules = names_of(_rules)
macros = names_of(_macros)
suppressed_addresses = _found_by(_suppressed)
