"""Whatever happens to a ticket and whatever rules there are: nothing raises or is mutated, the answer is always the same, and what the
trace says is what was done (RULES.md 5.7)."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maild.consequences import with_consequences
from maild.effects import AddMessage, Decision, IncomingState, RecordEvent, RunMacro
from maild.known import Known
from maild.reason import Reason
from maild.rules.explain import explain_firing, read_traces
from maild.rules.ruleset import RuleSet
from maild.rules.verdict import ABOUT_DEPARTMENTS, NAMED_EVENTS, Event
from maild.ticket import MessageKind, Priority, Status, TicketView
from tests.rig.occasions import ANN, NOW, a_desk, a_ticket, rules_from

SETTINGS = a_desk()
EVENTS = [event.value for event in NAMED_EVENTS if event not in (Event.MAIL_RECEIVED, *ABOUT_DEPARTMENTS)]
CONDITIONS = (
    "{}",
    "{status: closed}",
    "{status: {changed: true}}",
    "{tags: {changed_to: [t0, vip]}}",
    "{was.owner: anna}",
    "{text: {word: help}}",
    "{priority: {not: {changed_from: high}}}",
    "{auto: true}",
)
ACTIONS = (
    "tag: [t0]",
    "untag: [t0, vip]",
    "set: {priority: high}",
    "default: {status: open}",
    "assign: boris",
    "assign: {pick: [knows_customer, least_loaded], cap: 3, hours: support}",
    "set: {queue: sales}",
    "close: true",
    "note: seen",
    "reply: {template: faq-password, then: waiting}",
    "notify: {who: [owner, lead], template: escalation}",
    'set: {field.last: "{{ ticket.owner }}"}',
)


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    rules = ""
    for number in range(draw(st.integers(1, 5))):
        events = ", ".join(draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=4, unique=True)))
        condition = draw(st.sampled_from(CONDITIONS))
        chosen = "" if condition == "{}" else f"if: {condition}, "
        options = draw(st.sampled_from(["", "cascade: true, ", "mode: shadow, ", "stop: true, ", "disabled: it rests, "]))
        actions = ", ".join(f"{{{action}}}" for action in draw(st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=3)))
        rules += f"  - {{id: r{number}, when: [{events}], {chosen}{options}do: [{actions}]}}\n"
    return rules_from(f"rules:\n{rules}")


def changes() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "status": st.sampled_from([Status.NEW, Status.OPEN, Status.WAITING, Status.CLOSED, Status.SPAM]),
            "priority": st.sampled_from(list(Priority)),
            "owner": st.sampled_from([None, "anna", "boris", "gone"]),
            "queue": st.sampled_from(["support", "sales", "closed-down"]),
            "tags": st.frozensets(st.sampled_from(["t0", "vip"])),
            "snoozed_until": st.sampled_from([None, NOW]),
            "customer_messages": st.integers(0, 2),
        },
    )


def said(kinds: Sequence[MessageKind]) -> tuple[AddMessage, ...]:
    return tuple(AddMessage(kind, ANN, NOW, "help", "help") for kind in kinds)


@given(rule_sets(), changes(), changes(), st.lists(st.sampled_from(list(MessageKind)), max_size=2), st.booleans(), st.booleans())
def test_any_event_is_followed_alike_and_told_as_it_was(rules, was, now, kinds, is_new, is_bounce):
    before = None if is_new else a_ticket(number=7, **was)
    after = a_ticket(number=0 if is_new else 7, **{**was, **now})
    macros = tuple(RunMacro(name) for name in rules.macros[:1])
    events = (Event.BOUNCE_RECEIVED,) if is_bounce else ()
    decision = Decision(IncomingState.DONE, Reason("test", "a test"), before, after, (*said(kinds), *macros), events=events)
    kept = copy.deepcopy(decision)
    followed = with_consequences(decision, rules, lambda ticket, aspects: Known(), SETTINGS, NOW)
    assert decision == kept
    assert with_consequences(decision, rules, lambda ticket, aspects: Known(), SETTINGS, NOW) == followed
    assert followed.effects[: len(decision.effects)] == decision.effects, "nothing of what was done is taken back"
    check_trace(decision, followed)


def check_trace(decision: Decision, followed: Decision) -> None:
    """What the trace says was done stands in the log, in its order, and without a rule that fired nothing is changed."""
    traces = read_traces(followed.trace)
    assert not any(trace.problem for trace in traces)
    log = [effect for effect in followed.effects if isinstance(effect, RecordEvent) and effect.kind == "rule"]
    fired = [trace for trace in traces if trace.fired and not trace.shadow]
    assert [(event.by, event.text) for event in log] == [(f"rule {trace.rule}", explain_firing(trace)) for trace in fired]
    if not fired:
        assert replace(followed, trace=()) == decision
    notes = [effect for effect in followed.effects[len(decision.effects) :] if isinstance(effect, AddMessage)]
    assert len(notes) == sum(trace.actions.count("noted") for trace in fired)
    assert sum(event.kind == "replied" for event in followed.effects if isinstance(event, RecordEvent)) <= 1
    check_ticket(followed.after, [action for trace in fired for action in trace.actions])


def check_ticket(ticket: TicketView | None, actions: Sequence[str]) -> None:
    """What the last action on a field says is so."""
    assert ticket is not None
    last = next((action for action in reversed(actions) if action in ("tagged t0", "untagged t0, vip")), None)
    assert last is None or ("t0" in ticket.tags) is (last == "tagged t0")
    assert "priority set to high" not in actions or ticket.priority is Priority.HIGH
    statuses = [action for action in actions if action == "closed" or "status set" in action or action.endswith("then waiting")]
    if statuses:
        ends = {"closed": Status.CLOSED, "status set to open by default": Status.OPEN}
        assert ticket.status is ends.get(statuses[-1], Status.WAITING)
