"""Who a requester is to the desk, found by his address (PRODUCT 24)."""

from datetime import timedelta

from maild.customer import Customer, CustomersTicket
from maild.message import Address
from maild.store import customers
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import Status
from tests.rig.desk import ANN, NOW, a_decision, a_message, a_ticket, composed

DAY = timedelta(days=1)


def opened(store: Store, days: int, **fields: object) -> None:
    ticket = a_ticket(created=NOW + days * DAY, **fields)
    with store.writing() as tx:
        apply(tx, a_decision(a_message(), after=ticket), now=NOW, compose=composed, incoming=None, first_number=1)


def found(store: Store, key: str = ANN.key) -> Customer:
    with store.reading() as tx:
        return customers.find(tx, key)


def test_a_customer_is_known_by_the_tickets_that_were_opened_for_him(store: Store):
    opened(store, 1, subject="The first", status=Status.CLOSED, owner="boris")
    opened(store, 3, subject="The last", queue="sales")
    opened(store, 2, subject="Another's", requester=Address("Bob", "bob@globex.example"))
    opened(store, 0, status=Status.SPAM)
    opened(store, 4, status=Status.MERGED)
    last = CustomersTicket(2, "The last", "sales", Status.NEW, None)
    assert found(store) == Customer(NOW + DAY, (last, CustomersTicket(1, "The first", "support", Status.CLOSED, "boris")))
    assert found(store, "nobody@globex.example") == Customer()


def test_of_a_machines_thousands_the_newest_and_the_first_are_found(store: Store):
    for day in range(customers.MOST_TICKETS + 2):
        opened(store, day)
    customer = found(store)
    assert customer.since == NOW
    assert [ticket.number for ticket in customer.tickets] == list(range(customers.MOST_TICKETS + 2, 2, -1))
    assert customer.has_more
