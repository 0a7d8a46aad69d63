"""The alarm tells the admins of each trouble once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from maild.alarm import Alarm
from maild.config.load import require_settings
from maild.ingest.arrival import Arrival
from maild.office import Office, open_office
from maild.reason import Reason
from maild.store import accounts, incoming, letters
from maild.store.engine import Store

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna], mailbox: {host: localhost, security: none, username: u, password: p}}
agents: {anna: {name: Anna, email: anna@acme.example}}
"""


def an_office(directory: Path) -> Office:
    (directory / "secret.key").write_text("k" * 64, encoding="ascii")
    (directory / "maild.yaml").write_text(DESK, encoding="utf-8")
    return open_office(require_settings(directory))


def hold_one(store: Store, text: str) -> None:
    with store.writing() as tx:
        (identifier,) = incoming.store_arrivals(tx, [Arrival("support", text.encode(), NOW)], NOW)
        incoming.hold(tx, identifier, Reason("error", "it broke"), "traceback", NOW)


def mails(store: Store) -> list[str]:
    with store.reading() as tx:
        return [row.recipient for row in letters.list_outbox(tx)]


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


def test_a_server_that_is_away_for_a_while_is_nobodys_business(store: Store, tmp_path: Path):
    office, alarm = an_office(tmp_path), Alarm(store)
    with store.writing() as tx:
        accounts.store_trouble(tx, "localhost:25", "connection refused")
    alarm.look(office, NOW)
    alarm.look(office, NOW + timedelta(minutes=14))
    assert mails(store) == []
    alarm.look(office, NOW + timedelta(minutes=16))
    assert mails(store) == ["ops@acme.example"]


def test_what_was_told_is_not_told_again_after_a_restart(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    hold_one(store, "one")
    Alarm(store).look(office, NOW)
    Alarm(store).look(office, NOW + timedelta(hours=1))
    assert len(mails(store)) == 1
