"""`maild agent`: who works here, and who is away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.completion import agents
from cli.context import Context
from cli.front_desk import open_front_desk
from cli.group import Group
from cli.options import json_option, limit_option
from cli.output import print_json, print_rows, print_text, shown_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maild.config.settings import Agent, Settings
    from maild.front_desk import FrontDesk
    from maild.known import Absence


@click.group(cls=Group, help="Agents.")
def command() -> None:
    pass


@command.command("list", help="Every agent with role, addresses, departments and teams, and who is away.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    settings = context.settings()
    away = _find_away(context, settings)
    documents = [_document(agent, away.get(agent.key), settings) for agent in settings.agents.values()]
    if as_json:
        print_json(documents[:limit])
        return
    names = ("agent", "name", "email", "role", "queues", "teams")
    rows = ((*(document[name] for name in names), _away(away.get(str(document["agent"])))) for document in documents)
    print_rows((*(name.upper() for name in names), "AWAY"), rows, limit=limit)


@command.command(help="NAME is away from now on: others are told in this agent's place.")
@click.argument("name", shell_complete=agents)
@click.option(
    "--until", default="", metavar="WHEN", help="Until then, as in 3d, mon 9:00 or 12 May, by the agent's clock. Else until `back`."
)
@click.option(
    "--deputy", default="", metavar="NAME", shell_complete=agents, help="Who is told of this agent's tickets. Else their departments."
)
@json_option
@click.pass_obj
def away(context: Context, name: str, until: str, deputy: str, as_json: bool) -> None:
    desk = open_front_desk(context, name)
    absence = desk.leave(until, deputy)
    _report(desk, absence, as_json)


@command.command(help="NAME is back.")
@click.argument("name", shell_complete=agents)
@json_option
@click.pass_obj
def back(context: Context, name: str, as_json: bool) -> None:
    desk = open_front_desk(context, name)
    desk.come_back()
    _report(desk, None, as_json)


def _report(desk: FrontDesk, absence: Absence | None, as_json: bool) -> None:
    from maild.desk.absence import describe_absence

    settings = desk.office.desk.settings
    if as_json:
        print_json(_document(desk.actor, absence, settings))
    else:
        stands_in = f"; {settings.agents[absence.deputy].name} stands in" if absence and absence.deputy else ""
        print_text(f"{describe_absence(absence, settings)}{stands_in}" if absence else f"{desk.actor.name} is back")


def _find_away(context: Context, settings: Settings) -> Mapping[str, Absence]:
    """Nobody where the desk has never run."""
    from maild.errors import NotFoundError
    from maild.store import absences

    try:
        with context.store(settings).reading() as tx:
            return absences.find_holding(tx, datetime.now(UTC))
    except NotFoundError:
        return {}


def _away(absence: Absence | None) -> str:
    if absence is None:
        return ""
    until = f"until {shown_time(absence.until)}" if absence.until else "yes"
    return f"{until}, deputy {absence.deputy}" if absence.deputy else until


def _document(agent: Agent, absence: Absence | None, settings: Settings) -> dict[str, object]:
    return {
        "agent": agent.key,
        "name": agent.name,
        "email": agent.email,
        "emails": list(agent.emails),
        "role": agent.role,
        "queues": [queue.key for queue in settings.queues.values() if agent.key in queue.agents],
        "leads": [queue.key for queue in settings.queues.values() if agent.key == queue.lead],
        "teams": list(settings.teams_of(agent.key)),
        "away": {"since": absence.since, "until": absence.until, "deputy": absence.deputy} if absence else None,
    }
