"""The order of a department's tickets: urgent before old, old before new."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from maild.config.settings import Sort, SortKey
from maild.desk.ordering import order
from maild.message import Address
from maild.store.tickets import TicketRow
from maild.ticket import Priority, Status

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
TICKET = TicketRow(1, "Printer", "support", Status.NEW, Priority.NORMAL, None, Address("", "ann@globex.example"), (), NOW, NOW, 1)
URGENT, NEWEST = Sort(SortKey.PRIORITY), Sort(SortKey.CREATED, backwards=True)


def a_ticket(number: int, priority: Priority = Priority.NORMAL, age: int = 0) -> TicketRow:
    return replace(TICKET, number=number, priority=priority, created=NOW - timedelta(hours=age))


def check(*tickets: TicketRow, expected: list[tuple[int, str]]) -> None:
    assert [(place.ticket.number, place.why) for place in order(tickets)] == expected


def test_the_most_urgent_comes_first_and_among_equals_the_oldest():
    check(
        a_ticket(1, Priority.LOW, age=90),
        a_ticket(2, age=1),
        a_ticket(3, age=5),
        a_ticket(4, Priority.URGENT),
        a_ticket(5, Priority.HIGH, age=2),
        expected=[
            (4, "urgent, opened first"),
            (5, "high, opened first"),
            (3, "normal, opened first"),
            (2, "normal, opened after #3"),
            (1, "low, opened first"),
        ],
    )


def test_of_the_same_age_the_lower_number_comes_first():
    check(a_ticket(2), a_ticket(1), expected=[(1, "normal, opened first"), (2, "normal, opened after #1")])


def test_a_view_has_the_order_that_it_is_given():
    def check(*sort: Sort, expected: list[int]) -> None:
        assert [place.ticket.number for place in order(tickets, sort)] == expected

    tickets = (
        replace(a_ticket(1, Priority.LOW, age=9), status=Status.WAITING),
        replace(a_ticket(2, Priority.URGENT, age=3), status=Status.OPEN),
        a_ticket(3, Priority.LOW, age=5),
        a_ticket(4, age=5),
    )
    check(URGENT, expected=[2, 4, 1, 3])
    check(URGENT, NEWEST, expected=[2, 4, 3, 1])
    check(NEWEST, expected=[2, 3, 4, 1])
    check(Sort(SortKey.STATUS), URGENT, expected=[4, 3, 2, 1])
    check(Sort(SortKey.UPDATED, backwards=True), expected=[1, 2, 3, 4])
    assert order(tickets, (URGENT, NEWEST))[0].why == "by priority, -created"


def test_an_empty_department_has_no_order():
    check(expected=[])
