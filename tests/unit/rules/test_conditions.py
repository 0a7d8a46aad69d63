"""Every operator and every field, as columns: a condition in YAML, a message or ticket, and whether the rule fires."""

from dataclasses import replace
from datetime import timedelta
from textwrap import indent

from maild.background import NO_BACKGROUND, Aspect, Background
from maild.message import Address, Attachment, Authentication, AuthResult, MessageClass
from maild.rules.engine import evaluate
from maild.rules.explain import describe_leaf, explain_rule
from maild.rules.verdict import ABOUT_DEPARTMENTS, NAMED_EVENTS, Event, Leaf, Source
from maild.ticket import Priority, Status
from tests.rig.occasions import NOW, a_message, a_ticket, an_occasion, rules_from

LISTS = "lists:\n  pay: [payment*, плащан*]\n  vip: [globex.example, initech.example]\n"
EVENTS = ", ".join(event.value for event in NAMED_EVENTS if event not in ABOUT_DEPARTMENTS)


def fires(condition, occasion, when=EVENTS):
    text = f"{LISTS}rules:\n  - id: it\n    when: [{when}]\n    if:\n"
    rules = rules_from(text + indent(condition, "      ") + "\n    do: [{tag: hit}]\n")
    (trace,) = evaluate(rules, occasion).trace
    assert not trace.problem, trace.problem
    return trace.fired


def check(condition, expected, **message):
    assert fires(condition, an_occasion(message=a_message(**message))) is expected, condition


def check_ticket(condition, expected, **ticket):
    assert fires(condition, an_occasion(ticket=a_ticket(**ticket))) is expected, condition


def test_a_plain_value_means_equals_folded():
    check("subject: printer", True)
    check("subject: PRÍNTER", True)
    check("subject: print", False)
    check("subject: [invoice, printer]", True)
    check("subject: 1042", True, subject="1042")
    check('subject: ""', True, subject="")


def test_an_address_is_listed_by_itself_its_domain_or_one_above():
    check("from: {listed: ANN@globex.example}", True)
    check("from: {listed: [initech.example, globex.example]}", True)
    check("from: {listed: '@globex.example'}", True)
    check("from: {listed: $vip}", True)
    check("from: {listed: example}", True)
    check("from: {listed: lobex.example}", False)
    check("from: {listed: boris@globex.example}", False)
    check("from: {not: {listed: globex.example}}", False)
    check("cc: {listed: globex.example}", True, cc=(Address("", "x@y.example"), Address("", "bob@mail.globex.example")))
    check("cc: {listed: mail.globex.example}", False, cc=(Address("", "bob@globex.example"),))
    check("from.domain: {listed: example}", True)


def test_contains():
    check("text: {contains: ON FIRE}", True)
    check("text: {contains: [smoke, fire]}", True)
    check("text: {contains: smoke}", False)
    check("text: {contains_all: [it, fire]}", True)
    check("text: {contains_all: [it, smoke]}", False)
    check("body: {contains: printer}", False)
    check("text: {contains: printer it}", True)  # subject and body, white space folded


def test_starts_and_ends():
    check("subject: {starts: prin}", True)
    check("subject: {starts: [x, prin]}", True)
    check("subject: {starts: rint}", False)
    check("subject: {ends: ER}", True)
    check("subject: {ends: prin}", False)


def test_word_is_whole_and_a_final_star_stands_for_any_ending():
    check("body: {word: fire}", True)
    check("body: {word: fir}", False)
    check("body: {word: fir*}", True)
    check("body: {word: ire*}", False)
    check("body: {word: on fire}", True)
    check("body: {word: $pay}", True, body="Две плащания!")
    check("body: {word: $pay}", True, body="(payments)")
    check("body: {word: $pay}", False, body="prepayment")
    check("body: {word: پرداخت*}", True, body="پرداخت‌ها را ببینید")


def test_glob_and_matches():
    check('from: {glob: "*@globex.example"}', True)
    check('from: {glob: "ann"}', False)
    check("subject: {matches: 'Pr.nter'}", True)
    check("subject: {matches: 'pr.nter'}", False)  # a pattern's author decides on case
    check("subject: {matches: '(?i)pr.nter'}", True)


def test_cased_switches_folding_off():
    check("subject: {is: Printer, cased: true}", True)
    check("subject: {is: printer, cased: true}", False)
    check("body: {word: it, cased: true}", False)
    check("body: {contains: It, cased: true}", True)


def test_not_takes_any_value():
    check("subject: {not: invoice}", True)
    check("subject: {not: [invoice, printer]}", False)
    check("subject: {not: {starts: prin}}", False)
    check("subject: {not: {starts: prin, ends: xx}}", True)
    check("subject: {not: {not: printer}}", True)
    check("not: {subject: printer, body: {contains: smoke}}", True)


def test_groups_nest():
    check("all: [{subject: printer}, {body: {contains: fire}}]", True)
    check("all: [{subject: printer}, {body: {contains: smoke}}]", False)
    check("any: [{subject: invoice}, {body: {contains: fire}}]", True)
    check("none: [{subject: invoice}, {body: {contains: smoke}}]", True)
    check("none: [{subject: invoice}, {body: {contains: fire}}]", False)
    check("none: [{subject: printer, body: {contains: smoke}}]", True)
    check("any: [{none: [{subject: printer}]}, {all: [{any: [{subject: printer}]}]}]", True)


def test_every_line_of_a_mapping_must_hold():
    check("{subject: printer, from: ann@globex.example}", True)
    check("{subject: printer, from: bob@globex.example}", False)
    check("subject: {starts: p, ends: r}", True)
    check("subject: {starts: p, ends: x}", False)


def test_senders_and_recipients():
    check("from: Ann@Globex.Example", True)
    check("from.name: ann smith", True)
    check("from.domain: {in: $vip}", True)
    check("from.domain: $vip", True)
    check("from.domain: {not: $vip}", False)
    check("to: support@acme.example", True)
    check("to: {has: [x@acme.example, support@acme.example]}", True)
    check("to: {has_all: [support@acme.example, x@acme.example]}", False)
    check("to: {has_none: [x@acme.example]}", True)
    check("to: {ends: '@acme.example'}", True)
    check("cc: {exists: false}", True)
    check("cc: {count: {gte: 1}}", True, cc=(Address("", "bob@globex.example"),))
    check("reply_to: {exists: true}", True, reply_to=(Address("", "bob@globex.example"),))


def test_headers():
    flagged = (("X-Spam-Flag", "YES"), ("X-Tag", "one"), ("X-Tag", "=?utf-8?q?zw=C3=B6lf?="))
    check('header.X-Spam-Flag: "YES"', True, headers=flagged)
    check('header.x-spam-flag: "yes"', True, headers=flagged)
    check("header.X-Spam-Flag: {exists: true}", False)
    check("header.X-Tag: zwölf", True, headers=flagged)
    check("header.X-Tag: {not: three}", True, headers=flagged)
    check("header.X-None: {not: three}", True)


def test_attachments_and_sizes():
    files = (
        Attachment("Invoice.PDF", "application/pdf", 9, "", False, None, 1),
        Attachment("logo.png", "image/png", 9, "", True, "logo", 2),
    )
    check("attachments: {ends: .pdf}", True, attachments=files)
    check("attachments: {count: 1}", True, attachments=files)
    check("attachments: {count: {gt: 0}}", False)
    check("attachments: {exists: false}", True)
    check("size: {gt: 1kB}", True, size=1001)
    check("size: {gt: 1KiB}", False, size=1001)
    check("size: {between: [1, 5MiB]}", True)


def test_spam_score_is_unknown_without_a_filter():
    check("spam.score: {gte: 8}", True, headers=(("X-Spam-Score", "9.5"),))
    check("spam.score: {gte: 8}", False, headers=(("X-Spam-Score", "1.0"),))
    check("spam.score: {lt: 8}", False)
    check("spam.score: {exists: false}", True)


def test_spam_is_what_a_filter_calls_so():
    check("spam: true", True, headers=(("X-Spam-Flag", "YES"),))
    check("spam: true", False, headers=(("X-Spam-Flag", "NO"), ("X-Spam-Score", "3")))
    check("spam: false", True)


def test_numbers():
    check_ticket("replies.customer: {gte: 3}", True, customer_messages=3)
    check_ticket("replies.customer: {gt: 3}", False, customer_messages=3)
    check_ticket("replies.customer: {lte: 3, gt: 2}", True, customer_messages=3)
    check_ticket("replies.customer: [1, 2]", False, customer_messages=3)
    check_ticket("replies.agent: 0", True)
    check_ticket("age: {gt: 3d}", True, created=NOW - timedelta(days=4))
    check_ticket("age: {lt: 12h}", True, created=NOW - timedelta(hours=1))


def test_the_ticket():
    check_ticket("{queue: support, status: new, priority: normal}", True)
    check_ticket("status: {not: [waiting, closed]}", False, status=Status.CLOSED)
    check_ticket("priority: [high, urgent]", True, priority=Priority.URGENT)
    check_ticket("owner: {exists: false}", True)
    check_ticket("owner: null", True)
    check_ticket("owner: anna", True, owner="anna")
    check_ticket("owner: {not: null}", True, owner="anna")
    check_ticket("team: payments", True, team="payments")
    check_ticket("tags: vip", True, tags=frozenset({"VIP", "faq"}))
    check_ticket("tags: {has_none: [faq]}", False, tags=frozenset({"faq"}))
    check_ticket("tags: {has_all: [faq, vip]}", True, tags=frozenset({"vip", "faq"}))
    check_ticket("tags: {count: {gte: 2}}", True, tags=frozenset({"vip", "faq"}))
    check_ticket("language: [bg, ru]", True, language="bg")
    check_ticket("field.order: {exists: true}", True, fields={"order": "7"})
    check_ticket('field.order: "7"', False)


def test_the_circumstances():
    human = an_occasion()
    assert fires("{auto: false, bulk: false, kind: human}", human)
    assert fires("bulk: true", an_occasion(message_class=MessageClass.LIST))
    assert not fires("auto: true", an_occasion(message_class=MessageClass.LIST))
    assert fires("{auto: true, kind: [auto_reply, bounce]}", an_occasion(message_class=MessageClass.AUTO_REPLY))
    assert fires("mailbox: support@acme.example", human)
    judged = Authentication(AuthResult.FAIL, AuthResult.PASS, AuthResult.NONE, AuthResult.FAIL, signed=AuthResult.PASS)
    wanted = "{auth: fail, auth.spf: pass, auth.dkim: none, auth.dmarc: fail, auth.signed: pass}"
    assert fires(wanted, an_occasion(authentication=judged))
    assert fires("{auth: unknown, auth.spf: unknown, auth.signed: unknown}", human)


def check_behind(condition, expected, background=NO_BACKGROUND, **ticket):
    occasion = an_occasion(ticket=a_ticket(**ticket), event=Event.MESSAGE_CUSTOMER, background=background)
    assert fires(condition, occasion, "message.customer") is expected, condition


def test_who_the_requester_is_to_the_desk():
    ann = Background(tickets=3, tags=frozenset({"VIP", "faq"}), last_agent="boris")
    check_behind("customer.first_time: true", True)
    check_behind("customer.first_time: false", True, ann)
    check_behind("customer.tickets: {gte: 3}", True, ann)
    check_behind("customer.tickets: 0", True)
    check_behind("customer.last_agent: [anna, boris]", True, ann)
    check_behind("customer.last_agent: {exists: false}", True)
    check_behind("customer.tags: {has_all: [vip, faq], count: 2}", True, ann)
    check_behind("customer.tags: {has_none: [vip]}", False, ann)


def test_how_much_there_is_to_do():
    busy = Background(loads={"boris": 12}, lengths={"support": 40})
    check_behind("agent.load: {gt: 11}", True, busy, owner="boris")
    check_behind("agent.load: 0", True, busy, owner="anna")
    check_behind("agent.load: {exists: false}", True, busy)
    check_behind("queue.length: {between: [40, 50]}", True, busy)
    check_behind("queue.length: 0", True, busy, queue="sales")


def test_another_owner_has_another_load():
    rules = rules_from("""
        rules:
          - {id: give, when: ticket.created, do: [{set: {owner: boris, queue: sales}}]}
          - {id: it, when: ticket.created, if: {agent.load: 12, queue.length: 3}, do: [{tag: hit}]}
    """)
    busy = Background(loads={"boris": 12}, lengths={"support": 40, "sales": 3})
    assert "hit" in evaluate(rules, an_occasion(background=busy)).ticket.tags


def test_the_past_of_a_ticket():
    past = Background(waits_since=NOW - timedelta(hours=5), changed=NOW - timedelta(days=3), reopenings=2)
    check_behind("waiting: {gt: 4h, lt: 6h}", True, past)
    check_behind("waiting: {between: [0s, 1s]}", True)  # whoever writes now waits since now
    check_behind("idle: {gte: 3d}", True, past)
    check_behind("idle: 0s", True)
    check_behind("reopened: {gte: 2}", True, past)
    check_behind("snoozed: true", True, snoozed_until=NOW + timedelta(hours=1))
    check_behind("snoozed: false", True)


def test_a_set_of_rules_says_what_must_be_looked_up():
    rules = rules_from("""
        rules:
          - {id: a, when: ticket.created, if: {subject: printer}, do: [{tag: hit}]}
          - {id: b, when: mail.received, if: {any: [{not: {customer.tags: {count: 2}}}, {waiting: {gt: 1h}}]}, do: [{tag: hit}]}
          - {id: c, when: message.customer, disabled: not now, if: {agent.load: 1}, do: [{tag: hit}]}
    """)
    assert rules.aspects_of([Event.TICKET_CREATED, Event.MESSAGE_CUSTOMER]) == frozenset()
    assert rules.aspects_of(Event) == {Aspect.REQUESTER, Aspect.PAST}


def test_how_the_mail_came():
    assert fires("source: mail", an_occasion())
    assert fires("source: forwarded", an_occasion(source=Source.FORWARDED))


def test_body_is_the_new_part_and_body_full_has_all():
    quoted = replace(a_message(body="Thanks"), text="Thanks\n> about the invoice")
    assert not fires("text: {word: invoice}", an_occasion(message=quoted))
    assert fires("body.full: {word: invoice}", an_occasion(message=quoted))


def test_every_event_is_asked_at_its_moment():
    for event in set(NAMED_EVENTS) - ABOUT_DEPARTMENTS:
        assert fires("subject: printer", replace(an_occasion(event=event), rule="it"))


def check_change(condition, before, after, expected):
    occasion = an_occasion(event=Event.TICKET_CHANGED, ticket=a_ticket(**after), before=None if before is None else a_ticket(**before))
    assert fires(condition, occasion) is expected, condition


def test_what_has_changed_is_known_by_what_was():
    closed, opened, urgent = {"status": Status.CLOSED}, {"status": Status.OPEN}, {"priority": Priority.URGENT}
    check_change("status: {changed: true}", opened, closed, True)
    check_change("status: {changed: true}", closed, closed, False)
    check_change("status: {changed: false}", closed, closed, True)
    check_change("status: {changed: true}", None, closed, False)
    check_change("status: {changed_to: closed}", opened, closed, True)
    check_change("status: {changed_to: [closed, spam]}", opened, closed, True)
    check_change("status: {changed_to: closed}", closed, closed, False)
    check_change("status: {changed_to: closed}", None, closed, False)
    check_change("status: {not: {changed_to: closed}}", opened, closed, False)
    check_change("status: {not: {changed_to: closed}}", closed, closed, True)
    check_change("status: {changed_from: open, changed_to: closed}", opened, closed, True)
    check_change("status: {changed_from: waiting}", opened, closed, False)
    check_change("priority: {changed: true}", opened, urgent, True)
    check_change("was.status: open", opened, closed, True)
    check_change("was.status: {exists: false}", None, closed, True)
    check_change("owner: {changed_from: anna, changed_to: null}", {"owner": "anna"}, {}, True)
    check_change("field.order: {changed_to: '7'}", {}, {"fields": {"order": "7"}}, True)


def test_of_a_set_what_came_and_what_went_is_known():
    old, vip, both = ({"tags": frozenset(tags)} for tags in (("old",), ("vip",), ("old", "vip")))
    check_change("tags: {changed_to: vip}", old, both, True)
    check_change("tags: {changed_to: old}", old, both, False)
    check_change("tags: {changed_from: old}", both, vip, True)
    check_change("tags: {changed_from: vip}", both, vip, False)
    check_change("was.tags: {has_none: [vip]}", old, both, True)
    check_change("tags: {not: {changed_to: vip}}", old, both, False)


def test_a_change_is_told_with_what_was_before():
    (trace,) = evaluate(
        rules_from("rules: [{id: it, when: ticket.changed, if: {status: {changed_to: closed}}, do: [{tag: x}]}]"),
        an_occasion(event=Event.TICKET_CHANGED, ticket=a_ticket(status=Status.CLOSED), before=a_ticket(status=Status.OPEN)),
    ).trace
    assert str(explain_rule(trace)).startswith("rule it: status changed from open to closed; status is closed → tagged x")
    assert describe_leaf(Leaf("status", "changed", "", "", False)) == "status has not changed"
    assert describe_leaf(Leaf("status", "not changed", "", "open to closed", False)).startswith("status changed from open to closed")
