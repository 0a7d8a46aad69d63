"""Macros: rules that an agent runs by name (RULES.md 2). Whether they fit the ticket, and what he says beside them. Pure.

What they do is added like what any rule does (`maild.consequences`); here it is only found out that they can do it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.command import CommandFault
from maild.effects import AddMessage
from maild.rules.actions import Reply
from maild.rules.engine import evaluate
from maild.rules.explain import explain_rule
from maild.rules.happenings import Happening
from maild.rules.ruleset import Rule, RuleSet
from maild.rules.said import occasion_of
from maild.rules.verdict import Event
from maild.ticket import TicketView


def find_macro_faults(
    macros: Iterable[Rule],
    before: TicketView,
    ticket: TicketView,
    said: AddMessage | None,
    settings: Settings,
    now: datetime,
    *,
    answers: bool,
) -> Iterator[CommandFault]:
    """Why these cannot be run on the ticket as it is after all commands, and was before them. `answers`: the customer gets the agent's own
    words."""
    for rule in macros:
        if fault := _find_fault(rule, before, ticket, said, settings, now, answers=answers):
            yield CommandFault(0, fault, by_commands=True)


def _find_fault(
    rule: Rule, before: TicketView, ticket: TicketView, said: AddMessage | None, settings: Settings, now: datetime, *, answers: bool
) -> str:
    if rule.disabled is not None:
        return f"the macro {rule.id} is disabled: {rule.disabled}"
    if rule.shadow:
        return f"the macro {rule.id} is only tried out (mode: shadow), and does nothing"
    if answers and any(isinstance(action, Reply) for action in rule.actions):
        return f"the macro {rule.id} writes to the customer, and so do you; #note keeps your words inside"
    happening = Happening(Event.MACRO, said, rule.id)
    (trace,) = evaluate(RuleSet.of((rule,), zone=settings.desk.timezone), occasion_of(happening, before, ticket, settings, now)).trace
    return "" if trace.fired else f"the macro {rule.id} does not fit: {explain_rule(trace).text.strip().removeprefix('did not fire: ')}"
