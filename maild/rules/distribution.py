"""The action that gives a ticket to whoever has time for it: `assign` with `pick`, `cap` or `hours`. Pure, like all actions.

Whom it finds is `maild.desk.assignment`'s to say. Where that is nobody, the ticket remembers the rule, to be tried again (`maild.owners`).
"""

from dataclasses import dataclass, field, replace

from maild.background import Aspect
from maild.config.settings import Settings
from maild.desk.assignment import Found, Nobody, Pick, Search, find_agent, find_crew
from maild.rules.actions import Action, ActionResult, ActionSkippedError, Moment, set_field
from maild.rules.ruleset import Rule
from maild.rules.verdict import Verdict
from maild.ticket import ENDED

_ASPECTS = {Pick.KNOWS_CUSTOMER: Aspect.REQUESTER, Pick.LEAST_LOADED: Aspect.WORKLOAD, Pick.ROUND_ROBIN: Aspect.TURNS}


@dataclass(frozen=True, slots=True)
class Distribute(Action):
    """`assign: {pick: […], cap: N, hours: CALENDAR}`; with `team` the ticket is the team's from then on, also while nobody is found."""

    search: Search
    settings: Settings = field(repr=False, compare=False)

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        ticket, occasion = verdict.ticket, moment.occasion
        if ticket.status in ENDED:
            raise ActionSkippedError(f"the ticket is {ticket.status.value}, so it is in no queue")
        if ticket.owner in find_crew(self.search, ticket, self.settings):
            raise ActionSkippedError(f"{ticket.owner} has it already")
        if self.search.team:
            ticket = set_field(ticket, "team", self.search.team, occasion.now)
        match find_agent(self.search, ticket, occasion.background, occasion.absent, self.settings, occasion.now):
            case Found(agent, why):
                ticket, words = set_field(ticket, "owner", agent, occasion.now), f"assigned to {agent}, who {why}"
            case Nobody(why):
                ticket, words = ticket.sought(moment.rule), f"assigned to nobody yet: {why}"
        return ActionResult(replace(verdict, ticket=ticket), words)

    def describe(self) -> str:
        return f"assign to {self.search}"

    @property
    def aspects(self) -> frozenset[Aspect]:
        return frozenset({Aspect.WORKLOAD, *(_ASPECTS[pick] for pick in self.search.picks)})


def find_distribution(rule: Rule | None) -> Distribute | None:
    """By which of its actions a rule looks for an owner: the last of them has the last word. None: by none."""
    actions = reversed(rule.actions) if rule else ()
    return next((action for action in actions if isinstance(action, Distribute)), None)
