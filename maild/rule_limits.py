"""Rules that would have sent more than they may (RULES.md 5.5): they are paused, the ticket's log says so, and whoever answers for them is
told. Pure; that they do nothing is the engine's (`maild.rules.engine`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from maild.config.readers import bare_address
from maild.config.settings import Settings
from maild.desk.absence import deputies
from maild.desk.agent_letters import house_letter
from maild.desk.audience import admins_named, agents_named
from maild.effects import AskRule, Decision, Effect, IncomingState, PauseRule, RecordEvent
from maild.known import Absence
from maild.message import Address
from maild.outbox.guard import post
from maild.reason import Reason
from maild.rules.verdict import Excess, Verdict
from maild.ticket import TicketView


def pauses_of(verdict: Verdict) -> Iterator[Effect]:
    for excess in _excesses(verdict):
        yield PauseRule(excess.rule, excess.why)
        yield RecordEvent("rule_paused", f"rule {excess.rule}", f"{excess.why}: nothing of it was done, and it is not asked any more")


def with_pauses(effects: Iterable[Effect], verdict: Verdict, now: datetime) -> Iterator[Effect]:
    """What was decided before rules were asked, and which of them are paused now. What such a rule has waited for stays due."""
    paused = {excess.rule for excess in verdict.excesses}
    for effect in effects:
        yield replace(effect, again=now) if isinstance(effect, AskRule) and effect.stay.rule in paused else effect
    yield from pauses_of(verdict)


def tell_of_pauses(verdict: Verdict, ticket: TicketView, away: Mapping[str, Absence], settings: Settings) -> Iterator[Decision]:
    """What is written beside: about each such rule one letter to everybody who answers for it. It concerns no ticket."""
    for excess in _excesses(verdict):
        warnings = tuple(_describe(excess))
        readers = _find_readers(excess.owner, ticket, away, settings)
        written = (house_letter("attention", ticket.queue, reader, settings, warnings=warnings) for reader in readers)
        effects = tuple(effect for letter in written for effect in post(letter, settings))
        yield Decision(IncomingState.DONE, Reason("rule-paused", f"rule {excess.rule}: {excess.why}"), effects=effects)


def _excesses(verdict: Verdict) -> Iterable[Excess]:
    """One for each rule, at however many events of a mail it would have fired."""
    return {excess.rule: excess for excess in verdict.excesses}.values()


def _describe(excess: Excess) -> Iterator[str]:
    yield f"The rule {excess.rule} ({excess.place}) would have sent {excess.why}. It is paused: nothing of it is done any more."
    if excess.tickets:
        numbers = ", ".join(f"#{number}" for number in excess.tickets)
        yield f"Its last letters were about {numbers}; `maild ticket log {excess.tickets[0]}` says why it fired."
    yield f"`maild rules enable {excess.rule}` lets it go on, and count anew. A higher `limit` in its file does not do so by itself."


def _find_readers(owner: str | None, ticket: TicketView, away: Mapping[str, Absence], settings: Settings) -> tuple[Address, ...]:
    """The rule's `owner`, an agent or an address; else the department's lead, else the admins."""
    address = bare_address(owner or "")
    if address and not settings.is_own_address(address):
        return (Address("", address),)
    who = owner if owner and owner in settings.agents else "lead"
    keys = agents_named((who,), ticket, settings, absent=frozenset(away), deputies=deputies(away))
    found = tuple(Address(settings.agents[key].name, settings.agents[key].email) for key in keys)
    return found or admins_named(("admins",), settings)
