"""Rules that would have sent more than they may (RULES.md 5.5): they are paused, the ticket's log says so, and whoever answers for them is
told. Pure; that they do nothing is the engine's (`maild.rules.engine`).

How many letters a rule asks for is known once its wishes have become letters: to an audience, or at several events of one mail. Where
that is too much, all is decided once more, as if the rule had reached its limit before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from maild.background import Background, RuleMail
from maild.config.readers import bare_address
from maild.config.settings import Settings
from maild.desk.absence import deputies
from maild.desk.agent_letters import house_letter
from maild.desk.audience import admins_named, agents_named
from maild.effects import AskRule, Decision, Effect, IncomingState, Letter, PauseRule, RecordEvent, Split
from maild.known import Absence
from maild.message import Address
from maild.outbox.guard import post
from maild.reason import Reason
from maild.rules.ruleset import RuleSet
from maild.rules.verdict import Excess, Verdict
from maild.ticket import TicketView

Counted = Callable[[Background], Background]
"""What is known of rules' mail, with those at their limit that would go past it."""
Decided = TypeVar("Decided")


class _Meter:
    """Hears what rules have sent, and says of those in `full` that they have reached their limit."""

    def __init__(self, full: Mapping[str, int]) -> None:
        self._full = full
        self.seen: dict[str, RuleMail] = {}

    def count(self, background: Background) -> Background:
        self.seen.update(background.mail)
        full = {rule: replace(mail, count=self._full[rule]) for rule, mail in background.mail.items() if rule in self._full}
        return replace(background, mail={**background.mail, **full}) if full else background


def within_limits(decide: Callable[[Counted], Decided], letters_of: Callable[[Decided], Iterable[Letter]], rules: RuleSet) -> Decided:
    """What is decided without any rule going past its limit. `decide` hands what it knows of their mail through what it is given."""
    full: dict[str, int] = {}
    while True:
        meter = _Meter(full)
        decided = decide(meter.count)
        beyond = _find_beyond(letters_of(decided), meter.seen, rules) if meter.seen else {}
        if beyond.keys() <= full.keys():
            return decided
        full = full | beyond


def letters_by_rules(decision: Decision | None) -> Iterator[Letter]:
    """Those that count against a limit: also what happens beside, and what is split off."""
    if decision is None:
        return
    yield from (letter for letter in decision.letters if letter.rule and letter.limited)
    split_off = (effect.opening for effect in decision.effects if isinstance(effect, Split))
    for other in (*decision.beside, *split_off):
        yield from letters_by_rules(other)


def _find_beyond(letters: Iterable[Letter], mail: Mapping[str, RuleMail], rules: RuleSet) -> dict[str, int]:
    """The limits of the rules that these letters take past them."""
    asked = Counter(letter.rule for letter in letters if letter.rule in mail)
    limits = {name: rule.limit.mails for name in asked if (rule := rules.find(name)) and rule.limit}
    return {name: limit for name, limit in limits.items() if mail[name].count + asked[name] > limit}


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
