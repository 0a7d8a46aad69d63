"""Tiers: who works on a ticket's tier, and what becomes of one that is handed up or back (PRODUCT 14). Pure.

Off until an agent has `tier: 2`: then all agents are told of every ticket of theirs.
"""

from dataclasses import replace

from maild.config.settings import Settings
from maild.effects import RecordEvent
from maild.ticket import TicketView, Tier


def agents_of_tier(ticket: TicketView, settings: Settings) -> tuple[str, ...]:
    """Who of the ticket's team or department works on tickets of its tier; all of them where nobody does."""
    everybody = _team(ticket, settings) or _staff(ticket, settings)
    if ticket.tier is Tier.L2:
        return find_specialists(ticket, settings) or everybody
    return tuple(agent for agent in everybody if not _is_specialist(agent, settings)) or everybody


def find_specialists(ticket: TicketView, settings: Settings) -> tuple[str, ...]:
    """The second tier's agents of the ticket's team; where that has none, those of its department."""
    circles = (_team(ticket, settings), _staff(ticket, settings))
    found = (tuple(agent for agent in circle if _is_specialist(agent, settings)) for circle in circles)
    return next(filter(None, found), ())


def may_take_by_answering(agent: str, ticket: TicketView, settings: Settings) -> bool:
    """Whether an unowned ticket becomes this agent's when he answers: one of the second tier waits for who works there."""
    waits = ticket.tier is Tier.L2 and bool(find_specialists(ticket, settings))
    return not waits or _is_specialist(agent, settings)


def is_handed_up(before: TicketView | None, after: TicketView) -> bool:
    return before is not None and before.tier is Tier.L1 and after.tier is Tier.L2


def hand_up(ticket: TicketView, settings: Settings, by: str = "") -> TicketView:
    """The ticket with the second tier: the only specialist's, else for the first who takes it. Whose it was follows it; of a ticket without
    an owner `by`, who hands it up."""
    specialists = find_specialists(ticket, settings)
    raised = replace(ticket, tier=Tier.L2, decided=ticket.decided | {"tier"})
    if not specialists or ticket.owner in specialists:
        return raised
    follower = ticket.owner or (by if by in settings.agents and by not in specialists else None)
    owner = specialists[0] if len(specialists) == 1 else None
    return replace(raised, owner=owner, follower=follower, decided=raised.decided - {"owner"})


def hand_back(ticket: TicketView, settings: Settings) -> TicketView:
    """The ticket with the first tier: his again who followed it, if he still works there."""
    queue = settings.queues.get(ticket.queue)
    follower = ticket.follower if queue and ticket.follower in queue.staff else None
    return replace(ticket, tier=Tier.L1, owner=follower or ticket.owner, follower=None, decided=ticket.decided | {"tier"})


def settle_tier(drafted: TicketView, ticket: TicketView, settings: Settings) -> tuple[TicketView, tuple[RecordEvent, ...]]:
    """A ticket whose tier rules have set, handed up or back as a person would have. An owner whom they have named stays, and
    so does their looking for one."""
    if drafted.tier is ticket.tier:
        return ticket, ()
    known = replace(ticket, owner=drafted.owner)
    settled = hand_up(known, settings) if ticket.tier is Tier.L2 else hand_back(known, settings)
    if ticket.seeker:
        settled = settled.sought(ticket.seeker)
    elif ticket.owner != drafted.owner:
        settled = settled.owned_by(ticket.owner)
    return settled, tuple(RecordEvent("assigned", "maild", words) for words in describe_hands(drafted, settled, settings))


def describe_hands(before: TicketView, after: TicketView, settings: Settings) -> tuple[str, ...]:
    """What a change of tier did to the ticket's people, in the words of its log; empty where it did nothing to them."""
    if before.owner == after.owner and before.follower == after.follower:
        return ()
    owner = f"to {_name(after.owner, settings)}" if after.owner else "no owner any more"
    return (f"{owner}; {_name(after.follower, settings)} follows" if after.follower else owner,)


def _name(agent: str | None, settings: Settings) -> str:
    known = settings.agents.get(agent or "")
    return known.name if known else agent or ""


def _is_specialist(agent: str, settings: Settings) -> bool:
    return agent in settings.agents and settings.agents[agent].tier > 1


def _team(ticket: TicketView, settings: Settings) -> tuple[str, ...]:
    return settings.teams.get(ticket.team or "", ())


def _staff(ticket: TicketView, settings: Settings) -> tuple[str, ...]:
    queue = settings.queues.get(ticket.queue)
    return queue.agents if queue else ()
