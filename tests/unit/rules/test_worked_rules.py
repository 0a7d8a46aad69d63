"""The worked rules of RULES.md 7 as they stand there, as far as the desk has what they need; and what it has not yet is refused as such."""

import pytest
from jsonschema import Draft7Validator

from maild.pipeline import Desk
from maild.rehearsal import rehearse
from maild.rules.schema import DeskWords, build_schema
from maild.rules.trial import run_cases
from maild.tokens import Tokens
from tests.rig.occasions import a_desk, load_text
from tests.unit.rules.test_schema import read

WORKED = r"""
version: 1
lists:
  vip_domains: [acme.example, globex.example]
  pay_words: [payment*, invoice*, плащан*, фактур*, πληρωμ*, τιμολογι*, оплат*, счет*, پرداخت*, فاکتور*]
  angry_words: [complaint*, оплакван*, παραπον*, жалоб*, شکایت*]
conditions:
  a_person: {auto: false, bulk: false}
rules:
  - id: spam                                  # 1  mark as spam
    when: mail.received
    if:
      any:
        - {spam.score: {gte: 8}}
        - {header.X-Spam-Flag: "YES"}
        - all: [{auth.dmarc: fail}, {from.domain: {in: $vip_domains}}]
    do: [{quarantine: "spam or forged sender"}]
    stop: true

  - id: route-sales                           # 2  departments, addresses
    when: ticket.created
    if: {mailbox: sales@acme.example}
    do: [{default: {queue: sales}}]

  - id: payment                               # 3  payment to one team; categories
    when: [ticket.created, message.customer]
    if:
      any:
        - {text: {word: $pay_words}}
        - {subject: {matches: '(?i)order\D{0,3}(?P<order>\d{5,9})'}}
    do:
      - tag: [payment]
      - default: {team: payments}                       # default: never pulls a ticket from its team
      - default: {field.order: "{{ match.order }}"}      # skipped and traced without an order number

  - id: complaint                             # 4  complaints, tasks with deadline
    when: ticket.created
    if: {text: {word: $angry_words}}
    do:
      - tag: [complaint]
      - set: {priority: high, team: complaints}
      - task: {title: "Call back and write down the cause", for: lead, due: 1d, clock: business}

  - id: first-time                            # 5  first contact
    when: ticket.created
    if:
      any:
        - {customer.first_time: true}
        - {from.domain: {in: $vip_domains}}
    do: [{default: {priority: high}}]

  - id: distribute                            # 6  who knows the customer, cap, fair
    when: [ticket.created, agent.away]
    if: {owner: {exists: false}}
    do:
      - assign: {pick: [knows_customer, least_loaded], cap: 12, hours: support}   # team: the ticket's, else the queue's

  - id: ack                                   # 7  minutes, out of hours: template shows next opening
    when: ticket.created
    if: {use: a_person}
    do: [{ack: {template: received, kb_titles: 3}}]

  - id: faq-password                          # 8  password reset answered automatically
    when: ticket.created
    if:
      all: [{use: a_person}, {text: {contains_all: [password, reset]}}]
      none: [{attachments: {count: {gt: 0}}}]
    once: ticket
    do: [{reply: {template: faq-password, then: waiting}}, {tag: [faq]}]

  - id: to-l2                                 # 10  tiers; customer kept informed
    when: message.customer
    if: {tier: L1, replies.customer: {gte: 3}, tags: {has_none: [faq]}}
    once: ticket
    do:
      - set: {tier: L2}
      - assign: {team: payments, pick: [least_loaded], cap: 8}
      - reply: {template: passed-to-specialist}

  - id: no-answer-30m                         # 11  30 minutes; business hours
    when: {after: 30m, while: {replies.agent: 0, status: {not: [waiting, closed]}}, clock: business}
    do:
      - set: {priority: urgent}
      - notify: {who: [lead, owner], template: escalation}

  - id: waiting-close                         # 12  finish or postpone
    when: {after: 7d, while: {status: waiting, snoozed: false}, clock: real}
    if: {tags: {has_none: [keep-open]}}
    do: [{close: {template: closed}}]

tests:
  - name: no first answer in 30 business minutes goes to the lead
    at: "2026-03-02 17:50 Europe/Sofia"          # Monday, closes 18:00
    mail: {from: ann@acme.example, to: support@acme.example, subject: "Не мога да вляза", body: "Помощ"}
    given: {customer: {tickets: 0}}
    steps:
      - expect: {fired: [first-time, ack], ticket: {priority: high}, sent: {ack: 1}}
      - wait: 15h                                   # Tuesday 08:50, still closed
      - expect: {not_fired: [no-answer-30m]}
      - wait: 31m                                   # Tuesday 09:21 = 31 business minutes
      - expect: {fired: [no-answer-30m], ticket: {priority: urgent}, sent: {escalation: 1}}
  - name: what a filter calls spam spends no number
    mail: {from: x@prizes.example, to: support@acme.example, subject: Win, body: x, headers: {X-Spam-Flag: "YES"}}
    expect: {fired: [spam], state: quarantined, sent: {ack: 0}}
  - name: to a department by its address
    mail: {from: bob@initech.example, to: sales@acme.example, subject: Hello, body: Prices?}
    expect: {fired: [route-sales, ack], ticket: {queue: sales}}
  - name: payment in Greek, with the order's number
    mail: {from: bob@initech.example, to: support@acme.example, subject: "Order 1234567", body: Η πληρωμή μου}
    expect: {fired: [payment], ticket: {team: payments, tags: [payment], field.order: "1234567"}}
  - name: payment in Persian, without a number
    mail: {from: bob@initech.example, to: support@acme.example, subject: x, body: پرداخت‌ها}
    expect: {fired: [payment], ticket: {team: payments, field.order: ""}}
  - name: a complaint in Russian
    mail: {from: bob@initech.example, to: support@acme.example, subject: Жалоба, body: x}
    expect: {fired: [complaint], ticket: {priority: high, team: complaints}}
  - name: a password is answered at once and not acknowledged beside
    mail: {from: bob@initech.example, to: support@acme.example, subject: Password, body: How do I reset it?}
    expect: {fired: [faq-password], ticket: {status: waiting, tags: [faq]}, sent: {faq-password: 1, ack: 0}}
  - name: whoever writes again after three mails gets a specialist
    given: {replies: {customer: 3, agent: 1}}
    mail: {from: bob@initech.example, to: support@acme.example, subject: x, body: Still nothing.}
    expect: {fired: [to-l2], ticket: {tier: L2}, sent: {passed-to-specialist: 1}}
  - name: what waits for a week is closed
    mail: {from: bob@initech.example, to: support@acme.example, subject: x, body: x}
    steps:
      - {reply: And now?, by: anna}
      - wait: 7d
      - expect: {fired: [waiting-close], ticket: {status: closed}, sent: {closed: 1}}
"""


def test_the_worked_rules_run_as_they_stand():
    loaded = load_text(WORKED)
    assert loaded.rules is not None, [fault.message for fault in loaded.faults]
    assert [fault.code for fault in loaded.faults] == ["W300"], "the titles of a knowledge base are not built yet"
    settings = a_desk()
    desk = Desk(settings, loaded.rules, Tokens([b"0" * 32], "acme.example", ["Acme"], settings.agents))
    results = list(run_cases(loaded.rules.cases, rehearse(desk)))
    assert [line for result in results if not result.passed for line in result.describe()] == []
    assert len(results) == 9


def test_an_editor_takes_the_worked_rules_as_they_are():
    assert [error.message for error in Draft7Validator(build_schema(DeskWords(a_desk()))).iter_errors(read(WORKED))] == []


@pytest.mark.parametrize(
    ("inner", "what"),
    [
        *((f"when: {event}, do: [{{tag: x}}]", event) for event in ("sla.warning", "sla.breached", "rating.received")),
        ("when: {before: 10m, of: sla.first_reply}, do: [{tag: x}]", "sla.first_reply"),
        *(
            (f"when: ticket.created, if: {{{field}: x}}, do: [{{tag: x}}]", field)
            for field in ("sla", "was.sla", "sla.first_reply.left", "customer.plan", "customer.org", "customer.verified")
        ),
        ("when: ticket.created, do: [{default: {sla: sales-24h}}]", "sla"),
        ("when: ticket.created, do: [{verify: {send_code_to: address_on_file, template: verify}}]", "verify"),
        ("when: ticket.closed, do: [{ask_rating: {template: csat, after: 1h}}]", "ask_rating"),
    ],
)
def test_what_is_of_the_language_and_not_built_yet_is_an_error_that_says_so(inner: str, what: str):
    loaded = load_text(f"rules: [{{id: a, {inner}}}]")
    assert loaded.rules is None
    assert [fault.code for fault in loaded.faults] == ["E109"]
    assert f"{what}" in loaded.faults[0].message
    assert "is not built yet" in loaded.faults[0].message
