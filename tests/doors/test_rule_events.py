"""Rules upon what happens to a ticket, whatever door it comes through, by the real walk and store (RULES.md 2, 5)."""

from datetime import UTC, datetime, timedelta

from maild.awakening import wake_tickets
from maild.desk.command import Command
from maild.due_tasks import tell_of_due_tasks
from maild.front_desk import FrontDesk
from maild.message import Address
from maild.store import tickets
from maild.ticket import MessageKind, Priority
from tests.rig.bounces import a_bounce_of
from tests.rig.letters import text_of
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.ruled_desk import ANN, Opening

EVERY_EVENT = """
    rules:
      - {id: said, when: [message.customer, message.agent, message.note, message.other], do: [{tag: heard}]}
      - id: seen
        when: [ticket.created, ticket.reopened, ticket.closed, ticket.assigned, ticket.tagged, ticket.changed]
        do: [{tag: seen}]
      - {id: woke, when: [snooze.ended, bounce.received], do: [{tag: woke}]}
"""


def test_every_door_asks_rules_about_the_same_events(a_desk: Opening):
    """Acceptance: by mail, by a command, by a job, by a report."""
    desk = a_desk(EVERY_EVENT)
    number = desk.opened()
    desk.answered(number, "We are coming.\n")
    desk.answered(number, "#note\n\nHe is angry.\n")
    desk.at_the_command_line(number, body="Wait a moment.")
    desk.at_the_command_line(number, body="Look at this.", internal=True)
    desk.at_the_command_line(number, Command("close", ""))
    desk.receive(an_answer_to(parsed(desk.desk.letters_about(ANN, number)[-1].raw), ANN, "It burns again.\n"))
    assert desk.asked(number) == [
        ["ticket.created"],
        ["message.agent", "ticket.assigned", "ticket.changed"],
        ["message.note"],
        ["message.agent"],
        ["message.note"],
        ["ticket.closed", "ticket.changed"],
        ["message.customer", "ticket.reopened", "ticket.changed"],
    ]
    assert desk.desk.ticket(number).tags == {"heard", "seen"}


def test_another_tier_alone_is_a_change(a_desk: Opening):
    """PRODUCT 14."""
    desk = a_desk("""
        rules:
          - {id: hand-up, when: message.note, do: [{set: {tier: L2}}]}
          - {id: up, when: ticket.changed, cascade: true, if: {tier: {changed_to: L2}}, do: [{tag: up}]}
    """)
    number = desk.opened()
    desk.at_the_command_line(number, body="Too hard for me.", internal=True)
    assert desk.desk.ticket(number).tags == {"up"}


def test_a_snooze_that_is_over_asks_the_rules_once(a_desk: Opening):
    desk = a_desk(EVERY_EVENT)
    number = desk.opened()
    desk.at_the_command_line(number, Command("snooze", "1d"))
    for days in (2, 3):
        wake_tickets(desk.desk.store, desk.desk.office, datetime.now(UTC) + timedelta(days=days))
    assert desk.asked(number)[-1] == ["snooze.ended", "ticket.changed"]
    assert len(desk.asked(number)) == 3
    assert "woke" in desk.desk.ticket(number).tags


def test_a_bounce_asks_the_rules_and_a_rule_that_closes_then_writes_to_nobody(a_desk: Opening):
    desk = a_desk("""
        rules:
          - id: gone
            when: bounce.received
            if: {auto: true, text: {contains: delivered}}
            do: [{close: {template: closed}}, {tag: gone}]
    """)
    number = desk.opened()
    desk.answered(number, "We are coming.\n")
    before = desk.sent(number)
    desk.receive(a_bounce_of(parsed(desk.desk.letters_about(ANN, number)[-1].raw), "support@acme.example"))
    assert desk.desk.ticket(number).tags == {"gone", "undeliverable"}
    assert (desk.sent(number), desk.log(number, "notice_withheld")) == (before, ["closed: never because of automatic mail"])


def test_a_ticket_that_an_agent_opens_is_routed_like_any_and_nothing_is_written_by_itself(a_desk: Opening):
    desk = a_desk(
        "rules: [{id: new, when: ticket.created, if: {text: {contains: fire}}, do: [{tag: fire}, {reply: {template: faq-password}}]}]"
    )
    settings = desk.desk.office.desk.settings
    row = FrontDesk(desk.desk.store, desk.desk.office, settings.agents["anna"]).open(
        "support", Address("Ann", ANN), "By telephone", "A fire!", acknowledge=False
    )
    assert desk.desk.ticket(row.number).tags == {"fire"}
    assert desk.sent(row.number) == []
    assert "an agent opened the ticket" in desk.log(row.number, "rule")[0]


def test_what_an_agent_asks_for_beside_his_answer_asks_the_rules_too(a_desk: Opening):
    desk = a_desk("rules: [{id: mine, when: ticket.assigned, do: [{tag: [taken]}]}]")
    first, second = desk.opened(), desk.opened()
    desk.answered(first, "#next\n\nWe are coming.\n")
    assert [desk.desk.ticket(number).tags for number in (first, second)] == [{"taken"}, {"taken"}]


def test_an_answer_goes_out_whatever_rules_do_with_it(a_desk: Opening):
    """Decision 10: nothing keeps an agent's answer back, neither a rule that acts nor one that breaks."""
    desk = a_desk(
        """
        rules:
          - {id: odd, when: message.agent, do: [{notify: {who: [boris], template: odd}}, {tag: [odd]}]}
          - {id: shut, when: message.agent, do: [{close: true}, {note: closed by a rule}, {reply: {template: faq-password}}]}
        """,
        odd="{{ 1 // (ticket.number - 1) }}",
    )
    number = desk.opened()
    desk.answered(number, "We are coming.\n")
    assert "We are coming." in text_of(parsed(desk.desk.letters_about(ANN, number)[-1].raw))
    assert (desk.sent(number), desk.kinds(number)) == (["received", "answer"], ["customer", "agent", "note"])
    assert desk.desk.ticket(number).tags == {"odd"}
    assert "its letter odd was not sent" in desk.log(number, "rule_error")[0]
    assert "skipped reply with faq-password: the customer gets a mail because of this already" in desk.log(number, "rule")[1]


def test_a_rule_that_answers_upon_a_change_writes_once_and_never_to_a_machine(a_desk: Opening):
    desk = a_desk(
        """
        rules:
          - {id: vip, when: ticket.tagged, if: {tags: vip}, do: [{reply: {template: faq-password}}]}
          - {id: vip-too, when: ticket.changed, if: {tags: vip}, do: [{reply: {template: faq-password}}]}
        """
    )
    number, of_machine = desk.opened(), desk.opened(headers={"Auto-Submitted": "auto-generated"})
    for ticket in (number, of_machine):
        desk.at_the_command_line(ticket, Command("tag", "vip"))
    assert (desk.sent(number), desk.sent(of_machine)) == (["received", "faq-password"], [])
    assert desk.log(number, "reply_withheld") == ["faq-password: rule vip already writes because of this"]


def test_whoever_gets_a_ticket_by_a_rule_is_told(a_desk: Opening):
    desk = a_desk("rules: [{id: urgent, when: message.note, if: {text: {contains: boss}}, do: [{assign: boris}]}]")
    number = desk.opened()
    desk.at_the_command_line(number, Command("take", ""))
    told = len(desk.sent(number, "boris@acme.example"))
    desk.answered(number, "#note\n\nThis is for the boss.\n")
    assert desk.desk.ticket(number).owner == "boris"
    assert desk.sent(number, "boris@acme.example")[told:] == ["notification"]


def test_what_is_not_a_customers_is_another_event(a_desk: Opening):
    desk = a_desk("rules: [{id: his, when: message.customer, do: [{tag: his}]}, {id: other, when: message.other, do: [{tag: other}]}]")
    number = desk.opened()
    ack = parsed(desk.desk.letters_about(ANN, number)[-1].raw)
    desk.receive(an_answer_to(ack, ANN, "I am away.\n", headers={"Auto-Submitted": "auto-replied"}))
    assert desk.desk.ticket(number).tags == {"other"}


def test_a_rule_writes_no_more_than_the_caps_let_through(a_desk: Opening):
    """MAIL.md L4: also where a command, and no mail, was the cause."""
    desk = a_desk("rules: [{id: told, when: ticket.changed, do: [{reply: {template: faq-password}}]}]")
    number = desk.opened()
    for priority in ("high", "low", "high", "low", "high", "low", "high", "low"):
        desk.at_the_command_line(number, Command("priority", priority))
    assert 0 < desk.sent(number).count("faq-password") < 8
    assert "automatic mails in" in desk.log(number, "reply_withheld")[-1]


def test_rules_ask_what_has_changed_by_mail_and_by_command(a_desk: Opening):
    desk = a_desk("""
        rules:
          - {id: won, when: ticket.changed, if: {status: {changed_from: waiting, changed_to: closed}}, do: [{tag: [won]}]}
          - {id: back, when: ticket.reopened, if: {was.status: closed, was.owner: anna}, do: [{tag: [back]}]}
    """)
    number = desk.opened()
    desk.answered(number, "Is it out?\n")
    desk.at_the_command_line(number, Command("close", ""))
    assert desk.desk.ticket(number).tags == {"won"}
    desk.receive(an_answer_to(parsed(desk.desk.letters_about(ANN, number)[-1].raw), ANN, "It burns again.\n"))
    assert desk.desk.ticket(number).tags == {"won", "back"}


def test_a_task_that_is_due_asks_the_rules_once(a_desk: Opening):
    desk = a_desk("rules: [{id: late, when: task.due, do: [{set: {priority: urgent}}]}]")
    number = desk.opened()
    desk.at_the_command_line(number, Command("task", "boris 1h call back"))
    for hours in (2, 3):
        tell_of_due_tasks(desk.desk.store, desk.desk.office, datetime.now(UTC) + timedelta(hours=hours))
    assert (desk.asked(number), desk.desk.ticket(number).priority) == ([["task.due"]], Priority.URGENT)


def test_a_rule_that_rests_fires_again_when_its_time_is_over(a_desk: Opening):
    """RULES.md 5.4: by mail and by command alike, and each ticket for itself."""
    desk = a_desk("""
        rules:
          - {id: daily, when: [message.customer, ticket.changed], once: 24h, do: [{note: daily}]}
          - {id: ever, when: [message.customer, ticket.changed], once: ticket, do: [{note: ever}]}
    """)
    number, other = desk.opened(), desk.opened()
    ack = parsed(desk.desk.letters_about(ANN, number)[-1].raw)

    def noted(ticket: int) -> list[str]:
        with desk.desk.store.reading() as tx:
            return [message.visible for message in tickets.list_messages(tx, ticket) if message.kind is MessageKind.NOTE]

    for days in (0, 0, 1, 0):
        desk.now += timedelta(days=days)
        desk.receive(an_answer_to(ack, ANN, f"Hello? {desk.now}\n"))
    assert noted(number) == ["daily", "ever", "daily"]
    desk.at_the_command_line(number, Command("tag", "vip"))
    desk.at_the_command_line(number, Command("tag", "gold"))
    desk.at_the_command_line(other, Command("tag", "vip"))
    assert noted(number) == ["daily", "ever", "daily", "daily"]
    assert noted(other) == ["daily", "ever"]


def test_a_rule_that_only_looks_on_does_not_rest(a_desk: Opening):
    desk = a_desk("rules: [{id: seen, when: ticket.changed, once: ticket, mode: shadow, do: [{tag: x}]}]")
    number = desk.opened()
    for tag in ("vip", "gold"):
        desk.at_the_command_line(number, Command("tag", tag))
    assert desk.asked(number) == [["ticket.changed"]] * 2


def test_a_ticket_is_hers_whom_a_rule_finds_in_a_machines_mail(a_desk: Opening):
    """RULES.md 2, MAIL.md P14: no server proves the machine here, so that she hears of it when a person answers."""
    desk = a_desk("""
        rules:
          - {id: shop, when: mail.received, if: {body: {matches: 'From (?P<who>\\S+):'}}, do: [{set: {sender: "{{ match.who }}"}}]}
    """)
    number = desk.receive(an_email(sender="noreply@shop.example", body=f"From {ANN}: where is it?\n", headers={"Auto-Submitted": "no"}))
    assert (desk.desk.ticket(number).requester.address, desk.kinds(number)) == (ANN, ["customer"])
    assert desk.log(number, "sender_named") == [f"{ANN} wrote what came from noreply@shop.example"]
    assert desk.sent(number) == []
    desk.answered(number, "On its way.\n")
    assert desk.sent(number) == ["answer"]
    asked = [event for moment in desk.asked(number) for event in moment]
    assert asked[0] == "mail.received"
