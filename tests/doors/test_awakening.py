"""Tickets whose snooze is over (PRODUCT 18): each comes back once, and its agents are told."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from maild.awakening import wake_tickets
from maild.config.load import require_settings
from maild.effects import Suppress
from maild.known import Absence
from maild.office import Office, open_office
from maild.store import absences, letters, outbox, suppressions, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from tests.rig.desk import MINUTE, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.letters import text_of

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example], timezone: Europe/Sofia}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example, timezone: Asia/Tokyo}}
"""
BREAKS_OVER_THE_FIRST = '{% extends "maild/notification.body.txt" %}{% block message %}{{ 10 // (ticket.number - 1) }}{% endblock %}'


def an_office(directory: Path, template: str = "") -> Office:
    (directory / "secret.key").write_text("k" * 64, encoding="ascii")
    (directory / "maild.yaml").write_text(DESK, encoding="utf-8")
    (directory / "templates").mkdir(exist_ok=True)
    own = directory / "templates" / "notification.body.txt"
    own.write_text(template, encoding="utf-8") if template else own.unlink(missing_ok=True)
    return open_office(require_settings(directory))


def opened(store: Store, minutes: float, owner: str | None = "anna") -> None:
    """A ticket that is to come back so many minutes from now."""
    ticket = a_ticket(owner=owner, snoozed_until=NOW + minutes * MINUTE)
    with store.writing() as tx:
        apply(tx, a_decision(a_message(), after=ticket), now=NOW, compose=composed, incoming=None, first_number=1)


def told(store: Store) -> list[tuple[str, int | None]]:
    """Who has got a letter, and about which ticket."""
    with store.reading() as tx:
        return sorted((row.recipient, row.ticket) for row in outbox.list_outbox(tx))


def read(raw: bytes) -> str:
    """The text of a letter."""
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return text_of(message)


def asleep(store: Store) -> list[int]:
    with store.reading() as tx:
        return [row.number for row in reversed(tickets.list_tickets(tx)) if row.snoozed_until]


def test_what_is_due_comes_back_once_and_its_owner_is_told(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for minutes in (5, 1, 90):
        opened(store, minutes)
    wake_tickets(store, office, NOW)
    assert (asleep(store), told(store)) == ([1, 2, 3], [])
    wake_tickets(store, office, NOW + timedelta(minutes=5))
    assert (asleep(store), told(store)) == ([3], [("anna@acme.example", 1), ("anna@acme.example", 2)])
    wake_tickets(store, office, NOW + timedelta(minutes=6))
    assert len(told(store)) == 2, "nobody is told twice"
    with store.reading() as tx:
        events = [(row.kind, row.by, row.text) for row in tickets.list_events(tx, 1)]
        assert tickets.view(tx, 1).updated == NOW + timedelta(minutes=5)
    assert events == [
        ("woke", "maild", "the time is over; it was snoozed until Fri 20 Nov 2026 12:07 (Europe/Sofia)"),
        ("notified", "maild", "Anna"),
    ]


def test_while_its_owner_is_away_his_deputy_is_told(store: Store, tmp_path: Path):
    """PRODUCT 12."""
    opened(store, 5)
    with store.writing() as tx:
        absences.store(tx, Absence("anna", NOW, None, "boris"))
    wake_tickets(store, an_office(tmp_path), NOW + timedelta(hours=1))
    assert told(store) == [("boris@acme.example", 1)]
    with store.reading() as tx:
        (letter,) = outbox.list_outbox(tx)
        assert "! Anna is away, and owns this ticket. You are told in his place." in read(letters.raw(tx, letter.id))


def test_the_letter_says_so_at_once_by_its_readers_clock_and_shows_what_the_customer_wrote_last(store: Store, tmp_path: Path):
    opened(store, 5, owner=None)
    wake_tickets(store, an_office(tmp_path), NOW + timedelta(hours=1))
    with store.reading() as tx:
        texts = {row.recipient: read(letters.raw(tx, row.id)) for row in outbox.list_outbox(tx)}
    for reader, clock in (("anna@acme.example", "12:07"), ("boris@acme.example", "19:07")):
        top = f"Reply = to Ann Smith\nBack in the queue: snoozed until 2026-11-20 {clock}\n\n"
        assert texts[reader].startswith(f"{top}Since this morning the printer on the second floor is on fire.\n")
        assert "maild-ref: n.1." in texts[reader]


def test_whoever_has_woken_a_ticket_meanwhile_has_woken_it_alone(store: Store, tmp_path: Path):
    """Two rounds that found the same ticket due, as of a daemon and `run --once`."""
    office = an_office(tmp_path)
    opened(store, 5)
    due = NOW + timedelta(minutes=5)
    with store.reading() as tx:
        assert tickets.find_snoozed_until(tx, due) == (1,)
        # SQLite goes on showing this reader the ticket asleep; PostgreSQL's sees each commit.
        wake_tickets(store, office, due)
    wake_tickets(store, office, due)
    assert told(store) == [("anna@acme.example", 1)]


def test_a_letter_that_cannot_be_written_leaves_its_ticket_asleep_and_wakes_the_others(store: Store, tmp_path: Path):
    """Nothing of a ticket is done by halves: it is tried again."""
    for minutes in (1, 2):
        opened(store, minutes)
    due = NOW + timedelta(minutes=5)
    wake_tickets(store, an_office(tmp_path, BREAKS_OVER_THE_FIRST), due)
    assert (asleep(store), told(store)) == ([1], [("anna@acme.example", 2)])
    with store.reading() as tx:
        assert tickets.list_events(tx, 1) == ()
    wake_tickets(store, an_office(tmp_path), due)
    assert (asleep(store), told(store)) == ([], [("anna@acme.example", 1), ("anna@acme.example", 2)])


def test_an_owner_whose_mailbox_bounces_is_stood_in_for(store: Store, tmp_path: Path):
    """B6."""
    with store.writing() as tx:
        suppressions.store(tx, Suppress("anna@acme.example", "mail bounced", None), NOW)
    opened(store, 1)
    wake_tickets(store, an_office(tmp_path), NOW + timedelta(minutes=5))
    assert told(store) == [("boris@acme.example", 1)]
