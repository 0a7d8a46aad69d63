"""The alarm: the desk's admins are mailed what needs a person, once for each cause of trouble, never about the same one twice.

A mail is written for a cause they were not told of (`desk.admins`), not for one that is over.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from maild.config.settings import Settings
from maild.desk.agent_letters import house_letter
from maild.effects import Letter
from maild.house_mail import find_speaking_queue, post_house_letters
from maild.jobs import scheduled_job
from maild.message import Address
from maild.office import Office
from maild.reason import Reason
from maild.reports.status import ALARM_TEMPLATE, Trouble, find_status
from maild.store import switches
from maild.store.engine import Store, Transaction
from maild.waits import is_over

PATIENCE = timedelta(minutes=15)
"""OPERATIONS I24: a server that is away for less is nobody's business."""
QUIET_TIME = timedelta(minutes=10)
_TOLD = "alarm"


class Alarm:
    """Looks at the desk from time to time; remembers since when each cause of trouble stands, and in the store which were told."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: dict[str, datetime] = {}
        self._last_mail: datetime | None = None

    @scheduled_job("alarm")
    def look(self, office: Office, now: datetime) -> None:
        """Mail what is new and has lasted."""
        with self._store.reading() as tx:
            troubles = find_status(tx, office.desk.settings, now).troubles
            told = _find_told(tx)
        standing = _causes(troubles)
        self._since = {cause: self._since.get(cause, now) for cause in standing}
        lasting = [trouble for trouble in troubles if self._lasts(trouble, now)]
        news = _causes(lasting) - told
        letters = _write(office.desk.settings, lasting) if news and self._may_mail(now) else ()
        known = (told | news if letters else told) & standing
        if letters or known != told:
            self._record(office, letters, known, now)

    def _lasts(self, trouble: Trouble, now: datetime) -> bool:
        return not trouble.may_pass or any(is_over(self._since[cause] + PATIENCE, PATIENCE, now) for cause in trouble.causes)

    def _may_mail(self, now: datetime) -> bool:
        return self._last_mail is None or is_over(self._last_mail + QUIET_TIME, QUIET_TIME, now)

    def _record(self, office: Office, letters: Sequence[Letter], known: frozenset[str], now: datetime) -> None:
        """The mail and what it told in one commit, so that it is not written again after a crash."""
        with self._store.writing() as tx:
            switches.store(tx, _TOLD, json.dumps(sorted(known)))
            if letters:
                post_house_letters(tx, office, letters, Reason("alarm", "something needs a person"), now)
        if letters:
            self._last_mail = now


def _find_told(tx: Transaction) -> frozenset[str]:
    return frozenset(json.loads(switches.find(tx, _TOLD) or "[]"))


def _causes(troubles: Iterable[Trouble]) -> frozenset[str]:
    return frozenset(cause for trouble in troubles for cause in trouble.causes)


def _write(settings: Settings, troubles: Sequence[Trouble]) -> tuple[Letter, ...]:
    """How things stand, to each admin; nothing where there is nobody to tell, or nothing to tell it by."""
    queue = find_speaking_queue(settings)
    if queue is None:
        return ()
    texts = tuple(trouble.text for trouble in troubles)
    return tuple(house_letter(ALARM_TEMPLATE, queue, Address("", admin), settings, warnings=texts) for admin in settings.desk.admins)
