"""Errands: what is done about the control words of an agent's mail (MAIL.md A7; PRODUCT 16, 17). Pure.

Each is a decision of its own, made beside the one about the mail, since it concerns another ticket or none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.canned.shelf import NO_ANSWERS, Shelf
from maild.config.faults import find_nearest
from maild.config.settings import Agent, Settings
from maild.desk import control_letters
from maild.desk.absence import describe_absence, read_spoken
from maild.desk.acts import Act, do
from maild.desk.answered import NOTHING_ANSWERED, answered_on
from maild.desk.command import HASHES, Command, CommandFault
from maild.desk.command_words import command_of
from maild.desk.contradictions import find_contradictions
from maild.desk.control import MISTYPED, MOST_ASKED, UNKNOWN, read_files, read_number, suggest
from maild.desk.courtesy import says_thanks
from maild.desk.files import has_file, pack
from maild.desk.ordering import order
from maild.desk.query import Field, Filter, Query, find_meant, find_stranger, find_view, read_query
from maild.desk.rehoming import works_in
from maild.desk.saved_queries import views_of
from maild.desk.verbs import VERBS
from maild.effects import Decision, Effect, EndAbsence, IncomingState, Letter, StartAbsence
from maild.errors import UsageError
from maild.known import Absence, Known, Listing, StoredFile
from maild.outbox.guard import post
from maild.question import Wanted
from maild.reason import Reason
from maild.ticket import Status, TicketView, Tier, follow_merges

FINDS_TICKETS = "list WORDS finds tickets, as in list from:@globex.example"
"""What whoever names a ticket that is not there can do next."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, and what is known. `queue` is the department under whose name he is answered, `answers` the id of the mail he asks in,
    `in_hand` the ticket he answers in the same mail, as it is after that. `shelf`: the canned answers there are."""

    agent: Agent
    queue: str
    known: Known
    settings: Settings
    now: datetime
    answers: str | None = None
    in_hand: TicketView | None = None
    shelf: Shelf = NO_ANSWERS


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why something is not done. `better`: what was probably asked for, as its subject says it; "" where nobody can tell."""

    text: str
    better: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """What was asked for. With `faults` nothing is done."""

    decisions: tuple[Decision, ...] = ()
    faults: tuple[CommandFault, ...] = ()


def find_wanted(commands: Iterable[Command], agent: Agent, settings: Settings, now: datetime) -> Wanted:
    """What must be looked up before these can be run. What makes no sense is left to `run`, which says so."""
    commands = tuple(commands)
    queries = dict.fromkeys(command.argument for command in commands if command.word == "list")
    listings = {asked: query for asked in queries if not isinstance(query := _query(asked, agent, settings, now), str)}
    numbers = (read_number(command.argument) for command in commands if command.word == "show")
    nexts = [command for command in commands if command.word == "next"]
    queues = {queue: query for command in nexts for queue, query in _find_first(command, agent, settings, now)}
    carriers = [read_files(command.argument)[0] for command in commands if command.word == "files"]
    files = frozenset(number for number in carriers if number is not None)
    return Wanted(
        listings,
        frozenset(number for number in numbers if number is not None),
        queues,
        files,
        files_here=bool(carriers),
        tasks_of=agent.key if any(command.word == "tasks" for command in commands) else "",
    )


def run(commands: Iterable[Command], asking: Asking) -> Ran:
    """Every errand, or none of them: one fault and nothing is done."""
    once = {(command.word, command.argument): command for command in reversed(tuple(commands))}
    asked = tuple(reversed(once.values()))
    if len(asked) > MOST_ASKED:
        return Ran(faults=(CommandFault(0, f"one mail may ask for {MOST_ASKED} things at most", by_commands=True),))
    if torn := find_contradictions(asked, asking.agent.key):
        return Ran(faults=tuple(torn.values()))
    if len(nexts := [command for command in asked if command.word == "next"]) > 1:
        return Ran(faults=(CommandFault(nexts[1].line, "one mail gets one next ticket", by_commands=True),))
    done = [(command, ERRANDS[command.word](command, asking)) for command in asked]
    faults = tuple(_fault_of(command, result) for command, result in done if isinstance(result, str | Unfit))
    return Ran(faults=faults) if faults else Ran(tuple(result for _, result in done if isinstance(result, Decision)))


def _fault_of(command: Command, result: str | Unfit) -> CommandFault:
    unfit = Unfit(result) if isinstance(result, str) else result
    return CommandFault(command.line, unfit.text, by_commands=True, better=f"#{unfit.better}" if unfit.better else "")


def claim_next(command: Command, asking: Asking) -> Decision | str | Unfit | None:
    """`next` gives the agent the first ticket, in the order of its department, that nobody owns (PRODUCT 16). None: nothing waits.

    Of several departments the order is one, a view's its own. The ticket he is answering in the same mail is not the next one.
    """
    queues = _places(command, asking.agent, asking.settings)
    if isinstance(queues, str | Unfit):
        return queues
    numbers = (number for queue in queues for number in asking.known.found.next.get(queue, ()))
    others = (asking.known.tickets[number] for number in numbers if asking.in_hand is None or number != asking.in_hand.number)
    view = find_view(command.argument, views_of(asking.agent.key, asking.settings))
    standing = (ticket for ticket in others if ticket.status is not Status.MERGED)
    place = next(iter(order(standing, view.sort if view else ())), None)
    if place is None:
        return None
    take = Act(asking.agent, asking.agent.key, asking.now, commands=(Command("take", ""),))
    taken = do(place.ticket, take, NOTHING_ANSWERED, asking.settings)
    reason = Reason("control", f"{asking.agent.name} asks for the next: {place.why}")
    return Decision(IncomingState.DONE, reason, place.ticket, taken.after, taken.effects)


def _find_first(command: Command, agent: Agent, settings: Settings, now: datetime) -> Iterable[tuple[str, Query]]:
    """Each department whose next ticket is wanted, with the query of the view where that is what is named."""
    queues, views = _places(command, agent, settings), views_of(agent.key, settings)
    query = _query(command.argument, agent, settings, now) if find_view(command.argument, views) else Query()
    if not isinstance(queues, tuple) or isinstance(query, str):
        return ()
    return ((queue, replace(query, filters=(*query.filters, *_of_tier(agent, queue, settings)))) for queue in queues)


def _of_tier(agent: Agent, queue: str, settings: Settings) -> tuple[Filter, ...]:
    """What the second tier is to look at is nobody else's next ticket (PRODUCT 14), as long as there is a second tier."""
    is_left_to_others = agent.tier == 1 and any(settings.agents[key].tier > 1 for key in settings.queues[queue].agents)
    return (Filter(Field.TIER, Tier.L1.value),) if is_left_to_others else ()


def _places(command: Command, agent: Agent, settings: Settings) -> tuple[str, ...] | str | Unfit:
    """The departments in which the agent wants the next ticket; what is wrong where there are none. Those of a view are all of his."""
    wanted, views = command.argument.casefold(), views_of(agent.key, settings)
    everywhere = not wanted or find_view(wanted, views) is not None
    if not everywhere and wanted not in settings.queues:
        near, nor_view = find_nearest(wanted, (*settings.queues, *views)), " and no view" if views else ""
        advice = f"did you mean {near}?" if near else f"name one of: {', '.join((*settings.queues, *views))}"
        return Unfit(f'there is no queue{nor_view} "{command.argument}"; {advice}', f"next {near}" if near else "")
    queues = tuple(queue for queue in settings.queues if (everywhere or wanted == queue) and works_in(agent.key, queue, settings))
    if queues:
        return queues
    lacks = "you work in no department" if everywhere else "you do not work in that department"
    return f"{lacks}; {'an admin adds you to one, under agents: of its queue' if everywhere else 'next alone looks in all of yours'}"


def _next(command: Command, asking: Asking) -> Decision | str | Unfit:
    claimed = claim_next(command, asking)
    if isinstance(claimed, str | Unfit):
        return claimed
    if claimed is None or claimed.after is None:
        return _answered(command, control_letters.nothing_waits(_face(command, asking)), asking)
    letter = _shown(claimed.after, asking)
    return replace(claimed, effects=(*claimed.effects, *post(letter, asking.settings)))


def _list(command: Command, asking: Asking) -> Decision | str | Unfit:
    query = _query(command.argument, asking.agent, asking.settings, asking.now)
    if isinstance(query, str):
        return _not_listed(query, command, asking)
    listing = asking.known.found.listings.get(command.argument, Listing())
    if not listing.tickets and (problem := find_stranger(query.filters, asking.settings.queues, asking.settings.agents)):
        return _not_listed(problem, command, asking)
    return _answered(command, control_letters.listing(_face(command, asking), listing, asking.now), asking)


def _not_listed(why: str, command: Command, asking: Asking) -> Unfit:
    meant = find_meant(command.argument, asking.settings.queues, asking.settings.agents)
    return Unfit(why, f"list {meant}" if meant and meant != command.argument else "")


def _show(command: Command, asking: Asking) -> Decision | str | Unfit:
    number = read_number(command.argument)
    if number is None:
        return f'"{command.argument}" is no ticket; name its number, as in show 1042'
    in_hand = asking.in_hand
    ticket = in_hand if in_hand and in_hand.number == number else asking.known.tickets.get(number)
    if ticket is None:
        return f"there is no ticket {number}; {FINDS_TICKETS}"
    reason = Reason("control", f"{asking.agent.name} asks for #{number}")
    return Decision(IncomingState.DONE, reason, ticket, ticket, post(_shown(ticket, asking), asking.settings))


def _shown(ticket: TicketView, asking: Asking) -> Letter:
    """The ticket with all that was said, as the notification of what its customer wrote last."""
    answered = answered_on(ticket, asking.known.last_words.get(ticket.number))
    said = asking.known.found.conversations.get(ticket.number, ())
    stored = asking.known.files.get(ticket.number, ())
    return control_letters.shown(_notified(ticket, asking), ticket, asking.agent, answered, said, stored, asking.settings)


def _notified(ticket: TicketView, asking: Asking) -> Letter:
    """The notification of what the customer wrote last. An absence he may have forgotten to end is told of."""
    answered = answered_on(ticket, asking.known.last_words.get(ticket.number))
    absence = asking.known.away.get(asking.agent.key)
    return control_letters.notified(asking.agent, ticket, answered, asking.settings, absence)


def _files(command: Command, asking: Asking) -> Decision | str | Unfit:
    """MAIL.md A7: what notifications have not carried, or long ago."""
    number, name = read_files(command.argument)
    ticket = asking.in_hand if asking.in_hand and asking.in_hand.number else None
    if number is not None and not (ticket and has_file(asking.known.files.get(ticket.number, ()), command.argument)):
        ticket = follow_merges(number, asking.known.tickets)
    elif number is not None:
        name = command.argument
    if ticket is None:
        return f"there is no ticket {number}; {FINDS_TICKETS}" if number else "name the number of a ticket, as in files 1042"
    stored = asking.known.files.get(ticket.number, ())
    if name and not has_file(stored, name):
        return _no_such_file(ticket.number, name, stored, is_in_hand=ticket is asking.in_hand)
    if not (parcel := pack(stored, name, ticket.number, asking.settings.desk.attach_max)):
        return _answered(command, control_letters.no_files(_face(command, asking), ticket.number), asking)
    reason = Reason("control", f"{asking.agent.name} asks for the files of #{ticket.number}")
    letter = control_letters.with_files(_notified(ticket, asking), parcel)
    return Decision(IncomingState.DONE, reason, ticket, ticket, post(letter, asking.settings))


def _no_such_file(ticket: int, name: str, stored: Sequence[StoredFile], *, is_in_hand: bool) -> Unfit:
    place, all_of = ("", "#files alone") if is_in_hand else (f"{ticket} ", f"files {ticket}")
    near = find_nearest(name, (item.file.name for item in stored))
    advice = f"did you mean {near}?" if near else f"{all_of} gets all that it has"
    return Unfit(f'ticket {ticket} has no file "{name}"; {advice}', f"files {place}{near}" if near else "")


def _canned(command: Command, asking: Asking) -> Decision | str | Unfit:
    return _answered(command, control_letters.canned(_face(command, asking), asking.shelf), asking)


def _tasks(command: Command, asking: Asking) -> Decision | str | Unfit:
    return _answered(command, control_letters.tasks(_face(command, asking), asking.known.found.tasks, asking.now), asking)


def _away(command: Command, asking: Asking) -> Decision | str | Unfit:
    absence = read_spoken(command.argument, asking.agent, asking.settings, asking.now)
    if isinstance(absence, str):
        return absence
    letter = control_letters.away(_face(command, asking), absence)
    return _answered(command, letter, asking, StartAbsence(absence))


def _back(command: Command, asking: Asking) -> Decision | str | Unfit:
    return _answered(command, control_letters.back(_face(command, asking)), asking, EndAbsence(asking.agent.key))


def tell_of_absent_owner(absence: Absence, asking: Asking) -> Decision:
    """Who gives a ticket to a colleague who is away is told so at once, and may think again."""
    face = control_letters.Face(asking.agent, asking.queue, f"assign {absence.agent}", asking.settings, asking.answers)
    reason = Reason("control", describe_absence(absence, asking.settings))
    return Decision(IncomingState.DONE, reason, effects=post(control_letters.absent(face, absence), asking.settings))


def tell_of_absent_helper(absence: Absence, asking: Asking) -> Decision:
    """Who gives a task to a colleague who is away may give it to another."""
    face = control_letters.Face(asking.agent, asking.queue, f"task {absence.agent}", asking.settings, asking.answers)
    reason = Reason("control", describe_absence(absence, asking.settings))
    return Decision(IncomingState.DONE, reason, effects=post(control_letters.absent_helper(face, absence), asking.settings))


def _help(command: Command, asking: Asking) -> Decision | str | Unfit:
    return _answered(command, control_letters.commands(_face(command, asking)), asking)


def _unknown(command: Command, asking: Asking) -> Decision | str | Unfit:
    word = command.argument.strip().lstrip(HASHES).partition(" ")[0].casefold().rstrip(".!;:")
    if command.argument.strip().startswith(tuple(HASHES)) and command_of(word) in VERBS:
        return f'"{command.argument}" is about a ticket, and here is none; write it in a reply to any mail about that ticket'
    meant = "" if says_thanks(command.argument) else _suggest(command, asking)
    advice = f"did you mean {meant}?" if meant else "the word help gets all of them"
    return Unfit(f'"{command.argument}" is no command; {advice}', meant)


def _mistyped(command: Command, asking: Asking) -> Unfit:
    """In the subject of a mail to a department it may be the beginning of a request all the same."""
    meant = _suggest(command, asking)
    request = "if it is a request to the department, write it once more, and say in the subject what it is about"
    return Unfit(f'"{command.argument}" is no command; did you mean {meant}? It was taken for one and opened no ticket; {request}', meant)


def _suggest(command: Command, asking: Asking) -> str:
    """What was perhaps meant, with what stands behind it put right, too, so that `yes` gets it."""
    meant = suggest(command.argument)
    word, _, argument = meant.partition(" ")
    better = find_meant(argument, asking.settings.queues, asking.settings.agents) if word == "list" else ""
    return f"{word} {better}" if better else meant


def _query(asked: str, agent: Agent, settings: Settings, now: datetime) -> Query | str:
    """What is asked for, or what is wrong with it."""
    try:
        return read_query(asked, agent.key, now, views_of(agent.key, settings))
    except UsageError as error:
        return str(error)


def _face(command: Command, asking: Asking) -> control_letters.Face:
    asked = f"{command.word} {command.argument}".strip()
    return control_letters.Face(asking.agent, asking.queue, asked, asking.settings, asking.answers)


def _answered(command: Command, letter: Letter, asking: Asking, *effects: Effect) -> Decision:
    """A letter about no ticket, and what is done about none."""
    reason = Reason("control", f"{asking.agent.name} asks for: {command.word} {command.argument}".rstrip())
    return Decision(IncomingState.DONE, reason, effects=(*effects, *post(letter, asking.settings)))


ERRANDS: dict[str, Callable[[Command, Asking], Decision | str | Unfit]] = {
    "next": _next,
    "list": _list,
    "show": _show,
    "files": _files,
    "canned": _canned,
    "tasks": _tasks,
    "away": _away,
    "back": _back,
    "help": _help,
    UNKNOWN: _unknown,
    MISTYPED: _mistyped,
}
