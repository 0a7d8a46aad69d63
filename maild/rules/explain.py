"""Traces → words: what the rules did with an event, and why a rule did not fire. Pure; printing is the command's."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from maild.rules.verdict import ASKED_BY_NAME, NOT_CONSIDERED, Event, Leaf, RuleTrace
from maild.stay import Stay

_HELD = {
    "is": "is {found}",
    "in": "is {found}",
    "has": "has {found}",
    "has_all": "has {found}",
    "listed": "is listed: {found}",
    "contains": 'contains "{found}"',
    "contains_all": 'contains "{found}"',
    "starts": "starts with {wanted}",
    "ends": "ends with {wanted}",
    "word": 'has the word "{found}"',
    "glob": "is like {wanted}",
    "matches": 'matches: "{found}"',
    "gt": "is {found}, more than {wanted}",
    "gte": "is {found}, at least {wanted}",
    "lt": "is {found}, less than {wanted}",
    "lte": "is {found}, at most {wanted}",
    "between": "is {found}, between {wanted}",
    "exists": "is not empty",
    "changed": "changed from {found}",
}
"""A comparison that was true; a negated one that failed is the same sentence."""

_WANTED = {
    "is": "wanted {wanted}",
    "in": "wanted {wanted}",
    "has": "wanted {wanted} in it",
    "has_all": "wanted all of {wanted} in it",
    "listed": "wanted one listed in {wanted}",
    "contains": "does not contain {wanted}",
    "contains_all": "does not contain all of {wanted}",
    "starts": "wanted one that starts with {wanted}",
    "ends": "wanted one that ends with {wanted}",
    "word": "has no word like {wanted}",
    "glob": "wanted one like {wanted}",
    "matches": "does not match {wanted}",
    "gt": "wanted more than {wanted}",
    "gte": "wanted at least {wanted}",
    "lt": "wanted less than {wanted}",
    "lte": "wanted at most {wanted}",
    "between": "wanted between {wanted}",
    "exists": "is empty",
    "changed": "has not changed",
}
"""A comparison that was false; a negated one that was true is the same sentence."""

_ONE_OF = frozenset({"is", "in", "has", "contains", "starts", "ends", "glob"})
_NEGATION = "not "


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a person sees of one rule on one event: a stable `kind` (fired, shadow, passed, skipped, problem), and the sentence."""

    event: str
    rule: str
    kind: str
    text: str
    place: str

    def __str__(self) -> str:
        return f"rule {self.rule}{self.text}   ({self.place})"


def read_traces(stored: Iterable[Mapping[str, object]]) -> tuple[RuleTrace, ...]:
    """Traces as a Decision or the store has them."""
    return tuple(map(RuleTrace.from_mapping, stored))


def explain(traces: Iterable[RuleTrace]) -> Iterator[Explanation]:
    """Every rule that was asked, in order."""
    return map(explain_rule, traces)


def explain_why_not(rule: str, moments: Sequence[Sequence[RuleTrace]], events: Container[str]) -> Iterator[str]:
    """`--why-not RULE`: for each event on which it was asked, what spoke against it; and where it should have been, by the `events` it is
    for by now, that it was not."""
    traces = [trace for moment in moments for trace in moment]
    lines = dict.fromkeys(line for moment in moments for line in _explain_moment(rule, moment, events))
    if not lines:
        strange = ", ".join(dict.fromkeys(trace.event for trace in traces))
        lines = {f"rule {rule} was not asked: {f'it is not for {strange}' if strange else 'no rules ran'}": None}
    yield from lines


def _explain_moment(rule: str, traces: Sequence[RuleTrace], events: Container[str]) -> Iterator[str]:
    """Every rule for an event is traced there, so that one without a trace was not among them yet."""
    asked = {trace.event for trace in traces if trace.rule == rule}
    for event in dict.fromkeys(trace.event for trace in traces):
        if event not in asked and event in events and Event(event) not in ASKED_BY_NAME:
            yield f"{event}: rule {rule} was not asked: it was not there then, or not for that"
    yield from (f"{trace.event}: {explain_rule(trace)}" for trace in traces if trace.rule == rule)


def explain_stay(stay: Stay, shown: Callable[[datetime], str]) -> str:
    """On what a time rule waits on a ticket. `shown`: how a time is written."""
    what = f"task {stay.about}" if stay.about else "it"
    if stay.due is None:
        return f"rule {stay.rule} has had its turn on {what} since {shown(stay.since)}"
    return f"rule {stay.rule} waits on {what} since {shown(stay.since)}, and is asked at {shown(stay.due)}"


def explain_no_stay(rule: str, state: Sequence[Leaf]) -> str:
    """Why it does not wait on a ticket; `state`: what is asked of that."""
    against = _against(state)
    return f"rule {rule} does not wait on it{': ' if against else ''}{'; '.join(map(describe_leaf, against))}"


def explain_rule(trace: RuleTrace) -> Explanation:
    """One rule's sentence."""
    kind, text = _sentence(trace)
    return Explanation(trace.event, trace.rule, kind, text, f"{trace.file}:{trace.line}")


def explain_firing(trace: RuleTrace) -> str:
    """Why a rule fired, what it did, and where it stands: a line of the ticket's log (HOUSE.md 7)."""
    return f"{_because(trace)} → {', '.join(trace.actions)}   ({trace.file}:{trace.line})"


def describe_leaf(leaf: Leaf) -> str:
    """One tested condition in words, as it came out."""
    operator = leaf.operator.removeprefix(_NEGATION)
    held = leaf.result is not leaf.operator.startswith(_NEGATION)
    if held:
        sentence = f"{leaf.field} {_HELD.get(operator, operator)}".format(found=leaf.found, wanted=leaf.wanted)
        return sentence if leaf.result else f"{sentence}, which it must not"
    return _describe_miss(leaf, operator)


def _describe_miss(leaf: Leaf, operator: str) -> str:
    words = _WANTED.get(operator, operator)
    is_told = words.startswith("wanted")
    several = f"{'one' if is_told else 'any'} of {leaf.wanted}" if ", " in leaf.wanted and operator in _ONE_OF else leaf.wanted
    if not is_told:
        return f"{leaf.field} {words.format(wanted=several)}"
    there = f"{leaf.field} is {leaf.found or 'empty'}"
    return there if leaf.result else f"{there}, {words.format(wanted=several)}"


def _sentence(trace: RuleTrace) -> tuple[str, str]:
    if trace.problem:
        return "problem", f" broke and was skipped: {trace.problem}"
    if trace.skipped:
        return "skipped", f" was {trace.skipped if trace.skipped.startswith(NOT_CONSIDERED) else f'not asked: {trace.skipped}'}"
    if not trace.fired:
        return "passed", f" did not fire: {'; '.join(map(describe_leaf, _against(trace.leaves)))}"
    arrow = "→ would have:" if trace.shadow else "→"
    return ("shadow" if trace.shadow else "fired"), f": {_because(trace)} {arrow} {', '.join(trace.actions) or 'nothing to do'}"


def _because(trace: RuleTrace) -> str:
    return "; ".join(describe_leaf(leaf) for leaf in trace.leaves if leaf.result) or "always"


def _against(leaves: Sequence[Leaf]) -> Sequence[Leaf]:
    """What spoke against a rule: the leaves that failed last, one after another; an `any` may have several."""
    end = len(leaves)
    start = end
    while start and not leaves[start - 1].result:
        start -= 1
    return leaves[start:end]
