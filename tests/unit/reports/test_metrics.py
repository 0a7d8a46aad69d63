"""The arithmetic of reports: counted values → figures."""

from datetime import UTC, datetime, timedelta

from builders import ANN, a_queue, some_settings

from maild.config.settings import Mode
from maild.effects import IncomingState
from maild.message import MessageClass
from maild.outbox.guard import KeptBack
from maild.reports.metrics import (
    MOST_ACTIONS,
    AnswerTimes,
    AutomaticMail,
    Doubt,
    QueueReport,
    RuleFigures,
    Unsent,
    build_report,
    find_queue,
)
from maild.tokens import LetterKind
from maild.traffic import NotSent, Origin, Period, Received, Request, RuleFirings, Traffic

NOW = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = Period(NOW - timedelta(days=7), NOW)
SETTINGS = some_settings(queues={"support": a_queue(mode=Mode.OBSERVE), "sales": a_queue("sales")})
SUPPORT = Origin("support")


def reported(
    *requests: Request,
    customers_mails: tuple[tuple[str, int], ...] = (),
    received: tuple[Received, ...] = (),
    not_sent: tuple[NotSent, ...] = (),
    rules: tuple[RuleFirings, ...] = (),
) -> QueueReport:
    """What is reported of support."""
    return build_report(Traffic(requests, customers_mails, received, not_sent, rules), WEEK, SETTINGS, NOW).queues[0]


def a_request(number: int = 1, *, hours_ago: float = 100, took: float | None = None, **more: bool) -> Request:
    asked = NOW - hours_ago * HOUR
    return Request(number, "support", ANN, "Printer", asked, None if took is None else asked + took * HOUR, **more)


def some_mail(
    mails: int, message_class: MessageClass | None, state: IncomingState = IncomingState.DONE, why: str = "", *, has_ticket: bool = False
) -> Received:
    return Received(SUPPORT, message_class, state, why, has_ticket, False, mails)


def some_sent_mail(mails: int, message_class: MessageClass, *, has_ticket: bool = False) -> Received:
    return Received(SUPPORT, message_class, IncomingState.DONE, "", has_ticket, True, mails)


def check_times(hours: list[float], median: float, p90: float) -> None:
    found = reported(*(a_request(number, took=took) for number, took in enumerate(hours, 1)))
    assert found.first_answer == AnswerTimes(median, p90), hours


def test_answer_times_are_the_middle_one_and_what_nine_in_ten_did_not_exceed():
    check_times([2], 2, 2)
    check_times([0], 0, 0)
    check_times([3, 1], 2, 3)
    check_times([9, 1, 2], 2, 9)
    check_times([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 5.5, 9)
    check_times([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 6, 10)
    assert reported(a_request()).first_answer is None


def test_requests_are_answered_closed_or_wait():
    found = reported(
        a_request(1, took=1, elsewhere=True),
        a_request(2, took=2, is_closed=True, is_claimed=True),
        a_request(3, hours_ago=5),
        a_request(4, hours_ago=30, is_claimed=True),
        a_request(5, is_closed=True),
        customers_mails=(("support", 9), ("sales", 1)),
    )
    assert (found.requests, found.customers_mails, found.answered, found.answered_elsewhere, found.closed) == (5, 9, 2, 1, 2)
    assert [(waiting.request.number, waiting.hours) for waiting in found.unanswered] == [(4, 30), (3, 5)]
    assert found.perhaps_answered == 1


def test_a_mail_counts_for_its_tickets_department_else_for_that_it_was_read_for_else_for_its_mailboxs():
    def check(origin: Origin, queue: str) -> None:
        assert find_queue(origin, SETTINGS) == queue, origin

    check(Origin("sales", ("support",), "support"), "sales")
    check(Origin(None, ("sales", "support"), "support"), "sales")
    check(Origin(None, (), "support"), "support")
    check(Origin(None, (), "gone"), "")
    check(Origin(None), "")


def test_configured_departments_come_first_and_those_of_former_days_last():
    report = build_report(Traffic((), (("old", 1),), (), (), ()), WEEK, SETTINGS, NOW)
    assert [(queue.queue, queue.mode) for queue in report.queues] == [("support", Mode.OBSERVE), ("sales", Mode.LIVE), ("old", None)]
    assert report.queues[0] == QueueReport("support", Mode.OBSERVE)


def test_what_is_no_departments_is_none_unless_customers_wrote_there():
    report = build_report(Traffic((), (), (), (), (RuleFirings(Origin(None), "backlog", ("notify lead",), False, 7),)), WEEK, SETTINGS, NOW)
    assert [(queue.queue, queue.has_customers) for queue in report.queues] == [("support", True), ("sales", True), ("", False)]
    assert report.queues[-1].rules == (RuleFigures("backlog", 7, 0, (("notify lead", 7),)),)
    assert QueueReport("", None, customers_mails=1).has_customers


def test_what_machines_wrote_is_counted_by_class_and_by_what_came_to_no_ticket():
    found = reported(
        received=(
            some_mail(4, MessageClass.HUMAN, has_ticket=True),
            some_mail(2, MessageClass.AUTO_REPLY, has_ticket=True),
            some_mail(3, MessageClass.AUTO_REPLY, IncomingState.QUARANTINED, "auto"),
            some_mail(1, MessageClass.LIST, has_ticket=True),
            some_mail(1, None, IncomingState.HELD, "poison"),
            some_sent_mail(5, MessageClass.AUTO_REPLY),
        )
    )
    assert found.automatic == (AutomaticMail(MessageClass.LIST, 1, 0), AutomaticMail(MessageClass.AUTO_REPLY, 5, 3))


def test_of_the_sent_folder_what_people_wrote_about_no_ticket_is_counted():
    """Copies of the desk's own letters lie there, too, and what mail programs write by themselves."""
    found = reported(
        received=(
            some_sent_mail(5, MessageClass.HUMAN),
            some_sent_mail(7, MessageClass.HUMAN, has_ticket=True),
            some_sent_mail(30, MessageClass.OWN_LOOP),
            some_sent_mail(1, MessageClass.AUTO_REPLY),
        )
    )
    assert found.sent_about_nothing == 5
    assert found.automatic == ()


def test_doubts_are_counted_by_reason_the_commonest_first():
    found = reported(
        received=(
            some_mail(1, None, IncomingState.HELD, "poison"),
            some_mail(2, MessageClass.HUMAN, IncomingState.QUARANTINED, "spam"),
            some_mail(1, MessageClass.LIST, IncomingState.QUARANTINED, "spam"),
            some_mail(7, MessageClass.HUMAN, IncomingState.DUPLICATE),
        )
    )
    assert found.doubts == (Doubt(IncomingState.QUARANTINED, "spam", 3), Doubt(IncomingState.HELD, "poison", 1))


def test_letters_kept_back_are_counted_by_kind_and_template():
    words = 'acknowledgement "received" not sent: queue {} is in mode {}'
    found = reported(
        not_sent=(
            NotSent("support", words.format("support", "observe"), 3),
            NotSent("support", words.format("sales", "agents"), 1),
            NotSent("support", "received not sent: queue support is in mode observe", 2),
        )
    )
    assert found.not_sent == (Unsent(KeptBack(LetterKind.ACKNOWLEDGEMENT, "received"), 4), Unsent(KeptBack(None, "received"), 2))


def test_letters_kept_back_about_no_ticket_are_those_of_the_department_that_would_have_sent_them():
    words = 'notification "{}" not sent: queue {} is in mode observe'
    found = reported(not_sent=(NotSent(None, words.format("control", "support"), 2), NotSent(None, words.format("backlog", "sales"), 1)))
    assert found.not_sent == (Unsent(KeptBack(LetterKind.NOTIFICATION, "control"), 2),)


def test_rules_are_counted_with_what_they_did_the_busiest_first():
    found = reported(
        rules=(
            RuleFirings(SUPPORT, "vip", ("priority high",), broke=False, times=2),
            RuleFirings(SUPPORT, "payment", ("tagged payment", "queue sales"), broke=False, times=3),
            RuleFirings(SUPPORT, "payment", ("tagged payment",), broke=False, times=1),
            RuleFirings(SUPPORT, "vip", (), broke=True, times=1),
            RuleFirings(SUPPORT, "trial", ("tagged tried",), broke=False, times=2, shadow=True),
            RuleFirings(SUPPORT, "trial", ("tagged tried",), broke=False, times=1),
        )
    )
    assert found.rules == (
        RuleFigures("payment", 4, 0, (("tagged payment", 4), ("queue sales", 3))),
        RuleFigures("trial", 1, 0, (("would have: tagged tried", 2), ("tagged tried", 1)), would_have_fired=2),
        RuleFigures("vip", 2, 1, (("priority high", 2),)),
    )


def test_of_a_rule_whose_words_differ_with_each_mail_the_commonest_are_named():
    many = tuple(RuleFirings(SUPPORT, "order", (f"set order {number}",), broke=False, times=number) for number in range(1, 50))
    (rule,) = reported(rules=many).rules
    assert (rule.fired, len(rule.actions), rule.actions[0]) == (sum(range(50)), MOST_ACTIONS, ("set order 49", 49))
