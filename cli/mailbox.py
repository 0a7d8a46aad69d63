"""`maild mailbox`: the mailboxes the desk reads."""

from __future__ import annotations

import sys

import click

from cli.context import Context
from cli.output import clean, json_option, print_json, print_rows


@click.group(help="Mailboxes.")
def command() -> None:
    pass


@command.command("list", help="Every mailbox, how far it has been read and how it fares.")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    from maild.errors import NotFoundError
    from maild.store import mailboxes

    settings = context.settings()
    try:
        with context.store(settings).reading() as tx:
            states = {state.mailbox: state for state in mailboxes.list_mailboxes(tx)}
    except NotFoundError:
        states = {}
    documents: list[dict[str, object]] = []
    for key, mailbox in settings.mailboxes.items():
        state = states.get(key)
        documents.append(
            {
                "mailbox": key,
                "host": mailbox.host,
                "username": mailbox.username,
                "folder": mailbox.folder,
                "queues": [queue.key for queue in settings.queues.values() if queue.mailbox == key],
                "state": state.state if state else "never read",
                "last_success": state.last_success if state else None,
                "error": (state.error or None) if state else None,
            }
        )
    if as_json:
        print_json(documents)
        return
    names = ("mailbox", "host", "username", "folder", "state", "last_success", "error")
    print_rows([name.upper() for name in names], ([document[name] for name in names] for document in documents))


@command.command(help="Log in to the mailboxes, or to one, and look around; nothing is changed.")
@click.argument("mailbox", required=False)
@click.pass_obj
def test(context: Context, mailbox: str | None) -> None:
    from maild.errors import NotFoundError
    from maild.ingest.imap import check_mailbox

    settings = context.settings()
    if mailbox and mailbox not in settings.mailboxes:
        raise NotFoundError(f'there is no mailbox "{mailbox}"; one of: {", ".join(settings.mailboxes)}')
    failed = False
    for key in [mailbox] if mailbox else settings.mailboxes:
        for finding in check_mailbox(settings.mailboxes[key]):
            failed = failed or finding.level == "fail"
            remedy = f" ({finding.remedy})" if finding.remedy else ""
            click.echo(clean(f"{key}: {finding.level:<4} {finding.text}{remedy}"))
    sys.exit(1 if failed else 0)
