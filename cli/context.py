"""What every command is handed: which desk, and how to open its parts. Each part is imported and opened only when asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.output import show_times_in

if TYPE_CHECKING:
    from maild.config.settings import Settings
    from maild.pipeline import Desk
    from maild.store.engine import Store
    from maild.tokens import Tokens

DEFAULT_DIRECTORY = Path("/etc/maild")


def find_directory(flag: str | None) -> Path:
    """The desk's directory: `-c DIR`, else $MAILD_CONFIG, else /etc/maild. Absolute, so that paths mean the same in a log as here."""
    return Path(flag or os.environ.get("MAILD_CONFIG") or DEFAULT_DIRECTORY).absolute()


@dataclass(frozen=True)
class Context:
    """`directory` is the desk's configuration folder; it need not exist for commands that never look there."""

    directory: Path

    def settings(self) -> Settings:
        """The desk's settings. Raises ConfigurationError with all faults."""
        from maild.config.load import require_settings

        settings = require_settings(self.directory)
        show_times_in(settings.desk.timezone)
        return settings

    def store(self, settings: Settings, *, create: bool = False) -> Store:
        """The desk's database, closed when the command ends. Raises NotFoundError where it does not exist yet."""
        from maild.store.engine import open_store

        store = open_store(settings.storage.url, settings.directory, create=create)
        click.get_current_context().call_on_close(store.close)
        return store

    def tokens(self, settings: Settings) -> Tokens:
        from maild.config.key_ring import tokens_of

        return tokens_of(settings)

    def tags(self, settings: Settings) -> Callable[[int], str]:
        """What writes a ticket's tag as letters have it, given its number."""
        from maild.tag import write_tag

        return partial(write_tag, settings, self.tokens(settings))

    def desk(self, settings: Settings) -> Desk:
        """Settings, rules and tokens as the daemon has them."""
        from maild.office import load_desk

        return load_desk(settings)
