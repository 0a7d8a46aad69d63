"""Known: what the store knows that bears on one message, asked for once, before anything is decided. Plain values; nothing here asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maild.ticket import TicketView
from maild.tokens import LetterKind

MERGE_DEPTH = 10
"""MAIL.md F9: so many merges are followed, and circles end there."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the walk asks the store about one message; built by `maild.ingest.thread`.

    `fingerprint` is the message's own (MAIL.md F1); `ids` are the foreign ids of In-Reply-To and References, `tickets` the numbers named by
    valid tokens, anchors and tags, `letters` the letters of ours named by valid tokens, `own_letter` the one whose id the message itself
    has (MAIL.md F2). `acquaintance` is an address of which must be known whether it has written before, "" where nobody asks. `windows`
    are the scopes and lengths (in seconds) the limits ask about, as in `Sent`: for these `addressees`, for the requesters of all tickets
    found, and for these `queues`. `tags` are words that would be tags if such tags exist.
    """

    message_id: str
    fingerprint: str = ""
    ids: tuple[str, ...] = ()
    tickets: frozenset[int] = frozenset()
    letters: frozenset[int] = frozenset()
    own_letter: int | None = None
    acquaintance: str = ""
    addressees: frozenset[str] = frozenset()
    queues: tuple[str, ...] = ()
    windows: tuple[tuple[str, int], ...] = ()
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message of a ticket with an id we look for. `internal`: it was never shown to the customer."""

    message_id: str
    ticket: int
    internal: bool


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """Mail that came before under the message's own id, and was settled (MAIL.md F1). `ticket` None: it concerned none."""

    incoming: int
    fingerprint: str
    date: datetime | None
    ticket: int | None
    in_quarantine: bool


@dataclass(frozen=True, slots=True)
class KnownLetter:
    """A letter of ours. `created` is when it was written: answers written since cross with it (MAIL.md A11)."""

    letter: int
    message_id: str
    kind: LetterKind
    ticket: int
    agent: str | None
    internal: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class LastWords:
    """The customer's latest message on a ticket, as an answer quotes it (MAIL.md O7)."""

    text: str
    author: str


@dataclass(frozen=True, slots=True)
class Sent:
    """Automatic mail already enqueued inside each window that a limit asks about: (scope, whose, window in seconds) → count.

    Scopes: `recipient`, `domain`, `queue`, `all` for mail out (MAIL.md L4); `storm sender`, `storm domain` for new tickets (L6). Whose: an
    address, a domain, a queue; "" for `all`.
    """

    counts: Mapping[tuple[str, str, int], int] = field(default_factory=dict)

    def count(self, scope: str, whose: str, window_seconds: int) -> int:
        return self.counts.get((scope, whose, window_seconds), 0)


@dataclass(frozen=True, slots=True)
class Known:
    """The store's answer for one message.

    `tickets` holds every candidate by number, merged ones included with the tickets they lead to. `same_id` is mail settled before under
    the message's own id (MAIL.md F1), `own` the letter of ours it is a copy of (F2). `by_id` maps ids of In-Reply-To and References to
    the stored messages that have them (F3d, F3e), `letters` our letters by number (F3a, F3b, A1). `adopters` are tickets whose messages
    already refer to this one (F7). `is_known_sender`: this address has written on a ticket before.
    """

    tickets: Mapping[int, TicketView] = field(default_factory=dict)
    same_id: tuple[KnownCopy, ...] = ()
    own: KnownLetter | None = None
    by_id: Mapping[str, KnownMessage] = field(default_factory=dict)
    letters: Mapping[int, KnownLetter] = field(default_factory=dict)
    adopters: tuple[int, ...] = ()
    sent: Sent = field(default_factory=Sent)
    last_words: Mapping[int, LastWords] = field(default_factory=dict)
    tag_names: frozenset[str] = frozenset()
    is_known_sender: bool = False


NOTHING_KNOWN = Known()
