"""Does a daemon run for this desk? Told from its last sign of life, and on its own host from its process."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from maild import node
from maild.config.settings import Settings, Storage
from maild.errors import MaildError
from maild.finding import Finding, Level
from maild.store import signs_of_life
from maild.store.engine import Transaction, open_store
from maild.store.signs_of_life import RefusedReload, SignOfLife
from maild.waits import is_over

SILENT_AFTER = timedelta(minutes=3)
"""Six signs that did not come."""
SINGLE_RUN_LASTS = timedelta(hours=1)
START = "`systemctl start maild`"
RELOAD = "`maild check` shows what is wrong, then `systemctl reload maild`"


class Life(Enum):
    """GONE: the process ended without closing. SILENT: it is there, or on another host, and gives no sign. ONCE: a desk without a daemon,
    seen through by `maild run --once` a while ago."""

    RUNNING = "running"
    SILENT = "silent"
    GONE = "gone"
    STOPPED = "stopped"
    ONCE = "once"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """`state` is the word of a `Life`. `host` and `pid` are those of the daemon that gave the last sign; None: there is none to name.

    `loaded`: since when the configuration is in force with which it runs. `refused_reload`: why there is a newer one that is not.
    """

    state: str
    host: str | None
    pid: int | None
    last_sign: datetime | None
    text: str
    loaded: datetime | None = None
    refused_reload: RefusedReload | None = None

    @property
    def life(self) -> Life:
        return Life(self.state)


def find_daemon(tx: Transaction, now: datetime) -> DaemonStatus:
    sign, single_run = signs_of_life.find(tx), signs_of_life.find_single_run(tx)
    life = judge(sign, single_run, now)
    if sign is None or life is Life.ONCE:
        return DaemonStatus(life.value, None, None, single_run, _describe(life, "", single_run, now))
    host, pid = node.place_of(sign.owner)
    running = sign.running if life in (Life.RUNNING, Life.SILENT) else None
    text = _describe(life, f"process {pid} on {host}", sign.at, now)
    if running is None:
        return DaemonStatus(life.value, host, pid, sign.at, text)
    text = f"{text}, {_describe_refusal(running.refused, running.loaded, now)}" if running.refused else text
    return DaemonStatus(life.value, host, pid, sign.at, text, running.loaded, running.refused)


def judge(sign: SignOfLife | None, single_run: datetime | None, now: datetime) -> Life:
    """By the daemon, if there is one; a run of `--once` beside it counts for nothing."""
    life = _judge_daemon(sign, now)
    if life in (Life.RUNNING, Life.SILENT) or single_run is None or is_over(single_run + SINGLE_RUN_LASTS, SINGLE_RUN_LASTS, now):
        return life
    return Life.ONCE if sign is None or sign.at <= single_run else life


def _judge_daemon(sign: SignOfLife | None, now: datetime) -> Life:
    if sign is None:
        return Life.NONE
    if sign.ended:
        return Life.STOPPED
    if node.vital_sign(sign.owner) is False:
        return Life.GONE
    return Life.SILENT if is_over(sign.at + SILENT_AFTER, SILENT_AFTER, now) else Life.RUNNING


def _describe(life: Life, who: str, last: datetime | None, now: datetime) -> str:
    when = _age(now - last) if last else ""
    match life:
        case Life.RUNNING:
            return f"running ({who})"
        case Life.SILENT:
            return f"{who} has given no sign of life for {when}"
        case Life.GONE:
            return f"no daemon is running: {who} died, its last sign of life is {when} old"
        case Life.STOPPED:
            return f"no daemon is running: {who} was stopped {when} ago"
        case Life.ONCE:
            return f"no daemon is running; the last `maild run --once` was {when} ago"
        case Life.NONE:
            return "no daemon is running, and none ever has"


def _describe_refusal(refused: RefusedReload, loaded: datetime, now: datetime) -> str:
    counted = f"{refused.errors} errors, the first: " if refused.errors > 1 else ""
    return f"{_describe_age(loaded, now)}: the files of {_age(now - refused.at)} ago were refused: {counted}{refused.first}"


def _describe_age(loaded: datetime, now: datetime) -> str:
    return f"with the configuration of {_age(now - loaded)} ago"


def _age(age: timedelta) -> str:
    """In the largest whole unit; a clock that was set makes it no less than nothing."""
    seconds = max(0, int(age.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}s"
    return f"{seconds} seconds"


def describe_undisturbed(storage: Storage, directory: Path, now: datetime) -> str:
    """Where the files are not valid any more: the daemon that goes on with what it had. Nothing where none runs in this database."""
    daemon = _ask(storage, directory, now)
    if daemon is None or daemon.life is not Life.RUNNING or daemon.loaded is None:
        return ""
    older = "" if daemon.refused_reload else f", {_describe_age(daemon.loaded, now)}"
    return f"the daemon is {daemon.text}{older}"


def check_daemon(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Without a database there has been no daemon, and what to do about that is said of the database."""
    daemon = _ask(settings.storage, settings.directory, now)
    if daemon is None:
        return
    yield Finding(_LEVELS.get(daemon.life, "warn" if daemon.refused_reload else "ok"), daemon.text, _remedy(daemon))


def _ask(storage: Storage, directory: Path, now: datetime) -> DaemonStatus | None:
    try:
        with closing(open_store(storage.url, directory, create=False)) as store, store.reading() as tx:
            return find_daemon(tx, now)
    except MaildError:
        return None


def _remedy(daemon: DaemonStatus) -> str:
    if daemon.life is Life.RUNNING:
        return RELOAD if daemon.refused_reload else ""
    if daemon.life is Life.ONCE:
        return ""
    return "`systemctl status maild`" if daemon.life is Life.SILENT else START


_LEVELS: dict[Life, Level] = {Life.SILENT: "fail", Life.GONE: "fail", Life.STOPPED: "warn", Life.NONE: "warn"}
