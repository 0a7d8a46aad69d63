"""Answers that wait in the outbox before they go out, and what is kept of each to take it back (MAIL.md A7)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, false, func, select, true, update

from maild.effects import Delay, TakeBack
from maild.outbox.delivery import DeliveryState
from maild.posted_answer import STOPPABLE, Delayed, PostedAnswer, WaitingAnswer, WaitingNotice, Way
from maild.regrouping import standing_of
from maild.store import sent_copies
from maild.store.counters import is_reading
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.regroupings import read_standing, standing_values
from maild.store.tables.mail_in import incoming
from maild.store.tables.mail_out import UNDELIVERED, delayed_answers, deliveries, letters
from maild.store.tables.tickets import messages
from maild.ticket import MessageKind, TicketView
from maild.tokens import LetterKind

MOST_POSTED = 5
TEXT_CHARACTERS = 100_000
# What was unknown once may have arrived then, whatever the relay has said since.
_CAN_BE_STOPPED = (deliveries.c.state.in_([state.value for state in STOPPABLE]), deliveries.c.was_unknown == false())

_POSTED = (
    select(
        letters.c.number,
        letters.c.ticket,
        letters.c.author,
        letters.c.created,
        letters.c.incoming,
        delayed_answers.c.until,
        delayed_answers.c.message,
        delayed_answers.c.states,
        delayed_answers.c.answers,
        func.substr(messages.c.visible, 1, TEXT_CHARACTERS).label("said"),
    )
    .outerjoin(delayed_answers, delayed_answers.c.letter == letters.c.number)
    .outerjoin(messages, messages.c.id == delayed_answers.c.message)
    .where(letters.c.kind == LetterKind.ANSWER.value, letters.c.author.is_not(None), delayed_answers.c.taken_back.is_(None))
    .order_by(letters.c.number.desc())
)
_STOPPABLE = select(deliveries.c.id).where(deliveries.c.letter == letters.c.number, *_CAN_BE_STOPPED).exists()

_WAITS = (
    select(deliveries.c.id)
    .where(
        deliveries.c.letter == delayed_answers.c.letter,
        deliveries.c.next_attempt == delayed_answers.c.until,
        deliveries.c.state == DeliveryState.QUEUED.value,
    )
    .exists()
)
_WAITING_ON = Prepared(
    select(letters.c.ticket, letters.c.author, delayed_answers.c.until)
    .join(delayed_answers, delayed_answers.c.letter == letters.c.number)
    .where(letters.c.ticket.in_(bindparam("tickets", expanding=True)), delayed_answers.c.taken_back.is_(None), _WAITS)
    .order_by(letters.c.number)
)


def store(tx: Transaction, letter: int, message: int, delay: Delay, after: TicketView, now: datetime) -> None:
    """An answer that was just posted waits. `message` is it on the ticket, `after` the ticket with it."""
    states = {"before": standing_values(standing_of(delay.before)), "after": standing_values(standing_of(after))}
    row = {"letter": letter, "message": message, "until": now + delay.lasts, "states": states, "answers": after.agent_messages}
    tx.execute(delayed_answers.insert(), row)


def find_posted(tx: Transaction, ticket: int) -> tuple[PostedAnswer, ...]:
    """The last answers of agents about a ticket that were not taken back, the newest first.

    In a writing transaction nobody sends what waits of them until it ends.
    """
    return _find(tx, _POSTED.where(letters.c.ticket == ticket).limit(MOST_POSTED))


def find_stoppable(tx: Transaction, ticket: int) -> tuple[PostedAnswer, ...]:
    """All that stand on a ticket, also such as came with another that went into it, and have not gone to everybody; as in `find_posted`."""
    here = select(delayed_answers.c.letter).join(messages, messages.c.id == delayed_answers.c.message).where(messages.c.ticket == ticket)
    return _find(tx, _POSTED.where(letters.c.number.in_(here), _STOPPABLE))


def find_notices(tx: Transaction, ticket: int) -> tuple[WaitingNotice, ...]:
    """The notices to a ticket's people that wait behind answers."""
    waits = (deliveries.c.letter == letters.c.number, *_CAN_BE_STOPPED, is_behind_answer())
    of_ticket = (letters.c.ticket == ticket, letters.c.kind == LetterKind.STATUS.value)
    rows = tx.execute(select(letters.c.number, letters.c.template).where(*of_ticket, select(deliveries.c.id).where(*waits).exists()))
    return tuple(WaitingNotice(row.number, row.template) for row in rows)


def _find(tx: Transaction, posted: Select[Any]) -> tuple[PostedAnswer, ...]:
    rows = tx.execute(posted).all()
    numbers = [row.number for row in rows]
    in_hand = _hold(tx, numbers)
    ways: dict[int, list[Way]] = {number: [] for number in numbers}
    of_letters = select(
        deliveries.c.id, deliveries.c.letter, deliveries.c.recipient, deliveries.c.state, deliveries.c.settled, deliveries.c.was_unknown
    )
    for row in tx.execute(of_letters.where(deliveries.c.letter.in_(numbers)).order_by(deliveries.c.id)):
        ways[row.letter].append(Way(row.recipient, _state_of(row, in_hand), row.settled))
    return tuple(
        PostedAnswer(row.number, row.author, row.created, tuple(ways[row.number]), _delayed(tx, row) if row.until else None) for row in rows
    )


def _state_of(row: AnyRow, in_hand: Collection[int] | None) -> DeliveryState:
    """How far it has come, as far as it can be stopped; `in_hand`: those that nobody else has, None: that is not known."""
    state = DeliveryState(row.state)
    if state not in STOPPABLE:
        return state
    if row.was_unknown:
        return DeliveryState.UNKNOWN
    return state if in_hand is None or row.id in in_hand else DeliveryState.SENDING


def _hold(tx: Transaction, numbers: Collection[int]) -> frozenset[int] | None:
    """The deliveries of these letters that nobody else has in hand, and that nobody takes until this transaction ends; None: it only reads.

    Whoever sends one at this moment is not waited for: he may wait for us. SQLite's writers stand in line anyway.
    """
    if is_reading(tx):
        return None
    free = select(deliveries.c.id).where(deliveries.c.letter.in_(numbers), *_CAN_BE_STOPPED)
    return frozenset(tx.execute(free.with_for_update(skip_locked=True)).scalars())


def _delayed(tx: Transaction, row: AnyRow) -> Delayed:
    states = {name: read_standing(values) for name, values in row.states.items()}
    told = _find_told(tx, row.incoming, row.ticket) if row.incoming else ()
    return Delayed(row.until, row.message, row.said or "", row.incoming, states["before"], states["after"], row.answers, told)


def _find_told(tx: Transaction, mail: int, ticket: int) -> tuple[str, ...]:
    """The agents to whom something was written because of a mail."""
    agents = select(letters.c.agent).where(letters.c.ticket == ticket, letters.c.incoming == mail, letters.c.agent.is_not(None))
    return tuple(agent for agent in tx.execute(agents.distinct().order_by(letters.c.agent)).scalars() if agent)


def find_waiting(tx: Transaction, ticket: int) -> Mapping[int, datetime]:
    """The messages of a ticket that are answers still waiting, and until when at least."""
    of_ticket = select(delayed_answers.c.message, delayed_answers.c.until).join(messages, messages.c.id == delayed_answers.c.message)
    rows = tx.execute(of_ticket.where(messages.c.ticket == ticket, delayed_answers.c.taken_back.is_(None), _WAITS))
    return {message: until for message, until in rows}


def find_waiting_on(tx: Transaction, tickets: Collection[int]) -> Mapping[int, tuple[WaitingAnswer, ...]]:
    """The answers about these tickets that still wait, in the order in which they were given."""
    found: dict[int, tuple[WaitingAnswer, ...]] = {}
    for row in _WAITING_ON.read(tx, {"tickets": list(tickets)}) if tickets else ():
        found[row.ticket] = (*found.get(row.ticket, ()), WaitingAnswer(row.author, row.until))
    return found


def count_waiting(tx: Transaction, now: datetime) -> int:
    """How many recipients wait for answers that are held back."""
    waits = (UNDELIVERED, deliveries.c.state == DeliveryState.QUEUED.value, deliveries.c.next_attempt > now, is_waiting())
    return tx.execute(select(func.count()).select_from(deliveries).where(*waits)).scalar_one()


def take_back(tx: Transaction, effect: TakeBack, now: datetime) -> None:
    """Nothing of the letter goes out any more; if nobody has it, the answer is a note, which can be sent after all (A6)."""
    stop(tx, effect.letter, now)
    if effect.message is None:
        return
    sent_copies.forget(tx, effect.letter)
    tx.execute(update(delayed_answers).where(delayed_answers.c.letter == effect.letter), {"taken_back": now})
    note = {"kind": MessageKind.NOTE.value, "internal": True}
    tx.execute(update(messages).where(messages.c.id == effect.message), note)
    tx.execute(update(incoming).where(incoming.c.id == effect.incoming, incoming.c.sent_after_all == true()), {"sent_after_all": False})


def stop(tx: Transaction, letter: int, now: datetime) -> None:
    """It goes to nobody to whom it has not gone."""
    waiting = update(deliveries).where(deliveries.c.letter == letter, *_CAN_BE_STOPPED)
    tx.execute(waiting, {"state": DeliveryState.CANCELLED.value, "next_attempt": None, "settled": now})


def was_taken_back(tx: Transaction, letter: int) -> bool:
    taken = select(delayed_answers.c.letter).where(delayed_answers.c.letter == letter, delayed_answers.c.taken_back.is_not(None))
    return tx.execute(taken).first() is not None


def is_waiting() -> ColumnElement[bool]:
    """Whether a delivery, in a statement about deliveries, waits as long as its answer was to wait."""
    return (
        select(delayed_answers.c.letter)
        .where(delayed_answers.c.letter == deliveries.c.letter, delayed_answers.c.until == deliveries.c.next_attempt)
        .exists()
    )


def is_behind_answer() -> ColumnElement[bool]:
    """Whether a delivery, in a statement about deliveries, waits as long as an answer on its ticket was to: its own, or one before it."""
    answers = letters.alias()
    return (
        select(delayed_answers.c.letter)
        .join(answers, answers.c.number == delayed_answers.c.letter)
        .join(letters, letters.c.ticket == answers.c.ticket)
        .where(letters.c.number == deliveries.c.letter, delayed_answers.c.until == deliveries.c.next_attempt)
        .exists()
    )
