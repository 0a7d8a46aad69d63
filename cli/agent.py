"""`maild agent`: who works here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.group import Group
from cli.options import json_option, limit_option
from cli.output import print_json, print_rows

if TYPE_CHECKING:
    from maild.config.settings import Agent, Settings


@click.group(cls=Group, help="Agents.")
def command() -> None:
    pass


@command.command("list", help="Every agent with role, addresses, departments and teams.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    settings = context.settings()
    documents = [_document(agent, settings) for agent in settings.agents.values()]
    if as_json:
        print_json(documents[:limit])
        return
    rows = ((agent["agent"], agent["name"], agent["email"], agent["role"], agent["queues"], agent["teams"]) for agent in documents)
    print_rows(("AGENT", "NAME", "EMAIL", "ROLE", "QUEUES", "TEAMS"), rows, limit=limit)


def _document(agent: Agent, settings: Settings) -> dict[str, object]:
    return {
        "agent": agent.key,
        "name": agent.name,
        "email": agent.email,
        "emails": list(agent.emails),
        "role": agent.role,
        "queues": [queue.key for queue in settings.queues.values() if agent.key in queue.agents],
        "leads": [queue.key for queue in settings.queues.values() if agent.key == queue.lead],
        "teams": list(settings.teams_of(agent.key)),
    }
