"""Where a relay replaces Message-IDs, `maild check` insists on another way for answers to find their ticket (MAIL.md O1a)."""

from contextlib import closing

from maild.config.checks import place_of
from maild.config.faults import Fault, Place
from maild.config.files import MAIN_FILE, read_files
from maild.config.findings import Findings
from maild.config.settings import Settings
from maild.errors import MaildError
from maild.outbox.ways_back import has_checked_tag, unthreadable
from maild.round_trip import RoundTrip
from maild.store import round_trips
from maild.store.engine import open_store

WAYS_BACK = "switch on `trust.tag_check` and a `desk.tag_position`, or let plus addresses work"


def check_ids(settings: Settings) -> tuple[Fault, ...]:
    """The database is asked only on a desk that rests on its Message-IDs alone; `check` is for files, and works without one."""
    if has_checked_tag(settings) or settings.desk.plus == "on":
        return ()
    trips = find_round_trips(settings)
    reasons = (unthreadable(queue, trips[key], settings) for key, queue in settings.queues.items() if key in trips)
    faults = [f"{reason.text}; {WAYS_BACK}" for reason in reasons if reason]
    return tuple(Fault(_place_of_desk(settings), "E330", text) for text in faults)


def _place_of_desk(settings: Settings) -> Place:
    """Three keys may be the remedy; one of them is the desk's."""
    root = read_files(Findings(settings.directory))
    return place_of(root, "desk", "tag_position") if root else Place(settings.directory / MAIN_FILE, 1, 1)


def find_round_trips(settings: Settings) -> dict[str, RoundTrip]:
    """What test mails have shown so far; nothing where there is no database to ask."""
    try:
        with closing(open_store(settings.storage.url, settings.directory, create=False)) as store, store.reading() as tx:
            return round_trips.find_all(tx)
    except MaildError:
        return {}
