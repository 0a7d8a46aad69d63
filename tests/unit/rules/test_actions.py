"""Every action: what it does to the ticket, what it wishes for, and how the trace tells it."""

from textwrap import indent

from maild.message import MessageClass
from maild.rules.engine import evaluate
from maild.rules.verdict import AckWish, CloseWish, Event, Fate, NoteWish, NotifyWish, ReplyWish
from maild.ticket import Priority, Status
from tests.rig.occasions import NOW, a_message, a_ticket, an_occasion, rules_from


def run(actions, occasion=None, condition="subject: {matches: '(?i)order (?P<order>\\d+)|printer'}"):
    occasion = occasion or an_occasion()
    head = f"rules:\n  - id: it\n    when: {occasion.event.value}\n    if: {{{condition}}}\n    do:\n"
    return evaluate(rules_from(head + indent(actions, "      ")), occasion)


def words(actions, occasion=None):
    (trace,) = run(actions, occasion).trace
    assert trace.fired
    return trace.actions


def test_set_decides_a_field():
    verdict = run("- set: {queue: billing, priority: high, owner: anna, team: payments, language: bg}")
    ticket = verdict.ticket
    assert (ticket.queue, ticket.priority, ticket.owner, ticket.team, ticket.language) == (
        "billing",
        Priority.HIGH,
        "anna",
        "payments",
        "bg",
    )
    assert ticket.decided == {"queue", "priority", "owner", "team", "language"}
    assert verdict.trace[0].actions[0] == "queue set to billing"


def test_set_clears_what_may_be_empty():
    ticket = run("- set: {owner: null, field.order: null}", an_occasion(ticket=a_ticket(owner="anna", fields={"order": "1"}))).ticket
    assert ticket.owner is None
    assert ticket.fields == {}


def test_closing_remembers_when_and_reopening_forgets_it():
    assert run("- set: {status: closed}").ticket.closed_at == NOW
    closed = an_occasion(ticket=a_ticket(status=Status.CLOSED, closed_at=NOW))
    assert run("- set: {status: open}", closed).ticket.closed_at is None


def test_default_leaves_alone_what_has_been_decided():
    decided = an_occasion(ticket=a_ticket(team="payments", decided=frozenset({"team"})))
    assert words("- default: {team: payments}", decided) == ("skipped default team payments: it has been set already",)
    assert words("- default: {team: payments}") == ("team set to payments by default",)
    base = an_occasion(ticket=a_ticket(queue="sales"))  # base values count as unset
    assert run("- default: {queue: billing}", base).ticket.queue == "billing"


def test_tags_come_and_go():
    tagged = an_occasion(ticket=a_ticket(tags=frozenset({"vip", "old"})))
    assert run("- tag: [payment, vip]\n- untag: old", tagged).ticket.tags == {"vip", "payment"}
    assert words("- tag: [payment, vip]") == ("tagged payment, vip",)


def test_a_tag_is_written_as_commands_and_queries_write_it():
    tagged = an_occasion(ticket=a_ticket(tags=frozenset({"old"})))
    assert run("- tag: VIP\n- untag: OLD", tagged).ticket.tags == {"vip"}


def test_what_is_filled_in_and_makes_no_tag_is_skipped():
    (skipped, tagged) = words('- tag: "from-{{ customer.name }}"\n- tag: seen')
    assert skipped.startswith('skipped tag from-{{ customer.name }}: "from-ann smith" is no tag')
    assert tagged == "tagged seen"


def test_captures_fill_texts():
    occasion = an_occasion(message=a_message(subject="Order 1234567"))
    ticket = run('- set: {field.order: "{{ match.order }}"}\n- tag: "order-{{ match.order }}"', occasion).ticket
    assert ticket.fields == {"order": "1234567"}
    assert ticket.tags == {"order-1234567"}


def test_an_action_that_lacks_its_capture_is_skipped_and_the_others_go_on():
    verdict = run('- set: {field.order: "{{ match.order }}"}\n- tag: seen')
    assert verdict.trace[0].actions == ("skipped set field.order {{ match.order }}: match.order is not there", "tagged seen")
    assert verdict.ticket.fields == {}


def test_values_from_outside_stay_on_one_line():
    occasion = an_occasion(ticket=a_ticket(subject="one\r\nBcc: two"))
    assert run('- set: {field.title: "{{ ticket.subject }}"}', occasion).ticket.fields["title"] == "one Bcc: two"


def test_assign_names_an_agent_a_team_or_both():
    assert run("- assign: anna").ticket.owner == "anna"
    both = run("- assign: {to: boris, team: payments}")
    assert (both.ticket.owner, both.ticket.team) == ("boris", "payments")
    assert both.ticket.decided == {"owner", "team"}
    assert both.trace[0].actions == ("assigned to boris, team payments",)


def test_ack_chooses_the_template_or_withholds():
    assert run("- ack: {template: received, hours: 3}").wishes == (AckWish("it", True, "received", {"hours": 3}),)
    assert run("- ack: {template: received, kb_titles: 3}").wishes == (AckWish("it", True, "received"),)
    assert run("- ack: false").wishes == (AckWish("it", False),)
    assert run("- ack: true").wishes == (AckWish("it", True),)


def test_reply_answers_and_may_set_the_status():
    verdict = run('- reply: {template: faq-password, then: waiting, name: "{{ customer.name }}"}')
    assert verdict.wishes == (ReplyWish("it", "faq-password", {"name": "Ann Smith"}),)
    assert verdict.ticket.status is Status.WAITING


def test_reply_never_answers_a_machine():
    verdict = run("- reply: {template: faq-password, then: waiting}", an_occasion(message_class=MessageClass.AUTO_GENERATED))
    assert verdict.wishes == ()
    assert verdict.ticket.status is Status.NEW
    assert verdict.trace[0].actions == ("skipped reply with faq-password: never to automatic mail",)


def test_note_and_notify():
    verdict = run('- note: "from {{ customer.address }}"\n- notify: {who: [lead, payments], template: escalation}')
    assert verdict.wishes == (
        NoteWish("it", "from ann@globex.example"),
        NotifyWish("it", ("lead", "payments"), "escalation", {}),
    )


def test_close_closes():
    verdict = run("- close: {template: closed}")
    assert verdict.wishes == (CloseWish("it", "closed"),)
    assert verdict.ticket.status is Status.CLOSED
    assert run("- close: true").wishes == (CloseWish("it", None),)


def test_quarantine_and_drop_keep_their_reason():
    intake = an_occasion(event=Event.MAIL_RECEIVED)
    verdict = run('- quarantine: "forged {{ customer.domain }}"', intake)
    assert (verdict.fate, verdict.fate_reason, verdict.fate_rule) == (Fate.QUARANTINE, "forged globex.example", "it")
    assert run("- drop: noise", intake).fate is Fate.DROP
    assert words("- drop: noise", intake) == ("dropped: noise",)
