"""The runner of rule tests. Its walk is a small one here: the rules only; the daemon's own is handed in by the command."""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Mode
from maild.effects import Decision, IncomingState, Letter, Post, RecordEvent
from maild.ingest.parse import parse_message
from maild.known import Known
from maild.message import InboundMessage
from maild.pipeline import Desk
from maild.reason import Reason
from maild.rehearsal import rehearse
from maild.rules.engine import evaluate
from maild.rules.sample_mail import SAMPLE_ID, build_mail
from maild.rules.times import Timing
from maild.rules.trial import EARLIER_ID, EARLIER_TICKET, Walk, run_cases
from maild.rules.verdict import AckWish, Event, NotifyWish, ReplyWish
from maild.tokens import LetterKind, Tokens
from tests.rig.occasions import a_desk, a_ticket, an_occasion, rules_from

RULES = """
    rules:
      - id: payment
        when: [ticket.created, message.customer]
        if: {text: {word: invoice}}
        do: [{tag: payment}, {default: {team: payments}}, {notify: {who: [lead, anna], template: escalation}}]
      - id: ack
        when: ticket.created
        do: [{ack: {template: received}}]
"""


def rules_with(test):
    lines = "\n".join(f"    {line}" for line in test.strip("\n").splitlines())
    return rules_from(RULES + f"    tests:\n{lines}\n")


def run(test):
    rules = rules_with(test)

    def consider(message: InboundMessage, known: Known, now: datetime) -> Decision:
        before = known.tickets.get(EARLIER_TICKET)
        event = Event.MESSAGE_CUSTOMER if before else Event.TICKET_CREATED
        occasion = an_occasion(event=event, message=message, ticket=before or a_ticket(created=now, subject=message.subject))
        verdict = evaluate(rules, replace(occasion, now=now))
        effects = [effect for wish in verdict.wishes for effect in letters_of(wish)]
        trace = tuple(trace.to_mapping() for trace in verdict.trace)
        return Decision(IncomingState.DONE, Reason("test", "it is a test"), before, verdict.ticket, tuple(effects), trace=trace)

    return [line for result in run_cases(rules.cases, a_walk(consider)) for line in result.describe()]


def a_walk(consider):
    return Walk(consider, *[nothing_else] * 4, *[lambda *_: None] * 2, nothing_else, lambda *_: (None, frozenset()), Timing((), a_desk()))


def nothing_else(*given):
    raise AssertionError("only mails come in here")


def letters_of(wish):
    match wish:
        case AckWish(template=str(template)):
            return [RecordEvent("acknowledged", "maild", ""), Post(Letter(LetterKind.ACKNOWLEDGEMENT, template, "support", ()))]
        case ReplyWish(template=template):
            return [Post(Letter(LetterKind.ACKNOWLEDGEMENT, template, "support", ()))]
        case NotifyWish(template=template, who=who):
            return [Post(Letter(LetterKind.NOTIFICATION, template, "support", (), agent=agent)) for agent in who]
    return []


def test_a_case_whose_expectations_are_met_passes():
    assert run("""
  - name: an invoice
    mail: {from: ann@globex.example, to: support@acme.example, subject: Hello, body: The invoice?}
    expect: {fired: [payment], ticket: {team: payments, tags: [payment], status: new}, sent: {ack: 1, escalation: 1, reply: 0}}
""") == ["ok   an invoice (rules/10.yaml:11)"]


def test_what_differs_is_shown_as_a_small_diff_with_the_reason():
    assert run("""
  - name: no invoice
    mail: {from: ann@globex.example, to: support@acme.example, subject: Hello, body: A printer}
    expect: {fired: [payment], not_fired: [ack], ticket: {team: payments, tags: [payment]}, sent: {ack: 2}, state: held}
""") == [
        "FAIL no invoice (rules/10.yaml:11)",
        "     - rule payment: fires",
        "     + rule payment: does not fire",
        "       rule payment did not fire: text has no word like invoice   (rules/10.yaml:3)",
        "     - rule ack: does not fire",
        "     + rule ack: fires",
        "       rule ack: always → acknowledged with received   (rules/10.yaml:7)",
        "     - ticket.team: payments",
        "     + ticket.team: (nothing)",
        "     - ticket.tags: payment",
        "     + ticket.tags: (none)",
        "     - sent ack: 2",
        "     + sent ack: 1",
        "       sent were: received",
        "     - state: held",
        "     + state: done",
        "       it is a test",
    ]


def test_a_given_ticket_gets_the_mail_as_an_answer():
    assert run("""
  - name: later
    given: {queue: billing, status: waiting, priority: high, tier: L2, owner: anna, tags: [vip]}
    mail: {from: ann@globex.example, to: support@acme.example, body: The invoice}
    expect:
      fired: [payment]
      not_fired: [ack]
      ticket: {queue: billing, status: waiting, priority: high, tier: L2, owner: anna, tags: [vip, payment]}
      sent: {ack: 0}
""") == ["ok   later (rules/10.yaml:11)"]


def test_a_sample_mail_is_built_like_a_real_one():
    (case,) = rules_with("""
  - name: full
    at: "2026-03-02 17:50 Europe/Sofia"
    given: {tags: [x]}
    mail:
      from: Ann <ann@globex.example>
      to: [support@acme.example, sales@acme.example]
      cc: bob@globex.example
      reply_to: team@globex.example
      subject: Не мога да вляза
      body: Помощ
      headers: {X-Spam-Flag: "NO"}
      attachments: [screen.png]
    expect: {fired: [ack]}
""").cases
    raw = build_mail(case.mail, case.at, SAMPLE_ID, EARLIER_ID).decode()
    for line in ("Date: Mon, 02 Mar 2026 17:50:00 +0200", "Cc: bob@globex.example", "Reply-To: team@globex.example", "X-Spam-Flag: NO"):
        assert f"{line}\r\n" in raw
    assert "In-Reply-To: <earlier@maild.invalid>" in raw
    message = parse_message(raw.encode())
    assert (message.subject, message.new_text.strip()) == ("Не мога да вляза", "Помощ")
    assert [attachment.name for attachment in message.attachments] == ["screen.png"]
    assert message.defects == ()


STEPS = """
    rules:
      - {id: heard, when: message.agent, do: [{tag: heard}]}
      - {id: done, when: ticket.closed, if: {was.status: waiting}, do: [{tag: done}]}
      - {id: back, when: [ticket.reopened, snooze.ended], do: [{set: {priority: high}}]}
      - {id: thrice, when: message.customer, if: {replies.customer: {gte: 2}}, do: [{notify: {who: lead, template: escalation}}]}
      - {id: refund, when: macro, if: {status: open}, do: [{tag: refund}]}
      - {id: late, when: {after: 1h, while: {priority: normal}}, do: [{tag: late}]}
      - {id: tried, when: [ticket.created, message.note], mode: shadow, do: [{tag: tried}]}
"""


def rehearsed(test, mode=Mode.LIVE):
    lines = "\n".join(f"    {line}" for line in test.strip("\n").splitlines())
    desk = a_desk()
    settings = replace(desk, queues={key: replace(queue, mode=mode) for key, queue in desk.queues.items()})
    rules = rules_from(f"{STEPS}    tests:\n{lines}\n")
    desk = Desk(settings, rules, Tokens([b"0" * 32], "acme.example", ["Acme"], settings.agents))
    return [line for result in run_cases(rules.cases, rehearse(desk)) for line in result.describe()]


def test_steps_tell_a_whole_life_by_the_daemons_own_walk():
    assert rehearsed("""
  - name: a life
    mail: {from: ann@globex.example, to: support@acme.example, subject: Printer, body: It burns}
    steps:
      - expect: {not_fired: [heard], ticket: {status: new}, sent: {ack: 1}}
      - {reply: We come., by: boris}
      - expect: {fired: [heard], ticket: {status: waiting, owner: boris, tags: [heard]}, sent: {reply: 1}}
      - {close: true}
      - expect: {fired: [done], not_fired: [heard], ticket: {status: closed}, sent: {reply: 0}}
      - mail: {body: It burns again}
      - expect: {fired: [back], not_fired: [thrice], ticket: {status: open, priority: high}}
      - mail: {body: Hello?}
      - expect: {fired: [thrice], sent: {escalation: 1}}
      - {macro: refund, tag: [vip, gold], set: {priority: low, order: "7"}}
      - expect: {fired: [refund], ticket: {tags: [refund, vip, gold], priority: low, field.order: "7"}}
""") == ["ok   a life (rules/10.yaml:11)"]


def test_state_and_score_are_the_mails_whatever_is_done_behind_it():
    settings = a_desk()
    rules = rules_from("""
        rules:
          - {id: points, when: mail.received, do: [{score: +1}]}
          - {id: long, when: queue.length, do: [{notify: {who: lead, template: backlog}}]}
        tests:
          - name: a report behind the mail
            mail: {from: ann@globex.example, to: support@acme.example}
            expect: {fired: [points, long], score: 1, ticket: {owner: null, team: ~}}
          - name: no mail
            mail: {from: ann@globex.example, to: support@acme.example}
            steps:
              - expect: {state: done, ticket: {owner: anna}}
              - wait: 1h
              - expect: {state: quarantined, score: 9}
    """)
    desk = Desk(settings, rules, Tokens([b"0" * 32], "acme.example", ["Acme"], settings.agents))
    first, second = run_cases(rules.cases, rehearse(desk))
    assert first.mismatches == ()
    assert [(mismatch.what, mismatch.found) for mismatch in second.mismatches] == [
        ("ticket.owner", "(nothing)"),
        ("mail", "nothing has happened since something was expected last"),
    ]


def test_rules_are_tried_as_if_the_desk_were_live():
    test = """
  - name: before it goes live
    mail: {from: ann@globex.example, to: support@acme.example, subject: Printer, body: It burns}
    steps:
      - expect: {sent: {ack: 1, notification: 1}}
      - {reply: We come.}
      - expect: {fired: [heard], sent: {reply: 1}}
"""
    assert [rehearsed(test, mode) for mode in Mode] == [["ok   before it goes live (rules/10.yaml:11)"]] * len(Mode)


def test_what_is_snoozed_comes_back_when_enough_time_has_gone_by():
    assert rehearsed("""
  - name: asleep
    at: "2026-03-02 10:00"
    mail: {from: ann@globex.example, to: support@acme.example, subject: Printer, body: It burns}
    steps:
      - {snooze: 3d, note: They come on Thursday.}
      - wait: 2d 23h
      - expect: {not_fired: [back]}
      - wait: 1h
      - expect: {fired: [back], ticket: {priority: high}}
""") == ["ok   asleep (rules/10.yaml:11)"]


def test_what_cannot_be_done_is_told_with_its_line():
    assert rehearsed("""
  - name: not there
    mail: {from: ann@globex.example, to: support@acme.example, subject: Printer, body: It burns}
    steps:
      - {macro: refnd}
      - {macro: refund}
      - expect: {ticket: {tags: [refund]}}
""") == [
        "FAIL not there (rules/10.yaml:11)",
        "     - step in line 14: it is done",
        '     + step in line 14: there is no macro "refnd"; did you mean refund?',
        "     - step in line 15: it is done",
        "     + step in line 15: the macro refund does not fit: status is new, wanted open",
        "     - ticket.tags: refund",
        "     + ticket.tags: (none)",
    ]


def test_of_a_rule_that_nothing_asks_it_is_told_what_became_of_the_mail_or_when_it_is_due():
    def why(rule, mail, *steps):
        text = "\n".join(f"      - {step}" for step in (*steps, f"expect: {{fired: [{rule}]}}"))
        lines = rehearsed(f"""
  - name: why
    at: "2026-03-02 17:50 Europe/Sofia"
    mail: {{from: ann@globex.example, to: support@acme.example, subject: Printer, body: It burns{mail}}}
    steps:
{text}
""")
        return lines[-1].strip()

    unheard = "nothing that happened asks rule heard"
    assert why("heard", ", headers: {Auto-Submitted: auto-replied}").startswith(f"{unheard}; no ticket, quarantined: automatic ")
    assert why("heard", "").startswith(f"{unheard}; a new ticket, done: ")
    due = "rule late is due at 2026-03-02 18:50 EET, 1m after what has happened so far"
    assert why("late", "", "wait: 59m") == due
    assert why("late", "", "{priority: high}") == "rule late does not wait on it: priority is high, wanted normal"


def test_a_rule_in_shadow_counts_as_one_that_fires():
    lines = rehearsed("""
  - name: shadow
    mail: {from: ann@globex.example, to: support@acme.example, subject: Printer, body: It burns}
    steps:
      - expect: {fired: [tried]}
      - {note: Hello.}
      - expect: {not_fired: [tried]}
""")
    assert lines[1:3] == ["     - rule tried: does not fire", "     + rule tried: would fire (mode: shadow)"]


def test_a_wrong_score_shows_who_gave_points():
    rules = rules_from("""
        rules: [{id: links, when: mail.received, do: [{score: 4}]}]
        tests:
          - name: points
            mail: {from: ann@globex.example, to: support@acme.example}
            expect: {score: 4.5}
    """)
    decision = Decision(IncomingState.DONE, Reason("new", ""), evidence=(Reason("score", "score 4 of 8: links +4"),), score=4)
    (result,) = run_cases(rules.cases, a_walk(lambda message, known, now: decision))
    assert list(result.describe())[1:] == ["     - score: 4.5", "     + score: 4", "       score 4 of 8: links +4"]
