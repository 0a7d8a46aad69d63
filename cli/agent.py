"""`maild agent`: who works here, who is away, and whose mail programs have been tried out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.completion import agents
from cli.context import Context
from cli.front_desk import known_agent, open_front_desk
from cli.group import Group
from cli.options import json_option, limit_option
from cli.output import print_fields, print_json, print_rows, print_text, shown_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maild.config.settings import Agent, Settings
    from maild.front_desk import FrontDesk
    from maild.known import Absence
    from maild.store.engine import Transaction
    from maild.welcome import Device, Welcome


@click.group(cls=Group, help="Agents.")
def command() -> None:
    pass


@command.command("list", help="Every agent with role, addresses, departments and teams, who is away, and whose mail programs are proven.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    settings = context.settings()
    known = _look_up(context, settings)
    documents = [_document(agent, known, settings) for agent in settings.agents.values()]
    if as_json:
        print_json(documents[:limit])
        return
    names = ("agent", "name", "email", "role", "queues", "teams")
    rows = (
        (*(document[name] for name in names), _away(known.away.get(key)), _count_proven(known.devices_of(key)))
        for document in documents
        if (key := str(document["agent"]))
    )
    print_rows((*(name.upper() for name in names), "AWAY", "PROGRAMS"), rows, limit=limit)


@command.command(help="All that is known of NAME, with the mail programs that have answered a welcome, and what each of them has shown.")
@click.argument("name", shell_complete=agents)
@json_option
@click.pass_obj
def show(context: Context, name: str, as_json: bool) -> None:
    settings = context.settings()
    agent = _agent(name, settings)
    known = _look_up(context, settings)
    document = _document(agent, known, settings)
    if as_json:
        print_json(document)
        return
    fields = ("agent", "name", "email", "emails", "added", "role", "queues", "leads", "teams")
    print_fields((field, document[field] or None) for field in fields)
    print_fields((("away", _away(known.away.get(agent.key))), ("welcomed", _welcomed(known.welcomes.get(agent.key)))))
    if devices := known.devices_of(agent.key):
        print_rows(("PROGRAM", "ADDRESS", "ANSWERED", "REPLIES", "NEW MAIL", "PROOF", "TO CHANGE"), map(_device_row, devices))


@command.command(
    short_help="Write to agents, who answer from each of their mail programs.",
    help="Write to NAME, or to all agents, how the desk works by mail. Each of the agent's mail programs that answers is tried out: "
    "he is told what works there and what to change, and `maild agent show` says how each is proven. Again begins anew. The letter goes "
    "out whatever the mode of a department is.",
)
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=agents)
@click.option("--all", "everybody", is_flag=True, help="All agents of the desk.")
@json_option
@click.pass_obj
def welcome(context: Context, names: tuple[str, ...], everybody: bool, as_json: bool) -> None:
    from maild.errors import UsageError

    if bool(names) is everybody:
        raise UsageError("name the agents to be welcomed, or say --all")
    desk = open_front_desk(context, None)
    settings = desk.office.desk.settings
    chosen = [_agent(name, settings) for name in (settings.agents if everybody else dict.fromkeys(names))]
    welcomed = {agent.key: desk.welcome(agent) for agent in chosen}
    if as_json:
        from cli.documents import welcome_document

        print_json([{"agent": key, "email": settings.agents[key].email, **welcome_document(sent)} for key, sent in welcomed.items()])
        return
    for key, sent in welcomed.items():
        print_text(f"{settings.agents[key].name} is written to at {settings.agents[key].email}; {_welcomed(sent)}")


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


@command.command(
    "disown",
    short_help="An address is an agent's no longer.",
    help="ADDRESS is an agent's no longer, who has added it by mail with the word `always` (`maild agent show` lists those). What stands "
    "in the configuration is taken out there.",
)
@click.argument("address")
@json_option
@click.pass_obj
def disown(context: Context, address: str, as_json: bool) -> None:
    from maild.errors import NotFoundError
    from maild.store import agent_addresses

    settings = context.settings()
    with context.store(settings).writing() as tx:
        if not agent_addresses.forget(tx, address, datetime.now(UTC)):
            owner = settings.agent_at(address)
            where = f"; it stands in the configuration, as {owner.key}'s" if owner else ""
            raise NotFoundError(f"no agent has added {address}{where}")
    if as_json:
        print_json({"address": address.casefold(), "forgotten": True})
        return
    print_text(f"{address} is no agent's any more")


def _report(desk: FrontDesk, absence: Absence | None, as_json: bool) -> None:
    from maild.desk.absence import describe_absence

    settings = desk.office.desk.settings
    if as_json:
        with desk.store.reading() as tx:
            print_json(_document(desk.actor, _read(tx), settings))
    else:
        stands_in = f"; {settings.agents[absence.deputy].name} stands in" if absence and absence.deputy else ""
        print_text(f"{describe_absence(absence, settings)}{stands_in}" if absence else f"{desk.actor.name} is back")


def _agent(name: str, settings: Settings) -> Agent:
    """Raises UsageError where the desk has no such agent."""
    known_agent(name, settings)
    return settings.agents[name]


@dataclass(frozen=True)
class _Known:
    """What the desk remembers of its agents, by their keys."""

    away: Mapping[str, Absence]
    welcomes: Mapping[str, Welcome]
    devices: tuple[Device, ...]
    added: Mapping[str, tuple[str, ...]]

    def devices_of(self, agent: str) -> tuple[Device, ...]:
        return tuple(device for device in self.devices if device.agent == agent)


def _look_up(context: Context, settings: Settings) -> _Known:
    """Nothing where the desk has never run."""
    from maild.errors import NotFoundError

    try:
        with context.store(settings).reading() as tx:
            return _read(tx)
    except NotFoundError:
        return _Known({}, {}, (), {})


def _read(tx: Transaction) -> _Known:
    from maild.store import absences, agent_addresses, welcomes

    now = datetime.now(UTC)
    return _Known(absences.find_holding(tx, now), welcomes.find_all(tx), welcomes.list_devices(tx), agent_addresses.find_all(tx))


def _away(absence: Absence | None) -> str:
    if absence is None:
        return ""
    until = f"until {shown_time(absence.until)}" if absence.until else "yes"
    return f"{until}, deputy {absence.deputy}" if absence.deputy else until


def _welcomed(welcome: Welcome | None) -> str:
    if welcome is None:
        return ""
    return f"answers count until {shown_time(welcome.until)}"


def _count_proven(devices: Sequence[Device]) -> str:
    written = [device for device in devices if not device.automatic]
    return f"{sum(device.proven for device in written)} of {len(written)} proven" if written else ""


def _device_row(device: Device) -> tuple[object, ...]:
    changes = ", ".join(change.value.replace("_", " ") for change in device.changes)
    replies = "automatic" if device.automatic else device.replies.value
    return device.program, device.address, device.at, replies, "yes" if device.fresh else "no", device.proof, changes


def _document(agent: Agent, known: _Known, settings: Settings) -> dict[str, object]:
    from cli.documents import device_document, welcome_document

    absence, welcome = known.away.get(agent.key), known.welcomes.get(agent.key)
    return {
        "agent": agent.key,
        "name": agent.name,
        "email": agent.email,
        "emails": list(agent.emails),
        "added": list(known.added.get(agent.key, ())),
        "role": agent.role,
        "queues": [queue.key for queue in settings.queues.values() if agent.key in queue.agents],
        "leads": [queue.key for queue in settings.queues.values() if agent.key == queue.lead],
        "teams": list(settings.teams_of(agent.key)),
        "away": {"since": absence.since, "until": absence.until, "deputy": absence.deputy} if absence else None,
        "welcome": welcome_document(welcome) if welcome else None,
        "devices": [device_document(device) for device in known.devices_of(agent.key)],
    }
