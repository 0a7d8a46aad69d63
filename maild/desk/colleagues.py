"""What colleagues are told of a message: each agent by a notification of his own, the admins where there is no agent. Pure."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

from maild.config.settings import Agent, Settings
from maild.desk import agent_letters
from maild.desk.absence import deputies, describe_absence
from maild.desk.audience import Circle, agents_to_tell, unreachable_agents, watchers_to_tell
from maild.desk.glimpses import Remark, by_clock
from maild.desk.rehoming import describe_move
from maild.desk.when import describe_moment
from maild.effects import AddMessage, Effect, Fold, RecordEvent
from maild.known import Absence, Earlier
from maild.message import Address
from maild.outbox.guard import post
from maild.ticket import ENDED, TicketView


def tell_agents(
    agents: Iterable[str],
    ticket: TicketView,
    message: AddMessage,
    warnings: Sequence[Remark],
    settings: Settings,
    earlier: Sequence[Earlier],
    *,
    flooded: Container[str] = (),
    snoozed_until: datetime | None = None,
) -> Iterator[Effect]:
    """A notification for each of these keys. `earlier` are the messages before this one, `flooded` the keys of those who get one mail for
    many notifications (L4). `snoozed_until`: the ticket is back since then, or before it."""
    for agent in (settings.agents[key] for key in agents):
        if agent.key in flooded:
            yield from fold(agent)
            continue
        letter = agent_letters.notification(agent, ticket, message, warnings, settings, earlier=earlier, snoozed_until=snoozed_until)
        yield from post(letter, settings, RecordEvent("notified", "maild", agent.name))


def fold(agent: Agent) -> tuple[Effect, ...]:
    """Instead of a mail of its own about a ticket: one will name it among others (`maild.floods`)."""
    return (
        RecordEvent("notify_folded", "maild", f"{agent.name} gets too many; one mail will name this ticket among others"),
        Fold(agent.key),
    )


def tell_department(
    circle: Circle,
    ticket: TicketView,
    message: AddMessage,
    warnings: Sequence[Remark],
    settings: Settings,
    earlier: Sequence[Earlier] = (),
    *,
    suppressed: Container[str],
    away: Mapping[str, Absence],
    without: Sequence[str] = (),
    watching: Iterable[str] = (),
    flooded: Container[str] = (),
    snoozed_until: datetime | None = None,
) -> Iterator[Effect]:
    """A notification for each agent of the circle, and for who speaks for the queues `watching` (F10); for the admins where the circle is
    empty.

    `suppressed` are addresses to which mail comes back (B6), as they are compared; `without`: who need not be told;
    `flooded`, `snoozed_until`: see `tell_agents`; `away`: who is, by key, so that others take his place.
    """
    unreachable = unreachable_agents(suppressed, settings)
    absent = unreachable.union(away)
    among = partial(agents_to_tell, circle, ticket, settings, absent=absent, deputies=deputies(away))
    everybody = among()
    told = among(without=without) if without else everybody
    for key in (key for key in agents_to_tell(circle, ticket, settings) if key in absent and key not in without):
        comes_back = f"mail to {settings.agents[key].name} comes back"
        why = comes_back if key in unreachable else describe_absence(away[key], settings)
        yield RecordEvent("notify_withheld", "maild", f"{why}; others are told")
    watchers = watchers_to_tell(watching, ticket, settings, without=(*told, *without, *absent))
    in_his_place = tell_of_absence(ticket, away, settings) if circle == "owner" else ()
    tell = partial(
        tell_agents, ticket=ticket, message=message, settings=settings, earlier=earlier, flooded=flooded, snoozed_until=snoozed_until
    )
    yield from tell(told, warnings=(*in_his_place, *warnings))
    yield from tell(watchers, warnings=warnings)
    if not everybody and not watchers and circle != "none":
        back = (f"It was snoozed until {describe_moment(snoozed_until, settings.desk.timezone)}.",) if snoozed_until else ()
        yield from _tell_admins(ticket, message, (*back, *warnings), settings)


def tell_of_move(
    before: TicketView | None,
    after: TicketView,
    message: AddMessage,
    settings: Settings,
    earlier: Sequence[Earlier] = (),
    *,
    suppressed: Container[str],
    away: Mapping[str, Absence],
    mover: str = "",
    without: Sequence[str] = (),
) -> Iterator[Effect]:
    """A department to which a ticket has been moved is told as of a new one, unless it needs nobody any more; see `tell_department`. Of one
    that was handed to the second tier its new owner is, else who works there.

    `message` is what they are shown, `mover` who it was, if it was a person.
    """
    moved = describe_move(before, after, settings, mover)
    if before and moved and after.status not in ENDED:
        circle = settings.queues[after.queue].notify.new if before.queue != after.queue else "owner"
        yield from tell_department(circle, after, message, moved, settings, earlier, suppressed=suppressed, without=without, away=away)


def tell_of_absence(ticket: TicketView, away: Mapping[str, Absence], settings: Settings) -> tuple[str, ...]:
    """Why somebody else than the owner is told of his ticket."""
    absence = away.get(ticket.owner or "")
    return (f"{describe_absence(absence, settings)}, and owns this ticket. You are told in his place.",) if absence else ()


def _tell_admins(ticket: TicketView, message: AddMessage, warnings: Sequence[Remark], settings: Settings) -> Iterator[Effect]:
    nobody = f"Queue {settings.queues[ticket.queue].name} has no agent to tell."
    values = {"warnings": (nobody, *by_clock(warnings, settings.desk.timezone), *agent_letters.describe_bringer(message, settings))}
    for admin in settings.desk.admins:
        yield from post(agent_letters.alert(Address("", admin), None, ticket, "notification", settings, values, message.visible), settings)
