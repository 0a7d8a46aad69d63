"""Tickets as snapshots: rows → `TicketView`. Reading only; `apply` writes the differences."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from sqlalchemy import bindparam, select

from maild.message import Address
from maild.store import tasks
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import participants, tags, tickets
from maild.task import Task
from maild.ticket import MERGE_DEPTH, Participant, ParticipantRole, Priority, Status, TicketView, Tier

CHUNK = 500
"""Numbers asked for at once; databases limit how many values a statement may have."""

_TICKETS = Prepared(tickets.select().where(tickets.c.number.in_(bindparam("numbers", expanding=True))))
_PARTICIPANTS = Prepared(
    select(participants.c.ticket, participants.c.name, participants.c.address, participants.c.role)
    .where(participants.c.ticket.in_(bindparam("numbers", expanding=True)))
    .order_by(participants.c.ticket, participants.c.position)
)
_TAGS = Prepared(select(tags.c.ticket, tags.c.tag).where(tags.c.ticket.in_(bindparam("numbers", expanding=True))).order_by(tags.c.tag))


@dataclass(slots=True)
class _Company:
    """What stands beside a ticket's row."""

    participants: list[Participant] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    tasks: tuple[Task, ...] = ()


def ticket_views(tx: Transaction, numbers: Collection[int]) -> dict[int, TicketView]:
    """Snapshots by number; numbers without a ticket are left out."""
    found: dict[int, TicketView] = {}
    for chunk in in_chunks(numbers):
        rows = _TICKETS.read(tx, {"numbers": chunk}).all()
        company = _company(tx, [row.number for row in rows])
        found |= {row.number: _view(row, company[row.number]) for row in rows}
    return found


def with_merge_targets(tx: Transaction, numbers: Collection[int]) -> dict[int, TicketView]:
    """The candidates, and the tickets they were merged into (MAIL.md F9: at most 10 steps; a circle adds nothing new)."""
    views: dict[int, TicketView] = {}
    wanted = set(numbers)
    for _ in range(MERGE_DEPTH + 1):
        if not wanted:
            break
        found = ticket_views(tx, wanted)
        views |= found
        targets = {view.merged_into for view in found.values() if view.status is Status.MERGED and view.merged_into is not None}
        wanted = targets - views.keys()
    return views


def tags_of(tx: Transaction, numbers: Collection[int]) -> Mapping[int, list[str]]:
    """The tags of each ticket, in alphabetical order."""
    found: dict[int, list[str]] = {}
    for chunk in in_chunks(numbers):
        for number, tag in _TAGS.read(tx, {"numbers": chunk}):
            found.setdefault(number, []).append(tag)
    return found


def in_chunks(numbers: Collection[int]) -> Iterable[list[int]]:
    ordered = list(numbers)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))


def within(sizes: Sequence[int], most: int) -> int:
    """How many of these, from the first on, fit into `most` bytes together; the first does in any case, or nothing would ever be done."""
    fitting = sum(total <= most for total in accumulate(sizes))
    return max(fitting, 1) if sizes else 0


def _company(tx: Transaction, numbers: list[int]) -> Mapping[int, _Company]:
    company = {number: _Company() for number in numbers}
    if not numbers:
        return company
    for number, name, address, role in _PARTICIPANTS.read(tx, {"numbers": numbers}):
        company[number].participants.append(Participant(Address(name, address), ParticipantRole(role)))
    for number, tag in _TAGS.read(tx, {"numbers": numbers}):
        company[number].tags.append(tag)
    for number, found in tasks.find_on(tx, numbers).items():
        company[number].tasks = found
    return company


def _view(row: AnyRow, company: _Company) -> TicketView:
    return TicketView(
        number=row.number,
        subject=row.subject,
        queue=row.queue,
        status=Status(row.status),
        priority=Priority(row.priority),
        requester=Address(row.requester_name, row.requester_address),
        created=row.created,
        updated=row.updated,
        owner=row.owner,
        team=row.team,
        tags=frozenset(company.tags),
        fields=row.fields,
        decided=frozenset(row.decided),
        participants=tuple(company.participants),
        watchers=frozenset(row.watchers),
        language=row.language,
        closed_at=row.closed_at,
        merged_into=row.merged_into,
        follow_up_of=row.follow_up_of,
        acknowledged=row.acknowledged,
        customer_messages=row.customer_messages,
        agent_messages=row.agent_messages,
        references=tuple(row.thread_ids),
        last_customer_id=row.last_customer_id,
        reply_to=row.reply_to,
        snoozed_until=row.snoozed_until,
        requester_since=row.requester_since,
        requester_by=row.requester_by,
        tasks=company.tasks,
        tier=Tier(row.tier),
        follower=row.follower,
        sought_by=row.sought_by,
    )
