"""Storms: of many new tickets at once agents get one mail that names them all (MAIL.md L6), once the storm is over or goes on too long."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from maild.config.settings import Settings
from maild.desk import agent_letters
from maild.desk.audience import agents_to_tell
from maild.effects import Decision, Effect, IncomingState, RecordEvent
from maild.jobs import scheduled_job
from maild.message import Address
from maild.office import Office
from maild.outbox.guard import STORM, post
from maild.reason import Reason
from maild.store import absences, suppressions, switches, tickets
from maild.store.apply import apply
from maild.store.engine import Store, Transaction
from maild.store.tickets import TicketRow
from maild.ticket import TicketView
from maild.waits import is_over
from maild.writing_desk import composing

OVER_AFTER = timedelta(minutes=2)
TOLD_AT_LATEST = timedelta(minutes=10)
_TOLD = "storms.told"


@scheduled_job("storms")
def tell_of_storms(store: Store, office: Office, now: datetime) -> None:
    """Mail what nobody was told of yet."""
    with store.reading() as tx:
        untold = tickets.list_tagged(tx, STORM, after=_last_told(tx))
    if is_ripe([row.created for row in untold], now):
        _tell_all(store, office, untold, now)


def is_ripe(times: Collection[datetime], now: datetime) -> bool:
    """Nothing new came for a while, or the first has waited long enough to be told of."""
    if not times:
        return False
    return is_over(max(times) + OVER_AFTER, OVER_AFTER, now) or is_over(min(times) + TOLD_AT_LATEST, TOLD_AT_LATEST, now)


def gather(untold: Iterable[TicketRow]) -> tuple[tuple[TicketRow, ...], ...]:
    """What came to one queue from one domain is one storm."""
    ordered = sorted(untold, key=lambda row: (*_source(row), row.number))
    return tuple(tuple(rows) for _, rows in groupby(ordered, key=_source))


def _source(row: TicketRow) -> tuple[str, str]:
    return row.queue, row.requester.domain


def _last_told(tx: Transaction) -> int:
    return int(switches.find(tx, _TOLD) or 0)


def _tell_all(store: Store, office: Office, untold: Sequence[TicketRow], now: datetime) -> None:
    settings = office.desk.settings
    with store.writing() as tx:
        compose = composing(tx, office, now)
        unreachable = suppressions.find_unreachable(tx, settings, now).union(absences.find_holding(tx, now))
        for gathered in gather(untold):
            first = tickets.view(tx, gathered[0].number)
            decision = Decision(IncomingState.DONE, Reason("storm", ""), first, first, _digest(first, gathered, unreachable, settings))
            apply(tx, decision, now=now, compose=compose, incoming=None, first_number=settings.desk.first_number)
        switches.store(tx, _TOLD, str(max(row.number for row in untold)))


def _digest(first: TicketView, gathered: tuple[TicketRow, ...], unreachable: frozenset[str], settings: Settings) -> tuple[Effect, ...]:
    """One letter to each agent who would have got one for each ticket; where there is none, to the admins."""
    named = tuple((row.number, row.subject) for row in gathered)
    written = [agent_letters.storm_digest(address, agent, first, named, settings) for address, agent in _told(first, unreachable, settings)]
    event = RecordEvent("notified", "maild", f"one mail about {len(gathered)} tickets of a storm")
    return (event, *(effect for letter in written for effect in post(letter, settings)))


def _told(first: TicketView, unreachable: frozenset[str], settings: Settings) -> tuple[tuple[Address, str | None], ...]:
    queue = settings.queues.get(first.queue)
    circle = queue.notify.new if queue else "agents"
    agents = [settings.agents[key] for key in agents_to_tell(circle, first, settings, absent=unreachable)]
    admins = settings.desk.admins if not agents and circle != "none" else ()
    return (*((Address(agent.name, agent.email), agent.key) for agent in agents), *((Address("", admin), None) for admin in admins))
