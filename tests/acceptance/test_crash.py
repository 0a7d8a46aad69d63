"""The crash sweep (OPERATIONS I5, T3, Q1, Q2): maild dies at every step of the walk and at random moments, and nothing is lost or doubled.

MAILD_SEED repeats the moments of a sweep.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig.correspondence import Correspondence
from tests.rig.dovecot import DovecotServer
from tests.rig.office import RunningDesk, eventually, text_of
from tests.rig.postgres import PostgresServer
from tests.rig.processes import children_of, command_of
from tests.rig.sink import SmtpSink

PACKAGE = Path(__file__).parents[2] / "maild"
KILL_POINT = re.compile(r'^ +reach\("([^"]+)"\)$', re.MULTILINE)
DUE_ROOM = re.compile(r'DueJob\("([^"]+)"')
EXTRA = "limits: {automatic: off, storm: off}\noutbox: {unknown_retry: 1s}"
LATE = "rules: [{id: late, when: {after: 1h, while: {replies.agent: 0}}, do: [{notify: {who: [anna], template: escalation}}]}]"
CROWDED = "rules: [{id: crowded, when: queue.length, if: {queue: support}, do: [{notify: {who: [anna], template: backlog}}]}]"
REPORT = (
    'rules: [{id: report, when: {cron: "0 8 1 * *", each: once}, if: {queue: support}, do: [{notify: {who: [anna], template: backlog}}]}]'
)
MOVE = ", after: {move: Processed}"
COPYING = "agents: [anna], copy_to_sent: true"
BY_ITSELF = frozenset(("wake", "due", "time", "report", "length", "seek", "offer"))
"""Rooms of what the daemon does when its time has come: no mail walks through them."""
MakeDesk = Callable[..., RunningDesk]


@pytest.fixture(scope="module", autouse=True)
def wounded(tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer) -> Iterator[Correspondence]:
    """A desk whose reading worker was killed when this module began: its message waits half a minute, the other tests need not."""
    sink = SmtpSink().start()
    desk = RunningDesk(tmp_path_factory.mktemp("wounded"), dovecot_server, sink, extra=EXTRA)
    letters = Correspondence.begin(desk)
    letters.request(60)
    launch(desk)
    kill_reading_worker(desk)
    yield letters
    desk.stop()
    sink.stop()


def kill_points(room: str = "") -> list[str]:
    """Every point named in the code (of one room), so that none is forgotten here."""
    sources = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    due = (f"{found}.{point}" for source in sources for found in DUE_ROOM.findall(source) for point in ("written", "committed"))
    points = (*due, *(point for source in sources for point in KILL_POINT.findall(source)))
    return sorted(point for point in points if point.startswith(room))


def check_death(desk: RunningDesk, point: str) -> None:
    """A dozen mails: the daemon dies at the point, for letters at the third, so that some are out and some are not; the next goes on.

    Copies are laid beside the letters that go out, and a death may repeat the one in hand. A run that ends lays them when all are out.
    """
    letters = Correspondence.begin(desk)
    letters.request(9)
    letters.follow_up()
    letters.answer()
    options = ["--once"] if point.startswith("copy.") else []
    process = desk.fork(*options, MAILD_KILLPOINT=f"{point}:3" if point.startswith("send.") else point)
    assert process.wait(30) == -signal.SIGKILL
    letters.request()
    desk.start()
    letters.settle()
    assert letters.check() == (1 if point == "send.answered" else 0)
    if desk.mailbox == MOVE:
        letters.await_moved()
    if desk.support == COPYING:
        letters.await_copied()


def launch(desk: RunningDesk) -> None:
    """Run the daemon as a process, and wait until it says that it has started."""
    log = desk.directory / "daemon.log"
    before = log.read_text(encoding="utf-8").count('"started"') if log.exists() else 0
    process = desk.fork()
    eventually(lambda: log.read_text(encoding="utf-8").count('"started"') > before or process.poll() is not None)


def end(desk: RunningDesk, how: signal.Signals) -> int:
    """Signal the daemon; its exit status."""
    assert desk.process is not None
    desk.process.send_signal(how)
    return desk.process.wait(40)


def write_for(letters: Correspondence, seconds: float) -> None:
    """Mail keeps coming in."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        letters.request()
        time.sleep(0.02)


def check_kills(letters: Correspondence, kills: int) -> None:
    """Kill the daemon so often while 200 mails wait and more arrive. A death may repeat the one letter in hand; two over one letter make
    it unknown, two over one message taken up singly, after one over its batch, hold it.
    """
    seed = int(os.environ.get("MAILD_SEED", time.time_ns() % 1_000_000))
    print(f"MAILD_SEED={seed}")
    chance = random.Random(seed)
    letters.request(200)
    for _ in range(kills):
        launch(letters.desk)
        write_for(letters, chance.uniform(0, 0.8))
        assert end(letters.desk, signal.SIGKILL) == -signal.SIGKILL
    letters.desk.start()
    letters.settle(60 + kills)
    held, unknown = letters.retry_what_was_set_aside()
    repeated = letters.check()
    print(f"{kills} kills, {len(letters.raws)} messages: {held} held, {unknown} letters unknown, {repeated} repeated")
    assert repeated <= kills
    assert 2 * unknown <= kills
    assert held <= kills


def kill_reading_worker(desk: RunningDesk) -> None:
    """As soon as the daemon has one: it is then at work on what was waiting."""
    assert desk.process is not None
    daemon = desk.process.pid
    eventually(lambda: bool(reading_workers(daemon)))
    os.kill(reading_workers(daemon)[0], signal.SIGKILL)


def reading_workers(daemon: int) -> list[int]:
    return [child for child in children_of(daemon) if "reading_process" in command_of(child)]


def test_every_kill_point_has_a_name_of_its_own():
    assert Counter(kill_points()).most_common(1)[0][1] == 1
    rooms = {"receive", "read", "apply", "send", "copy", *BY_ITSELF}
    assert {point.partition(".")[0] for point in kill_points()} == rooms


@pytest.mark.parametrize("point", [point for point in kill_points() if point.partition(".")[0] not in BY_ITSELF])
def test_a_death_at_this_point_loses_and_doubles_nothing(point: str, storage: str, make_desk: MakeDesk):
    """Acceptance row 14."""
    # Copies that come in again, to be known as ours, would be counted among what was written to the desk.
    copying = {"support": COPYING, "mailbox": ", sent: off"} if point.startswith("copy.") else {}
    check_death(make_desk(storage=storage, extra=EXTRA, **copying), point)


@pytest.mark.parametrize("point", kill_points("receive."))
def test_a_death_at_this_point_moves_every_mail_once(point: str, storage: str, make_desk: MakeDesk):
    check_death(make_desk(storage=storage, extra=EXTRA, mailbox=MOVE), point)


@pytest.mark.parametrize("point", kill_points("wake."))
def test_a_death_while_a_ticket_comes_back_neither_loses_nor_doubles_it(point: str, storage: str, make_desk: MakeDesk):
    """PRODUCT 18."""
    desk = make_desk(storage=storage, extra=EXTRA)
    desk.deliver(sender="ann@globex.example", subject="Spare parts")
    desk.run_once()
    desk.ask("ticket", "snooze", "1", "1w")
    desk.let_snoozes_end()
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    assert desk.events(1).count("woke") == (1 if point == "wake.committed" else 0)
    desk.run_once()
    assert "Back in the queue" in text_of(desk.letter("anna", 2))
    assert (desk.events(1).count("woke"), len(desk.letters("anna"))) == (1, 2)


@pytest.mark.parametrize("point", kill_points("due."))
def test_a_death_while_a_task_is_told_of_neither_loses_nor_doubles_the_letter(point: str, storage: str, make_desk: MakeDesk):
    """PRODUCT 20."""
    desk = make_desk(storage=storage, extra=EXTRA)
    desk.deliver(sender="ann@globex.example", subject="Spare parts")
    desk.run_once()
    desk.ask("ticket", "task", "1", "anna", "order them", "--due", "1w", "--as", "anna")
    desk.let_tasks_be_due()
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    assert desk.events(1).count("task_due") == (1 if point == "due.committed" else 0)
    desk.run_once()
    assert "A task is due" in text_of(desk.letter("anna", 2))
    assert (desk.events(1).count("task_due"), len(desk.letters("anna"))) == (1, 2)


@pytest.mark.parametrize("point", kill_points("time."))
def test_a_death_while_a_rule_is_asked_at_its_time_neither_loses_nor_doubles_what_it_does(point: str, storage: str, make_desk: MakeDesk):
    """RULES.md 2."""
    desk = make_desk(storage=storage, extra=EXTRA, rules=LATE)
    desk.deliver(sender="ann@globex.example", subject="Spare parts")
    desk.run_once()
    desk.let_rules_be_due()
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    assert desk.events(1).count("rule") == (1 if point == "time.committed" else 0)
    desk.run_once()
    desk.letter("anna", 2)
    assert (desk.events(1).count("rule"), len(desk.letters("anna"))) == (1, 2)


@pytest.mark.parametrize("point", kill_points("report."))
def test_a_death_while_a_rule_reports_neither_loses_nor_doubles_the_letter(point: str, storage: str, make_desk: MakeDesk):
    """RULES.md 2."""
    desk = make_desk(storage=storage, extra=EXTRA, rules=REPORT)
    desk.run_once()
    desk.let_reports_be_due()
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    desk.run_once()
    assert "Tickets in Support that wait for somebody: 0." in text_of(desk.letter("anna"))
    assert len(desk.letters("anna")) == 1


@pytest.mark.parametrize("point", kill_points("length."))
def test_a_death_while_a_rule_is_told_how_many_wait_neither_loses_nor_doubles_the_letter(point: str, storage: str, make_desk: MakeDesk):
    """RULES.md 2."""
    desk = make_desk(storage=storage, extra=EXTRA, rules=CROWDED)
    desk.deliver(sender="ann@globex.example", subject="Spare parts")
    assert desk.fork(MAILD_KILLPOINT=point).wait(30) == -signal.SIGKILL
    desk.run_once()
    assert len([mail for mail in desk.letters("anna") if "wait for somebody: 1." in text_of(mail)]) == 1


def test_ten_deaths_under_load_lose_and_double_nothing(storage: str, make_desk: MakeDesk):
    check_kills(Correspondence.begin(make_desk(storage=storage, extra=EXTRA)), 10)


@pytest.mark.soak
def test_fifty_deaths_under_load_lose_and_double_nothing(storage: str, make_desk: MakeDesk):
    check_kills(Correspondence.begin(make_desk(storage=storage, extra=EXTRA)), 50)


def test_an_end_under_load_drains_and_repeats_nothing(each_storage: str, make_desk: MakeDesk):
    desk = make_desk(storage=each_storage, extra=EXTRA)
    letters = Correspondence.begin(desk)
    letters.request(100)
    launch(desk)
    desk.sink.wait_for(20, seconds=30)
    assert end(desk, signal.SIGTERM) == 0
    assert letters.under_way() == 0
    desk.start()
    letters.settle()
    assert letters.check() == 0
    assert set(letters.attempts()) == {1}


def test_the_daemon_outlives_its_database(own_postgres: PostgresServer, make_desk: MakeDesk):
    desk = make_desk(storage=own_postgres.create("crash"), extra=EXTRA)
    letters = Correspondence.begin(desk)
    letters.request(100)
    launch(desk)
    desk.sink.wait_for(20, seconds=30)
    own_postgres.crash()
    try:
        letters.request(20)
        time.sleep(2)
    finally:
        own_postgres.restart()
    letters.settle(60)
    assert letters.check() <= 1
    assert end(desk, signal.SIGTERM) == 0


def test_a_killed_reading_worker_costs_at_most_one_message_one_attempt(wounded: Correspondence):
    wounded.settle(60)
    assert wounded.check() == 0
    attempts = Counter(wounded.attempts())
    assert attempts in ({1: 60, 2: 1}, {1: 61})
    assert end(wounded.desk, signal.SIGTERM) == 0
