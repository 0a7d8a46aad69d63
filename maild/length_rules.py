"""Rules that are told how many tickets wait in a department (RULES.md 2: `queue.length`): each fires once, until its condition is false.

That the number is another is noted with every change of a ticket (`store.stays`), so that nothing is counted in vain; of a hundred tickets
that come at once rules are asked about once.
"""

from collections.abc import Iterator
from datetime import datetime

from maild.due import DueJob
from maild.effects import Decision
from maild.office import Office
from maild.recording import ask_about
from maild.rule_reports import decide_length, seat_of
from maild.rules.verdict import Event
from maild.schedule_rules import find_waiting
from maild.store import rule_mail, switches
from maild.store.counters import await_turn
from maild.store.engine import Transaction
from maild.store.stays import LENGTHS

_RESTS = "rules.length.rests."
"""Under this, the department and the rule it is noted that the rule has fired there and rests."""


def _find_changed(tx: Transaction, office: Office, now: datetime) -> Iterator[str]:
    return (name.removeprefix(LENGTHS) for name, _ in switches.find_all(tx, LENGTHS))


def _decide(tx: Transaction, queue: str, office: Office, now: datetime) -> Decision | None:
    await_turn(tx)
    if switches.find(tx, LENGTHS + queue) is None:
        return None
    switches.forget(tx, LENGTHS + queue)
    desk, here = office.desk, f"{_RESTS}{queue} "
    paused = {pause.rule for pause in rule_mail.list_pauses(tx)}
    live = [rule for rule in desk.rules.by_event[Event.QUEUE_LENGTH] if rule.disabled is None]
    asked = [rule for rule in live if rule.shadow or rule.id not in paused]
    if not asked or queue not in desk.settings.queues:
        return None
    resting = {name.removeprefix(here) for name, _ in switches.find_all(tx, here)}
    known = ask_about(tx, desk.settings, now, seat_of(queue, now), desk.rules.aspects[Event.QUEUE_LENGTH])
    waiting = find_waiting(tx, queue)
    answer = decide_length(asked, desk.rules, resting, queue, waiting, known, desk.settings, now)
    _note_resting(tx, here, resting - paused, answer.resting)
    return answer.decision


def _note_resting(tx: Transaction, here: str, before: set[str], after: frozenset[str]) -> None:
    for rule in before - after:
        switches.forget(tx, here + rule)
    for rule in after - before:
        switches.store(tx, here + rule, "")


def _put_off(tx: Transaction, queue: str, now: datetime) -> None:
    """What breaks is asked about again when the next ticket comes or goes."""
    switches.forget(tx, LENGTHS + queue)


MEASURING = DueJob("length", "rules about how many tickets wait", "department {0}", _find_changed, _decide, _put_off)
