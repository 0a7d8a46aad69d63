"""MAIL.md F9, row by row."""

from datetime import timedelta

from builders import NOW, a_ticket

from maild.desk.lifecycle import Course, follow
from maild.message import MessageClass
from maild.ticket import Status

HUMAN, AUTO, LIST = MessageClass.HUMAN, MessageClass.AUTO_REPLY, MessageClass.LIST


def check(
    status: Status, message_class: MessageClass, course: Course, after: Status, *, courtesy: bool = False, closed_days: int = 1
) -> None:
    closed_at = NOW - timedelta(days=closed_days) if status is Status.CLOSED else None
    step = follow(a_ticket(status=status, closed_at=closed_at), message_class, courtesy, 30, NOW)
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


def test_automatic_mail_changes_no_state():
    check(Status.WAITING, AUTO, Course.APPEND, Status.WAITING)
    check(Status.CLOSED, AUTO, Course.APPEND, Status.CLOSED)
    check(Status.CLOSED, AUTO, Course.APPEND, Status.CLOSED, closed_days=400)


def test_thanks_alone_are_silent():
    check(Status.CLOSED, HUMAN, Course.SILENT, Status.CLOSED, courtesy=True)
    check(Status.WAITING, HUMAN, Course.SILENT, Status.WAITING, courtesy=True)
    check(Status.OPEN, HUMAN, Course.APPEND, Status.OPEN, courtesy=True)


def test_spam_stays_spam_without_any_mail():
    check(Status.SPAM, HUMAN, Course.SILENT, Status.SPAM)
