"""What can be proved of conditions: columns of what is, and of what is not; and no proof that any mail gives the lie to."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.rules.fields import Facts
from maild.rules.proofs import find_contradictions, implies, is_impossible
from tests.rig.occasions import a_message, a_ticket, an_occasion, rules_from

EVERYTHING = "{size: {gte: 0}}"


def condition(text):
    (rule,) = rules_from(f"rules: [{{id: a, when: ticket.created, if: {text}, do: [{{tag: x}}]}}]").rules
    return rule.condition


def check(premise, conclusion, expected):
    assert implies(condition(premise), condition(conclusion)) is expected, (premise, conclusion)


def test_of_values():
    check("{subject: a}", "{subject: [b, A]}", True)
    check("{subject: [a, b]}", "{subject: {in: [a, b, c]}}", True)
    check("{subject: [a, d]}", "{subject: [a, b]}", False)
    check("{subject: your invoice}", "{subject: {contains: invoice}}", True)
    check("{subject: your invoice}", "{subject: {word: [inv*]}}", True)
    check("{subject: your invoice}", "{subject: {glob: 'your *'}}", True)
    check("{subject: your invoice}", "{subject: {matches: invoice}}", False)  # it may be written INVOICE
    check("{subject: {is: your invoice, cased: true}}", "{subject: {matches: invoice}}", True)
    check("{subject: {is: Invoice, cased: true}}", "{subject: invoice}", True)
    check("{subject: invoice}", "{subject: {is: invoice, cased: true}}", False)
    check("{subject: a}", "{subject: {exists: true}}", True)
    check("{subject: a}", "{body: a}", False)


def test_of_texts():
    check("{subject: {contains: your invoice}}", "{subject: {contains: invoice}}", True)
    check("{subject: {contains: invoice}}", "{subject: {contains: your invoice}}", False)
    check("{subject: {contains: [invoice, bill]}}", "{subject: {contains: invoice}}", False)
    check("{subject: {contains_all: [invoice, bill]}}", "{subject: {contains: invoice}}", True)
    check("{subject: {starts: 'order 12'}}", "{subject: {starts: order}}", True)
    check("{subject: {starts: order}}", "{subject: {contains: [rde]}}", True)
    check("{subject: {ends: 'an order'}}", "{subject: {ends: order}}", True)
    check("{subject: {word: invoices}}", "{subject: {word: invoice*}}", True)
    check("{subject: {word: invoice*}}", "{subject: {word: invoice}}", False)
    check("{subject: {word: invoice}}", "{subject: {contains: voice}}", True)
    check("{subject: {word: 'pay now'}}", "{subject: {contains: 'pay now'}}", False)  # "pay-now" has the words, and not that text
    check("{subject: {matches: [a]}}", "{subject: {matches: [b, a]}}", True)
    check("{subject: {glob: 'a*'}}", "{subject: {glob: ['a*', b]}}", True)


def test_of_addresses():
    check("{from: ann@mail.globex.example}", "{from: {listed: globex.example}}", True)
    check("{from: {listed: [mail.globex.example, eve@acme.example]}}", "{from: {listed: [globex.example, acme.example]}}", True)
    check("{from: {listed: globex.example}}", "{from: {listed: mail.globex.example}}", False)
    check("{from: {listed: globex.example}}", "{from: {ends: lobex.example}}", True)
    check("{from: {listed: globex.example}}", "{from: {ends: '@globex.example'}}", False)
    check("{from: {listed: globex.example}}", "{from: {exists: true}}", True)


def test_of_numbers():
    check("{size: {gt: 5}}", "{size: {gte: 5}}", True)
    check("{size: {gte: 5}}", "{size: {gt: 5}}", False)
    check("{size: {between: [2, 3]}}", "{size: {lt: 4}}", True)
    check("{size: {gt: 5, lt: 10}}", "{size: {between: [0, 20]}}", True)
    check("{size: [6, 7]}", "{size: {gt: 5}}", True)
    check("{tags: {count: 2}}", "{tags: {count: {gt: 1}}}", True)


def test_of_sets_and_flags_and_negations():
    check("{tags: {has_all: [a, b]}}", "{tags: a}", True)
    check("{tags: a}", "{tags: {has_none: [b]}}", False)  # a ticket has several
    check("{subject: a}", "{subject: {not: b}}", True)
    check("{header.X-Mark: a}", "{header.X-Mark: {not: b}}", False)  # so may a mail
    check("{subject: {not: [a, b]}}", "{subject: {not: a}}", True)
    check("{auto: {not: true}}", "{auto: false}", True)


def test_of_trees():
    check("{subject: a, auto: false}", "{auto: false}", True)
    check("{auto: false}", "{subject: a, auto: false}", False)
    check("{auto: false}", "{any: [{subject: a}, {auto: false}]}", True)
    check("{any: [{subject: a}, {subject: b}]}", "{subject: [a, b, c]}", True)
    check("{any: [{subject: a}, {auto: true}]}", "{subject: [a, b, c]}", False)


@pytest.mark.parametrize(
    "text",
    [
        *("{size: {gt: 5, lt: 3}}", "{size: {gt: 5, lt: 5}}", "{size: {is: 4, gt: 4}}", "{size: {in: [1, 9], gt: 5, lt: 8}}"),
        "{from: {is: ann@globex.example, not: {listed: globex.example}}}",
        *("{subject: {is: a, not: a}}", "{all: [{subject: a}, {subject: b}]}", "{subject: {is: invoice, contains: order}}"),
        *("{subject: {contains: invoice, not: {contains: voice}}}", "{subject: {starts: a, not: {exists: true}}}"),
        *(
            "{all: [{auto: true}], none: [{auto: true}]}",
            "{subject: {starts: re, is: fwd}}",
            "{all: [{subject: {starts: [a, b]}}, {subject: {starts: c}}]}",
        ),
        "{auto: true, any: [{all: [{subject: a}, {subject: b}]}, {size: {gt: 2, lt: 1}}]}",
    ],
)
def test_what_can_never_hold(text):
    assert is_impossible(condition(text))
    assert list(find_contradictions(condition(text)))


@pytest.mark.parametrize(
    "text",
    [
        *("{tags: {has: a, has_none: [b]}}", "{all: [{tags: a}, {tags: b}]}", "{all: [{header.X: a}, {header.X: b}]}"),
        *(
            "{size: {gte: 5, lte: 5}}",
            "{subject: {is: invoice, matches: INVOICE}}",
            "{all: [{to: a@a.example}, {to: b@b.example}]}",
            EVERYTHING,
        ),
    ],
)
def test_what_may_hold(text):
    assert not is_impossible(condition(text))
    assert not list(find_contradictions(condition(text)))


def test_a_part_that_can_never_hold_is_found_though_the_whole_may():
    mixed = condition("{any: [{auto: true}, {all: [{subject: a}, {subject: b}]}]}")
    assert not is_impossible(mixed)
    (found,) = find_contradictions(mixed)
    assert str(found) == '"subject" is never is a and is b at once'


WORDS = ["a", "A", "ab", "b a", "b", "Я", "", "a-b", "b@a.b", "b@.", "@"]
LEAVES = [
    *(
        f"subject: {{{operator}: '{word}'}}"
        for operator in ("is", "contains", "starts", "ends", "glob", "word")
        for word in ("a", "ab", "b a")
    ),
    *(
        "subject: [a, ab]",
        "subject: ''",
        "subject: {matches: a}",
        "subject: {matches: 'b'}",
        "subject: {exists: true}",
        "subject: {exists: false}",
        "subject: {listed: b}",
        "subject: {listed: [a.b, ab]}",
        "subject: {listed: b@a.b, cased: true}",
    ),
    *("subject: {is: A, cased: true}", "subject: {contains: a, cased: true}", "subject: {contains_all: [a, b]}", "subject: {not: a}"),
    *("tags: a", "tags: {has_all: [a, b]}", "tags: {has_none: [a]}", "tags: {count: {gt: 1}}", "tags: {count: 1}", "tags: {exists: false}"),
    *(
        "size: 2",
        "size: {gt: 2}",
        "size: {lt: 2}",
        "size: {between: [1, 3]}",
        "size: [1, 3]",
        "size: {not: {gt: 1}}",
        "size: {gte: 2, lte: 3}",
    ),
    *("auto: true", "auto: false", "auto: {not: true}", "header.X: a", "header.X: {not: a}", "header.X: {starts: a}", "header.X: ab"),
    *("priority: high", "priority: {not: [high, low]}", "owner: null", "owner: anna"),
]
TREES = st.recursive(
    st.sampled_from([f"{{{leaf}}}" for leaf in LEAVES]),
    lambda inner: st.tuples(st.sampled_from(["all", "any", "none"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda made: f"{{{made[0]}: [{', '.join(made[1])}]}}"
    ),
    max_leaves=5,
).filter(lambda text: text.count("[{") <= 5)
MAILS = [
    an_occasion(
        message=a_message(subject=subject, size=size, headers=tuple(("X", value) for value in marks)), ticket=a_ticket(tags=frozenset(tags))
    )
    for subject, size, marks, tags in product(WORDS, (1, 2, 3), ((), ("a",), ("a", "ab")), ((), ("a",), ("a", "b")))
]


@given(TREES, TREES)
def test_no_mail_gives_the_lie_to_a_proof(first, second):
    premise, conclusion = condition(first), condition(second)
    proved, impossible = implies(premise, conclusion), is_impossible(premise)
    if proved or impossible:
        for occasion in MAILS:
            facts = Facts(occasion)
            if premise.holds(facts, []):
                assert not impossible, first
                assert conclusion.holds(facts, []), (first, second)


@pytest.mark.parametrize("first", LEAVES)
def test_no_mail_gives_the_lie_to_a_proof_of_two_comparisons(first):
    premise = condition(f"{{{first}}}")
    holding = [Facts(occasion) for occasion in MAILS if premise.holds(Facts(occasion), [])]
    for second in LEAVES:
        conclusion, both = condition(f"{{{second}}}"), condition(f"{{all: [{{{first}}}, {{{second}}}]}}")
        if implies(premise, conclusion):
            assert all(conclusion.holds(facts, []) for facts in holding), (first, second)
        if is_impossible(both):
            assert not any(conclusion.holds(facts, []) for facts in holding), (first, second)
