"""Plus addresses: what an address may mean, and how long one may be (RFC 5233, RFC 5321 section 4.5.3.1.1)."""

from dataclasses import replace
from time import process_time

from maild import plus
from maild.config.settings import Agent, DepartmentAddress
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


def test_no_more_is_read_than_a_whole_local_part_before_the_plus():
    """OPERATIONS X15, MAIL.md P1: a hostile header has thousands of pluses."""
    hostile = "a" + "+" * 100_000 + "@acme.example"
    assert len(list(plus.readings(hostile))) == 65
    check_readings("s" * 64 + "+x@acme.example", ("s" * 64 + "@acme.example", "x"))
    check_readings("support+" + "+" * 500 + "@acme.example", *_all_pluses())


def _all_pluses() -> list[tuple[str, str]]:
    lengths = range(64, 6, -1)
    return [("support" + "+" * (length - 7) + "@acme.example", "+" * (500 - (length - 7))) for length in lengths]


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


def test_the_first_department_and_agent_with_an_address_have_it():
    queues = {"sales": a_queue("sales", aliases=("desk@acme.example",)), "support": a_queue(aliases=("Desk@Acme.example",))}
    agents = {
        "anna": Agent("anna", "Anna", "anna@acme.example"),
        "boris": Agent("boris", "Boris", "b@acme.example", emails=("Anna@acme.example",)),
    }
    settings = some_settings(queues=queues, agents=agents)
    assert settings.queue_at("DESK@acme.example") == queues["sales"]
    assert settings.agent_at("ANNA@acme.example") == agents["anna"]
    assert replace(settings, queues={"support": queues["support"]}).queue_at("desk@acme.example") == queues["support"]


def test_the_control_address_is_the_desks_own_with_and_without_a_detail():
    settings = some_settings()
    settings = replace(settings, desk=replace(settings.desk, control="Control@desk.example"))
    for address, own in {"control@desk.example": True, "control+anna.x@DESK.example": True, "x@desk.example": False, "": False}.items():
        assert settings.is_own_address(address) is own, address


def test_thousands_of_addresses_full_of_pluses_are_looked_up_in_no_time():
    """OPERATIONS X15: one mail of 175 kB held the database for 13 seconds, on a desk of twenty queues."""
    queues = {f"q{n}": a_queue(f"q{n}", aliases=(f"a{n}@acme.example", f"b{n}@acme.example")) for n in range(20)}
    settings = some_settings(queues=queues)
    addresses = [f"a{'+' * 100}{n}@{domain}" for n in range(1000) for domain in ("x.example", "acme.example")]
    began = process_time()
    for address in addresses:
        assert not settings.is_own_address(address)
    assert process_time() - began < 1.0
