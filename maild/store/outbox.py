"""The outbox as `maild outbox` shows it: a row for each delivery, which people may send at once, or never."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update

from maild.errors import NotFoundError, WrongStateError
from maild.outbox.delivery import DeliveryState
from maild.store import delayed_answers
from maild.store.counters import await_turn
from maild.store.engine import AnyRow, Transaction
from maild.store.tables.mail_out import deliveries, letters
from maild.tokens import LetterKind

_WAITING = (DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A delivery as `maild outbox list` shows it. `next_attempt` None: none will be made. `reply` is the relay's word on taking it.
    `settled`: when that was, or when it was given up or cancelled; None while there is more to come.
    """

    id: int
    letter: int
    ticket: int | None
    kind: LetterKind
    template: str
    queue: str
    recipient: str
    subject: str
    state: DeliveryState
    message_id: str
    attempts: int
    created: datetime
    next_attempt: datetime | None
    settled: datetime | None
    reply: str
    error: str


_ROW = select(
    deliveries.c.id,
    deliveries.c.letter,
    letters.c.ticket,
    letters.c.kind,
    letters.c.template,
    deliveries.c.queue,
    deliveries.c.recipient,
    letters.c.subject,
    deliveries.c.state,
    letters.c.message_id,
    deliveries.c.attempts,
    deliveries.c.created,
    deliveries.c.next_attempt,
    deliveries.c.settled,
    deliveries.c.reply,
    deliveries.c.error,
).join(letters, letters.c.number == deliveries.c.letter)


def list_outbox(
    tx: Transaction, *, state: DeliveryState | None = None, ticket: int | None = None, limit: int | None = None
) -> tuple[OutboxRow, ...]:
    """Deliveries, the newest first; every state unless one is named."""
    query = _ROW.where(*_wanted(state, ticket)).order_by(deliveries.c.id.desc()).limit(limit)
    return tuple(_row(row) for row in tx.execute(query))


def count_outbox(tx: Transaction, *, state: DeliveryState | None = None, ticket: int | None = None) -> int:
    query = select(func.count()).select_from(deliveries).join(letters, letters.c.number == deliveries.c.letter)
    return tx.execute(query.where(*_wanted(state, ticket))).scalar_one()


def _wanted(state: DeliveryState | None, ticket: int | None) -> list[ColumnElement[bool]]:
    named = [deliveries.c.state == state.value] if state is not None else []
    return [*named, *([letters.c.ticket == ticket] if ticket is not None else [])]


def show(tx: Transaction, delivery: int) -> OutboxRow:
    """One delivery. Raises NotFoundError if there is none of that number."""
    row = tx.execute(_ROW.where(deliveries.c.id == delivery)).first()
    if row is None:
        raise NotFoundError(f"there is no outbox row {delivery}")
    return _row(row)


def retry(tx: Transaction, delivery: int, now: datetime) -> None:
    """Send at once what waits, failed, or was cancelled.

    Raises:
        NotFoundError: there is no such row.
        WrongStateError: it is being sent or was sent, or its author took it back.
    """
    # Whoever takes it back at this moment is waited for.
    await_turn(tx)
    if delayed_answers.was_taken_back(tx, show(tx, delivery).letter):
        raise WrongStateError(f"outbox row {delivery} is an answer that was taken back, and a note on its ticket now")
    _change(tx, delivery, {"state": DeliveryState.QUEUED.value, "next_attempt": now, "settled": None, "was_unknown": False})


def cancel(tx: Transaction, delivery: int, now: datetime) -> None:
    """Never send it. Raises as `retry` does, but for what was taken back."""
    _change(tx, delivery, {"state": DeliveryState.CANCELLED.value, "next_attempt": None, "settled": now})


def _change(tx: Transaction, delivery: int, values: dict[str, object]) -> None:
    open_states = [state.value for state in (*_WAITING, DeliveryState.FAILED, DeliveryState.CANCELLED)]
    if not tx.execute(update(deliveries).where(deliveries.c.id == delivery, deliveries.c.state.in_(open_states)), values).rowcount:
        raise WrongStateError(f"outbox row {delivery} is {show(tx, delivery).state.value}")


def _row(row: AnyRow) -> OutboxRow:
    return OutboxRow(
        id=row.id,
        letter=row.letter,
        ticket=row.ticket,
        kind=LetterKind(row.kind),
        template=row.template,
        queue=row.queue,
        recipient=row.recipient,
        subject=row.subject,
        state=DeliveryState(row.state),
        message_id=row.message_id,
        attempts=row.attempts,
        created=row.created,
        next_attempt=row.next_attempt,
        settled=row.settled,
        reply=row.reply,
        error=row.error,
    )
