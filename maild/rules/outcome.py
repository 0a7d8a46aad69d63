"""Outcome: what became of a mail or a deed, as far as a backtest compares it with another. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from maild.effects import AddMessage, Decision, IncomingState
from maild.past import PastMail
from maild.rules.chronicle import Firing
from maild.rules.expectations import kind_word, ticket_value
from maild.rules.explain import read_traces
from maild.rules.verdict import RuleTrace
from maild.task import Task
from maild.ticket import MessageKind, TicketView
from maild.tokens import LetterKind

CUSTOMER, AGENT, ADMINS = "customer", "agent", "admins"
_FIELDS = ("requester", "queue", "status", "priority", "tier", "owner", "team", "language")
_NOTHING = "(nothing)"
_ANY_WORD = "ack or reply"
"""A record does not say which of the two a letter was: a rule's reply takes the place of the acknowledgement."""
_RECORDED = {LetterKind.ACKNOWLEDGEMENT: _ANY_WORD, LetterKind.STATUS: "status"}
_AS_RECORDED = {"ack": _ANY_WORD, "reply": _ANY_WORD, "status": "status"}


@dataclass(frozen=True, slots=True)
class Notice:
    """A letter as far as it is compared. `kind` is ack, reply, status, notification, or an agent's answer; `to` is customer, agent or
    admins, `who` the agent. `mails`: one for each recipient."""

    kind: str
    template: str
    to: str
    who: str = ""
    mails: int = 1

    def __str__(self) -> str:
        return f"{self.kind} {self.template} to {self.who or self.to}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail. `ticket` None: none is concerned, or, where `has_ticket`, nobody has written down what it was like. `notes`
    are those of rules; `traces` are of all that were asked, as far as that is counted."""

    state: IncomingState
    ticket: TicketView | None
    has_ticket: bool
    firings: tuple[Firing, ...]
    notices: tuple[Notice, ...]
    notes: tuple[str, ...] = ()
    traces: tuple[RuleTrace, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would be different: a field of the ticket, `mail` (what becomes of it), `mails` (what goes out), `note`, `rules`."""

    field: str
    before: str
    after: str


def outcome_of(decision: Decision) -> Outcome:
    """What a decision makes of its mail."""
    traces = tuple(read_traces(decision.trace))
    return Outcome(
        decision.state,
        decision.after,
        decision.after is not None,
        tuple(_firings(traces)),
        tuple(_notices(decision)),
        tuple(_notes(decision)),
        traces,
    )


def _notes(decision: Decision) -> Iterator[str]:
    for effect in decision.effects:
        if isinstance(effect, AddMessage) and effect.kind is MessageKind.NOTE and effect.author.name.startswith("rule "):
            yield effect.visible


def _notices(decision: Decision) -> Iterator[Notice]:
    for letter in decision.letters:
        to = AGENT if letter.agent else ADMINS if letter.kind is LetterKind.NOTIFICATION else CUSTOMER
        kind = "answer" if letter.kind is LetterKind.ANSWER else kind_word(letter, decision)
        yield Notice(kind, letter.template, to, letter.agent or "", len(letter.addressees))


def outcome_recorded(mail: PastMail, walk: int = 0) -> Outcome:
    """What the desk has recorded of a mail, by its walk for one of several departments: no more than that."""
    traces = read_traces(mail.traces[walk]) if walk < len(mail.traces) else ()
    notices = (Notice(_RECORDED[letter.kind], letter.template, CUSTOMER) for letter in mail.letters if letter.kind in _RECORDED)
    return Outcome(mail.state, None, mail.ticket is not None, tuple(_firings(traces)), tuple(notices))


def as_recorded(outcome: Outcome) -> Outcome:
    """No more of it than a record has. What agents answer is no rule's doing, and may have been taken back; whom among them letters went to
    depends on more than the rules."""
    kept = (notice for notice in outcome.notices if notice.to == CUSTOMER and notice.kind in _AS_RECORDED)
    return replace(outcome, notices=tuple(replace(notice, kind=_AS_RECORDED[notice.kind]) for notice in kept))


def _firings(traces: Iterable[RuleTrace]) -> Iterator[Firing]:
    for trace in traces:
        if trace.fired and not trace.shadow:
            yield trace.rule, trace.actions


def compare(before: Outcome, after: Outcome) -> tuple[Change, ...]:
    """What is different, in the order in which people look: the mail's fate, the ticket, what goes out."""
    return tuple(_compare(before, after))


def _compare(before: Outcome, after: Outcome) -> Iterator[Change]:
    if fate := _changed("mail", fate_of(before), fate_of(after)):
        yield from fate
        return
    if before.ticket and after.ticket:
        yield from _compare_tickets(before.ticket, after.ticket)
        if before.notices != after.notices:
            yield from _changed("mails", _list(before.notices), _list(after.notices))
        yield from _changed("note", "; ".join(before.notes), "; ".join(after.notes))
    elif before.ticket is not after.ticket:
        yield from compare_firings(before.firings, after.firings)
        yield from _changed("mails", _templates(before), _templates(after))


def compare_firings(before: Iterable[Firing], after: Iterable[Firing]) -> tuple[Change, ...]:
    """Which rules have fired, and what they did."""
    return _changed("rules", _list(_words(before)), _list(_words(after)))


def fate_of(outcome: Outcome) -> str:
    """What became of the mail itself, in a word."""
    return describe_fate(outcome.state, has_ticket=outcome.has_ticket)


def describe_fate(state: IncomingState, *, has_ticket: bool) -> str:
    """The same of a mail that is only recorded."""
    where = "on a ticket" if has_ticket else "no ticket"
    return where if state is IncomingState.DONE else state.value


def _compare_tickets(before: TicketView, after: TicketView) -> Iterator[Change]:
    if before == after:
        return
    fields = (f"field.{name}" for name in sorted(before.fields.keys() | after.fields.keys()))
    for name in (*_FIELDS, *fields):
        yield from _changed(name, ticket_value(before, name), ticket_value(after, name))
    yield from _changed("tags", _list(sorted(before.tags)), _list(sorted(after.tags)))
    yield from _changed("snoozed", str(before.snoozed_until or ""), str(after.snoozed_until or ""))
    yield from _changed("tasks", _list(map(_task, before.tasks)), _list(map(_task, after.tasks)))


def _task(task: Task) -> str:
    return f"{task.title} for {task.agent}{'' if task.is_open else ', done'}"


def _changed(field: str, before: str, after: str) -> tuple[Change, ...]:
    return (Change(field, before or _NOTHING, after or _NOTHING),) if before != after else ()


def _list(items: Iterable[object]) -> str:
    return ", ".join(map(str, items))


def _words(firings: Iterable[Firing]) -> Iterator[str]:
    return (f"{rule}: {', '.join(actions)}" if actions else rule for rule, actions in firings)


def _templates(outcome: Outcome) -> str:
    """What the customer gets; whom among the agents letters went to depends on more than the rules."""
    return _list(sorted(notice.template for notice in outcome.notices if notice.to == CUSTOMER))


def find_responsible(before: Outcome, after: Outcome) -> tuple[str, ...]:
    """The rules that fire on one side only, or do something else there."""
    ours, theirs = Counter(after.firings), Counter(before.firings)
    return tuple(dict.fromkeys(rule for rule, _ in ((ours - theirs) + (theirs - ours))))
