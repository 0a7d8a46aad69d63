"""`maild queue`: departments and how much they hold."""

from __future__ import annotations

import click

from cli.completion import queues
from cli.context import Context
from cli.options import json_option, limit_option
from cli.output import print_fields, print_json, print_rows


@click.group(help="Departments.")
def command() -> None:
    pass


@command.command("list", help="Every department with its unfinished tickets.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    documents = _documents(context)
    if as_json:
        print_json(documents[:limit])
        return
    names = ("queue", "address", "mode", "new", "open", "waiting", "depth", "unassigned", "oldest")
    print_rows([name.upper() for name in names], ([document[name] for name in names] for document in documents), limit=limit)


@command.command(help="One department: how much it holds, and how much each of its agents.")
@click.argument("queue", shell_complete=queues)
@json_option
@click.pass_obj
def show(context: Context, queue: str, as_json: bool) -> None:
    from maild.errors import NotFoundError

    document = next((document for document in _documents(context) if document["queue"] == queue), None)
    if document is None:
        raise NotFoundError(f'there is no queue "{queue}"')
    if as_json:
        print_json(document)
        return
    load = document.pop("load")
    print_fields(document.items())
    if isinstance(load, dict):
        print_rows(("AGENT", "TICKETS"), load.items())


def _documents(context: Context) -> list[dict[str, object]]:
    from maild.store.status import find_queue_depths
    from maild.ticket import Status

    settings = context.settings()
    with context.store(settings).reading() as tx:
        depths = {depth.queue: depth for depth in find_queue_depths(tx)}
    documents: list[dict[str, object]] = []
    for key, queue in settings.queues.items():
        depth = depths.get(key)
        counts = {status.value: depth.by_status.get(status, 0) if depth else 0 for status in (Status.NEW, Status.OPEN, Status.WAITING)}
        load = {agent: depth.load.get(agent, 0) if depth else 0 for agent in queue.agents}
        documents.append(
            {"queue": key, "name": queue.name, "address": queue.address, "mode": queue.mode.value, "lead": queue.lead}
            | counts
            | {
                "depth": sum(counts.values()),
                "unassigned": depth.load.get(None, 0) if depth else 0,
                "oldest": depth.oldest if depth else None,
                "load": load,
            }
        )
    return documents
