"""The actions of the rule language: each a frozen value that applies itself to the verdict in the making. Pure: nothing is done here.

How actions are written is decided in `load_actions`; what becomes of wishes (gates, caps, the letters themselves) in the walk.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from maild.background import Aspect
from maild.desk.ticket_tags import find_tag_problem, write_tag_word
from maild.errors import MaildError
from maild.message import AuthResult, MessageClass
from maild.rules.strings import Text
from maild.rules.verdict import (
    HOLD_TAG,
    AckWish,
    CloseWish,
    Event,
    Fate,
    ForwardWish,
    NoteWish,
    NotifyWish,
    Occasion,
    Points,
    ReplyWish,
    Source,
    Verdict,
    Wish,
)
from maild.ticket import Priority, Status, TicketView, Tier


class ActionSkippedError(MaildError):
    """An action has nothing to do here."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What an action may look at beside the verdict in the making: its rule, the occasion, and the rule's captures."""

    rule: str
    occasion: Occasion
    captures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ActionResult:
    """An action's result: the verdict after it, and what was done in words."""

    verdict: Verdict
    words: str


class Action(ABC):
    """One action with what it was given."""

    __slots__ = ()

    @abstractmethod
    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        """The verdict with this action in it.

        Raises:
            ActionSkippedError, ValueMissingError: it is left out; the trace says why.
        """

    @property
    def aspects(self) -> frozenset[Aspect]:
        """What must be looked up for it."""
        return frozenset()

    def describe(self) -> str:
        """What it is for, in words: in the list of rules, and in the trace where it was left out."""
        return type(self).__name__.casefold()

    @property
    def letter(self) -> "LetterOrder | None":
        """The mail template it names, with what it hands to that; None where it names none."""
        return None

    @property
    def sends(self) -> bool:
        """Whether mail goes out because of it that counts against the limit of its rule (RULES.md 5.5)."""
        return self.letter is not None


Values = tuple[tuple[str, Text | int | float | bool | None], ...]
"""What an action hands to a mail template beside the values every letter has."""


@dataclass(frozen=True, slots=True)
class LetterOrder:
    """A mail template and the values an action hands to it."""

    template: str
    values: Values = ()


@dataclass(frozen=True, slots=True)
class SetField(Action):
    """`set` and `default`, one field each: `queue status priority tier owner team language` or `field.<name>`. `value` None clears it.

    `only_undecided`: `default` leaves alone what a rule or a person has set.
    """

    name: str
    value: Text | None
    only_undecided: bool = False

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        if self.only_undecided and self.name in verdict.ticket.decided:
            raise ActionSkippedError("it has been set already")
        value = self.value.fill(verdict.ticket, moment.captures) if self.value else None
        ticket = set_field(verdict.ticket, self.name, value, moment.occasion.now)
        words = f"{self.name} cleared" if value is None else f"{self.name} set to {value}"
        return ActionResult(replace(verdict, ticket=ticket), words + (" by default" if self.only_undecided else ""))

    def describe(self) -> str:
        return f"{'default' if self.only_undecided else 'set'} {self.name} {'null' if self.value is None else self.value}"


@dataclass(frozen=True, slots=True)
class Tag(Action):
    tags: tuple[Text, ...]

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        tags = _fill_tags(self.tags, verdict, moment)
        if problem := next(filter(None, map(find_tag_problem, tags)), ""):
            raise ActionSkippedError(problem)
        ticket = replace(verdict.ticket, tags=verdict.ticket.tags | set(tags))
        return ActionResult(replace(verdict, ticket=ticket), f"tagged {', '.join(tags)}")

    def describe(self) -> str:
        return f"tag {', '.join(map(str, self.tags))}"


@dataclass(frozen=True, slots=True)
class Untag(Action):
    tags: tuple[Text, ...]

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        tags = _fill_tags(self.tags, verdict, moment)
        ticket = replace(verdict.ticket, tags=verdict.ticket.tags - set(tags))
        return ActionResult(replace(verdict, ticket=ticket), f"untagged {', '.join(tags)}")

    def describe(self) -> str:
        return f"untag {', '.join(map(str, self.tags))}"


@dataclass(frozen=True, slots=True)
class Assign(Action):
    """`assign`: to an agent, to a team, or both."""

    agent: str | None
    team: str | None

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        ticket = verdict.ticket
        for name, value in (("team", self.team), ("owner", self.agent)):
            if value is not None:
                ticket = set_field(ticket, name, value, moment.occasion.now)
        return ActionResult(replace(verdict, ticket=ticket), f"assigned to {self._receivers()}")

    def describe(self) -> str:
        return f"assign to {self._receivers()}"

    def _receivers(self) -> str:
        return ", ".join(receiver for receiver in (self.agent, self.team and f"team {self.team}") if receiver)


@dataclass(frozen=True, slots=True)
class Ack(Action):
    """`ack`: replaces the queue's acknowledgement, or withholds it."""

    wanted: bool
    template: str | None = None
    values: Values = ()

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        if moment.occasion.event is not Event.TICKET_CREATED:
            raise ActionSkippedError("only a new ticket is acknowledged")
        if self.wanted and moment.occasion.silence:
            raise ActionSkippedError(moment.occasion.silence)
        wish = AckWish(moment.rule, self.wanted, self.template, _fill_values(self.values, verdict, moment))
        words = f"acknowledged with {self.template or 'the usual text'}" if self.wanted else "acknowledgement withheld"
        return _with_wish(verdict, wish, words)

    def describe(self) -> str:
        return f"ack with {self.template or 'the usual text'}" if self.wanted else "no ack"

    @property
    def letter(self) -> LetterOrder | None:
        return LetterOrder(self.template, self.values) if self.template else None

    @property
    def sends(self) -> bool:
        """There is one for each ticket at most, and the caps of MAIL.md L4 bound it."""
        return False


@dataclass(frozen=True, slots=True)
class Reply(Action):
    """`reply`: a templated answer, never to automatic mail (RULES.md 5.5)."""

    template: str
    then: Status | None = None
    values: Values = ()

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        if moment.occasion.nature.message_class not in {MessageClass.HUMAN, MessageClass.LIST}:
            raise ActionSkippedError("never to automatic mail")
        if moment.occasion.silence:
            raise ActionSkippedError(moment.occasion.silence)
        refuse_on_hold(verdict)
        wish = ReplyWish(moment.rule, self.template, _fill_values(self.values, verdict, moment))
        words = f"replied with {self.template}"
        if self.then is None:
            return _with_wish(verdict, wish, words)
        ticket = set_field(verdict.ticket, "status", self.then.value, moment.occasion.now)
        return _with_wish(replace(verdict, ticket=ticket), wish, f"{words}, then {self.then.value}")

    def describe(self) -> str:
        return f"reply with {self.template}"

    @property
    def letter(self) -> LetterOrder:
        return LetterOrder(self.template, self.values)


@dataclass(frozen=True, slots=True)
class Note(Action):
    text: Text

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        return _with_wish(verdict, NoteWish(moment.rule, self.text.fill(verdict.ticket, moment.captures)), "noted")


@dataclass(frozen=True, slots=True)
class Notify(Action):
    who: tuple[str, ...]
    template: str
    values: Values = ()

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        wish = NotifyWish(moment.rule, self.who, self.template, _fill_values(self.values, verdict, moment))
        return _with_wish(verdict, wish, f"notified {', '.join(self.who)} with {self.template}")

    def describe(self) -> str:
        return f"notify {', '.join(self.who)}"

    @property
    def letter(self) -> LetterOrder:
        return LetterOrder(self.template, self.values)


@dataclass(frozen=True, slots=True)
class Forward(Action):
    """`forward`: a customer's mail, to somebody outside who can help; never what a machine or a list has sent, nor back to who wrote it."""

    to: tuple[str, ...]
    template: str
    values: Values = ()

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        occasion = moment.occasion
        if occasion.source is Source.DESK:
            raise ActionSkippedError("no customer has written")
        if occasion.nature.message_class is not MessageClass.HUMAN:
            raise ActionSkippedError("never what a machine or a mailing list has sent")
        refuse_on_hold(verdict)
        writers = {address.key for address in (occasion.message.author, *occasion.message.senders) if address}
        to = tuple(address for address in self.to if address.casefold() not in writers)
        if not to:
            raise ActionSkippedError("it comes from there")
        wish = ForwardWish(moment.rule, to, self.template, _fill_values(self.values, verdict, moment))
        return _with_wish(verdict, wish, f"forwarded to {', '.join(to)} with {self.template}")

    def describe(self) -> str:
        return f"forward to {', '.join(self.to)}"

    @property
    def letter(self) -> LetterOrder:
        return LetterOrder(self.template, self.values)


@dataclass(frozen=True, slots=True)
class Close(Action):
    """`close`: `template` None leaves the notice to the queue."""

    template: str | None = None

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        refuse_on_hold(verdict)
        ticket = set_field(verdict.ticket, "status", Status.CLOSED.value, moment.occasion.now)
        words = f"closed with {self.template}" if self.template else "closed"
        return _with_wish(replace(verdict, ticket=ticket), CloseWish(moment.rule, self.template), words)

    def describe(self) -> str:
        return f"close with {self.template}" if self.template else "close"

    @property
    def letter(self) -> LetterOrder | None:
        return LetterOrder(self.template) if self.template else None


@dataclass(frozen=True, slots=True)
class Divert(Action):
    """`quarantine` and `drop`: the mail becomes no ticket, and the reason is kept. Between several of them the last one stands."""

    fate: Fate
    reason: Text

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        if verdict.fate is Fate.ALLOW:
            raise ActionSkippedError(f"rule {verdict.fate_rule} lets it in")
        reason = self.reason.fill(verdict.ticket, moment.captures)
        words = f"{'quarantined' if self.fate is Fate.QUARANTINE else 'dropped'}: {reason}"
        return ActionResult(replace(verdict, fate=self.fate, fate_reason=reason, fate_rule=moment.rule), words)

    def describe(self) -> str:
        return self.fate.value


@dataclass(frozen=True, slots=True)
class Allow(Action):
    """`allow`: neither the desk's doubts nor a later rule keep the mail out. Only for a sender who is proved (MAIL.md S5)."""

    reason: Text

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        if moment.occasion.authentication.verdict is not AuthResult.PASS:
            raise ActionSkippedError("the sender is not authenticated")
        if verdict.fate is not Fate.KEEP:
            raise ActionSkippedError(f"rule {verdict.fate_rule} keeps it out")
        reason = self.reason.fill(verdict.ticket, moment.captures)
        return ActionResult(replace(verdict, fate=Fate.ALLOW, fate_reason=reason, fate_rule=moment.rule), f"allowed: {reason}")


@dataclass(frozen=True, slots=True)
class Score(Action):
    """`score`: points for the mail, or against it where they are negative. What all of them come to is the desk's to judge."""

    points: float
    why: Text | None = None

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        why = self.why.fill(verdict.ticket, moment.captures) if self.why else ""
        scored = replace(verdict, points=(*verdict.points, Points(moment.rule, self.points, why)))
        return ActionResult(scored, f"{self.describe()}, now {scored.score:g}" + (f": {why}" if why else ""))

    def describe(self) -> str:
        return f"score {self.points:+g}"


def refuse_on_hold(verdict: Verdict) -> None:
    """Raises ActionSkippedError: what is done by itself would come before the person who must look at it."""
    if HOLD_TAG in verdict.ticket.tags:
        raise ActionSkippedError("the ticket is on hold until somebody has looked at it")


def set_field(ticket: TicketView, name: str, value: str | None, now: datetime) -> TicketView:
    """The ticket with one field set, and remembered as decided. `name` and `value` have been checked at load."""
    decided = replace(ticket, decided=ticket.decided | {name})
    match name:
        case "queue":
            return replace(decided, queue=value or ticket.queue)
        case "owner":
            return decided.owned_by(value)
        case "team":
            return replace(decided, team=value)
        case "language":
            return replace(decided, language=value)
        case "priority":
            return replace(decided, priority=Priority(value))
        case "tier":
            return replace(decided, tier=Tier(value))
        case "status":
            return decided.with_status(Status(value), now)
    own_name = name.removeprefix("field.")
    fields = {other: text for other, text in ticket.fields.items() if other != own_name}
    return replace(decided, fields=fields if value is None else {**fields, own_name: value})


def _with_wish(verdict: Verdict, wish: Wish, words: str) -> ActionResult:
    return ActionResult(replace(verdict, wishes=(*verdict.wishes, wish)), words)


def _fill_tags(texts: tuple[Text, ...], verdict: Verdict, moment: Moment) -> tuple[str, ...]:
    return tuple(write_tag_word(text.fill(verdict.ticket, moment.captures)) for text in texts)


def _fill_values(values: Values, verdict: Verdict, moment: Moment) -> Mapping[str, object]:
    return {name: value.fill(verdict.ticket, moment.captures) if isinstance(value, Text) else value for name, value in values}
