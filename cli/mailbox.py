"""`maild mailbox`: the mailboxes the desk reads."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.completion import mailboxes
from cli.context import Context
from cli.group import Group
from cli.options import json_option, limit_option
from cli.output import print_json, print_rows, print_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maild.config.settings import Settings
    from maild.finding import Finding
    from maild.store.mailboxes import MailboxState


@click.group(cls=Group, help="Mailboxes.")
def command() -> None:
    pass


@command.command("list", help="Every mailbox, how far it has been read and how it fares.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    settings = context.settings()
    rows = _rows(context, settings)
    documents = [_document(key, rows.get(key), settings) for key in settings.mailboxes]
    if as_json:
        print_json(documents[:limit])
        return
    names = ("mailbox", "host", "username", "folder", "state", "last_success", "error")
    titles = [name.upper().replace("_", " ") for name in names]
    print_rows(titles, ([document[name] for name in names] for document in documents), limit=limit)


def _rows(context: Context, settings: Settings) -> Mapping[str, MailboxState]:
    """What the daemon noted of each mailbox; nothing where it has never run."""
    from maild.errors import NotFoundError
    from maild.store import mailboxes

    try:
        with context.store(settings).reading() as tx:
            return {row.mailbox: row for row in mailboxes.list_mailboxes(tx)}
    except NotFoundError:
        return {}


def _document(key: str, row: MailboxState | None, settings: Settings) -> dict[str, object]:
    from maild.reports.status import NEVER_READ

    mailbox = settings.mailboxes[key]
    return {
        "mailbox": key,
        "host": mailbox.host,
        "username": mailbox.username,
        "folder": mailbox.folder,
        "queues": [queue.key for queue in settings.queues.values() if queue.mailbox == key],
        "state": row.state if row else NEVER_READ,
        "last_success": row.last_success if row else None,
        "error": (row.error or None) if row else None,
    }


@command.command(
    short_help="Log in to the mailboxes, or to one, and look around.",
    help="Log in to the mailboxes, or to one, and look around; nothing is changed. Exit status 1 if one cannot be read.",
)
@click.argument("mailbox", required=False, shell_complete=mailboxes)
@json_option
@click.pass_obj
def test(context: Context, mailbox: str | None, as_json: bool) -> None:
    from maild.errors import NotFoundError
    from maild.ingest.mailbox_checkup import check_mailbox

    settings = context.settings()
    if mailbox and mailbox not in settings.mailboxes:
        raise NotFoundError(f'there is no mailbox "{mailbox}"; one of: {", ".join(settings.mailboxes)}')
    found: dict[str, list[Finding]] = {}
    for key in [mailbox] if mailbox else settings.mailboxes:
        found[key] = check_mailbox(settings.mailboxes[key])
        if not as_json:
            _print_findings(key, found[key])
    if as_json:
        print_json([_describe(key, findings) for key, findings in found.items()])
    sys.exit(0 if all(map(_is_readable, found.values())) else 1)


def _print_findings(key: str, findings: list[Finding]) -> None:
    for finding in findings:
        remedy = f" ({finding.remedy})" if finding.remedy else ""
        print_text(f"{key}: {finding.level:<4} {finding.text}{remedy}")


def _describe(key: str, findings: list[Finding]) -> dict[str, object]:
    told = [{"level": finding.level, "text": finding.text, "remedy": finding.remedy or None} for finding in findings]
    return {"mailbox": key, "ok": _is_readable(findings), "findings": told}


def _is_readable(findings: list[Finding]) -> bool:
    return all(finding.passed for finding in findings)
