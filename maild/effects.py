"""The closed list of things that can happen because of one message or one command, as frozen values.

`maild.decide` and `maild.desk` build them, `maild.store` applies them in one transaction, `maild.outbox` sends what a `Post` asks for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from maild.ingest.opinion import Opinion
from maild.known import Absence, Conduct, StoredFile
from maild.message import Address, Attachment, AuthResult
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.stay import Stay
from maild.ticket import MessageKind, TicketView
from maild.tokens import LetterKind
from maild.welcome import Device


@dataclass(frozen=True, slots=True)
class AddMessage:
    """Put a message on the ticket.

    `message_id` None: written at the command line. `internal`: never shown to the customer (MAIL.md F11). `named` are the addresses in its
    To and Cc, as they are compared: who stands there may answer (F6). `thread_headers` are
    Outlook's, for answers to go on with (O3). `visible_html` says what `visible` says, as safe HTML; it is shown,
    not kept. `at` orders and counts it, `shown` is the time that people see (P15), None: the same. `forwarded_by`: the address of whoever
    has sent it to the desk for its author (A12), where it is shown again; not kept either.
    """

    kind: MessageKind
    author: Address
    at: datetime
    text: str
    visible: str
    visible_html: str = ""
    html: str = ""
    agent: str | None = None
    internal: bool = False
    message_id: str | None = None
    references: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    subject: str = ""
    attachments: tuple[Attachment, ...] = ()
    thread_headers: tuple[tuple[str, str], ...] = ()
    indexed: bool = True
    shown: datetime | None = None
    forwarded_by: str = ""


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """A line of the ticket's log: a stable `kind`, who did it (`maild`, an agent's key, an address, `rule ID`), and words.

    `on`: it stands in the log of that other ticket.
    """

    kind: str
    by: str
    text: str
    on: int | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """So long a letter lies in the outbox before its first attempt, and can be taken back meanwhile. `before`: the ticket without it."""

    lasts: timedelta
    before: TicketView


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be rendered and posted. `recipients` each get their own SMTP transaction of the same bytes (MAIL.md O5).

    `template` names a file family in `maild/templates/<language>/`; `values` are the plain values it may use beside those every letter
    has (`maild.outbox.compose` lists them). `agent` is the reader of a notification, bound into its token; `author` the agent who answers.
    `body` is what a person wrote, `body_html` the same as safe HTML if there is any, `quoted` the message answered. `automatic`: counts
    against the caps of MAIL.md L4. `internal`: a reply to it is a note. `about`: the incoming mail it tells of; None: the one it is written
    because of. `offer`: that mail can be mended by an answer, as in `ReturnedMail`. `as_of`: its reader learns nothing of what was answered
    since then (A11); None: of all that was until it is written. `enclosed` are files of earlier mail, in the order in which they go along,
    `left_out` says which do not. `delay` None: it goes out at once. `task`: the number of the task it tells of, which the answer `done`
    ticks off. `rule`: by whose wish it is written; "" where no rule wished for it. `limited`: it counts against the limit of that rule
    (RULES.md 5.5).
    """

    kind: LetterKind
    template: str
    queue: str
    recipients: tuple[Address, ...]
    cc: tuple[Address, ...] = ()
    agent: str | None = None
    author: str | None = None
    languages: tuple[str, ...] = ("en",)
    subject: str = ""
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    body: str = ""
    body_html: str = ""
    quoted: str = ""
    quoted_from: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    thread_headers: tuple[tuple[str, str], ...] = ()
    automatic: bool = True
    internal: bool = False
    about: int | None = None
    offer: str | None = None
    as_of: datetime | None = None
    delay: Delay | None = None
    enclosed: tuple[StoredFile, ...] = ()
    left_out: tuple[str, ...] = ()
    task: int | None = None
    rule: str = ""
    limited: bool = True

    @property
    def addressees(self) -> tuple[Address, ...]:
        """Everybody in To and Cc, each mailbox once, in order."""
        found: dict[str, Address] = {}
        for address in self.recipients + self.cc:
            found.setdefault(address.key, address)
        return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Post:
    """Put a letter into the outbox."""

    letter: Letter


@dataclass(frozen=True, slots=True)
class Link:
    """This ticket and another one, and the logs of both, name each other. `why` is empty where an agent has said so; what the desk links by
    itself is about the same mail (MAIL.md F2, F10)."""

    ticket: int
    by: str = "maild"
    why: str = "the same mail"


@dataclass(frozen=True, slots=True)
class Merge:
    """Another ticket goes into this one: its messages move here, and its number leads here from now on (MAIL.md F9).

    `other` is that ticket, `before` and `after` this one without and with it; they are remembered, so that it can be undone.
    """

    other: TicketView
    before: TicketView
    after: TicketView
    by: str


@dataclass(frozen=True, slots=True)
class Split:
    """A part of this ticket becomes a ticket of its own, which `opening` opens, and both name each other. `moves`: the messages that go
    there, by id; none where `opening` brings its own.

    `before` and `after` are this ticket with and without them; they are remembered, so that it can be undone.
    """

    opening: "Decision"
    before: TicketView
    after: TicketView
    by: str
    moves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Undo:
    """A merge, a link or a split is undone (`maild.regrouping.Regrouping`). `other`: what becomes of the other ticket; None: nothing."""

    regrouping: int
    other: TicketView | None = None


@dataclass(frozen=True, slots=True)
class TakeBack:
    """An answer that waits in the outbox goes to nobody, and is a note (MAIL.md A7). `message` None: somebody has it already, so that it
    stays an answer, and goes to nobody else. `incoming`: the mail it came in."""

    letter: int
    message: int | None
    incoming: int | None


@dataclass(frozen=True, slots=True)
class Withhold:
    """A notice that waits behind an answer, the letter of that number, goes to nobody."""

    letter: int


@dataclass(frozen=True, slots=True)
class Mute:
    """Until then whoever stands behind `key` (`maild.known.guess_key`, `pair_key`) is not believed, or not answered (MAIL.md L5, S6)."""

    key: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LiftMute:
    """Whoever stands behind `key` is answered again (MAIL.md L5)."""

    key: str


@dataclass(frozen=True, slots=True)
class TripBreaker:
    """Nothing automatic goes to customers any more until an admin says so (MAIL.md L4)."""

    why: str


@dataclass(frozen=True, slots=True)
class Fold:
    """This agent, by key, gets no mail of his own about this ticket, but one that names all such tickets (MAIL.md L4)."""

    agent: str


@dataclass(frozen=True, slots=True)
class MarkBounced:
    """A letter did not reach this recipient after all, whatever the relay said when it took it (MAIL.md B4)."""

    letter: int
    recipient: str
    diagnostic: str


@dataclass(frozen=True, slots=True)
class NoteBounce:
    """A hard bounce, to be counted (MAIL.md B5)."""

    address: str
    status: str


@dataclass(frozen=True, slots=True)
class Suppress:
    """No automatic mail to this address any more (MAIL.md B5, B6). `until` None: until an admin lifts it."""

    address: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LiftSuppression:
    """Somebody writes from the address, so it works."""

    address: str


@dataclass(frozen=True, slots=True)
class NoteAlias:
    """This letter of ours goes about under another id than we gave it (MAIL.md O1a). `by_relay`: our relay gave it that one, so that it
    is as good as the letter's own.
    """

    letter: int
    message_id: str
    by_relay: bool = False


@dataclass(frozen=True, slots=True)
class SendKept:
    """An incoming mail that was kept as a note walks again, as an answer to the customer (MAIL.md A6)."""

    incoming: int


@dataclass(frozen=True, slots=True)
class SendMended:
    """An agent's mail that was given back to him walks again, with these command lines in place of its own (MAIL.md A7)."""

    incoming: int
    corrected: str


@dataclass(frozen=True, slots=True)
class SendCrossed:
    """An agent's answer that was held walks again, since he knows what colleagues answered until `known_until` (MAIL.md A11)."""

    incoming: int
    known_until: datetime


@dataclass(frozen=True, slots=True)
class LetIn:
    """A mail under an agent's name, which was held, walks again: he has said that it is his (MAIL.md A4)."""

    incoming: int


@dataclass(frozen=True, slots=True)
class AddAddress:
    """This address is the agent's from now on, too: he has said so (MAIL.md A4)."""

    agent: str
    address: str


@dataclass(frozen=True, slots=True)
class RunMacro:
    """An agent runs this rule by name (RULES.md 2). What it does is added to the decision before that is written. `no_reply`: and nothing
    goes to the customer."""

    rule: str
    no_reply: bool = False


@dataclass(frozen=True, slots=True)
class AskRule:
    """The time has come for which a rule has waited on the ticket (RULES.md 2). What it does is added to the decision before that is
    written. `again`: when it is to be asked once more, if the stay goes on."""

    stay: Stay
    again: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoteFiring:
    """A rule that rests has fired on the ticket (RULES.md 5.4)."""

    rule: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PauseRule:
    """A rule has gone past its limit, and is not asked any more until a person says so (RULES.md 5.5)."""

    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class StartAbsence:
    """An agent is away from now on (PRODUCT 12)."""

    absence: Absence


@dataclass(frozen=True, slots=True)
class EndAbsence:
    """The agent is back."""

    agent: str


@dataclass(frozen=True, slots=True)
class NoteWelcomeAnswer:
    """An agent's letter of welcome has been answered (PRODUCT 34c). `device` is what that has shown, None: nothing new. `unproven`: it
    carried nothing that a stranger could not write."""

    agent: str
    device: Device | None
    unproven: bool


Effect = (
    AddMessage
    | RecordEvent
    | Post
    | Link
    | Merge
    | Split
    | Undo
    | TakeBack
    | Withhold
    | Mute
    | LiftMute
    | TripBreaker
    | Fold
    | MarkBounced
    | NoteBounce
    | Suppress
    | LiftSuppression
    | NoteAlias
    | SendKept
    | SendMended
    | SendCrossed
    | LetIn
    | AddAddress
    | RunMacro
    | AskRule
    | NoteFiring
    | PauseRule
    | StartAbsence
    | EndAbsence
    | NoteWelcomeAnswer
)


class IncomingState(Enum):
    """Where an incoming message stands (INTERFACE.md, JSON). Held: something broke. Quarantined: policy."""

    RECEIVED = "received"
    DONE = "done"
    HELD = "held"
    QUARANTINED = "quarantined"
    DUPLICATE = "duplicate"


_FARING = (IncomingState.DUPLICATE, IncomingState.QUARANTINED, IncomingState.DONE)
"""What a walk may come to, the best last."""


@dataclass(frozen=True, slots=True)
class Identity:
    """By what another copy of a mail is known again (MAIL.md F1): its id, its fingerprint, its own Date."""

    message_id: str
    fingerprint: str
    date: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What one message, or one command, does. `before` None with an `after`: a new ticket. Both None: no ticket is concerned.

    The store writes the difference between `before` and `after`, then the effects in order. `trace` is the rules' record, ready to store.
    `author` and `subject` are the mail's, shown where incoming mail is listed, `auth` is what is proved of him (MAIL.md S2); for a command
    there is neither `auth` nor `identity` nor `conduct`, nor an `opinion`, the spam filter's that was asked. `departments` are those the
    mail has been read for by now (F10). `beside` is what happens in the same transaction to other tickets, or to none. `events`: what
    happened that neither the ticket nor its messages show. `by_rules`: those that have made the change themselves. `score`: what
    the points of rules come to.
    """

    state: IncomingState
    reason: Reason
    before: TicketView | None = None
    after: TicketView | None = None
    effects: tuple[Effect, ...] = ()
    message_class: str = ""
    evidence: tuple[Reason, ...] = ()
    trace: tuple[Mapping[str, object], ...] = ()
    author: Address | None = None
    subject: str = ""
    identity: Identity | None = None
    conduct: Conduct | None = None
    auth: AuthResult | None = None
    opinion: Opinion | None = None
    departments: frozenset[str] = frozenset()
    beside: tuple["Decision", ...] = ()
    events: tuple[Event, ...] = ()
    by_rules: tuple[str, ...] = ()
    score: float = 0

    @property
    def has_letters(self) -> bool:
        """Whether anything is to be sent, also for what happens beside, and for what is split off."""
        split_off = (effect.opening for effect in self.effects if isinstance(effect, Split))
        return bool(self.letters) or any(other.has_letters for other in (*self.beside, *split_off))

    def settles(self, earlier: Sequence["Decision"]) -> bool:
        """Whether the message fared better by this walk than by those for other departments before, and is settled as this one says
        (MAIL.md F10)."""
        return all(_FARING.index(self.state) > _FARING.index(other.state) for other in earlier)

    @property
    def letters(self) -> tuple[Letter, ...]:
        return tuple(effect.letter for effect in self.effects if isinstance(effect, Post))
