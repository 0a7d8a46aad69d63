"""The replay: stored mail walks once more, in a scratch copy of the desk, by the desk's rules and by those that are tried.

The walk is the daemon's own, and so is what records it; the clock stands where it stood when each mail walked, and letters are counted and
not written. The desk's own rules drive the copy on; those that are tried are asked about the same mail at the same moment, so that both see
the same desk. Tickets and letters get the numbers they had, or nobody's answer would find its ticket. The desk's database is only read,
in one view of one moment. Counting and comparing is `maild.rules.backtest`'s.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from maild.effects import Decision
from maild.errors import MaildError, StoreUnavailableError
from maild.ingest.department import Departments, find_departments
from maild.ingest.worker import Reader
from maild.known import Known
from maild.message import InboundMessage
from maild.office import Office, with_added
from maild.past import NOTHING_STANDS, Cast, PastMail, Standing, added_by
from maild.pipeline import Rival, consider_reading, consider_twice, read
from maild.question import Question
from maild.reading import Circumstances
from maild.renumbering import Renumbering
from maild.replayed_desk import ReplayedDesk
from maild.replayed_time import PassingTime
from maild.rules.backtest import Backtest, Baseline, Judge
from maild.rules.ruleset import RuleSet
from maild.rules.times import Timing
from maild.rules.waiting import Waiting
from maild.store import past
from maild.store.engine import Store, Transaction, open_scratch
from maild.store.letters import text_of
from maild.store.recall import recall
from maild.traffic import Period
from maild.tried_rules import TriedRules
from maild.waiting_rules import find_behind

BATCH = 128
AHEAD = 2
"""So many portions are with the workers: neither they nor the walk wait for the other, where one of them is slow for a while."""
READERS = 2

Progress = Callable[[int, int], None]
"""Told how many mails are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: `rules` beside those of the `office`; None: its own beside what it has recorded. `queue` "": every one's."""

    office: Office
    period: Period
    rules: RuleSet | None = None
    queue: str = ""


def replay(store: Store, trial: Trial, progress: Progress) -> Backtest:
    """Replay a period. Nothing is left behind, however it ends.

    Raises:
        StoreUnavailableError: the desk's database does not answer, or there is no room for the copy.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(prefix="maild-backtest-", ignore_cleanup_errors=True))
        stage = open_scratch(Path(folder) / "copy.db")
        stack.callback(stage.close)
        reader = Reader(READERS)
        stack.callback(reader.close)
        source = stack.enter_context(store.reading())
        cast = past.find_cast(source, trial.period)
        standing, own = _find_waiting(source, trial)
        with stage.writing() as tx:
            past.copy_before(source, tx, trial.period)
        portions = stack.enter_context(closing(_mails(source, cast, trial.period, reader)))
        return _Replay(source, stage, trial, cast, standing, own).play(portions, progress)


def _find_waiting(source: Transaction, trial: Trial) -> tuple[Standing, Waiting]:
    """What the desk's own time rules wait for, as far as it is known of the time before; those that it has not taken yet begin with the
    period. Where no such rule is on either side, nothing is waited for."""
    desk = trial.office.desk
    behind = find_behind(source, desk.timing)
    own = Waiting(Timing(tuple(rule for rule in desk.timing.rules if rule.id not in behind), desk.settings))
    has_rules = bool(desk.timing.rules or (trial.rules and trial.rules.timed))
    standing = past.find_standing(source, trial.period) if has_rules or trial.rules is None else NOTHING_STANDS
    if not has_rules and not standing.firings:
        return NOTHING_STANDS, own
    for stay in standing.stays:
        own.begin(stay)
    return standing, own


_Read = tuple[PastMail, InboundMessage | MaildError]


def _mails(source: Transaction, cast: Cast, period: Period, reader: Reader) -> Generator[list[_Read], None, None]:
    """The mails in portions, the next of which are read in the workers while one is walked through."""
    with ThreadPoolExecutor(1, "reading ahead") as ahead:
        waiting: deque[tuple[list[PastMail], Future[list[InboundMessage | MaildError]]]] = deque()
        for start in range(0, len(cast.mails), BATCH):
            mails = past.read_mails(source, cast.mails[start : start + BATCH], period.since)
            reading = ahead.submit(reader.read_many, [mail.incoming.raw for mail in mails], with_look=False)
            # The bytes are the reader's now.
            waiting.append(([replace(mail, incoming=replace(mail.incoming, raw=b"")) for mail in mails], reading))
            if len(waiting) > AHEAD:
                yield _read(*waiting.popleft())
        while waiting:
            yield _read(*waiting.popleft())


def _read(mails: list[PastMail], reading: "Future[list[InboundMessage | MaildError]]") -> list[_Read]:
    return list(zip(mails, reading.result(), strict=True))


class _Replay:
    def __init__(self, source: Transaction, stage: Store, trial: Trial, cast: Cast, standing: Standing, own: Waiting) -> None:
        self._source = source
        self._stage = stage
        self._cast = cast
        self._period = trial.period
        desk = trial.office.desk
        self._tried = TriedRules(trial.rules, desk.settings) if trial.rules else None
        self._numbers = Renumbering(cast.deeds)
        baseline = Baseline.RULES if trial.rules else Baseline.RECORD
        self._judge = Judge(trial.rules or desk.rules, baseline, cast.tickets, cast.by_hand, trial.queue, standing)
        self._replayed = ReplayedDesk(trial.office, own, self._tried, self._numbers, self._judge)
        self._time = PassingTime(self._replayed, trial.period, cast.tickets | standing.tickets, self._by_itself)

    def play(self, portions: Iterator[list[_Read]], progress: Progress) -> Backtest:
        done = 0
        progress(done, len(self._cast.mails))
        with self._stage.writing() as tx:
            self._time.begin(tx)
        for portion in portions:
            with self._stage.writing() as tx:
                for mail, message in portion:
                    self._time.pass_until(tx, mail.at)
                    self._walk(tx, mail, message)
            done += len(portion)
            progress(done, len(self._cast.mails))
        with self._stage.writing() as tx:
            self._time.pass_until(tx, self._period.until)
        self._judge.end(self._period.until)
        return self._judge.report(deleted=self._cast.deleted, held=self._cast.held)

    def _walk(self, tx: Transaction, mail: PastMail, message: InboundMessage | MaildError) -> None:
        if isinstance(message, MaildError):
            self._judge.note_broken(f"message {mail.incoming.id}", message)
            return
        with self._by_itself(tx, f"message {mail.incoming.id}"):
            self._walk_all(tx, mail, message)

    @contextmanager
    def _by_itself(self, tx: Transaction, what: str) -> Iterator[None]:
        """In its own savepoint. What breaks over it breaks only that, as in the clerk's hands, and is told of.

        Raises:
            StoreUnavailableError: it is the copy that is broken.
        """
        try:
            with self._stage.savepoint(tx):
                yield
        except StoreUnavailableError:
            raise
        except Exception as error:
            self._judge.note_broken(what, error)

    def _walk_all(self, tx: Transaction, mail: PastMail, message: InboundMessage) -> None:
        past.deliver_due(tx, mail.at)
        past.arrive(tx, mail)
        self._replayed.office = with_added(self._replayed.office, added_by(self._cast.tenures, mail.at))
        earlier: list[Decision] = []
        for walk, departments in enumerate(find_departments(message, mail.incoming.mailbox, self._replayed.desk.settings)):
            ours, tried = self._consider(tx, mail, message, departments)
            self._numbers.begin(mail, walk)
            applied = self._replayed.write(tx, ours, mail.at, mail.incoming, settles=ours.settles(earlier))
            earlier.append(ours)
            self._replayed.note(ours, tried, applied.ticket_number, mail.at)
            self._judge.see(mail, ours, tried, applied.ticket_number, walk)
            for deed, other in zip(ours.beside, tried.beside, strict=False):
                self._see_beside(deed, other, mail.at)

    def _consider(self, tx: Transaction, mail: PastMail, message: InboundMessage, departments: Departments) -> tuple[Decision, Decision]:
        """By the desk's own rules, and by those that are tried. Each has rested where it has fired itself."""
        at = mail.at if mail.incoming.walks_again else mail.incoming.stored
        asking = partial(self._recall, tx, now=mail.at)
        reading = read(message, Circumstances.of(mail.incoming, mail.incoming.opinion), departments, asking, self._replayed.desk, at)
        tried = self._tried
        if tried is None:
            ours = consider_reading(reading, asking, self._replayed.desk, at)
            return ours, ours

        def ask_too(question: Question) -> Known:
            return tried.knowing(asking(question), mail.at)

        rival = Rival(tried.rules, tried.fired, ask_too, partial(self._judge.is_open, mail))
        return consider_twice(reading, rival, asking, self._replayed.desk, at)

    def _recall(self, tx: Transaction, question: Question, now: datetime) -> Known:
        """What the copy knows. The words of a letter, by which an agent's answer between them is told from them, only the desk has."""
        known = recall(tx, replace(question, quoted=None), now)
        return replace(known, quoted=text_of(self._source, question.quoted)) if question.quoted else known

    def _see_beside(self, ours: Decision, tried: Decision, at: datetime) -> None:
        if self._tried is not None and at >= self._period.since:
            self._judge.see_deed(at, ours, tried)
