"""Time rules in the store (RULES.md 2): each is asked on each ticket when its time has come, once for each stay.

That a stay begins or ends is written with every change of a ticket (`store.apply`). Rules that are new or changed find the tickets that
were there before them in small bites, each a commit, beside the desk's work; how far they have come outlives the process.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from maild.due import DueJob, settle
from maild.effects import AskRule, Decision
from maild.jobs import scheduled_job
from maild.office import Office
from maild.rules.ruleset import Rule
from maild.rules.times import Timing, decide_to_ask
from maild.stay import Stay, StayEnded
from maild.store import firings, stays, switches, tickets
from maild.store.counters import await_turn
from maild.store.engine import Store, Transaction
from maild.store.views import ticket_views
from maild.ticket import TicketView
from maild.waits import find_latest_end

ASKED_AT_ONCE = 100
"""Of the stays that are due, so many are seen to in a round: the desk's other jobs take their turns between."""
BITE = 100
BITES = 10
"""So many tickets are looked through in a commit, and so many commits in a round."""
RETRY_AFTER = timedelta(minutes=5)
"""What breaks over one ticket must not keep others from their turn."""
_PROGRESS = "rules.time."
_ALL = "all"


def keep_time_rules(store: Store, office: Office, now: datetime) -> bool:
    """One round; answers whether there was anything to do, so that more may be left.

    Rules that are new or changed begin to wait on the tickets that were there before them, those that are gone wait no more, and the first
    of those whose time has come are asked.
    """
    is_looking = False
    with scheduled_job("new time rules"):
        is_looking = _look_through_some(store, office, now)
    return settle(ASKING, store, office, now) > 0 or is_looking


def _find_due(tx: Transaction, office: Office, now: datetime) -> tuple[Stay, ...]:
    """Also what was written before the clock was set back (OPERATIONS I23)."""
    rules = {rule.id for rule in office.desk.timing.rules}
    if not rules:
        return ()
    ahead = (stay for stay in stays.find_ahead(tx, find_latest_end(now), ASKED_AT_ONCE) if stay.rule in rules)
    return (*ahead, *stays.find_due(tx, sorted(rules), now, ASKED_AT_ONCE))


def _ask(tx: Transaction, found: Stay, office: Office, now: datetime) -> Decision | None:
    await_turn(tx)
    timing = office.desk.timing
    rule = timing.find_rule(found.rule)
    if rule is None or stays.find(tx, found) != found:
        return None
    ticket = tickets.view(tx, found.ticket)
    fired = firings.find_on(tx, (ticket.number,)).get(ticket.number, {}).get(rule.id)
    match timing.ask(rule, found, ticket, now, fired):
        case AskRule() as asked:
            return decide_to_ask(ticket, asked)
        case Stay() as stay:
            stays.store(tx, stay)
        case None:
            stays.end(tx, found)
    return None


def _put_off(tx: Transaction, stay: Stay, now: datetime) -> None:
    stays.ask_again(tx, stay, now + RETRY_AFTER)


ASKING = DueJob("time", "time rules", "rule {0.rule} on #{0.ticket}", _find_due, _ask, _put_off)


def _look_through_some(store: Store, office: Office, now: datetime) -> bool:
    with store.reading() as tx:
        if not _find_behind(tx, office) and not _find_gone(tx, office):
            return False
    for _ in range(BITES):
        with store.writing() as tx:
            if not _look_through(tx, office, now):
                return False
    return True


def _look_through(tx: Transaction, office: Office, now: datetime) -> bool:
    """The next bite; False: there is none."""
    await_turn(tx)
    for gone in _find_gone(tx, office):
        stays.forget_rule(tx, gone)
        switches.forget(tx, _PROGRESS + gone)
    behind = _find_behind(tx, office)
    if not behind:
        return False
    start = min(behind.values())
    rules = [rule for rule in office.desk.timing.rules if behind.get(rule.id) == start]
    numbers = stays.find_tickets(tx, start, BITE)
    standing = {(stay.ticket, stay.rule, stay.about): stay for stay in stays.find_on(tx, numbers)}
    for ticket in ticket_views(tx, numbers).values():
        for rule in rules:
            _renew(tx, rule, ticket, standing, office.desk.timing, now)
    through = str(numbers[-1]) if len(numbers) == BITE else _ALL
    for rule in rules:
        switches.store(tx, _PROGRESS + rule.id, f"{office.desk.timing.describe(rule)} {through}")
    return True


def _renew(
    tx: Transaction, rule: Rule, ticket: TicketView, standing: Mapping[tuple[int, str, int], Stay], timing: Timing, now: datetime
) -> None:
    """The rule's stays on a ticket, as the rule is written by now. What has begun when it was written otherwise goes on, and is not asked
    about twice."""
    found = timing.find_stays(rule, ticket, now)
    for about, stay in found.items():
        earlier = standing.get((ticket.number, rule.id, about))
        fresh = timing.look_again(rule, earlier, ticket, now, None) if earlier else stay
        if fresh and fresh != earlier:
            stays.store(tx, fresh)
    for number, name, about in standing:
        if (number, name) == (ticket.number, rule.id) and about not in found:
            stays.end(tx, StayEnded(number, name, about))


def _find_behind(tx: Transaction, office: Office) -> Mapping[str, int]:
    """The rules that have not seen all tickets as they are written now, and the last one that each has seen."""
    known = {name.removeprefix(_PROGRESS): value.partition(" ")[::2] for name, value in switches.find_all(tx, _PROGRESS)}
    as_written = {rule.id: office.desk.timing.describe(rule) for rule in office.desk.timing.rules}
    progress = {rule: known.get(rule, ("", "")) for rule in as_written}
    return {
        rule: int(through) if written == as_written[rule] else 0
        for rule, (written, through) in progress.items()
        if written != as_written[rule] or through != _ALL
    }


def _find_gone(tx: Transaction, office: Office) -> frozenset[str]:
    """The rules that have waited on tickets, and are there no longer."""
    known = frozenset(name.removeprefix(_PROGRESS) for name, _ in switches.find_all(tx, _PROGRESS))
    return known - {rule.id for rule in office.desk.timing.rules}
