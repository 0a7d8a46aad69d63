"""Who is told: the agents behind `notify:`, in the order INTERFACE.md gives. Pure."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from typing import Literal

from maild.config.settings import Queue, Settings
from maild.desk.tiers import agents_of_tier
from maild.known import Known
from maild.message import Address
from maild.ticket import TicketView

Circle = Literal["agents", "owner", "lead", "none"]
NO_DEPUTIES: Mapping[str, str] = {}
MOST_AT_ONCE = 5
"""So many mails that become due in one moment an agent gets one by one."""
_CIRCLES: dict[str, Circle] = {"owner": "owner", "lead": "lead", "agents": "agents"}


def agent_homes(settings: Settings) -> frozenset[str]:
    """The addresses at which agents are told of things, as addresses are compared."""
    return frozenset(agent.email.casefold() for agent in settings.agents.values())


def unreachable_agents(suppressed: Container[str], settings: Settings) -> frozenset[str]:
    """Agents whose own mailbox bounces (MAIL.md B6); `suppressed` are addresses as they are compared."""
    return frozenset(agent.key for agent in settings.agents.values() if agent.email.casefold() in suppressed)


def find_absent(known: Known, settings: Settings) -> frozenset[str]:
    """The agents who are away, or at whose address nothing arrives."""
    return unreachable_agents(known.suppressed, settings).union(known.away)


def agents_to_tell(
    circle: Circle,
    ticket: TicketView,
    settings: Settings,
    *,
    without: Iterable[str] = (),
    absent: frozenset[str] = frozenset(),
    deputies: Mapping[str, str] = NO_DEPUTIES,
) -> tuple[str, ...]:
    """Agent keys of a circle around a ticket: without an owner the queue's agents, without agents its lead. Who follows it is with the
    owner, and with the agents; these are those of its tier (PRODUCT 14).

    `without`: who need not be told; `absent`: who cannot be, so that others take their place, an owner's of `deputies` first. An agent with
    `notify: mine` hears of his own tickets only; where nobody is left the lead is told all the same. Empty where there is none but the
    admins, who are plain addresses (`settings.desk.admins`).
    """
    queue = settings.queues.get(ticket.queue)
    excluded = frozenset(without)
    keeper = _find_keeper(ticket, settings, absent, deputies)
    circled = _circle(circle, ticket, queue, settings, absent, keeper)
    chosen = [agent for agent in circled if agent not in excluded and agent in settings.agents]
    wanted = [agent for agent in chosen if agent in (ticket.owner, keeper, ticket.follower) or settings.agents[agent].notify != "mine"]
    lead = queue.lead if queue and queue.lead in settings.agents and queue.lead not in absent else None
    return tuple(dict.fromkeys(wanted or ([lead] if chosen and lead and lead not in excluded else [])))


def find_crowded(readers: Iterable[str]) -> frozenset[str]:
    """Those who would get more mails in one moment than anybody reads one by one. `readers`: one entry for each mail."""
    return frozenset(reader for reader, count in Counter(readers).items() if count > MOST_AT_ONCE)


def colleagues(agent: str, settings: Settings, *, absent: frozenset[str] = frozenset()) -> tuple[tuple[str, str], ...]:
    """Who works with an agent, by key, each with a department they share: its agents, and where there are none its lead."""
    found: dict[str, str] = {}
    for queue in settings.queues.values():
        if agent not in (*queue.agents, queue.lead):
            continue
        others = [key for key in queue.agents if key not in absent] or [key for key in (queue.lead,) if key and key not in absent]
        for key in others:
            if key in settings.agents:
                found.setdefault(key, queue.key)
    return tuple(found.items())


def watchers_to_tell(queues: Iterable[str], ticket: TicketView, settings: Settings, *, without: Iterable[str] = ()) -> tuple[str, ...]:
    """Who speaks for departments that got the same mail (MAIL.md F10): each one's lead, else its agents."""
    seats = (replace(ticket, queue=queue, owner=None, team=None) for queue in sorted(queues))
    found = [agent for seat in seats for agent in agents_to_tell("lead", seat, settings, without=without)]
    return tuple(dict.fromkeys(found))


def _find_keeper(ticket: TicketView, settings: Settings, absent: frozenset[str], deputies: Mapping[str, str]) -> str | None:
    """Who cares for the ticket: its owner, or who stands in for him; None where there is neither."""
    keeper = deputies.get(ticket.owner or "") if ticket.owner in absent else ticket.owner
    return keeper if keeper in settings.agents and keeper not in absent else None


def _circle(
    circle: Circle, ticket: TicketView, queue: Queue | None, settings: Settings, absent: frozenset[str], keeper: str | None
) -> tuple[str, ...]:
    if circle == "none":
        return ()
    owner = (keeper,) if keeper else ()
    lead = (queue.lead,) if queue and queue.lead and queue.lead not in absent else ()
    agents = tuple(agent for agent in agents_of_tier(ticket, settings) if agent not in absent)
    follower = (ticket.follower,) if ticket.follower and ticket.follower not in absent else ()
    if circle == "owner":
        return (*(owner or agents or lead), *follower)
    if circle == "lead":
        return lead or owner or agents
    return (*(agents or lead), *follower)


def agents_named(
    who: Iterable[str],
    ticket: TicketView,
    settings: Settings,
    *,
    absent: frozenset[str] = frozenset(),
    deputies: Mapping[str, str] = NO_DEPUTIES,
) -> tuple[str, ...]:
    """Agent keys behind the words of a rule's `notify` (RULES.md 4): owner, lead, agents, a team, or an agent's key. Who is named by his
    key is told also while he is away."""
    found: list[str] = []
    for word in who:
        if circle := _CIRCLES.get(word):
            found += agents_to_tell(circle, ticket, settings, absent=absent, deputies=deputies)
        elif word in settings.teams:
            found += (agent for agent in settings.teams[word] if agent not in absent)
        elif word in settings.agents:
            found.append(word)
    return tuple(dict.fromkeys(found))


def admins_named(who: Iterable[str], settings: Settings) -> tuple[Address, ...]:
    """The desk's admins where a rule's `notify` names them."""
    return tuple(Address("", address) for address in settings.desk.admins) if "admins" in who else ()
