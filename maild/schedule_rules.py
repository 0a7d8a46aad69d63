"""Rules that report of departments by a schedule (RULES.md 2: `each: once`): each once at every moment of it, which outlives the process.

What was missed because nothing ran comes once. What the letters say is `maild.rule_reports`'.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from maild.config.settings import Sort, SortKey
from maild.desk.ordering import to_do
from maild.due import DueJob
from maild.effects import Decision
from maild.office import Office
from maild.recording import ask_about
from maild.rule_reports import SHOWN, Waiting, decide_report, seat_of
from maild.rules.ruleset import Rule
from maild.rules.schedules import Schedule
from maild.rules.verdict import Event
from maild.store import rule_mail, switches, tickets
from maild.store.counters import await_turn
from maild.store.engine import Transaction

RETRY_AFTER = timedelta(minutes=5)
LOG_KEPT = timedelta(days=90)
_NEXT = "rules.schedule."


def _find_due(tx: Transaction, office: Office, now: datetime) -> Iterator[str]:
    """The rules that are to be asked or have yet to be, and those that are gone."""
    rules, standing = office.desk.rules.schedules, {name.removeprefix(_NEXT): word for name, word in switches.find_all(tx, _NEXT)}
    paused = {pause.rule for pause in rule_mail.list_pauses(tx)} if rules else ()
    for name, (rule, schedule) in rules.items():
        is_asked = rule.shadow or name not in paused
        if is_asked and _look_again(rule, schedule, standing.get(name), now) != standing.get(name):
            yield name
    yield from standing.keys() - rules.keys()


def _decide(tx: Transaction, name: str, office: Office, now: datetime) -> Decision | None:
    await_turn(tx)
    rules, stored = office.desk.rules, switches.find(tx, _NEXT + name)
    if name not in rules.schedules:
        switches.forget(tx, _NEXT + name)
        return None
    rule, schedule = rules.schedules[name]
    due = _due_of(rule, stored)
    switches.store(tx, _NEXT + name, _look_again(rule, schedule, stored, now))
    if due is None or due > now:
        return None
    settings = office.desk.settings
    tickets.forget_log_of_nothing(tx, now - LOG_KEPT)
    seat = seat_of(next(iter(settings.queues)), now)
    known = ask_about(tx, settings, now, seat, rules.aspects[Event.SCHEDULE])
    waiting = {queue: find_waiting(tx, queue) for queue in settings.queues}
    return decide_report(rule, rules, waiting, known, settings, now)


def _put_off(tx: Transaction, name: str, now: datetime) -> None:
    """What breaks must not keep others from their turn."""
    if stored := switches.find(tx, _NEXT + name):
        switches.store(tx, _NEXT + name, f"{stored.partition(' ')[0]} {(now + RETRY_AFTER).isoformat()}")


def find_waiting(tx: Transaction, queue: str) -> Waiting:
    """What is to be done in a department."""
    oldest = tickets.list_tickets(tx, to_do(queue), sort=(Sort(SortKey.CREATED),), limit=SHOWN)
    return Waiting(tickets.count_tickets(tx, to_do(queue)), tuple((row.number, row.subject, row.created) for row in oldest))


def _look_again(rule: Rule, schedule: Schedule, stored: str | None, now: datetime) -> str:
    """What is to be stored of the rule by now: how it is written, and when it is to be asked next. After a clock that was set back that is
    sooner than it was."""
    due, later = _due_of(rule, stored), schedule.find_next(now)
    return f"{rule.written} {(later if due is None or due <= now else min(due, later)).isoformat()}"


def _due_of(rule: Rule, stored: str | None) -> datetime | None:
    """None where the rule is new, or written otherwise than when that was stored."""
    written, _, due = (stored or "").partition(" ")
    return datetime.fromisoformat(due) if written == rule.written else None


REPORTING = DueJob("report", "reports of rules", "rule {0}", _find_due, _decide, _put_off)
