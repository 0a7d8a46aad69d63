"""What the rules are asked and what they answer: Occasion in, Verdict out. Plain values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import Enum
from typing import Any, overload

from maild.background import NO_BACKGROUND, Background
from maild.ingest.spam import NO_SPAM, Spam
from maild.message import Authentication, InboundMessage, Nature
from maild.ticket import TicketView

SCORE = "score"
"""The code of what tells of rules' points."""


class Event(Enum):
    """The moments at which rules run (RULES.md 2). TIME is that of a rule that waits for it on a ticket, SCHEDULE that of one which
    concerns no ticket: no rule names them."""

    MAIL_RECEIVED = "mail.received"
    TICKET_CREATED = "ticket.created"
    MESSAGE_CUSTOMER = "message.customer"
    MESSAGE_AGENT = "message.agent"
    MESSAGE_NOTE = "message.note"
    MESSAGE_OTHER = "message.other"
    BOUNCE_RECEIVED = "bounce.received"
    SNOOZE_ENDED = "snooze.ended"
    TASK_DUE = "task.due"
    AGENT_AWAY = "agent.away"
    QUEUE_LENGTH = "queue.length"
    TICKET_REOPENED = "ticket.reopened"
    TICKET_CLOSED = "ticket.closed"
    TICKET_ASSIGNED = "ticket.assigned"
    TICKET_TAGGED = "ticket.tagged"
    TICKET_CHANGED = "ticket.changed"
    MACRO = "macro"
    TIME = "time"
    SCHEDULE = "schedule"


NAMED_EVENTS = tuple(event for event in Event if event not in (Event.TIME, Event.SCHEDULE))
ABOUT_DEPARTMENTS = frozenset({Event.QUEUE_LENGTH, Event.SCHEDULE})
"""At these rules are asked about a department, and there is no ticket."""
ASKED_BY_NAME = frozenset({Event.MACRO, Event.TIME, *ABOUT_DEPARTMENTS})
"""At these one rule is asked, and no other stands in its way."""


@dataclass(frozen=True, slots=True)
class Cause:
    """That rules have made a change themselves: which, how often in a row that has been so, and the ticket before."""

    rules: tuple[str, ...] = ()
    depth: int = 0
    before: TicketView | None = None


NO_CAUSE = Cause()
NOT_CONSIDERED = "not considered"


class Source(Enum):
    """How what was said came in."""

    MAIL = "mail"
    FORWARDED = "forwarded"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class Occasion:
    """One event as the rules see it. `ticket` is the draft: for `mail.received` what would become of the mail.

    `message` is what was said, or an empty one where nothing was. `department` is the address of the department the mail came to (the
    field `mailbox`). `silence`: why no automatic mail goes to the customer because of it, whatever a rule wishes; "" where one may.
    `rule`: the one that is asked, at an event of `ASKED_BY_NAME`. `before`: the ticket before all that happened; None for a new one.
    `cause`: what rules did that made it happen. `fired`: when rules that rest have fired on this ticket last.
    `background` has what `RuleSet.aspects_of` names. `absent`: the agents who are away, or whose own mail comes back. `score`: what the
    rules before have given the mail. `writer_stands`: why no rule may say that somebody else wrote the mail; "" where one may.
    """

    event: Event
    message: InboundMessage
    nature: Nature
    authentication: Authentication
    ticket: TicketView
    department: str
    now: datetime
    spam: Spam = NO_SPAM
    silence: str = ""
    rule: str = ""
    before: TicketView | None = None
    cause: Cause = NO_CAUSE
    fired: Mapping[str, datetime] = field(default_factory=dict)
    source: Source = Source.MAIL
    background: Background = NO_BACKGROUND
    absent: frozenset[str] = frozenset()
    score: float = 0
    writer_stands: str = ""


class Fate(Enum):
    """What `mail.received` rules may do with a mail: keep it, as long as the desk does so too; let it in in any case; or keep it out."""

    KEEP = "keep"
    ALLOW = "allow"
    QUARANTINE = "quarantine"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Points:
    """`score:` of a rule: what it gives the mail, or takes from it, and why; "" where it does not say."""

    rule: str
    points: float
    why: str = ""

    def __str__(self) -> str:
        return f"{self.rule} {self.points:+g}" + (f" ({self.why})" if self.why else "")


@dataclass(frozen=True, slots=True)
class NamedWriter:
    """`set: {sender: …}` of a rule: who wrote the mail, by a bare address."""

    rule: str
    address: str


@dataclass(frozen=True, slots=True)
class AckWish:
    """`ack:` of a rule: replaces the queue's acknowledgement; `template` None with `wanted` False withholds it."""

    rule: str
    wanted: bool
    template: str | None = None
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplyWish:
    """`reply:` of a rule: a templated mail to the requester; `then` is already part of the verdict's ticket."""

    rule: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotifyWish:
    """`notify:` of a rule: a mail to agents. `who` holds `owner`, `lead`, `agents`, `admins`, agent keys or team names."""

    rule: str
    who: tuple[str, ...]
    template: str
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoteWish:
    """`note:` of a rule: an internal note on the ticket."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class CloseWish:
    """`close:` of a rule: the ticket closes (already so in the verdict's ticket); `template` None: the queue's own closing notice."""

    rule: str
    template: str | None = None


@dataclass(frozen=True, slots=True)
class ForkWish:
    """`fork:` of a rule: the same request is a ticket of that queue, too."""

    rule: str
    queue: str


@dataclass(frozen=True, slots=True)
class ForwardWish:
    """`forward:` of a rule: what the customer has written goes to these addresses, too."""

    rule: str
    to: tuple[str, ...]
    template: str
    values: Mapping[str, object] = field(default_factory=dict)


Wish = AckWish | ReplyWish | NotifyWish | NoteWish | CloseWish | ForkWish | ForwardWish
HOLD_TAG = "hold"
"""While a ticket bears it, rules neither answer on it nor close it: a person must look at it first (RULES.md 4)."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One tested condition: where it stands, what it wanted, what it found."""

    field: str
    operator: str
    wanted: str
    found: str
    result: bool


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """What one rule did on one event. `actions` are in words; `problem` is set where it failed and was skipped (RULES.md 5.2).

    `skipped`: why it was not considered at all, empty where it was. `shadow`: it fired, but only to see what it would have done.
    """

    event: str
    rule: str
    file: str
    line: int
    file_hash: str
    fired: bool
    leaves: tuple[Leaf, ...] = ()
    actions: tuple[str, ...] = ()
    problem: str = ""
    skipped: str = ""
    shadow: bool = False

    def to_mapping(self) -> Mapping[str, object]:
        """The form in which the store keeps it: plain JSON values, what is empty left out. `from_mapping` reads it back."""
        stored = {name: value for name in _KEPT if (value := getattr(self, name))}
        if self.leaves:
            stored["leaves"] = tuple((leaf.field, leaf.operator, leaf.wanted, leaf.found, leaf.result) for leaf in self.leaves)
        return {**stored, "fired": self.fired}

    @classmethod
    def from_mapping(cls, stored: Mapping[str, Any]) -> "RuleTrace":
        """What `to_mapping` wrote, after its way through JSON. Leaves were mappings once."""
        leaves = tuple(Leaf(**leaf) if isinstance(leaf, Mapping) else Leaf(*leaf) for leaf in stored.get("leaves", ()))
        return cls(**{**stored, "leaves": leaves, "actions": tuple(stored.get("actions", ()))})


_KEPT = tuple(each.name for each in fields(RuleTrace) if each.name != "leaves")


class Trace(Sequence[RuleTrace]):
    """What every rule that was asked came to, in order. Put into words when it is first read: that takes longer than to ask the rules.

    `parts` find those words, and must find the same ones whenever they are called.
    """

    __slots__ = ("_parts", "_told")

    def __init__(self, *parts: Callable[[], Iterable[RuleTrace]]) -> None:
        self._parts = parts
        self._told: tuple[RuleTrace, ...] | None = None

    @property
    def told(self) -> tuple[RuleTrace, ...]:
        if self._told is None:
            self._told = tuple(trace for tell in self._parts for trace in tell())
        return self._told

    def __add__(self, later: "Trace") -> "Trace":
        return Trace(*self._parts, *later._parts)

    def __len__(self) -> int:
        return len(self.told)

    @overload
    def __getitem__(self, index: int) -> RuleTrace: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RuleTrace, ...]: ...
    def __getitem__(self, index: int | slice) -> RuleTrace | tuple[RuleTrace, ...]:
        return self.told[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.told == other.told

    def __repr__(self) -> str:
        return f"Trace{self.told}"


@dataclass(frozen=True, slots=True)
class Excess:
    """A rule would have sent more than it may, and has done nothing (RULES.md 5.5). `place` and `owner` are the rule's; `tickets`: those
    its last letters were about, the newest first."""

    rule: str
    place: str
    owner: str | None
    why: str
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The rules' answer for one event: the draft ticket as they left it, the mail's fate, wishes in order, and the trace. `changers`: which
    rules have changed the ticket; `resting`: which of those that rest have fired; `excesses`: of those that are to be paused; `points`:
    what they gave the mail; `writer`: who has written it, where a rule says that it was not whom it came from.
    """

    ticket: TicketView
    fate: Fate = Fate.KEEP
    fate_reason: str = ""
    fate_rule: str = ""
    wishes: tuple[Wish, ...] = ()
    trace: Trace = field(default_factory=Trace)
    changers: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    excesses: tuple[Excess, ...] = ()
    points: tuple[Points, ...] = ()
    writer: NamedWriter | None = None

    @property
    def score(self) -> float:
        """The points together. Rounded: 0.7 and 0.1 are to reach 0.8."""
        return round(sum(each.points for each in self.points), 4)

    def is_like(self, other: "Verdict") -> bool:
        """Whether the same follows from both, though other rules may have been asked."""
        return replace(self, trace=other.trace) == other

    def following(self, earlier: "Verdict") -> "Verdict":
        """This answer together with those for earlier events, at the first of which a mail's fate is decided."""
        decided = self if earlier.fate is Fate.KEEP else earlier
        return replace(
            self,
            fate=decided.fate,
            fate_reason=decided.fate_reason,
            fate_rule=decided.fate_rule,
            wishes=(*earlier.wishes, *self.wishes),
            trace=earlier.trace + self.trace,
            changers=(*earlier.changers, *self.changers),
            resting=(*earlier.resting, *self.resting),
            excesses=(*earlier.excesses, *self.excesses),
            points=(*earlier.points, *self.points),
            writer=self.writer or earlier.writer,
        )
