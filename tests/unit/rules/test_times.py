"""When time rules are asked: what begins and ends a stay, how old one is, and what a rule that is written otherwise is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from maild.desk.calendar import Calendar, Hours
from maild.rules.ruleset import Rule
from maild.rules.times import Timing, find_beginning
from maild.stay import Stay, StayDisturbed, StayEnded
from maild.ticket import Status
from tests.rig.occasions import NOW, a_desk, a_ticket, rules_from

DAY = timedelta(days=1)


def a_rule(when: str, lists: str = "", **more: str) -> Rule:
    keys = "".join(f", {key}: {value}" for key, value in more.items())
    return rules_from(f"{lists}\nrules: [{{id: it, when: {{{when}}}{keys}, do: [{{tag: x}}]}}]").rules[0]


def timing(rule: Rule) -> Timing:
    return Timing((rule,), a_desk())


def test_a_stay_begins_and_ends_with_the_state():
    waits = timing(a_rule("after: 3d, while: {status: waiting}"))
    new, waiting = a_ticket(number=7, created=NOW - DAY), a_ticket(number=7, status=Status.WAITING, created=NOW - DAY)

    def check(before, after, *expected):
        assert list(waits.follow(before, after, NOW)) == list(expected)

    check(None, new)
    check(None, waiting, Stay(7, "it", 0, NOW - DAY, NOW + 2 * DAY))
    check(new, waiting, Stay(7, "it", 0, NOW, NOW + 3 * DAY))
    check(waiting, replace(waiting, tags=frozenset({"vip"}), queue="sales"))
    check(waiting, new, StayEnded(7, "it", 0))
    check(waiting, replace(waiting, status=Status.SPAM), StayEnded(7, "it", 0))
    check(new, replace(new, tags=frozenset({"vip"})))


def test_a_stay_is_disturbed_where_other_hours_count():
    counted = timing(a_rule("after: 3h, while: {tags: vip}, clock: business"))
    support = a_ticket(number=7, tags=frozenset({"vip"}))
    assert list(counted.follow(support, replace(support, queue="sales"), NOW)) == [StayDisturbed(7, "it", 0)]
    assert list(counted.follow(replace(support, queue="billing"), replace(support, queue="sales"), NOW)) == []


def test_a_ticket_that_was_there_before_the_rule_has_been_so_at_least_since_what_is_stored():
    old = a_ticket(created=NOW - 9 * DAY, updated=NOW - DAY)

    def check(state, ticket, expected):
        assert find_beginning(a_rule(f"after: 3d, while: {{{state}}}"), ticket) == expected

    check("status: new", old, old.created)
    check("status: open", replace(old, status=Status.OPEN), old.updated)
    check("status: closed", replace(old, status=Status.CLOSED, closed_at=NOW - 5 * DAY), NOW - 5 * DAY)
    check("replies.agent: 0", old, old.created)
    check("replies.agent: 1", replace(old, agent_messages=1), old.updated)
    check("replies.agent: 0, status: new", old, old.created)
    check("replies.agent: 0, tags: vip", old, old.updated)


def test_what_is_asked_at_other_times_is_written_otherwise_and_nothing_else_is():
    def written(when, lists="", **more):
        return timing(rule := a_rule(when, lists, **more)).describe(rule)

    def a_list(value):
        return f"lists: {{l: [{value}]}}\nconditions: {{c: {{tags: $l}}}}"

    first = written("after: 3d, while: {status: waiting}")
    assert first == written("after:   3d, while: {status: 'waiting'}", about="words", mode="shadow")
    assert first != written("after: 2d, while: {status: waiting}")
    assert first != written("after: 3d, while: {status: [waiting]}")
    for state in ("tags: $l", "use: c", "any: [{tags: {has_all: $l}}, {status: new}]"):
        assert written(f"after: 3d, while: {{{state}}}", a_list("a")) != written(f"after: 3d, while: {{{state}}}", a_list("b")), state


def test_by_the_business_clock_a_rule_is_written_otherwise_where_the_calendar_is():
    rule, desk = a_rule("after: 3h, while: {tags: vip}, clock: business"), a_desk()
    other = Calendar(ZoneInfo("Europe/Sofia"), ((Hours(0, 60),),) * 7)
    assert Timing((rule,), desk).describe(rule) != Timing((rule,), replace(desk, calendars={"support": other})).describe(rule)
    real = a_rule("after: 3h, while: {tags: vip}")
    assert Timing((real,), desk).describe(real) == Timing((real,), replace(desk, calendars={"support": other})).describe(real)


ZONES = st.sampled_from(["Europe/Sofia", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran", "UTC"]).map(ZoneInfo)
MINUTES = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@given(MINUTES, ZONES, st.integers(1, 40 * 24 * 60))
def test_an_hour_is_an_hour_whatever_the_clock_on_the_wall_does(moment, zone, minutes):
    rule = a_rule_of(minutes)
    (stay,) = timing(rule).follow(None, a_ticket(number=1, created=moment.astimezone(zone)), moment)
    assert isinstance(stay, Stay)
    assert stay.due
    assert stay.due.timestamp() - moment.timestamp() == minutes * 60


LATE = a_rule("after: 1m, while: {status: new}")


def a_rule_of(minutes: int) -> Rule:
    assert LATE.time
    return replace(LATE, time=replace(LATE.time, lasts=timedelta(minutes=minutes)))
