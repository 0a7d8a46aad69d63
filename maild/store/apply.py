"""Apply a decision: the ticket, its messages, events, trace and letters, and the incoming message settled, all in the caller's transaction.

What happens was decided elsewhere; here numbers are given, facts that follow from the messages alone are kept (counts, thread ids, times),
and rows are written, one statement per table: the ticket's in `ticket_rows`, what is remembered beside it in `marks`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from maild.desk.tally import with_messages
from maild.effects import AddMessage, Decision, Letter, Link, Merge, RecordEvent, Split, Undo
from maild.errors import LeakError, TemplateError
from maild.ingest.arrival import Incoming
from maild.outbox.delivery import Composed, DeliveryState, Envelope
from maild.stay import Followed
from maild.store import broken_rules, counters, delayed_answers, regroupings, sent_copies, stays, tasks
from maild.store import incoming as incoming_mail
from maild.store.deliveries import PRIORITIES
from maild.store.engine import Transaction
from maild.store.marks import write_marks
from maild.store.prepared import Prepared
from maild.store.tables import mail_out, tickets
from maild.store.ticket_rows import Row, write_messages, write_ticket
from maild.ticket import MessageKind, Status, TicketView, latest_ids
from maild.tokens import LetterKind

Compose = Callable[[Letter, TicketView | None, int], Composed]
"""Renders a letter under its number; the ticket is numbered. None: the letter concerns no ticket."""
Follow = Callable[[TicketView | None, TicketView, datetime], Iterable[Followed]]
"""Which stays of time rules begin and end where a ticket changes, see `maild.rules.times`."""


class Numbering(Protocol):
    """Who gives tickets and letters their numbers."""

    def ticket(self, tx: Transaction) -> int:
        """Of the ticket that is opened."""

    def letters(self, tx: Transaction, letters: Sequence[Letter]) -> Sequence[int]:
        """One for each of these letters."""


_INSERT_EVENTS = Prepared(tickets.events.insert())
_INSERT_TRACE = Prepared(tickets.rule_traces.insert())
_INSERT_LETTERS = Prepared(mail_out.letters.insert())
_INSERT_DELIVERIES = Prepared(mail_out.deliveries.insert())


@dataclass(frozen=True, slots=True)
class _Counting:
    """One after the other, as they come. `first`: of the desk's tickets."""

    first: int

    def ticket(self, tx: Transaction) -> int:
        return counters.take(tx, counters.TICKET, first=self.first)[0]

    def letters(self, tx: Transaction, letters: Sequence[Letter]) -> Sequence[int]:
        return counters.take(tx, counters.LETTER, wanted=len(letters))


@dataclass(frozen=True, slots=True)
class _Posted:
    """A letter with its number and its bytes."""

    number: int
    letter: Letter
    composed: Composed


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written: the ticket as it now stands (None: no ticket is concerned), and the numbers of the letters posted, those for what
    happens beside it last."""

    ticket: TicketView | None
    letters: tuple[int, ...]

    @property
    def ticket_number(self) -> int | None:
        return self.ticket.number if self.ticket else None


def follow_nothing(before: TicketView | None, after: TicketView, now: datetime) -> Iterable[Followed]:
    """As of a desk without time rules."""
    return ()


def apply(
    tx: Transaction,
    decision: Decision,
    *,
    now: datetime,
    compose: Compose,
    incoming: Incoming | None,
    first_number: int,
    settles: bool = True,
    follow: Follow = follow_nothing,
    numbering: Numbering | None = None,
) -> Applied:
    """Write everything a decision means.

    `compose` renders a letter for the numbered ticket under the letter's number; if it raises, the caller's savepoint undoes the rest,
    unless it was only a rule that wanted the letter.
    `incoming` is settled with the decision's state; None for a decision that no mail caused. `settles` False: it stays as an earlier walk
    has settled it, and only its departments are noted (F10). `first_number`: of a desk's first ticket. `numbering` None: numbers are
    counted on from there.
    """
    numbers = numbering or _Counting(first_number)
    messages = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    if messages and decision.after is None:
        raise ValueError("a decision that concerns no ticket cannot add messages")
    ticket = decision.after and with_messages(_numbered(tx, decision, decision.after, numbers), decision.before, messages, now)
    told = _telling(decision.letters, incoming) if incoming and ticket is None else decision.letters
    # Ahead of the letters: the card in them names the customer's other tickets as they stand after this.
    _regroup(tx, decision, ticket, now, follow)
    posted, unwritten = _compose_all(tx, told, ticket, compose, numbers)
    written: tuple[int, ...] = ()
    task_ids: Mapping[int, int] = {}
    if ticket is not None:
        ticket = _with_letters(ticket, posted)
        write_ticket(tx, decision.before, ticket, len(messages))
        task_ids = tasks.write(tx, ticket.number, decision.before.tasks if decision.before else (), ticket.tasks)
        written = write_messages(tx, ticket, messages, incoming)
        stays.follow(tx, follow(decision.before, ticket, now), now)
    number = ticket.number if ticket else None
    _write_letters(tx, posted, number, incoming, now, task_ids)
    if ticket is not None:
        _write_delays(tx, posted, ticket, dict(zip(written, messages, strict=True)), now)
    _write_log(tx, replace(decision, effects=(*decision.effects, *unwritten)) if unwritten else decision, number, incoming, now)
    write_marks(tx, decision, number, now, incoming.id if incoming else None)
    again = partial(apply, tx, now=now, compose=compose, incoming=None, first_number=first_number, follow=follow, numbering=numbering)
    opened = _branch(tx, decision, ticket, now, again)
    if incoming and settles:
        _settle(tx, decision, number, incoming, now)
    elif incoming:
        incoming_mail.note_departments(tx, incoming.id, decision.departments)
    beside = [again(other) for other in decision.beside]
    return Applied(ticket, (*(item.number for item in posted), *opened, *(number for other in beside for number in other.letters)))


def _numbered(tx: Transaction, decision: Decision, after: TicketView, numbers: Numbering) -> TicketView:
    return after if decision.before is not None else replace(after, number=numbers.ticket(tx))


def _with_letters(ticket: TicketView, posted: Sequence[_Posted]) -> TicketView:
    """Letters the customer gets belong to the thread, too."""
    public = tuple(item for item in posted if item.letter.kind is not LetterKind.NOTIFICATION and not item.letter.internal)
    return replace(
        ticket,
        acknowledged=ticket.acknowledged or any(item.letter.kind is LetterKind.ACKNOWLEDGEMENT for item in posted),
        references=latest_ids(ticket.references + tuple(item.composed.message_id for item in public)),
    )


def _telling(letters: Sequence[Letter], incoming: Incoming) -> Sequence[Letter]:
    """A letter about no ticket tells of the mail itself (MAIL.md A4), which an admin knows by its number."""
    return [replace(letter, values={"incoming": incoming.id, **letter.values}) for letter in letters]


def _compose_all(
    tx: Transaction, letters: Sequence[Letter], ticket: TicketView | None, compose: Compose, numbers: Numbering
) -> tuple[tuple[_Posted, ...], tuple[RecordEvent, ...]]:
    """The letters written, and what is to be said of those that were not: where a rule's own template breaks, nothing else is lost by it
    (RULES.md 5.2)."""
    if not letters:
        return (), ()
    posted, unwritten = [], []
    for letter, number in zip(letters, numbers.letters(tx, letters), strict=True):
        try:
            posted.append(_Posted(number, letter, compose(letter, ticket, number)))
        except (TemplateError, LeakError) as error:
            if not letter.rule:
                raise
            unwritten.append(RecordEvent("rule_error", f"rule {letter.rule}", f"its letter {letter.template} was not sent: {error}"))
    return tuple(posted), tuple(unwritten)


def _write_letters(
    tx: Transaction,
    posted: Sequence[_Posted],
    ticket: int | None,
    incoming: Incoming | None,
    now: datetime,
    task_ids: Mapping[int, int],
) -> None:
    """`task_ids`: of the ticket's tasks, by number."""
    if not posted:
        return
    _INSERT_LETTERS.write(
        tx, *(_letter_values(item, ticket, incoming, now) | {"task": task_ids.get(item.letter.task or 0)} for item in posted)
    )
    sent_copies.want(tx, [item.number for item in posted if item.composed.is_copied])
    behind = _find_answers_before(tx, posted, ticket, now)
    deliveries = [
        _delivery_values(item.letter, item.number, envelope, now, behind) for item in posted for envelope in item.composed.envelopes
    ]
    if deliveries:
        _INSERT_DELIVERIES.write(tx, *deliveries)


def _letter_values(posted: _Posted, ticket: int | None, incoming: Incoming | None, now: datetime) -> Row:
    letter, composed = posted.letter, posted.composed
    return {
        "number": posted.number,
        "ticket": ticket,
        "kind": letter.kind.value,
        "template": letter.template,
        "queue": letter.queue,
        "agent": letter.agent,
        "author": letter.author,
        "internal": letter.internal,
        "automatic": letter.automatic,
        "message_id": composed.message_id,
        "subject": composed.subject,
        "created": now,
        "content": composed.raw,
        "packed": False,
        "incoming": letter.about or (incoming.id if incoming else None),
        "offer": letter.offer,
        "as_of": letter.as_of,
        "rule": letter.rule if letter.rule and letter.limited else None,
    }


def _find_answers_before(tx: Transaction, posted: Sequence[_Posted], ticket: int | None, now: datetime) -> datetime:
    """When answers have gone out that wait (`send_after`), where there is a notice among these letters; else `now`. Whoever reads that his
    ticket is closed must have read the answer."""
    if ticket is None or not any(item.letter.kind is LetterKind.STATUS for item in posted):
        return now
    waiting = delayed_answers.find_waiting_on(tx, (ticket,)).get(ticket, ())
    return max((now, *(answer.until for answer in waiting)))


def _delivery_values(letter: Letter, number: int, envelope: Envelope, now: datetime, behind: datetime) -> Row:
    """`behind`: when a notice may go."""
    recipient, first = envelope.recipient, behind if letter.kind is LetterKind.STATUS else now
    return {
        "letter": number,
        "priority": PRIORITIES[letter.kind],
        "queue": letter.queue,
        "recipient": recipient.address,
        "recipient_key": recipient.key,
        "recipient_domain": recipient.domain,
        "automatic": letter.automatic,
        "created": now,
        "state": DeliveryState.QUEUED.value,
        "attempts": 0,
        "next_attempt": now + letter.delay.lasts if letter.delay else first,
        "was_unknown": False,
        "reply": "",
        "error": "",
        "envelope_sender": envelope.sender,
        "envelope_id": envelope.id,
    }


def _write_delays(
    tx: Transaction, posted: Sequence[_Posted], ticket: TicketView, messages: Mapping[int, AddMessage], now: datetime
) -> None:
    """MAIL.md A7: what must be known to take an answer back. `messages`: those it was given with, by id."""
    for item in posted:
        if delay := item.letter.delay:
            answer = next(number for number, message in messages.items() if message.kind is MessageKind.AGENT)
            delayed_answers.store(tx, item.number, answer, delay, ticket, now)


def _write_log(tx: Transaction, decision: Decision, ticket: int | None, incoming: Incoming | None, now: datetime) -> None:
    place: Row = {"ticket": ticket, "incoming": incoming.id if incoming else None, "at": now}
    events = [effect for effect in decision.effects if isinstance(effect, RecordEvent)]
    rows = [place | {"ticket": event.on or ticket, "kind": event.kind, "by": event.by, "text": event.text} for event in events]
    for link in (effect for effect in decision.effects if isinstance(effect, Link)):
        why = f": {link.why}" if link.why else ""
        for here, there in ((ticket, link.ticket), (link.ticket, ticket)):
            rows.append(place | {"ticket": here, "kind": "linked", "by": link.by, "text": f"with #{there}{why}"})
    if rows:
        _INSERT_EVENTS.write(tx, *rows)
    for event in (event for event in events if event.kind == broken_rules.KIND):
        broken_rules.note(tx, event.by.removeprefix("rule "), event.text, now)
    if decision.trace:
        whole = [dict(rule) for rule in decision.trace]
        _INSERT_TRACE.write(tx, place | {"rules": [rule for rule in whole if rule["fired"] or "problem" in rule], "whole": whole})


def _regroup(tx: Transaction, decision: Decision, ticket: TicketView | None, now: datetime, follow: Follow) -> None:
    """Merges, and what is undone of them, of links and of splits."""
    for effect in decision.effects:
        match effect:
            case Merge() if ticket:
                regroupings.merge(tx, ticket.number, effect, now)
                stays.follow(tx, follow(effect.other, replace(effect.other, status=Status.MERGED), now), now)
                stays.forget_ticket(tx, effect.other.number)
            case Undo():
                regroupings.undo(tx, effect, now)
                _follow_undone(tx, effect.other, now, follow)


def _follow_undone(tx: Transaction, other: TicketView | None, now: datetime, follow: Follow) -> None:
    """A ticket that is back from a merge begins to be waited on anew; one that was split off is merged by now."""
    if other and other.status is Status.MERGED:
        stays.forget_ticket(tx, other.number)
    elif other:
        stays.follow(tx, follow(replace(other, status=Status.MERGED), other, now), now)


def _branch(
    tx: Transaction, decision: Decision, ticket: TicketView | None, now: datetime, again: Callable[[Decision], Applied]
) -> tuple[int, ...]:
    """Links and splits, also of a ticket that is new and is written by now. Answers the numbers of the letters about tickets split off.
    `again` applies what opens those."""
    posted: tuple[int, ...] = ()
    for effect in decision.effects:
        match effect:
            case Link() if ticket:
                regroupings.link(tx, ticket.number, effect, now)
            case Split() if ticket:
                posted += _split(tx, ticket.number, effect, now, again)
    return posted


def _split(tx: Transaction, ticket: int, effect: Split, now: datetime, again: Callable[[Decision], Applied]) -> tuple[int, ...]:
    opened = again(effect.opening)
    if opened.ticket is None:
        return ()
    regroupings.split(tx, ticket, opened.ticket.number, effect, now)
    text = f"#{opened.ticket.number} was split off: {opened.ticket.subject}"
    _INSERT_EVENTS.write(tx, {"ticket": ticket, "incoming": None, "at": now, "kind": "split", "by": effect.by, "text": text})
    return opened.letters


def _settle(tx: Transaction, decision: Decision, ticket: int | None, incoming: Incoming, now: datetime) -> None:
    incoming_mail.finish(
        tx,
        incoming.id,
        decision.state,
        decision.reason,
        now,
        message_class=decision.message_class,
        evidence=decision.evidence,
        ticket=ticket,
        author=decision.author,
        subject=decision.subject,
        identity=decision.identity,
        conduct=decision.conduct,
        auth=decision.auth,
        opinion=decision.opinion,
        departments=decision.departments,
    )
