"""Who works at the command line, and what he is shown of a ticket he has done something to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from cli.context import Context
from cli.output import print_json, print_text, say, shown_time

if TYPE_CHECKING:
    from maild.config.faults import Fault
    from maild.config.settings import Agent, Settings
    from maild.front_desk import FrontDesk
    from maild.store.tickets import TicketRow


def open_front_desk(context: Context, agent: str | None) -> FrontDesk:
    """The front desk with this agent at it, or whoever is at the keyboard."""
    from maild.front_desk import FrontDesk
    from maild.office import open_front_office, with_added
    from maild.store import agent_addresses

    settings = context.settings()
    store = context.store(settings)
    office, faults = open_front_office(settings)
    if faults:
        _warn_of_rules(faults, context)
    with store.reading() as tx:
        office = with_added(office, agent_addresses.find_all(tx))
    return FrontDesk(store, office, _actor(agent, office.desk.settings))


def _warn_of_rules(faults: tuple[Fault, ...], context: Context) -> None:
    from maild.config.report import render_faults

    click.echo(render_faults(faults, context.directory), err=True)
    say("The rule files are broken. None of them runs upon this, so it is done; a running daemon keeps its last good rules.")


def _actor(agent: str | None, settings: Settings) -> Agent:
    """The agent named; else the one whose key is the login name; else the admin at the keyboard, who is no agent."""
    from maild.config.settings import Agent, Role

    login = os.environ.get("SUDO_USER") or os.environ.get("USER") or "admin"
    known = settings.agents.get(known_agent(agent, settings) or login)
    return known or Agent(login, login, settings.desk.admins[0] if settings.desk.admins else "", role=Role.ADMIN)


def known_agent(agent: str | None, settings: Settings) -> str | None:
    """Raises UsageError where the desk has no such agent."""
    from maild.config.faults import did_you_mean
    from maild.errors import UsageError

    if agent and agent not in settings.agents:
        near = did_you_mean(agent, settings.agents)
        raise UsageError(f'there is no agent "{agent}"{near}; one of: {", ".join(settings.agents)}')
    return agent


def report_ticket(context: Context, ticket: TicketRow, as_json: bool) -> None:
    """A ticket as a command has left it."""
    if as_json:
        from cli.documents import ticket_document

        print_json(ticket_document(ticket, ticket.messages, context.tags(context.settings())(ticket.number)))
    else:
        owner = f", owner {ticket.owner}" if ticket.owner else ""
        snoozed = f", snoozed until {shown_time(ticket.snoozed_until)}" if ticket.snoozed_until else ""
        print_text(f"#{ticket.number} {ticket.status.value} in {ticket.queue}{owner}{snoozed}: {ticket.subject}")


def act(context: Context, number: int, agent: str | None, as_json: bool, words: list[tuple[str, str]], body: str = "") -> None:
    """Do an agent's commands and words to a ticket, and show it as it is then."""
    from datetime import UTC, datetime

    from maild.desk.acts import Act
    from maild.desk.command import Command
    from maild.ingest.hygiene import one_line

    desk = open_front_desk(context, agent)
    commands = tuple(Command(word, one_line(argument)) for word, argument in words)
    deed = Act(agent=desk.actor, by=desk.actor.key, at=datetime.now(UTC), commands=commands, body=body)
    ticket = desk.act(number, deed)
    report_ticket(context, ticket, as_json)
    given = ticket.owner if any(word == "assign" for word, _ in words) else None
    helper = next((argument.split()[0].casefold() for word, argument in words if word == "task" and argument), None)
    for colleague, told in ((given, "others are told"), (helper, "the task waits, and a deputy is told, too")):
        if colleague != desk.actor.key and (absence := desk.find_absence(colleague)):
            from maild.desk.absence import describe_absence

            say(f"{describe_absence(absence, desk.office.desk.settings)}; {told}.")
