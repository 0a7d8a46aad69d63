"""The engine's semantics (RULES.md 5): order, earlier results, stops, groups, shadow, captures, broken rules, the trace."""

import copy
import json
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from maild.background import NO_BACKGROUND, Pause, RuleMail
from maild.message import HeaderField
from maild.rules.actions import Action
from maild.rules.conditions import ALWAYS
from maild.rules.engine import ERROR_TAG, evaluate, evaluate_all
from maild.rules.explain import explain_rule
from maild.rules.happenings import Happening
from maild.rules.load import load_rules
from maild.rules.ruleset import NO_RULES, Rule, RuleSet
from maild.rules.verdict import Event, Leaf, RuleTrace, Verdict
from tests.rig.occasions import NOW, a_desk, a_message, a_ticket, an_occasion, rules_from

NOTIFY = "notify: {who: boris, template: escalation}"


def rule(rule_id, rest="", do="tag: [%s]", when="ticket.created"):
    return f"  - {{id: {rule_id}, when: {when}, {rest}do: [{{{do % rule_id if '%' in do else do}}}]}}\n"


def run(*rules, occasion=None):
    return evaluate(rules_from("rules:\n" + "".join(rules)), occasion or an_occasion())


def test_without_rules_nothing_changes():
    occasion = an_occasion()
    assert evaluate(NO_RULES, occasion) == Verdict(occasion.ticket)


def test_only_rules_of_the_event_are_asked():
    verdict = run(rule("now"), rule("later", when="message.customer"), rule("both", when="[message.customer, ticket.created]"))
    assert [trace.rule for trace in verdict.trace] == ["now", "both"]


def test_later_rules_see_earlier_results():
    verdict = run(
        rule("first", do="set: {queue: billing}"), rule("second", "if: {queue: billing}, "), rule("third", "if: {tags: second}, ")
    )
    assert verdict.ticket.tags == {"second", "third"}


def test_order_is_the_file_name_then_the_position():
    rules = rules_from("rules:\n" + rule("b") + rule("c"), "rules:\n" + rule("a"))
    assert [each.id for each in rules.rules] == ["b", "c", "a"]
    assert [(each.file, each.line) for each in rules.rules] == [("rules/10.yaml", 2), ("rules/10.yaml", 3), ("rules/20.yaml", 2)]


def test_stop_ends_the_event_only_when_the_rule_fires():
    assert run(rule("one", "if: {subject: no}, stop: true, "), rule("two")).ticket.tags == {"two"}
    verdict = run(rule("one", "stop: true, "), rule("two"))
    assert verdict.ticket.tags == {"one"}
    assert verdict.trace[1].skipped == "stopped by rule one"


def test_stop_group_ends_its_group_only():
    verdict = run(rule("one", "group: g, stop: group, "), rule("two", "group: g, "), rule("three", "group: h, "), rule("four"))
    assert verdict.ticket.tags == {"one", "three", "four"}


def test_a_disabled_rule_says_why_it_is_off():
    (trace,) = run(rule("one", "disabled: waiting for legal, ")).trace
    assert not trace.fired
    assert trace.skipped == "disabled: waiting for legal"


def test_a_shadow_rule_is_recorded_and_does_nothing():
    verdict = run(rule("one", "mode: shadow, stop: true, "), rule("two", "if: {tags: one}, "))
    assert verdict.ticket.tags == frozenset()
    assert verdict.trace[0].fired
    assert verdict.trace[0].shadow
    assert verdict.trace[0].actions == ("tagged one",)


def test_the_trace_ends_at_the_first_failing_leaf():
    (trace,) = run(rule("one", "if: {subject: printer, from: bob@x.example, body: never asked}, ")).trace
    assert trace.leaves == (
        Leaf("subject", "is", "printer", "Printer", True),
        Leaf("from", "is", "bob@x.example", "ann@globex.example", False),
    )


def test_the_trace_shows_every_alternative_that_failed():
    (trace,) = run(rule("one", "if: {any: [{subject: a}, {subject: b}]}, ")).trace
    assert [leaf.wanted for leaf in trace.leaves] == ["a", "b"]


def test_a_mails_text_is_never_copied_into_the_trace():
    (trace,) = run(rule("one", "if: {body: {word: [smoke, fire]}}, ")).trace
    assert trace.leaves == (Leaf("body", "word", "smoke, fire", "fire", True),)
    (trace,) = run(rule("one", "if: {body: {word: smoke}}, ")).trace
    assert trace.leaves[0].found == ""


def test_captures_do_not_depend_on_the_order_inside_any():
    occasion = an_occasion(message=a_message(subject="Order 77", body="printer"))
    words, pattern = "{body: {word: printer}}", "{subject: {matches: '(?P<n>[0-9]+)'}}"
    for parts in (f"{words}, {pattern}", f"{pattern}, {words}"):
        verdict = run(rule("one", f"if: {{any: [{parts}]}}, ", do='tag: "n-{{ match.n }}"'), occasion=occasion)
        assert verdict.ticket.tags == {"n-77"}
        assert {leaf.field for leaf in verdict.trace[0].leaves} >= {"subject"}


@dataclass(frozen=True, slots=True)
class _Exploding(Action):
    def apply(self, verdict, moment):
        raise ZeroDivisionError("boom")


def test_a_rule_that_breaks_skips_itself_tags_the_ticket_and_the_others_run():
    broken = Rule("broken", (Event.TICKET_CREATED,), ALWAYS, (_Exploding(),), "rules/10.yaml", 1, "")
    good = rules_from("rules:\n" + rule("good")).rules
    verdict = evaluate(RuleSet.of((broken, *good)), an_occasion())
    assert verdict.ticket.tags == {"rule-error", "good"}
    assert verdict.trace[0].problem.startswith("ZeroDivisionError: boom")
    assert not verdict.trace[0].fired


def test_a_trace_survives_the_store():
    verdict = run(rule("one", "if: {subject: printer}, "), rule("two", "if: {subject: x}, "), rule("three", "mode: shadow, "))
    for trace in verdict.trace:
        assert RuleTrace.from_mapping(json.loads(json.dumps(trace.to_mapping()))) == trace


def test_a_trace_of_a_desk_that_was_older_is_read():
    trace = RuleTrace("ticket.created", "one", "rules/10.yaml", 2, "abc", True, (Leaf("subject", "is", "a", "A", True),), ("tagged one",))
    assert RuleTrace.from_mapping(asdict(trace)) == trace


CONDITIONS = (
    "{subject: printer}",
    "{text: {word: [fire, smok*]}}",
    "{any: [{body: {contains: a}}, {subject: {matches: '(?P<x>[a-z]+)'}}]}",
    "{none: [{tags: t0}, {queue: billing}]}",
    "{from.domain: {not: globex.example}}",
    "{header.X-Any: {glob: '*a*'}}",
    "{size: {gt: 1}, attachments: {count: 0}}",
    "{spam.score: {gte: 2}}",
)
ACTIONS = (
    "{tag: [t0]}",
    "{untag: [t0]}",
    "{set: {queue: billing}}",
    "{default: {queue: sales}}",
    "{ack: false}",
    "{note: 'x'}",
    "{close: true}",
    "{assign: anna}",
)


@st.composite
def rule_sets(draw):
    lines = ["rules:"]
    for number in range(draw(st.integers(1, 5))):
        condition, action = draw(st.sampled_from(CONDITIONS)), draw(st.sampled_from(ACTIONS))
        stop = draw(st.sampled_from(("", "stop: true, ", "mode: shadow, ")))
        lines.append(f"  - {{id: r{number}, when: ticket.created, if: {condition}, {stop}do: [{action}]}}")
    return rules_from("\n".join(lines))


@given(rule_sets(), st.text(), st.text(), st.text(), st.sets(st.sampled_from(["t0", "vip"])))
def test_evaluation_never_raises_never_mutates_and_is_deterministic(rules, subject, body, header, tags):
    message = replace(a_message(subject=subject, body=body), headers=(HeaderField("X-Any", header), HeaderField("X-Spam-Score", header)))
    occasion = an_occasion(message=message, ticket=a_ticket(tags=frozenset(tags)))
    before = copy.deepcopy(occasion)
    verdict = evaluate(rules, occasion)
    assert occasion == before
    assert evaluate(rules, occasion) == verdict
    assert not any(trace.problem for trace in verdict.trace)
    if not any(trace.fired and not trace.shadow for trace in verdict.trace):
        assert verdict == Verdict(occasion.ticket, trace=verdict.trace)


@given(rule_sets(), st.text(max_size=9), st.sets(st.sampled_from(["t0", "vip"])))
def test_a_trace_that_is_read_late_says_what_was_found_when_the_rule_was_asked(rules, subject, tags):
    occasion = an_occasion(message=a_message(subject=subject), ticket=a_ticket(tags=frozenset(tags)))
    trace = evaluate(rules, occasion).trace
    at_once = [evaluate(RuleSet.of(rules.rules[: count + 1]), occasion).trace[-1] for count in range(len(rules.rules))]
    assert list(trace) == at_once


def test_the_traces_of_several_events_follow_one_another():
    earlier, later = run(rule("one")), run(rule("two"), rule("three"))
    together = later.following(earlier).trace
    assert [trace.rule for trace in together] == ["one", "two", "three"]
    assert together[1:] == tuple(later.trace)
    assert together != later.trace


def test_a_trace_tells_times_by_the_clock_of_the_desk_and_names_it():
    rules = rules_from("rules:\n" + rule("daily", "once: 1d 12h, ") + rule("ever", "once: ticket, ") + rule("mails", do=NOTIFY))
    mail = RuleMail(50, pause=Pause("mails", NOW, "more than 50 mails in 1h"))
    fired = {name: NOW - timedelta(hours=1) for name in ("daily", "ever")}
    occasion = replace(an_occasion(), fired=fired, background=replace(NO_BACKGROUND, mail={"mails": mail}))
    assert [trace.skipped for trace in evaluate(replace(rules, zone=ZoneInfo("Europe/Sofia")), occasion).trace] == [
        "it fired on this ticket on 2026-03-02 11:00 EET, and rests for 1d 12h",
        "it fired on this ticket on 2026-03-02 11:00 EET, and rests",
        "paused since 2026-03-02 12:00 EET: more than 50 mails in 1h",
    ]


def test_a_set_of_rules_knows_the_clock_of_its_desk(tmp_path):
    settings = a_desk(tmp_path)
    there = replace(settings, desk=replace(settings.desk, timezone=ZoneInfo("Asia/Tehran")))
    assert load_rules(tmp_path, there).rules.zone.key == "Asia/Tehran"


def run_all(rules, others=()):
    """A new ticket, and all that rules make of it and of one another."""
    ruleset = RuleSet.of((*others, *rules_from("rules:\n" + "".join(rules)).rules))
    happenings = (Happening(Event.TICKET_CREATED),)
    return evaluate_all(ruleset, happenings, a_ticket(), lambda found, verdict: an_occasion(event=found.event, ticket=verdict.ticket))


def told(verdict, rule_id):
    return [str(explain_rule(trace)).partition("   (")[0] for trace in verdict.trace if trace.rule == rule_id]


def test_what_a_rule_changes_is_no_event_for_others_and_the_trace_says_so():
    verdict = run_all([rule("first"), rule("second", when="ticket.tagged")])
    assert verdict.ticket.tags == {"first"}
    assert told(verdict, "second") == ["rule second was not considered: change made by rule first"]


def test_a_rule_that_asks_for_it_sees_what_others_changed_and_what_was_before():
    verdict = run_all([rule("first"), rule("second", "cascade: true, if: {tags: {changed_to: first}}, ", when="ticket.tagged")])
    assert verdict.ticket.tags == {"first", "second"}


def test_rules_that_set_one_another_off_end_after_three_times():
    chain = [rule(f"t{n}", f"cascade: true, if: {{tags: {{changed_to: t{n - 1}}}}}, ", when="ticket.tagged") for n in (4, 3, 2, 1)]
    verdict = run_all([rule("t0"), *chain])
    assert verdict.ticket.tags == {"t0", "t1", "t2", "t3"}
    assert told(verdict, "t4")[-1] == "rule t4 was not considered: change made by rule t3, the 4th in a row"


def test_a_rule_that_broke_sets_nothing_off():
    broken = Rule("odd", (Event.TICKET_CREATED,), ALWAYS, (_Exploding(),), "rules/10.yaml", 1, "")
    verdict = run_all([rule("upon", when="ticket.tagged")], (broken,))
    assert verdict.ticket.tags == {ERROR_TAG}
    assert told(verdict, "upon") == ["rule upon was not considered: change made by rule odd"]
