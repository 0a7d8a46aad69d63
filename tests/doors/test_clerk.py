"""The clerk: stored messages are seen through in batches, and what happens to the store meanwhile is no message's fault."""

import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from pathlib import Path

import pytest

from maild.clerk import Clerk
from maild.effects import IncomingState
from maild.errors import StoreUnavailableError
from maild.housekeeping import housekeep
from maild.ingest.arrival import Arrival, Part, Place
from maild.ingest.worker import Reader
from maild.store import incoming, outbox, received_mail, tickets
from maild.store.engine import Store
from maild.store.received_mail import IncomingRow
from maild.ticket import Status
from tests.builders import some_settings
from tests.rig.desk import NOW, an_arrival
from tests.rig.flaky_store import FlakyStore, Outage
from tests.rig.mails import a_reply, an_email
from tests.rig.small_office import DESK, an_office

CRLF = b"\r\n"
THREE_DAYS = timedelta(days=3)
CLAIM_WELL = (None,)
RECORD_BADLY = (None, Outage.BEFORE_COMMIT)
"""The clerk looks for more before it records what it has."""


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader(program="tests.doors.hostile_reading")
    yield reader
    reader.close()


@pytest.fixture
def clerk(flaky: FlakyStore, reader: Reader, tmp_path: Path) -> Clerk:
    office = an_office(tmp_path)
    return Clerk(flaky, reader, lambda: office, "host:1", lambda: None)


def arrive(store: Store, *raws: bytes) -> list[int]:
    with store.writing() as tx:
        return incoming.store_arrivals(tx, [Arrival("support", raw, NOW) for raw in raws], NOW)


def work(clerk: Clerk) -> int:
    """Work until there is nothing to do; how often the store was away meanwhile."""
    outages = 0
    for _ in range(100):
        try:
            if clerk.work() == 0:
                return outages
        except StoreUnavailableError:
            outages += 1
    raise AssertionError("the clerk comes to no end")


def rows(store: Store, messages: list[int]) -> list[IncomingRow]:
    with store.reading() as tx:
        return [received_mail.show(tx, message) for message in messages]


def check(store: Store, message: int, state: IncomingState, attempts: int) -> None:
    (row,) = rows(store, [message])
    assert (row.state, row.attempts) == (state, attempts)


def test_an_outage_counts_against_no_message(store: Store, flaky: FlakyStore, clerk: Clerk):
    messages = arrive(store, an_email(), an_email())
    flaky.outages = (*CLAIM_WELL, *RECORD_BADLY) * 5
    assert work(clerk) == 5
    for message in messages:
        check(store, message, IncomingState.DONE, attempts=1)


def test_the_log_tells_of_a_message_when_it_is_recorded_and_not_before(
    store: Store, flaky: FlakyStore, clerk: Clerk, log: pytest.LogCaptureFixture
):
    arrive(store, an_email())
    flaky.outages = (*CLAIM_WELL, *RECORD_BADLY) * 2
    assert work(clerk) == 2
    assert [record.getMessage() for record in log.records].count("decided") == 1


def test_a_claim_whose_answer_was_lost_counts_against_no_message(store: Store, flaky: FlakyStore, clerk: Clerk):
    (message,) = arrive(store, an_email())
    flaky.outages = (Outage.AFTER_COMMIT,) * 5
    assert work(clerk) == 5
    check(store, message, IncomingState.DONE, attempts=1)


def test_what_was_recorded_though_the_answer_was_lost_is_not_recorded_again(store: Store, flaky: FlakyStore, clerk: Clerk):
    messages = arrive(store, an_email(), an_email())
    flaky.outages = (*CLAIM_WELL, None, Outage.AFTER_COMMIT)
    assert work(clerk) == 1
    assert [(row.state, row.ticket, row.attempts) for row in rows(store, messages)] == [
        (IncomingState.DONE, 1, 1),
        (IncomingState.DONE, 2, 1),
    ]


def test_who_wants_to_write_waits_for_one_message_and_not_for_the_batch(store: Store, flaky: FlakyStore, clerk: Clerk):
    """On PostgreSQL nobody waits; there the batch stays one commit."""
    messages = arrive(store, *(an_email() for _ in range(20)))
    done, seen = threading.Event(), set()

    def look() -> None:
        while not done.is_set():
            with flaky.writing():
                seen.add(sum(row.state is IncomingState.DONE for row in rows(store, messages)))

    writer = threading.Thread(target=look)
    writer.start()
    work(clerk)
    done.set()
    writer.join()
    assert len(seen) > 5 if store.is_sqlite else seen <= {0, 20}


def test_what_is_read_ahead_in_an_outage_is_given_back_too(store: Store, flaky: FlakyStore, clerk: Clerk):
    messages = arrive(store, *(an_email() for _ in range(120)))
    flaky.outages = (*CLAIM_WELL, *RECORD_BADLY, None, None, *RECORD_BADLY)
    assert work(clerk) == 2
    assert {(row.state, row.attempts) for row in rows(store, messages)} == {(IncomingState.DONE, 1)}


def test_a_worker_that_died_counts_even_if_the_store_was_away_then(store: Store, flaky: FlakyStore, clerk: Clerk):
    deadly, harmless = arrive(store, b"die", an_email())
    flaky.outages = (*CLAIM_WELL, *RECORD_BADLY)
    assert work(clerk) == 1
    check(store, deadly, IncomingState.RECEIVED, attempts=1)
    check(store, harmless, IncomingState.DONE, attempts=1)


def test_the_deaths_of_three_processes_count_and_hold_up_nobody_else(store: Store, clerk: Clerk):
    (deadly,) = arrive(store, an_email())
    for process in ("a", "b", "c"):
        with store.writing() as tx:
            incoming.claim(tx, 1, process, 3600, NOW)
            incoming.release_claims(tx, lambda owner: False, NOW)
    (harmless,) = arrive(store, an_email())
    assert clerk.work() == 1
    (row,) = rows(store, [deadly])
    assert (row.state, row.reason.code) == (IncomingState.HELD, "poison")
    work(clerk)
    check(store, harmless, IncomingState.DONE, attempts=1)


def test_of_messages_under_suspicion_only_one_is_in_hand_at_a_time(store: Store, clerk: Clerk):
    """Otherwise the death over one would count against the next, which is only read ahead."""
    messages = arrive(store, *(an_email() for _ in range(5)))
    with store.writing() as tx:
        incoming.claim(tx, 5, "dead", 3600, NOW)
        incoming.release_claims(tx, lambda owner: False, NOW)
    while clerk.work():
        assert sum(row.attempts > 1 and row.state is IncomingState.RECEIVED for row in rows(store, messages)) <= 1
    assert {(row.state, row.attempts) for row in rows(store, messages)} == {(IncomingState.DONE, 2)}


def test_a_message_under_suspicion_waits_until_nothing_else_is_in_hand(store: Store, clerk: Clerk):
    (suspect,) = arrive(store, an_email())
    with store.writing() as tx:
        incoming.claim(tx, 1, "dead", 3600, datetime.now(UTC))
    (other,) = arrive(store, an_email())
    clerk.work()
    with store.writing() as tx:
        incoming.release_claims(tx, lambda owner: False, NOW)
    clerk.work()
    check(store, other, IncomingState.DONE, attempts=1)
    check(store, suspect, IncomingState.RECEIVED, attempts=1)
    work(clerk)
    check(store, suspect, IncomingState.DONE, attempts=2)


def a_withheld_arrival(raw: bytes = b"") -> Arrival:
    return replace(an_arrival(raw=raw.partition(CRLF * 2)[0] + CRLF * 2), full_size=5000, withheld="message 1 in INBOX: not handed over")


def test_a_withheld_message_is_held_with_what_its_header_says_and_opens_no_ticket(store: Store, clerk: Clerk):
    """OPERATIONS I12, MAIL.md P1."""
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [a_withheld_arrival(an_email(subject="Help", sender="Ann <ann@globex.example>"))], NOW)
    work(clerk)
    (row,) = rows(store, [message])
    assert (row.state, row.is_withheld, row.reason.text) == (IncomingState.HELD, True, "message 1 in INBOX: not handed over")
    assert (row.author.address, row.subject, row.ticket) == ("ann@globex.example", "Help", None)
    with store.reading() as tx:
        assert (tickets.list_tickets(tx), outbox.list_outbox(tx)) == ((), ())


def test_a_withheld_message_without_even_a_header_is_held(store: Store, clerk: Clerk):
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [replace(a_withheld_arrival(), raw=b"")], NOW)
    work(clerk)
    (row,) = rows(store, [message])
    assert (row.state, row.is_withheld) == (IncomingState.HELD, True)


def held_and_asked_again(store: Store, clerk: Clerk, at: datetime) -> int:
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [a_withheld_arrival(an_email())], NOW)
    work(clerk)
    with store.writing() as tx:
        incoming.retry(tx, message, at)
    return message


def test_a_withheld_message_that_was_fetched_in_the_end_becomes_a_ticket(store: Store, clerk: Clerk):
    message = held_and_asked_again(store, clerk, datetime.now(UTC))
    assert clerk.work() == 0, "it is the watcher's to fetch"
    with store.writing() as tx:
        assert incoming.find_asked_again(tx, Place("support"), 7) == {1}
        assert incoming.find_mailboxes_asked_again(tx) == {"support"}
        assert incoming.find_stored(tx, Place("support"), 7, [1], whole=True) == frozenset()
        incoming.store_again(tx, an_arrival(raw=an_email()))
        assert incoming.find_asked_again(tx, Place("support"), 7) == frozenset()
        assert incoming.find_mailboxes_asked_again(tx) == frozenset()
        assert incoming.find_stored(tx, Place("support"), 7, [1], whole=True) == {1}
    work(clerk)
    (row,) = rows(store, [message])
    assert (row.state, row.ticket, row.is_withheld) == (IncomingState.DONE, 1, False)


def test_a_withheld_message_that_is_withheld_again_is_held_again_with_its_header(store: Store, clerk: Clerk):
    message = held_and_asked_again(store, clerk, datetime.now(UTC))
    with store.writing() as tx:
        before = received_mail.raw(tx, message)
        incoming.store_again(tx, replace(a_withheld_arrival(), raw=b"", withheld="it is no longer there"))
        assert received_mail.raw(tx, message) == before
    work(clerk)
    (row,) = rows(store, [message])
    assert (row.state, row.reason.text, row.author.address) == (IncomingState.HELD, "it is no longer there", "ann@globex.example")


def test_a_withheld_message_nobody_fetches_is_held_again(store: Store, clerk: Clerk):
    """Its mailbox is in the configuration no more, or out of reach."""
    message = held_and_asked_again(store, clerk, datetime.now(UTC) - incoming.LENT_FOR)
    housekeep(store, some_settings(), datetime.now(UTC))
    work(clerk)
    (row,) = rows(store, [message])
    assert (row.state, row.is_withheld) == (IncomingState.HELD, True)


def test_a_worker_that_dies_over_the_header_of_a_withheld_message_makes_no_mail_of_it(store: Store, clerk: Clerk):
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [replace(a_withheld_arrival(), raw=b"raise")], NOW)
    work(clerk)
    (row,) = rows(store, [message])
    assert (row.state, row.is_withheld) == (IncomingState.HELD, True)
    assert "a parser's bug" in row.error


def test_a_mail_that_postgresql_cannot_index_is_held_and_the_others_go_on(store: Store, clerk: Clerk):
    """Seen when attacking the desk: squared words that become five letters each, more than PostgreSQL's search can hold of one text."""
    squares = sorted(map(chr, range(0x3300, 0x3358)), key=lambda square: -len(unicodedata.normalize("NFKD", square)))[:40]
    words = islice(product(squares, repeat=5), 16_000)
    hostile, harmless = arrive(store, an_email(body=" ".join(map("".join, words))), an_email())
    assert work(clerk) == 0
    check(store, harmless, IncomingState.DONE, attempts=1)
    check(store, hostile, IncomingState.DONE if store.is_sqlite else IncomingState.HELD, attempts=1)


def came(store: Store, raw: bytes, when: datetime, part: Part = Part.INBOX) -> int:
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [Arrival("support", raw, when, part=part)], when)
    return message


def test_a_mail_read_late_opens_a_ticket_of_the_time_it_came(store: Store, clerk: Clerk):
    """MAIL.md P15, S5."""
    came(store, an_email(), NOW - THREE_DAYS)
    work(clerk)
    with store.reading() as tx:
        ticket = tickets.view(tx, 1)
        assert (ticket.created, [message.at for message in tickets.list_messages(tx, 1)]) == (NOW - THREE_DAYS, [NOW - THREE_DAYS])
        assert ticket.updated > NOW - THREE_DAYS
        assert {row.created > NOW - THREE_DAYS for row in outbox.list_outbox(tx)} == {True}


def test_a_mail_released_from_quarantine_opens_a_ticket_of_the_time_it_came(store: Store, clerk: Clerk):
    kept_out = came(store, an_email(), NOW - THREE_DAYS, Part.JUNK)
    work(clerk)
    with store.writing() as tx:
        assert received_mail.show(tx, kept_out).reason.code == "spam"
        incoming.release(tx, kept_out)
    work(clerk)
    with store.reading() as tx:
        assert received_mail.show(tx, kept_out).ticket == 1
        assert tickets.view(tx, 1).created == NOW - THREE_DAYS


def test_what_belongs_to_a_ticket_is_listed_by_when_it_came(store: Store, clerk: Clerk):
    came(store, an_email(message_id="one@globex.example", body="The first.\n"), NOW - THREE_DAYS)
    came(store, a_reply(in_reply_to="one@globex.example", body="The third.\n"), NOW)
    came(store, a_reply(in_reply_to="one@globex.example", body="The second.\n"), NOW - THREE_DAYS / 2)
    work(clerk)
    with store.reading() as tx:
        texts = [message.visible.splitlines()[0] for message in tickets.list_messages(tx, 1)]
    assert texts == ["The first.", "The second.", "The third."]


LEAKING = DESK.replace("support: {", 'support: {signature: "Anna, anna@acme.example", ')


def answer_that_leaks(store: Store, reader: Reader, directory: Path, **templates: str) -> int:
    """Anna answers a request of a department whose signature shows her address; the id of her mail."""
    own = directory / "templates" / "en"
    own.mkdir(parents=True)
    for name, text in templates.items():
        (own / f"held-back.{name}.txt").write_text(text, encoding="utf-8")
    office = an_office(directory, LEAKING)
    clerk = Clerk(store, reader, lambda: office, "host:1", lambda: None)
    arrive(store, an_email())
    work(clerk)
    with store.reading() as tx:
        (notice,) = (row for row in outbox.list_outbox(tx) if (row.template, row.recipient) == ("notification", "anna@acme.example"))
    reply = a_reply(in_reply_to=notice.message_id, sender="anna@acme.example", body="#close\nThe fire is out.\n")
    (message,) = arrive(store, reply)
    work(clerk)
    for _ in range(2):
        with store.writing() as tx:
            incoming.retry(tx, message, NOW)
        work(clerk)
    return message


def test_an_answer_that_the_signature_would_make_leak_is_held_and_its_author_told_once(store: Store, reader: Reader, tmp_path: Path):
    """MAIL.md A8, L9."""
    message = answer_that_leaks(store, reader, tmp_path)
    (row,) = rows(store, [message])
    assert (row.state, str(row.reason)) == (IncomingState.HELD, "an agent's own address would be shown: anna@acme.example")
    with store.reading() as tx:
        (told,) = (posted for posted in outbox.list_outbox(tx) if posted.template == "held-back")
        assert (told.recipient, told.ticket) == ("anna@acme.example", 1)
        assert "answer" not in {posted.template for posted in outbox.list_outbox(tx)}
        ticket = tickets.view(tx, 1)
        assert (ticket.status, ticket.owner, len(tickets.list_messages(tx, 1))) == (Status.NEW, None, 1)
        assert [line.by for line in tickets.list_events(tx, 1) if line.kind == "answer_held"] == ["anna"]


def test_an_answer_that_would_leak_is_held_even_where_its_author_cannot_be_told(store: Store, reader: Reader, tmp_path: Path):
    fails_on_mail = "{% if incoming != 12 %}{{ 1 // 0 }}{% endif %}"
    message = answer_that_leaks(store, reader, tmp_path, body=fails_on_mail)
    (row,) = rows(store, [message])
    assert (row.state, row.reason.code) == (IncomingState.HELD, "leak")
    assert "its author could not be told" in row.error
    with store.reading() as tx:
        assert not [line for line in tickets.list_events(tx, 1) if line.kind == "answer_held"]
