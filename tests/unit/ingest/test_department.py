"""Which department a mail is for (MAIL.md F10)."""

from typing import Any

from maild.ingest.department import Departments, find_departments
from maild.message import Address
from tests.builders import a_message, some_settings

SETTINGS = some_settings()
SUPPORT, SALES = SETTINGS.queues["support"], SETTINGS.queues["sales"]


def check(expected: Departments, **message: Any) -> None:
    assert find_departments(a_message(**message), "support", SETTINGS) == expected


def to(*addresses: str) -> tuple[Address, ...]:
    return tuple(Address("", address) for address in addresses)


def test_the_department_named_first_answers_and_the_others_watch():
    check(Departments(SUPPORT, "support@acme.example"))
    check(Departments(SALES, "sales@acme.example", (SUPPORT,)), to=to("x@y.example", "sales@acme.example", "support@acme.example"))
    check(Departments(SALES, "sales@acme.example", (SUPPORT,)), to=to("sales@acme.example"), cc=to("support@acme.example"))
    check(Departments(SUPPORT, "support@acme.example", (SALES,)), recipients=("sales@acme.example",))


def test_a_mail_that_names_none_is_for_the_department_of_its_mailbox():
    check(Departments(SUPPORT, "support@acme.example"), to=to("x@y.example"))


def test_a_department_is_known_by_its_plus_address_alone_and_shown_without_the_detail():
    check(Departments(SALES, "sales@acme.example"), to=to("sales+r1042.x@acme.example"))
    check(Departments(SALES, "sales@acme.example"), to=(), recipients=("sales+b77.1.x@acme.example",))
    check(Departments(SALES, "sales@acme.example"), to=to("sales+r1.x@acme.example", "sales@acme.example"))
