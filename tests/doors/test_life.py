"""Whether a daemon runs, told from its signs of life."""

import pytest

from maild import node
from maild.reports.life import Life, find_daemon
from maild.store import signs_of_life
from maild.store.engine import Store
from maild.store.signs_of_life import SignOfLife
from tests.rig.desk import MINUTE, NOW

HERE = node.own_name()
DEAD = HERE + "0"
"""This very process, as if it had started at another time."""
ELSEWHERE = "another-host:7:99"


def give(store: Store, owner: str, *, ended: bool = False, minutes: float = 0) -> None:
    with store.writing() as tx:
        signs_of_life.give(tx, SignOfLife(owner, NOW + minutes * MINUTE, ended))


def check(store: Store, minutes: float, life: Life, *words: str) -> None:
    with store.reading() as tx:
        found = find_daemon(tx, NOW + minutes * MINUTE)
    assert found.life is life
    assert all(word in found.text for word in words), found.text


def test_where_none_has_ever_run_none_is_missed(store: Store):
    check(store, 0, Life.NONE, "no daemon is running")


def test_a_sign_counts_for_three_minutes(store: Store):
    give(store, ELSEWHERE)
    check(store, 2, Life.RUNNING, "process 7 on another-host")
    check(store, 5, Life.SILENT, "no sign of life for 5 minutes")
    check(store, 60 * 49, Life.SILENT, "for 2 days")
    give(store, ELSEWHERE, minutes=5)
    check(store, 6, Life.RUNNING)


def test_a_clock_that_was_set_back_hides_no_silence(store: Store):
    give(store, ELSEWHERE)
    check(store, -0.5, Life.RUNNING)
    check(store, -300, Life.SILENT)


def test_on_its_own_host_a_dead_daemon_is_known_at_once(store: Store):
    give(store, DEAD)
    check(store, 0.1, Life.GONE, "died", "its last sign of life is 6 seconds old")
    give(store, HERE)
    check(store, 0.1, Life.RUNNING)
    check(store, 5, Life.SILENT)


@pytest.mark.parametrize("owner", [HERE, DEAD, ELSEWHERE], ids=["here", "dead", "elsewhere"])
def test_a_daemon_that_was_stopped_is_stopped(store: Store, owner: str):
    give(store, owner)
    give(store, owner, ended=True, minutes=1)
    check(store, 2, Life.STOPPED, "was stopped 60 seconds ago")


def test_a_daemon_that_ends_says_nothing_where_another_has_begun(store: Store):
    give(store, ELSEWHERE)
    give(store, HERE)
    give(store, ELSEWHERE, ended=True)
    check(store, 0, Life.RUNNING)


def test_a_desk_may_do_without_a_daemon(store: Store):
    give(store, HERE)
    give(store, HERE, ended=True)
    with store.writing() as tx:
        signs_of_life.note_single_run(tx, NOW + 10 * MINUTE)
    check(store, 20, Life.ONCE, "no daemon is running", "10 minutes ago")
    check(store, 80, Life.STOPPED)
    give(store, HERE, minutes=81)
    check(store, 82, Life.RUNNING)


def test_a_run_beside_a_daemon_hides_nothing(store: Store):
    give(store, ELSEWHERE)
    with store.writing() as tx:
        signs_of_life.note_single_run(tx, NOW + 1 * MINUTE)
    check(store, 2, Life.RUNNING)
    check(store, 5, Life.SILENT)
    with store.reading() as tx:
        assert find_daemon(tx, NOW + 5 * MINUTE).last_sign == NOW
