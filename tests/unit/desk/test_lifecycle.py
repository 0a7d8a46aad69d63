"""MAIL.md F9, row by row."""

from datetime import datetime, timedelta

from builders import NOW, a_ticket

from maild.desk.lifecycle import Course, follow
from maild.message import MessageClass
from maild.ticket import Status

HUMAN, AUTO, LIST = MessageClass.HUMAN, MessageClass.AUTO_REPLY, MessageClass.LIST


def check(status: Status, message_class: MessageClass, course: Course, after: Status, *, closed_days: int = 1, **about: bool) -> None:
    closed_at = NOW - timedelta(days=closed_days) if status is Status.CLOSED else None
    step = follow(a_ticket(status=status, closed_at=closed_at), message_class, 30, NOW, **about)
    assert (step.course, step.status) == (course, after), step.why


def test_a_customer_moves_waiting_to_open_and_leaves_new_new():
    check(Status.NEW, HUMAN, Course.APPEND, Status.NEW)
    check(Status.OPEN, HUMAN, Course.APPEND, Status.OPEN)
    check(Status.WAITING, HUMAN, Course.APPEND, Status.OPEN)
    check(Status.WAITING, LIST, Course.APPEND, Status.OPEN)


def test_a_customer_reopens_what_was_closed_lately():
    check(Status.CLOSED, HUMAN, Course.REOPEN, Status.OPEN)
    check(Status.CLOSED, HUMAN, Course.REOPEN, Status.OPEN, closed_days=30)
    check(Status.CLOSED, HUMAN, Course.FOLLOW_UP, Status.NEW, closed_days=31)


def test_another_subject_far_down_the_thread_of_a_closed_ticket_is_a_new_request():
    check(Status.CLOSED, HUMAN, Course.FOLLOW_UP, Status.NEW, is_new_topic=True)
    check(Status.CLOSED, HUMAN, Course.SILENT, Status.CLOSED, is_new_topic=True, is_courtesy=True)
    check(Status.CLOSED, AUTO, Course.APPEND, Status.CLOSED, is_new_topic=True)
    check(Status.OPEN, HUMAN, Course.APPEND, Status.OPEN, is_new_topic=True)


def test_automatic_mail_changes_no_state():
    check(Status.WAITING, AUTO, Course.APPEND, Status.WAITING)
    check(Status.CLOSED, AUTO, Course.APPEND, Status.CLOSED)
    check(Status.CLOSED, AUTO, Course.APPEND, Status.CLOSED, closed_days=400)


def test_thanks_alone_are_silent():
    check(Status.CLOSED, HUMAN, Course.SILENT, Status.CLOSED, is_courtesy=True)
    check(Status.WAITING, HUMAN, Course.SILENT, Status.WAITING, is_courtesy=True)
    check(Status.OPEN, HUMAN, Course.APPEND, Status.OPEN, is_courtesy=True)


def wakes(status: Status, message_class: MessageClass = HUMAN, *, until: datetime | None = NOW, **about: bool) -> bool:
    return follow(a_ticket(status=status, snoozed_until=until), message_class, 30, NOW, **about).wakes


def test_a_customer_wakes_what_is_snoozed_and_neither_thanks_nor_automatic_mail_does():
    """PRODUCT 18."""
    for status in (Status.NEW, Status.OPEN, Status.WAITING):
        assert wakes(status)
        assert wakes(status, LIST)
        assert not wakes(status, until=None)
        assert not wakes(status, AUTO)
        assert not wakes(status, is_courtesy=True)
        assert not wakes(status, is_aside=True)
        snoozed = follow(a_ticket(status=status, snoozed_until=NOW), HUMAN, 30, NOW, is_courtesy=True)
        assert (snoozed.course, snoozed.status) == (Course.SILENT, status)


def test_spam_stays_spam_without_any_mail():
    check(Status.SPAM, HUMAN, Course.SILENT, Status.SPAM)


def test_what_a_third_party_writes_aside_changes_no_state():
    """A1a, F11."""
    for status in (Status.NEW, Status.OPEN, Status.WAITING, Status.CLOSED):
        check(status, HUMAN, Course.APPEND, status, is_aside=True)
    check(Status.CLOSED, HUMAN, Course.APPEND, Status.CLOSED, is_aside=True, closed_days=400)
    check(Status.SPAM, HUMAN, Course.SILENT, Status.SPAM, is_aside=True)
