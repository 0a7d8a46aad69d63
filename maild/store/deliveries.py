"""Deliveries: one row per recipient of a letter (MAIL.md O6), claimed with a lease, sent elsewhere, and recorded here.

queued → sending → sent | deferred | failed | unknown; deferred and unknown rows come due again. Letters are posted by `apply`.
What people see of them, and change, is `outbox.py`'s.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Update, bindparam, case, func, or_, select, update

from maild.outbox.delivery import Deferred, Delivery, DeliveryState, Failed, Outcome, Sent, Unknown
from maild.store import claims, delayed_answers, letter_aliases, sent_copies
from maild.store.brakes import PAUSED
from maild.store.engine import AnyRow, Transaction
from maild.store.letters import unpacked
from maild.store.outbox import OutboxRow, show
from maild.store.prepared import Prepared
from maild.store.tables.desk import settings
from maild.store.tables.mail_out import UNDELIVERED, deliveries, letters
from maild.store.tables.tickets import events
from maild.tokens import LetterKind
from maild.waits import find_latest_end

PRIORITIES = {LetterKind.ANSWER: 0, LetterKind.NOTIFICATION: 1, LetterKind.WELCOME: 1, LetterKind.STATUS: 2, LetterKind.ACKNOWLEDGEMENT: 2}
"""OPERATIONS T9: agents' replies before notifications before acknowledgements."""
_PRIORITY_ORDER = sorted(set(PRIORITIES.values()))
_SENDING = DeliveryState.SENDING.value
BOUNCED = "bounced: "
"""How the error of a letter begins that the relay took, and that came back."""


def _due(priority: int, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    """The one delivery of a priority that has waited longest, unless the outbox is paused."""
    paused = select(settings.c.name).where(settings.c.name == PAUSED).exists()
    return (
        select(deliveries.c.id)
        .where(
            UNDELIVERED,
            deliveries.c.state != _SENDING,
            deliveries.c.priority == priority,
            deliveries.c.next_attempt <= bindparam("now"),
            ~paused,
            *conditions,
        )
        .order_by(deliveries.c.next_attempt, deliveries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=deliveries)
        .scalar_subquery()
    )


def _claim(*conditions: ColumnElement[bool]) -> Update:
    """COALESCE asks for the next priority only where nothing of the one before is due."""
    return (
        update(deliveries)
        .where(deliveries.c.id == func.coalesce(*(_due(priority, *conditions) for priority in _PRIORITY_ORDER)))
        .values(state=_SENDING, claimed_by=bindparam("owner"), claimed_until=bindparam("until"), attempts=deliveries.c.attempts + 1)
        .returning(deliveries.c.id)
    )


_CLAIM_ANY = Prepared(_claim())
_CLAIM_OF_QUEUES = Prepared(_claim(deliveries.c.queue.in_(bindparam("queues", expanding=True))))
_GIVE_BACK = (
    update(deliveries)
    .where(
        UNDELIVERED,
        deliveries.c.state == _SENDING,
        deliveries.c.claimed_by == bindparam("owner"),
        deliveries.c.queue.in_(bindparam("queues", expanding=True)),
    )
    .values(
        state=case(
            (deliveries.c.was_unknown, DeliveryState.UNKNOWN.value),
            (deliveries.c.attempts > 1, DeliveryState.DEFERRED.value),
            else_=DeliveryState.QUEUED.value,
        ),
        claimed_by=None,
        claimed_until=None,
        attempts=deliveries.c.attempts - 1,
    )
)
_SENDING_NOW = select(
    deliveries.c.id, deliveries.c.attempts, deliveries.c.claimed_by, deliveries.c.claimed_until, deliveries.c.was_unknown
).where(UNDELIVERED, deliveries.c.state == _SENDING)
_HASTEN = (
    update(deliveries)
    .where(
        UNDELIVERED,
        or_(~delayed_answers.is_behind_answer(), deliveries.c.created > bindparam("at_once")),
        deliveries.c.next_attempt > bindparam("at_once"),
        or_(deliveries.c.state == DeliveryState.QUEUED.value, deliveries.c.next_attempt > bindparam("at_last")),
    )
    .values(next_attempt=bindparam("now"))
)
_NEXT_DUE = (
    select(deliveries.c.next_attempt)
    .where(
        UNDELIVERED,
        deliveries.c.state != _SENDING,
        deliveries.c.priority == bindparam("wanted_priority"),
        deliveries.c.next_attempt.is_not(None),
    )
    .order_by(deliveries.c.next_attempt)
    .limit(1)
)
_CLAIMED = Prepared(
    select(
        deliveries.c.id,
        deliveries.c.letter,
        deliveries.c.queue,
        letters.c.kind,
        letters.c.ticket,
        letters.c.message_id,
        deliveries.c.envelope_sender,
        deliveries.c.envelope_id,
        deliveries.c.recipient,
        letters.c.content,
        letters.c.packed,
        deliveries.c.attempts,
        deliveries.c.created,
        deliveries.c.was_unknown,
    )
    .join(letters, letters.c.number == deliveries.c.letter)
    .where(deliveries.c.id == bindparam("delivery"))
)
_OF_DELIVERY = deliveries.c.id == bindparam("delivery")
_RECORD = Prepared(update(deliveries).where(_OF_DELIVERY))
_RECORD_WHILE_SENDING = Prepared(update(deliveries).where(_OF_DELIVERY, deliveries.c.state == _SENDING))


def claim(tx: Transaction, now: datetime, owner: str, lease_seconds: float, queues: Collection[str] | None = None) -> Delivery | None:
    """Take the next letter that is due, answers first, then notifications, then the rest. `queues`: only theirs. None: nothing is due."""
    parameters: dict[str, object] = {"now": now, "owner": owner, "until": now + timedelta(seconds=lease_seconds)}
    if queues is not None:
        parameters["queues"] = sorted(queues)
    claimed = (_CLAIM_ANY if queues is None else _CLAIM_OF_QUEUES).read(tx, parameters).scalar()
    return None if claimed is None else _delivery(tx, _CLAIMED.read(tx, {"delivery": claimed}).one())


def record(tx: Transaction, delivery: int, outcome: Outcome, now: datetime) -> bool:
    """Write what came of a claimed delivery. Nobody's verdict but the relay's acceptance counts once the claim was lost, or what came of
    it is recorded; False then.
    """
    match outcome:
        case Sent(reply):
            counts = _settle(tx, delivery, DeliveryState.SENT, None, now, reply=reply, sure=True)
            letter_aliases.note_reply(tx, delivery, reply)
            sent_copies.note_accepted(tx, delivery, now)
        case Deferred(error, retry_at):
            counts = _settle(tx, delivery, DeliveryState.DEFERRED, retry_at, now, error=error)
        case Failed(error):
            counts = _settle(tx, delivery, DeliveryState.FAILED, None, now, error=error)
            if counts:
                _record_event(tx, delivery, "failed", now)
        case Unknown(error, retry_at):
            counts = _settle(tx, delivery, DeliveryState.UNKNOWN, retry_at, now, error=error)
            if counts and retry_at is None:
                _record_event(tx, delivery, "unknown", now)
    return counts


def give_back_claims(tx: Transaction, owner: str, queues: Collection[str]) -> int:
    """Free the deliveries a living owner has claimed without hearing of it, as if they had not been claimed; answers how many."""
    return tx.execute(_GIVE_BACK, {"owner": owner, "queues": sorted(queues)}).rowcount


def recover(
    tx: Transaction, vital_sign: claims.VitalSign, now: datetime, unknown_retry: timedelta, watch: claims.Watch | None = None
) -> tuple[int, ...]:
    """Deliveries whose claim is over, or lost as `watch` sees it, become unknown (OPERATIONS T3), once; answers their ids."""
    sending = tx.execute(_SENDING_NOW).all()
    stale = watch.find_lost((row.id, row.attempts) for row in sending) if watch else frozenset()
    lost = [
        row
        for row in sending
        if (row.id, row.attempts) in stale or claims.has_ended(row.claimed_by or "", row.claimed_until or now, vital_sign, now)
    ]
    for row in lost:
        retry_at = None if row.was_unknown else now + unknown_retry
        record(tx, row.id, Unknown("the sender stopped before the relay's answer was recorded", retry_at), now)
    return tuple(row.id for row in lost)


def hasten(tx: Transaction, now: datetime, longest: timedelta) -> int:
    """Let letters go at once that wait for longer than they can: the clock was set back since. Answers how many.

    `longest` is how long one that was tried may wait; one that was not waits for nothing, but an answer that is held back
    and the notice behind it.
    """
    times = {"now": now, "at_once": find_latest_end(now), "at_last": find_latest_end(now, longest)}
    return tx.execute(_HASTEN, times).rowcount


def mark_bounced(tx: Transaction, letter: int, recipient: str, diagnostic: str) -> None:
    """The relay took it, so it is sent, and then it came back (MAIL.md B4)."""
    came_back = update(deliveries).where(deliveries.c.letter == letter, deliveries.c.recipient_key == recipient)
    tx.execute(came_back, {"error": f"{BOUNCED}{diagnostic}"})


def rehome(tx: Transaction, queues: Collection[str], home: str) -> int:
    """Letters still to be sent for queues that exist no longer are from now on `home`'s to send; answers how many."""
    stranded = update(deliveries).where(UNDELIVERED, deliveries.c.queue.not_in(sorted(queues)))
    return tx.execute(stranded, {"queue": home}).rowcount


def find_next_due(tx: Transaction, queues: Collection[str] | None = None) -> datetime | None:
    """When the earliest waiting delivery is due; in the past if one is late. `queues`: only theirs. None: nothing waits."""
    query = _NEXT_DUE if queues is None else _NEXT_DUE.where(deliveries.c.queue.in_(sorted(queues)))
    times = [tx.execute(query, {"wanted_priority": priority}).scalar() for priority in _PRIORITY_ORDER]
    return min((time for time in times if time is not None), default=None)


def _settle(
    tx: Transaction,
    delivery: int,
    state: DeliveryState,
    next_attempt: datetime | None,
    now: datetime,
    *,
    error: str = "",
    reply: str = "",
    sure: bool = False,
) -> bool:
    values: dict[str, object] = {
        "delivery": delivery,
        "state": state.value,
        "next_attempt": next_attempt,
        "error": error,
        "reply": reply,
        "claimed_by": None,
        "claimed_until": None,
        "settled": now if next_attempt is None else None,
    }
    if state is DeliveryState.UNKNOWN:
        values["was_unknown"] = True
    return bool((_RECORD if sure else _RECORD_WHILE_SENDING).write(tx, values))


def _record_event(tx: Transaction, delivery: int, kind: str, now: datetime) -> None:
    """MAIL.md O6, B4: what did not arrive, or may not have, stands in the ticket's log."""
    row = show(tx, delivery)
    tx.execute(events.insert(), {"ticket": row.ticket, "at": now, "kind": kind, "by": "maild", "text": _describe(row)})


def _describe(row: OutboxRow) -> str:
    verb = "was not delivered" if row.state is DeliveryState.FAILED else "may not have been delivered"
    return f"{row.kind.name.lower()} to {row.recipient} {verb}: {row.error}"


def _delivery(tx: Transaction, row: AnyRow) -> Delivery:
    return Delivery(
        id=row.id,
        letter=row.letter,
        queue=row.queue,
        kind=LetterKind(row.kind).name.lower(),
        ticket=row.ticket,
        message_id=row.message_id,
        envelope_sender=row.envelope_sender,
        envelope_id=row.envelope_id,
        recipient=row.recipient,
        raw=unpacked(tx, row.letter, row.content, row.packed),
        attempts=row.attempts - 1,
        created=row.created,
        was_unknown=row.was_unknown,
    )
