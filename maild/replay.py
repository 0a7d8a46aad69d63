"""The replay: stored mail walks once more, in a scratch copy of the desk, by the desk's rules and by those that are tried.

The walk is the daemon's own, and so is what records it; the clock stands where it stood when each mail walked, and letters are counted and
not written. The desk's own rules drive the copy on; those that are tried are asked about the same mail at the same moment, so that both see
the same desk. Tickets and letters get the numbers they had, or nobody's answer would find its ticket. The desk's database is only read,
in one view of one moment. Counting and comparing is `maild.rules.backtest`'s.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from maild.effects import Decision, Letter, NoteFiring
from maild.errors import MaildError, StoreUnavailableError
from maild.ingest.department import Departments, find_departments
from maild.ingest.worker import Reader
from maild.message import InboundMessage
from maild.outbox.delivery import Composed, Envelope
from maild.past import Cast, PastMail, PostedLetter
from maild.pipeline import Desk, consider_reading, consider_twice, read
from maild.reading import Circumstances
from maild.rules.backtest import Backtest, Baseline, Judge
from maild.rules.ruleset import RuleSet
from maild.store import past
from maild.store.apply import Applied, apply
from maild.store.engine import Store, Transaction, open_scratch
from maild.store.recall import recall
from maild.ticket import TicketView
from maild.traffic import Period

BATCH = 128
READERS = 2
INVENTED = 1 << 40
"""Tickets and letters that there were not then are numbered from here on."""

Progress = Callable[[int, int], None]
"""Told how many mails are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: `rules` beside those of the `desk`; None: the desk's own beside what it has recorded. `queue` "": every one's."""

    desk: Desk
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
    """The mails in portions, the next of which is read in the workers while one is walked through."""
    with ThreadPoolExecutor(1, "reading ahead") as ahead:
        waiting: tuple[list[PastMail], Future[list[InboundMessage | MaildError]]] | None = None
        for start in range(0, len(cast.mails), BATCH):
            mails = past.read_mails(source, cast.mails[start : start + BATCH], period.since)
            reading = ahead.submit(reader.read_many, [mail.incoming.raw for mail in mails], with_look=False)
            if waiting:
                yield list(zip(waiting[0], waiting[1].result(), strict=True))
            # The bytes are the reader's now.
            waiting = [replace(mail, incoming=replace(mail.incoming, raw=b"")) for mail in mails], reading
        if waiting:
            yield list(zip(waiting[0], waiting[1].result(), strict=True))


class _Replay:
    def __init__(self, stage: Store, trial: Trial, cast: Cast) -> None:
        self._stage = stage
        self._cast = cast
        self._desk = trial.desk
        self._tried = trial.rules
        self._numbers = _Numbers()
        self._fired: dict[int, dict[str, datetime]] = {}
        baseline = Baseline.RULES if trial.rules else Baseline.RECORD
        self._judge = Judge(trial.rules or trial.desk.rules, baseline, cast.tickets, cast.by_hand, trial.queue)

    def play(self, portions: Iterator[list[_Read]], progress: Progress) -> Backtest:
        done = 0
        progress(done, len(self._cast.mails))
        for portion in portions:
            with self._stage.writing() as tx:
                for mail, message in portion:
                    self._walk(tx, mail, message)
            done += len(portion)
            progress(done, len(self._cast.mails))
        return self._judge.report(deleted=self._cast.deleted, held=self._cast.held)

    def _walk(self, tx: Transaction, mail: PastMail, message: InboundMessage | MaildError) -> None:
        """One mail, in its own savepoint. What breaks over it breaks only that, as in the clerk's hands.

        Raises:
            StoreUnavailableError: it is the copy that is broken.
        """
        if isinstance(message, MaildError):
            self._judge.note_broken()
            return
        try:
            with self._stage.savepoint(tx):
                self._walk_all(tx, mail, message)
        except StoreUnavailableError:
            raise
        except Exception:
            self._judge.note_broken()

    def _walk_all(self, tx: Transaction, mail: PastMail, message: InboundMessage) -> None:
        past.deliver_due(tx, mail.at)
        past.arrive(tx, mail)
        earlier: list[Decision] = []
        for walk, departments in enumerate(find_departments(message, mail.incoming.mailbox, self._desk.settings)):
            ours, tried = self._consider(tx, mail, message, departments)
            self._numbers.begin(mail, walk)
            applied = self._record(tx, mail, ours, earlier)
            earlier.append(ours)
            self._note_firings(tried, applied.ticket_number)
            self._judge.see(mail, ours, tried, applied.ticket_number, walk)

    def _consider(self, tx: Transaction, mail: PastMail, message: InboundMessage, departments: Departments) -> tuple[Decision, Decision]:
        """By the desk's own rules, and by those that are tried. Each has rested where it has fired itself."""
        at = mail.at if mail.incoming.walks_again else mail.incoming.stored
        asking = partial(recall, tx, now=mail.at)
        reading = read(message, Circumstances.of(mail.incoming), departments, asking, self._desk, at)
        if self._tried is None:
            ours = consider_reading(reading, asking, self._desk, at)
            return ours, ours
        return consider_twice(reading, self._tried, self._fired, asking, self._desk, at)

    def _note_firings(self, tried: Decision, number: int | None) -> None:
        """The copy knows where the desk's own rules have fired."""
        if number is not None:
            fired = {effect.rule: effect.at for effect in tried.effects if isinstance(effect, NoteFiring)}
            self._fired[number] = {**self._fired.get(number, {}), **fired}

    def _record(self, tx: Transaction, mail: PastMail, decision: Decision, earlier: Sequence[Decision]) -> Applied:
        numbers, settles = self._numbers, decision.settles(earlier)
        # What rules said is the judge's, who has it before him.
        untold = replace(decision, trace=())
        first = self._desk.settings.desk.first_number
        return apply(
            tx,
            untold,
            now=mail.at,
            compose=numbers.compose,
            incoming=mail.incoming,
            first_number=first,
            settles=settles,
            numbering=numbers,
        )


class _Numbers:
    """Tickets and letters get the numbers and the ids that they had then: people name them. What there was not then gets others."""

    def __init__(self) -> None:
        self._invented = count(INVENTED)
        self._given: set[int] = set()
        self._opened: Sequence[int] = ()
        self._posted: list[PostedLetter] = []
        self._ids: dict[int, str] = {}

    def begin(self, mail: PastMail, walk: int) -> None:
        """What follows is that mail's doing where it walks for that one of its departments."""
        self._opened = mail.opened[walk:]
        if walk == 0:
            self._posted, self._ids = list(mail.letters), {}

    def ticket(self, tx: Transaction) -> int:
        number = next((number for number in self._opened if number not in self._given), None)
        number = number or next(self._invented)
        self._given.add(number)
        return number

    def letters(self, tx: Transaction, letters: Sequence[Letter]) -> Sequence[int]:
        return [self._number_of(letter) for letter in letters]

    def _number_of(self, letter: Letter) -> int:
        for posted in self._posted:
            if (posted.kind, posted.template, posted.agent) == (letter.kind, letter.template, letter.agent):
                self._posted.remove(posted)
                self._ids[posted.number] = posted.message_id
                return posted.number
        return next(self._invented)

    def compose(self, letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        """A letter that nobody will read: who gets it is all that counts."""
        envelopes = tuple(Envelope(person, "", "") for person in letter.addressees)
        return Composed(self._ids.get(number, f"{number}@maild.invalid"), letter.subject, b"", envelopes)
