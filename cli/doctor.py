"""`maild doctor`: do logins, SMTP, plus addressing, clock, disk and database really work?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.options import json_option
from cli.output import clean, print_json
from cli.status import require_settings

if TYPE_CHECKING:
    from maild.config.settings import Settings
    from maild.finding import Finding

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}
WAIT_SECONDS = 120


@click.command("doctor", short_help="Do logins, SMTP, plus addressing, clock, disk, database really work?")
@click.option("--send-test", is_flag=True, help="Let each department write to itself, also with a plus address, and see what comes in.")
@click.option("--wait", "wait_seconds", type=click.IntRange(1, 3600), default=WAIT_SECONDS, show_default=True, help="Seconds for that.")
@json_option
@click.pass_obj
def command(context: Context, send_test: bool, wait_seconds: int, as_json: bool) -> None:
    """Look at everything a desk needs and say how it fares: ok, warn or fail, with the reason and what to do next.

    Without --send-test nothing is sent, stored or changed. Exit status: 1 where something fails.
    """
    findings = []
    for finding in _examine(context, require_settings(context), send_test, wait_seconds):
        findings.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json([{"check": item.about, "level": item.level, "reason": item.text, "next": item.remedy or None} for item in findings])
    sys.exit(0 if all(finding.passed for finding in findings) else 1)


def _examine(context: Context, settings: Settings, send_test: bool, wait_seconds: int) -> Iterator[Finding]:
    from maild.reports.doctor import examine, find_ways_back

    yield from examine(settings)
    yield from _try_ways_back(context, settings, wait_seconds) if send_test else find_ways_back(settings)


def _try_ways_back(context: Context, settings: Settings, wait_seconds: int) -> Iterator[Finding]:
    """What test mails show is kept in the database, so there must be one; the daemon makes it, under its own user."""
    from maild.errors import MaildError
    from maild.finding import Finding
    from maild.reports.round_trips import send_tests

    try:
        store = context.store(settings)
    except MaildError as error:
        yield Finding("fail", f"no test mail was sent, because what it shows could not be kept: {error}", "maild run --once", "test mails")
        return
    yield from send_tests(settings, context.tokens(settings), store, wait_seconds)


def _print(finding: Finding) -> None:
    remedy = f" ({finding.remedy})" if finding.remedy else ""
    level = click.style(f"{finding.level:<4}", fg=COLOURS[finding.level])
    click.echo(f"{level}  {clean(f'{finding.about}: {finding.text}{remedy}')}")
