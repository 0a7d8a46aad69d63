"""What has had its time is forgotten, and nothing else; forgotten mail is still known again (INTERFACE.md, `retention`; MAIL.md F1, S5)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from maild.config.settings import Retention, Settings
from maild.desk.query import parse_query
from maild.effects import Identity, IncomingState, Post, RecordEvent
from maild.errors import NotFoundError
from maild.housekeeping import TRACES_KEPT, housekeep
from maild.ingest.arrival import Part
from maild.message import Attachment
from maild.question import Question
from maild.reason import Reason
from maild.store import incoming, received_mail, tables, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.recall import recall
from maild.store.retention import forget_kept_out, forget_tickets, forget_traces
from maild.store.tables import mail_in
from maild.ticket import Status
from tests.builders import some_settings
from tests.rig.desk import ACKNOWLEDGEMENT, ANN, NOW, a_decision, a_message, a_ticket, an_arrival, composed

DAY = timedelta(days=1)
_uids = iter(range(1, 1000))


def a_quarantined(store: Store, when: datetime = NOW, raw: bytes = b"", state: IncomingState = IncomingState.QUARANTINED) -> int:
    """A mail that came to no ticket, with a rule's trace and a line of log."""
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [an_arrival(uid=next(_uids), raw=raw)], when)
        (claimed,) = incoming.claim(tx, 1, "me", 60, when)
        decision = replace(
            a_decision(RecordEvent("not_sent", "maild", "…")),
            state=state,
            reason=Reason("spam", "X-Spam-Flag: YES"),
            after=None,
            author=ANN,
            subject="You have won",
            evidence=(Reason("spam", "X-Spam-Flag: YES"),),
            identity=Identity(f"{message}@globex.example", "f", NOW),
            trace=({"rule": "spam", "fired": True},),
        )
        apply(tx, decision, now=when, compose=composed, incoming=claimed, first_number=1)
    return message


def a_ticket_of(store: Store, status: Status, when: datetime = NOW, raw: bytes = b"") -> tuple[int, int]:
    """A ticket with all that can belong to one: its number and the mail it came in."""
    with store.writing() as tx:
        (message,) = incoming.store_arrivals(tx, [an_arrival(uid=next(_uids), raw=raw)], when)
        (claimed,) = incoming.claim(tx, 1, "me", 60, when)
        file = Attachment("a.pdf", "application/pdf", 3, "0" * 64, inline=False, content_id=None, part=1)
        text = replace(a_message(references=("r@x",), text="walrus"), attachments=(file,))
        decision = replace(
            a_decision(
                text, RecordEvent("opened", "maild", "…"), Post(ACKNOWLEDGEMENT), after=a_ticket(status=status, tags=frozenset({"t"}))
            ),
            trace=({"rule": "x", "fired": True},),
            identity=Identity(f"{message}@globex.example", "f", NOW),
        )
        ticket = apply(tx, decision, now=when, compose=composed, incoming=claimed, first_number=1).ticket
    assert ticket is not None
    return ticket.number, message


def counts(store: Store) -> dict[str, int]:
    """How many rows each table has that can hold something of a mail."""
    names = ("raw_messages", "tickets", "participants", "tags", "messages", "message_references", "attachments", "events", "rule_traces")
    with store.reading() as tx:
        every = (*names, "letters", "deliveries")
        return {name: tx.execute(select(func.count()).select_from(tables.all_tables().tables[name])).scalar_one() for name in every}


def forget(store: Store, before: datetime = NOW + DAY, most: int = 100) -> int:
    with store.writing() as tx:
        return forget_kept_out(tx, before, most)


# Mail without a ticket


def test_expired_mail_is_emptied_with_all_that_was_noted_about_it(store: Store):
    message = a_quarantined(store)
    assert forget(store, NOW) == 0
    assert forget(store) == 1
    with store.reading() as tx:
        row = received_mail.show(tx, message)
        assert (row.state, row.reason.code, row.author.address, row.subject, row.ticket) == (IncomingState.DONE, "expired", "", "", None)
        assert (received_mail.raw(tx, message), received_mail.evidence(tx, message)) == (b"", ())
    assert {name: count for name, count in counts(store).items() if count} == {"raw_messages": 1}, "nothing but the bytes of no mail at all"
    assert forget(store) == 0


def test_the_oldest_go_first_and_a_few_at_a_time(store: Store):
    newer, older = a_quarantined(store, NOW), a_quarantined(store, NOW - DAY)
    assert forget(store, most=1) == 1
    with store.reading() as tx:
        states = {message: received_mail.show(tx, message).reason.code for message in (newer, older)}
    assert states == {newer: "spam", older: "expired"}


def test_bytes_that_another_mail_came_as_too_are_kept(store: Store):
    raw = b"Subject: the same\r\n\r\nin both\r\n"
    a_quarantined(store, raw=raw)
    _, kept = a_ticket_of(store, Status.OPEN, raw=raw)
    assert forget(store) == 1
    with store.reading() as tx:
        assert received_mail.raw(tx, kept) == raw


def test_what_is_held_done_or_a_copy_of_a_tickets_mail_is_never_forgotten(store: Store):
    number, done = a_ticket_of(store, Status.OPEN)
    with store.writing() as tx:
        held, copy = incoming.store_arrivals(tx, [an_arrival(uid=next(_uids)), an_arrival(uid=next(_uids))], NOW)
        incoming.hold(tx, held, Reason("error", "it broke"), "", NOW)
        incoming.finish(tx, copy, IncomingState.DUPLICATE, Reason("duplicate", ""), NOW, ticket=number)
    lone_copy = a_quarantined(store, state=IncomingState.DUPLICATE)
    assert forget(store) == 1
    with store.reading() as tx:
        codes = [received_mail.show(tx, message).reason.code for message in (done, held, copy, lone_copy)]
    assert codes == ["new", "error", "duplicate", "expired"]


def test_a_forgotten_mail_is_known_again_as_one_that_was_kept_out(store: Store):
    message = a_quarantined(store)
    forget(store)
    with store.reading() as tx:
        (copy,) = recall(tx, Question(f"{message}@globex.example"), NOW).same_id
    assert (copy.incoming, copy.fingerprint, copy.in_quarantine) == (message, "f", True)


def test_mail_of_a_sent_folder_about_no_ticket_is_forgotten_too_and_only_once(store: Store):
    """MAIL.md A15."""
    number, _ = a_ticket_of(store, Status.OPEN)
    with store.writing() as tx:
        arrivals = [replace(an_arrival(uid=next(_uids), raw=raw), part=Part.SENT) for raw in (b"about nothing", b"an answer")]
        about_nothing, answer = incoming.store_arrivals(tx, arrivals, NOW)
        incoming.finish(tx, about_nothing, IncomingState.DONE, Reason("sent_elsewhere", ""), NOW)
        incoming.finish(tx, answer, IncomingState.DONE, Reason("sent_elsewhere", ""), NOW, ticket=number)
    assert [forget(store), forget(store)] == [1, 0]
    with store.reading() as tx:
        assert [received_mail.raw(tx, message) for message in (about_nothing, answer)] == [b"", b"an answer"]


# Tickets


@pytest.mark.parametrize("status", [Status.SPAM, Status.CLOSED])
def test_a_ticket_that_ended_long_ago_goes_with_all_that_belongs_to_it(store: Store, status: Status):
    number, message = a_ticket_of(store, status, NOW - DAY)
    younger, _ = a_ticket_of(store, status, NOW)
    a_ticket_of(store, Status.OPEN, NOW - DAY)
    before = counts(store)
    with store.writing() as tx:
        assert forget_tickets(tx, status, NOW, 100) == 1
    with store.reading() as tx:
        with pytest.raises(NotFoundError):
            tickets.view(tx, number)
        assert tickets.view(tx, younger).number == younger
        row = received_mail.show(tx, message)
        assert (row.reason.code, row.ticket, received_mail.raw(tx, message)) == ("deleted", None, b"")
        (copy,) = recall(tx, Question(f"{message}@globex.example"), NOW).same_id
        assert copy.in_quarantine is False, "its copy on the server is a duplicate, and opens nothing anew"
    third = {name: count // 3 * 2 for name, count in before.items()}
    assert counts(store) == third | {"raw_messages": 3}


def test_the_command_lines_that_mended_a_mail_are_forgotten_with_it(store: Store):
    """A7: they name people."""
    _, message = a_ticket_of(store, Status.CLOSED)
    with store.writing() as tx:
        incoming.send_mended(tx, message, "#cc bob@globex.example")
        assert tx.execute(select(mail_in.incoming.c.corrected)).scalars().all() == ["#cc bob@globex.example"]
        forget_tickets(tx, Status.CLOSED, NOW + DAY, 100)
        assert tx.execute(select(mail_in.incoming.c.corrected)).scalars().all() == [None]


def test_words_of_a_forgotten_ticket_are_found_no_more(store: Store):
    def found() -> list[int]:
        with store.reading() as tx:
            return [row.number for row in tickets.list_tickets(tx, parse_query("walrus status:closed", None, NOW))]

    number, _ = a_ticket_of(store, Status.CLOSED)
    assert found() == [number]
    with store.writing() as tx:
        forget_tickets(tx, Status.CLOSED, NOW + DAY, 100)
    assert found() == []


# What the desk wants


def kept(store: Store, retention: Retention) -> tuple[bool, bool, bool]:
    """Whether a mail in quarantine, a spam ticket and a closed one of 31 days ago are still there after a round of housekeeping."""
    settings: Settings = some_settings(retention=retention)
    quarantined = a_quarantined(store)
    numbers = {status: a_ticket_of(store, status)[0] for status in (Status.SPAM, Status.CLOSED)}
    housekeep(store, settings, NOW + 31 * DAY)
    with store.reading() as tx:
        standing = {
            row.number for status in ("spam", "closed") for row in tickets.list_tickets(tx, parse_query(f"status:{status}", None, NOW))
        }
        is_quarantined = received_mail.show(tx, quarantined).state is IncomingState.QUARANTINED
    return is_quarantined, numbers[Status.SPAM] in standing, numbers[Status.CLOSED] in standing


def test_housekeeping_forgets_as_the_desk_wants(store: Store):
    assert kept(store, Retention()) == (False, False, True)
    assert kept(store, Retention(quarantine=None, spam=None)) == (True, True, True)
    assert kept(store, Retention(quarantine=32 * DAY, spam=32 * DAY, closed=30 * DAY)) == (True, True, False)


def test_what_rules_were_asked_is_forgotten_after_ninety_days_and_nothing_else(store: Store):
    number, message = a_ticket_of(store, Status.OPEN, NOW)
    younger, _ = a_ticket_of(store, Status.OPEN, NOW + DAY)

    def explained() -> list[int]:
        with store.reading() as tx:
            return [len(tickets.list_traces(tx, ticket)) for ticket in (number, younger)]

    housekeep(store, some_settings(), NOW + TRACES_KEPT)
    assert explained() == [1, 1]
    housekeep(store, some_settings(), NOW + TRACES_KEPT + DAY / 2)
    assert explained() == [0, 1]
    with store.reading() as tx:
        assert received_mail.show(tx, message).state is IncomingState.DONE
        assert tickets.view(tx, number).status is Status.OPEN
        assert tickets.list_events(tx, number)


def test_of_old_traces_so_many_are_forgotten_at_once(store: Store):
    for _ in range(5):
        a_ticket_of(store, Status.OPEN)
    for expected in (2, 2, 1, 0):
        with store.writing() as tx:
            assert forget_traces(tx, NOW + DAY, 2) == expected
