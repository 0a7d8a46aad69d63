"""Seeking: a ticket for which a rule has found no owner gets one as soon as somebody is there and has room (RULES.md 4, PRODUCT 11)."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from maild.background import Aspect, Background, Behind
from maild.config.settings import Settings
from maild.desk.answered import answered_on
from maild.desk.assignment import Found, find_agent
from maild.desk.audience import agent_homes, find_crowded
from maild.desk.ordering import order
from maild.due import DueJob, DueTicket, settle
from maild.effects import Decision
from maild.office import Office
from maild.owners import Presence, Talk, decide_owner, find_seeking
from maild.rules.distribution import find_distribution
from maild.store import absences, backgrounds, sought, suppressions, tickets
from maild.store.engine import Store, Transaction
from maild.store.said import earlier_on, last_words_of
from maild.store.sought import Sought
from maild.store.views import ticket_views


def seek_owners(store: Store, office: Office, now: datetime) -> None:
    """Give what waits for an owner to whoever is free, the most urgent first."""
    settle(SEEKING, store, office, now)


def _find_givable(tx: Transaction, office: Office, now: datetime) -> Iterator[DueTicket]:
    """Those for which somebody is free, and those whose rule is gone. Who gets many at once, as when the calendar opens, has one mail."""
    waiting = [place.ticket for place in order(sought.find(tx))]
    gone = [item.number for item in waiting if find_distribution(office.desk.rules.find(item.rule)) is None]
    given = dict(_share_out(tx, waiting, office, now)) if len(gone) < len(waiting) else {}
    crowded = find_crowded(given.values())
    return (DueTicket(number, crowded) for number in (*gone, *given))


def _share_out(tx: Transaction, waiting: Sequence[Sought], office: Office, now: datetime) -> Iterator[tuple[int, str]]:
    """Which tickets could go to whom, as far as can be told of all of them at once."""
    settings = office.desk.settings
    absent = _find_presence(tx, settings, now).absent(settings)
    loads = dict(backgrounds.find(tx, Behind(frozenset({Aspect.WORKLOAD}), 0, ""), now).loads)
    examples = {item.kind: item.number for item in waiting}
    views = ticket_views(tx, examples.values())
    hopeless: set[object] = set()
    for item in waiting:
        action = find_seeking(office.desk.rules.find(item.rule))
        if action is None or item.kind in hopeless:
            continue
        found = find_agent(action.search, views[examples[item.kind]], Background(loads=loads), absent, settings, now)
        if isinstance(found, Found):
            loads[found.agent] = loads.get(found.agent, 0) + 1
            yield item.number, found.agent
        else:
            hopeless.add(item.kind)


def _give(tx: Transaction, due: DueTicket, office: Office, now: datetime) -> Decision | None:
    """The ticket is looked at again, and so is everybody's load: of what was given a moment ago, too."""
    number, settings = due.number, office.desk.settings
    ticket = tickets.view(tx, number)

    def ask(aspects: frozenset[Aspect]) -> Background:
        return backgrounds.find(tx, Behind(aspects, number, ticket.requester.key), now)

    talk = Talk(answered_on(ticket, last_words_of(tx, number)), earlier_on(tx, number))
    presence = replace(_find_presence(tx, settings, now), crowded=due.crowded)
    return decide_owner(ticket, office.desk.rules, ask, presence, talk, settings, now)


def _find_presence(tx: Transaction, settings: Settings, now: datetime) -> Presence:
    return Presence(absences.find_holding(tx, now), suppressions.find_holding(tx, agent_homes(settings), now))


SEEKING = DueJob("seek", "tickets without an owner", "owner of #{}", _find_givable, _give)
