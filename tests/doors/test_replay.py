"""The replay: what other rules would have made of the mail a desk has stored, on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from maild.desk.acts import Act
from maild.desk.command import Command
from maild.effects import IncomingState
from maild.front_desk import FrontDesk
from maild.ingest.opinion import Opinion
from maild.ingest.parse import parse_message
from maild.office import with_added
from maild.pipeline import consider
from maild.reading import Circumstances
from maild.replay import Trial, replay
from maild.rules.backtest import Backtest
from maild.rules.load import load_rules
from maild.rules.outcome import Change
from maild.rules.ruleset import NO_RULES, RuleSet
from maild.store import agent_addresses, incoming
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.letters import raw
from maild.store.outbox import list_outbox
from maild.store.recall import recall
from maild.store.received_mail import list_incoming
from maild.store.retention import forget_tickets
from maild.store.tables import all_tables
from maild.store.tables.desk import welcomes
from maild.store.tables.tickets import events
from maild.ticket import Status
from maild.traffic import Period
from tests.rig.desk import composed
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import Replay
from tests.rig.small_office import DESK, an_office

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
MONTH = Period(BEGIN - DAY, BEGIN + 30 * DAY)
INVOICES = (
    "{id: invoices, when: [ticket.created, message.customer], if: {text: {word: invoice}}, do: [{tag: [payment]}, {set: {priority: high}}]}"
)
PRIZES = "{id: prizes, when: mail.received, if: {subject: {word: prize}}, do: [{quarantine: prizes}]}"


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Replay:
    return Replay(an_office(tmp_path, DESK), store)


def rules(desk: Replay, *texts: str) -> RuleSet:
    """A set of these rules, each in YAML's flow style."""
    settings = desk.office.desk.settings
    draft = f"version: 1\nrules: [{', '.join(texts)}]\n".encode()
    loaded = load_rules(settings.directory, settings, {"10-tried.yaml": draft}, settings.directory / "elsewhere")
    assert loaded.rules is not None, loaded.faults
    return loaded.rules


def ruled(desk: Replay, *texts: str) -> None:
    """The desk works by these rules from now on."""
    desk.office = replace(desk.office, desk=replace(desk.office.desk, rules=rules(desk, *texts)))


def tried(desk: Replay, *texts: str, period: Period = MONTH, queue: str = "") -> Backtest:
    return replay(desk.store, Trial(desk.office, period, rules(desk, *texts), queue), lambda done, total: None)


def beside_the_record(desk: Replay) -> Backtest:
    return replay(desk.store, Trial(desk.office, MONTH), lambda done, total: None)


def asks(
    desk: Replay, subject: str, body: str = "Hello\n", minutes: int = 0, sender: str = "ann@globex.example", **more: object
) -> int | None:
    return desk.receive(an_email(sender=sender, to="support@acme.example", subject=subject, body=body, **more), BEGIN + minutes * MINUTE)


def answers(desk: Replay, agent: str, ticket: int, words: str, minutes: int) -> None:
    """The agent replies to the last notification about a ticket."""
    letter = parsed(desk.letters_about(f"{agent}@acme.example", ticket)[-1].raw)
    assert desk.receive(an_answer_to(letter, f"{agent}@acme.example", words), BEGIN + minutes * MINUTE) == ticket


def writes_back(desk: Replay, ticket: int, words: str, minutes: int, sender: str = "ann@globex.example") -> None:
    """The customer replies to the last letter about a ticket."""
    letter = parsed(desk.letters_about(sender, ticket)[-1].raw)
    assert desk.receive(an_answer_to(letter, sender, words), BEGIN + minutes * MINUTE) == ticket


def changes(found: Backtest) -> list[tuple[int | None, tuple[Change, ...], tuple[str, ...]]]:
    return [(difference.ticket, difference.changes, difference.rules) for difference in found.differences]


def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as tx:
        return {table.name: sorted(map(tuple, tx.execute(table.select())), key=repr) for table in all_tables().sorted_tables}


def test_a_mail_is_his_whose_address_it_was_when_it_came(desk: Replay):
    """MAIL.md A4: an agent has added an address and lost it again, and another one has it now."""
    home = "anna@home.example"

    def belongs(agent: str | None, minutes: int) -> None:
        with desk.store.writing() as tx:
            if agent:
                agent_addresses.store(tx, agent, home, BEGIN + minutes * MINUTE)
            else:
                agent_addresses.forget(tx, home, BEGIN + minutes * MINUTE)
        desk.office = with_added(desk.office, {agent: (home,)} if agent else {})

    for minutes, owner in ((0, "anna"), (10, None), (20, "boris")):
        belongs(owner, minutes)
        for later in (1, 3):
            asks(desk, f"Keys {minutes + later}", minutes=minutes + later, sender=home)
    found = beside_the_record(desk)
    assert (found.judged, changes(found)) == (6, [])


def test_a_rule_that_the_desk_does_not_have_shows_what_it_would_have_changed(desk: Replay):
    asks(desk, "Printer")
    asks(desk, "My invoice", minutes=1)
    found = tried(desk, INVOICES)
    assert (found.judged, found.unjudged.strayed) == (2, 0)
    assert changes(found) == [(2, (Change("priority", "normal", "high"), Change("tags", "(nothing)", "payment")), ("invoices",))]
    (rule,) = found.rules
    assert (rule.rule, rule.fired, rule.was, rule.tickets, rule.mails) == ("invoices", 1, 0, 1, 0)


def test_rules_that_do_the_same_differ_in_nothing(desk: Replay):
    ruled(desk, INVOICES)
    asks(desk, "My invoice")
    answers(desk, "anna", 1, "Here it is.\n", 5)
    writes_back(desk, 1, "Another invoice, please.\n", 10)
    found = tried(desk, INVOICES)
    assert changes(found) == []
    assert found.judged == 3
    assert found.unjudged.strayed == 0
    assert all(mail.mails == mail.was for mail in found.mails)
    (rule,) = found.rules
    assert (rule.fired, rule.was) == (2, 2)


def test_the_whole_past_of_a_desk_is_replayed_as_it_was(desk: Replay):
    """Answers find the letters they answer, agents' commands are done, and nothing differs from what the desk has recorded."""
    ruled(desk, INVOICES)
    for number in range(1, 6):
        asks(desk, f"Question {number}", minutes=number, sender=f"person{number}@globex.example")
    answers(desk, "anna", 2, "#tag urgent\nWe look into it.\n", 20)
    writes_back(desk, 2, "Where is the invoice?\n", 25, "person2@globex.example")
    answers(desk, "boris", 3, "Done.\n#close\n", 30)
    writes_back(desk, 3, "It is not.\n", 40, "person3@globex.example")
    found = beside_the_record(desk)
    assert changes(found) == []
    assert (found.judged, found.unjudged.older, found.unjudged.broken) == (9, 0, 0)
    assert [(rule.fired, rule.was) for rule in found.rules] == [(1, 1)]


def test_a_ticket_is_judged_until_its_first_divergence(desk: Replay):
    asks(desk, "My invoice")
    answers(desk, "anna", 1, "Here it is.\n", 5)
    writes_back(desk, 1, "Another invoice, please.\n", 10)
    found = tried(desk, INVOICES)
    assert [(difference.ticket, difference.at) for difference in found.differences] == [(1, BEGIN)]
    assert (found.judged, found.unjudged.after_divergence) == (1, 2)


def test_what_an_answer_on_an_old_ticket_meets_is_the_ticket_as_it_stood(desk: Replay):
    """It was opened before the period, and its first mails walk once more to bring it there; they are not judged."""
    asks(desk, "Printer")
    answers(desk, "anna", 1, "#tag waits\nTry again.\n", 5)
    writes_back(desk, 1, "The invoice is wrong.\n", 3 * 24 * 60)
    late = Period(BEGIN + DAY, BEGIN + 30 * DAY)
    found = tried(desk, INVOICES, period=late)
    assert found.judged == 1
    assert changes(found) == [
        (1, (Change("priority", "normal", "high"), Change("tags", "waits", "payment, waits")), ("invoices",)),
    ]


def test_what_falls_due_between_two_mails_happens_when_it_is_due(desk: Replay):
    """A snooze ends by itself, and rules are asked about it; the mail after that finds the ticket awake."""
    asks(desk, "Printer")
    answers(desk, "anna", 1, "#snooze 3d\nThe part comes on Thursday.\n", 5)
    asks(desk, "Another", minutes=5 * 24 * 60)
    found = tried(desk, "{id: back, when: snooze.ended, do: [{set: {priority: high}}]}")
    assert changes(found) == [(1, (Change("priority", "normal", "high"),), ("back",))]
    (difference,) = found.differences
    assert difference.mail is None
    assert BEGIN + 2 * DAY < difference.at < BEGIN + 4 * DAY
    assert [(rule.fired, rule.was) for rule in found.rules] == [(1, 0)]
    assert found.judged == 3


def test_a_task_that_falls_due_between_two_mails_is_told_of_when_it_is_due(desk: Replay):
    work = "{id: work, when: ticket.created, do: [{task: {title: Call, for: anna, due: 1m}}]}"
    ruled(desk, work)
    asks(desk, "Printer")
    asks(desk, "Another", minutes=10)
    found = tried(desk, work, "{id: late, when: task.due, do: [{tag: [late]}]}")
    assert [(difference.ticket, difference.mail, difference.at) for difference in found.differences] == [
        (1, None, BEGIN + MINUTE),
        (2, None, BEGIN + 11 * MINUTE),
    ]


def test_what_is_done_by_a_rule_without_a_mail_goes_on_in_the_copy(desk: Replay):
    ruled(desk, "{id: back, when: snooze.ended, do: [{tag: [late]}]}")
    asks(desk, "Printer")
    answers(desk, "anna", 1, "#snooze 1d\nWait.\n", 5)
    writes_back(desk, 1, "Is it there?\n", 3 * 24 * 60)
    (difference,) = tried(desk, INVOICES.replace("word: invoice", "word: there")).differences
    assert (difference.mail, difference.changes[0]) == (None, Change("tags", "late", "(nothing)"))


def test_rules_that_are_tried_rest_where_they_have_fired_themselves(desk: Replay):
    """The first firing changes nothing, since an agent has set the tag already; without its rest the second would."""
    asks(desk, "Printer")
    answers(desk, "anna", 1, "#tag payment\nTry again.\n", 5)
    writes_back(desk, 1, "The invoice is wrong.\n", 10)
    answers(desk, "anna", 1, "#untag payment\nIt is right.\n", 15)
    writes_back(desk, 1, "The invoice is wrong, I say.\n", 20)
    rule = "{{id: one, when: message.customer, {}if: {{text: {{word: invoice}}}}, do: [{{tag: [payment]}}]}}"
    assert changes(tried(desk, rule.format("once: ticket, "))) == []
    assert len(changes(tried(desk, rule.format("")))) == 1


def test_macros_of_the_tried_rules_are_those_that_agents_run(desk: Replay):
    macro = "{{id: refund, when: macro, do: [{{tag: [{}]}}]}}"
    ruled(desk, macro.format("money"))
    asks(desk, "Printer")
    answers(desk, "anna", 1, "#macro refund\nYou get it back.\n", 5)
    assert changes(tried(desk, macro.format("money"))) == []
    assert changes(tried(desk, macro.format("refunds"))) == [(1, (Change("tags", "money", "refunds"),), ("refund",))]


def test_a_mail_that_would_have_been_kept_out_is_a_ticket_less(desk: Replay):
    asks(desk, "Win a prize")
    found = tried(desk, PRIZES)
    assert changes(found) == [(1, (Change("mail", "on a ticket", "quarantined"),), ("prizes",))]
    assert {(mail.kind, mail.mails, mail.was) for mail in found.mails} == {("ack", 0, 1), ("notification", 0, 2)}


def test_a_mail_that_was_kept_out_would_have_been_a_ticket(desk: Replay):
    ruled(desk, PRIZES)
    asks(desk, "Win a prize")
    found = tried(desk)
    assert changes(found) == [(None, (Change("mail", "quarantined", "on a ticket"),), ("prizes",))]
    assert [(rule.rule, rule.place, rule.fired, rule.was, rule.tickets) for rule in found.rules] == [("prizes", "", 0, 1, 1)]


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("do: [{set: {team: null}}, {assign: anna}]", Change("owner", "(nothing)", "anna")),
        ("do: [{set: {language: de}}]", Change("language", "en", "de")),
        ("do: [{set: {field.order: 12}}]", Change("field.order", "(nothing)", "12")),
        ("do: [{note: Look here}]", Change("note", "(nothing)", "Look here")),
    ],
)
def test_every_kind_of_change_shows(desk: Replay, rule: str, change: Change):
    asks(desk, "Printer", body="It does not work since yesterday, and I do not know what to do about it.\n")
    found = tried(desk, f"{{id: one, when: ticket.created, {rule}}}")
    assert change in found.differences[0].changes


def test_mails_that_would_go_out_or_not_show_and_are_counted(desk: Replay):
    asks(desk, "Printer")
    withheld = tried(desk, "{id: quiet, when: ticket.created, do: [{ack: false}]}")
    gone = "ack received to customer, notification notification to anna, notification notification to boris"
    assert changes(withheld)[0][1] == (Change("mails", gone, gone.removeprefix("ack received to customer, ")),)
    assert withheld.rules_mails == 0
    told = tried(desk, "{id: loud, when: ticket.created, do: [{notify: {who: [admins, anna], template: escalation, why: look}}]}")
    assert told.rules_mails == 2
    assert {(mail.to, mail.mails, mail.was) for mail in told.mails} == {("customer", 1, 1), ("agent", 3, 2), ("admins", 1, 0)}


def test_a_shadow_rule_changes_nothing_and_is_counted(desk: Replay):
    asks(desk, "My invoice")
    found = tried(desk, INVOICES.replace("do:", "mode: shadow, do:"))
    assert changes(found) == []
    assert [(rule.fired, rule.shadow) for rule in found.rules] == [(0, 1)]


def test_without_other_rules_those_of_the_desk_stand_beside_what_has_happened(desk: Replay):
    asks(desk, "Printer")
    asks(desk, "My invoice", minutes=1)
    ruled(desk, INVOICES)
    found = beside_the_record(desk)
    (change,) = found.differences[0].changes
    assert (change.field, change.before) == ("rules", "(nothing)")
    assert change.after.startswith("invoices: ")
    assert [difference.ticket for difference in found.differences] == [2]


def test_what_rules_that_are_gone_did_then_ends_the_judging_of_a_ticket(desk: Replay):
    """The desk's own rules have changed since: they would have kept out what became a ticket."""
    asks(desk, "Win a prize")
    answers(desk, "anna", 1, "No.\n", 5)
    ruled(desk, PRIZES)
    assert tried(desk, PRIZES).unjudged.strayed > 0


def test_people_at_the_command_line_end_the_judging_of_a_ticket(desk: Replay):
    asks(desk, "Printer")
    settings = desk.office.desk.settings
    act = Act(agent=settings.agents["anna"], by="anna", at=BEGIN + 5 * MINUTE, commands=(Command("tag", "red"),))
    with_hands = FrontDesk(desk.store, desk.office, settings.agents["anna"])
    with_hands.act(1, act)
    asks(desk, "Another", minutes=6)
    with desk.store.writing() as tx:
        # The front desk works by the clock on the wall; then was some weeks ago.
        tx.execute(events.update().where(events.c.incoming.is_(None)).values(at=BEGIN + 5 * MINUTE))
    writes_back(desk, 1, "The invoice is wrong.\n", 10)
    found = tried(desk, INVOICES)
    assert (found.judged, found.unjudged.by_hand) == (2, 1)


def test_mail_let_out_by_hand_is_not_the_rules_doing(desk: Replay):
    ruled(desk, PRIZES)
    asks(desk, "Win a prize")
    let_out(desk, BEGIN + 5 * MINUTE)
    found = tried(desk)
    assert (found.judged, found.unjudged.released, changes(found)) == (0, 1, [])


def let_out(desk: Replay, at: datetime) -> None:
    """Somebody releases the mail in quarantine, and it walks again."""
    with desk.store.writing() as tx:
        (kept_out,) = list_incoming(tx, state=IncomingState.QUARANTINED)
        incoming.release(tx, kept_out.id)
        (claimed,) = incoming.claim(tx, 1, "replay", 60, at)
        message, asking = parse_message(claimed.raw), partial(recall, tx, now=at)
        decision = consider(message, Circumstances.of(claimed), asking, desk.office.desk, claimed.stored)
        apply(tx, decision, now=at, compose=composed, incoming=claimed, first_number=1)


def test_what_the_filter_has_said_of_a_mail_is_known_of_it_ever_after(desk: Replay):
    doubts = "{id: doubts, when: ticket.created, if: {spam.score: {gte: 5}, spam.symbols: [BAD]}, do: [{tag: [doubtful]}]}"
    ruled(desk, doubts)
    said = Opinion("rspamd at 127.0.0.1:11333", 5.5, 15.0, "greylist", ("BAD",))
    desk.receive(an_email(sender="ann@globex.example", to="support@acme.example", subject="My invoice"), BEGIN, said)
    asks(desk, "Another", minutes=1)
    assert beside_the_record(desk).differences == ()
    assert (changes(tried(desk, doubts)), tried(desk, doubts).rules[0].fired) == ([], 1)
    assert changes(tried(desk)) == [(1, (Change("tags", "doubtful", "(nothing)"),), ("doubts",))]


def test_deleted_mail_is_counted(desk: Replay):
    asks(desk, "Printer")
    answers(desk, "anna", 1, "Done.\n#close\n", 5)
    asks(desk, "Another", minutes=10)
    with desk.store.writing() as tx:
        forget_tickets(tx, Status.CLOSED, BEGIN + 365 * DAY, 10)
    found = tried(desk, INVOICES)
    assert (found.judged, found.unjudged.deleted) == (1, 2)


def test_only_mail_of_the_department_asked_for_is_judged(desk: Replay):
    asks(desk, "My invoice")
    assert tried(desk, INVOICES, queue="support").judged == 1
    assert tried(desk, INVOICES, queue="sales").judged == 0


def test_the_desk_itself_is_left_as_it_is(desk: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    asks(desk, "My invoice")
    before = everything(desk.store)
    tried(desk, INVOICES)
    assert everything(desk.store) == before
    assert list(folder.iterdir()) == []


def test_an_end_in_the_middle_leaves_nothing_behind(desk: Replay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "copies"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    asks(desk, "My invoice")

    def interrupt(done: int, total: int) -> None:
        assert list(folder.iterdir())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(desk.store, Trial(desk.office, MONTH, NO_RULES), interrupt)
    assert list(folder.iterdir()) == []


def test_the_desk_goes_on_meanwhile(desk: Replay):
    """It writes while the past is replayed, which does not see it."""
    asks(desk, "My invoice")
    seen: list[int] = []

    def meanwhile(done: int, total: int) -> None:
        seen.append(total)
        asks(desk, "Meanwhile", minutes=30 + len(seen))

    found = replay(desk.store, Trial(desk.office, MONTH, NO_RULES), meanwhile)
    assert (found.judged, seen) == (1, [1, 1])


def test_how_often_a_ticket_was_reopened_is_known_in_the_copy(desk: Replay):
    asks(desk, "Printer")
    for minutes in (10, 30):
        answers(desk, "anna", 1, "Done.\n#close\n", minutes)
        writes_back(desk, 1, "It is not.\n", minutes + 10)
    again = "{id: again, when: ticket.reopened, if: {reopened: {gte: 1}}, do: [{tag: [again]}]}"
    assert [difference.at for difference in tried(desk, again).differences] == [BEGIN + 40 * MINUTE]


def test_an_answer_between_the_lines_of_a_notification_is_read_as_it_was(desk: Replay):
    """The copy has no words of letters; what the agent wrote himself is told from them all the same (MAIL.md P8)."""
    asks(desk, "My invoice", "Where is it?\n")
    told = text_of(parsed(desk.letters_about("anna@acme.example", 1)[-1].raw))
    quoted = "\n".join(f"> {line}" for line in told.splitlines())
    answers(desk, "anna", 1, f"{quoted.replace('> Where is it?', f'> Where is it?{chr(10)}{chr(10)}On its way.{chr(10)}')}\n", 5)
    for found in (tried(desk, INVOICES), beside_the_record(desk)):
        assert (found.problems, found.unjudged.broken) == ((), 0)
    assert changes(beside_the_record(desk)) == []


def test_what_answers_a_letter_of_welcome_is_no_ticket_in_the_copy_either(desk: Replay):
    """PRODUCT 34c."""
    anna = desk.office.desk.settings.agents["anna"]
    FrontDesk(desk.store, desk.office, anna).welcome(anna)
    with desk.store.writing() as tx:
        tx.execute(update(welcomes).values(sent=BEGIN))
        (row,) = list_outbox(tx)
        letter = parsed(raw(tx, row.id))
    assert desk.receive(an_answer_to(letter, "anna@acme.example", "It works.\n"), BEGIN + MINUTE) is None
    found = beside_the_record(desk)
    assert (changes(found), found.judged) == ([], 1)
