"""`maild ticket`: everything an agent can do by mail, at the command line."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.completion import canned_answers, owners, queues
from cli.context import Context
from cli.front_desk import act, known_agent, open_front_desk, report_ticket
from cli.group import Group
from cli.options import as_option, json_option, limit_option, number, ticket_number
from cli.output import clean, print_bytes, print_fields, print_json, print_rows, print_text, room_for, shown_time

if TYPE_CHECKING:
    from maild.message import Address
    from maild.store.tickets import MessageRow, TicketRow
    from maild.task import Task
    from maild.ticket import TicketView

number_argument = click.argument("number", type=ticket_number)


class QueryCommand(click.Command):
    """A command whose words may begin with a minus: `-status:closed` is a term that is negated, and no cluster of options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        terms = [] if "--" in args else [word for word in args if len(word) > 2 and word[0] == "-" != word[1]]
        return super().parse_args(ctx, [*(word for word in args if word not in terms), *(["--", *terms] if terms else [])])


@click.group(cls=Group, help="Tickets.")
def command() -> None:
    pass


@command.command("list", cls=QueryCommand, short_help="Tickets that meet QUERY.")
@click.argument("query", nargs=-1)
@as_option
@limit_option
@json_option
@click.pass_obj
def list_(context: Context, query: tuple[str, ...], agent: str | None, limit: int | None, as_json: bool) -> None:
    """Tickets that meet QUERY, newest first, those of a view in its order.

    Words search the full text; status:open queue:support owner:anna|me|none priority:high tier:L2 from:@acme.example #payment created:<7d
    updated:>2026-11-01 snoozed view:NAME filter; - negates, quotes keep words together. The name of a view (`maild view list`) may stand
    alone. Spam and merged tickets are listed only where QUERY names
    a status.
    """
    from maild.desk.query import find_stranger, read_query
    from maild.desk.saved_queries import views_of
    from maild.errors import UsageError
    from maild.store import tickets

    settings = context.settings()
    me = known_agent(agent, settings)
    wanted = read_query(" ".join(query), me, datetime.now(UTC), views_of(me, settings))
    with context.store(settings).reading() as tx:
        rows = tickets.list_tickets(tx, wanted.filters, sort=wanted.sort, limit=limit if as_json else room_for(limit))
        total = None if as_json or limit else tickets.count_tickets(tx, wanted.filters)
    if not rows and (problem := find_stranger(wanted.filters, settings.queues, settings.agents)):
        raise UsageError(problem)
    if as_json:
        from cli.documents import ticket_document

        tag = context.tags(settings)
        print_json([ticket_document(row, row.messages, tag(row.number)) for row in rows])
        return
    titles = ("NUMBER", "STATUS", "PRIORITY", "QUEUE", "OWNER", "REQUESTER", "UPDATED", "SUBJECT")
    print_rows(titles, (_cells(row) for row in rows), limit=limit, total=total)


def _cells(row: TicketRow) -> tuple[object, ...]:
    who = row.requester.name or row.requester.address
    return row.number, row.status, row.priority, row.queue, row.owner, who, row.updated, row.subject


@command.command(help="One ticket with its messages. Its log: `maild ticket log`; --json has both.")
@number_argument
@json_option
@click.pass_obj
def show(context: Context, number: int, as_json: bool) -> None:
    from maild.store import delayed_answers, regroupings, tickets

    settings = context.settings()
    with context.store(settings).reading() as tx:
        ticket = tickets.view(tx, number)
        messages = tickets.list_messages(tx, number)
        waiting = delayed_answers.find_waiting(tx, number)
        events = tickets.list_events(tx, number)
        links = regroupings.find_links(tx, number)
    if as_json:
        from cli.documents import event_document, message_document, person_document, task_document, ticket_document

        shown = [message_document(message, waiting.get(message.id)) for message in messages]
        document = ticket_document(ticket, shown, context.tags(settings)(number))
        extra = {
            "cc": [person_document(address) for address in ticket.cc],
            "fields": dict(ticket.fields),
            "events": [event_document(event) for event in events],
            "team": ticket.team,
            "tier": ticket.tier.value,
            "follower": ticket.follower,
            "sought_by": ticket.seeker,
            "merged_into": ticket.merged_into,
            "links": list(links),
            "tasks": [task_document(task) for task in ticket.tasks],
        }
        print_json(document | extra)
        return
    _print_ticket(ticket, context.tags(settings)(number), links)
    for message in messages:
        _print_message(message, waiting.get(message.id))


def _print_message(message: MessageRow, waits_until: datetime | None) -> None:
    from maild.ticket import MessageKind

    internal = ", internal" if message.internal and message.kind is not MessageKind.NOTE else ""
    taken = f", taken down by {message.agent}" if message.agent and message.kind is MessageKind.CUSTOMER else ""
    waits = f" · waits until {shown_time(waits_until, seconds=True)}" if waits_until else ""
    head = f"── {message.id} · {message.kind.value}{internal}{taken} · {message.author} · {shown_time(message.at)}{waits} ──"
    click.echo(f"\n{click.style(clean(head), bold=True)}")
    print_text(message.visible)
    for attachment in message.attachments:
        print_text(f"[{attachment.name}, {attachment.content_type}, {attachment.size} bytes]")


def _print_ticket(ticket: TicketView, tag: str, links: tuple[int, ...]) -> None:
    print_fields(
        (
            ("ticket", tag),
            ("subject", ticket.subject),
            ("requester", ticket.requester),
            ("cc", ", ".join(str(address) for address in ticket.cc)),
            ("queue", ticket.queue),
            ("status", ticket.status),
            ("merged", f"into #{ticket.merged_into}" if ticket.merged_into else None),
            ("priority", ticket.priority),
            ("tier", ticket.tier),
            ("owner", ticket.owner or (ticket.seeker and f"none yet: rule {ticket.seeker} looks for one")),
            ("followed by", ticket.follower),
            ("team", ticket.team),
            ("tags", ", ".join(sorted(ticket.tags))),
            ("created", ticket.created),
            ("updated", ticket.updated),
            ("snoozed until", ticket.snoozed_until),
            ("links", ", ".join(f"#{number}" for number in links)),
            *(("task", _describe_task(task)) for task in ticket.tasks),
            ("follows", f"#{ticket.follow_up_of}" if ticket.follow_up_of else None),
            *ticket.fields.items(),
        )
    )


def _describe_task(task: Task) -> str:
    due = f", due {shown_time(task.due)}" if task.due else ""
    done = f", done by {task.done_by} {shown_time(task.done)}" if task.done else ""
    return f"{task.number}. {task.title} ({task.agent}{due}{done})"


@command.command(help="Why: everything that happened to a ticket.")
@number_argument
@json_option
@click.pass_obj
def log(context: Context, number: int, as_json: bool) -> None:
    from maild.reports.log import describe_event
    from maild.store import tickets

    with context.store(context.settings()).reading() as tx:
        tickets.view(tx, number)
        events = tickets.list_events(tx, number)
    if as_json:
        from cli.documents import event_document

        print_json([event_document(event) for event in events])
        return
    width = max((len(row.kind) for row in events), default=0)
    for row in events:
        print_text(f"{shown_time(row.at, seconds=True)}  {row.kind:<{width}}  {describe_event(row.by, row.text)}")


@command.command(
    short_help="A mail exactly as it came.", help="A mail of the ticket exactly as it came: the first, or that id (`ticket show`)."
)
@number_argument
@click.argument("message", type=number, required=False)
@click.pass_obj
def raw(context: Context, number: int, message: int | None) -> None:
    from maild.errors import NotFoundError
    from maild.store import received_mail, tickets

    with context.store(context.settings()).reading() as tx:
        tickets.view(tx, number)
        rows = [row for row in tickets.list_messages(tx, number) if row.incoming is not None]
        chosen = next((row for row in rows if message in (None, row.id)), None)
        if chosen is None or chosen.incoming is None:
            raise NotFoundError(f"ticket {number} has no such mail")
        content = received_mail.raw(tx, chosen.incoming)
    print_bytes(content)


@command.command(short_help="A ticket for somebody who did not write.")
@click.option("--queue", required=True, shell_complete=queues, help="The department's key.")
@click.option("--from", "requester", metavar="ADDRESS", help="Whose request you take down: an address, or NAME <ADDRESS>.")
@click.option("--to", "addressee", metavar="ADDRESS", help="Whom you write to: an address, or NAME <ADDRESS>.")
@click.option("--subject", required=True, help="What it is about.")
@click.option("--ack", is_flag=True, help="Send an acknowledgement; with --from.")
@as_option
@json_option
@click.argument("text", required=False)
@click.pass_obj
def new(
    context: Context,
    queue: str,
    requester: str | None,
    addressee: str | None,
    subject: str,
    ack: bool,
    agent: str | None,
    as_json: bool,
    text: str | None,
) -> None:
    """A ticket for somebody who did not write. TEXT may come on standard input.

    With --from it is what she has told you, by telephone for instance: nothing is sent but an acknowledgement with --ack, and no answer
    quotes it. With --to it goes to her as the department's mail; the ticket is yours, and waits for the answer.
    """
    from maild.errors import UsageError

    if (requester is None) is (addressee is None) or (addressee and ack):
        raise UsageError("a ticket is either --from somebody, perhaps with --ack, or a mail --to somebody")
    desk = open_front_desk(context, agent)
    if addressee:
        ticket = desk.write_to(queue, _address(addressee), subject, _text(text))
    else:
        ticket = desk.open(queue, _address(requester or ""), subject, _text(text), acknowledge=ack)
    report_ticket(context, ticket, as_json)


@command.command(
    short_help="Answer the customer.",
    help="Answer the customer. TEXT may come on standard input. With --canned a canned answer of the desk's goes out, in the customer's "
    "language: behind it stand its values, as NAME=VALUE, and perhaps a TEXT that stands below it.",
)
@number_argument
@click.argument("text", nargs=-1, metavar="[TEXT]")
@click.option("--canned", metavar="NAME", shell_complete=canned_answers, help="A canned answer (`maild template canned`).")
@click.option("--close", is_flag=True, help="Close the ticket with this answer.")
@as_option
@json_option
@click.pass_obj
def reply(context: Context, number: int, text: tuple[str, ...], canned: str | None, close: bool, agent: str | None, as_json: bool) -> None:
    from maild.canned.argument import is_value, write_asked
    from maild.ingest.hygiene import clean_text

    closing = [("close", "")] if close else []
    values = [word for word in text if is_value(word)] if canned is not None else []
    texts = [word for word in text if word not in values]
    if len(texts) > 1:
        raise click.UsageError(f'"{texts[1]}" is too much: TEXT is one argument, in quotation marks')
    if canned is None:
        act(context, number, agent, as_json, closing, _text(*texts))
        return
    asked = write_asked(canned, (word.partition("=")[::2] for word in values))
    act(context, number, agent, as_json, [*closing, ("canned", asked)], clean_text("".join(texts)))


@command.command(help="An internal note. TEXT may come on standard input.")
@number_argument
@click.argument("text", required=False)
@as_option
@json_option
@click.pass_obj
def note(context: Context, number: int, text: str | None, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("note", "")], _text(text))


@command.command(help="Give the ticket to AGENT, to `me` or to `none`.")
@number_argument
@click.argument("owner", shell_complete=owners)
@as_option
@json_option
@click.pass_obj
def assign(context: Context, number: int, owner: str, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("assign", owner)])


@command.command(help="Move the ticket to another department.")
@number_argument
@click.argument("queue", shell_complete=queues)
@as_option
@json_option
@click.pass_obj
def move(context: Context, number: int, queue: str, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("move", queue)])


@command.command(
    "set",
    short_help="Set fields and people.",
    help="Set fields: priority=high, status=waiting, tier=L2, order=1234. And people: requester=ADDRESS gives the ticket to another "
    "customer, same=ADDRESS says that somebody on it is its requester at another address, cc=ADDRESS and uncc=ADDRESS say who gets copies.",
)
@number_argument
@click.argument("assignments", nargs=-1, required=True, metavar="NAME=VALUE…")
@as_option
@json_option
@click.pass_obj
def set_(context: Context, number: int, assignments: tuple[str, ...], agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("set", assignment) for assignment in assignments])


@command.command(help="Add tags, each one word.")
@number_argument
@click.argument("tags", nargs=-1, required=True)
@as_option
@json_option
@click.pass_obj
def tag(context: Context, number: int, tags: tuple[str, ...], agent: str | None, as_json: bool) -> None:
    from maild.desk.ticket_tags import find_tag_problem
    from maild.errors import UsageError

    words = [tag.removeprefix("#") for tag in tags]
    if problems := [problem for word in words if (problem := find_tag_problem(word))]:
        raise UsageError("; ".join(problems))
    act(context, number, agent, as_json, [("tag", " ".join(words))])


@command.command(help="Take tags away.")
@number_argument
@click.argument("tags", nargs=-1, required=True)
@as_option
@json_option
@click.pass_obj
def untag(context: Context, number: int, tags: tuple[str, ...], agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("untag", " ".join(tags))])


@command.command(
    short_help="Take the ticket out of its queue until WHEN.",
    help="Take the ticket out of its queue until WHEN: 3d, 2h, mon 9:00, tomorrow 14:00, 12 May, 2026-05-12. It comes back by itself, and "
    "at once when the customer writes. `off` brings it back now.",
)
@number_argument
@click.argument("when", nargs=-1, required=True)
@as_option
@json_option
@click.pass_obj
def snooze(context: Context, number: int, when: tuple[str, ...], agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("snooze", " ".join(when))])


@command.command(
    short_help="Give AGENT, or `me`, something to do.",
    help="Give AGENT, or `me`, something to do on the ticket: TEXT, which no customer sees. He is told at once, and when it is due. "
    "Instead of AGENT the number of a task gives that to somebody else, as in `task 1042 2 boris`, or with --due another time.",
)
@number_argument
@click.argument("who", metavar="AGENT", shell_complete=owners)
@click.argument("text", nargs=-1)
@click.option("--due", metavar="WHEN", default="", help="By when: 3d, fri, mon 9:00, 12 May, 2026-05-12. Else at no certain time.")
@as_option
@json_option
@click.pass_obj
def task(context: Context, number: int, who: str, text: tuple[str, ...], due: str, agent: str | None, as_json: bool) -> None:
    from maild.desk.tasks import write_asked

    if due:
        _check_time(due, agent, context)
    act(context, number, agent, as_json, [("task", write_asked(who, due, " ".join(text)))])


def _check_time(words: str, agent: str | None, context: Context) -> None:
    """Raises UsageError where they name no time: nobody may take them for a part of what is to be done."""
    from maild.desk.when import Unreadable, read_when
    from maild.errors import UsageError

    settings = context.settings()
    if isinstance(read := read_when(words, datetime.now(UTC), settings.zone_of(known_agent(agent, settings))), Unreadable):
        raise UsageError(read.text)


@command.command(help="Tick off task TASK of the ticket. It may be left out where AGENT has one task there.")
@number_argument
@click.argument("which", type=int, metavar="[TASK]", required=False)
@as_option
@json_option
@click.pass_obj
def done(context: Context, number: int, which: int | None, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("done", "" if which is None else str(which))])


@command.command(help="Close the ticket.")
@number_argument
@as_option
@json_option
@click.pass_obj
def close(context: Context, number: int, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("close", "")])


@command.command(help="Open a closed ticket again.")
@number_argument
@as_option
@json_option
@click.pass_obj
def reopen(context: Context, number: int, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("open", "")])


@command.command(short_help="Let the ticket go into another.")
@number_argument
@click.argument("into", type=ticket_number)
@click.option("--yes", is_flag=True, help="Also where others come to see another's conversation.")
@as_option
@json_option
@click.pass_obj
def merge(context: Context, number: int, into: int, yes: bool, agent: str | None, as_json: bool) -> None:
    """Let ticket NUMBER go into ticket INTO: its messages, people and tags are there from now on, and so is what is written to it later."""
    act(context, number, agent, as_json, [("merge", f"{into} anyway" if yes else f"{into}")])


@command.command(help="Let the ticket and another one name each other.")
@number_argument
@click.argument("other", type=ticket_number)
@as_option
@json_option
@click.pass_obj
def link(context: Context, number: int, other: int, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("link", f"{other}")])


@command.command(short_help="A new ticket of a message and all after it.")
@number_argument
@click.option("--message", required=True, type=int, metavar="ID", help="The first message that goes there (`ticket show`).")
@click.option("--subject", default="", help="What the new ticket is about. Else the same.")
@as_option
@json_option
@click.pass_obj
def split(context: Context, number: int, message: int, subject: str, agent: str | None, as_json: bool) -> None:
    """Move a message and all that came after it to a new ticket of the same customer, and print that."""
    report_ticket(context, open_front_desk(context, agent).split(number, message, subject), as_json)


@command.command(short_help="Take back what came last: an answer, a merge.")
@number_argument
@click.argument("what", type=click.Choice(("answer", "merge", "link", "split")), metavar="[WHAT]", required=False)
@as_option
@json_option
@click.pass_obj
def undo(context: Context, number: int, what: str | None, agent: str | None, as_json: bool) -> None:
    """Take back what came last on a ticket: an answer that waits to be sent (`send_after`), or what was merged, split off or linked. The
    answer comes back to its author, whoever takes it back. WHAT says which of these is meant: answer, merge, link or split.
    """
    act(context, number, agent, as_json, [("undo", what or "")])


@command.command(help="Mark the ticket as spam.")
@number_argument
@as_option
@json_option
@click.pass_obj
def spam(context: Context, number: int, agent: str | None, as_json: bool) -> None:
    act(context, number, agent, as_json, [("spam", "")])


def _text(text: str | None = None) -> str:
    """What is to be said, as clean as what comes by mail (MAIL.md P3)."""
    from maild.errors import UsageError
    from maild.ingest.hygiene import clean_text

    words = clean_text(text if text is not None else _typed_or_piped())
    if not words.strip():
        raise UsageError("there is no text; give it as an argument or on standard input")
    return words


def _typed_or_piped() -> str:
    """Standard input, unless that is a keyboard. What is no UTF-8 does not stop the rest."""
    if sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode(errors="replace")


def _address(text: str) -> Address:
    """The one address that is written here, read as in a mail."""
    from maild.errors import UsageError
    from maild.ingest.addresses import read_addresses

    found = read_addresses([text]).addresses
    if len(found) != 1 or "@" not in found[0].address:
        raise UsageError(f'"{text}" is not one mail address')
    return found[0]
