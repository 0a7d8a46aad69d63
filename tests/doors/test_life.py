"""Whether a daemon runs, told from its signs of life."""

import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from maild import node
from maild.reports.life import Life, find_daemon
from maild.store import signs_of_life, switches
from maild.store.engine import Store
from maild.store.signs_of_life import RefusedReload, Running, SignOfLife
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


def begin(store: Store, owner: str) -> SignOfLife | None:
    with store.writing() as tx:
        return signs_of_life.begin(tx, SignOfLife(owner, NOW, began=NOW), node.vital_sign)


@pytest.mark.parametrize("before", [DEAD, ELSEWHERE, HERE], ids=["dead", "elsewhere", "here"])
def test_a_daemon_takes_the_place_of_a_dead_one_and_of_one_elsewhere(store: Store, before: str):
    give(store, before)
    assert begin(store, HERE) is None
    with store.reading() as tx:
        assert signs_of_life.find(tx) == SignOfLife(HERE, NOW, began=NOW)


def test_a_daemon_does_not_take_the_place_of_a_living_one_however_silent(store: Store):
    assert begin(store, HERE) is None
    assert begin(store, DEAD) == SignOfLife(HERE, NOW, began=NOW)
    check(store, 1, Life.RUNNING, f"process {os.getpid()}")
    give(store, HERE, ended=True)
    assert begin(store, DEAD) is None


def test_of_two_daemons_that_start_at_the_same_moment_one_begins(store: Store):
    give(store, ELSEWHERE, ended=True)
    owners = [f"{HERE.rpartition(':')[0]}:{number}" for number in range(8)]
    gate = threading.Barrier(len(owners))

    def start(owner: str) -> SignOfLife | None:
        gate.wait()
        with store.writing() as tx:
            return signs_of_life.begin(tx, SignOfLife(owner, NOW), lambda other: other in owners)

    with ThreadPoolExecutor(len(owners)) as threads:
        refused = [sign for sign in threads.map(start, owners) if sign]
    assert len(refused) == len(owners) - 1
    assert len({sign.owner for sign in refused}) == 1


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


def test_a_refused_reload_is_told_as_long_as_the_daemon_runs_with_what_it_had(store: Store):
    refused = RefusedReload(NOW + 60 * MINUTE, 2, "rules/10.yaml:2:28: E103 unknown event")
    run_with(store, Running(NOW, refused), minutes=62)
    why = "the files of 2 minutes ago were refused: 2 errors, the first: rules/10.yaml:2:28: E103"
    check(store, 62, Life.RUNNING, "running (process", "with the configuration of 62 minutes ago", why)
    check(store, 66, Life.SILENT, "were refused")
    with store.reading() as tx:
        found = find_daemon(tx, NOW + 62 * MINUTE)
    assert (found.loaded, found.refused_reload) == (NOW, refused)
    run_with(store, Running(NOW + 63 * MINUTE), minutes=63)
    with store.reading() as tx:
        found = find_daemon(tx, NOW + 64 * MINUTE)
    assert (found.loaded, found.refused_reload, "refused" in found.text) == (NOW + 63 * MINUTE, None, False)


def test_what_a_daemon_that_is_gone_refused_is_nobodys_business(store: Store):
    for owner, ended in ((DEAD, False), (HERE, True)):
        run_with(store, Running(NOW, RefusedReload(NOW, 1, "maild.yaml:1:1: E100")), owner=owner, ended=ended)
        with store.reading() as tx:
            found = find_daemon(tx, NOW)
        assert (found.loaded, found.refused_reload, "refused" in found.text) == (None, None, False)


def test_a_sign_of_an_older_maild_is_understood(store: Store):
    with store.writing() as tx:
        switches.store(tx, "life.daemon", json.dumps({"owner": ELSEWHERE, "at": NOW.isoformat(), "ended": False}))
    check(store, 1, Life.RUNNING)


def run_with(store: Store, running: Running, *, owner: str = HERE, ended: bool = False, minutes: float = 0) -> None:
    with store.writing() as tx:
        signs_of_life.give(tx, SignOfLife(owner, NOW + minutes * MINUTE, ended, running))
