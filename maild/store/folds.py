"""Notifications that were folded: of which tickets which agents are still to be told, in one mail each (MAIL.md L4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, exists, select

from maild.store.engine import Transaction
from maild.store.tables.mail_out import folds
from maild.store.tables.tickets import events

_WOKE = exists().where(events.c.ticket == folds.c.ticket, events.c.kind == "woke", events.c.at >= folds.c.since)
_UNTOLD = select(folds.c.agent, folds.c.ticket, folds.c.since, _WOKE).order_by(folds.c.agent, folds.c.ticket)
_FOLDED = select(folds.c.since).where(folds.c.agent == bindparam("whose"), folds.c.ticket == bindparam("about"))
_TOLD = delete(folds).where(folds.c.agent == bindparam("whose"), folds.c.ticket == bindparam("about"))


@dataclass(frozen=True, slots=True)
class Folded:
    """A ticket of which an agent, by key, has not been told since then. `is_back`: from a snooze, since then."""

    agent: str
    ticket: int
    since: datetime
    is_back: bool


def store(tx: Transaction, agent: str, ticket: int, now: datetime) -> None:
    """Once a ticket, however much comes in on it."""
    about = {"whose": agent, "about": ticket}
    if tx.execute(_FOLDED, about).first() is None:
        tx.execute(folds.insert(), {"agent": agent, "ticket": ticket, "since": now})


def list_untold(tx: Transaction) -> tuple[Folded, ...]:
    """All of them, by agent and ticket."""
    return tuple(Folded(*row) for row in tx.execute(_UNTOLD))


def forget(tx: Transaction, told: Iterable[Folded]) -> None:
    for fold in told:
        tx.execute(_TOLD, {"whose": fold.agent, "about": fold.ticket})
