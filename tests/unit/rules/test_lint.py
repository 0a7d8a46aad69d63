"""Lint: what it warns of, with place and words, and what it takes for meant."""

import time
from pathlib import Path
from textwrap import dedent

from maild.config.settings import SpamPolicy
from maild.rules.lint import lint
from maild.rules.load import load_rules
from tests.rig.occasions import a_desk, load_text

USUAL = SpamPolicy()
EXAMPLE_DESK = Path(__file__).parents[3] / "etc"


def warnings(*texts, spam=USUAL):
    """The warnings about files of these contents, which load without a fault, by file and position."""
    loaded = load_text(*texts)
    assert loaded.rules is not None, [fault.describe(Path()) for fault in loaded.faults]
    return [fault.describe(Path()).partition("/rules/")[2] for fault in lint(loaded, spam)]


def of_rules(*rules, lists="", spam=USUAL):
    """The warnings about rules in one file, one line each from line 2 on: `id`, `when` and `owner` are added where they are not given."""
    written = []
    for letter, rule in zip("abcdefgh", rules, strict=False):
        when = "" if "when:" in rule else "when: ticket.created, "
        do = "" if "do:" in rule else ", do: [{tag: x}]"
        written.append(f"- {{id: {letter}, {when}{rule}{do}, owner: anna}}")
    found = warnings("\n".join(["rules:", *written, lists]), spam=spam)
    return [fault.removeprefix("10.yaml:") for fault in found]


def codes(*rules, lists="", spam=USUAL):
    return [fault.split()[1] for fault in of_rules(*rules, lists=lists, spam=spam)]


def test_the_example_desks_rules_mean_what_they_say():
    assert lint(load_rules(EXAMPLE_DESK, a_desk(EXAMPLE_DESK))) == ()


def test_files_that_do_not_load_have_no_warnings_but_errors():
    assert lint(load_text("rules: [{id: a}]")) == ()


def test_a_rule_behind_one_that_stops_with_wider_conditions_can_never_run():
    assert of_rules("if: {subject: {contains: invoice}}, stop: true", "if: {auto: false, subject: {contains: an invoice}}") == [
        '3:8: W310 rule "b" can never run: "a" (line 2) stops first with wider conditions; move it above that one, or take it out'
    ]
    assert "stops first, whatever comes" in of_rules("stop: true", "if: {subject: x}")[0]
    assert "stops first with the same conditions" in of_rules("if: {subject: x}, stop: true", "if: {subject: x}")[0]


def test_a_rule_of_another_file_is_called_by_its_place():
    text = "rules: [{id: ID, when: ticket.created, owner: anna, stop: true, do: [{tag: x}]}]"
    (warning,) = warnings(text.replace("ID", "a"), text.replace("ID", "b"))
    assert warning.startswith('20.yaml:1:14: W310 rule "b" can never run: "a" (rules/10.yaml:1) stops first, whatever comes')


def test_every_rule_behind_an_unconditional_stop_is_named_and_none_twice():
    assert codes("stop: true", "if: {subject: x}, stop: true", "if: {subject: x}") == ["W310", "W310"]


def test_a_rule_is_not_called_unreachable_without_proof():
    for earlier in (
        "if: {subject: {contains: x}}",  # does not stop
        "if: {subject: {contains: x}}, stop: true, mode: shadow",
        "if: {subject: {contains: x}}, stop: true, disabled: for now",
        "if: {subject: {contains: x}}, stop: true, once: ticket",
        "if: {subject: {contains: x}, auto: true}, stop: true",
        "if: {subject: {contains: x, cased: true}}, stop: true",
        "if: {subject: {contains: x}}, when: mail.received, stop: true",
    ):
        assert "W310" not in codes(earlier, "if: {subject: {contains: xy}}"), earlier
    assert codes("stop: true", "when: [ticket.created, message.customer]") == []
    assert codes("stop: group, group: g", "if: {auto: true}") == ["W318"]


def test_points_that_a_rule_in_between_gives_may_reach_what_comes_later():
    stop, later = "when: mail.received, if: {score: {gte: 5}}, stop: true", "when: mail.received, if: {score: {gte: 8}}"
    assert codes(stop, "when: mail.received", later) == ["W310"]
    assert codes(stop, "when: mail.received, do: [{score: 8}]", later) == []


def test_a_sender_that_anybody_could_have_written_into_a_mail():
    def rule(condition):
        reads = r"body: {matches: '(?P<who>\S+@\S+)'}"
        return f'when: mail.received, if: {{{condition}, {reads}}}, do: [{{set: {{sender: "{{{{ match.who }}}}"}}}}]'

    proof, machine = "auth: pass", "from: noreply@shop.example"
    (warning,) = of_rules(rule("subject: Order"))
    assert warning.endswith('W324 anybody can send a mail in which this rule finds its sender: ask for "auth: pass" and "from", too')
    assert codes(rule(f"{proof}, {machine}")) == codes(rule("auth.dmarc: pass, from.domain: {listed: shop.example}")) == []
    assert codes(rule(f"any: [{{{proof}}}, {{auth.dmarc: pass}}], {machine}")) == []
    assert codes(rule(f"auth: {{not: [fail, none, unknown]}}, {machine}")) == codes(f"disabled: later, {rule('subject: Order')}") == []
    for forgeable in (
        machine,
        proof,
        f"{proof}, from: {{not: eve@evil.example}}",
        f"auth.dkim: pass, {machine}",
        f"auth: {{not: fail}}, {machine}",
        f"any: [{{{proof}}}, {{header.X-Key: secret}}], {machine}",
    ):
        assert codes(rule(forgeable)) == ["W324"], forgeable


def test_points_that_nobody_ever_judges_lead_to_nothing():
    giving, more = "when: mail.received, do: [{score: 4}, {score: -4}]", "when: mail.received, if: {auto: true}, do: [{score: 4}]"
    assert of_rules(giving, spam=SpamPolicy(threshold=4.5)) == [
        '2:32: W320 points lead to nothing: all rules together give 4 at most, and "spam.threshold" is 4.5; '
        'set another, or have a rule ask for "score"'
    ]
    assert 'without "spam.threshold" nothing judges them' in of_rules(giving, spam=None)[0]
    assert codes(giving, spam=SpamPolicy(threshold=None)) == ["W320"]
    assert codes(giving, more, spam=SpamPolicy(threshold=8)) == []
    assert codes(giving, f"mode: shadow, {more}", spam=SpamPolicy(threshold=8)) == []
    assert codes(giving, f"disabled: later, {more}", spam=SpamPolicy(threshold=8)) == ["W320"]
    assert codes(giving, "when: mail.received, if: {score: {gte: 4}}", spam=None) == []
    assert codes("when: mail.received, do: [{score: -4}]", spam=None) == [], "it takes off, from what others will give"


def test_a_rule_that_is_asked_about_what_rules_change_is_not_stopped_by_one_that_is_not():
    assert codes("when: ticket.changed, stop: true", "when: ticket.changed, cascade: true") == []
    assert codes("when: ticket.changed, stop: true, cascade: true", "when: ticket.changed, cascade: true") == ["W310"]
    assert codes("when: ticket.changed, stop: true", "when: ticket.changed") == ["W310"]


def test_a_rule_that_rests_stops_only_now_and_then():
    assert codes("stop: true, once: 24h", "about: x") == []
    assert codes("stop: true, once: event", "about: x") == ["W310"]


def test_macros_run_alone():
    one, other = "do: [{set: {priority: high}}], stop: true", "do: [{set: {priority: low}}]"
    assert codes(f"when: macro, {one}", f"when: macro, {other}") == []
    assert codes(f"when: [macro, ticket.closed], {one}", f"when: [macro, ticket.closed], {other}") == ["W310"]


def test_what_has_changed_contradicts_itself_and_not_what_it_is():
    for condition in (
        "{status: {changed: false, is: closed}}",
        "{owner: {changed: true, exists: false}}",
        "{owner: {changed_to: anna, changed_from: boris}}",
        "{owner: anna, was.owner: boris}",
        "{tags: {changed_to: a, has: b}}",
        "{status: {not: {changed_to: closed}}, was.status: open}",
        "{tags: {not: {changed: true}, has: a}}",
    ):
        assert codes(f"when: ticket.changed, if: {condition}") == [], condition
    for condition in ("{status: {changed: true}, not: {status: {changed: true}}}", "{was.status: closed, status: {changed_from: open}}"):
        assert codes(f"when: ticket.changed, if: {condition}") == ["W314"], condition
    now, before = of_rules("when: ticket.tagged, if: {auto: false, tags: {changed_to: a, changed_from: a}}")
    assert now.startswith('2:50: W314 rule "a" can never run: "tags" is never ')
    assert before.startswith('2:50: W314 rule "a" can never run: "was.tags" is never ')


def test_a_change_to_something_else_is_another_case():
    rule = "when: ticket.changed, if: {priority: {changed_to: high}}, do: [{set: {status: open}}]"
    assert codes(rule, rule.replace("high", "low").replace("open", "waiting")) == []
    assert codes(rule, rule.replace("open", "waiting")) == ["W311"]
    stops = "when: ticket.changed, if: {status: {changed: true}}, stop: true"
    assert codes(stops, "when: ticket.changed, if: {status: {changed_to: closed}}") == ["W310"]
    assert codes(stops, "when: ticket.changed, if: {status: closed}") == []
    assert (
        codes("when: ticket.changed, if: {status: {exists: true}}, stop: true", "when: ticket.changed, if: {status: {changed: true}}") == []
    )
    assert codes(stops, "when: ticket.changed, do: [{close: true}]", "when: ticket.changed, if: {status: {changed_to: closed}}") == []


def test_two_rules_that_set_tiers_differently_are_told():
    assert codes("if: {subject: x}, do: [{set: {tier: L2}}]", "do: [{set: {tier: L1}}]") == ["W311"]
    assert codes("if: {tier: L2}, stop: true", "do: [{set: {tier: L2}}]", "if: {tier: L2}") == []


def test_a_group_is_stopped_for_its_own_rules_only():
    assert codes("group: g, stop: group", "group: h", "group: g") == ["W310"]


def test_a_rule_in_between_may_make_the_condition_true():
    stops = "if: {tags: vip}, stop: true"
    assert codes(stops, "if: {tags: vip}") == ["W310"]
    assert codes(stops, "do: [{tag: vip}]", "if: {tags: vip}") == []
    assert codes(stops, "do: [{tag: vip}], mode: shadow", "if: {tags: vip}") == ["W310"]
    assert codes(stops, "do: [{set: {language: bg}}]", "if: {tags: vip}") == ["W310"]
    assert codes("if: {owner: anna}, stop: true", "do: [{set: {queue: sales}}]", "if: {owner: anna}") == []
    assert codes("if: {age: {gt: 1h}}, stop: true", "do: [{close: true}]", "if: {age: {gt: 2h}}") == []


def test_two_rules_that_set_one_field_differently_are_told():
    high, low = (
        "if: {subject: {contains: fire}}, do: [{set: {priority: high}}]",
        "if: {from.domain: a.example}, do: [{set: {priority: low}}]",
    )
    assert of_rules(high, low) == [
        '3:75: W311 where "a" (line 2) fires too, "priority" becomes "low" here and not "high"; '
        'write "default" here, "stop" there, or conditions that exclude each other'
    ]
    assert codes("do: [{assign: anna}]", "if: {subject: x}, do: [{tag: y}]", "do: [{set: {owner: boris}}]") == ["W311"]
    assert codes("if: {subject: x}, do: [{close: true}]", "do: [{set: {status: open}}]") == ["W311"]


def test_what_is_set_as_an_exception_by_default_or_elsewhere_is_meant():
    high = "if: {subject: {contains: fire}}, do: [{set: {priority: high}}]"
    assert codes(high, "if: {size: 1}, do: [{default: {priority: low}}]") == []
    assert codes(high.replace("}]", "}], stop: true"), "if: {size: 1}, do: [{set: {priority: low}}]") == []
    assert codes(high, "if: {subject: {contains: fire alarm}}, do: [{set: {priority: low}}]") == []
    assert codes(high, "if: {subject: {not: {contains: fire}}}, do: [{set: {priority: low}}]") == []
    assert codes(high, "if: {priority: high}, do: [{set: {priority: urgent}}]") == []
    assert codes(high, "if: {size: 1}, when: message.customer, do: [{set: {priority: low}}]") == []
    assert codes(high, "if: {size: 1}, do: [{set: {priority: high}}]") == []
    assert codes(high, "if: {size: 1}, do: [{set: {priority: low}}], mode: shadow") == []


def test_a_rule_without_owner_is_told():
    assert warnings("rules: [{id: a, when: ticket.created, do: [{tag: x}]}]") == [
        '10.yaml:1:14: W313 rule "a" has no "owner": name who answers for it'
    ]


def test_a_condition_that_can_never_hold_is_told_where_it_stands():
    (whole,) = of_rules("if: {size: {gt: 5, lt: 3}}")
    assert whole.startswith('2:38: W314 rule "a" can never run: "size" is never gt 5 and lt 3 at once')
    (part,) = of_rules("if: {any: [{auto: true}, {all: [{queue: sales}, {queue: support}]}]}")
    assert part.startswith('2:66: W314 this part of the condition can never hold: "queue" is never is sales and is support at once')


def test_a_contradiction_in_a_named_condition_is_told_where_it_is_used():
    (warning,) = of_rules("if: {use: odd}", lists="conditions: {odd: {size: {gt: 5, lt: 3}}}")
    assert warning.startswith("2:33: W314")


CLOSES = "when: ticket.reopened, cascade: true, do: [{set: {status: closed}}]"
OPENS = "when: ticket.closed, cascade: true, do: [{set: {status: open}}]"


def test_rules_that_make_each_other_fire_for_ever_are_told():
    (warning,) = of_rules(OPENS, "if: {subject: x}", CLOSES)
    assert warning.startswith('4:34: W312 rule "c" goes round in a circle with "a" (line 2): what one changes makes the next fire')
    urgent = "when: ticket.changed, cascade: true, if: {priority: {changed_to: high}}, do: [{set: {priority: urgent}}]"
    high = "when: ticket.changed, cascade: true, if: {queue: support, priority: {changed_to: urgent}}, do: [{set: {priority: high}}]"
    assert codes(urgent, high) == ["W312"]
    mine = "when: ticket.assigned, cascade: true, if: {owner: boris}, stop: true, do: [{assign: anna}]"
    assert codes(mine, "when: ticket.assigned, cascade: true, if: {owner: anna}, do: [{assign: boris}]") == ["W312"]


def test_a_circle_of_three_is_told_once_and_names_nobody_who_only_looks_on():
    in_turn = [
        f"when: ticket.tagged, cascade: true, if: {{tags: {one}}}, stop: true, do: [{{untag: {one}}}, {{tag: {other}}}]"
        for one, other in ("xy", "yz", "zx")
    ]
    looks_on = "when: ticket.changed, cascade: true, do: [{set: {field.seen: seen}}]"
    (warning,) = of_rules(looks_on, *in_turn)
    assert warning.startswith('5:32: W312 rule "d" goes round in a circle with "b" (line 3) and "c" (line 4): ')


def test_what_ends_by_itself_is_no_circle():
    """One of them asks before both can have changed it, has fired already, is off, or is never asked about what rules change."""
    urgent, high = ("if: {priority: high}, do: [{set: {priority: urgent}}]", "if: {priority: urgent}, do: [{set: {priority: high}}]")
    cascade = "when: ticket.changed, cascade: true"
    assert codes(f"{cascade}, {urgent}", f"{cascade}, {high}") == [], "the second sets it back at once"
    assert codes(OPENS, f"{CLOSES}, once: ticket") == []
    assert codes(OPENS, f"{CLOSES}, disabled: not now") == codes(OPENS, f"{CLOSES}, mode: shadow") == []
    assert codes(OPENS, CLOSES.replace("cascade: true, ", "")) == []
    assert codes(OPENS, CLOSES.replace("do:", "if: {subject: {contains: x}}, do:")) == [], "not proved"
    assert codes(f"{cascade}, if: {{queue: sales}}, do: [{{set: {{tier: L2}}}}]", f"{cascade}, if: {{tier: L2}}, do: [{{tag: late}}]") == []


def test_a_rule_that_cascades_may_do_anything_beside():
    everything = "{task: {title: Call, for: lead, due: 1h, clock: business}}, {assign: {pick: least_loaded}}, {snooze: 3d}, {hold: look}"
    opens = OPENS.replace("do: [", f"do: [{everything}, {{notify: {{who: lead, template: escalation, why: x}}}}, ")
    assert codes(opens) == []
    assert codes(opens, CLOSES) == ["W312"]


def test_many_rules_that_cascade_take_no_more_than_their_share_of_time():
    rules = "\n".join(
        f"- {{id: r{number}, when: ticket.tagged, cascade: true, owner: anna, if: {{tags: t{number}}}, do: [{{tag: t{number + 1}}}]}}"
        for number in range(400)
    )
    loaded = load_text(f"rules:\n{dedent(rules)}")
    start = time.process_time()
    assert lint(loaded) == ()
    assert time.process_time() - start < 20


def test_a_value_that_stands_twice_is_told():
    assert of_rules("if: {subject: {word: $pay}}", lists="lists: {pay: [invoice, bill, invoice]}") == [
        '3:30: W315 "invoice" stands in this list already (line 3); take one of them out'
    ]
    assert codes("if: {subject: [a, b, a]}, do: [{tag: [y, y]}]") == ["W315", "W315"]
    assert codes("if: {size: {between: [3, 3]}}") == []


def test_names_that_nobody_uses_are_told():
    assert of_rules("if: {subject: x}", lists="lists: {pay: [invoice]}\nconditions: {person: {auto: false}}") == [
        '3:9: W316 nothing uses the list "pay" ("$pay"); take it out',
        '4:14: W316 nothing uses the condition "person" ("use: person"); take it out',
    ]
    assert codes("if: {use: b}", lists="lists: {pay: [x]}\nconditions: {b: {use: c}, c: {subject: $pay}}") == []
    assert warnings("lists: {pay: [x]}", "rules: [{id: a, when: ticket.created, owner: anna, do: [{tag: $pay}]}]") == []


def test_a_capture_that_no_action_takes_is_told():
    (warning,) = of_rules(r"if: {subject: {matches: '(?P<number>\d+)'}}")
    assert warning.startswith('2:57: W317 no action uses what "number" captures')
    assert codes(r"if: {subject: {matches: '(?P<n>\d+)'}}, do: [{note: 'Order {{ match.n }}'}]") == []


def test_a_stop_of_a_group_without_later_rules_is_told():
    assert codes("group: g, stop: group", "group: g, when: message.customer") == ["W318"]
    assert codes("group: g, if: {auto: true}, stop: group", "group: g") == []


def test_a_limit_of_a_rule_that_sends_nothing_is_told():
    limit = "limit: {mails: 5, per: 1h}"
    assert codes(f"{limit}, if: {{auto: true}}") == ["W321"]
    assert codes(f"{limit}, when: macro, do: [{{reply: {{template: faq-password}}}}]") == ["W321"]
    assert codes(f"{limit}, if: {{auto: true}}, do: [{{ack: {{template: received}}}}]") == ["W321"]
    assert codes(f"{limit}, if: {{auto: true}}, do: [{{forward: parts@supplier.example}}]") == []


def test_a_large_set_takes_no_more_than_its_share_of_time():
    rules = "\n".join(
        f"- {{id: r{number}, when: ticket.created, owner: anna, stop: true, if: {{subject: {{contains: w{number}}}}}, do: [{{tag: x}}]}}"
        for number in range(1500)
    )
    loaded = load_text(f"rules:\n{dedent(rules)}")
    start = time.process_time()
    assert all(fault.code == "W310" for fault in lint(loaded))
    assert time.process_time() - start < 20
