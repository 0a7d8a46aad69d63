"""What rules have sent, and which of them are paused because that was too much (RULES.md 5.5)."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update

from maild.background import Limit, Pause, RuleMail
from maild.effects import PauseRule
from maild.store import counters
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.desk import rule_pauses
from maild.store.tables.mail_out import letters
from maild.waits import find_latest_end

MOST_TICKETS = 5
"""So many of the last tickets are named when a rule is paused."""

_COUNTED_AFTER = func.coalesce(rule_pauses.c.counted_after, 0)
_COUNTS = Prepared(
    select(letters.c.rule, func.count())
    .outerjoin(rule_pauses, rule_pauses.c.rule == letters.c.rule)
    .where(
        letters.c.rule.in_(bindparam("rules", expanding=True)),
        letters.c.created > bindparam("since", type_=letters.c.created.type),
        letters.c.created <= bindparam("latest", type_=letters.c.created.type),
        letters.c.number > _COUNTED_AFTER,
    )
    .group_by(letters.c.rule)
)
_PAUSED = Prepared(
    select(rule_pauses.c.rule, rule_pauses.c.since, rule_pauses.c.why).where(
        rule_pauses.c.rule.in_(bindparam("rules", expanding=True)), rule_pauses.c.since.is_not(None)
    )
)
_LAST = (
    select(letters.c.ticket)
    .where(letters.c.rule == bindparam("sender"), letters.c.ticket.is_not(None))
    .order_by(letters.c.created.desc(), letters.c.number.desc())
    .limit(MOST_TICKETS)
)
_KNOWN = rule_pauses.c.rule == bindparam("paused")
_PAUSE_AGAIN = update(rule_pauses).where(_KNOWN, rule_pauses.c.since.is_(None))
_LIFT = update(rule_pauses).where(_KNOWN, rule_pauses.c.since.is_not(None))


def find(tx: Transaction, limits: Iterable[Limit], now: datetime) -> Mapping[str, RuleMail]:
    """What each rule has sent within the window of its limit, and whether it is paused. Limits of one window are one question."""
    by_window: dict[timedelta, list[Limit]] = {}
    for limit in limits:
        by_window.setdefault(limit.window, []).append(limit)
    rules = [limit.rule for alike in by_window.values() for limit in alike]
    pauses = {rule: Pause(rule, since, why) for rule, since, why in _PAUSED.read(tx, {"rules": rules}) if since} if rules else {}
    found = {}
    for window, alike in by_window.items():
        times = {"since": now - window, "latest": find_latest_end(now)}
        counts = {rule: count for rule, count in _COUNTS.read(tx, {"rules": [limit.rule for limit in alike], **times})}
        for limit in alike:
            count = counts.get(limit.rule, 0)
            paused = pauses.get(limit.rule)
            last = _find_last(tx, limit.rule) if count >= limit.mails and paused is None else ()
            found[limit.rule] = RuleMail(count, last, paused)
    return found


def pause(tx: Transaction, effect: PauseRule, now: datetime) -> None:
    """It is not asked any more until `lift`. One that is paused already stays so."""
    if tx.execute(_PAUSE_AGAIN, {"paused": effect.rule, "since": now, "why": effect.why}).rowcount:
        return
    if not tx.execute(select(rule_pauses.c.rule).where(_KNOWN), {"paused": effect.rule}).first():
        tx.execute(rule_pauses.insert(), {"rule": effect.rule, "since": now, "why": effect.why, "counted_after": 0})


def lift(tx: Transaction, rule: str) -> bool:
    """Let a rule be asked again; whether it was paused. What it has sent until now counts no more: the next letter would pause it again."""
    last = counters.find_last(tx, counters.LETTER)
    return tx.execute(_LIFT, {"paused": rule, "since": None, "counted_after": last}).rowcount > 0


def list_pauses(tx: Transaction) -> tuple[Pause, ...]:
    """Those that stand, the longest first."""
    query = select(rule_pauses.c.rule, rule_pauses.c.since, rule_pauses.c.why).where(rule_pauses.c.since.is_not(None))
    rows = tx.execute(query.order_by(rule_pauses.c.since, rule_pauses.c.rule))
    return tuple(Pause(rule, since, why) for rule, since, why in rows if since)


def _find_last(tx: Transaction, rule: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(number for number in tx.execute(_LAST, {"sender": rule}).scalars() if number))
