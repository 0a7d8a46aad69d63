"""The fields a condition may name: one small function per field, from an occasion to plain values. Pure.

A field has a kind, which decides the operators it takes, and, where its values are known beforehand, the words it may be compared with.
`Facts` reads each field once per occasion; what a rule may change is read again after a rule has changed it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from maild.background import Aspect
from maild.config.settings import Settings
from maild.desk.calendar import Calendar
from maild.ingest.words import decode_header
from maild.message import Address, AuthResult, MessageClass
from maild.rules.folding import Folded, folded, split_words
from maild.rules.verdict import Event, Occasion, Source
from maild.ticket import Priority, Status, TicketView, Tier

SHOWN_CHARACTERS = 60


class FieldKind(Enum):
    """What operators and values a field takes. Sizes and durations are numbers that are written with a unit."""

    TEXT = "text"
    SET = "set"
    NUMBER = "number"
    SIZE = "size"
    DURATION = "duration"
    FLAG = "true or false"


NUMERIC = frozenset({FieldKind.NUMBER, FieldKind.SIZE, FieldKind.DURATION})

Read = Callable[[Occasion], Iterable[str]]
Measure = Callable[[Occasion], float | bool | None]


@dataclass(frozen=True, slots=True)
class Known:
    """The closed set of words a field may be compared with. `noun` and `code` are for the fault about any other word."""

    noun: str
    code: str
    words: Callable[[Settings], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Field:
    """`read` gives the values of texts and sets, `measure` that of numbers and flags, None for "nobody knows".

    `of_ticket`: rules can change it, so it is read anew after each rule that changed something. `is_long`: never shown whole in a trace.
    `aspect`: what must be looked up for it.
    `key`: under which its value is kept; fields with the same one have the same value. Its name, if nothing else is said.
    """

    name: str
    kind: FieldKind
    read: Read | None = None
    measure: Measure | None = None
    known: Known | None = None
    of_ticket: bool = False
    is_long: bool = False
    aspect: Aspect | None = None
    key: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key or self.name)

    @property
    def can_change(self) -> bool:
        """Whether `changed` can be asked of it: of what people and rules set, not of what is only counted."""
        return self.of_ticket and self.kind in (FieldKind.TEXT, FieldKind.SET)


class Form(Enum):
    """In which form of a field a clue is looked for: as a whole value, within a part of it that has no blank, among its words
    (`folding.split_words`), or, for a pattern, in the text as it stands."""

    VALUE = "value"
    CASED_VALUE = "cased value"
    PART = "part"
    WORD = "word"
    PATTERN = "pattern"


@dataclass(frozen=True, slots=True)
class Clue:
    """What stands in a field, in that form of it."""

    form: Form
    text: str


class FieldValue:
    """What a field holds on one occasion. The folded form and the words are made when an operator first asks for them.

    `absent`: of what has been looked for in some form of it, whether that was not found (`index.Sieve`).
    """

    __slots__ = ("_folded", "_forms", "_shown", "_words", "absent", "is_long", "number", "texts")

    def __init__(self, texts: tuple[str, ...], number: float | None, is_long: bool) -> None:
        self.texts = texts
        self.number = number
        self.is_long = is_long
        self.absent: dict[Form, Callable[[str], bool]] = {}
        self._forms: tuple[Folded, ...] | None = None
        self._folded: tuple[str, ...] | None = None
        self._words: tuple[str, ...] | None = None
        self._shown: str | None = None

    @property
    def folded(self) -> tuple[str, ...]:
        if self._folded is None:
            self._folded = tuple(form.whole for form in self._fold())
        return self._folded

    @property
    def words(self) -> tuple[str, ...]:
        """See `folding.split_words`."""
        if self._words is None:
            self._words = tuple(map(split_words, self.folded))
        return self._words

    @property
    def parts(self) -> tuple[str, ...]:
        """See `Folded.different`."""
        return tuple(form.different for form in self._fold())

    def lacks(self, clues: Iterable[Clue] | None) -> bool:
        """Whether it is known already that none of them is there."""
        return clues is not None and all(clue.form in self.absent and self.absent[clue.form](clue.text) for clue in clues)

    def _fold(self) -> tuple[Folded, ...]:
        if self._forms is None:
            self._forms = tuple(map(folded, self.texts))
        return self._forms

    @property
    def shown(self) -> str:
        """The value in words, for the trace: short, and never a mail's text."""
        if self._shown is None:
            texts = "" if self.is_long else shorten(", ".join(self.texts))
            self._shown = texts if self.number is None else f"{self.number:g}"
        return self._shown


class Facts:
    """The fields' values on one occasion, each read when first asked for."""

    __slots__ = ("_occasion", "_of_message", "_of_ticket")

    def __init__(self, occasion: Occasion, of_message: dict[str, FieldValue] | None = None) -> None:
        self._occasion = occasion
        self._of_message = {} if of_message is None else of_message
        self._of_ticket: dict[str, FieldValue] = {}

    def after(self, ticket: TicketView, score: float) -> "Facts":
        """Those with the ticket, and the mail's score, as a rule left them."""
        return Facts(replace(self._occasion, ticket=ticket, score=score), self._of_message)

    def value(self, field: Field) -> FieldValue:
        values = self._of_ticket if field.of_ticket else self._of_message
        value = values.get(field.key)
        if value is None:
            value = values[field.key] = _read(field, self._occasion)
        return value


def find_field(name: str) -> Field | None:
    """The field of that name, `header.<name>` and `field.<name>` included, None for an unknown one."""
    if name in FIELDS:
        return FIELDS[name]
    family, _, rest = name.partition(".")
    if family == "header" and rest:
        return Field(name, FieldKind.TEXT, lambda occasion: map(decode_header, occasion.message.fields(rest)))
    if family == "field" and rest:
        return Field(name, FieldKind.TEXT, lambda occasion: _present(occasion.ticket.fields.get(rest)), of_ticket=True)
    if family == "was" and (field := find_field(rest)) and field.can_change:
        return field_before(field)
    return None


def hours_of(name: str, calendar: Calendar) -> Field:
    """`hours.<calendar>`: open or closed at that moment."""
    return Field(name, FieldKind.TEXT, lambda occasion: ("open" if calendar.is_open(occasion.now) else "closed",), known=HOURS)


def field_before(field: Field) -> Field:
    """`was.<field>`: what it was before all that happened; of a new ticket nothing."""

    def read(occasion: Occasion) -> Iterable[str]:
        return field.read(replace(occasion, ticket=occasion.before)) if field.read and occasion.before else ()

    return Field(f"was.{field.name}", field.kind, read, known=field.known)


def change_of(field: Field) -> Field:
    """`changed`: from what to what; nothing where it is as it was, or the ticket is new."""
    before = field_before(field)

    def read(occasion: Occasion) -> Iterable[str]:
        if occasion.before is None or field.read is None or before.read is None:
            return
        was, now = tuple(before.read(occasion)), tuple(field.read(occasion))
        if was != now:
            yield f"{', '.join(was) or 'nothing'} to {', '.join(now) or 'nothing'}"

    return Field(field.name, FieldKind.TEXT, read, of_ticket=True, key=f"change of {field.name}")


def is_planned(name: str) -> bool:
    """Whether the field is part of the language though its feature has not landed."""
    name = name.removeprefix("was.")
    return name in PLANNED or name.partition(".")[0] in PLANNED_FAMILIES


def shorten(text: str) -> str:
    """One line of at most 60 characters."""
    line = " ".join(text[: 4 * SHOWN_CHARACTERS].split())
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"


def _read(field: Field, occasion: Occasion) -> FieldValue:
    texts = tuple(field.read(occasion)) if field.read else ()
    number = field.measure(occasion) if field.measure else None
    if field.kind is FieldKind.FLAG:
        return FieldValue(("true" if number else "false",), None, is_long=False)
    return FieldValue(texts, number, field.is_long)


def _text(occasion: Occasion) -> Iterable[str]:
    return (f"{occasion.message.subject}\n{occasion.message.new_text}",)


def _from(occasion: Occasion) -> Iterable[str]:
    author = occasion.message.author
    return (author.address,) if author else ()


def _from_name(occasion: Occasion) -> Iterable[str]:
    author = occasion.message.author
    return _present(author.name) if author else ()


def _from_domain(occasion: Occasion) -> Iterable[str]:
    author = occasion.message.author
    return _present(author.domain) if author else ()


def _addresses(people: Iterable[Address]) -> Iterable[str]:
    return (person.address for person in people)


def _present(value: str | None) -> Iterable[str]:
    return (value,) if value else ()


def _is_auto(occasion: Occasion) -> bool:
    """A list's mail may have been written by a human (MAIL.md L1); every other class but human is a machine's."""
    return occasion.nature.message_class not in {MessageClass.HUMAN, MessageClass.LIST}


def _attachment_names(occasion: Occasion) -> Iterable[str]:
    """Files somebody attached. Pictures inside the text (logos in signatures, mostly) do not count."""
    return (attachment.name for attachment in occasion.message.attachments if not attachment.inline)


def _age_seconds(occasion: Occasion) -> float:
    return (occasion.now - occasion.ticket.created).total_seconds()


def _waiting_seconds(occasion: Occasion) -> float | None:
    """How long the customer has waited for an answer; whoever has just written waits since now, unless he did so before."""
    since = occasion.background.waits_since or (occasion.now if occasion.event in _OF_CUSTOMERS else None)
    return _seconds_since(since, occasion)


def _idle_seconds(occasion: Occasion) -> float | None:
    """How long nothing had happened to the ticket before this."""
    return _seconds_since(occasion.background.changed or occasion.now, occasion)


def _seconds_since(moment: datetime | None, occasion: Occasion) -> float | None:
    return max(0.0, (occasion.now - moment).total_seconds()) if moment else None


def _reopenings(occasion: Occasion) -> int:
    return occasion.background.reopenings


def _owners_load(occasion: Occasion) -> int | None:
    """How many tickets the owner has to do, None without an owner."""
    owner = occasion.ticket.owner
    return occasion.background.loads.get(owner, 0) if owner else None


def _queue_length(occasion: Occasion) -> int:
    return occasion.background.lengths.get(occasion.ticket.queue, 0)


_OF_CUSTOMERS = frozenset({Event.MAIL_RECEIVED, Event.TICKET_CREATED, Event.MESSAGE_CUSTOMER})
_SOURCES = Known("source", "E302", lambda _: (source.value for source in Source))
_CLASSES = Known("kind", "E302", lambda _: (kind.value for kind in MessageClass))
_RESULTS = Known("result", "E302", lambda _: (result.value for result in AuthResult))
STATUSES = Known("status", "E302", lambda _: (status.value for status in Status))
PRIORITIES = Known("priority", "E302", lambda _: (priority.value for priority in Priority))
TIERS = Known("tier", "E302", lambda _: (tier.value for tier in Tier))
QUEUES = Known("queue", "E201", lambda settings: settings.queues)
TEAMS = Known("team", "E202", lambda settings: settings.teams)
AGENTS = Known("agent", "E204", lambda settings: settings.agents)
CALENDARS = Known("calendar", "E208", lambda settings: settings.calendars)
HOURS = Known("hours", "E302", lambda _: ("open", "closed"))
DEPARTMENTS = Known("department address", "W303", lambda settings: (own for queue in settings.queues.values() for own in queue.addresses))

_MESSAGE_FIELDS = (
    Field("text", FieldKind.TEXT, _text, is_long=True),
    Field("subject", FieldKind.TEXT, lambda occasion: (occasion.message.subject,)),
    Field("body", FieldKind.TEXT, lambda occasion: (occasion.message.new_text,), is_long=True),
    Field("body.full", FieldKind.TEXT, lambda occasion: (occasion.message.text,), is_long=True),
    Field("from", FieldKind.TEXT, _from),
    Field("from.name", FieldKind.TEXT, _from_name),
    Field("from.domain", FieldKind.TEXT, _from_domain),
    Field("to", FieldKind.SET, lambda occasion: _addresses(occasion.message.to)),
    Field("cc", FieldKind.SET, lambda occasion: _addresses(occasion.message.cc)),
    Field("reply_to", FieldKind.SET, lambda occasion: _addresses(occasion.message.reply_to)),
    Field("mailbox", FieldKind.TEXT, lambda occasion: _present(occasion.department), known=DEPARTMENTS),
    Field("attachments", FieldKind.SET, _attachment_names),
    Field("size", FieldKind.SIZE, measure=lambda occasion: occasion.message.size),
    Field("auto", FieldKind.FLAG, measure=_is_auto),
    Field("bulk", FieldKind.FLAG, measure=lambda occasion: occasion.nature.message_class is MessageClass.LIST),
    Field("kind", FieldKind.TEXT, lambda occasion: (occasion.nature.message_class.value,), known=_CLASSES),
    Field("spam", FieldKind.FLAG, measure=lambda occasion: occasion.spam.reason is not None),
    Field("spam.score", FieldKind.NUMBER, measure=lambda occasion: occasion.spam.score),
    Field("spam.action", FieldKind.TEXT, lambda occasion: _present(occasion.spam.action)),
    Field("spam.symbols", FieldKind.SET, lambda occasion: occasion.spam.symbols),
    Field("auth", FieldKind.TEXT, lambda occasion: (occasion.authentication.verdict.value,), known=_RESULTS),
    Field("auth.spf", FieldKind.TEXT, lambda occasion: (occasion.authentication.spf.value,), known=_RESULTS),
    Field("auth.dkim", FieldKind.TEXT, lambda occasion: (occasion.authentication.dkim.value,), known=_RESULTS),
    Field("auth.dmarc", FieldKind.TEXT, lambda occasion: (occasion.authentication.dmarc.value,), known=_RESULTS),
    Field("auth.signed", FieldKind.TEXT, lambda occasion: (occasion.authentication.signed.value,), known=_RESULTS),
    Field("source", FieldKind.TEXT, lambda occasion: (occasion.source.value,), known=_SOURCES),
)

_TICKET_FIELDS = (
    Field("queue", FieldKind.TEXT, lambda occasion: _present(occasion.ticket.queue), known=QUEUES, of_ticket=True),
    Field("status", FieldKind.TEXT, lambda occasion: (occasion.ticket.status.value,), known=STATUSES, of_ticket=True),
    Field("priority", FieldKind.TEXT, lambda occasion: (occasion.ticket.priority.value,), known=PRIORITIES, of_ticket=True),
    Field("tier", FieldKind.TEXT, lambda occasion: (occasion.ticket.tier.value,), known=TIERS, of_ticket=True),
    Field("owner", FieldKind.TEXT, lambda occasion: _present(occasion.ticket.owner), known=AGENTS, of_ticket=True),
    Field("team", FieldKind.TEXT, lambda occasion: _present(occasion.ticket.team), known=TEAMS, of_ticket=True),
    Field("tags", FieldKind.SET, lambda occasion: sorted(occasion.ticket.tags), of_ticket=True),
    Field("language", FieldKind.TEXT, lambda occasion: _present(occasion.ticket.language), of_ticket=True),
    Field("age", FieldKind.DURATION, measure=_age_seconds, of_ticket=True),
    Field("replies.customer", FieldKind.NUMBER, measure=lambda occasion: occasion.ticket.customer_messages, of_ticket=True),
    Field("replies.agent", FieldKind.NUMBER, measure=lambda occasion: occasion.ticket.agent_messages, of_ticket=True),
    Field("score", FieldKind.NUMBER, measure=lambda occasion: occasion.score, of_ticket=True),
    Field("snoozed", FieldKind.FLAG, measure=lambda occasion: occasion.ticket.snoozed_until is not None, of_ticket=True),
)

_BACKGROUND_FIELDS = (
    Field("waiting", FieldKind.DURATION, measure=_waiting_seconds, aspect=Aspect.PAST),
    Field("idle", FieldKind.DURATION, measure=_idle_seconds, aspect=Aspect.PAST),
    Field("reopened", FieldKind.NUMBER, measure=_reopenings, aspect=Aspect.PAST),
    Field("customer.first_time", FieldKind.FLAG, measure=lambda occasion: not occasion.background.tickets, aspect=Aspect.REQUESTER),
    Field("customer.tickets", FieldKind.NUMBER, measure=lambda occasion: occasion.background.tickets, aspect=Aspect.REQUESTER),
    Field(
        "customer.last_agent",
        FieldKind.TEXT,
        lambda occasion: _present(occasion.background.last_agent),
        known=AGENTS,
        aspect=Aspect.REQUESTER,
    ),
    Field("customer.tags", FieldKind.SET, lambda occasion: sorted(occasion.background.tags), aspect=Aspect.REQUESTER),
    Field("agent.load", FieldKind.NUMBER, measure=_owners_load, of_ticket=True, aspect=Aspect.WORKLOAD),
    Field("queue.length", FieldKind.NUMBER, measure=_queue_length, of_ticket=True, aspect=Aspect.WORKLOAD),
)

FIELDS: Mapping[str, Field] = {field.name: field for field in _MESSAGE_FIELDS + _TICKET_FIELDS + _BACKGROUND_FIELDS}

PLANNED = frozenset({"sla"})
PLANNED_FAMILIES = frozenset({"customer", "sla"})
