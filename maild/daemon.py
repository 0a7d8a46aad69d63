"""The daemon: App starts, stops and reloads the rooms of a running desk. Reads like a table of contents.

watchers   one thread a mailbox: mail in, stored              maild.ingest.watcher
clerk      one thread: stored mail through the walk           maild.clerk
postmen    one thread an SMTP account: letters out            maild.outbox.queue
jobs       the timetable: what dead processes left behind,    maild.housekeeping
           what admins must know,                             maild.alarm
           what was kept out,                                 maild.quarantine_digest
           one mail for many tickets,                         maild.storms
           or for many notifications,                         maild.floods
           tickets that come back by themselves,              maild.awakening
           tasks that are due,                                maild.due_tasks
           rules whose time has come,                         maild.time_rules
           and copies of sent mail                            maild.copyist
"""

import gc
import signal
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from maild import maillog, node
from maild.alarm import Alarm
from maild.allocator import give_large_blocks_back
from maild.awakening import wake_tickets
from maild.clerk import Clerk
from maild.config.load import require_settings
from maild.config.report import describe_first
from maild.config.settings import Mode, Settings, Smtp
from maild.copyist import copy_sent_mail
from maild.due_tasks import tell_of_due_tasks
from maild.errors import AlreadyRunningError, ConfigurationError, MailboxError, StoreUnavailableError
from maild.floods import tell_of_floods
from maild.housekeeping import call_watchers, housekeep
from maild.ingest.inquiry import Inquiry
from maild.ingest.watcher import Watcher
from maild.ingest.worker import Reader
from maild.jobs import scheduled_job
from maild.key_watch import KeyWatch
from maild.notice_board import NoticeBoard
from maild.offering import offer_tickets
from maild.office import Office, open_office, with_added
from maild.outbox.queue import Postman, group_by_account
from maild.outbox.smtp import Account
from maild.quarantine_digest import QuarantineDigest
from maild.refusals import take_refusal_back, tell_of_refusal
from maild.seeking import seek_owners
from maild.store import agent_addresses, delayed_answers, signs_of_life
from maild.store.claims import Watch
from maild.store.engine import Store, Transaction, open_store
from maild.store.mail_room import MailRoom
from maild.store.post_room import PostRoom
from maild.store.signs_of_life import RefusedReload, Running, SignOfLife
from maild.storms import tell_of_storms
from maild.time_rules import keep_time_rules
from maild.timetable import Timetable

HOUSEKEEPING_SECONDS = 10
ALARM_SECONDS = 30
STORM_SECONDS = 30
DUE_SECONDS = 2
COPY_SECONDS = 5
SIGN_SECONDS = 30
DRAIN_SECONDS = 30.0
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """Whether the new files are in force; `error` says why not, and then the old ones still are."""

    done: bool
    error: ConfigurationError | None = None


class App:
    """A running desk in this process. `start`, `stop` and `reload` are called from one thread; tests use them as the command does."""

    def __init__(self, directory: Path, reader: Reader | None = None) -> None:
        """Open everything, or nothing. `reader`: what reads the mail, one of this desk's own if none is given.

        Raises:
            ConfigurationError: the files are not valid.
            SchemaMismatchError, StoreUnavailableError: the database cannot be used.
        """
        self._directory = directory
        self._office = _open_office(directory)
        self._keys = KeyWatch()
        self._swapping = threading.Lock()
        self._owner = node.own_name()
        self._store: Store = open_store(self.settings.storage.url, directory, create=True)
        self._reader = reader or Reader()
        self._board = NoticeBoard(self._store)
        self._alarm = Alarm(self._store)
        self._quarantine_digest = QuarantineDigest(self._store)
        self._inquiry = Inquiry(self._board.note_filter)
        self._clerk = Clerk(
            self._store, self._reader, lambda: self._office, self._owner, self._wake_postmen, self._inquiry, self._renewed_office
        )
        self._clerk_thread = threading.Thread(target=self._clerk.run, name="clerk", daemon=True)
        self._watchers: dict[str, Watcher] = {}
        self._postmen: list[Postman] = []
        self._timetable = Timetable()
        self._watch = Watch()
        self._began = _now()
        self._running = Running(self._began)

    @property
    def settings(self) -> Settings:
        return self._office.desk.settings

    def start(self) -> None:
        """Start every room.

        Raises:
            AlreadyRunningError: another daemon of this host works on the database; this one is closed then.
        """
        if other := self._begin():
            self._close()
            raise AlreadyRunningError(_describe_other(other))
        self._housekeep()
        self._timetable.every(SIGN_SECONDS, self._give_sign_of_life)
        self._timetable.every(HOUSEKEEPING_SECONDS, self._housekeep)
        self._timetable.every(ALARM_SECONDS, self._look_for_trouble)
        self._timetable.every(STORM_SECONDS, self._tell_of_storms)
        self._timetable.every(STORM_SECONDS, self._tell_of_floods)
        self._timetable.every(DUE_SECONDS, self._wake_tickets, at_once=True)
        self._timetable.every(DUE_SECONDS, self._tell_of_due_tasks, at_once=True)
        self._timetable.every(DUE_SECONDS, self._keep_time_rules, at_once=True)
        self._timetable.every(DUE_SECONDS, self._offer_tickets, at_once=True)
        self._timetable.every(DUE_SECONDS, self._seek_owners, at_once=True)
        self._timetable.every(COPY_SECONDS, self._copy_sent_mail)
        self._clerk_thread.start()
        self._start_postmen()
        self._start_watchers()
        self._timetable.start()
        maillog.started(version("maild"), len(self._watchers), len(self._office.desk.rules.rules))

    def run_once(self) -> bool:
        """Fetch every mailbox until empty, see all through, send what is due. False if a mailbox could not be read.

        Nobody waits here for answers that are held back: a later run sends them.
        """
        self._housekeep()
        try:
            self._tell_of_storms()
            self._tell_of_floods()
            readable = [self._poll(key) for key in self.settings.mailboxes]
            while self._clerk.work():
                pass
            # After the mail: what a customer has just woken is told of once.
            self._wake_tickets()
            self._tell_of_due_tasks()
            while self._keep_time_rules():
                pass
            self._offer_tickets()
            self._seek_owners()
            for account, queues in group_by_account(self.settings):
                self._postman(account, queues).run_until_empty()
            self._copy_sent_mail()
            with self._store.writing() as tx:
                signs_of_life.note_single_run(tx, _now())
                held_back = delayed_answers.count_waiting(tx, _now())
            if held_back:
                maillog.held_back(held_back)
            return all(readable)
        finally:
            self._close()

    def stop(self, timeout_seconds: float = DRAIN_SECONDS) -> None:
        """Stop fetching, finish the message and the letter under way, close."""
        self._timetable.stop()
        self._stop_watchers()
        self._clerk.stop()
        self._clerk_thread.join(timeout_seconds)
        self._stop_postmen(timeout_seconds)
        self._give_sign_of_life(ended=True)
        self._close()
        maillog.stopped()

    def reload(self) -> ReloadResult:
        """Read all files, validate all, swap as one; any fault leaves the running set as it is (OPERATIONS C6)."""
        try:
            office = _open_office(self._directory)
        except ConfigurationError as error:
            errors, first = describe_first(error, self._directory)
            maillog.reload_refused(errors, first)
            self._running = replace(self._running, refused=RefusedReload(_now(), errors, first))
            self._give_sign_of_life()
            return ReloadResult(False, error)
        with self._swapping:
            before, self._office = self.settings, office
        self._running = Running(_now())
        self._give_sign_of_life()
        if _mail_in(before) != _mail_in(self.settings):
            self._stop_watchers()
            self._start_watchers()
        if _mail_out(before) != _mail_out(self.settings):
            self._stop_postmen(DRAIN_SECONDS)
            self._start_postmen()
        maillog.reloaded(len(office.desk.rules.rules), office.desk.rules.digest)
        return ReloadResult(True)

    def _renewed_office(self) -> Office:
        """The office that mail is read with: between two reloads its keys may have been rotated, and agents may have said on whatever node
        which addresses are theirs, too."""
        with self._store.reading() as tx:
            added = agent_addresses.find_all(tx)
        with self._swapping:
            self._office = with_added(self._keys.renew(self._office), added)
            return self._office

    def mind_the_clock(self) -> None:
        """To be called every second or so: no job waits for hours because the clock was set back (OPERATIONS I23)."""
        self._timetable.look(_now())

    def dead_rooms(self) -> tuple[str, ...]:
        """Rooms whose thread has ended by itself: a bug. The daemon then ends too, to be started afresh, instead of living on half dead."""
        rooms = {f"mailbox {key}": watcher.is_alive for key, watcher in self._watchers.items()}
        rooms |= {f"postman {index}": postman.is_alive for index, postman in enumerate(self._postmen)}
        rooms["clerk"] = self._clerk_thread.is_alive()
        return tuple(room for room, is_alive in rooms.items() if not is_alive)

    def _start_watchers(self) -> None:
        for key in self.settings.mailboxes:
            self._watchers[key] = self._watcher(key)
            self._watchers[key].start()

    def _stop_watchers(self) -> None:
        stopping = [threading.Thread(target=watcher.stop) for watcher in self._watchers.values()]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        self._watchers.clear()

    def _watcher(self, key: str) -> Watcher:
        """A mailbox is touched only if no department in it merely observes (PRODUCT 34a)."""
        served = [queue for queue in self.settings.queues.values() if queue.mailbox == key]
        touch = all(queue.mode is not Mode.OBSERVE for queue in served)
        door = MailRoom(self._store, _now)
        return Watcher(self.settings.mailboxes[key], door, touch=touch, tell=self._board.note_mailbox, wake=self._clerk.wake)

    def _poll(self, key: str) -> bool:
        try:
            self._watcher(key).poll_once()
        except MailboxError:
            return False
        return True

    def _start_postmen(self) -> None:
        for account, queues in group_by_account(self.settings):
            postman = self._postman(account, queues)
            postman.start()
            self._postmen.append(postman)

    def _stop_postmen(self, timeout_seconds: float) -> None:
        """Let the letter in hand end; it is not cut between the final dot and the reply while there is time (OPERATIONS C7)."""
        for postman in self._postmen:
            if not postman.drain(timeout_seconds):
                postman.stop()
        self._postmen.clear()

    def _postman(self, smtp: Smtp, queues: frozenset[str]) -> Postman:
        account = Account(smtp, hello=self.settings.desk.domain, clock=_now, unknown_retry=self.settings.outbox.unknown_retry)
        door = PostRoom(self._store, self._owner, queues, self._tell_of_refusal, self._take_refusal_back)
        on_state = self._board.notes_of_account(account.name)
        return Postman(account, door, _now, on_state=on_state, on_outcome=maillog.delivered)

    def _tell_of_refusal(self, tx: Transaction, delivery: int, now: datetime) -> None:
        tell_of_refusal(tx, delivery, self._office, now)

    def _take_refusal_back(self, tx: Transaction, delivery: int, now: datetime) -> None:
        take_refusal_back(tx, delivery, self._office, now)

    def _wake_postmen(self) -> None:
        for postman in self._postmen:
            postman.wake()

    def _housekeep(self) -> None:
        housekeep(self._store, self.settings, _now(), self._watch)
        call_watchers(self._store, self._watchers.copy())

    @scheduled_job("sign of life")
    def _give_sign_of_life(self, *, ended: bool = False) -> None:
        with self._store.writing() as tx:
            signs_of_life.give(tx, self._sign(ended=ended))

    def _begin(self) -> SignOfLife | None:
        """The first sign of life, or the last one of the daemon that has the desk. A full disk keeps nobody from starting."""
        try:
            with self._store.writing() as tx:
                return signs_of_life.begin(tx, self._sign(), node.vital_sign)
        except StoreUnavailableError as error:
            maillog.store_unavailable("sign of life", str(error))
            return None

    def _sign(self, *, ended: bool = False) -> SignOfLife:
        return SignOfLife(self._owner, _now(), ended, self._running, self._began)

    def _look_for_trouble(self) -> None:
        self._alarm.look(self._office, _now())
        self._quarantine_digest.look(self._office, _now())

    def _tell_of_storms(self) -> None:
        tell_of_storms(self._store, self._office, _now())

    def _tell_of_floods(self) -> None:
        tell_of_floods(self._store, self._office, _now())

    def _wake_tickets(self) -> None:
        wake_tickets(self._store, self._office, _now())

    def _tell_of_due_tasks(self) -> None:
        tell_of_due_tasks(self._store, self._office, _now())

    def _keep_time_rules(self) -> bool:
        return keep_time_rules(self._store, self._office, _now())

    def _offer_tickets(self) -> None:
        offer_tickets(self._store, self._office, _now())

    def _seek_owners(self) -> None:
        seek_owners(self._store, self._office, _now())

    def _copy_sent_mail(self) -> None:
        copy_sent_mail(self._store, self.settings, _now())

    def _close(self) -> None:
        self._reader.close()
        self._inquiry.close()
        self._store.close()


def _describe_other(sign: SignOfLife) -> str:
    """An older maild does not say since when it runs."""
    _, pid = node.place_of(sign.owner)
    since = f", since {sign.began.astimezone():%Y-%m-%d %H:%M:%S}" if sign.began else ""
    return f"maild runs already on this database: process {pid}{since}; stop it first"


def spare_the_collector() -> None:
    """What is loaded by now lives as long as the process, but for the first office, which a reload puts aside once.

    To look through it again and again took a twentieth of the clerk's time.
    """
    gc.collect()
    gc.freeze()


def run(directory: Path) -> int:
    """Run a desk until SIGTERM or SIGINT; SIGHUP reloads, a second SIGTERM ends at once. The exit status: 1 if a room died.

    Raises AlreadyRunningError where another daemon of this host has the desk.
    """
    maillog.set_up()
    give_large_blocks_back()
    signals = _Signals()
    app = App(directory)
    app.start()
    spare_the_collector()
    while not (dead := app.dead_rooms()):
        app.mind_the_clock()
        arrived = signals.wait(LOOK_SECONDS)
        if arrived == "SIGHUP":
            app.reload()
        elif arrived:
            break
    for room in dead:
        maillog.room_died(room)
    maillog.stopping("a room died" if dead else "asked to")
    app.stop()
    return 1 if dead else 0


class _Signals:
    """Signals as a queue of names, so that nothing but noting them happens in a handler."""

    def __init__(self) -> None:
        self._arrived = threading.Event()
        self._names: list[str] = []
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def wait(self, seconds: float) -> str | None:
        """The next signal's name, None if none came in time."""
        if not self._names:
            self._arrived.wait(seconds)
        self._arrived.clear()
        return self._names.pop(0) if self._names else None

    def _note(self, number: int, frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        self._names.append(name)
        self._arrived.set()
        if name != "SIGHUP":
            signal.signal(number, signal.SIG_DFL)


def _open_office(directory: Path) -> Office:
    """The office, and every password that the rooms will need: a missing one is found now and not by a thread later."""
    office = open_office(require_settings(directory))
    for mailbox in office.desk.settings.mailboxes.values():
        mailbox.password.reveal()
    for account, _ in group_by_account(office.desk.settings):
        if account.password:
            account.password.reveal()
    policy = office.desk.settings.spam
    if policy and policy.rspamd and policy.rspamd.password:
        policy.rspamd.password.reveal()
    return office


def _mail_in(settings: Settings) -> tuple[object, ...]:
    """What the watchers rest on; unchanged, they keep their connections at a reload."""
    modes = {key: (queue.mailbox, queue.mode is Mode.OBSERVE) for key, queue in settings.queues.items()}
    return settings.mailboxes, modes


def _mail_out(settings: Settings) -> tuple[object, ...]:
    """What the postmen rest on."""
    return group_by_account(settings), settings.desk.domain, settings.outbox


def _now() -> datetime:
    return datetime.now(UTC)
