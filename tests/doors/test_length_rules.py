"""Rules that are told how many tickets wait in a department, in the store, on both engines (RULES.md 2: `queue.length`)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maild.due import settle
from maild.effects import Decision, IncomingState, Merge
from maild.length_rules import MEASURING
from maild.office import Office
from maild.reason import Reason
from maild.recording import record
from maild.store import outbox, rule_mail, stays, switches, tickets
from maild.store.engine import Store
from maild.ticket import Status
from tests.rig.desk import NOW, a_message, a_ticket
from tests.rig.small_office import an_office

HOUR = timedelta(hours=1)
CROWDED = "{id: crowded, when: queue.length, if: {queue.length: {gte: 3}}, do: [{notify: {who: boris, template: backlog}}]}"
Writing = Callable[[str], Office]


@pytest.fixture
def office(tmp_path: Path) -> Writing:
    """The office with this rule."""

    def written(rule: str) -> Office:
        (tmp_path / "rules").mkdir(exist_ok=True)
        (tmp_path / "rules" / "10.yaml").write_text(f"rules:\n  - {rule}\n" if rule else "version: 1\n", encoding="utf-8")
        return an_office(tmp_path)

    return written


def opened(store: Store, office: Office, count: int = 1) -> None:
    for _ in range(count):
        with store.writing() as tx:
            record(tx, Decision(IncomingState.DONE, Reason("new", ""), None, a_ticket(), (a_message(),)), office, NOW)


def changed(store: Store, office: Office, number: int, status: Status) -> None:
    with store.writing() as tx:
        before = tickets.view(tx, number)
        record(tx, Decision(IncomingState.DONE, Reason("act", ""), before, replace(before, status=status)), office, NOW)


def sent(store: Store, office: Office, template: str = "backlog") -> list[str]:
    """After a round."""
    settle(MEASURING, store, office, NOW + HOUR)
    with store.reading() as tx:
        return [row.recipient for row in outbox.list_outbox(tx) if row.template == template]


def test_one_letter_comes_for_many_tickets_and_the_next_when_fewer_have_waited(store: Store, office: Writing):
    desk = office(CROWDED)
    opened(store, desk, 2)
    assert sent(store, desk) == []
    opened(store, desk, 5)
    assert sent(store, desk) == ["boris@acme.example"]
    opened(store, office(CROWDED))
    assert len(sent(store, office(CROWDED))) == 1
    for number in range(1, 7):
        changed(store, desk, number, Status.CLOSED)
    assert len(sent(store, desk)) == 1
    changed(store, desk, 1, Status.OPEN)
    assert len(sent(store, desk)) == 2


def test_what_makes_no_other_number_asks_nobody_and_neither_does_a_desk_without_such_rules(store: Store, office: Writing):
    desk = office(CROWDED)
    opened(store, desk)
    sent(store, desk)
    changed(store, desk, 1, Status.OPEN)
    opened(store, office(""))
    with store.reading() as tx:
        assert switches.find_all(tx, stays.LENGTHS) == []


def test_a_ticket_that_goes_into_another_waits_no_longer(store: Store, office: Writing):
    desk = office(CROWDED)
    opened(store, desk, 3)
    assert len(sent(store, desk)) == 1
    with store.writing() as tx:
        one, other = tickets.view(tx, 1), tickets.view(tx, 2)
        record(tx, Decision(IncomingState.DONE, Reason("merge", ""), one, one, (Merge(other, one, one, "anna"),)), desk, NOW)
    assert len(sent(store, desk)) == 1
    opened(store, desk)
    assert len(sent(store, desk)) == 2


def test_a_rule_past_its_limit_is_paused(store: Store, office: Writing):
    desk = office(CROWDED.replace("{id", "{limit: {mails: 1, per: 9d}, id"))
    opened(store, desk, 3)
    assert len(sent(store, desk)) == 1
    changed(store, desk, 1, Status.CLOSED)
    sent(store, desk)
    changed(store, desk, 1, Status.OPEN)
    assert (len(sent(store, desk)), len(sent(store, desk, "attention"))) == (1, 2), "a department without a lead has agents"
    with store.reading() as tx:
        assert [pause.rule for pause in rule_mail.list_pauses(tx)] == ["crowded"]
