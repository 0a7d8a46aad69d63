"""Rules that would send too much, through the real walk and store (RULES.md 5.5)."""

import threading
from datetime import timedelta
from pathlib import Path

from maild.desk.command import Command
from maild.store import outbox, rule_mail, tickets
from maild.store.engine import Store, open_store
from maild.store.letters import raw
from maild.store.tables.mail_out import letters
from maild.ticket import Status
from tests.rig.letters import text_of
from tests.rig.mails import an_email, parsed
from tests.rig.replay import Replay
from tests.rig.ruled_desk import ANN, ANNA, DESK, START, Opening, RuledDesk
from tests.rig.small_office import an_office

BORIS, ADMIN = "boris@acme.example", "ops@acme.example"
FAQ = """
    rules:
      - id: faq
        owner: anna
        when: ticket.created
        limit: {mails: 2, per: 1h}
        if: {text: {word: password}}
        do: [{reply: {template: faq-password, then: waiting}}, {tag: faq}]
        stop: true
      - {id: seen, when: ticket.created, do: [{tag: seen}]}
"""
ALARM = "{notify: {who: boris, template: escalation, why: look}}"


def asked(desk: RuledDesk, **more: tuple[tuple[str, str], ...]) -> int:
    """A ticket of somebody else's each time, so that no cap is reached before."""
    sender = f"ann@globex-{desk.now:%H%M%d}.example"
    return desk.receive(an_email(sender=sender, to="support@acme.example", body="My password is gone.", **more))


def told(desk: RuledDesk, address: str) -> list[str]:
    """The letters to him about no ticket, oldest first."""
    with desk.desk.store.reading() as tx:
        rows = sorted(outbox.list_outbox(tx), key=lambda row: row.id)
        found = [raw(tx, row.id) for row in rows if row.ticket is None and row.recipient == address]
    return [" ".join(text_of(parsed(content)).split()) for content in found]


def tags(desk: RuledDesk, *numbers: int) -> list[set[str]]:
    return [set(desk.desk.ticket(number).tags) for number in numbers]


def counted(desk: RuledDesk) -> dict[str, int]:
    """The letters that count against the limits of rules."""
    with desk.desk.store.reading() as tx:
        rules = [rule for rule in tx.execute(letters.select()).all() if rule.rule]
    return {name: sum(row.rule == name for row in rules) for name in sorted({row.rule or "" for row in rules})}


def test_a_rule_past_its_limit_does_nothing_more_and_its_owner_is_told_once(a_desk: Opening):
    desk = a_desk(FAQ)
    numbers = [asked(desk) for _ in range(4)]
    assert tags(desk, *numbers) == [{"faq"}, {"faq"}, {"seen"}, {"seen"}]
    third = desk.desk.ticket(numbers[2])
    assert third.status is Status.NEW, "it waits for no answer to what nobody has got"
    assert third.acknowledged, "as if there were no such rule"
    assert [desk.log(number, "rule_paused") for number in numbers] == [
        [],
        [],
        ["more than 2 mails in 1h: nothing of it was done, and it is not asked any more"],
        [],
    ]
    (letter,) = told(desk, ANNA)
    assert "The rule faq (rules/10.yaml:3) would have sent more than 2 mails in 1h." in letter
    assert f"about #{numbers[1]}, #{numbers[0]}; `maild ticket log {numbers[1]}` says why" in letter
    assert "`maild rules enable faq` lets it go on" in letter
    assert (told(desk, BORIS), told(desk, ADMIN)) == ([], [])


def test_the_trace_says_since_when_and_why_a_rule_is_paused(a_desk: Opening):
    desk = a_desk(FAQ)
    numbers = [asked(desk) for _ in range(4)]
    with desk.desk.store.reading() as tx:
        traces = [rule for number in numbers for row in tickets.list_traces(tx, number) for rule in row.rules if rule["rule"] == "faq"]
    assert [(trace["fired"], trace.get("skipped")) for trace in traces] == [
        (True, None),
        (True, None),
        (False, "paused: more than 2 mails in 1h"),
        (False, "paused since 2026-11-20 12:03 UTC: more than 2 mails in 1h"),
    ]


def test_a_pause_outlasts_the_window_and_ends_when_a_person_says_so(a_desk: Opening):
    desk = a_desk(FAQ)
    numbers = [asked(desk) for _ in range(3)]
    desk.now += timedelta(days=1)
    assert tags(desk, numbers[2], asked(desk)) == [{"seen"}, {"seen"}]
    with desk.desk.store.writing() as tx:
        assert rule_mail.lift(tx, "faq")
    assert tags(desk, *(asked(desk) for _ in range(3))) == [{"faq"}, {"faq"}, {"seen"}]
    assert len(told(desk, ANNA)) == 2


def test_a_rule_that_stays_within_its_limit_is_never_paused(a_desk: Opening):
    desk = a_desk(FAQ)
    numbers = []
    for _ in range(6):
        desk.now += timedelta(minutes=30)
        numbers.append(asked(desk))
    assert tags(desk, *numbers) == [{"faq"}] * 6


def test_a_rule_that_asks_for_no_mail_this_time_goes_on(a_desk: Opening):
    desk = a_desk(FAQ)
    numbers = [asked(desk), asked(desk), asked(desk, headers=(("Auto-Submitted", "auto-generated"),))]
    assert tags(desk, *numbers) == [{"faq"}] * 3
    assert told(desk, ANNA) == []


def test_without_a_limit_of_its_own_a_rule_may_send_fifty_mails_in_an_hour(a_desk: Opening):
    desk = a_desk(f"rules: [{{id: vip, when: ticket.created, do: [{ALARM}, {{tag: vip}}]}}]")
    numbers = [asked(desk) for _ in range(51)]
    assert [position for position, found in enumerate(tags(desk, *numbers)) if not found] == [50]
    (letter,) = told(desk, BORIS)
    assert "more than 50 mails in 1h" in letter


def test_every_letter_that_a_rule_asks_for_counts_but_the_acknowledgement(a_desk: Opening):
    """RULES.md 5.5: the caps of MAIL.md L4 bound that."""
    desk = a_desk("""
        rules:
          - {id: ack, when: ticket.created, do: [{ack: {template: received}}]}
          - {id: given, when: ticket.created, do: [{assign: anna}]}
          - {id: alarm, when: ticket.created, do: [{notify: {who: [anna, boris, admins], template: escalation, why: look}}]}
          - {id: task, when: ticket.created, do: [{task: {title: Call her, for: boris}}]}
          - {id: reply, when: ticket.reopened, do: [{reply: {template: faq-password}}]}
          - {id: close, when: message.note, do: [{close: {template: closed}}]}
    """)
    number = desk.opened()
    assert desk.sent(number) == ["received"]
    assert counted(desk) == {"alarm": 3, "task": 1}
    desk.at_the_command_line(number, body="done", internal=True)
    desk.at_the_command_line(number, Command("open", ""))
    assert desk.sent(number) == ["received", "closed", "faq-password"]
    assert counted(desk) == {"alarm": 3, "close": 1, "reply": 1, "task": 1}


def test_no_mail_takes_a_rule_past_its_limit_to_however_many_it_would_write_at_once(a_desk: Opening):
    limit = "when: ticket.created, limit: {mails: 4, per: 1h}"
    desk = a_desk(f"""
        rules:
          - {{id: three, {limit}, do: [{{notify: {{who: [anna, boris, admins], template: escalation, why: x}}}}, {{tag: three}}]}}
          - {{id: four, {limit}, do: [{ALARM}, {{notify: {{who: [anna, boris, admins], template: escalation, why: y}}}}, {{tag: four}}]}}
          - {{id: five, {limit}, do: [{ALARM}, {ALARM}, {{notify: {{who: [anna, boris, admins], template: escalation}}}}, {{tag: five}}]}}
    """)
    assert tags(desk, *(asked(desk) for _ in range(3))) == [{"three", "four"}, set(), set()]
    assert counted(desk) == {"four": 4, "three": 3}
    assert [letter.partition("The rule ")[2].split()[0] for letter in told(desk, BORIS)] == ["five", "three", "four"]


def test_what_a_rule_does_at_several_events_of_one_mail_counts_together(a_desk: Opening):
    notify = "do: [{notify: {who: [anna, boris], template: escalation, why: x}}]"
    desk = a_desk(f"""
        rules:
          - {{id: first, when: [ticket.created, message.customer], do: [{{tag: first}}]}}
          - {{id: loud, when: [ticket.created, ticket.tagged], cascade: true, limit: {{mails: 3, per: 1h}}, {notify}}}
    """)
    asked(desk)
    assert counted(desk) == {}
    assert len(told(desk, BORIS)) == 1


def test_what_happens_at_the_command_line_is_bound_as_well(a_desk: Opening):
    desk = a_desk(f"rules: [{{id: noted, when: message.note, limit: {{mails: 1, per: 31d}}, do: [{ALARM}, {{tag: noted}}]}}]")
    number, other = desk.opened(), desk.opened()
    for ticket in (number, other):
        desk.at_the_command_line(ticket, body="look", internal=True)
    assert tags(desk, number, other) == [{"noted"}, set()]
    assert len(told(desk, BORIS)) == 1


def test_a_macro_is_run_by_a_person_and_never_paused(a_desk: Opening):
    desk = a_desk("rules: [{id: faq, when: [macro, message.note], limit: {mails: 1, per: 1h}, do: [{reply: {template: faq-password}}]}]")
    number = desk.opened()
    for _ in range(2):
        desk.at_the_command_line(number, Command("macro", "faq"))
    assert desk.sent(number) == ["received", "faq-password", "faq-password"]
    desk.at_the_command_line(number, body="look", internal=True)
    assert len(told(desk, BORIS)) == 1, "by itself it has sent enough"


def test_a_rule_in_shadow_counts_nothing_and_is_never_paused(a_desk: Opening):
    desk = a_desk(f"rules: [{{id: vip, mode: shadow, when: ticket.created, limit: {{mails: 1, per: 1h}}, do: [{ALARM}]}}]")
    for _ in range(3):
        asked(desk)
    assert (counted(desk), told(desk, BORIS)) == ({}, [])


def test_who_answers_for_a_rule_is_told_or_else_the_lead_or_else_the_admins(a_desk: Opening):
    limit = "when: ticket.created, limit: {mails: 1, per: 1h}"
    desk = a_desk(f"""
        rules:
          - {{id: agents, owner: anna, {limit}, do: [{ALARM}]}}
          - {{id: address, owner: kim@acme.example, {limit}, do: [{ALARM}]}}
          - {{id: nobody, {limit}, do: [{ALARM}]}}
          - {{id: words, owner: the night shift, {limit}, do: [{ALARM}]}}
          - {{id: desk, owner: sales@acme.example, {limit}, do: [{ALARM}]}}
    """)
    for _ in range(2):
        asked(desk)
    readers = (ANNA, "kim@acme.example", BORIS, ADMIN)
    found = {reader: [letter.partition("The rule ")[2].split()[0] for letter in told(desk, reader)] for reader in readers}
    assert found == {ANNA: ["agents"], "kim@acme.example": ["address"], BORIS: ["nobody", "words", "desk"], ADMIN: []}


def test_two_processes_do_not_run_past_a_limit_together(store: Store, store_url: str, tmp_path: Path):
    """Each has its turn to ask and to write. Both have the same clock."""
    (tmp_path / "rules").mkdir()
    rule = f"{{id: vip, when: ticket.created, limit: {{mails: 5, per: 1h}}, do: [{ALARM}]}}"
    (tmp_path / "rules" / "10.yaml").write_text(f"rules: [{rule}]")
    office = an_office(tmp_path, DESK)
    desks = [RuledDesk(Replay(office, open_store(store_url, tmp_path, create=False))) for _ in range(2)]

    def work(desk: RuledDesk) -> None:
        for _ in range(6):
            desk.now = START
            desk.receive(an_email(sender=ANN, to="support@acme.example"))

    threads = [threading.Thread(target=work, args=(desk,)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.reading() as tx:
        assert len(tickets.list_tickets(tx)) == 12
        assert [pause.rule for pause in rule_mail.list_pauses(tx)] == ["vip"]
        assert [row.rule for row in tx.execute(letters.select()) if row.rule] == ["vip"] * 5
    assert len(told(desks[0], BORIS)) == 1, "one of both has told it"
    for desk in desks:
        desk.desk.store.close()
