from maild.message import Address
from maild.rules.engine import evaluate
from maild.rules.explain import explain, explain_firing, explain_why_not, read_traces
from maild.rules.verdict import Event
from tests.rig.occasions import a_message, a_ticket, an_occasion, rules_from


def sentence(rest, occasion=None, do="tag: [payment]"):
    rules = rules_from(f"rules:\n  - {{id: payment, when: ticket.created, {rest}do: [{{{do}}}]}}\n")
    (explanation,) = explain(evaluate(rules, occasion or an_occasion(message=a_message(body="the invoices, please"))).trace)
    assert str(explanation).endswith("   (rules/10.yaml:2)")
    return str(explanation).removesuffix("   (rules/10.yaml:2)").removeprefix("rule payment")


def check(condition, expected, occasion=None):
    assert sentence(f"if: {{{condition}}}, ", occasion) == expected


def test_a_rule_that_fired_says_why_and_what():
    check("text: {word: 'invoice*'}", ': text has the word "invoices" → tagged payment')
    check("from.domain: [acme.example, globex.example]", ": from.domain is globex.example → tagged payment")
    check("subject: {not: invoice}", ": subject is Printer → tagged payment")
    check("size: {gt: 10}", ": size is 1000, more than 10 → tagged payment")
    check("owner: {exists: false}", ": owner is empty → tagged payment")
    assert sentence("") == ": always → tagged payment"


def test_the_log_says_why_a_rule_fired_and_where_it_stands():
    rules = rules_from("rules:\n  - {id: payment, when: ticket.created, if: {text: {word: 'invoice*'}}, do: [{tag: [payment]}]}\n")
    (trace,) = evaluate(rules, an_occasion(message=a_message(body="the invoices, please"))).trace
    assert explain_firing(trace) == 'text has the word "invoices" → tagged payment   (rules/10.yaml:2)'


def test_a_rule_that_did_not_fire_says_what_was_there_and_what_was_wanted():
    check("from.domain: acme.example", " did not fire: from.domain is globex.example, wanted acme.example")
    check("from.domain: [a.example, b.example]", " did not fire: from.domain is globex.example, wanted one of a.example, b.example")
    check("text: {word: [pay, paid]}", " did not fire: text has no word like pay, paid")
    check("subject: {not: printer}", " did not fire: subject is Printer, which it must not")
    check("size: {gt: 1MB}", " did not fire: size is 1000, wanted more than 1MB")
    check("owner: anna", " did not fire: owner is empty, wanted anna")
    check("none: [{tags: vip}]", " did not fire: tags has vip, which it must not", an_occasion(ticket=a_ticket(tags=frozenset({"vip"}))))
    check("subject: {contains: [a, b]}", " did not fire: subject does not contain any of a, b")
    check("tags: vip", " did not fire: tags is empty, wanted vip in it")
    check("subject: {matches: '^x'}", " did not fire: subject does not match ^x")


def test_every_failed_alternative_is_told():
    check("any: [{subject: a}, {subject: b}]", " did not fire: subject is Printer, wanted a; subject is Printer, wanted b")


def test_shadow_and_disabled_rules_say_so():
    assert sentence("mode: shadow, ") == ": always → would have: tagged payment"
    assert sentence("disabled: being rewritten, ") == " was not asked: disabled: being rewritten"


def test_why_not_names_events_and_rules_that_were_not_asked():
    rules = rules_from(
        "rules:\n  - {id: a, when: ticket.created, if: {subject: x}, do: [{tag: a}]}\n  - {id: b, when: message.customer, do: [{tag: b}]}\n"
    )
    traces = evaluate(rules, an_occasion()).trace
    assert list(explain_why_not("a", [traces], ["ticket.created"])) == [
        "ticket.created: rule a did not fire: subject is Printer, wanted x   (rules/10.yaml:2)"
    ]
    assert list(explain_why_not("b", [traces], ["message.customer"])) == ["rule b was not asked: it is not for ticket.created"]
    assert list(explain_why_not("b", (), ["message.customer"])) == ["rule b was not asked: no rules ran"]


def test_why_not_of_a_rule_that_is_younger_than_the_event_says_that_it_was_not_there():
    first = "rules:\n  - {id: a, when: [ticket.created, message.customer], do: [{tag: a}]}\n"
    later = first + "  - {id: b, when: [ticket.created, message.customer], if: {subject: x}, do: [{tag: b}]}\n"
    old = evaluate(rules_from(first), an_occasion()).trace
    new = evaluate(rules_from(later), an_occasion(event=Event.MESSAGE_CUSTOMER)).trace
    assert list(explain_why_not("b", [old, new, new], ["ticket.created", "message.customer"])) == [
        "ticket.created: rule b was not asked: it was not there then, or not for that",
        "message.customer: rule b did not fire: subject is Printer, wanted x   (rules/10.yaml:3)",
    ]


def test_who_has_no_address_is_shown_by_name_alone():
    assert (str(Address("rule refund", "")), str(Address("Ann", "a@b.example")), str(Address("", "a@b.example"))) == (
        "rule refund",
        "Ann <a@b.example>",
        "a@b.example",
    )


def test_stored_traces_tell_the_same():
    rules = rules_from("rules:\n  - {id: a, when: ticket.created, do: [{tag: a}]}\n")
    traces = evaluate(rules, an_occasion()).trace
    assert list(explain(read_traces([trace.to_mapping() for trace in traces]))) == list(explain(traces))
