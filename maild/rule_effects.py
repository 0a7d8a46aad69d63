"""What a verdict of the rules means, whatever they were asked about: the ticket settled, lines of its log, notes, letters to agents. Pure.

What the customer gets is decided beside what he gets anyway: `maild.automatic_mail` for a mail from outside, `maild.consequences` for the
rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk import agent_letters
from maild.desk.absence import deputies
from maild.desk.audience import admins_named, agents_named
from maild.desk.rehoming import Moved, leave_behind
from maild.desk.tiers import settle_tier
from maild.effects import AddMessage, Effect, NoteFiring, RecordEvent
from maild.known import Absence
from maild.message import Address
from maild.outbox.guard import post
from maild.rules.explain import explain_firing
from maild.rules.verdict import CloseWish, NoteWish, NotifyWish, Verdict
from maild.ticket import MessageKind, TicketView


def settle(drafted: TicketView, ticket: TicketView, settings: Settings) -> Moved:
    """The ticket as the rules left it, with the tier they have set, and without those who do not work where they have moved it."""
    ticket, handed = settle_tier(drafted, ticket, settings)
    if ticket.queue == drafted.queue:
        return ticket, handed
    chosen = {name for name, was, now in (("owner", drafted.owner, ticket.owner), ("team", drafted.team, ticket.team)) if was != now}
    settled, left = leave_behind(ticket, settings, chosen=chosen)
    return settled, (*handed, *left)


def tell_of_rules(verdict: Verdict) -> Iterator[RecordEvent]:
    """The log's lines: what fired and why, and what broke."""
    for trace in verdict.trace:
        if trace.fired and trace.actions and not trace.shadow:
            yield RecordEvent("rule", f"rule {trace.rule}", explain_firing(trace))
        if trace.problem:
            yield RecordEvent("rule_error", f"rule {trace.rule}", f"skipped: {trace.problem} ({trace.file}:{trace.line})")


def firings_of(verdict: Verdict, now: datetime) -> Iterator[NoteFiring]:
    """What must be remembered of rules that rest."""
    return (NoteFiring(rule, now) for rule in verdict.resting)


def notes_of(verdict: Verdict, now: datetime) -> Iterator[AddMessage]:
    for wish in verdict.wishes:
        if isinstance(wish, NoteWish):
            author = Address(f"rule {wish.rule}", "")
            yield AddMessage(MessageKind.NOTE, author, now, wish.text, wish.text, internal=True)


def closing_template(verdict: Verdict) -> str | None:
    """The words a rule's `close` chose; such a letter is also the one answer to a mail that opened the ticket."""
    return next((wish.template for wish in _closings(verdict)), None)


def closing_rule(verdict: Verdict) -> str:
    """Whose words those are; "" where no rule chose any."""
    return next((wish.rule for wish in _closings(verdict)), "")


def _closings(verdict: Verdict) -> Iterator[CloseWish]:
    return (wish for wish in verdict.wishes if isinstance(wish, CloseWish) and wish.template)


def alert(wish: NotifyWish, ticket: TicketView, words: str, away: Mapping[str, Absence], settings: Settings) -> Iterator[Effect]:
    """A letter to each of whom a rule's `notify` names. `words` are what was said."""
    for key in agents_named(wish.who, ticket, settings, absent=frozenset(away), deputies=deputies(away)):
        agent = settings.agents[key]
        letter = agent_letters.alert(Address(agent.name, agent.email), key, ticket, wish.template, settings, wish.values, words)
        yield from post(replace(letter, rule=wish.rule), settings)
    for admin in admins_named(wish.who, settings):
        letter = agent_letters.alert(admin, None, ticket, wish.template, settings, wish.values, words)
        yield from post(replace(letter, rule=wish.rule), settings)
