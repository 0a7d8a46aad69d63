"""`maild view`: the desk's saved queries. What they find is `maild ticket list NAME`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.completion import views
from cli.context import Context
from cli.front_desk import known_agent
from cli.group import Group
from cli.options import as_option, json_option, limit_option
from cli.output import print_fields, print_json, print_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maild.config.settings import View


@click.group(cls=Group, help="Views: saved queries by name. `maild ticket list NAME` lists what one of them finds.")
def command() -> None:
    pass


@command.command("list", help="Every view with its query, its order and who sees it. With --as those which that agent sees.")
@as_option
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, agent: str | None, limit: int | None, as_json: bool) -> None:
    documents = [_document(view) for view in _seen(context, agent).values()]
    if as_json:
        print_json(documents[:limit])
        return
    names = ("name", "query", "sort", "about", "queues", "agents")
    print_rows([name.upper() for name in names], ([document[name] for name in names] for document in documents), limit=limit)


@command.command(help="One view: its query, its order, what it is about and who sees it.")
@click.argument("name", shell_complete=views)
@as_option
@json_option
@click.pass_obj
def show(context: Context, name: str, agent: str | None, as_json: bool) -> None:
    from maild.config.faults import did_you_mean
    from maild.desk.query import find_view
    from maild.errors import NotFoundError

    seen = _seen(context, agent)
    view = find_view(name, seen)
    if view is None:
        raise NotFoundError(f'there is no view "{name}"{did_you_mean(name, seen)}')
    if as_json:
        print_json(_document(view))
    else:
        print_fields(_document(view).items())


def _seen(context: Context, agent: str | None) -> Mapping[str, View]:
    from maild.desk.saved_queries import views_of

    settings = context.settings()
    return views_of(known_agent(agent, settings), settings)


def _document(view: View) -> dict[str, object]:
    """`queues` and `agents` are empty where everybody sees it, `sort` where it has no order of its own."""
    return {
        "name": view.key,
        "query": view.query,
        "sort": list(map(str, view.sort)),
        "about": view.about or None,
        "queues": list(view.queues),
        "agents": list(view.agents),
    }
