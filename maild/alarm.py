"""The alarm: the desk's admins are mailed what needs a person, once for each trouble (`desk.admins`), never about the same one twice."""

import json
from datetime import datetime, timedelta

from maild import maillog
from maild.config.settings import Mode, Settings
from maild.effects import Decision, IncomingState, Letter, Post
from maild.errors import StoreUnavailableError
from maild.message import Address
from maild.office import Office
from maild.outbox.delivery import Composed
from maild.reason import Reason
from maild.reports.status import Trouble, find_status
from maild.store import switches
from maild.store.apply import apply
from maild.store.engine import Store
from maild.ticket import TicketView
from maild.tokens import LetterKind

PATIENCE = timedelta(minutes=15)
"""OPERATIONS I24: a server that is away for less is nobody's business."""
QUIET_TIME = timedelta(minutes=10)
_TOLD = "alarm"


class Alarm:
    """Looks at the desk from time to time; remembers since when each trouble stands, and in the store which were told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: dict[str, datetime] = {}
        self._last_mail: datetime | None = None

    def look(self, office: Office, now: datetime) -> None:
        """Mail what is new and has lasted. The catch-all around one scheduled job stands here (HOUSE.md 3)."""
        try:
            self._look(office, now)
        except StoreUnavailableError as error:
            maillog.store_unavailable("alarm", str(error))
        except Exception as error:
            maillog.job_failed("alarm", f"{type(error).__name__}: {error}")

    def _look(self, office: Office, now: datetime) -> None:
        settings = office.desk.settings
        with self._store.reading() as tx:
            troubles = find_status(tx, settings, now).troubles
            told = frozenset(json.loads(switches.find(tx, _TOLD) or "[]"))
        self._since = {trouble.key: self._since.get(trouble.key, now) for trouble in troubles}
        standing = frozenset(trouble.key for trouble in troubles)
        lasting = [trouble for trouble in troubles if not trouble.may_pass or now - self._since[trouble.key] >= PATIENCE]
        fresh = [trouble for trouble in lasting if trouble.key not in told]
        if fresh and self._may_mail(now):
            self._mail(office, lasting, now)
            told |= {trouble.key for trouble in lasting}
        self._remember(told & standing)

    def _may_mail(self, now: datetime) -> bool:
        return self._last_mail is None or now - self._last_mail >= QUIET_TIME

    def _mail(self, office: Office, troubles: list[Trouble], now: datetime) -> None:
        self._last_mail = now
        settings = office.desk.settings
        queue = _speaking_queue(settings)
        if queue is None or not settings.desk.admins:
            return
        texts = tuple(trouble.text for trouble in troubles)
        letters = tuple(Post(_letter(admin, queue, texts, settings)) for admin in settings.desk.admins)
        decision = Decision(IncomingState.DONE, Reason("alarm", "; ".join(texts)), effects=letters)

        def compose(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
            return office.composer.compose(letter, ticket, number, now, {})

        with self._store.writing() as tx:
            apply(tx, decision, now=now, compose=compose, incoming=None, first_number=settings.desk.first_number)

    def _remember(self, told: frozenset[str]) -> None:
        words = json.dumps(sorted(told))
        with self._store.reading() as tx:
            before = switches.find(tx, _TOLD) or "[]"
        if words != before:
            with self._store.writing() as tx:
                switches.store(tx, _TOLD, words)


def _letter(admin: str, queue: str, troubles: tuple[str, ...], settings: Settings) -> Letter:
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template="attention",
        queue=queue,
        recipients=(Address("", admin),),
        languages=settings.language_of(queue, settings.desk.language),
        values={"warnings": troubles},
        automatic=False,
    )


def _speaking_queue(settings: Settings) -> str | None:
    """The first department that may send mail; none on a desk that only observes."""
    return next((queue.key for queue in settings.queues.values() if queue.mode is not Mode.OBSERVE), None)
