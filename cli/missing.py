"""Commands that there are not: misspelt, or not built yet. Loaded only when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maild.config.faults import did_you_mean
from maild.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    import click

UNBUILT = {
    "top": "`maild status` has one look",
    "ticket export": "`maild ticket show --json` and `maild ticket raw` print all of one",
    "customer": "",
    "mailbox show": "`maild mailbox list --json` has all",
    "template show": "`maild template preview` has it filled in, `maild template copy` fetches its file",
    "kb": "",
    "backup": "the page on operations says how to copy a database in use",
    "restore": "",
    "import": "",
    "export": "",
    "audit": "`maild ticket log` has what happened to a ticket",
    "can": "",
}
"""What is promised of a later version, by the name it will have, and what serves meanwhile."""


def refuse(ctx: click.Context, name: str, known: Iterable[str]) -> NoReturn:
    """Raises UsageError, of the command line's own kind where a look at the help is what helps."""
    whole = " ".join([*ctx.command_path.split()[1:], name])
    if whole in UNBUILT:
        meanwhile = UNBUILT[whole]
        raise UsageError(f'this version of maild does not have "{whole}" yet{f"; {meanwhile}" if meanwhile else ""}')
    ctx.fail(f'there is no command "{whole}"{did_you_mean(name, known)}')
