"""Rules that report of departments by a schedule, in the store, on both engines (RULES.md 2: `each: once`)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from maild.due import settle
from maild.effects import Decision, IncomingState
from maild.office import Office
from maild.reason import Reason
from maild.recording import record
from maild.schedule_rules import LOG_KEPT, REPORTING, RETRY_AFTER
from maild.store import letters, outbox, rule_mail, switches, tickets, traffic
from maild.store.engine import Store
from maild.traffic import Period
from tests.rig.desk import NOW, a_message, a_ticket
from tests.rig.letters import text_of
from tests.rig.mails import parsed
from tests.rig.small_office import an_office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], lead: boris, mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], mode: live, mailbox: support}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example, timezone: Europe/Sofia}}
"""
DAILY = 'when: {cron: "0 8 * * *", each: once}, if: {queue.length: {gt: 0}}'
REPORT = f"{{id: report, {DAILY}, do: [{{notify: {{who: [lead, admins], template: backlog, why: Please look}}}}]}}"
EIGHT = NOW.replace(hour=8, minute=0, second=0, microsecond=0)
EVER = Period(EIGHT - DAY, EIGHT + 9 * DAY)
Writing = Callable[[str], Office]


@pytest.fixture
def office(tmp_path: Path) -> Writing:
    """The office with this rule."""

    def written(rule: str) -> Office:
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / "10.yaml").write_text(f"rules:\n  - {rule}\n" if rule else "version: 1\n", encoding="utf-8")
        return an_office(tmp_path, DESK)

    return written


def opened(store: Store, office: Office, queue: str = "support", **more: str) -> None:
    ticket = a_ticket(queue=queue, **more)
    with store.writing() as tx:
        record(tx, Decision(IncomingState.DONE, Reason("new", ""), None, ticket, (a_message(),)), office, NOW)


def keep(store: Store, office: Office, *moments: datetime) -> None:
    for now in moments:
        settle(REPORTING, store, office, now)


def sent(store: Store, template: str = "backlog") -> list[tuple[str, datetime]]:
    with store.reading() as tx:
        rows = sorted(outbox.list_outbox(tx), key=lambda row: row.id)
    return [(row.recipient, row.created) for row in rows if row.template == template]


def test_a_report_comes_once_at_every_moment_and_what_was_missed_comes_once(store: Store, office: Writing):
    opened(store, office(""))
    keep(store, office(REPORT), EIGHT - HOUR)
    assert sent(store) == [], "it looks ahead, and not back"
    for now in (EIGHT, EIGHT + HOUR, EIGHT + 3 * DAY + HOUR, EIGHT + 3 * DAY + 2 * HOUR):
        keep(store, office(REPORT), now, now)
    assert sent(store) == [(reader, at) for at in (EIGHT, EIGHT + 3 * DAY + HOUR) for reader in ("boris@acme.example", "ops@acme.example")]


def test_it_says_how_many_wait_and_which_are_the_oldest_by_the_readers_clock(store: Store, office: Writing):
    desk = office(REPORT)
    for subject in ("Printer", "Where is my order?"):
        opened(store, desk, subject=subject)
    opened(store, desk, "sales", subject="Price")
    keep(store, desk, EIGHT - HOUR, EIGHT + DAY)
    with store.reading() as tx:
        mails = [parsed(letters.raw(tx, row.id)) for row in outbox.list_outbox(tx) if row.recipient == "boris@acme.example"]
    told = {mail["Subject"]: text_of(mail) for mail in mails}
    assert set(told) == {"Waiting in Support: 2", "Waiting in Sales: 1"}
    text = told["Waiting in Support: 2"]
    assert "Please look" in text
    assert "#1  Printer (2026-11-20 12:02)" in text
    assert "#2  Where is my order?" in text
    assert "`list queue:support` as the subject of a new mail to support@acme.example" in text
    assert "The rule report sends this mail." in text


def test_a_department_of_which_it_does_not_hold_is_not_reported_of(store: Store, office: Writing):
    desk = office(REPORT)
    opened(store, desk, "sales")
    keep(store, desk, EIGHT - HOUR, EIGHT + DAY)
    with store.reading() as tx:
        assert {row.queue for row in outbox.list_outbox(tx)} == {"sales"}
        outcomes = [(outcome.fired, outcome.times) for outcome in traffic.find_outcomes(tx, EVER)]
    assert sorted(outcomes) == [(False, 1), (True, 1)]


def test_two_rounds_that_found_the_same_moment_report_once(store: Store, office: Writing):
    desk = office(REPORT)
    opened(store, desk)
    keep(store, desk, EIGHT - HOUR)
    with store.reading() as tx:
        found = tuple(REPORTING.find(tx, desk, EIGHT))
    assert found == ("report",)
    keep(store, desk, EIGHT)
    with store.writing() as tx:
        assert REPORTING.decide(tx, "report", desk, EIGHT) is None


def test_a_rule_that_is_changed_or_was_disabled_waits_for_its_next_moment(store: Store, office: Writing):
    opened(store, office(""))
    later = REPORT.replace("0 8", "0 9")
    keep(store, office(REPORT), EIGHT - HOUR)
    keep(store, office(later), EIGHT + 2 * HOUR)
    keep(store, office(later.replace("{id", "{disabled: for now, id")), EIGHT + DAY + 2 * HOUR)
    keep(store, office(later), EIGHT + 2 * DAY + 2 * HOUR)
    assert sent(store) == []
    keep(store, office(later), EIGHT + 3 * DAY + HOUR)
    assert len(sent(store)) == 2
    keep(store, office(""), EIGHT + 4 * DAY)
    with store.reading() as tx:
        assert switches.find_all(tx, "rules.schedule.") == []


def test_a_clock_that_is_set_back_makes_nobody_wait_for_days(store: Store, office: Writing):
    desk = office(REPORT)
    opened(store, desk)
    keep(store, desk, EIGHT + 9 * DAY + HOUR, EIGHT + HOUR, EIGHT + DAY)
    assert [at for _, at in sent(store)] == [EIGHT + DAY] * 2


def test_a_rule_past_its_limit_is_paused_and_reports_when_it_is_let_go_on(store: Store, office: Writing):
    desk = office(REPORT.replace("{id", "{limit: {mails: 2, per: 9d}, id"))
    opened(store, desk)
    keep(store, desk, EIGHT - HOUR, EIGHT, EIGHT + DAY, EIGHT + 2 * DAY)
    assert len(sent(store)) == 2
    assert sent(store, "attention") == [("boris@acme.example", EIGHT + DAY)]
    with store.writing() as tx:
        assert rule_mail.lift(tx, "report")
    keep(store, desk, EIGHT + 2 * DAY + HOUR)
    assert len(sent(store)) == 4


def test_what_breaks_is_put_off(store: Store, office: Writing, tmp_path: Path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "attention.body.txt").write_text("{{ 1 // (warnings|length - 2) }}", encoding="utf-8")
    rule = REPORT.replace("{id", "{limit: {mails: 2, per: 9d}, id")
    desk = office(rule)
    opened(store, desk)
    keep(store, desk, EIGHT - HOUR, EIGHT, EIGHT + DAY)
    with store.reading() as tx:
        assert rule_mail.list_pauses(tx) == ()
        assert tuple(REPORTING.find(tx, desk, EIGHT + DAY)) == ()
        assert tuple(REPORTING.find(tx, desk, EIGHT + DAY + RETRY_AFTER)) == ("report",)
    (tmp_path / "templates" / "attention.body.txt").unlink()
    keep(store, office(rule), EIGHT + DAY + RETRY_AFTER)
    assert len(sent(store, "attention")) == 1


def test_the_log_of_what_concerned_nothing_is_kept_for_as_long_as_any_other(store: Store, office: Writing):
    desk = office(REPORT)
    opened(store, desk)
    keep(store, desk, EIGHT - HOUR, EIGHT)
    with store.writing() as tx:
        tickets.forget_log_of_nothing(tx, EIGHT)
        assert len(tuple(traffic.find_outcomes(tx, EVER))) == 2
    keep(store, desk, EIGHT + LOG_KEPT + HOUR)
    with store.reading() as tx:
        assert tuple(traffic.find_outcomes(tx, EVER)) == ()
        assert len(tuple(traffic.find_outcomes(tx, Period(EIGHT, EIGHT + 2 * LOG_KEPT)))) == 2
