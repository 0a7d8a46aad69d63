"""Leads are told once a day at most what was kept out; `maild status` counts it at any time (MAIL.md S5, B4)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.effects import IncomingState, Suppress
from maild.ingest.arrival import Arrival
from maild.message import Address
from maild.office import Office
from maild.quarantine_digest import QuarantineDigest
from maild.reason import Reason
from maild.reports.status import find_status
from maild.store import incoming, letters, outbox, suppressions
from maild.store.engine import Store
from maild.store.quarantine import list_kept_out
from tests.rig.small_office import an_office

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
imap: {host: localhost, security: none, password: p}
queues:
  support: {address: support@acme.example, agents: [anna, boris], lead: boris, mailbox: {username: s}}
  sales: {address: sales@acme.example, agents: [anna], mailbox: {username: t}}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example}}
"""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return an_office(tmp_path, DESK)


def keep_out(store: Store, code: str = "spam", when: datetime = NOW, mailbox: str = "support", subject: str = "You have won") -> int:
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [Arrival(mailbox, f"{code} {when} {subject}".encode(), when)], when)
        author = Address("Eve", "eve@globex.example")
        incoming.finish(tx, message, IncomingState.QUARANTINED, Reason(code, f"why {code}"), when, author=author, subject=subject)
    return message


def told(store: Store) -> list[tuple[str, str]]:
    """Who was mailed, and under which subject."""
    with store.reading() as tx:
        return [(row.recipient, row.subject) for row in outbox.list_outbox(tx)][::-1]


def text(store: Store) -> str:
    with store.reading() as tx:
        (row, *_) = outbox.list_outbox(tx)
        return letters.raw(tx, row.id).decode()


def test_the_lead_is_told_of_mail_under_an_agents_name(store: Store, office: Office):
    """A4: of such mails beyond the cap nobody else is."""
    message = keep_out(store, code="agent_unverified", subject="Wire money")
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert f"{message}  eve@globex.example: Wire money (why agent_unverified)" in text(store)


def test_the_lead_is_told_at_once_and_then_not_for_a_day(store: Store, office: Office):
    digest = QuarantineDigest(store)
    digest.look(office, NOW)
    assert told(store) == []
    message = keep_out(store)
    digest.look(office, NOW + timedelta(seconds=30))
    assert told(store) == [], "what was decided a moment ago may not be all"
    digest.look(office, NOW + HOUR)
    assert told(store) == [("boris@acme.example", "In quarantine: 1")]
    written = text(store)
    assert f"{message}  eve@globex.example: You have won (why spam)" in written
    keep_out(store, when=NOW + 2 * HOUR)
    QuarantineDigest(store).look(office, NOW + 3 * HOUR)
    assert len(told(store)) == 1
    keep_out(store, when=NOW + 4 * HOUR)
    QuarantineDigest(store).look(office, NOW + 26 * HOUR)
    assert told(store)[1:] == [("boris@acme.example", "In quarantine: 2")]


def test_what_comes_after_the_clock_was_set_back_is_told_a_day_later(store: Store, office: Office):
    """It lies before the time of the last mail, and would be told to nobody."""
    keep_out(store)
    QuarantineDigest(store).look(office, NOW + HOUR)
    QuarantineDigest(store).look(office, NOW - 50 * HOUR)
    keep_out(store, subject="You have lost", when=NOW - 49 * HOUR)
    QuarantineDigest(store).look(office, NOW - 27 * HOUR)
    assert len(told(store)) == 1
    QuarantineDigest(store).look(office, NOW - 25 * HOUR)
    assert told(store)[1:] == [("boris@acme.example", "In quarantine: 1")]
    assert "You have lost" in text(store)


def test_a_department_without_a_lead_has_its_admins_told(store: Store, office: Office):
    keep_out(store, mailbox="sales")
    keep_out(store)
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert sorted(told(store)) == [("boris@acme.example", "In quarantine: 1"), ("ops@acme.example", "In quarantine: 1")]


def test_in_the_place_of_a_lead_whose_mailbox_is_dead_the_admins_are_told(store: Store, office: Office):
    """MAIL.md B6."""
    with store.writing() as tx:
        suppressions.store(tx, Suppress("boris@acme.example", "mail bounced", None), NOW)
    keep_out(store)
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert told(store) == [("ops@acme.example", "In quarantine: 1")]


def test_automatic_answers_are_counted_but_are_no_reason_to_write_and_what_a_rule_drops_is_not_told_of(store: Store, office: Office):
    for code in ("auto", "drop"):
        keep_out(store, code)
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert told(store) == []
    keep_out(store, "unauthenticated")
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert told(store) == [("boris@acme.example", "In quarantine: 2")]
    assert "2 (1 auto, 1 unauthenticated)" in text(store)
    assert "why auto" not in text(store)


def test_reports_about_nothing_of_ours_are_counted_for_the_admins_also_where_nothing_else_came(store: Store, office: Office):
    """MAIL.md B4."""
    for second in range(2):
        keep_out(store, "bounce", when=NOW + timedelta(seconds=second))
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert told(store) == [("ops@acme.example", "In quarantine: 2")]
    assert "2 (2 bounce)" in text(store)
    assert "why bounce" not in text(store)


def test_the_lead_is_told_of_mail_and_the_admins_of_reports(store: Store, office: Office):
    for code in ("bounce", "auto", "spam"):
        keep_out(store, code)
        keep_out(store, code, mailbox="sales")
    QuarantineDigest(store).look(office, NOW + HOUR)
    assert sorted(told(store)) == [
        ("boris@acme.example", "In quarantine: 2"),
        ("ops@acme.example", "In quarantine: 1"),
        ("ops@acme.example", "In quarantine: 3"),
    ]


def test_of_too_many_the_newest_are_looked_at_so_that_old_strays_hide_nothing(store: Store):
    for second in range(5):
        keep_out(store, "bounce", subject=f"Report {second}", when=NOW + timedelta(seconds=second))
    with store.reading() as tx:
        found = list_kept_out(tx, NOW - HOUR, NOW + HOUR, 3)
    assert [mail.subject for mail in found] == ["Report 2", "Report 3", "Report 4"]


def test_the_newest_twenty_are_named(store: Store, office: Office):
    for number in range(30):
        keep_out(store, subject=f"Prize {number}", when=NOW + timedelta(seconds=number))
    QuarantineDigest(store).look(office, NOW + HOUR)
    written = text(store)
    assert "In quarantine: 30" in written
    assert [number for number in range(30) if f"Prize {number} " in written] == list(range(10, 30))


def test_a_desk_that_only_observes_writes_nothing(store: Store, tmp_path: Path):
    observing = an_office(tmp_path, DESK.replace("agents: [anna", "mode: observe, agents: [anna"))
    keep_out(store)
    QuarantineDigest(store).look(observing, NOW + HOUR)
    assert told(store) == []


def test_the_status_counts_by_reason(store: Store, office: Office):
    for code in ("spam", "spam", "auto", "drop"):
        keep_out(store, code)
    with store.reading() as tx:
        status = find_status(tx, office.desk.settings, NOW)
    assert (status.incoming["quarantined"], status.quarantine) == (4, {"auto": 1, "drop": 1, "spam": 2})
