"""The tickets for which a rule looks for an owner still, and those whose owner is away (RULES.md 2, 4)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select

from maild.desk.assignment import OFFERED
from maild.desk.ordering import TO_DO
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import events, tickets
from maild.ticket import Priority, Status


@dataclass(frozen=True, slots=True)
class Sought:
    """One of them: what decides over its place, and over who may have it."""

    number: int
    rule: str
    queue: str
    team: str | None
    tier: str
    priority: Priority
    status: Status
    created: datetime
    updated: datetime

    @property
    def kind(self) -> tuple[str | None, ...]:
        """Who may have one may have any of its kind."""
        return self.rule, self.queue, self.team, self.tier


_SOUGHT = Prepared(
    select(
        tickets.c.number,
        tickets.c.sought_by,
        tickets.c.queue,
        tickets.c.team,
        tickets.c.tier,
        tickets.c.priority,
        tickets.c.status,
        tickets.c.created,
        tickets.c.updated,
        tickets.c.snoozed_until,
    ).where(tickets.c.sought_by.is_not(None))
)
"""They are few; with any other condition SQLite would look through all that is open."""


def find(tx: Transaction) -> tuple[Sought, ...]:
    """All that are to be done now: what waits for the customer, or is snoozed, needs nobody yet."""
    return tuple(
        Sought(number, rule or "", queue, team, tier, Priority(priority), Status(status), created, updated)
        for number, rule, queue, team, tier, priority, status, created, updated, snoozed in _SOUGHT.read(tx, {})
        if Status(status) in TO_DO and snoozed is None
    )


_OWNED = Prepared(
    select(tickets.c.number)
    .where(
        tickets.c.status.in_([status.value for status in TO_DO]),
        func.coalesce(tickets.c.owner, "") == bindparam("agent"),
        tickets.c.snoozed_until.is_(None),
        ~exists().where(events.c.ticket == tickets.c.number, events.c.kind == OFFERED, events.c.at >= bindparam("since")),
    )
    .order_by(tickets.c.number)
)
"""The index of owners would have SQLite look through all that was ever his; what is open now is far less."""


def find_unoffered(tx: Transaction, agent: str, since: datetime) -> tuple[int, ...]:
    """What an agent has to do, as far as rules have not been asked since then who takes it."""
    return tuple(_OWNED.read(tx, {"agent": agent, "since": since}).scalars())
