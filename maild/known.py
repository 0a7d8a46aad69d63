"""Known: what the store knows that bears on one message, asked for once, before anything is decided. Plain values; nothing here asks.

What is asked for is `maild.question`, what is known of letters of ours `maild.known_letter`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from maild.background import NO_BACKGROUND, Background
from maild.known_letter import BouncedLetter, KnownLetter
from maild.message import Address, Attachment
from maild.posted_answer import PostedAnswer, WaitingAnswer
from maild.regrouping import Regrouping
from maild.task import ListedTask
from maild.ticket import Status, TicketView
from maild.tokens import LetterToken
from maild.welcome import Welcome


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A message of a ticket with an id we look for. `internal`: it was never shown to the customer. `agent`: whose own mail it is, by key,
    so that nobody has this id from the desk.
    """

    message_id: str
    ticket: int
    internal: bool
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class KnownCopy:
    """Mail that came before under the message's own id, and was settled (MAIL.md F1). `ticket` None: it concerned none.

    `author` is whose mail it was, as addresses are compared; None: that is not known (any more). `failed`: it failed authentication, so
    that it may be anybody's. `in_junk`: it lay in a junk folder. `departments` are those it was read for, empty where that is not known. A
    mail that several departments have to themselves finds itself here, as the copy of those that were first (F10). `handed_in`: an agent
    has forwarded it (A12), so that its id and its date, often to the minute only, are his program's word.
    """

    incoming: int
    fingerprint: str
    date: datetime | None
    ticket: int | None
    in_quarantine: bool
    author: str | None = None
    failed: bool = False
    in_junk: bool = False
    departments: frozenset[str] = frozenset()
    handed_in: bool = False


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why automatic mail no longer goes to an address. `until` None: until an admin lifts it."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A customer, by tickets of his: the last name that he bore, "" without one, and the language that he wrote in last, None if nobody
    knows."""

    name: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class LastWords:
    """The customer's latest message on a ticket, as an answer quotes it (MAIL.md O7), with the conversation headers it carries on (O3).

    `at` is when it was recorded. `taken_down`: the agent who has written it down for her, by key, so that she has never seen it.
    `forwarded_by`: the address of whoever sent it to the desk (A12), "" where that was herself.
    """

    text: str
    author: str
    thread_headers: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    taken_down: str | None = None
    forwarded_by: str = ""


REPEATED_ANSWERS = 3
"""MAIL.md P9: what ends so many mails of an agent in a row is his signature."""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """An earlier mail of an agent: the beginning of what he wrote, and of what was kept of it as new."""

    text: str
    visible: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message as a notification shows what was said before (MAIL.md O7): its beginning only. `is_note`: no customer may ever see it;
    `is_taken_down`: an agent has written it for its author, who has never seen it; `third_party`: the address of whoever wrote it without
    taking part, as addresses are compared, "" for anybody else."""

    at: datetime
    author: str
    words: str
    is_note: bool = False
    is_taken_down: bool = False
    third_party: str = ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a ticket. `message` is the one that carries it, `incoming` the stored mail which that came in; its bytes are there."""

    incoming: int
    message: int
    file: Attachment


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A public answer to a customer. `agent` is whose it is, by key; None: somebody wrote it in the department's name (MAIL.md A15).

    `at` is when it was recorded, by the clock that letters are created by; `shown` the time that people see (P15).
    """

    author: Address
    agent: str | None
    at: datetime
    shown: datetime
    text: str


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket as a line of a list shows it."""

    number: int
    subject: str
    status: Status
    owner: str | None
    requester: Address
    created: datetime


@dataclass(frozen=True, slots=True)
class Listing:
    """The first tickets that meet a query, and how many do in all."""

    tickets: tuple[ListedTicket, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to `Wanted`: `listings` by query, `conversations` by ticket, the newest message first. `next` are the first tickets of
    each queue that nobody owns; two, since the first may be the one in hand. `tasks` are the open ones of whom they are asked for, the
    first due first."""

    listings: Mapping[str, Listing] = field(default_factory=dict)
    conversations: Mapping[int, tuple[Earlier, ...]] = field(default_factory=dict)
    next: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tasks: tuple[ListedTask, ...] = ()


NOTHING_FOUND = Found()


@dataclass(frozen=True, slots=True)
class Absence:
    """An agent is away (PRODUCT 12). `until` None: until he says so; `deputy` is who is told of his tickets, None: their departments."""

    agent: str
    since: datetime
    until: datetime | None = None
    deputy: str | None = None


@dataclass(frozen=True, slots=True)
class Conduct:
    """What is remembered of a mail to tell loops and guesses (MAIL.md L5, S6): how many tags and tokens in it carry a wrong MAC or are
    numbers tried in vain, whether it came right behind automatic mail of ours to its sender, the first on its ticket since, and the hash of
    its new words and files, "" without any."""

    wrong_tokens: int = 0
    is_prompt: bool = False
    text_hash: str = ""


NOTHING_NOTED = Conduct()


@dataclass(frozen=True, slots=True)
class RecentMail:
    """A mail of the same sender within the last hour, and when it was walked through."""

    ticket: int | None
    conduct: Conduct
    settled: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a message's sender. `has_written`: a ticket of his stands, and is not spam; `was_answered`: a colleague has written
    on one; `has_passed`: mail of his was authenticated once (S3).

    `named_on` are the tickets of `Known.by_id` on a message of which he stood in To or Cc (MAIL.md F6), `named_inside` the candidates of
    which he got nothing but agents' notes and what rules have sent on (F11). `recent` is his mail of the last hour, `domain_guesses` how
    many tokens his whole domain guessed wrong in it. `muted` says until when names (`guess_key`, `pair_key`) that are muted now will be;
    `last_automatic` is when automatic mail of ours last went to him.
    """

    has_written: bool = False
    was_answered: bool = False
    has_passed: bool = False
    named_on: frozenset[int] = frozenset()
    named_inside: frozenset[int] = frozenset()
    recent: tuple[RecentMail, ...] = ()
    domain_guesses: int = 0
    muted: Mapping[str, datetime] = field(default_factory=dict)
    last_automatic: datetime | None = None


def guess_key(who: str) -> str:
    """Under which name a guesser, an address or a domain, is muted (MAIL.md S6)."""
    return f"guess {who}"


def pair_key(ticket: int, address: str) -> str:
    """Under which name a sender is muted on a ticket (MAIL.md L5)."""
    return f"pair {ticket} {address}"


@dataclass(frozen=True, slots=True)
class Sent:
    """Automatic mail already enqueued inside each window that a limit asks about: (scope, whose, window in seconds) → count.

    Scopes: `recipient`, `domain`, `queue`, `all` for mail out (MAIL.md L4), `agent` for notifications, which are no automatic mail; `storm
    sender`, `storm domain` for new tickets (L6). Whose: an address, a domain, a queue, an agent's key; "" for
    `all`. `stopped` says why nothing automatic goes to customers since the breaker was tripped, "" while it is whole.
    """

    counts: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    stopped: str = ""

    def count(self, scope: str, whose: str, window_seconds: int) -> int:
        return self.counts.get((scope, whose, window_seconds), 0)


@dataclass(frozen=True, slots=True)
class Known:
    """The store's answer for one message.

    `tickets` holds every candidate by number, merged ones included with the tickets they lead to. `same_id` is mail settled before under
    the message's own id (MAIL.md F1), `own` the letter of ours it is a copy of (F2). `by_id` maps ids of In-Reply-To and References to
    the stored messages that have them (F3d, F3e), `letters` our letters by number (F3a, F3b, A1). `adopters` are tickets whose messages
    already refer to this one (F7). `own_recipients` are whom `own` went to. `bounced` is the letter a report is about (B2). `suppressed`
    are those addressees, requesters and agents that get no automatic mail (B5). `aliases` are ids our relay gave to letters of ours, in
    canonical form (O1a). `earlier` are the last messages of each candidate, the newest first, `seen_pictures` those of the message's
    pictures that came on one of them before (P11). `notes` are the notes asked for, of all candidates, `own_notes` those of the agent who
    writes, `strangers` what third parties have written there for all agents to see, each with his address as these are compared,
    `own_answers` the agent's last three mails, if there are so many, `answers` the last public answers of others on each candidate, the
    newest first (A11). `customers_words` is what the customers of each candidate have written, where something may be split off.
    `regroupings` are what was done last to each candidate, `posted` the last answers posted on each, the newest first, where that is asked
    for; `waiting` are those that still wait. `found` is what he wants to have looked up. `away` are the agents who are away now, by key.
    `files` are those of the tickets that are shown or whose files are asked for, the newest message's first. `welcome` is the last one of
    the agent asked for. `quoted`: the text of the letter asked for, "" for none. `fired`: when rules that rest have fired last on each
    candidate, by id. `background` answers `behind`.
    """

    tickets: Mapping[int, TicketView] = field(default_factory=dict)
    same_id: tuple[KnownCopy, ...] = ()
    own: KnownLetter | None = None
    own_recipients: tuple[str, ...] = ()
    by_id: Mapping[str, KnownMessage] = field(default_factory=dict)
    letters: Mapping[int, KnownLetter] = field(default_factory=dict)
    adopters: tuple[int, ...] = ()
    sent: Sent = field(default_factory=Sent)
    last_words: Mapping[int, LastWords] = field(default_factory=dict)
    tag_names: frozenset[str] = frozenset()
    history: History = field(default_factory=History)
    bounced: BouncedLetter | None = None
    suppressed: Mapping[str, Suppression] = field(default_factory=dict)
    aliases: Mapping[str, LetterToken] = field(default_factory=dict)
    earlier: Mapping[int, tuple[Earlier, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    own_notes: tuple[str, ...] = ()
    strangers: tuple[tuple[str, str], ...] = ()
    customers_words: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    own_answers: tuple[OwnAnswer, ...] = ()
    answers: Mapping[int, tuple[KnownAnswer, ...]] = field(default_factory=dict)
    seen_pictures: frozenset[str] = frozenset()
    found: Found = NOTHING_FOUND
    regroupings: Mapping[int, Regrouping] = field(default_factory=dict)
    posted: Mapping[int, tuple[PostedAnswer, ...]] = field(default_factory=dict)
    waiting: Mapping[int, tuple[WaitingAnswer, ...]] = field(default_factory=dict)
    away: Mapping[str, Absence] = field(default_factory=dict)
    files: Mapping[int, tuple[StoredFile, ...]] = field(default_factory=dict)
    welcome: Welcome | None = None
    people: Mapping[str, KnownPerson] = field(default_factory=dict)
    quoted: str = ""
    fired: Mapping[int, Mapping[str, datetime]] = field(default_factory=dict)
    background: Background = NO_BACKGROUND


NOTHING_KNOWN = Known()
