"""`maild agent`: who works here."""

from __future__ import annotations

import click

from cli.context import Context
from cli.output import json_option, print_json, print_rows


@click.group(help="Agents.")
def command() -> None:
    pass


@command.command("list", help="Every agent with role, addresses and departments.")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    settings = context.settings()
    departments = {key: [queue.key for queue in settings.queues.values() if key in queue.agents] for key in settings.agents}
    if as_json:
        print_json(
            [
                {
                    "agent": agent.key,
                    "name": agent.name,
                    "email": agent.email,
                    "emails": list(agent.emails),
                    "role": agent.role.value,
                    "queues": departments[agent.key],
                    "leads": [queue.key for queue in settings.queues.values() if agent.key == queue.lead],
                }
                for agent in settings.agents.values()
            ]
        )
        return
    rows = ((agent.key, agent.name, agent.email, agent.role, ", ".join(departments[agent.key])) for agent in settings.agents.values())
    print_rows(("AGENT", "NAME", "EMAIL", "ROLE", "QUEUES"), rows)
