"""Offering: rules are asked who takes what an agent has to do who is away (RULES.md 2: `agent.away`), once for each ticket in an absence.

Whoever has named a deputy has somebody for his tickets. What comes up later, as when a customer writes, is offered then.
"""

from collections.abc import Iterator
from datetime import datetime

from maild.desk.assignment import offer
from maild.due import DueJob, settle
from maild.effects import Decision
from maild.known import Absence
from maild.office import Office
from maild.rules.verdict import Event
from maild.store import absences, sought, tickets
from maild.store.engine import Store, Transaction


def offer_tickets(store: Store, office: Office, now: datetime) -> None:
    """Ask about what is to be done, where rules are for that."""
    if office.desk.rules.hears_of(Event.AGENT_AWAY):
        settle(OFFERING, store, office, now)


def _find(tx: Transaction, office: Office, now: datetime) -> Iterator[int]:
    for absence in _find_alone(tx, now):
        yield from sought.find_unoffered(tx, absence.agent, absence.since)


def _find_alone(tx: Transaction, now: datetime) -> tuple[Absence, ...]:
    return tuple(absence for absence in absences.find_holding(tx, now).values() if absence.deputy is None)


def _offer(tx: Transaction, number: int, office: Office, now: datetime) -> Decision | None:
    ticket = tickets.view(tx, number)
    absence = next((absence for absence in _find_alone(tx, now) if absence.agent == ticket.owner), None)
    if absence is None or number not in sought.find_unoffered(tx, absence.agent, absence.since):
        return None
    return offer(ticket, office.desk.settings)


OFFERING = DueJob("offer", "tickets of who is away", "offer of #{}", _find, _offer)
