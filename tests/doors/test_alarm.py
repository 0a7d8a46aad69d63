"""The alarm tells the admins of each trouble once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maild import node
from maild.alarm import Alarm
from maild.config.settings import Settings
from maild.effects import IncomingState, PauseRule, Post, RecordEvent
from maild.housekeeping import housekeep
from maild.ingest.arrival import Arrival
from maild.outbox.delivery import Failed, Outcome, Unknown
from maild.reason import Reason
from maild.reports.status import find_status
from maild.store import accounts, deliveries, incoming, outbox, rule_mail, signs_of_life
from maild.store.apply import apply
from maild.store.engine import Store, Transaction
from maild.store.signs_of_life import RefusedReload, Running, SignOfLife
from tests.rig.desk import ACKNOWLEDGEMENT, a_decision, a_message, composed
from tests.rig.letters import text_of
from tests.rig.mails import parsed
from tests.rig.small_office import an_office, read_outbox

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def hold_one(store: Store, text: str) -> int:
    with store.writing() as tx:
        (identifier,) = incoming.store_arrivals(tx, [Arrival("support", text.encode(), NOW)], NOW)
        hold(tx, identifier, NOW)
    return identifier


def hold(tx: Transaction, message: int, at: datetime) -> None:
    incoming.hold(tx, message, Reason("error", "it broke"), "traceback", at)


def settle(store: Store, message: int) -> None:
    with store.writing() as tx:
        incoming.finish(tx, message, IncomingState.DONE, Reason("new", "it went well"), NOW)


def send_one(store: Store, outcome: Outcome) -> None:
    """The next letter goes out, with this outcome."""
    with store.writing() as tx:
        delivery = deliveries.claim(tx, NOW + timedelta(days=1), "host:1", 60)
        assert delivery is not None
        deliveries.record(tx, delivery.id, outcome, NOW)


def mails(store: Store) -> list[str]:
    with store.reading() as tx:
        return [row.recipient for row in outbox.list_outbox(tx)]


def test_held_mail_is_told_at_once_and_once(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    alarm.look(office, NOW)
    assert mails(store) == []
    hold_one(store, "one")
    alarm.look(office, NOW)
    alarm.look(office, NOW + timedelta(minutes=30))
    assert mails(store) == ["ops@acme.example"]


def test_a_second_trouble_waits_for_the_quiet_time(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    hold_one(store, "one")
    alarm.look(office, NOW)
    hold_one(store, "two")
    alarm.look(office, NOW + timedelta(minutes=1))
    assert len(mails(store)) == 1
    alarm.look(office, NOW + timedelta(minutes=11))
    assert len(mails(store)) == 2


def test_of_files_that_a_running_daemon_has_refused_the_admins_are_told_once_unless_somebody_mends_them(store: Store, tmp_path: Path):
    """RULES.md 5.6: the last good set goes on; whoever reloads by hand sees it at once, and has a quarter of an hour to mend it."""
    office, alarm = an_office(tmp_path), Alarm(store)
    refused = RefusedReload(NOW, 1, 'rules/10.yaml:2:28: E102 unknown event "ticket.cretaed"')

    def look(minutes: int, running: Running) -> list[str]:
        at = NOW + timedelta(minutes=minutes)
        with store.writing() as tx:
            signs_of_life.give(tx, SignOfLife(node.own_name(), at, False, running))
        alarm.look(office, at)
        return mails(store)

    assert look(0, Running(NOW, refused)) == look(14, Running(NOW, refused)) == look(15, Running(NOW)) == []
    assert look(16, Running(NOW, refused)) == look(30, Running(NOW, refused)) == []
    assert look(32, Running(NOW, refused)) == look(90, Running(NOW, refused)) == ["ops@acme.example"]
    ((_, letter),) = read_outbox(store)
    assert 'rules/10.yaml:2:28: E102 unknown event "ticket.cretaed"' in text_of(parsed(letter.encode()))


def test_a_server_that_is_away_for_a_while_is_nobodys_business(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    with store.writing() as tx:
        accounts.store_trouble(tx, "localhost:25", "connection refused")
    alarm.look(office, NOW)
    alarm.look(office, NOW + timedelta(minutes=14))
    assert mails(store) == []
    alarm.look(office, NOW + timedelta(minutes=16))
    assert mails(store) == ["ops@acme.example"]


def test_a_clock_that_is_set_back_silences_no_alarm(store: Store, tmp_path: Path):
    office, alarm, earlier = an_office(tmp_path), Alarm(store), NOW - timedelta(hours=5)
    hold_one(store, "one")
    with store.writing() as tx:
        accounts.store_trouble(tx, "localhost:25", "connection refused")
    alarm.look(office, NOW)
    assert len(mails(store)) == 1
    alarm.look(office, earlier)
    alarm.look(office, earlier + timedelta(minutes=16))
    assert len(mails(store)) == 2


def test_what_was_told_is_not_told_again_after_a_restart(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    hold_one(store, "one")
    Alarm(store).look(office, NOW)
    Alarm(store).look(office, NOW + timedelta(hours=1))
    assert len(mails(store)) == 1


def test_what_is_over_is_no_news(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    held = [hold_one(store, text) for text in ("one", "two", "three")]
    alarm.look(office, NOW)
    for hour, message in enumerate(held, start=1):
        settle(store, message)
        alarm.look(office, NOW + timedelta(hours=hour))
    assert len(mails(store)) == 1


def test_one_that_is_held_while_another_is_over_is_news(store: Store, tmp_path: Path):
    """The count is what it was; the message is another."""
    office, alarm = an_office(tmp_path), Alarm(store)
    first = hold_one(store, "one")
    alarm.look(office, NOW)
    settle(store, first)
    hold_one(store, "two")
    alarm.look(office, NOW + timedelta(hours=1))
    assert len(mails(store)) == 2


def test_a_message_that_is_held_again_after_a_retry_is_news_however_fast_it_was(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    message = hold_one(store, "one")
    alarm.look(office, NOW)
    with store.writing() as tx:
        incoming.retry(tx, message, NOW)
        hold(tx, message, NOW + timedelta(milliseconds=1))
    alarm.look(office, NOW + timedelta(hours=1))
    alarm.look(office, NOW + timedelta(hours=2))
    assert len(mails(store)) == 2


def test_a_letter_of_unknown_fate_is_told_once_it_is_left_alone(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    with store.writing() as tx:
        apply(tx, a_decision(a_message(), Post(ACKNOWLEDGEMENT)), now=NOW, compose=composed, incoming=None, first_number=1)
    send_one(store, Unknown("the line broke", NOW + timedelta(minutes=15)))
    alarm.look(office, NOW + timedelta(hours=1))
    assert len(mails(store)) == 1, "the acknowledgement alone"
    send_one(store, Unknown("the line broke", None))
    alarm.look(office, NOW + timedelta(hours=2))
    alarm.look(office, NOW + timedelta(hours=3))
    assert len(mails(store)) == 2


def test_an_alarm_that_does_not_arrive_is_shown_but_rings_no_other(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    hold_one(store, "one")
    alarm.look(office, NOW)
    send_one(store, Failed("550 no such user"))
    alarm.look(office, NOW + timedelta(hours=1))
    assert len(mails(store)) == 1
    with store.reading() as tx:
        assert [trouble.text.partition(":")[0] for trouble in find_status(tx, office.desk.settings, NOW + timedelta(hours=1)).troubles] == [
            "1 incoming held",
            "1 outgoing failed",
        ]


def test_what_nobody_could_be_told_is_told_when_somebody_can(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    hold_one(store, "one")
    nobody = replace(office, desk=replace(office.desk, settings=without_admins(office.desk.settings)))
    alarm.look(nobody, NOW)
    alarm.look(office, NOW + timedelta(hours=1))
    assert len(mails(store)) == 1


def without_admins(settings: Settings) -> Settings:
    return replace(settings, desk=replace(settings.desk, admins=()))


def test_of_a_rule_that_breaks_the_admins_are_told_once_and_again_where_it_does_so_after_a_day_of_peace(store: Store, tmp_path: Path):
    """RULES.md 5.2: the mail goes on without it."""
    office, alarm = an_office(tmp_path), Alarm(store)

    def look(hours: int, *, breaks: bool = False) -> int:
        at = NOW + timedelta(hours=hours)
        if breaks:
            event = RecordEvent("rule_error", "rule odd", "skipped: ZeroDivisionError: boom (rules/10.yaml:3)")
            with store.writing() as tx:
                apply(tx, a_decision(a_message(), event), now=at, compose=composed, incoming=None, first_number=1)
        housekeep(store, office.desk.settings, at)
        alarm.look(office, at)
        return len(mails(store))

    assert [look(0), look(1, breaks=True), look(2, breaks=True), look(9), look(20, breaks=True), look(43)] == [0, 1, 1, 1, 1, 1]
    ((_, letter),) = read_outbox(store)
    assert "rule odd broke: skipped: ZeroDivisionError: boom (rules/10.yaml:3)" in text_of(parsed(letter.encode()))
    assert [look(45), look(46, breaks=True)] == [1, 2]


def test_a_rule_that_is_paused_is_no_news_to_the_admins_and_shown_beside_what_is(store: Store, tmp_path: Path):
    """RULES.md 5.5: whoever answers for it was mailed when it was paused."""
    office, alarm = an_office(tmp_path), Alarm(store)
    with store.writing() as tx:
        rule_mail.pause(tx, PauseRule("faq", "more than 50 mails in 1h"), NOW)
    alarm.look(office, NOW)
    alarm.look(office, NOW + timedelta(hours=1))
    assert mails(store) == []
    hold_one(store, "one")
    alarm.look(office, NOW + timedelta(hours=2))
    ((_, letter),) = read_outbox(store)
    assert "rule faq is paused since 2026-11-20 10:00 UTC: it would have sent more than 50 mails in 1h" in text_of(parsed(letter.encode()))
