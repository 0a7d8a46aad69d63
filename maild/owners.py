"""Owners: what becomes of a ticket for which a rule looks for an owner, now (RULES.md 4). Pure but for its question.

The daemon asks for all of them every few seconds (`maild.seeking`), tests of rules for theirs as time goes by (`maild.rehearsal`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.background import Aspect, Background
from maild.config.settings import Settings
from maild.desk.agent_letters import customers_message, without_last_words
from maild.desk.answered import Answered
from maild.desk.assignment import Found, find_agent
from maild.desk.audience import unreachable_agents
from maild.desk.colleagues import tell_department
from maild.desk.ordering import TO_DO
from maild.effects import Decision, IncomingState, RecordEvent
from maild.known import Absence, Earlier, Suppression
from maild.reason import Reason
from maild.rules.actions import set_field
from maild.rules.distribution import Distribute, find_distribution
from maild.rules.ruleset import Rule, RuleSet
from maild.ticket import TicketView

Asking = Callable[[frozenset[Aspect]], Background]


@dataclass(frozen=True, slots=True)
class Presence:
    """Who is away, by key, and at which addresses nothing arrives, as they are compared. `crowded`: the agents who get one mail for many
    tickets."""

    away: Mapping[str, Absence]
    suppressed: Mapping[str, Suppression]
    crowded: frozenset[str] = frozenset()

    def absent(self, settings: Settings) -> frozenset[str]:
        return unreachable_agents(self.suppressed, settings).union(self.away)


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said on the ticket: what its letters answer, and what came before."""

    answered: Answered
    earlier: Sequence[Earlier] = ()


def find_seeking(rule: Rule | None) -> Distribute | None:
    """The action by which a rule looks for an owner now; None where it does not, or only to see what it would do."""
    return find_distribution(rule) if rule and rule.mode == "live" else None


def decide_owner(
    ticket: TicketView, rules: RuleSet, asking: Asking, presence: Presence, talk: Talk, settings: Settings, now: datetime
) -> Decision | None:
    """Its new owner is told. None: there is nobody yet, or it needs nobody now. Where the rule is gone, nobody is looked for any more."""
    if ticket.seeker is None or ticket.status not in TO_DO or ticket.snoozed_until:
        return None
    rule = rules.find(ticket.seeker)
    if find_distribution(rule) is None:
        event = RecordEvent("changed", "maild", f"no owner is looked for any more: there is no rule {ticket.seeker} that does")
        return Decision(IncomingState.DONE, Reason("assign", event.text), ticket, replace(ticket, sought_by=None), (event,))
    action = find_seeking(rule)
    if action is None:
        return None
    found = find_agent(action.search, ticket, asking(action.aspects), presence.absent(settings), settings, now)
    return _given(ticket, ticket.seeker, found, presence, talk, settings, now) if isinstance(found, Found) else None


def _given(ticket: TicketView, rule: str, found: Found, presence: Presence, talk: Talk, settings: Settings, now: datetime) -> Decision:
    after, name = set_field(ticket, "owner", found.agent, now), settings.agents[found.agent].name
    told = tell_department(
        "owner",
        after,
        customers_message(after, talk.answered),
        (f"Rule {rule} has looked for an owner, and gave this ticket to {name}.",),
        settings,
        without_last_words(talk.earlier, talk.answered),
        suppressed=presence.suppressed,
        away=presence.away,
        flooded=presence.crowded,
    )
    event = RecordEvent("assigned", f"rule {rule}", f"to {name}, who {found.why}")
    return Decision(IncomingState.DONE, Reason("assign", event.text), ticket, after, (event, *told), by_rules=(rule,))
