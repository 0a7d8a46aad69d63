"""The past as a backtest replays it: stored mails, and what became of each. Plain values, on their way from the store to the replay."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maild.effects import IncomingState
from maild.ingest.arrival import Incoming
from maild.stay import Stay
from maild.tokens import LetterKind

INVENTED = 1 << 40
"""Tickets and letters of a replay that there were not then are numbered from here on."""


@dataclass(frozen=True, slots=True)
class PostedLetter:
    """A letter that was written because of a mail."""

    number: int
    kind: LetterKind
    template: str
    agent: str | None
    message_id: str


@dataclass(frozen=True, slots=True)
class PastMail:
    """A stored mail as it fared. `at` is when it walked, by the desk's clock; `opened` are the tickets it opened, in order; `traces` those
    of its walks, one for each department that had it to itself (MAIL.md F10). `is_judged`: it came within the time that is asked about, and
    is not there only because an older ticket must be brought to where it then stood.
    """

    incoming: Incoming
    at: datetime
    state: IncomingState
    ticket: int | None
    opened: tuple[int, ...]
    letters: tuple[PostedLetter, ...]
    traces: tuple[tuple[Mapping[str, object], ...], ...]
    is_judged: bool


@dataclass(frozen=True, slots=True)
class PastFiring:
    """A time rule has fired on a ticket, and what it did in words. By then the desk has come round to asking it; it was due before."""

    at: datetime
    rule: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What time rules may be asked about beside the tickets that replayed mails open. `tickets` were there before the period, and nothing
    has changed them since, so that they stand as they stood; so many others were `changed` by what cannot be replayed. `stays` are those
    of `tickets`; `firings` those of the period, by ticket, the oldest first."""

    tickets: frozenset[int] = frozenset()
    changed: int = 0
    stays: tuple[Stay, ...] = ()
    firings: Mapping[int, tuple[PastFiring, ...]] = field(default_factory=dict)


NOTHING_STANDS = Standing()


@dataclass(frozen=True, slots=True)
class Tenure:
    """An agent has added an address to his own (MAIL.md A4). `until` None: it is his still."""

    agent: str
    address: str
    since: datetime
    until: datetime | None = None


def added_by(tenures: Iterable[Tenure], at: datetime) -> Mapping[str, tuple[str, ...]]:
    """Which addresses agents had added by then and not lost, by agent, in the order in which they are given."""
    found: dict[str, tuple[str, ...]] = {}
    for tenure in tenures:
        if tenure.since <= at and (tenure.until is None or at < tenure.until):
            found[tenure.agent] = (*found.get(tenure.agent, ()), tenure.address)
    return found


@dataclass(frozen=True, slots=True)
class Cast:
    """What can be replayed of a period. `mails` are the messages, by id, in the order in which they walked; `tickets` those that they
    opened, `by_hand` since when people have changed one at the command line, `deeds` the letters about them that no mail has caused.
    `tenures`: which addresses agents had added when, the oldest first. `deleted` mails are no longer stored, `held` ones never became
    anything."""

    mails: tuple[int, ...]
    tickets: frozenset[int] = frozenset()
    by_hand: Mapping[int, datetime] = field(default_factory=dict)
    deeds: Mapping[int, tuple[PostedLetter, ...]] = field(default_factory=dict)
    tenures: tuple[Tenure, ...] = ()
    deleted: int = 0
    held: int = 0
