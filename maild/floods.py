"""Floods: an agent who gets too many notifications gets one mail for all that follow (MAIL.md L4), in the rhythm of storms."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from maild.config.settings import Agent, Settings
from maild.desk import letters
from maild.effects import Decision, Effect, IncomingState, RecordEvent
from maild.jobs import scheduled_job
from maild.office import Office
from maild.outbox.guard import post
from maild.reason import Reason
from maild.recording import record
from maild.store import folds, tickets
from maild.store.engine import Store
from maild.store.folds import Folded
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
        first = tickets.view(tx, about[0].ticket)
        decision = Decision(IncomingState.DONE, Reason("flood", ""), first, first, _digest(agent, first, about, settings))
        record(tx, decision, office, now)


def _digest(agent: Agent, first: TicketView, about: Sequence[Folded], settings: Settings) -> tuple[Effect, ...]:
    letter = letters.flood_digest(agent, first, [(fold.ticket, fold.subject) for fold in about], settings)
    return post(letter, settings, RecordEvent("notified", "maild", f"{agent.name}, by one mail about {len(about)} tickets"))
