"""Points for spam that lead to nothing, since nobody ever judges them. Pure."""

from maild.config.faults import Faults
from maild.config.settings import SpamPolicy
from maild.rules.actions import Score
from maild.rules.conditions import find_fields
from maild.rules.lint.subject import Subject


def check_points(subjects: tuple[Subject, ...], spam: SpamPolicy | None, faults: Faults) -> None:
    """All points together do not reach the desk's threshold, and no rule asks for their sum. Rules in shadow count: they will be live."""
    enabled = [subject for subject in subjects if subject.rule.disabled is None]
    giving = next((subject for subject in enabled if _most_points(subject)), None)
    if giving is None or any("score" in find_fields(subject.rule.condition) for subject in enabled):
        return
    threshold, highest = spam.threshold if spam else None, round(sum(map(_most_points, enabled)), 4)
    if threshold is None:
        why = 'without "spam.threshold" nothing judges them'
    elif highest < threshold:
        why = f'all rules together give {highest:g} at most, and "spam.threshold" is {threshold:g}'
    else:
        return
    faults.add(giving.place_of("do"), "W320", f'points lead to nothing: {why}; set another, or have a rule ask for "score"')


def _most_points(subject: Subject) -> float:
    """What the rule gives; what rules take off may stay off."""
    return sum(action.points for action in subject.rule.actions if isinstance(action, Score) and action.points > 0)
