"""Where rules that rest have fired (RULES.md 5.4): of each on each ticket, the last time."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update

from maild.effects import NoteFiring
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import rule_firings

_ON_TICKETS = Prepared(
    select(rule_firings.c.ticket, rule_firings.c.rule, rule_firings.c.at).where(
        rule_firings.c.ticket.in_(bindparam("numbers", expanding=True))
    )
)
_AGAIN = update(rule_firings).where(rule_firings.c.ticket == bindparam("on"), rule_firings.c.rule == bindparam("which"))


def find_on(tx: Transaction, numbers: Collection[int]) -> Mapping[int, Mapping[str, datetime]]:
    """When rules have fired last on each of these tickets, by number and id."""
    found: dict[int, dict[str, datetime]] = {}
    for ticket, rule, at in _ON_TICKETS.read(tx, {"numbers": list(numbers)}) if numbers else ():
        found.setdefault(ticket, {})[rule] = at
    return found


def store(tx: Transaction, ticket: int, firing: NoteFiring) -> None:
    if tx.execute(_AGAIN, {"on": ticket, "which": firing.rule, "at": firing.at}).rowcount == 0:
        tx.execute(rule_firings.insert(), {"ticket": ticket, "rule": firing.rule, "at": firing.at})
