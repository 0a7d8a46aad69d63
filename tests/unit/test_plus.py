"""Plus addresses: what an address may mean, and how long one may be (RFC 5233, RFC 5321 section 4.5.3.1.1)."""

from maild import plus
from maild.config.settings import DepartmentAddress
from tests.builders import a_queue, some_settings


def check_readings(address: str, *expected: tuple[str, str]) -> None:
    assert list(plus.readings(address)) == [(address, ""), *expected]


def test_an_address_is_read_with_the_shortest_detail_first():
    check_readings("support@acme.example")
    check_readings("support+r1.x@acme.example", ("support@acme.example", "r1.x"))
    check_readings("desk+sales+r1.x@acme.example", ("desk+sales@acme.example", "r1.x"), ("desk@acme.example", "sales+r1.x"))
    check_readings("support+@acme.example", ("support@acme.example", ""))
    check_readings("+detail@acme.example")
    check_readings("nobody")
    check_readings("")


def test_a_detail_is_written_only_where_the_local_part_stays_short_enough():
    detail = "r" * 30
    assert plus.with_detail("support@acme.example", detail) == f"support+{detail}@acme.example"
    assert plus.with_detail("s" * 33 + "@acme.example", detail) == "s" * 33 + f"+{detail}@acme.example"
    assert plus.with_detail("s" * 34 + "@acme.example", detail) is None
    assert plus.with_detail("ü" * 17 + "@acme.example", detail) is None


def check_department(address: str, queue: str, bare: str, detail: str) -> None:
    settings = some_settings(queues={"support": a_queue(aliases=("help@acme.example",)), "sales": a_queue("sales", address=SALES)})
    assert settings.department_at(address) == DepartmentAddress(settings.queues[queue], bare, detail)
    assert settings.queue_at(address) == settings.queues[queue]
    assert settings.is_own_address(address)


SALES = "support+sales@acme.example"


def test_whatever_stands_behind_a_departments_plus_is_its_own_address():
    check_department("support@acme.example", "support", "support@acme.example", "")
    check_department("Support+Anything@Acme.example", "support", "Support@Acme.example", "Anything")
    check_department("help+x@acme.example", "support", "help@acme.example", "x")


def test_a_department_may_have_a_plus_in_its_own_address():
    check_department(SALES, "sales", SALES, "")
    check_department("support+sales+x@acme.example", "sales", SALES, "x")
    check_department("support+other@acme.example", "support", "support@acme.example", "other")


def test_an_address_elsewhere_is_nobodys():
    for address in ("support+x@globex.example", "xsupport@acme.example", "sup+port@acme.example", "", "support"):
        assert some_settings().department_at(address) is None, address
