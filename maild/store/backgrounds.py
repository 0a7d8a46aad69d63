"""What rules ask beyond a mail and its ticket (`maild.background`): found after the ticket is known, and only what is asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, false, func, select

from maild.background import Aspect, Background, Behind, Limit
from maild.store import delayed_answers, rule_mail
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import events, messages, tickets
from maild.store.views import tags_of
from maild.ticket import ENDED, MessageKind, Status

MOST_TICKETS = 50
"""So many of his newest tickets are looked at for their tags and owners."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_OTHERS = (
    tickets.c.requester_key == bindparam("key", type_=tickets.c.requester_key.type),
    tickets.c.status.not_in((Status.SPAM.value, Status.MERGED.value)),
    tickets.c.number != bindparam("number"),
)
_NEWEST = Prepared(
    select(tickets.c.number, tickets.c.owner)
    .where(*_OTHERS)
    .order_by(tickets.c.created.desc(), tickets.c.number.desc())
    .limit(MOST_TICKETS)
)
_COUNT = Prepared(select(func.count()).select_from(tickets).where(*_OTHERS))
_TO_DO = Prepared(
    select(tickets.c.queue, tickets.c.owner, func.count())
    .where(tickets.c.status.in_((Status.NEW.value, Status.OPEN.value)), tickets.c.snoozed_until.is_(None))
    .group_by(tickets.c.queue, tickets.c.owner)
)
_STORED = Prepared(select(tickets.c.status, tickets.c.updated).where(tickets.c.number == bindparam("number")))
_REOPENINGS = Prepared(
    select(events.c.at, events.c.incoming)
    .where(events.c.ticket == bindparam("number"), events.c.kind == "reopened")
    .order_by(events.c.id.desc())
)
_NEXT_OWNER = Prepared(select(func.min(tickets.c.owner)).where(tickets.c.owner > bindparam("after")))
_NEWEST_OF = Prepared(select(func.max(tickets.c.number)).where(tickets.c.owner == bindparam("owner")))
_CAME_IN = Prepared(select(func.min(messages.c.at)).where(messages.c.incoming == bindparam("incoming")))
_PUBLIC = (messages.c.ticket == bindparam("number"), messages.c.internal == false())
_ANSWERED = select(func.max(messages.c.id)).where(*_PUBLIC, messages.c.kind == MessageKind.AGENT.value).scalar_subquery()
_UNANSWERED = Prepared(
    select(func.min(messages.c.at)).where(
        *_PUBLIC,
        messages.c.kind == MessageKind.CUSTOMER.value,
        messages.c.at >= bindparam("since"),
        messages.c.id > func.coalesce(_ANSWERED, 0),
    )
)


def find(tx: Transaction, behind: Behind, now: datetime) -> Background:
    """As much as is asked for."""
    limits = [sought for sought in behind.aspects if isinstance(sought, Limit)]
    found: dict[str, Any] = {"mail": rule_mail.find(tx, limits, now)}
    for sought in behind.aspects:
        if isinstance(sought, Aspect):
            found |= _FINDERS[sought](tx, behind)
    return Background(**found)


def _find_requester(tx: Transaction, behind: Behind) -> Mapping[str, Any]:
    values = {"key": behind.requester, "number": behind.ticket}
    newest = _NEWEST.read(tx, values).all()
    count = len(newest) if len(newest) < MOST_TICKETS else _COUNT.read(tx, values).scalar_one()
    tags = tags_of(tx, [number for number, _ in newest])
    return {
        "tickets": count,
        "last_agent": next((owner for _, owner in newest if owner), None),
        "tags": frozenset(tag for named in tags.values() for tag in named),
    }


def _find_workload(tx: Transaction, behind: Behind) -> Mapping[str, Any]:
    loads: dict[str, int] = {}
    lengths: dict[str, int] = {}
    for queue, owner, count in _TO_DO.read(tx, {}):
        lengths[queue] = lengths.get(queue, 0) + count
        if owner:
            loads[owner] = loads.get(owner, 0) + count
    return {"loads": loads, "lengths": lengths}


def _find_past(tx: Transaction, behind: Behind) -> Mapping[str, Any]:
    stored = _STORED.read(tx, {"number": behind.ticket}).first()
    if stored is None:
        return {}
    reopenings = _REOPENINGS.read(tx, {"number": behind.ticket}).all()
    is_over = Status(stored.status) in ENDED
    since = _began_again(tx, *reopenings[0]) if reopenings else _LONG_AGO
    unanswered = None if is_over else _UNANSWERED.read(tx, {"number": behind.ticket, "since": since}).scalar_one()
    return {"waits_since": unanswered, "changed": stored.updated, "reopenings": len(reopenings)}


def _began_again(tx: Transaction, at: datetime, incoming: int | None) -> datetime:
    """When what reopened the ticket was said; the log's own time is that of its writing, which may be later."""
    came_in = _CAME_IN.read(tx, {"incoming": incoming}).scalar_one() if incoming else None
    return min(came_in, at) if came_in else at


def _find_turns(tx: Transaction, behind: Behind) -> Mapping[str, Any]:
    """From owner to owner: the index has each one's newest ticket at its end."""
    newest: dict[str, int] = {}
    owner = _NEXT_OWNER.read(tx, {"after": ""}).scalar_one()
    while owner:
        newest[owner] = _NEWEST_OF.read(tx, {"owner": owner}).scalar_one()
        owner = _NEXT_OWNER.read(tx, {"after": owner}).scalar_one()
    return {"newest": newest}


def _find_waiting(tx: Transaction, behind: Behind) -> Mapping[str, Any]:
    answers, notices = delayed_answers.find_stoppable(tx, behind.ticket), delayed_answers.find_notices(tx, behind.ticket)
    return {"answers": answers, "notices": notices}


_FINDERS = {
    Aspect.REQUESTER: _find_requester,
    Aspect.WORKLOAD: _find_workload,
    Aspect.PAST: _find_past,
    Aspect.TURNS: _find_turns,
    Aspect.WAITING: _find_waiting,
}
