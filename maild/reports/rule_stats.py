"""How rules have fared over a while: asked, fired, or only would have. Pure: what was counted → one line for each rule."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from maild.rules.ruleset import RuleSet
from maild.traffic import RuleOutcome

_LETTERS = ("acknowledged with ", "replied with ", "notified ", "forwarded to ", "closed with ")
"""How actions that ask for a letter begin in a trace (`rules.actions`)."""


@dataclass(frozen=True, slots=True)
class RuleStats:
    """`mode` None: the files do not have the rule any more. `skipped`: disabled, paused, resting, stopped by another rule, or not asked
    about what rules have changed.

    `letters` are those its actions asked for, or in shadow would have; gates and caps come after that.
    """

    rule: str
    mode: str | None
    asked: int = 0
    fired: int = 0
    would_have_fired: int = 0
    failed: int = 0
    skipped: int = 0
    letters: int = 0


def count_outcomes(outcomes: Iterable[RuleOutcome], rules: RuleSet, paused: Container[str] = ()) -> tuple[RuleStats, ...]:
    """In the order of the rules, those that were never asked, too; then those that are gone. `paused`: the ids of those that are."""
    found: dict[str, list[RuleOutcome]] = {rule.id: [] for rule in rules.rules}
    for outcome in outcomes:
        found.setdefault(outcome.rule, []).append(outcome)
    modes = {rule.id: rule.mode_when(paused=rule.id in paused) for rule in rules.rules}
    return tuple(_count(rule, modes.get(rule), alike) for rule, alike in found.items())


def _count(rule: str, mode: str | None, outcomes: list[RuleOutcome]) -> RuleStats:
    fired = [outcome for outcome in outcomes if outcome.fired]
    return RuleStats(
        rule,
        mode,
        asked=sum(outcome.times for outcome in outcomes if not outcome.skipped),
        fired=sum(outcome.times for outcome in fired if not outcome.shadow),
        would_have_fired=sum(outcome.times for outcome in fired if outcome.shadow),
        failed=sum(outcome.times for outcome in outcomes if outcome.broke),
        skipped=sum(outcome.times for outcome in outcomes if outcome.skipped),
        letters=sum(outcome.times * _letters(outcome) for outcome in fired),
    )


def _letters(outcome: RuleOutcome) -> int:
    return sum(words.startswith(_LETTERS) for words in outcome.actions)
