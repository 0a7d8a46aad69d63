"""How rules have fared: one line each, in their order."""

from maild.reports.rule_stats import RuleStats, count_outcomes
from maild.traffic import RuleOutcome
from tests.rig.occasions import rules_from

RULES = rules_from(
    """
    rules:
      - {id: pay, when: ticket.created, do: [{tag: x}]}
      - {id: trial, when: ticket.created, mode: shadow, do: [{tag: x}]}
      - {id: off, when: ticket.created, disabled: broken, do: [{tag: x}]}
      - {id: new, when: ticket.created, do: [{tag: x}]}
    """
)


def outcome(rule, times, *actions, fired=False, shadow=False, broke=False, skipped=False):
    return RuleOutcome(rule, fired, shadow, broke, skipped, actions, times)


def test_every_rule_has_one_line_and_those_that_are_gone_come_last():
    counted = count_outcomes(
        [
            outcome("gone", 4, "tagged x", fired=True),
            outcome("pay", 5, "acknowledged with the usual text", "notified lead with escalation", fired=True),
            outcome("pay", 2, "replied with refund", "tagged paid", fired=True),
            outcome("pay", 10),
            outcome("pay", 1, broke=True),
            outcome("trial", 3, "closed with closed", "closed", "skipped reply with x: never to automatic mail", fired=True, shadow=True),
            outcome("off", 7, skipped=True),
        ],
        RULES,
    )
    assert counted == (
        RuleStats("pay", "live", asked=18, fired=7, failed=1, letters=12),
        RuleStats("trial", "shadow", asked=3, would_have_fired=3, letters=3),
        RuleStats("off", "disabled", skipped=7),
        RuleStats("new", "live"),
        RuleStats("gone", None, asked=4, fired=4),
    )
