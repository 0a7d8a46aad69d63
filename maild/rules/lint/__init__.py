"""Lint: rules that load, and yet cannot mean what they say. Pure: loaded rules → warnings, each with its place and a remedy.

What is wrong in the files is `load`'s; what can be proved of conditions is decided in `proofs`. Only what is certain is warned of.
"""

import re

from maild.config.faults import Fault, Faults
from maild.config.nodes import walk_entries, walk_scalars
from maild.config.settings import SpamPolicy
from maild.rules.lint.circles import check_circles
from maild.rules.lint.names import check_lists, check_names
from maild.rules.lint.order import check_groups, check_order
from maild.rules.lint.points import check_points
from maild.rules.lint.senders import check_sender
from maild.rules.lint.settings import check_settings
from maild.rules.lint.subject import Subject, find_subjects
from maild.rules.load import LoadedRules
from maild.rules.proofs import find_contradictions, is_impossible

_USED_CAPTURE = re.compile(r"\{\{\s*match\.([\w.-]+)\s*\}\}")
_USUAL = SpamPolicy()


def lint(loaded: LoadedRules, spam: SpamPolicy | None = _USUAL) -> tuple[Fault, ...]:
    """Every warning about a set that loads; none about one that does not, which has errors to mend first. `spam`: the desk's policy."""
    if loaded.rules is None:
        return ()
    faults = Faults()
    subjects = tuple(find_subjects(loaded))
    for subject in subjects:
        _check_owner(subject, faults)
        _check_condition(subject, faults)
        _check_captures(subject, faults)
        _check_limit(subject, faults)
        check_sender(subject, faults)
    asked = check_order(subjects, faults)
    check_groups(subjects, faults)
    check_settings(asked, faults)
    check_circles(subjects, faults)
    check_points(subjects, spam, faults)
    check_lists(loaded.files, faults)
    check_names(loaded.files, faults)
    return faults.sorted()


def _check_owner(subject: Subject, faults: Faults) -> None:
    if subject.rule.owner is None:
        faults.add(subject.place, "W313", f'rule "{subject.rule.id}" has no "owner": name who answers for it')


def _check_condition(subject: Subject, faults: Faults) -> None:
    """A part of it, or all of it, can never be true."""
    written = subject.table.get("if")
    for found in find_contradictions(subject.rule.condition):
        name = found.field.removesuffix(".count")
        names = (name, name.removeprefix("was."))
        keys = (entry.key for entry in (walk_entries(written) if written else ()) if entry.key.text in names)
        place = next((key.place for key in keys), subject.place_of("if"))
        whole = is_impossible(subject.rule.condition)
        what = f'rule "{subject.rule.id}" can never run' if whole else "this part of the condition can never hold"
        faults.add(place, "W314", f'{what}: {found}; write "any" where one of them is enough')


def _check_limit(subject: Subject, faults: Faults) -> None:
    if subject.table.get("limit") and subject.rule.limit is None:
        faults.add(subject.place_of("limit"), "W321", f'limits nothing: rule "{subject.rule.id}" sends no mail by itself; take it out')


def _check_captures(subject: Subject, faults: Faults) -> None:
    used = {
        name for node in (subject.table.get("do"),) if node for scalar in walk_scalars(node) for name in _USED_CAPTURE.findall(scalar.text)
    }
    written = subject.table.get("if")
    patterns = tuple(walk_scalars(written)) if written else ()
    for name in dict.fromkeys(name for capture in subject.rule.captures for name in capture.test.names):
        if name not in used:
            place = next((scalar.place for scalar in patterns if f"<{name}>" in scalar.text), subject.place_of("if"))
            faults.add(place, "W317", f'no action uses what "{name}" captures; write "(?:…)", or "{{{{ match.{name} }}}}" into an action')
