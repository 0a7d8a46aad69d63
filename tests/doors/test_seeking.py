"""Tickets for which a rule has found no owner (RULES.md 4): each gets one once somebody is free, and he is told once."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

from maild.desk.audience import MOST_AT_ONCE
from maild.effects import Decision, IncomingState
from maild.known import Absence
from maild.offering import offer_tickets
from maild.office import Office
from maild.reason import Reason
from maild.seeking import seek_owners
from maild.store import absences, outbox, sought, tickets
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import Priority, Status
from tests.rig import small_office
from tests.rig.desk import MINUTE, NOW, a_decision, a_message, a_ticket, composed

DESK = f"""{small_office.DESK}
calendars: {{office: {{hours: {{mon-fri: "12:00-18:00"}}}}}}
"""
ONE_EACH = "rules: [{id: share, when: ticket.created, do: [{assign: {cap: 1}}]}]"
AFTERNOON = "rules: [{id: share, when: ticket.created, do: [{assign: {hours: office}}]}]"
NOON = NOW.replace(hour=12, minute=0, second=0)
ANNA, BORIS = "anna@acme.example", "boris@acme.example"


def an_office(directory: Path, rules: str = ONE_EACH) -> Office:
    (directory / "rules").mkdir(exist_ok=True)
    (directory / "rules" / "10.yaml").write_text(dedent(rules), encoding="utf-8")
    return small_office.an_office(directory, DESK)


def opened(store: Store, *, rule: str | None = "share", priority: Priority = Priority.NORMAL, **fields: Any) -> int:
    ticket = replace(a_ticket(**fields), priority=priority, sought_by=rule)
    with store.writing() as tx:
        applied = apply(tx, a_decision(a_message(), after=ticket), now=NOW, compose=composed, incoming=None, first_number=1)
    assert applied.ticket is not None
    return applied.ticket.number


def changed(store: Store, number: int, **values: object) -> None:
    with store.writing() as tx:
        before = tickets.view(tx, number)
        after = before.with_status(Status.CLOSED, NOW) if values.get("closed") else before.owned_by(str(values["owner"]))
        apply(
            tx, Decision(IncomingState.DONE, Reason("act", "anna"), before, after), now=NOW, compose=composed, incoming=None, first_number=1
        )


def owners(store: Store) -> list[str | None]:
    with store.reading() as tx:
        return [row.owner for row in reversed(tickets.list_tickets(tx))]


def told(store: Store) -> list[tuple[str, int | None]]:
    with store.reading() as tx:
        return sorted((row.recipient, row.ticket) for row in outbox.list_outbox(tx))


def waiting(store: Store) -> list[int]:
    with store.reading() as tx:
        return sorted(item.number for item in sought.find(tx))


def away(store: Store, *agents: str, until: datetime | None = None) -> None:
    with store.writing() as tx:
        for agent in agents:
            absences.store(tx, Absence(agent, NOW, until))


def test_the_most_urgent_come_first_and_each_agent_gets_as_many_as_he_has_room_for(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    for priority in (Priority.LOW, Priority.NORMAL, Priority.URGENT):
        opened(store, priority=priority)
    for _ in range(2):
        seek_owners(store, office, NOW)
        assert owners(store) == [None, "boris", "anna"]
        assert told(store) == [(ANNA, 3), (BORIS, 2)], "and nobody is told twice"
    assert waiting(store) == [1]
    with store.reading() as tx:
        events = [(row.kind, row.by, row.text) for row in tickets.list_events(tx, 3)]
    assert events == [("assigned", "rule share", "to Anna, who has least to do (0)"), ("notified", "maild", "Anna")]


def test_whoever_has_done_with_one_gets_the_next(store: Store, tmp_path: Path):
    office = an_office(tmp_path)
    done, other = opened(store, rule=None, owner="anna"), opened(store, rule=None, owner="boris")
    opened(store)
    seek_owners(store, office, NOW)
    assert owners(store) == ["anna", "boris", None]
    changed(store, done, closed=True)
    seek_owners(store, office, NOW + MINUTE)
    assert owners(store) == ["anna", "boris", "anna"]
    assert (waiting(store), told(store), other) == ([], [(ANNA, 3)], 2)


def test_it_waits_for_the_hours_and_for_somebody_who_is_back(store: Store, tmp_path: Path):
    office = an_office(tmp_path, AFTERNOON)
    opened(store)
    away(store, "anna", "boris", until=NOON + timedelta(hours=1))
    for moment, expected in (
        (NOW, None),
        (NOON, None),
        (NOON + timedelta(hours=1), "anna"),
    ):
        seek_owners(store, office, moment)
        assert owners(store) == [expected], moment


def test_nobody_is_looked_for_where_somebody_has_it_or_it_has_ended_or_needs_nobody_now(store: Store, tmp_path: Path):
    taken, closed = opened(store), opened(store)
    opened(store, status=Status.WAITING)
    opened(store, snoozed_until=NOW + MINUTE)
    changed(store, taken, owner="boris")
    changed(store, closed, closed=True)
    assert waiting(store) == []
    seek_owners(store, an_office(tmp_path, AFTERNOON.replace("hours: office", "cap: 9")), NOW)
    assert (owners(store), told(store)) == (["boris", None, None, None], [])
    with store.reading() as tx:
        assert [tickets.view(tx, number).sought_by for number in (1, 2, 3, 4)] == [None, None, "share", "share"]


def test_a_rule_that_is_gone_looks_for_nobody_and_one_that_is_off_does_so_once_it_is_on_again(store: Store, tmp_path: Path):
    opened(store)
    for off in ("disabled: for today", "mode: shadow"):
        seek_owners(store, an_office(tmp_path, ONE_EACH.replace("when:", f"{off}, when:")), NOW)
        assert (owners(store), waiting(store)) == ([None], [1])
    seek_owners(store, an_office(tmp_path), NOW)
    assert (owners(store), waiting(store)) == (["anna"], [])
    number = opened(store)
    for gone in ("rules: []", "rules: [{id: share, when: ticket.created, do: [{assign: anna}]}]"):
        seek_owners(store, an_office(tmp_path, gone), NOW)
        assert (owners(store), waiting(store)) == (["anna", None], [])
    with store.reading() as tx:
        (event,) = tickets.list_events(tx, number)
    assert event.text == "no owner is looked for any more: there is no rule share that does"


def test_two_rounds_that_found_the_same_ticket_give_it_to_one_and_tell_him_once(store: Store, tmp_path: Path):
    """As of two daemons. SQLite goes on showing this reader the ticket without an owner."""
    office = an_office(tmp_path)
    opened(store)
    with store.reading() as tx:
        assert [item.number for item in sought.find(tx)] == [1]
        seek_owners(store, office, NOW)
    seek_owners(store, office, NOW)
    assert (owners(store), told(store)) == (["anna"], [(ANNA, 1)])


def test_rules_hear_of_it_as_of_what_a_rule_has_done(store: Store, tmp_path: Path):
    """RULES.md 5.3."""
    office = an_office(
        tmp_path,
        """
        rules:
          - {id: share, when: ticket.created, do: [{assign: {cap: 1}}]}
          - {id: deaf, when: ticket.assigned, do: [{tag: deaf}]}
          - {id: follows, when: ticket.assigned, cascade: true, do: [{tag: follows}]}
        """,
    )
    opened(store)
    seek_owners(store, office, NOW)
    with store.reading() as tx:
        assert tickets.view(tx, 1).tags == {"follows"}
        (trace,) = tickets.list_traces(tx, 1)
    assert [rule.get("skipped", "") for rule in trace.rules if rule["rule"] == "deaf"] == ["not considered: change made by rule share"]


TAKES = "rules: [{id: share, when: agent.away, if: {subject: {not: mine}}, do: [{assign: {cap: 1}}]}]"


def test_what_an_agent_has_to_do_who_is_away_is_given_to_others_once_they_have_room(store: Store, tmp_path: Path):
    office = an_office(tmp_path, TAKES)
    for status in (Status.NEW, Status.OPEN, Status.WAITING, Status.CLOSED):
        opened(store, rule=None, owner="anna", status=status)
    offer_tickets(store, office, NOW)
    assert owners(store) == ["anna"] * 4
    away(store, "anna")
    for _ in range(2):
        offer_tickets(store, office, NOW)
        assert owners(store) == ["boris", None, "anna", "anna"]
    assert (told(store), waiting(store)) == ([(BORIS, 1)], [2])
    with store.reading() as tx:
        kinds = [row.kind for row in tickets.list_events(tx, 1)]
    assert kinds == ["offered", "rule", "notified"]


def test_what_no_rule_takes_stays_whose_it_is_and_is_offered_once_in_an_absence(store: Store, tmp_path: Path):
    office = an_office(tmp_path, TAKES)
    opened(store, rule=None, owner="anna", subject="mine")
    away(store, "anna")
    for minutes, times in ((1, 1), (2, 1)):
        offer_tickets(store, office, NOW + minutes * MINUTE)
        assert offers(store) == times
    with store.writing() as tx:
        absences.store(tx, Absence("anna", NOW + 3 * MINUTE, None))
    offer_tickets(store, office, NOW + 4 * MINUTE)
    assert (offers(store), owners(store), told(store)) == (2, ["anna"], [])


def test_nothing_is_offered_where_a_deputy_cares_or_no_rule_asks(store: Store, tmp_path: Path):
    opened(store, rule=None, owner="anna")
    away(store, "anna")
    offer_tickets(store, an_office(tmp_path), NOW)
    offer_tickets(store, an_office(tmp_path, TAKES.replace("when:", "disabled: for today, when:")), NOW)
    with store.writing() as tx:
        absences.store(tx, Absence("anna", NOW, None, "boris"))
    offer_tickets(store, an_office(tmp_path, TAKES), NOW)
    assert (offers(store), owners(store)) == (0, ["anna"])


def offers(store: Store) -> int:
    with store.reading() as tx:
        return [row.kind for row in tickets.list_events(tx, 1)].count("offered")


def test_whoever_gets_many_at_once_has_one_mail_for_them(store: Store, tmp_path: Path):
    """As in the morning, when the calendar opens."""
    office = an_office(tmp_path, ONE_EACH.replace("cap: 1", "cap: 50"))
    for _ in range(2 * MOST_AT_ONCE + 1):
        opened(store)
    seek_owners(store, office, NOW)
    assert [owners(store).count(agent) for agent in ("anna", "boris")] == [MOST_AT_ONCE + 1, MOST_AT_ONCE]
    assert {recipient for recipient, _ in told(store)} == {BORIS}
    with store.reading() as tx:
        kinds = [row.kind for row in tickets.list_events(tx, 1)]
    assert kinds == ["assigned", "notify_folded"]
