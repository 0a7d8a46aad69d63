"""Floods: an agent who gets too many notifications gets one mail for all that follow (MAIL.md L4), in the rhythm of storms. So does one to
whom many tickets come back, or many tasks are due, in one moment (PRODUCT 18, 20)."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from maild.config.settings import Agent, Settings
from maild.desk import agent_letters
from maild.effects import Decision, Effect, IncomingState, RecordEvent
from maild.jobs import scheduled_job
from maild.office import Office
from maild.outbox.guard import post
from maild.reason import Reason
from maild.recording import record
from maild.store import folds
from maild.store.engine import Store
from maild.store.folds import Folded
from maild.store.views import ticket_views
from maild.storms import is_ripe
from maild.ticket import TicketView


@scheduled_job("floods")
def tell_of_floods(store: Store, office: Office, now: datetime) -> None:
    """Mail each agent what he was not told of yet."""
    with store.reading() as tx:
        untold = folds.list_untold(tx)
    for key, folded in groupby(untold, key=attrgetter("agent")):
        about = tuple(folded)
        if is_ripe([fold.since for fold in about], now):
            _tell(store, office, key, about, now)


def _tell(store: Store, office: Office, key: str, about: Sequence[Folded], now: datetime) -> None:
    """Whoever is no agent any more needs no mail."""
    settings = office.desk.settings
    agent = settings.agents.get(key)
    with store.writing() as tx:
        folds.forget(tx, about)
        if agent is None:
            return
        views = ticket_views(tx, [fold.ticket for fold in about])
        named = tuple((views[fold.ticket], fold.is_back) for fold in about)
        first = named[0][0]
        decision = Decision(IncomingState.DONE, Reason("flood", ""), first, first, _digest(agent, named, settings, now))
        record(tx, decision, office, now)


def _digest(agent: Agent, named: Sequence[tuple[TicketView, bool]], settings: Settings, now: datetime) -> tuple[Effect, ...]:
    letter = agent_letters.flood_digest(agent, named, settings, now)
    return post(letter, settings, RecordEvent("notified", "maild", f"{agent.name}, by one mail about {len(named)} tickets"))
