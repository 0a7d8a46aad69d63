"""Stays: on which tickets time rules wait, and when each is to be asked (RULES.md 2). Nothing here knows the rules."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update

from maild.stay import Followed, LengthChanged, Stay, StayDisturbed, StayEnded
from maild.store import switches
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.tickets import rule_stays, tickets

BATCH = 1000
_OF_STAY = (
    rule_stays.c.ticket == bindparam("on"),
    rule_stays.c.rule == bindparam("which"),
    rule_stays.c.about == bindparam("what"),
)
_FIND = Prepared(select(rule_stays).where(*_OF_STAY))
_ON_TICKETS = Prepared(select(rule_stays).where(rule_stays.c.ticket.in_(bindparam("numbers", expanding=True))))
_DUE = Prepared(
    select(rule_stays)
    .where(rule_stays.c.rule == bindparam("which"), rule_stays.c.due <= bindparam("now", type_=rule_stays.c.due.type))
    .order_by(rule_stays.c.due, rule_stays.c.ticket)
    .limit(bindparam("most"))
)
_AHEAD = Prepared(
    select(rule_stays)
    .where(rule_stays.c.since > bindparam("latest", type_=rule_stays.c.since.type))
    .order_by(rule_stays.c.since)
    .limit(bindparam("most"))
)
_INSERT = Prepared(rule_stays.insert())
_UPDATE = Prepared(update(rule_stays).where(*_OF_STAY))
_DISTURB = Prepared(update(rule_stays).where(*_OF_STAY, rule_stays.c.due.is_not(None)))
_DELETE = Prepared(delete(rule_stays).where(*_OF_STAY))


LENGTHS = "rules.length.changed."
"""Under this and its name it is noted of a department that another number of tickets waits there."""


def follow(tx: Transaction, changes: Iterable[Followed], now: datetime) -> None:
    """Write what begins and ends, and what is to be looked at."""
    for change in changes:
        match change:
            case Stay():
                store(tx, change)
            case StayEnded():
                end(tx, change)
            case StayDisturbed():
                _DISTURB.write(tx, {**_key(change), "due": now})
            case LengthChanged():
                switches.store(tx, LENGTHS + change.queue, "")


def store(tx: Transaction, stay: Stay) -> None:
    """A stay as it is by now, in place of an older one."""
    times = {"since": stay.since, "due": stay.due}
    if _UPDATE.write(tx, {**_key(stay), **times}) == 0:
        _INSERT.write(tx, {"ticket": stay.ticket, "rule": stay.rule, "about": stay.about, **times})


def ask_again(tx: Transaction, stay: Stay, due: datetime | None) -> None:
    """The rule has been asked; what is over by now, is not begun anew. `due`: when it is asked again, None: it is not."""
    _UPDATE.write(tx, {**_key(stay), "due": due})


def end(tx: Transaction, stay: Stay | StayEnded) -> None:
    _DELETE.write(tx, _key(stay))


def find(tx: Transaction, stay: Stay) -> Stay | None:
    """As it is stored, None where it is over."""
    return next((Stay(*row) for row in _FIND.read(tx, _key(stay))), None)


def find_on(tx: Transaction, numbers: Collection[int]) -> tuple[Stay, ...]:
    """All of these tickets."""
    return tuple(Stay(*row) for row in _ON_TICKETS.read(tx, {"numbers": list(numbers)})) if numbers else ()


def find_all(tx: Transaction) -> Iterator[Stay]:
    """Of every rule on every ticket."""
    return (Stay(*row) for row in tx.execute(select(rule_stays).execution_options(yield_per=BATCH)))


def find_due(tx: Transaction, rules: Iterable[str], now: datetime, most: int) -> tuple[Stay, ...]:
    """The first `most` stays of these rules that are due by now, the first due first."""
    found = [Stay(*row) for rule in rules for row in _DUE.read(tx, {"which": rule, "now": now, "most": most})]
    return tuple(sorted(found, key=_order)[:most])


def find_ahead(tx: Transaction, latest: datetime, most: int) -> tuple[Stay, ...]:
    """Stays that began later than that."""
    return tuple(Stay(*row) for row in _AHEAD.read(tx, {"latest": latest, "most": most}))


def count(tx: Transaction, rule: str, now: datetime) -> tuple[int, int]:
    """On how many tickets the rule waits, and on how many of them it is due by now."""
    on_tickets = select(func.count(rule_stays.c.ticket.distinct())).where(rule_stays.c.rule == rule)
    return tx.execute(on_tickets).scalar_one(), tx.execute(on_tickets.where(rule_stays.c.due <= now)).scalar_one()


def find_tickets(tx: Transaction, above: int, most: int) -> list[int]:
    """The next tickets by number."""
    return list(tx.execute(select(tickets.c.number).where(tickets.c.number > above).order_by(tickets.c.number).limit(most)).scalars())


def forget_ticket(tx: Transaction, ticket: int) -> None:
    tx.execute(delete(rule_stays).where(rule_stays.c.ticket == ticket))


def forget_rule(tx: Transaction, rule: str) -> None:
    tx.execute(delete(rule_stays).where(rule_stays.c.rule == rule))


def _order(stay: Stay) -> tuple[datetime | None, int, str]:
    return stay.due, stay.ticket, stay.rule


def _key(stay: Stay | StayEnded | StayDisturbed) -> dict[str, object]:
    return {"on": stay.ticket, "which": stay.rule, "what": stay.about}
