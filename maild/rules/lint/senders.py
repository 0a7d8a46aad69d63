"""Rules that let a mail say who wrote it, where anybody could have sent that mail. Pure."""

from collections.abc import Callable

from maild.config.faults import Faults
from maild.config.nodes import Table, walk_entries
from maild.message import AuthResult
from maild.rules.conditions import AllOf, Comparison, Condition
from maild.rules.fields import FieldValue
from maild.rules.lint.subject import Subject
from maild.rules.load_actions import SENDER
from maild.rules.senders import SetSender

_PROOFS = ("auth", "auth.dmarc")
"""What passes there stands for the From; of SPF and DKIM alone, and of signatures, it may be anybody else's."""
_MACHINES = ("from", "from.domain")


def check_sender(subject: Subject, faults: Faults) -> None:
    """Whoever can write such a mail could have the desk believe that somebody else did."""
    rule = subject.rule
    if rule.disabled is not None or not any(isinstance(action, SetSender) for action in rule.actions):
        return
    wanted = {'"auth: pass"': _demands(rule.condition, _is_proof), '"from"': _demands(rule.condition, _names_machine)}
    if missing := " and ".join(what for what, is_asked in wanted.items() if not is_asked):
        do = subject.table.get("do")
        tables = (entry.value for entry in (walk_entries(do) if do else ()) if entry.key.text == "set")
        key = next((key for table in tables if isinstance(table, Table) and (key := table.key(SENDER))), None)
        message = f"anybody can send a mail in which this rule finds its sender: ask for {missing}, too"
        faults.add(key.place if key else subject.place, "W324", message)


def _demands(condition: Condition, is_demand: Callable[[Comparison], bool]) -> bool:
    """Whether the condition holds only where such a comparison does."""
    if isinstance(condition, Comparison):
        return is_demand(condition)
    found = [_demands(part, is_demand) for part in condition.parts]
    return any(found) if isinstance(condition, AllOf) else bool(found) and all(found)


def _is_proof(comparison: Comparison) -> bool:
    """Nothing but `pass` will do."""
    if comparison.field.name not in _PROOFS:
        return False
    values = {result: FieldValue((result.value,), None, is_long=False) for result in AuthResult}
    return {result for result, value in values.items() if (comparison.test.find(value) is None) is comparison.negated} == {AuthResult.PASS}


def _names_machine(comparison: Comparison) -> bool:
    return comparison.field.name in _MACHINES and not comparison.negated
