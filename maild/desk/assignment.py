"""Assignment: who gets a ticket that a rule gives to nobody by name (PRODUCT 11), or why nobody does. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from maild.background import Background
from maild.config.settings import Settings
from maild.desk.tiers import agents_of_tier
from maild.desk.when import describe_moment
from maild.effects import Decision, IncomingState, RecordEvent
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.ticket import TicketView

MOST_NAMED = 5
OFFERED = "offered"
"""The line in a ticket's log by which it is known that rules have been asked in an absence of its owner's."""


class Pick(Enum):
    """What makes one of several the one. RULES.md 4: in the order in which a rule names them."""

    KNOWS_CUSTOMER = "knows_customer"
    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"


@dataclass(frozen=True, slots=True)
class Search:
    """Whom a rule looks for. `team` None: of the ticket's, else of its department. `cap`: with fewer tickets to do than this; None: however
    many. `hours`: a calendar, by key; while it is closed nobody is looked for."""

    picks: tuple[Pick, ...]
    team: str | None = None
    cap: int | None = None
    hours: str | None = None

    def __str__(self) -> str:
        return " of ".join(filter(None, ("somebody", self.team and f"team {self.team}")))


@dataclass(frozen=True, slots=True)
class Found:
    """Who gets the ticket, by key, and why: `has least to do (3)`."""

    agent: str
    why: str


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why there is nobody yet."""

    why: str


def offer(ticket: TicketView, settings: Settings) -> Decision:
    """Rules are asked who takes a ticket whose owner is away (RULES.md 2), as of one without an owner."""
    owner = settings.agents.get(ticket.owner or "")
    event = RecordEvent(OFFERED, "maild", f"{owner.name if owner else ticket.owner} is away, and rules are asked who takes the ticket")
    return Decision(IncomingState.DONE, Reason("away", event.text), ticket, ticket.owned_by(None), (event,), events=(Event.AGENT_AWAY,))


def is_left_to_owner(decision: Decision, after: TicketView) -> bool:
    """Whether no rule takes the ticket on, nor looks for somebody: it stays whose it was."""
    return Event.AGENT_AWAY in decision.events and after.owner is None and after.seeker is None


def find_crew(search: Search, ticket: TicketView, settings: Settings) -> tuple[str, ...]:
    """Who the ticket may be given to at all: those of its tier, in the order of the configuration."""
    seat = replace(ticket, team=search.team or ticket.team)
    queue = settings.queues.get(ticket.queue)
    crew = agents_of_tier(seat, settings) or ((queue.lead,) if queue and queue.lead else ())
    return tuple(agent for agent in crew if agent in settings.agents)


def find_agent(
    search: Search, ticket: TicketView, background: Background, absent: frozenset[str], settings: Settings, now: datetime
) -> Found | Nobody:
    """The one of the crew who is there and has room, as the picks say; among equals who has least to do, then who is named first."""
    calendar = settings.calendars.get(search.hours or "")
    if calendar and not calendar.is_open(now):
        opens = calendar.next_opening(now)
        return Nobody(f"{search.hours} is closed" + (f" until {describe_moment(opens, calendar.zone)}" if opens else ""))
    crew = find_crew(search, ticket, settings)
    hindrances = {agent: _hindrance(agent, search, background, absent, settings, now) for agent in crew}
    free = [agent for agent in crew if not hindrances[agent]]
    if not free:
        return Nobody(_listed([f"{agent} {why}" for agent, why in hindrances.items()]) or f"nobody works in {ticket.queue}")
    return _pick(search.picks, free, background)


def _hindrance(agent: str, search: Search, background: Background, absent: frozenset[str], settings: Settings, now: datetime) -> str:
    """Why an agent gets nothing now; "" where he may."""
    hours = settings.calendars.get(settings.agents[agent].hours or "")
    load = background.loads.get(agent, 0)
    if agent in absent:
        return "is away"
    if hours and not hours.is_open(now):
        return "does not work at this hour"
    return f"has {load} to do" if search.cap is not None and load >= search.cap else ""


def _pick(picks: Sequence[Pick], free: list[str], background: Background) -> Found:
    """Each pick leaves those who fit it best, or all where nobody does."""
    why = "is the only one free" if len(free) == 1 else ""
    for pick in picks:
        fitting, reason = _fitting(pick, free, background)
        if fitting:
            free, why = fitting, reason if len(fitting) < len(free) or not why else why
    agent = min(free, key=lambda each: background.loads.get(each, 0))
    return Found(agent, why or f"has {background.loads.get(agent, 0)} to do")


def _fitting(pick: Pick, free: list[str], background: Background) -> tuple[list[str], str]:
    match pick:
        case Pick.KNOWS_CUSTOMER:
            return [agent for agent in free if agent == background.last_agent], "knows the customer"
        case Pick.LEAST_LOADED:
            least = min(background.loads.get(agent, 0) for agent in free)
            return [agent for agent in free if background.loads.get(agent, 0) == least], f"has least to do ({least})"
        case Pick.ROUND_ROBIN:
            oldest = min(background.newest.get(agent, 0) for agent in free)
            return [agent for agent in free if background.newest.get(agent, 0) == oldest], "has had no ticket for the longest time"


def _listed(words: list[str]) -> str:
    more = f" and {len(words) - MOST_NAMED} more" if len(words) > MOST_NAMED else ""
    return ", ".join(words[:MOST_NAMED]) + more
