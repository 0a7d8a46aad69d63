"""Copies of sent mail (MAIL.md O10): after sending, apart from it, and once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import some_settings

from maild.config.settings import Settings
from maild.copyist import copy_sent_mail
from maild.effects import Letter, Post
from maild.outbox.delivery import Composed, Delivery, Sent
from maild.store import deliveries, outbox, sent_copies, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import TicketView
from maild.tokens import LetterKind
from tests.rig.desk import BORIS, MINUTE, NOW, a_decision, a_letter, a_message, composed
from tests.rig.dovecot import DovecotServer
from tests.rig.mailboxes import Server, a_mailbox
from tests.rig.servers import free_port

ANSWER = a_letter(kind=LetterKind.ANSWER, template="answer")
RAW = b"Message-ID: <c.1.1.mac@acme.example>\r\n\r\nhi\r\n"


class Nobody:
    """Where no server listens."""

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = free_port()


def copied(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
    return replace(composed(letter, ticket, number), is_copied=True)


def desk_at(server: Server, user: str = "support@acme.example") -> Settings:
    return some_settings(mailboxes={"support": a_mailbox(server, user)})


def post(store: Store, letter: Letter = ANSWER) -> None:
    with store.writing() as tx:
        apply(tx, a_decision(a_message(), Post(letter)), now=NOW, compose=copied, incoming=None, first_number=1)


def accept(store: Store) -> Delivery:
    """The relay takes the next letter that is due."""
    with store.writing() as tx:
        delivery = deliveries.claim(tx, NOW, "host:1", 600)
        assert delivery is not None
        deliveries.record(tx, delivery.id, Sent("250 taken"), NOW)
    return delivery


def due(store: Store, minutes: float = 0) -> list[int]:
    with store.reading() as tx:
        return [copy.attempts for copy in sent_copies.find_due(tx, ["support", "sales"], NOW + minutes * MINUTE, 10)]


def test_a_copy_is_due_once_a_relay_has_taken_the_letter(store: Store):
    post(store)
    assert due(store, 100) == []
    accept(store)
    assert due(store) == [0]


def test_a_clock_that_is_set_back_keeps_no_copy_waiting(store: Store):
    post(store)
    accept(store)
    assert due(store, -300) == []
    for minutes, expected in ((-30, []), (-300, [0])):
        with store.writing() as tx:
            sent_copies.hasten(tx, NOW + minutes * MINUTE)
        assert due(store, minutes) == expected


def test_of_a_letter_to_many_there_is_one_copy(store: Store, dovecot: DovecotServer, user: str):
    post(store, replace(ANSWER, cc=(BORIS,)))
    accept(store)
    copy_sent_mail(store, desk_at(dovecot, user), NOW)
    accept(store)
    copy_sent_mail(store, desk_at(dovecot, user), NOW)
    assert [(mail.raw, "\\Seen" in mail.flags) for mail in dovecot.messages(user, "Sent")] == [(RAW, True)]
    assert due(store, 10_000) == []


def test_what_was_copied_before_a_crash_is_not_copied_again(store: Store, dovecot: DovecotServer, user: str):
    dovecot.append(user, RAW, "INBOX")
    dovecot.create(user, "Sent")
    dovecot.append(user, RAW, "Sent")
    post(store)
    accept(store)
    copy_sent_mail(store, desk_at(dovecot, user), NOW)
    assert len(dovecot.messages(user, "Sent")) == 1
    assert due(store, 10_000) == []


def test_a_mailbox_that_cannot_be_reached_is_tried_again_and_the_letter_stays_sent(store: Store, dovecot: DovecotServer, user: str):
    post(store)
    delivery = accept(store)
    copy_sent_mail(store, desk_at(Nobody()), NOW)
    assert due(store) == []
    assert due(store, 1) == [1]
    with store.reading() as tx:
        assert outbox.show(tx, delivery.id).state.value == "sent"
    copy_sent_mail(store, desk_at(dovecot, user), NOW + MINUTE)
    assert [mail.raw for mail in dovecot.messages(user, "Sent")] == [RAW]


def test_after_two_days_the_tickets_log_says_that_there_is_no_copy(store: Store):
    post(store)
    accept(store)
    for hour in range(40, 50):
        copy_sent_mail(store, desk_at(Nobody()), NOW + timedelta(hours=hour))
    assert due(store, 100_000) == []
    with store.reading() as tx:
        (event,) = (row for row in tickets.list_events(tx, 1) if row.kind == "copy_failed")
    assert event.text.startswith("the Sent folder has no copy of letter 1: ")


@pytest.mark.parametrize(("queues", "left"), [(["support"], [0]), (["billing"], [])])
def test_copies_for_a_department_that_is_gone_are_forgotten(store: Store, queues: list[str], left: list[int]):
    post(store)
    accept(store)
    with store.writing() as tx:
        sent_copies.forget_homeless(tx, queues)
    assert due(store) == left
