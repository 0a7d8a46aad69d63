"""Which department a mail is for (MAIL.md F10)."""

from typing import Any

from maild.config.settings import Settings
from maild.ingest.department import Departments, find_departments
from maild.message import Address
from tests.builders import a_mailbox, a_message, a_queue, some_settings

SETTINGS = some_settings()
SUPPORT, SALES = SETTINGS.queues["support"], SETTINGS.queues["sales"]


def check(expected: Departments, **message: Any) -> None:
    assert find_departments(a_message(**message), "support", SETTINGS) == (expected,)


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


def names(settings: Settings, mailbox: str = "support", **message: Any) -> list[tuple[tuple[str, ...], set[str], set[str]]]:
    """Each walk: its departments, those elsewhere, those before it."""
    found = find_departments(a_message(**message), mailbox, settings)
    return [(item.keys, set(item.elsewhere), set(item.earlier)) for item in found]


def with_staff(**staff: Any) -> Settings:
    """A desk with a department that has all mail to itself, in support's mailbox or in its own."""
    queues = {**SETTINGS.queues, "staff": a_queue("staff", split=True, **staff)}
    return some_settings(queues=queues, mailboxes={key: a_mailbox(key=key) for key in ("support", "staff")})


def test_a_department_that_splits_stands_alone_and_the_others_together_where_the_first_of_them_is():
    desk = with_staff()
    check_all = to("support@acme.example", "staff@acme.example", "sales@acme.example")
    assert names(desk, to=check_all) == [(("support", "sales"), {"staff"}, set()), (("staff",), {"support", "sales"}, {"support", "sales"})]
    assert names(desk, to=to("staff@acme.example"), cc=to("sales@acme.example")) == [
        (("staff",), {"sales"}, set()),
        (("sales",), {"staff"}, {"staff"}),
    ]
    assert names(desk, to=to("staff@acme.example")) == [(("staff",), set(), set())]


def test_a_department_that_splits_gets_its_blind_copy_from_its_own_mailbox_and_from_no_shared_one():
    own = with_staff(mailbox="staff")
    assert [keys for keys, _, _ in names(own, "staff", to=to("support@acme.example"))] == [("support",), ("staff",)]
    assert [keys for keys, _, _ in names(own, "support", to=to("support@acme.example"))] == [("support",)]
    assert [keys for keys, _, _ in names(with_staff(), "support", to=to("support@acme.example"))] == [("support",)]
