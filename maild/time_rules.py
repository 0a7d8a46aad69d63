"""Time rules in the store (RULES.md 2): each is asked on each ticket when its time has come, once for each stay.

That a stay begins or ends is written with every change of a ticket (`store.apply`); how rules find the tickets that were there before them
is `waiting_rules`'.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from maild.due import DueJob, settle
from maild.effects import AskRule, Decision
from maild.jobs import scheduled_job
from maild.length_rules import MEASURING
from maild.office import Office
from maild.rules.ruleset import Rule
from maild.rules.times import decide_to_ask
from maild.schedule_rules import REPORTING
from maild.stay import Stay
from maild.store import firings, rule_mail, stays, tickets
from maild.store.counters import await_turn
from maild.store.engine import Store, Transaction
from maild.waiting_rules import look_through_tickets
from maild.waits import find_latest_end

ASKED_AT_ONCE = 100
"""Of the stays that are due, so many are seen to in a round: the desk's other jobs take their turns between."""
RETRY_AFTER = timedelta(minutes=5)
"""What breaks over one ticket must not keep others from their turn."""


def keep_time_rules(store: Store, office: Office, now: datetime) -> bool:
    """One round; answers whether there was anything to do, so that more may be left.

    Rules that are new or changed begin to wait on the tickets that were there before them, those that are gone wait no more, and the first
    of those whose time has come are asked. So are those that concern no ticket.
    """
    is_looking = False
    with scheduled_job("new time rules"):
        is_looking = look_through_tickets(store, office.desk.timing, now)
    settle(REPORTING, store, office, now)
    settle(MEASURING, store, office, now)
    return settle(ASKING, store, office, now) > 0 or is_looking


def _find_due(tx: Transaction, office: Office, now: datetime) -> tuple[Stay, ...]:
    """Also what was written before the clock was set back (OPERATIONS I23)."""
    rules = _find_rules(tx, office)
    if not rules:
        return ()
    ahead = (stay for stay in stays.find_ahead(tx, find_latest_end(now), ASKED_AT_ONCE) if stay.rule in rules)
    return (*ahead, *stays.find_due(tx, sorted(rules), now, ASKED_AT_ONCE))


def _find_rules(tx: Transaction, office: Office) -> Mapping[str, Rule]:
    """Those that are asked, by id. What a paused rule waits for stays due until a person lets it go on (RULES.md 5.5)."""
    timed = office.desk.timing.rules
    paused = {pause.rule for pause in rule_mail.list_pauses(tx)} if timed else ()
    return {rule.id: rule for rule in timed if rule.shadow or rule.id not in paused}


def _ask(tx: Transaction, found: Stay, office: Office, now: datetime) -> Decision | None:
    await_turn(tx)
    timing = office.desk.timing
    rule = _find_rules(tx, office).get(found.rule)
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
