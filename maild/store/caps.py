"""How much automatic mail went out, and how many tickets came in, in the windows the limits ask about (MAIL.md L4, L6)."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, bindparam, func, literal_column, select

from maild.known import Sent
from maild.question import Question
from maild.store import brakes
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_out import AUTOMATIC, NOTIFICATIONS, deliveries, letters
from maild.store.tables.tickets import tickets
from maild.waits import find_latest_end

AGENT = "agent"
COUNT_CEILING = 10_000
"""Counting stops here: under a flood every message would otherwise count all before it."""


def count_sent(tx: Transaction, question: Question, requesters: Collection[str], now: datetime) -> Sent:
    """One statement for all windows but the agents'; every part of it reads one range of one index."""
    wanted = tuple(_wanted_counts(question, requesters))
    if not wanted:
        return Sent()
    notified = _count_notified(tx, question, now)
    parameters: dict[str, object] = {"latest": find_latest_end(now)}
    for index, (scope, whose, seconds) in enumerate(wanted):
        parameters[f"since_{index}"] = now - timedelta(seconds=seconds)
        if scope in _COUNTED_FOR:
            parameters[f"whose_{index}"] = whose
    stopped, *counts = _count_query(tuple(scope for scope, _, _ in wanted)).read(tx, parameters).one()
    return Sent({**dict(zip(wanted, counts, strict=True)), **notified}, stopped or "")


def _wanted_counts(question: Question, requesters: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """Whoever may be written to because of this message: its sender, and the requester of any ticket it may belong to."""
    addresses = sorted(question.addressees.union(requesters))
    domains = sorted({address.rpartition("@")[2] for address in addresses})
    whose = {"recipient": addresses, "domain": domains, "queue": question.queues, "storm sender": addresses, "storm domain": domains}
    for scope, seconds in question.windows:
        yield from ((scope, key, seconds) for key in (() if scope == AGENT else whose.get(scope, ("",))))


def _count_notified(tx: Transaction, question: Question, now: datetime) -> Mapping[tuple[str, str, int], int]:
    """How many notifications each agent got, by key. Of all agents: who is told of this message is decided later."""
    found: dict[tuple[str, str, int], int] = {}
    for seconds in (seconds for scope, seconds in question.windows if scope == AGENT):
        times = {"since": now - timedelta(seconds=seconds), "latest": find_latest_end(now)}
        found |= {(AGENT, agent, seconds): count for agent, count in _notified_query().read(tx, times) if agent}
    return found


@lru_cache(maxsize=1)
def _notified_query() -> Prepared[str | None, int]:
    since = _after(letters.c.created, "since")
    return Prepared(select(letters.c.agent, func.count()).where(NOTIFICATIONS, since).group_by(letters.c.agent))


@lru_cache(maxsize=64)
def _count_query(scopes: tuple[str, ...]) -> Prepared[*tuple[Any, ...]]:
    counts = (_count(scope, f"whose_{index}", f"since_{index}").label(f"count_{index}") for index, scope in enumerate(scopes))
    return Prepared(select(brakes.WHY_TRIPPED, *counts))


def _count(scope: str, whose: str, since: str) -> ColumnElement[int]:
    """How many automatic mails, or for a storm how many new tickets, since then. Scopes are those of `maild.known.Sent`."""
    belongs = deliveries.c.letter > brakes.LAST_LETTER if scope == "all" else _is(_COUNTED_FOR[scope], whose)
    if scope.startswith("storm"):
        query = select(tickets.c.number).where(belongs, _after(tickets.c.created, since))
    else:
        query = select(deliveries.c.id).where(AUTOMATIC, belongs, _after(deliveries.c.created, since))
    return select(func.count()).select_from(query.limit(literal_column(str(COUNT_CEILING))).subquery()).scalar_subquery()


_COUNTED_FOR: Mapping[str, Column[str]] = {
    "recipient": deliveries.c.recipient_key,
    "domain": deliveries.c.recipient_domain,
    "queue": deliveries.c.queue,
    "storm sender": tickets.c.requester_key,
    "storm domain": tickets.c.requester_domain,
}


def _is(column: Column[str], parameter: str) -> ColumnElement[bool]:
    return column == bindparam(parameter, type_=column.type)


def _after(column: Column[datetime], parameter: str) -> ColumnElement[bool]:
    """Since then, up to now: after the clock was set back by hours, all that was sent in them would count as sent at once."""
    return and_(column > bindparam(parameter, type_=column.type), column <= bindparam("latest", type_=column.type))
