"""The replay: stored mail walks once more, in a scratch copy of the desk, by the desk's rules and by those that are tried.

The walk is the daemon's own, and so is what records it; the clock stands where it stood when each mail walked, and letters are counted and
not written. The desk's own rules drive the copy on; those that are tried are asked about the same mail at the same moment, so that both see
the same desk. Tickets and letters get the numbers they had, or nobody's answer would find its ticket. The desk's database is only read,
in one view of one moment. Counting and comparing is `maild.rules.backtest`'s.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from heapq import heappop, heappush
from pathlib import Path
from tempfile import TemporaryDirectory

from maild.awakening import WAKING
from maild.background import Sought
from maild.consequences import with_consequences
from maild.due import DueJob, DueTicket
from maild.due_tasks import TELLING
from maild.effects import AddMessage, Decision, Effect, NoteFiring
from maild.errors import MaildError, StoreUnavailableError
from maild.ingest.arrival import Incoming
from maild.ingest.department import Departments, find_departments
from maild.ingest.worker import Reader
from maild.known import Known
from maild.message import InboundMessage
from maild.office import Office
from maild.past import Cast, PastMail
from maild.pipeline import Rival, consider_reading, consider_twice, read
from maild.reading import Circumstances
from maild.recording import ask_about
from maild.renumbering import Renumbering
from maild.rules.backtest import Backtest, Baseline, Judge
from maild.rules.ruleset import RuleSet
from maild.store import past
from maild.store.apply import Applied, apply
from maild.store.engine import Store, Transaction, open_scratch
from maild.store.recall import recall
from maild.store.views import ticket_views
from maild.ticket import TicketView
from maild.traffic import Period

BATCH = 128
AHEAD = 2
"""So many portions are with the workers: neither they nor the walk wait for the other, where one of them is slow for a while."""
READERS = 2
JOBS: tuple[DueJob[DueTicket], ...] = (WAKING, TELLING)
"""What happens without a mail when its time has come."""

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
        with stage.writing() as tx:
            past.copy_before(source, tx, trial.period)
        portions = stack.enter_context(closing(_mails(source, cast, trial.period, reader)))
        return _Replay(stage, trial, cast).play(portions, progress)


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
    def __init__(self, stage: Store, trial: Trial, cast: Cast) -> None:
        self._stage = stage
        self._cast = cast
        self._office, self._desk = trial.office, trial.office.desk
        self._period = trial.period
        self._tried = trial.rules
        self._numbers = Renumbering(cast.deeds)
        self._alarms: list[datetime] = []
        self._clock = datetime.min.replace(tzinfo=UTC)
        self._fired: dict[int, dict[str, datetime]] = {}
        baseline = Baseline.RULES if trial.rules else Baseline.RECORD
        self._judge = Judge(trial.rules or self._desk.rules, baseline, cast.tickets, cast.by_hand, trial.queue)

    def play(self, portions: Iterator[list[_Read]], progress: Progress) -> Backtest:
        done = 0
        progress(done, len(self._cast.mails))
        with self._stage.writing() as tx:
            self._set_alarms_of_others(tx)
        for portion in portions:
            with self._stage.writing() as tx:
                for mail, message in portion:
                    self._let_time_pass(tx, mail.at)
                    self._walk(tx, mail, message)
            done += len(portion)
            progress(done, len(self._cast.mails))
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
        earlier: list[Decision] = []
        for walk, departments in enumerate(find_departments(message, mail.incoming.mailbox, self._desk.settings)):
            ours, tried = self._consider(tx, mail, message, departments)
            self._numbers.begin(mail, walk)
            applied = self._apply(tx, ours, mail.at, mail.incoming, settles=ours.settles(earlier))
            earlier.append(ours)
            self._note_firings(tried, applied.ticket_number)
            self._judge.see(mail, ours, tried, applied.ticket_number, walk)
            for deed, other in zip(ours.beside, tried.beside, strict=False):
                self._see_deed(deed, other, mail.at)

    def _consider(self, tx: Transaction, mail: PastMail, message: InboundMessage, departments: Departments) -> tuple[Decision, Decision]:
        """By the desk's own rules, and by those that are tried. Each has rested where it has fired itself."""
        at = mail.at if mail.incoming.walks_again else mail.incoming.stored
        asking = partial(recall, tx, now=mail.at)
        reading = read(message, Circumstances.of(mail.incoming), departments, asking, self._desk, at)
        if self._tried is None:
            ours = consider_reading(reading, asking, self._desk, at)
            return ours, ours
        rival = Rival(self._tried, self._fired, partial(self._judge.is_open, mail))
        return consider_twice(reading, rival, asking, self._desk, at)

    def _apply(self, tx: Transaction, decision: Decision, now: datetime, incoming: Incoming | None, *, settles: bool = True) -> Applied:
        untold, numbers, first = _untold(decision), self._numbers, self._desk.settings.desk.first_number
        compose = numbers.compose
        applied = apply(tx, untold, now=now, compose=compose, incoming=incoming, first_number=first, settles=settles, numbering=numbers)
        for ticket in (applied.ticket, *(other.after for other in decision.beside)):
            if ticket:
                self._set_alarms(ticket)
        return applied

    def _note_firings(self, tried: Decision, number: int | None) -> None:
        """The copy knows where the desk's own rules have fired."""
        fired = {effect.rule: effect.at for effect in tried.effects if isinstance(effect, NoteFiring)}
        if number is not None and fired:
            self._fired[number] = {**self._fired.get(number, {}), **fired}

    def _set_alarms_of_others(self, tx: Transaction) -> None:
        """Tickets that no replayed mail opened have been put off, too."""
        due = {case.number for job in JOBS for case in job.find(tx, self._office, self._period.until)}
        for ticket in ticket_views(tx, due).values():
            self._set_alarms(ticket)

    def _set_alarms(self, ticket: TicketView) -> None:
        """Something may happen to the ticket then."""
        snoozed = (ticket.snoozed_until,) if ticket.snoozed_until else ()
        for at in (*snoozed, *(task.due for task in ticket.tasks if task.due and task.is_open and not task.told)):
            heappush(self._alarms, at)

    def _let_time_pass(self, tx: Transaction, until: datetime) -> None:
        """What falls due before a mail comes is done first, each at its time; at once, what was due when it was said."""
        while self._alarms and self._alarms[0] <= until:
            now = max(heappop(self._alarms), self._clock)
            for job in JOBS:
                for case in tuple(job.find(tx, self._office, now)):
                    with self._by_itself(tx, job.case.format(case)):
                        self._do(tx, job, case, now)
        self._clock = until

    def _do(self, tx: Transaction, job: DueJob[DueTicket], case: DueTicket, now: datetime) -> None:
        """As the desk's own rules have it; those that are tried are asked, too."""
        decision = job.decide(tx, case, self._office, now)
        if decision is None:
            return
        ours = self._follow(tx, decision, self._desk.rules, now)
        tried = self._follow(tx, decision, self._tried, now, self._fired) if self._tried else ours
        self._numbers.begin_deed(case.number)
        self._apply(tx, ours, now, None)
        self._note_firings(tried, case.number)
        self._see_deed(ours, tried, now)

    def _follow(
        self, tx: Transaction, decision: Decision, rules: RuleSet, now: datetime, fired: Mapping[int, Mapping[str, datetime]] | None = None
    ) -> Decision:
        def know(ticket: TicketView, aspects: frozenset[Sought]) -> Known:
            known = ask_about(tx, self._desk.settings, now, ticket, aspects)
            return known if fired is None else replace(known, fired=fired)

        return with_consequences(decision, rules, know, self._desk.settings, now)

    def _see_deed(self, ours: Decision, tried: Decision, at: datetime) -> None:
        """Of what was no mail, only the two sets of rules can be compared: what is recorded of it does not say what came of what."""
        if self._tried is not None and at >= self._period.since:
            self._judge.see_deed(at, ours, tried)


def _untold(decision: Decision) -> Decision:
    """Without what only people read: nobody looks into the copy."""
    return replace(decision, trace=(), evidence=(), effects=tuple(map(_bare, decision.effects)))


def _bare(effect: Effect) -> Effect:
    return replace(effect, html="") if isinstance(effect, AddMessage) and effect.html else effect
