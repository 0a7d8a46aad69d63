"""Which rules are asked at all: only those that find what they need, and whatever is left out could not have fired."""

import json
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from maild.message import HeaderField
from maild.rules.conditions import ALWAYS, AllOf, Comparison
from maild.rules.engine import evaluate
from maild.rules.fields import Clue, Facts, Field, FieldKind, Form
from maild.rules.index import Index
from maild.rules.operators import Equals, Test
from maild.rules.ruleset import Rule, RuleSet
from maild.rules.verdict import Event, Leaf
from tests.rig.occasions import a_message, a_ticket, an_occasion, rules_from


def passes(condition, occasion):
    """Whether a rule with that condition is asked."""
    (rule,) = rules_from(f"rules: [{{id: it, when: ticket.created, if: {condition}, do: [{{tag: hit}}]}}]").rules
    index, facts = Index.of({rule.id: rule.condition}), Facts(occasion)
    return not index.leaves_out(rule.id, index.find_lasting(facts) | index.find_passing(facts))


def check(condition, expected, **message):
    assert passes(condition, an_occasion(message=a_message(**message))) is expected, condition


def test_values_words_and_parts_must_be_there():
    check("{subject: [invoice, PRINTER]}", True)
    check("{subject: print}", False)
    check("{subject: {is: printer, cased: true}}", False)
    check("{to: {has_all: [support@acme.example, sales@acme.example]}}", False)
    check("{text: {contains: [smoke, N FIR]}}", True)
    check("{text: {contains_all: [it, smoke]}}", False)
    check("{subject: {starts: inter}}", True)  # it stands there, though not in front
    check("{subject: {ends: printed}}", False)
    check("{text: {word: [fire]}}", True)
    check("{text: {word: [fir]}}", False)
    check("{text: {word: [fir*]}}", True)


def test_of_several_words_the_longest_must_be_there():
    check("{text: {contains: printer it}}", True)
    check("{text: {contains: printed it}}", False)
    check("{text: {word: [it is on fi*]}}", True)
    check("{text: {word: [fire is on fi*]}}", True)  # each word is there, though not in that order
    check("{text: {word: [it was on fi*]}}", False)
    check("{text: {word: [is on smok*]}}", True)
    check("{text: {contains_all: [it is, is on smoke]}}", False)


def test_of_a_pattern_the_letters_must_be_there_that_it_cannot_do_without():
    check(r"{subject: {matches: '(?i)print\w*\s*(?P<n>\d+)'}}", True)
    check(r"{subject: {matches: '(?i)ticket\D*(?P<n>\d+)'}}", False)
    check(r"{subject: {matches: '[0-9]+'}}", True)  # no letters are sure
    check(r"{subject: {matches: '\d{2}|x|\w'}}", True)


def test_what_nobody_can_say_of_a_condition_keeps_it_in():
    for condition in ("{subject: {not: printer}}", "{size: {gt: 9999}}", "{cc: {exists: true}}", "{subject: {glob: '*x*'}}"):
        check(condition, True)
    for operator in ("contains", "contains_all", "starts", "ends", "word"):
        check(f"{{subject: {{{operator}: X, cased: true}}}}", True)
    check("{any: [{subject: invoice}, {size: {gt: 9999}}]}", True)


def test_of_what_must_all_hold_one_thing_is_enough_and_not_what_every_mail_has():
    check("{size: {gt: 9999}, subject: invoice}", False)
    check("{auto: false, priority: normal, header.X-Source: form}", False)
    check("{auto: false, size: {gt: 9999}}", True)
    check("{any: [{subject: invoice}, {body: {word: smoke}}]}", False)
    check("{any: [{subject: invoice}, {body: {word: fire}}]}", True)


def test_rules_are_asked_again_after_a_rule_has_changed_the_ticket():
    rules = rules_from(
        "rules:\n- {id: a, when: ticket.created, do: [{tag: x}]}\n- {id: b, when: ticket.created, if: {tags: x}, do: [{tag: y}]}\n"
    )
    assert evaluate(rules, an_occasion()).ticket.tags == {"x", "y"}


@dataclass(frozen=True, slots=True)
class _Unasked(Test):
    clues = (Clue(Form.PART, "smoke"),)

    def find(self, value):
        raise AssertionError("it was asked")


def a_rule(rule_id, *parts):
    return Rule(rule_id, (Event.TICKET_CREATED,), AllOf(parts), (), "rules/10.yaml", 1, "")


SUBJECT = Field("subject", FieldKind.TEXT, lambda occasion: (occasion.message.subject,))


def test_a_rule_that_finds_nothing_of_what_it_needs_is_not_asked():
    rules = RuleSet.of([a_rule("one", Comparison(SUBJECT, "is", "", _Unasked()))])
    (trace,) = evaluate(rules, an_occasion()).trace
    assert (trace.fired, trace.problem, trace.skipped) == (False, "", "")
    assert trace.leaves == (Leaf("subject", "is", "", "Printer", False),)  # nor is it when the trace is read
    (trace,) = evaluate(rules, an_occasion(message=a_message(subject="Smoke"))).trace
    assert trace.problem.startswith("AssertionError: it was asked")


def test_a_field_that_cannot_be_read_breaks_the_rule_that_asks_for_it_and_no_other():
    odd = Comparison(Field("odd", FieldKind.TEXT, lambda occasion: [1 / 0]), "is", "x", Equals(frozenset({"x"})))
    verdict = evaluate(RuleSet.of([a_rule("one", odd), replace(a_rule("two"), condition=ALWAYS)]), an_occasion())
    assert [(trace.rule, trace.problem[:17], trace.fired) for trace in verdict.trace] == [
        ("one", "ZeroDivisionError", False),
        ("two", "", True),
    ]


WORDS = ("Istanbul", "İSTANBUL", "strasse", "Straße", "Плащане", "плащан*", "πληρωμή", "ΠΛΗΡΩΜΗΣ", "\u212aelvin", "kelvin*", "ſafe", "é")
TEXTS = st.sampled_from([word.rstrip("*") for word in WORDS] + ["x", "7", "ticket 77", "a\nb", "a b", "\u200d", "ё", "فاکتور", ""])
REGEXES = ("(?i)STRASSE|kelvin", "(?i)плащане?", r"\d+", "(?i)[s-u]afe", "a.b", "(?s)a.b", "(?P<x>[kK]elvin)", "x*", "(?i)ΠΛΗΡΩΜΉ", "(?i)ı")
FIELDS = st.sampled_from(["subject", "text", "body", "tags", "from.name", "header.X-Any", "field.note", "was.tags", "attachments"])
OPERATORS = st.sampled_from(["in", "has_all", "contains", "contains_all", "starts", "ends", "word", "glob", "matches", "exists"])
FORMS = st.sampled_from(["plain", "plain", "not", "cased"])
SETS = {"tags", "was.tags", "attachments"}


def a_leaf(field, operator, words, pattern, form):
    """A condition on one field, as a rule would have it, if it were drawn by lot."""
    name = "in" if operator == "has_all" and field not in SETS else operator
    value = {name: {"matches": pattern, "exists": True}.get(name, words)}
    return {field: {"plain": value, "not": {"not": value}, "cased": {**value, "cased": True}}[form]}


LEAVES = st.builds(a_leaf, FIELDS, OPERATORS, st.lists(st.sampled_from(WORDS), min_size=1, max_size=3), st.sampled_from(REGEXES), FORMS)
GROUPS = st.builds(lambda name, parts: {name: parts}, st.sampled_from(["all", "any", "none"]), st.lists(LEAVES, min_size=1, max_size=3))
CONDITIONS = st.one_of(LEAVES, GROUPS, st.builds(lambda group, leaf: {"all": [group, leaf]}, GROUPS, LEAVES))
RULES = st.lists(st.tuples(CONDITIONS, st.sampled_from(["kelvin", "x", "й"])), min_size=1, max_size=5)


def written(rules):
    rows = ({"id": f"r{n}", "when": "ticket.created", "if": condition, "do": [{"tag": [tag]}]} for n, (condition, tag) in enumerate(rules))
    return rules_from("\n".join(["rules:", *(f"- {json.dumps(row)}" for row in rows)]))


@given(RULES.map(written), TEXTS, st.lists(TEXTS).map(" ".join), TEXTS, st.sets(TEXTS, max_size=2))
def test_the_verdict_and_its_trace_are_those_of_a_set_that_asks_every_rule(rules, subject, body, header, tags):
    message = replace(a_message(subject=subject, body=body), headers=(HeaderField("X-Any", header),))
    occasion = an_occasion(
        message=message, ticket=a_ticket(tags=frozenset(tags), fields={"note": header}), before=a_ticket(tags=frozenset({body}))
    )
    asks_every_rule = replace(rules, indexes={Event.TICKET_CREATED: Index(frozenset(), {}, (), ())})
    assert evaluate(rules, occasion) == evaluate(asks_every_rule, occasion)
