"""A group of commands: what it does not have it says in words, with what may have been meant."""

from __future__ import annotations

import click


class Group(click.Group):
    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        known, name = self.list_commands(ctx), args[0]
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            from cli.missing import refuse

            refuse(ctx, name, known)
        return super().resolve_command(ctx, args)
