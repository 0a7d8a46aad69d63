"""Which notice a change of state deserves (PRODUCT 5, MAIL.md A14): never two mails for one event."""

from typing import Any

from builders import a_queue, a_ticket, some_settings

from maild.desk.notices import notice_for
from maild.ticket import Status, Tier

ALL = frozenset({"waiting", "closed", "reopened", "passed_on"})


def check(
    before: dict[str, Any] | None, after: dict[str, Any], notice: str | None, *, answered: bool = False, statuses: frozenset[str] = ALL
) -> None:
    queues = {key: a_queue(key, statuses=statuses) for key in ("support", "sales")}
    found = notice_for(before and a_ticket(**before), a_ticket(**after), answered, some_settings(queues=queues))
    assert found == notice


OPEN, WAITING, CLOSED = ({"status": status} for status in (Status.OPEN, Status.WAITING, Status.CLOSED))


def test_each_change_has_its_notice():
    check(OPEN, CLOSED, "closed")
    check(OPEN, WAITING, "waiting")
    check(CLOSED, OPEN, "reopened")
    check({"queue": "support"}, {"queue": "sales"}, "passed-on")
    check(OPEN, {"tier": Tier.L2}, "passed-to-specialist")
    check({"tier": Tier.L2}, {"tier": Tier.L1}, None)


def test_what_is_no_news_to_the_customer_has_none():
    check(OPEN, OPEN, None)
    check(WAITING, OPEN, None)
    check({"status": Status.NEW}, OPEN, None)
    check(OPEN, {"status": Status.SPAM}, None)
    check(None, {"status": Status.NEW}, None)


def test_a_change_of_status_is_told_before_a_change_of_queue():
    check({"status": Status.OPEN, "queue": "support"}, {"status": Status.CLOSED, "queue": "sales"}, "closed")


def test_an_answer_in_the_same_event_makes_a_notice_needless():
    check(OPEN, CLOSED, None, answered=True)
    check(OPEN, WAITING, None, answered=True)
    check(CLOSED, OPEN, None, answered=True)
    check(OPEN, {"tier": Tier.L2}, None, answered=True)


def test_a_queue_tells_only_what_it_wants_to_tell():
    check(OPEN, CLOSED, None, statuses=frozenset())
    check(OPEN, WAITING, None, statuses=frozenset({"closed"}))
    check(OPEN, {"tier": Tier.L2}, None, statuses=frozenset({"closed"}))
    check(OPEN, {"tier": Tier.L2}, "passed-to-specialist", statuses=frozenset({"passed_on"}))
    check({"queue": "support"}, {"queue": "sales"}, "passed-on", statuses=frozenset({"passed_on"}))
    check(OPEN, {"status": Status.CLOSED, "queue": "gone"}, None)
