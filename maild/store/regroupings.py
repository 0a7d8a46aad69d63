"""Merges, links and splits: messages moved from one ticket to another, and remembered, so that they can be moved back.

The caller's transaction has waited for its turn (`counters.await_turn`), so nobody else moves anything meanwhile.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update

from maild.effects import Link, Merge, Split, Undo
from maild.message import Address
from maild.regrouping import Regrouping, RegroupingKind, Standing, standing_of
from maild.store import tasks
from maild.store.engine import AnyRow, Transaction
from maild.store.tables.mail_in import incoming
from maild.store.tables.tickets import messages, regroupings, tickets
from maild.store.views import in_chunks, ticket_views
from maild.ticket import Participant, ParticipantRole, Status, Tier

Row = dict[str, object]


def merge(tx: Transaction, ticket: int, effect: Merge, now: datetime) -> None:
    """The other ticket's messages stand on this one, and it is merged into it. Numbers and letters stay the other's own."""
    other = effect.other.number
    moved = list(tx.execute(select(messages.c.id).where(messages.c.ticket == other).order_by(messages.c.id)).scalars())
    _move(tx, moved, other, ticket)
    state = {"status": Status.MERGED.value, "closed_at": None, "snoozed_until": None}
    tx.execute(update(tickets).where(tickets.c.number == other).values(merged_into=ticket, updated=now, **state))
    states = {"before": effect.before, "after": effect.after, "other": effect.other}
    row = {"kind": RegroupingKind.MERGE.value, "ticket": ticket, "other": other, "by": effect.by, "at": now, "moved": moved}
    tx.execute(regroupings.insert(), row | {"states": {name: standing_values(standing_of(view)) for name, view in states.items()}})


def link(tx: Transaction, ticket: int, effect: Link, now: datetime) -> None:
    row = {"kind": RegroupingKind.LINK.value, "ticket": ticket, "other": effect.ticket, "by": effect.by, "at": now}
    tx.execute(regroupings.insert(), row | {"moved": [], "states": {}})


def split(tx: Transaction, ticket: int, opened: int, effect: Split, now: datetime) -> None:
    """The messages that go to the ticket split off stand there. Those that were made for it are remembered: they go nowhere ever."""
    copied = list(tx.execute(select(messages.c.id).where(messages.c.ticket == opened)).scalars())
    if effect.moves:
        _move(tx, list(effect.moves), ticket, opened)
    states = {"before": effect.before, "after": effect.after}
    row = {"kind": RegroupingKind.SPLIT.value, "ticket": ticket, "other": opened, "by": effect.by, "at": now, "moved": copied}
    tx.execute(regroupings.insert(), row | {"states": {name: standing_values(standing_of(view)) for name, view in states.items()}})


def undo(tx: Transaction, effect: Undo, now: datetime) -> None:
    """What went into a ticket has its messages again, but those that have been moved on since; what was split off gives up all but those
    that were made for it."""
    row = tx.execute(select(regroupings).where(regroupings.c.id == effect.regrouping)).one()
    tx.execute(update(regroupings).where(regroupings.c.id == row.id).values(undone=now))
    if (other := effect.other) is None:
        return
    state = {"status": other.status.value, "closed_at": other.closed_at, "snoozed_until": other.snoozed_until}
    tx.execute(update(tickets).where(tickets.c.number == other.number).values(merged_into=other.merged_into, updated=now, **state))
    is_split = row.kind == RegroupingKind.SPLIT.value
    tasks.write(tx, other.number, (), other.tasks)
    source, target = (row.other, row.ticket) if is_split else (row.ticket, row.other)
    here = list(tx.execute(select(messages.c.id).where(messages.c.ticket == source)).scalars())
    _move(tx, [message for message in here if (message in row.moved) != is_split], source, target)


def find_last(tx: Transaction, number: int) -> Regrouping | None:
    """What a person did last to a ticket, or to another with it, and has not undone. What the desk links by itself is not for undoing."""
    on_it = or_(regroupings.c.ticket == number, regroupings.c.other == number)
    query = select(regroupings).where(on_it, regroupings.c.undone.is_(None), regroupings.c.by != "maild")
    row = tx.execute(query.order_by(regroupings.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    deed = _find_deed(tx, row)
    ids = frozenset(each.id for each in deed)
    last, *beside = (_regrouping(tx, each, ids) for each in deed)
    return replace(last, beside=tuple(beside))


def _find_deed(tx: Transaction, last: AnyRow) -> list[AnyRow]:
    """With what one mail has split off, the newest first. It merges and links one ticket at most."""
    if last.kind != RegroupingKind.SPLIT.value:
        return [last]
    alike = (regroupings.c.kind == last.kind, regroupings.c.ticket == last.ticket, regroupings.c.by == last.by, regroupings.c.at == last.at)
    query = select(regroupings).where(*alike, regroupings.c.undone.is_(None))
    return list(tx.execute(query.order_by(regroupings.c.id.desc())))


def _regrouping(tx: Transaction, row: AnyRow, deed: Collection[int]) -> Regrouping:
    """`deed`: all that is undone with it, by id."""
    states = {name: read_standing(values) for name, values in row.states.items()}
    return Regrouping(
        id=row.id,
        kind=RegroupingKind(row.kind),
        ticket=row.ticket,
        other=ticket_views(tx, [row.other])[row.other],
        at=row.at,
        before=states.get("before"),
        after=states.get("after"),
        other_before=states.get("other"),
        # One is the customer's; a note may stand beside it.
        copied=1 if row.kind == RegroupingKind.SPLIT.value and row.moved else 0,
        newer_on=_find_newer(tx, row, deed) if row.kind != RegroupingKind.LINK.value else None,
    )


def _find_newer(tx: Transaction, row: AnyRow, deed: Collection[int]) -> int | None:
    """One of both tickets whose messages have been moved once more since, by another deed."""
    both = (row.ticket, row.other)
    on_them = or_(regroupings.c.ticket.in_(both), regroupings.c.other.in_(both))
    is_newer = (
        regroupings.c.id > row.id,
        regroupings.c.id.not_in(deed),
        regroupings.c.undone.is_(None),
        regroupings.c.kind != RegroupingKind.LINK.value,
    )
    newer = tx.execute(select(regroupings.c.ticket).where(on_them, *is_newer).order_by(regroupings.c.id.desc()).limit(1))
    return newer.scalar()


def find_links(tx: Transaction, number: int) -> tuple[int, ...]:
    """The tickets that this one is linked with."""
    query = select(regroupings.c.ticket, regroupings.c.other).where(
        or_(regroupings.c.ticket == number, regroupings.c.other == number),
        regroupings.c.undone.is_(None),
        regroupings.c.kind != RegroupingKind.MERGE.value,
    )
    return tuple(sorted({here if there == number else there for here, there in tx.execute(query)}))


def _move(tx: Transaction, ids: list[int], source: int, target: int) -> None:
    """Move messages, with the mail they came in, and count those of both tickets anew."""
    for chunk in in_chunks(ids):
        of_chunk = messages.c.id.in_(chunk)
        mail = select(messages.c.incoming).where(of_chunk, messages.c.incoming.is_not(None))
        tx.execute(update(incoming).where(incoming.c.id.in_(mail), incoming.c.ticket == source).values(ticket=target))
        tx.execute(update(messages).where(of_chunk).values(ticket=target))
    for number in (source, target):
        count = select(func.count()).select_from(messages).where(messages.c.ticket == number).scalar_subquery()
        tx.execute(update(tickets).where(tickets.c.number == number).values(messages=count))


def standing_values(standing: Standing) -> Row:
    """As it is stored; `read_standing` reads it."""
    return {
        "status": standing.status.value,
        "closed_at": standing.closed_at.isoformat() if standing.closed_at else None,
        "owner": standing.owner,
        "tags": sorted(standing.tags),
        "participants": [[person.address.name, person.address.address, person.role.value] for person in standing.participants],
        "references": list(standing.references),
        "last_customer_id": standing.last_customer_id,
        "snoozed_until": standing.snoozed_until.isoformat() if standing.snoozed_until else None,
        "tasks": [list(task) for task in standing.tasks],
        "tier": standing.tier.value if standing.tier else None,
        "follower": standing.follower,
    }


def read_standing(values: Mapping[str, Any]) -> Standing:
    people = (Participant(Address(name, address), ParticipantRole(role)) for name, address, role in values["participants"])
    return Standing(
        status=Status(values["status"]),
        closed_at=_time(values["closed_at"]),
        owner=values["owner"],
        tags=frozenset(values["tags"]),
        participants=tuple(people),
        references=tuple(values["references"]),
        last_customer_id=values["last_customer_id"],
        snoozed_until=_time(values["snoozed_until"]),
        tasks=tuple((identifier, number) for identifier, number in values.get("tasks", ())),
        tier=Tier(tier) if (tier := values.get("tier")) else None,
        follower=values.get("follower"),
    )


def _time(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
