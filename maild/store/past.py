"""The past of a desk, for replaying it: which mails there are, how each fared, and a scratch copy of the desk as it stood before them.

Reading only; what is written goes into the copy. What the desk keeps as it is now and not as it was (a ticket's fields) is no part of the
copy where the replay brings it about by itself: tickets that replayed mails opened begin anew, all others stand as they do today.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, bindparam, func, or_, select

from maild.effects import IncomingState
from maild.ingest.arrival import Incoming
from maild.outbox.delivery import DeliveryState
from maild.past import Cast, PastFiring, PastMail, PostedLetter, Standing
from maild.rules.explain import read_traces
from maild.rules.verdict import Event
from maild.store import agent_addresses, stays
from maild.store.engine import AnyRow, Transaction
from maild.store.incoming import find_all
from maild.store.prepared import Prepared
from maild.store.retention import DELETED, EXPIRED
from maild.store.tables.desk import absences, welcomes
from maild.store.tables.mail_in import incoming, raw_messages
from maild.store.tables.mail_out import UNDELIVERED, bounces, deliveries, letter_aliases, letters, suppressions
from maild.store.tables.tickets import (
    attachments,
    events,
    message_names,
    message_references,
    messages,
    participants,
    rule_firings,
    rule_traces,
    tags,
    tasks,
    tickets,
)
from maild.tokens import LetterKind
from maild.traffic import Period

BATCH = 1000
_OPENED = "opened"
_GONE = (EXPIRED.code, DELETED.code)
_SETTLED = (IncomingState.DONE.value, IncomingState.QUARANTINED.value, IncomingState.DUPLICATE.value)
_WALKS_AGAIN = or_(incoming.c.released, incoming.c.sent_after_all, incoming.c.corrected.is_not(None), incoming.c.caught_up.is_not(None))
_POSTED = (letters.c.number, letters.c.kind, letters.c.template, letters.c.agent, letters.c.message_id)
_ARRIVE = Prepared(incoming.insert())
_DELIVER = Prepared(
    deliveries.update()
    .where(UNDELIVERED, deliveries.c.state == DeliveryState.QUEUED.value, deliveries.c.next_attempt <= bindparam("now"))
    .values(state=DeliveryState.SENT.value, settled=deliveries.c.next_attempt, next_attempt=None)
)


def find_cast(tx: Transaction, period: Period) -> Cast:
    """Who plays: the mails of a period, and those before it by which their tickets came to where they stood."""
    found = tx.execute(
        select(incoming.c.id, incoming.c.stored, incoming.c.settled, _WALKS_AGAIN.label("again")).where(*_is_replayed(period))
    )
    walked = sorted((row.settled if row.again and row.settled else row.stored, row.id) for row in found)
    within = (incoming.c.stored >= period.since, incoming.c.stored < period.until)
    gone = select(func.count()).select_from(incoming).where(*within, incoming.c.reason_code.in_(_GONE))
    held = select(func.count()).select_from(incoming).where(*within, incoming.c.state.not_in(_SETTLED))
    return Cast(
        mails=tuple(message for _, message in walked),
        tickets=frozenset(number for number in tx.execute(_opened(period)).scalars() if number),
        by_hand=_find_hands(tx, period),
        deeds=_gather((row.ticket, _posted(row)) for row in tx.execute(_letters_of_deeds(period))),
        tenures=agent_addresses.find_tenures(tx),
        deleted=tx.execute(gone).scalar_one(),
        held=tx.execute(held).scalar_one(),
    )


def _is_replayed(period: Period) -> tuple[ColumnElement[bool], ...]:
    touched = select(incoming.c.ticket).where(
        incoming.c.stored >= period.since, incoming.c.stored < period.until, incoming.c.ticket.is_not(None)
    )
    return (
        incoming.c.stored < period.until,
        or_(incoming.c.stored >= period.since, incoming.c.ticket.in_(touched)),
        incoming.c.state.in_(_SETTLED),
        incoming.c.reason_code.not_in(_GONE),
    )


def _replayed(period: Period) -> Select[int]:
    return select(incoming.c.id).where(*_is_replayed(period))


def _opened(period: Period) -> Select[int | None]:
    """The tickets that replayed mails have opened."""
    return (
        select(events.c.ticket)
        .where(events.c.kind == _OPENED, events.c.ticket.is_not(None), events.c.incoming.in_(_replayed(period)))
        .distinct()
    )


def _find_hands(tx: Transaction, period: Period) -> Mapping[int, datetime]:
    """Since when a ticket bears the marks of people at the command line, which are no mail."""
    query = (
        select(events.c.ticket, func.min(events.c.at, type_=events.c.at.type))
        .where(events.c.ticket.in_(_opened(period)), events.c.incoming.is_(None), events.c.by != "maild", events.c.by.not_like("rule %"))
        .group_by(events.c.ticket)
    )
    return {number: at for number, at in tx.execute(query) if number}


def find_standing(tx: Transaction, period: Period) -> Standing:
    """On what time rules wait beside the tickets of replayed mails, and what they have done within a period."""
    others = (tickets.c.created < period.until, tickets.c.number.not_in(_opened(period)))
    of_time = (rule_traces.c.incoming.is_(None), rule_traces.c.ticket.is_not(None), rule_traces.c.at >= period.since)
    # Where a rule was asked meanwhile, its stay is not what it was, though the ticket may be.
    unchanged = (tickets.c.updated < period.since, tickets.c.number.not_in(select(rule_traces.c.ticket).where(*of_time)))
    standing = frozenset(tx.execute(select(tickets.c.number).where(*others, *unchanged)).scalars())
    asked = select(rule_traces.c.ticket, rule_traces.c.at, rule_traces.c.rules).where(*of_time, rule_traces.c.at < period.until)
    return Standing(
        standing,
        tx.execute(select(func.count()).select_from(tickets).where(*others)).scalar_one() - len(standing),
        tuple(stay for stay in stays.find_all(tx) if stay.ticket in standing),
        _gather((row.ticket, firing) for row in tx.execute(asked.order_by(rule_traces.c.id)) for firing in _find_firings(row)),
    )


def _find_firings(row: AnyRow) -> Iterator[PastFiring]:
    for trace in read_traces(row.rules):
        if trace.event == Event.TIME.value and trace.fired and not trace.shadow:
            yield PastFiring(row.at, trace.rule, trace.actions)


def read_mails(tx: Transaction, mails: Sequence[int], since: datetime) -> list[PastMail]:
    """These mails with their bytes, in this order."""
    by_id = {mail.id: mail for mail in find_all(tx, mails)}
    fates = select(incoming.c.id, incoming.c.state, incoming.c.ticket, incoming.c.settled).where(incoming.c.id.in_(mails))
    rows = {row.id: row for row in tx.execute(fates)}
    opened = _gather(tx.execute(select(events.c.incoming, events.c.ticket).where(_is_opening(mails)).order_by(events.c.id)))
    traces = select(rule_traces.c.incoming, rule_traces.c.rules, rule_traces.c.whole).where(rule_traces.c.incoming.in_(mails))
    traced = _gather((row.incoming, row.rules if row.whole is None else row.whole) for row in tx.execute(traces.order_by(rule_traces.c.id)))
    posted = _gather((row.incoming, _posted(row)) for row in tx.execute(_letters_of(mails)))
    return [
        _past(by_id[mail], rows[mail], opened.get(mail, ()), posted.get(mail, ()), traced.get(mail, ()), since)
        for mail in mails
        if mail in by_id
    ]


def _is_opening(mails: Sequence[int]) -> ColumnElement[bool]:
    return and_(events.c.kind == _OPENED, events.c.ticket.is_not(None), events.c.incoming.in_(mails))


def _letters_of(mails: Sequence[int]) -> Select[*tuple[Any, ...]]:
    return select(letters.c.incoming, *_POSTED).where(letters.c.incoming.in_(mails)).order_by(letters.c.number)


def _letters_of_deeds(period: Period) -> Select[*tuple[Any, ...]]:
    where = (letters.c.incoming.is_(None), letters.c.created < period.until, letters.c.ticket.in_(_opened(period)))
    return select(letters.c.ticket, *_POSTED).where(*where).order_by(letters.c.number)


def _posted(row: AnyRow) -> PostedLetter:
    return PostedLetter(row.number, LetterKind(row.kind), row.template, row.agent, row.message_id)


def _gather(pairs: Any) -> dict[int, tuple[Any, ...]]:
    found: dict[int, list[Any]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def _past(
    mail: Incoming,
    row: AnyRow,
    opened: tuple[int, ...],
    posted: tuple[PostedLetter, ...],
    traces: tuple[tuple[Mapping[str, object], ...], ...],
    since: datetime,
) -> PastMail:
    walked = row.settled if (mail.released or mail.walks_again) and row.settled else mail.stored
    return PastMail(mail, walked, IncomingState(row.state), row.ticket, opened, posted, traces, mail.stored >= since)


def copy_before(source: Transaction, stage: Transaction, period: Period) -> None:
    """What the desk knew before the first of a period's mails, into an empty scratch database. No bytes of mail or letters are taken along,
    and no words of the search."""
    for trigger in ("message_words_insert", "message_words_delete"):
        stage.exec_driver_sql(f"DROP TRIGGER {trigger}")
    stage.execute(raw_messages.insert(), {"sha256": "", "size": 0, "content": b""})
    for table, where, blank in _copied(period):
        columns = [column for column in table.columns if column.name not in blank]
        found = source.execute(select(*columns).where(*where).execution_options(yield_per=BATCH)).mappings()
        for rows in found.partitions(BATCH):
            stage.execute(table.insert(), [{**row, **blank} for row in rows])


def _copied(period: Period) -> tuple[tuple[Table, tuple[ColumnElement[bool], ...], Mapping[str, object]], ...]:
    """Which rows of which table, and what is left blank in them."""
    since, replayed = period.since, _replayed(period)
    kept = (tickets.c.created < period.until, tickets.c.number.not_in(_opened(period)))
    on_kept = select(tickets.c.number).where(*kept)
    written = (
        messages.c.at < since,
        messages.c.ticket.in_(on_kept),
        or_(messages.c.incoming.is_(None), messages.c.incoming.not_in(replayed)),
    )
    of_written = select(messages.c.id).where(*written)
    posted = (
        letters.c.created < since,
        or_(letters.c.ticket.is_(None), letters.c.ticket.in_(on_kept)),
        or_(letters.c.incoming.is_(None), letters.c.incoming.not_in(replayed)),
    )
    of_posted = select(letters.c.number).where(*posted)
    return (
        (tickets, kept, {}),
        (participants, (participants.c.ticket.in_(on_kept),), {}),
        (tags, (tags.c.ticket.in_(on_kept),), {}),
        (tasks, (tasks.c.ticket.in_(on_kept),), {}),
        (rule_firings, (rule_firings.c.ticket.in_(on_kept), rule_firings.c.at < since), {}),
        (messages, written, {"html": "", "indexed": False}),
        (message_references, (message_references.c.message.in_(of_written),), {}),
        (message_names, (message_names.c.message.in_(of_written),), {}),
        (attachments, (attachments.c.message.in_(of_written),), {}),
        (incoming, (incoming.c.stored < since, incoming.c.id.not_in(replayed)), {"raw": "", "evidence": []}),
        (letters, posted, {"content": b""}),
        (deliveries, (deliveries.c.letter.in_(of_posted),), {}),
        (letter_aliases, (letter_aliases.c.letter.in_(of_posted),), {}),
        (absences, (absences.c.since < since,), {}),
        (welcomes, (welcomes.c.sent < since,), {}),
        (welcomes, (welcomes.c.sent >= since, welcomes.c.sent < period.until), {"answers": 0, "unproven": 0}),
        (suppressions, (suppressions.c.since < since,), {}),
        (bounces, (bounces.c.at < since,), {}),
    )


def arrive(stage: Transaction, mail: PastMail) -> None:
    """The mail lies in the copy as it lay there before it walked."""
    it = mail.incoming
    empty = dict.fromkeys(("reason_code", "reason", "message_class", "error", "author_name", "author_address", "subject"), "")
    _ARRIVE.write(
        stage,
        empty
        | {
            "id": it.id,
            "mailbox": it.mailbox,
            "folder": it.part.value,
            "raw": "",
            "received": it.received,
            "stored": it.stored,
            "state": IncomingState.RECEIVED.value,
            "attempts": 1,
            "answered": it.answered,
            "quiet": it.quiet,
            "junk": it.junk,
            "released": it.released,
            "full_size": it.full_size,
            "sent_after_all": it.sent_after_all,
            "corrected": it.corrected,
            "caught_up": it.caught_up,
            "evidence": [],
        },
    )


def deliver_due(stage: Transaction, now: datetime) -> None:
    """Every letter whose time has come has reached everybody."""
    _DELIVER.write(stage, {"now": now})
