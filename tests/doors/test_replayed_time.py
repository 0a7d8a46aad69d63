"""Time rules in a replay: those of the desk, those that are tried, and what is recorded; where the store is asked, on both engines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.replay import Trial, replay
from maild.rules.backtest import Backtest
from maild.rules.outcome import Change
from maild.store.engine import Store
from maild.traffic import Period
from tests.doors.test_replay import answers, asks, changes, ruled, rules, writes_back
from tests.rig.replay import Replay, a_replay
from tests.rig.small_office import DESK, an_office

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
BEGIN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
DAY_MINUTES = 24 * 60
MONTH = Period(BEGIN - DAY, BEGIN + 30 * DAY)
CLOSE = "{id: close, when: {after: 7d, while: {status: waiting}}, do: [{close: true}]}"
SOONER = CLOSE.replace("7d", "5d")
CLOSED = Change("status", "waiting", "closed")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Replay]:
    with a_replay(tmp_path) as found:
        yield found


@pytest.fixture
def stored(store: Store, tmp_path: Path) -> Replay:
    return Replay(an_office(tmp_path, DESK), store)


def tried(desk: Replay, *texts: str, period: Period = MONTH) -> Backtest:
    return replay(desk.store, Trial(desk.office, period, rules(desk, *texts)), lambda done, total: None)


def beside_the_record(desk: Replay, period: Period = MONTH) -> Backtest:
    return replay(desk.store, Trial(desk.office, period), lambda done, total: None)


def times(found: Backtest) -> list[tuple[int | None, int | None, timedelta]]:
    return [(difference.ticket, difference.mail, difference.at - BEGIN) for difference in found.differences]


def waits(desk: Replay, subject: str = "Printer", minutes: int = 0) -> None:
    """A customer has asked, and waits for nothing: he is to answer."""
    number = asks(desk, subject, minutes=minutes)
    answers(desk, "anna", number or 0, "Which one?\n", minutes + 5)


def test_a_time_rule_that_the_desk_does_not_have_fires_when_its_time_has_come(desk: Replay):
    waits(desk)
    found = tried(desk, CLOSE)
    assert changes(found)[0][1][0] == CLOSED
    assert times(found) == [(1, None, 7 * DAY + 5 * MINUTE)]
    (rule,) = found.rules
    assert (rule.rule, rule.fired, rule.was, rule.tickets) == ("close", 1, 0, 1)


def test_time_passes_to_the_end_of_the_period_and_no_further(desk: Replay):
    waits(desk)
    assert times(tried(desk, CLOSE, period=replace(MONTH, until=BEGIN + 7 * DAY))) == []


def test_a_state_that_ended_in_between_has_not_lasted(desk: Replay):
    waits(desk)
    writes_back(desk, 1, "The red one.\n", 6 * DAY_MINUTES)
    assert times(tried(desk, CLOSE)) == []
    assert times(tried(desk, SOONER)) == [(1, None, 5 * DAY + 5 * MINUTE)]


def test_the_same_rules_fire_alike(desk: Replay):
    nudge = "{id: nudge, when: {after: 1d, while: {status: waiting}}, once: 2d, do: [{notify: {who: lead, template: escalation}}]}"
    weekly = "{id: weekly, when: {cron: '0 8 * * mon', tz: UTC, each: ticket}, do: [{note: It is Monday}]}"
    ruled(desk, CLOSE, nudge, weekly)
    waits(desk)
    waits(desk, "Door", 60)
    found = tried(desk, CLOSE, nudge, weekly)
    assert (changes(found), found.unjudged.strayed, found.problems) == ([], 0, ())
    fired = {rule.rule: (rule.fired, rule.was) for rule in found.rules}
    assert fired == {"close": (2, 2), "nudge": (6, 6), "weekly": (2, 2)}
    assert all(mail.mails == mail.was for mail in found.mails)


def test_a_rule_that_fires_at_another_time_is_a_difference_when_the_first_of_both_fires(desk: Replay):
    ruled(desk, CLOSE)
    waits(desk)
    sooner, later = tried(desk, SOONER), tried(desk, CLOSE.replace("7d", "9d"))
    assert (times(sooner), changes(sooner)[0][1][0]) == ([(1, None, 5 * DAY + 5 * MINUTE)], CLOSED)
    assert (times(later), changes(later)[0][1][0]) == ([(1, None, 7 * DAY + 5 * MINUTE)], Change("status", "closed", "waiting"))


def test_what_time_rules_of_the_desk_have_done_goes_on_in_the_copy(desk: Replay):
    """A customer who writes on a ticket that was closed by then reopens it, by the desk's rules; by those tried, he only answers."""
    ruled(desk, CLOSE)
    waits(desk)
    desk.come_round(BEGIN + 8 * DAY)
    writes_back(desk, 1, "The red one.\n", 9 * DAY_MINUTES)
    back = "{id: back, when: ticket.reopened, do: [{tag: [back]}]}"
    found = tried(desk, CLOSE, back)
    assert [(difference.mail is None, difference.changes) for difference in found.differences] == [
        (False, (Change("tags", "(nothing)", "back"),))
    ]


def test_rules_of_one_moment_are_asked_one_after_the_other_and_judged_together(desk: Replay):
    """The rule of the desk is written as two, which come to the same."""
    first = "{id: first, when: {after: 2d, while: {status: waiting}}, do: [{tag: [old]}]}"
    second = "{id: second, when: {after: 2d, while: {status: waiting}}, if: {tags: old}, do: [{set: {priority: high}}]}"
    ruled(desk, first.replace("do: [", "do: [{set: {priority: high}}, "))
    waits(desk)
    assert times(tried(desk, first, second)) == []
    assert times(tried(desk, first)) == [(1, None, 2 * DAY + 5 * MINUTE)]


def test_opening_hours_are_counted_by_the_calendar_of_the_department(tmp_path: Path):
    """It is open for six hours a day, the first of which has begun."""
    calendar = 'calendars: {c: {timezone: UTC, hours: {mon-sun: "8:00-14:00"}}}\n'
    hours = "{id: late, when: {after: 7h, while: {status: waiting}, clock: business}, do: [{tag: [late]}]}"
    with a_replay(tmp_path, DESK.replace("mode: live", "mode: live, calendar: c") + calendar) as desk:
        waits(desk)
        assert times(tried(desk, hours)) == [(1, None, DAY + timedelta(hours=1, minutes=5))]


def test_ahead_of_a_snooze_that_ends_a_rule_is_asked(desk: Replay):
    asks(desk, "Printer")
    answers(desk, "anna", 1, "#snooze 3d\nThe part comes on Thursday.\n", 5)
    ahead = "{id: ahead, when: {before: 1h, of: snooze}, do: [{tag: [soon]}]}"
    (difference,) = tried(desk, ahead).differences
    assert difference.changes[0] == Change("tags", "(nothing)", "soon")
    assert 2 * DAY < difference.at - BEGIN < 3 * DAY


def test_a_new_rule_asks_about_old_tickets_once_the_period_begins(desk: Replay):
    """Nothing has changed them since, so they stand as they stood."""
    waits(desk)
    late = Period(BEGIN + 20 * DAY, BEGIN + 30 * DAY)
    found = tried(desk, CLOSE, period=late)
    assert times(found) == [(1, None, 20 * DAY)]
    assert (found.judged, found.unjudged.changed) == (0, 0)


def test_what_a_rule_was_asked_about_before_it_is_not_asked_about_again(stored: Replay):
    tell = "{id: tell, when: {after: 7d, while: {status: waiting}}, do: [{notify: {who: lead, template: escalation}}]}"
    ruled(stored, tell)
    waits(stored)
    stored.come_round(BEGIN + 8 * DAY)
    late = Period(BEGIN + 20 * DAY, BEGIN + 30 * DAY)
    assert times(tried(stored, tell, period=late)) == []
    assert times(tried(stored, tell.replace("7d", "9d"), period=late)) == []
    assert times(tried(stored, tell.replace("id: tell", "id: other"), period=late)) == [(1, None, 20 * DAY)]
    assert beside_the_record(stored, late).differences == ()


def test_an_old_ticket_that_was_changed_since_is_not_asked_about(stored: Replay):
    ruled(stored, CLOSE)
    waits(stored)
    stored.come_round(BEGIN + 21 * DAY)
    found = tried(stored, SOONER, period=Period(BEGIN + 20 * DAY, BEGIN + 30 * DAY))
    assert (times(found), found.unjudged.changed) == ([], 1)


def test_a_rule_past_its_limit_does_nothing_more_and_that_is_said(desk: Replay):
    for minutes in range(0, 50, 10):
        waits(desk, f"Printer {minutes}", minutes)
    do = "limit: {mails: 2, per: 1h}, do: [{notify: {who: anna, template: escalation}}]"
    loud = f"{{id: loud, when: {{after: 7d, while: {{status: waiting}}}}, {do}}}"
    found = tried(desk, loud)
    assert [difference.ticket for difference in found.differences] == [1, 2]
    (pause,) = found.pauses
    assert (pause.rule, pause.since - BEGIN) == ("loud", 7 * DAY + 25 * MINUTE)
    ruled(desk, loud)
    assert tried(desk, loud).differences == ()


def test_beside_the_record_a_rule_fires_as_it_did_whenever_the_desk_came_round_to_it(stored: Replay):
    ruled(stored, CLOSE)
    waits(stored)
    stored.come_round(BEGIN + 7 * DAY + 90 * MINUTE)
    writes_back(stored, 1, "The red one.\n", 9 * DAY_MINUTES)
    found = beside_the_record(stored)
    assert (times(found), found.judged) == ([], 3)
    assert [(rule.fired, rule.was) for rule in found.rules] == [(1, 1)]


def test_beside_the_record_a_rule_that_did_not_fire_then_is_a_difference(desk: Replay):
    waits(desk)
    writes_back(desk, 1, "The red one.\n", 9 * DAY_MINUTES)
    ruled(desk, CLOSE)
    found = beside_the_record(desk)
    assert times(found) == [(1, None, 7 * DAY + 5 * MINUTE)]
    assert changes(found)[0][1] == (Change("rules", "(nothing)", "close: closed"),)
    assert (found.judged, found.unjudged.after_divergence) == (2, 1)


def test_beside_the_record_a_rule_that_is_gone_is_a_difference(desk: Replay):
    ruled(desk, CLOSE)
    waits(desk)
    desk.come_round(BEGIN + 7 * DAY + 90 * MINUTE)
    ruled(desk, "{id: other, when: ticket.created, if: {subject: nothing}, do: [{tag: [x]}]}")
    found = beside_the_record(desk)
    assert times(found) == [(1, None, 7 * DAY + 90 * MINUTE)]
    assert changes(found)[0][1] == (Change("rules", "close: closed", "(nothing)"),)
    assert [(rule.rule, rule.fired, rule.was) for rule in found.rules if rule.rule == "close"] == [("close", 0, 1)]
