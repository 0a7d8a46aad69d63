"""Rules upon what happens to a ticket, whatever door it comes through, by the real walk and store (RULES.md 2, 5)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from maild.awakening import wake_tickets
from maild.desk.acts import Act
from maild.desk.command import Command
from maild.front_desk import FrontDesk
from maild.message import Address
from maild.store import letters, tickets
from tests.rig.bounces import a_bounce_of
from tests.rig.letters import text_of
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.replay import Replay, a_replay

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], lead: boris, mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], mode: live, mailbox: support}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example}}
"""
ANN, ANNA = "ann@globex.example", "anna@acme.example"
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EVERY_EVENT = """
    rules:
      - {id: said, when: [message.customer, message.agent, message.note, message.other], do: [{tag: heard}]}
      - id: seen
        when: [ticket.created, ticket.reopened, ticket.closed, ticket.assigned, ticket.tagged, ticket.changed]
        do: [{tag: seen}]
      - {id: woke, when: [snooze.ended, bounce.received], do: [{tag: woke}]}
"""


class Rules:
    """A desk with rules, to which mails come in a minute apart."""

    def __init__(self, desk: Replay) -> None:
        self.desk = desk
        self.now = START

    def receive(self, raw: bytes) -> int:
        self.now += timedelta(minutes=1)
        number = self.desk.receive(raw, self.now)
        assert number is not None
        return number

    def opened(self, body: str = "It is on fire.\n", **more: Any) -> int:
        return self.receive(an_email(sender=ANN, to="support@acme.example", subject="Printer", body=body, **more))

    def answered(self, number: int, body: str, agent: str = ANNA) -> int:
        told = parsed(self.desk.letters_about(agent, number)[-1].raw)
        return self.receive(an_answer_to(told, agent, body))

    def at_the_command_line(self, number: int, *commands: Command, body: str = "", internal: bool = False) -> None:
        anna = self.desk.office.desk.settings.agents["anna"]
        act = Act(anna, "anna", datetime.now(UTC), commands, body, internal=internal)
        FrontDesk(self.desk.store, self.desk.office, anna).act(number, act)

    def asked(self, number: int) -> list[list[str]]:
        """The events about which rules were asked, for each mail, command and job."""
        with self.desk.store.reading() as tx:
            return [list(dict.fromkeys(str(rule["event"]) for rule in row.rules)) for row in tickets.list_traces(tx, number)]

    def log(self, number: int, kind: str) -> list[str]:
        with self.desk.store.reading() as tx:
            return [event.text for event in tickets.list_events(tx, number) if event.kind == kind]

    def kinds(self, number: int) -> list[str]:
        with self.desk.store.reading() as tx:
            return [message.kind.value for message in tickets.list_messages(tx, number)]

    def sent(self, number: int, address: str = ANN) -> list[str]:
        """What letters about the ticket went to that address, by template."""
        with self.desk.store.reading() as tx:
            rows = sorted(letters.list_outbox(tx, ticket=number), key=lambda row: row.id)
        return [row.template for row in rows if row.recipient == address]


Opening = Callable[..., Rules]


@pytest.fixture
def a_desk(tmp_path: Path) -> Iterator[Opening]:
    """Opens a desk with these rules, and with templates of its own by name."""
    with ExitStack() as stack:

        def opened(rules: str, **templates: str) -> Rules:
            for folder in ("rules", "templates"):
                (tmp_path / folder).mkdir()
            (tmp_path / "rules" / "10.yaml").write_text(dedent(rules), encoding="utf-8")
            for name, text in templates.items():
                (tmp_path / "templates" / f"{name}.subject.txt").write_text(f"{name}\n", encoding="utf-8")
                (tmp_path / "templates" / f"{name}.body.txt").write_text(f"{text}\n", encoding="utf-8")
            return Rules(stack.enter_context(a_replay(tmp_path, DESK)))

        yield opened


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
