"""Merging and linking tickets, and undoing it: what they become, and what speaks against it (PRODUCT 21, MAIL.md A7, F9). Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from maild.canned.shelf import NO_ANSWERS, Shelf
from maild.config.settings import Settings
from maild.desk.blocks import Block
from maild.desk.command import Command
from maild.desk.control import read_number
from maild.desk.participants import is_person
from maild.desk.rehoming import works_in
from maild.posted_answer import PostedAnswer
from maild.regrouping import Regrouping, RegroupingKind, Standing
from maild.rules.ruleset import NO_RULES, RuleSet
from maild.task import Task, together
from maild.ticket import Participant, ParticipantRole, Status, TicketView, Tier, latest_ids

ANYWAY = "anyway"
NAMING = frozenset(("merge", "link"))
"""Commands that name another ticket."""
_UNANSWERED = frozenset({Status.NEW, Status.OPEN})
_RESTING = frozenset({Status.WAITING, Status.CLOSED})
_EVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reach:
    """What an act may reach beside its own ticket: the tickets its commands name, as far as there are such.

    `is_sure`: more than the token of this one ticket says who acts, so that he may show it to others. `last`: what was done to the ticket
    last that can be undone; `posted`: the last answers on it, the newest first. `leads`: who acts may take back what others have answered.
    `blocks`: what is to be split off. `shelf`: the canned answers there are. `task`: the id of the task that the letter tells of which is
    answered. `rules`: those he may run by name. `said`: what the ticket's customers have written, where something is split off.
    """

    tickets: Mapping[int, TicketView] = field(default_factory=dict)
    is_sure: bool = False
    last: Regrouping | None = None
    posted: tuple[PostedAnswer, ...] = ()
    leads: bool = False
    blocks: tuple[Block, ...] = ()
    shelf: Shelf = NO_ANSWERS
    task: int | None = None
    rules: RuleSet = NO_RULES
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A ticket that a command names, as people write it: `1042`, `#1042`, `[Acme #1042-7QKD]`. `anyway`: whoever gets to see it."""

    number: int
    anyway: bool = False


def find_named(argument: str) -> Named | None:
    """The one ticket in a command's argument; None where there is none, or anything else beside it."""
    words = argument.split()
    anyway = len(words) > 1 and words[-1].casefold() == ANYWAY
    number = read_number(" ".join(words[:-1] if anyway else words))
    return None if number is None else Named(number, anyway)


def named_tickets(commands: Iterable[Command]) -> frozenset[int]:
    """The numbers of all tickets that commands name; they must be known before the commands are done."""
    named = (find_named(command.argument) for command in commands if command.word in NAMING)
    return frozenset(ticket.number for ticket in named if ticket)


def find_other_fault(ticket: TicketView, named: Named, reach: Reach) -> str:
    """Why the ticket named is none that this one can have to do with; "" if it is."""
    target = reach.tickets.get(named.number)
    if target is None:
        return f"there is no ticket {named.number}; #list WORDS by mail, or `maild ticket list`, finds the right one"
    if target.number == ticket.number:
        return f"this is ticket {ticket.number} itself; name another"
    if target.status is Status.MERGED:
        is_here = target.merged_into == ticket.number
        return f"ticket {target.number} went into " + ("this one already" if is_here else f"#{target.merged_into}; name that one")
    return ""


def find_merge_fault(ticket: TicketView, named: Named, reach: Reach, settings: Settings) -> str:
    """Why the ticket cannot go into the one named; "" if it can."""
    if fault := find_other_fault(ticket, named, reach):
        return fault
    target = reach.tickets[named.number]
    if spam := next((view.number for view in (target, ticket) if view.status is Status.SPAM), None):
        return f"ticket {spam} is spam; #open it first"
    return _find_stranger_fault(ticket, target, named, reach, settings)


def _find_stranger_fault(ticket: TicketView, target: TicketView, named: Named, reach: Reach, settings: Settings) -> str:
    """Nobody comes to see another customer's conversation without the agent having said so. A token proves its agent on one ticket only
    (MAIL.md A3): where nothing else proves him, it opens no other's."""
    number, theirs, his = target.number, target.requester, ticket.requester
    already = frozenset(person.key for person in target.cc)
    joining = [person.address for person in merge(ticket, target, settings, target.updated).cc if person.key not in already]
    is_hers = have_same_requester(ticket, target)
    whose = [] if is_hers else [f"ticket {number} is {theirs.address}'s, this one is {his.address}'s"]
    who = [f"{', '.join(joining)} would get the answers of ticket {number}"] if joining else []
    if not whose and not who:
        return ""
    if not named.anyway:
        return "; ".join((*whose, *who, f"if that is right, write #merge {number} {ANYWAY} (at the command line --yes)"))
    if not reach.is_sure:
        return "; ".join((*whose, *who, "a reply does not prove enough on this desk for that, but `maild ticket merge` does it"))
    return ""


def merge(ticket: TicketView, target: TicketView, settings: Settings, now: datetime) -> TicketView:
    """`target` as it stands once `ticket` has gone into it.

    A request that nobody has answered does not get lost on a ticket that waits, is closed or snoozed: it opens and wakes it, as it would
    have if it had come there (F9). The requester stays; who else is on `ticket` takes part. What either of them was not to be
    shown, he is not.
    """
    is_unanswered = ticket.status in _UNANSWERED
    opened = target.with_status(Status.OPEN, now) if is_unanswered and target.status in _RESTING else target
    newer = max(target, ticket, key=lambda each: each.requester_since or _EVER)
    owner = ticket.owner if ticket.owner and works_in(ticket.owner, target.queue, settings) else None
    return replace(
        opened.awake() if is_unanswered else opened,
        owner=target.owner or owner,
        tags=target.tags | ticket.tags,
        tasks=together(target.tasks, ticket.tasks),
        participants=_together(ticket, target, settings),
        references=latest_ids(target.references + ticket.references),
        last_customer_id=ticket.last_customer_id or target.last_customer_id,
        customer_messages=target.customer_messages + ticket.customer_messages,
        agent_messages=target.agent_messages + ticket.agent_messages,
        requester_since=newer.requester_since,
        requester_by=newer.requester_by,
    )


def merged_into(ticket: TicketView, target: TicketView) -> TicketView:
    """A ticket that leads to another from now on."""
    return replace(ticket, status=Status.MERGED, merged_into=target.number, closed_at=None, snoozed_until=None, tasks=())


def have_same_requester(ticket: TicketView, target: TicketView) -> bool:
    """Whether both are the same person's, by whichever of her addresses."""
    hers = ParticipantRole.REQUESTER
    return target.role_of(ticket.requester.address) is hers or ticket.role_of(target.requester.address) is hers


def _together(ticket: TicketView, target: TicketView, settings: Settings) -> tuple[Participant, ...]:
    """Who takes part in both. Another requester gets copies, where he wrote from as well as at other addresses of his, and so does who got
    them on either."""
    people = {person.address.key: person for person in target.participants}
    his = ParticipantRole.REQUESTER if have_same_requester(ticket, target) else ParticipantRole.CC
    for person in (Participant(ticket.requester, his), *ticket.participants):
        key = person.address.key
        known = people.get(key)
        role = his if person.role is ParticipantRole.REQUESTER else person.role
        is_target = key in (target.requester.key, target.addressee.key)
        gets_copies = role is not ParticipantRole.THIRD_PARTY
        is_news = known is None or (known.role is ParticipantRole.THIRD_PARTY and gets_copies)
        if not is_target and is_news and (not gets_copies or is_person(person.address, settings)):
            people[key] = replace(person, role=role)
    return tuple(people.values())


def find_undo_fault(ticket: TicketView, last: Regrouping | None) -> str:
    """Why nothing of the ticket can be undone; "" if something can."""
    if last is None:
        nothing = f"nothing was merged, linked or split on ticket {ticket.number} that could be undone"
        return "; ".join((nothing, *_find_opposites(ticket)))
    if last.kind is RegroupingKind.SPLIT and last.ticket != ticket.number:
        return f"ticket {ticket.number} was split off #{last.ticket}; #undo it there (maild ticket undo {last.ticket})"
    newer = next((each.newer_on for each in last.whole if each.newer_on is not None), None)
    return f"ticket {newer} has been merged or split since; #undo that first (maild ticket undo {newer})" if newer is not None else ""


def _find_opposites(ticket: TicketView) -> Iterator[str]:
    """What takes back what other commands may have made of the ticket: each of them has one that does the opposite."""
    if ticket.tier is Tier.L2:
        yield "#set tier=L1 gives the ticket back to the first tier"
    if ticket.status in (Status.CLOSED, Status.SPAM):
        yield "#open opens it again"
    if ticket.snoozed_until:
        yield "#snooze off brings it back"


def undo(ticket: TicketView, last: Regrouping) -> tuple[TicketView, TicketView | None]:
    """The ticket without what was done last, and what becomes of the other; None: it stays as it is.

    What went in comes out as it was; what was split off comes back, with all that came to it, and its number leads here. What people have
    changed on the ticket since stays, and so do the messages that came since, which belong to no ticket but this.
    """
    before, other = last.other_before, last.other
    match last.kind:
        case RegroupingKind.MERGE if before:
            gone = replace(other, status=before.status, closed_at=before.closed_at, merged_into=None, snoozed_until=before.snoozed_until)
            stays, goes = _part_tasks(ticket, before)
            return _with_counts(replace(_without(ticket, last), tasks=stays), other, -1), replace(gone, tasks=goes)
        case RegroupingKind.SPLIT:
            back = replace(other, customer_messages=other.customer_messages - last.copied)
            whole = replace(_without(ticket, last), tasks=together(ticket.tasks, other.tasks))
            return _with_counts(whole, back, 1), merged_into(other, ticket)
    return ticket, None


def _part_tasks(ticket: TicketView, other: Standing) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    """The tasks that stay, and those that came from the other ticket, as they are now, under the numbers they had there."""
    numbers = dict(other.tasks)
    goes = (replace(task, number=numbers[task.id]) for task in ticket.tasks if task.id in numbers)
    return tuple(task for task in ticket.tasks if task.id not in numbers), tuple(goes)


def _with_counts(ticket: TicketView, other: TicketView, sign: int) -> TicketView:
    return replace(
        ticket,
        customer_messages=ticket.customer_messages + sign * other.customer_messages,
        agent_messages=ticket.agent_messages + sign * other.agent_messages,
    )


def _without(ticket: TicketView, last: Regrouping) -> TicketView:
    return restore(ticket, last.before, last.after) if last.before and last.after else ticket


def restore(ticket: TicketView, before: Standing, after: Standing) -> TicketView:
    """Each field as it was before something was done, where it is still as that left it; from others only what was gained then is taken. If
    the customer has written since, his mail stays in sight."""
    is_quiet = ticket.last_customer_id == after.last_customer_id
    is_as_left = is_quiet and (ticket.status, ticket.closed_at) == (after.status, after.closed_at)
    joined = frozenset(after.participants) - frozenset(before.participants)
    others = tuple(person for person in ticket.participants if person not in joined)
    gained = frozenset(after.references) - frozenset(before.references)
    alone = tuple(identifier for identifier in ticket.references if identifier not in gained)
    is_tier_as_left = before.tier is not None and (ticket.tier, ticket.follower) == (after.tier, after.follower)
    return replace(
        ticket,
        status=before.status if is_as_left else ticket.status,
        closed_at=before.closed_at if is_as_left else ticket.closed_at,
        snoozed_until=before.snoozed_until if is_quiet and ticket.snoozed_until == after.snoozed_until else ticket.snoozed_until,
        owner=before.owner if ticket.owner == after.owner else ticket.owner,
        tier=before.tier if is_tier_as_left and before.tier else ticket.tier,
        follower=before.follower if is_tier_as_left else ticket.follower,
        tags=ticket.tags - (after.tags - before.tags),
        participants=before.participants if ticket.participants == after.participants else others,
        references=before.references if ticket.references == after.references else alone,
        last_customer_id=before.last_customer_id if is_quiet else ticket.last_customer_id,
    )
