"""Time rules in the store, on both engines (RULES.md 2): each asked when its time has come, once for each stay, whatever happens beside."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maild.effects import Decision, IncomingState, Merge, Undo
from maild.office import Office
from maild.reason import Reason
from maild.recording import record
from maild.rules.explain import read_traces
from maild.stay import Stay
from maild.store import regroupings, rule_mail, stays, tickets
from maild.store.engine import Store, open_store
from maild.store.retention import forget_tickets
from maild.store.views import ticket_views
from maild.task import Task
from maild.ticket import Status, TicketView
from maild.time_rules import ASKED_AT_ONCE, RETRY_AFTER, keep_time_rules
from maild.waiting_rules import BITE, Waits, count_waits
from tests.rig.desk import MINUTE, NOW, a_message, a_ticket
from tests.rig.small_office import DESK, an_office

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WAITING = "{id: waits, when: {after: 3d, while: {status: waiting}}, do: [{tag: waited}]}"
Writing = Callable[[str], Office]


@pytest.fixture
def office(tmp_path: Path) -> Writing:
    """The office with these rules."""
    return lambda rules: with_rules(tmp_path, rules)


def with_rules(directory: Path, rules: str) -> Office:
    (directory / "rules").mkdir(exist_ok=True)
    (directory / "rules" / "10.yaml").write_text(f"rules:\n  - {rules}\n" if rules else "version: 1\n", encoding="utf-8")
    return an_office(directory)


def opened(store: Store, office: Office, at: datetime = NOW, **more: Any) -> int:
    ticket = replace(a_ticket(created=at), **{"updated": at, **more})
    with store.writing() as tx:
        applied = record(tx, Decision(IncomingState.DONE, Reason("new", ""), None, ticket, (a_message(),)), office, at)
    assert applied.ticket_number
    return applied.ticket_number


def changed(store: Store, office: Office, number: int, at: datetime, **more: Any) -> TicketView:
    with store.writing() as tx:
        before = tickets.view(tx, number)
        applied = record(tx, Decision(IncomingState.DONE, Reason("act", ""), before, replace(before, **more)), office, at)
    assert applied.ticket
    return applied.ticket


def keep(store: Store, office: Office, now: datetime) -> None:
    """Rounds, until there is nothing to do."""
    for _ in range(100):
        if not keep_time_rules(store, office, now):
            return
    raise AssertionError("it never ends")


def asked(store: Store, number: int = 1) -> list[tuple[str, bool, datetime]]:
    """Which rules were asked when their time had come, whether they fired, and when that was."""
    with store.reading() as tx:
        found = [(trace, row.at) for row in tickets.list_traces(tx, number) for trace in read_traces(row.rules)]
    return [(trace.rule, trace.fired, at) for trace, at in found if trace.event == "time"]


def standing(store: Store, *numbers: int) -> list[Stay]:
    with store.reading() as tx:
        return sorted(stays.find_on(tx, numbers or (1,)), key=lambda stay: (stay.ticket, stay.rule, stay.about))


def test_a_rule_is_asked_once_in_a_stay_and_again_in_the_next(store: Store, office: Writing):
    desk = office(WAITING)
    number = opened(store, desk)
    changed(store, desk, number, NOW + HOUR, status=Status.WAITING)
    for now in (NOW + HOUR + 3 * DAY - MINUTE, NOW + HOUR + 3 * DAY, NOW + 9 * DAY):
        keep(store, desk, now)
    assert asked(store) == [("waits", True, NOW + HOUR + 3 * DAY)]
    with store.reading() as tx:
        assert tickets.view(tx, number).tags == {"waited"}
    changed(store, desk, number, NOW + 9 * DAY, status=Status.OPEN)
    changed(store, desk, number, NOW + 9 * DAY + MINUTE, status=Status.WAITING)
    for now in (NOW + 12 * DAY, NOW + 12 * DAY + MINUTE, NOW + 20 * DAY):
        keep(store, desk, now)
    assert [at for _, _, at in asked(store)] == [NOW + HOUR + 3 * DAY, NOW + 12 * DAY + MINUTE]


def test_what_changes_beside_breaks_no_stay(store: Store, office: Writing):
    desk = office(WAITING)
    number = opened(store, desk, status=Status.WAITING)
    changed(store, desk, number, NOW + 2 * DAY, subject="Another", tags=frozenset({"vip"}))
    keep(store, desk, NOW + 3 * DAY)
    assert asked(store) == [("waits", True, NOW + 3 * DAY)]


def test_two_rounds_that_found_the_same_stay_ask_once(store: Store, office: Writing):
    """As of a daemon and `run --once`."""
    desk = office(WAITING)
    opened(store, desk, status=Status.WAITING)
    due = NOW + 3 * DAY
    with store.reading() as tx:
        assert len(stays.find_due(tx, ["waits"], due, 10)) == 1
        # SQLite goes on showing this reader the stay as it was; PostgreSQL's sees each commit.
        keep_time_rules(store, desk, due)
    keep(store, desk, due)
    assert len(asked(store)) == 1


def test_a_rule_that_fires_ends_what_another_waits_for(store: Store, office: Writing):
    """The first due first, though both are late: each looks at the ticket as the one before left it."""
    desk = office("{id: closes, when: {after: 1h, while: {status: waiting}}, do: [{close: true}]}\n  - " + WAITING)
    opened(store, desk, status=Status.WAITING)
    keep(store, desk, NOW + 9 * DAY)
    assert asked(store) == [("closes", True, NOW + 9 * DAY)]
    assert standing(store) == []


def test_tickets_that_were_there_before_a_rule_are_waited_on_from_what_is_certain(store: Store, office: Writing):
    none = office("")
    count = BITE + 5
    for number in range(1, count + 1):
        opened(store, none, status=Status.WAITING if number % 2 else Status.OPEN)
    changed(store, none, 1, NOW + DAY, subject="Another")
    rule = "{id: closed, when: {after: 1d, while: {status: closed}}, do: [{tag: old}]}"
    closed = opened(store, none, status=Status.CLOSED, closed_at=NOW - DAY, updated=NOW)
    unheard = "{id: unheard, when: {after: 30d, while: {replies.agent: 0, status: new}}, do: [{tag: unheard}]}"
    new = opened(store, none, status=Status.NEW)
    changed(store, none, new, NOW + DAY, subject="Another")
    desk = office(f"{WAITING}\n  - {rule}\n  - {unheard}")
    keep(store, desk, NOW + 2 * DAY)
    found = {stay.ticket: stay.since for stay in standing(store, *range(1, count + 3)) if stay.rule == "waits"}
    assert found == {number: NOW + DAY if number == 1 else NOW for number in range(1, count + 1, 2)}
    assert [(rule, at) for rule, _, at in asked(store, closed)] == [("closed", NOW + 2 * DAY)]
    assert [(stay.rule, stay.since) for stay in standing(store, new)] == [("unheard", NOW)]


def test_what_is_due_at_once_is_asked_in_bounded_rounds(store: Store, office: Writing):
    none = office("")
    for _ in range(ASKED_AT_ONCE + 3):
        opened(store, none, status=Status.WAITING)
    desk, numbers = office(WAITING), range(1, ASKED_AT_ONCE + 4)
    keep_time_rules(store, desk, NOW + 9 * DAY)
    assert sum(len(asked(store, number)) for number in numbers) == ASKED_AT_ONCE
    keep(store, desk, NOW + 9 * DAY)
    assert [len(asked(store, number)) for number in numbers] == [1] * len(numbers)


def test_how_many_tickets_a_rule_waits_on_is_told_before_a_daemon_takes_it_and_after(store: Store, office: Writing):
    none = office("")
    for number in range(BITE + 10):
        opened(store, none, NOW - (number % 10) * DAY, status=Status.WAITING if number % 2 else Status.OPEN)
    desk = office(WAITING)

    def counted(now: datetime) -> list[Waits]:
        with store.reading() as tx:
            return list(count_waits(tx, desk.desk.timing, now))

    assert counted(NOW) == [Waits("waits", (BITE + 10) // 2, (BITE + 10) // 10 * 4)]
    keep(store, desk, NOW)
    assert counted(NOW) == [Waits("waits", (BITE + 10) // 2, 0)]
    assert counted(NOW + 2 * DAY) == [Waits("waits", (BITE + 10) // 2, (BITE + 10) // 10)]


def test_a_rule_that_is_written_otherwise_keeps_since_when_and_asks_nothing_twice(store: Store, office: Writing):
    desk = office(WAITING)
    for _ in range(2):
        opened(store, desk, status=Status.WAITING)
    keep(store, desk, NOW + 2 * DAY)
    changed(store, desk, 2, NOW + 2 * DAY, tags=frozenset({"x"}))
    sooner = office(WAITING.replace("3d", "2d"))
    keep(store, sooner, NOW + 2 * DAY + MINUTE)
    assert [asked(store, number) for number in (1, 2)] == [[("waits", True, NOW + 2 * DAY + MINUTE)]] * 2
    keep(store, office(WAITING.replace("3d", "1d")), NOW + 9 * DAY)
    assert [len(asked(store, number)) for number in (1, 2)] == [1, 1]
    other = office(WAITING.replace("status: waiting", "status: open"))
    keep(store, other, NOW + 9 * DAY)
    assert standing(store, 1, 2) == []


def test_a_rule_that_is_gone_or_disabled_waits_no_more_and_begins_anew(store: Store, office: Writing):
    desk = office(WAITING)
    opened(store, desk, status=Status.WAITING)
    keep(store, desk, NOW)
    assert len(standing(store)) == 1
    keep(store, office(WAITING.replace("when:", "disabled: too eager, when:")), NOW + DAY)
    assert standing(store) == []
    keep(store, office(WAITING), NOW + 3 * DAY)
    assert asked(store) == [("waits", True, NOW + 3 * DAY)]


def test_a_stay_from_before_the_clock_was_set_back_begins_now(store: Store, office: Writing):
    """OPERATIONS I23: it is neither put off by years, nor asked about early."""
    desk = office(WAITING)
    ahead = NOW + 1000 * DAY
    opened(store, desk, ahead, status=Status.WAITING)
    keep(store, desk, ahead)
    for now in (NOW, NOW + 3 * DAY - MINUTE, NOW + 3 * DAY, NOW + 9 * DAY):
        keep(store, desk, now)
    assert asked(store) == [("waits", True, NOW + 3 * DAY)]


def test_a_rule_is_asked_ahead_of_each_task_and_of_none_that_is_past(store: Store, office: Writing):
    desk = office("{id: soon, when: {before: 1h, of: task.due}, do: [{tag: soon}]}")
    first = Task(1, "check", "boris", "anna", NOW, NOW + 5 * HOUR)
    number = opened(store, desk, tasks=(first, replace(first, number=2, due=NOW + 2 * DAY), replace(first, number=3, due=None)))
    keep(store, desk, NOW + 4 * HOUR)
    assert asked(store) == [("soon", True, NOW + 4 * HOUR)]
    with store.reading() as tx:
        made = tickets.view(tx, number).tasks
    later = replace(made[1], due=NOW + 3 * DAY)
    changed(store, desk, number, NOW + DAY, tasks=(replace(made[0], done=NOW + DAY, done_by="anna"), later, made[2]))
    assert [(stay.about, stay.due) for stay in standing(store)] == [(2, NOW + 3 * DAY - HOUR)]
    keep(store, desk, NOW + 3 * DAY)
    assert len(asked(store)) == 1, "the moment is past"
    changed(store, desk, number, NOW + 4 * DAY, tasks=(replace(later, due=NOW + 4 * DAY + MINUTE),))
    keep(store, desk, NOW + 4 * DAY)
    assert len(asked(store)) == 2, "less than an hour is left"


def test_a_ticket_that_was_merged_or_is_spam_is_not_waited_on(store: Store, office: Writing):
    desk = office("{id: open, when: {after: 1h, while: {status: {not: [closed]}}}, do: [{tag: old}]}")
    into, other = opened(store, desk), opened(store, desk)
    spam = opened(store, desk, status=Status.SPAM)
    with store.writing() as tx:
        views = ticket_views(tx, (into, other))
        merging = Merge(views[other], views[into], views[into], "anna")
        record(tx, Decision(IncomingState.DONE, Reason("act", ""), views[into], views[into], (merging,)), desk, NOW)
    assert [stay.ticket for stay in standing(store, into, other, spam)] == [into]
    with store.writing() as tx:
        last, view = regroupings.find_last(tx, into), tickets.view(tx, into)
        assert last
        undoing = Undo(last.id, replace(views[other], merged_into=None))
        record(tx, Decision(IncomingState.DONE, Reason("act", ""), view, view, (undoing,)), desk, NOW + MINUTE)
    assert [(stay.ticket, stay.since) for stay in standing(store, into, other)] == [(into, NOW), (other, NOW + MINUTE)]


def test_stays_go_with_a_ticket_that_is_forgotten(store: Store, office: Writing):
    desk = office("{id: closed, when: {after: 1h, while: {status: closed}}, do: [{tag: old}]}")
    opened(store, desk, status=Status.CLOSED, closed_at=NOW)
    assert len(standing(store)) == 1
    with store.writing() as tx:
        assert forget_tickets(tx, Status.CLOSED, NOW + MINUTE, 10) == 1
    assert standing(store) == []


def test_what_breaks_over_one_ticket_is_put_off_and_keeps_no_other_waiting(store: Store, office: Writing, tmp_path: Path):
    (tmp_path / "templates").mkdir()
    breaks = '{% extends "maild/notification.body.txt" %}{% block message %}{{ 10 // (ticket.number - 1) }}{% endblock %}'
    (tmp_path / "templates" / "notification.body.txt").write_text(breaks, encoding="utf-8")
    desk = office("{id: given, when: {after: 1h, while: {owner: null}}, do: [{assign: anna}]}")
    for _ in range(2):
        opened(store, desk)
    keep(store, desk, NOW + HOUR)
    assert [len(asked(store, number)) for number in (1, 2)] == [0, 1]
    assert [stay.due for stay in standing(store, 1)] == [NOW + HOUR + RETRY_AFTER]
    (tmp_path / "templates" / "notification.body.txt").unlink()
    keep(store, office("{id: given, when: {after: 1h, while: {owner: null}}, do: [{assign: anna}]}"), NOW + HOUR + RETRY_AFTER)
    assert asked(store, 1) == [("given", True, NOW + HOUR + RETRY_AFTER)]


def test_a_schedule_asks_about_each_ticket_in_its_state_and_what_was_missed_comes_once(store: Store, office: Writing):
    """NOW is a Friday, 10:07 in Sofia."""
    none, rule = office(""), '{id: daily, when: {cron: "0 * * * *", while: {status: waiting}}, do: [{note: hello}]}'
    opened(store, none, NOW - 9 * DAY, status=Status.WAITING)
    desk, hour = office(rule), NOW.replace(minute=0, second=0) + HOUR
    keep(store, desk, NOW)
    opened(store, desk)
    assert asked(store) == [], "it looks ahead, and not back"
    keep(store, desk, hour)
    changed(store, desk, 2, hour, status=Status.WAITING)
    for now in (hour + 5 * HOUR + MINUTE, hour + 6 * HOUR - MINUTE, hour + 6 * HOUR):
        keep(store, desk, now)
    assert [at for _, _, at in asked(store)] == [hour, hour + 5 * HOUR + MINUTE, hour + 6 * HOUR]
    assert [at for _, _, at in asked(store, 2)] == [hour + 5 * HOUR + MINUTE, hour + 6 * HOUR]
    keep(store, office(rule.replace("0 *", "30 *")), hour + 6 * HOUR + MINUTE)
    assert [stay.due for stay in standing(store, 1, 2)] == [hour + 6 * HOUR + 30 * MINUTE] * 2
    changed(store, desk, 1, hour + 7 * HOUR, status=Status.OPEN)
    assert [stay.ticket for stay in standing(store, 1, 2)] == [2]


def test_by_the_business_clock_a_ticket_that_moves_is_counted_by_its_new_departments_hours(store: Store, tmp_path: Path):
    """And where a calendar is written otherwise, after the reload. NOW is a Friday, 10:07 in Sofia."""
    rule = "{id: late, when: {after: 10h, while: {replies.agent: 0}, clock: business}, do: [{tag: late}]}"
    with_rules(tmp_path, rule)

    def office(hours: str) -> Office:
        sales = "sales: {address: sales@acme.example, agents: [boris], calendar: c, mode: live, mailbox: support}"
        calendar = f'calendars: {{c: {{timezone: Europe/Sofia, hours: {{mon-fri: "{hours}"}}}}}}\n'
        return an_office(tmp_path, DESK.replace("agents: {anna", f"{calendar}agents: {{anna").replace("queues:\n", f"queues:\n  {sales}\n"))

    desk = office("09:00-18:00")
    number = opened(store, desk)
    keep(store, desk, NOW)
    assert [stay.due for stay in standing(store)] == [NOW + 10 * HOUR]
    changed(store, desk, number, NOW + HOUR, queue="sales")
    keep(store, desk, NOW + HOUR)
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Europe/Sofia"))
    assert [stay.due for stay in standing(store)] == [monday + 10 * HOUR - (monday.replace(day=20, hour=18) - NOW)]
    keep(store, office("00:00-24:00"), NOW + HOUR)
    assert [stay.due for stay in standing(store)] == [NOW + 10 * HOUR]
    changed(store, desk, number, NOW + 2 * HOUR, queue="support")
    keep(store, desk, NOW + 10 * HOUR - MINUTE)
    assert asked(store) == []
    keep(store, desk, NOW + 10 * HOUR)
    assert asked(store) == [("late", True, NOW + 10 * HOUR)]


STATES = {"open": Status.OPEN, "waiting": Status.WAITING, "closed": Status.CLOSED}


def test_what_a_paused_rule_waits_for_is_due_until_a_person_lets_it_go_on(store: Store, office: Writing):
    """RULES.md 5.5: nothing is forgotten because of a brake."""
    limited = "limit: {mails: 1, per: 1h}, do: [{notify: {who: boris, template: escalation, why: late}}]"
    desk = office(f"{{id: late, when: {{after: 3d, while: {{status: waiting}}}}, {limited}}}")
    for _ in range(3):
        opened(store, desk, status=Status.WAITING)
    keep(store, desk, NOW + 3 * DAY)
    assert [[fired for _, fired, _ in asked(store, number)] for number in (1, 2, 3)] == [[True], [False], []]
    assert [stay.due for stay in standing(store, 1, 2, 3)] == [None, NOW + 3 * DAY, NOW + 3 * DAY]
    later = NOW + 4 * DAY
    keep(store, desk, later)
    assert [len(asked(store, number)) for number in (1, 2, 3)] == [1, 1, 0], "it is not asked"
    for number in (2, 3):
        with store.writing() as tx:
            assert rule_mail.lift(tx, "late")
        keep(store, desk, later)
        assert asked(store, number)[-1] == ("late", True, later)


MODELLED = """{id: waits, when: {after: 30m, while: {status: [waiting, closed]}}, do: [{note: a}]}
  - {id: tagged, when: {after: 45m, while: {any: [{tags: x}, {status: open}]}}, do: [{note: b}]}"""


def holds(rule: str, status: str, is_tagged: bool) -> bool:
    return status in ("waiting", "closed") if rule == "waits" else is_tagged or status == "open"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from(list(STATES)), st.booleans(), st.sampled_from(["", "runs", "starts anew"])),
        max_size=12,
    )
)
def test_whatever_happens_and_however_long_nothing_runs_it_is_as_if_all_tickets_had_been_looked_at(
    steps: list[tuple[int, str, bool, str]],
):
    """A model that scans: it remembers each minute of the ticket's life. A step is so many minutes later what the ticket becomes, and
    whether the daemon runs then, or is started anew, and reads everything from its files and its database."""
    lasts, history, expected, turns = {"waits": 30, "tagged": 45}, [("open", False)], [], dict.fromkeys(("waits", "tagged"), -1)
    with TemporaryDirectory() as folder:
        desk = with_rules(Path(folder), MODELLED)
        store = open_store("sqlite:///maild.db", Path(folder), create=True)
        opened(store, desk, status=Status.OPEN)
        for minutes, status, is_tagged, runs in steps:
            history += [history[-1]] * minutes
            minute, at = len(history) - 1, NOW + (len(history) - 1) * MINUTE
            if runs == "starts anew":
                store.close()
                desk, store = with_rules(Path(folder), MODELLED), open_store("sqlite:///maild.db", Path(folder), create=False)
            if runs:
                keep(store, desk, at)
                for rule, needed in lasts.items():
                    began = next((n for n in range(minute, -1, -1) if not holds(rule, *history[n])), -1) + 1
                    if minute - began >= needed and turns[rule] < began:
                        expected.append((rule, minute))
                        turns[rule] = began
            history[-1] = (status, is_tagged)
            changed(store, desk, 1, at, status=STATES[status], tags=frozenset({"x"} if is_tagged else ()))
        found = [(rule, round((at - NOW) / MINUTE)) for rule, fired, at in asked(store) if fired]
        store.close()
    assert sorted(found) == sorted(expected)
