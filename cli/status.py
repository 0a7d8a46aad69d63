"""`maild status`: one look at the desk."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.options import json_option
from cli.output import print_json, print_rows, print_text, say, shown_time
from maild.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.documents import Document
    from maild.config.settings import Settings
    from maild.reports.status import DeskStatus


@click.command(help="One look: the daemon, mailboxes, what waits, what is held. Exit status 1 where something needs a person.")
@json_option
@click.pass_obj
def command(context: Context, as_json: bool) -> None:
    status = find(context)
    if as_json:
        print_json(status_document(status))
    else:
        _print(status)
    sys.exit(1 if status.troubles else 0)


def find(context: Context) -> DeskStatus:
    from maild.reports.status import find_status

    settings = require_settings(context)
    with context.store(settings).reading() as tx:
        return find_status(tx, settings, datetime.now(UTC))


def require_settings(context: Context) -> Settings:
    """The settings; where they are not valid, whoever asks how the desk fares hears of the daemon that goes on without them."""
    try:
        return context.settings()
    except ConfigurationError:
        if undisturbed := _describe_undisturbed(context):
            say(undisturbed)
        raise


def _describe_undisturbed(context: Context) -> str:
    from maild.config.load import load_settings
    from maild.reports.life import describe_undisturbed

    return describe_undisturbed(load_settings(context.directory).storage, context.directory, datetime.now(UTC))


def status_document(status: DeskStatus) -> Document:
    return asdict(status) | {"troubles": [trouble.text for trouble in status.troubles]}


def _print(status: DeskStatus) -> None:
    rows = ((item.mailbox, item.state, item.last_success) for item in status.mailboxes)
    print_rows(("MAILBOX", "STATE", "LAST READ"), rows)
    print_text(f"daemon: {status.daemon.text}")
    print_text(f"incoming: {_counts(status.incoming)}")
    if status.quarantine:
        print_text(f"quarantine: {_counts(status.quarantine)}")
    held_back = f"; of the queued {status.held_back} held back" if status.held_back else ""
    print_text(f"outbox: {_counts({state: count for state, count in status.outbox.items() if count}) or 'empty'}{held_back}")
    for item in status.observing:
        days = item.days(datetime.now(UTC))
        print_text(f"{item.queue} observes since {shown_time(item.since)}: `maild report --queue {item.queue} --since {days}d`")
    for trouble in status.troubles:
        say(f"! {trouble.text}")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in counts.items())
