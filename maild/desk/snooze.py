"""Snooze (PRODUCT 18): a ticket out of its queue until a moment, whatever its status. How it ends, and who is told of it. Pure."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.absence import deputies
from maild.desk.agent_letters import customers_message, without_last_words
from maild.desk.answered import Answered
from maild.desk.audience import agents_to_tell, find_crowded, unreachable_agents
from maild.desk.colleagues import tell_department
from maild.desk.when import describe_moment
from maild.effects import Effect, RecordEvent
from maild.known import Absence, Earlier
from maild.ticket import TicketView


def find_snooze_ended(before: TicketView | None, after: TicketView) -> datetime | None:
    """Until when the ticket was snoozed that no longer is; None where nothing has changed in that."""
    return before.snoozed_until if before and after.snoozed_until is None else None


def tell_awakening(before: TicketView, after: TicketView, why: str, settings: Settings, by: str = "maild") -> Iterator[RecordEvent]:
    """That a snooze is over, and why. The time is by the owner's clock, if he has one of his own."""
    if ended := find_snooze_ended(before, after):
        until = describe_moment(ended, settings.zone_of(after.owner))
        yield RecordEvent("woke", by, f"{why}; it was snoozed until {until}")


def tell_return(
    before: TicketView,
    answered: Answered,
    earlier: Sequence[Earlier],
    settings: Settings,
    *,
    suppressed: Container[str],
    away: Mapping[str, Absence],
    flooded: Container[str] = (),
) -> Iterator[Effect]:
    """A ticket that comes back by itself: its owner, else its department, is shown what the customer wrote last, and can answer it.

    Also where a department is told of nothing: whoever snoozes a ticket relies on it. `suppressed`, `away`, `flooded`: as in
    `tell_department`.
    """
    after = before.awake()
    yield from tell_awakening(before, after, "the time is over", settings)
    if after.queue in settings.queues:
        yield from tell_department(
            "owner",
            after,
            customers_message(after, answered),
            (),
            settings,
            without_last_words(earlier, answered),
            suppressed=suppressed,
            away=away,
            flooded=flooded,
            snoozed_until=before.snoozed_until,
        )


def find_crowded_by_returns(
    tickets: Iterable[TicketView], settings: Settings, *, suppressed: Container[str], away: Mapping[str, Absence]
) -> frozenset[str]:
    """Who would get too many mails one by one, if these came back in one moment."""
    absent = unreachable_agents(suppressed, settings).union(away)
    told = (agents_to_tell("owner", ticket, settings, absent=absent, deputies=deputies(away)) for ticket in tickets)
    return find_crowded(reader for readers in told for reader in readers)
