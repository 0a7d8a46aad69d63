"""`maild queue`: departments and how much they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.completion import queues, queues_and_views
from cli.context import Context
from cli.front_desk import open_front_desk, report_ticket
from cli.group import Group
from cli.options import as_option, json_option, limit_option
from cli.output import print_fields, print_json, print_rows

if TYPE_CHECKING:
    from maild.config.settings import Settings
    from maild.desk.ordering import Place
    from maild.store.tickets import TicketRow


@click.group(cls=Group, help="Departments.")
def command() -> None:
    pass


@command.command("list", help="Every department with its unfinished tickets.")
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, limit: int | None, as_json: bool) -> None:
    documents = _documents(context, context.settings())
    if as_json:
        print_json(documents[:limit])
        return
    names = ("queue", "address", "mode", "new", "open", "waiting", "depth", "unassigned", "oldest", "snoozed")
    print_rows([name.upper() for name in names], ([document[name] for name in names] for document in documents), limit=limit)


@command.command(
    short_help="One department: what it holds, who holds how much, and what comes next.",
    help="One department: how much it holds, how much each of its agents, in which teams they are, and what is to be done in its order, "
    "with the reason for each place: the most urgent first, among equals the oldest. What waits for a customer, or is "
    "snoozed, has no place.",
)
@click.argument("queue", shell_complete=queues)
@json_option
@click.pass_obj
def show(context: Context, queue: str, as_json: bool) -> None:
    from cli.documents import ticket_document
    from maild.config.faults import did_you_mean
    from maild.errors import NotFoundError

    settings = context.settings()
    document = next((document for document in _documents(context, settings) if document["queue"] == queue), None)
    if document is None:
        raise NotFoundError(f'there is no queue "{queue}"{did_you_mean(queue, settings.queues)}')
    places = _places(context, settings, queue)
    if as_json:
        tag = context.tags(settings)
        listed = [ticket_document(at.ticket, at.ticket.messages, tag(at.ticket.number)) | {"why": at.why} for at in places]
        print_json(document | {"teams": _teams(settings, queue), "tickets": listed})
        return
    load = document.pop("load")
    print_fields(document.items())
    if isinstance(load, dict):
        print_rows(("AGENT", "TICKETS", "TEAMS"), ((agent, count, settings.teams_of(agent)) for agent, count in load.items()))
    titles = ("NUMBER", "WHY", "OWNER", "REQUESTER", "OPENED", "SUBJECT")
    print_rows(titles, (_cells(place) for place in places))


@command.command(
    "next",
    short_help="Take the first ticket that nobody owns.",
    help="Take the first ticket that nobody owns, in the order of `maild queue show`: of QUEUE, or of all departments in which you work. "
    "QUEUE may be a view, too (`maild view list`): then it is one that meets its query.",
)
@click.argument("queue", required=False, shell_complete=queues_and_views)
@as_option
@json_option
@click.pass_obj
def next_(context: Context, queue: str | None, agent: str | None, as_json: bool) -> None:
    from maild.errors import NotFoundError, UsageError

    desk = open_front_desk(context, agent)
    if desk.actor.key not in desk.office.desk.settings.agents:
        raise UsageError("a ticket is taken by an agent; name one with --as")
    ticket = desk.next(queue or "")
    if ticket is None:
        raise NotFoundError(f"nothing waits in {queue}" if queue else f"nothing waits in {desk.actor.name}'s departments")
    report_ticket(context, ticket, as_json)


def _teams(settings: Settings, queue: str) -> dict[str, list[str]]:
    """The department's agents in each team that has any of them."""
    agents = settings.queues[queue].agents
    teams = {team: [agent for agent in members if agent in agents] for team, members in settings.teams.items()}
    return {team: members for team, members in teams.items() if members}


def _places(context: Context, settings: Settings, queue: str) -> list[Place[TicketRow]]:
    from maild.desk.ordering import order, to_do
    from maild.store import tickets

    with context.store(settings).reading() as tx:
        return order(tickets.list_tickets(tx, to_do(queue)))


def _cells(place: Place[TicketRow]) -> tuple[object, ...]:
    ticket = place.ticket
    return ticket.number, place.why, ticket.owner, ticket.requester.name or ticket.requester.address, ticket.created, ticket.subject


def _documents(context: Context, settings: Settings) -> list[dict[str, object]]:
    from maild.store.status import find_queue_depths
    from maild.ticket import Status

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
                "snoozed": depth.snoozed if depth else 0,
            }
        )
    return documents
