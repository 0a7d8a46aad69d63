"""Recall: everything the store knows that bears on one message, asked in as few indexed queries as can be, before anything is decided."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, bindparam, false, func, literal_column, select

from maild.known import MERGE_DEPTH, Known, KnownLetter, KnownMessage, LastWords, Question, Sent
from maild.store.counters import await_turn
from maild.store.engine import Transaction
from maild.store.tables import AUTOMATIC, deliveries, letters, message_references, messages, tags, tickets
from maild.store.views import ticket_views
from maild.ticket import MessageKind, Status, TicketView
from maild.tokens import LetterKind

MOST_ADOPTERS = 20
COUNT_CEILING = 10_000
"""Counting stops here: under a flood every message would otherwise count all before it."""

_MESSAGES = (
    select(messages.c.message_id, messages.c.fingerprint, messages.c.date, messages.c.ticket, messages.c.internal)
    .where(messages.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(messages.c.id)
)
_LETTER = select(
    letters.c.number,
    letters.c.message_id,
    letters.c.kind,
    letters.c.ticket,
    letters.c.agent,
    letters.c.internal,
    letters.c.created,
)
_LETTERS = _LETTER.where(letters.c.number.in_(bindparam("numbers", expanding=True)))
_ADOPTERS = (
    select(messages.c.ticket)
    .join(message_references, message_references.c.message == messages.c.id)
    .where(message_references.c.reference == bindparam("id", type_=message_references.c.reference.type))
    .order_by(messages.c.id.desc())
    .limit(MOST_ADOPTERS)
)
_LAST_WORDS = (
    select(messages.c.visible, messages.c.author_name, messages.c.author_address)
    .where(
        messages.c.ticket == bindparam("number"),
        messages.c.kind == MessageKind.CUSTOMER.value,
        messages.c.internal == false(),
    )
    .order_by(messages.c.id.desc())
    .limit(1)
)
_HAS_WRITTEN = select(tickets.c.number).where(tickets.c.requester_key == bindparam("address", type_=tickets.c.requester_key.type)).limit(1)
_TAG_NAMES = select(tags.c.tag).where(tags.c.tag.in_(bindparam("words", expanding=True))).distinct()


def recall(tx: Transaction, question: Question, now: datetime) -> Known:
    """The store's answer for one message. In a writing transaction it first waits for its turn, so that the answer stays true."""
    await_turn(tx)
    found = _find_messages(tx, question)
    own_number = frozenset() if question.own_letter is None else frozenset({question.own_letter})
    by_number = _find_letters(tx, question.letters | own_number)
    own = by_number.get(question.own_letter or 0)
    adopters = tuple(dict.fromkeys(tx.execute(_ADOPTERS, {"id": question.message_id}).scalars()))
    named = {*question.tickets, *adopters, *(letter.ticket for letter in by_number.values()), *(message.ticket for message in found)}
    views = _with_merge_targets(tx, named | ({own.ticket} if own else set()))
    return Known(
        tickets=views,
        same_id=tuple(message for message in found if message.message_id == question.message_id),
        own=own,
        by_id=_first_by_id(found, question.ids),
        letters=by_number,
        adopters=adopters,
        sent=_count_sent(tx, question, now),
        last_words={number: words for number in views if (words := last_words_of(tx, number))},
        tag_names=_find_tag_names(tx, question.tags),
        is_known_sender=_has_written(tx, question.acquaintance),
    )


def last_words_of(tx: Transaction, number: int) -> LastWords | None:
    """What the customer wrote last on a ticket and was not kept internal; None where there is nothing."""
    row = tx.execute(_LAST_WORDS, {"number": number}).first()
    return LastWords(row.visible, row.author_name or row.author_address) if row else None


def _find_messages(tx: Transaction, question: Question) -> tuple[KnownMessage, ...]:
    """Oldest first."""
    ids = list(dict.fromkeys((question.message_id, *question.ids)))
    return tuple(
        KnownMessage(message_id or "", fingerprint, date, ticket, internal)
        for message_id, fingerprint, date, ticket, internal in tx.execute(_MESSAGES, {"ids": ids})
    )


def _first_by_id(found: Iterable[KnownMessage], ids: Collection[str]) -> Mapping[str, KnownMessage]:
    """An id used twice belongs to the first who used it (MAIL.md F1, collision)."""
    by_id: dict[str, KnownMessage] = {}
    for message in found:
        if message.message_id in ids:
            by_id.setdefault(message.message_id, message)
    return by_id


def _find_letters(tx: Transaction, numbers: Collection[int]) -> dict[int, KnownLetter]:
    if not numbers:
        return {}
    return {
        row.number: KnownLetter(row.number, row.message_id, LetterKind(row.kind), row.ticket, row.agent, row.internal, row.created)
        for row in tx.execute(_LETTERS, {"numbers": list(numbers)})
    }


def _with_merge_targets(tx: Transaction, numbers: set[int]) -> dict[int, TicketView]:
    """The candidates, and the tickets they were merged into (MAIL.md F9: at most 10 steps; a circle adds nothing new)."""
    views: dict[int, TicketView] = {}
    wanted = numbers
    for _ in range(MERGE_DEPTH + 1):
        if not wanted:
            break
        found = ticket_views(tx, wanted)
        views |= found
        targets = {view.merged_into for view in found.values() if view.status is Status.MERGED and view.merged_into is not None}
        wanted = targets - views.keys()
    return views


def _has_written(tx: Transaction, address: str) -> bool:
    """Whether a ticket of this address stands already."""
    return bool(address) and tx.execute(_HAS_WRITTEN, {"address": address}).first() is not None


def _find_tag_names(tx: Transaction, words: Collection[str]) -> frozenset[str]:
    return frozenset(tx.execute(_TAG_NAMES, {"words": list(words)}).scalars()) if words else frozenset()


def _count_sent(tx: Transaction, question: Question, now: datetime) -> Sent:
    if not question.windows:
        return Sent()
    parameters: dict[str, object] = {
        "recipient": question.recipient,
        "domain": question.recipient.rpartition("@")[2],
        "queue": question.queue,
    }
    parameters |= {f"since_{index}": now - timedelta(seconds=seconds) for index, (_, seconds) in enumerate(question.windows)}
    counts = tx.execute(_count_query(question.windows), {name: parameters[name] for name in _parameters_of(question.windows)}).one()
    return Sent(dict(zip(question.windows, counts, strict=True)))


@lru_cache(maxsize=64)
def _count_query(windows: tuple[tuple[str, int], ...]) -> Select[*tuple[Any, ...]]:
    """One statement for all windows. Every row of it reads one range of one index."""
    return select(*(_count(scope, f"since_{index}").label(f"count_{index}") for index, (scope, _) in enumerate(windows)))


@lru_cache(maxsize=64)
def _parameters_of(windows: tuple[tuple[str, int], ...]) -> frozenset[str]:
    return frozenset(_count_query(windows).compile().params)


def _count(scope: str, since: str) -> ColumnElement[int]:
    """How many automatic mails, or for a storm how many new tickets, since then. Scopes are those of `maild.known.Sent`."""
    match scope:
        case "storm sender":
            query = select(tickets.c.number).where(_is(tickets.c.requester_key, "recipient"), _after(tickets.c.created, since))
        case "storm domain":
            query = select(tickets.c.number).where(_is(tickets.c.requester_domain, "domain"), _after(tickets.c.created, since))
        case _:
            query = select(deliveries.c.id).where(AUTOMATIC, *_delivery_scope(scope), _after(deliveries.c.created, since))
    return select(func.count()).select_from(query.limit(literal_column(str(COUNT_CEILING))).subquery()).scalar_subquery()


def _delivery_scope(scope: str) -> tuple[ColumnElement[bool], ...]:
    match scope:
        case "recipient":
            return (_is(deliveries.c.recipient_key, "recipient"),)
        case "domain":
            return (_is(deliveries.c.recipient_domain, "domain"),)
        case "queue":
            return (_is(deliveries.c.queue, "queue"),)
        case "all":
            return ()
    raise ValueError(f"no such scope: {scope}")


def _is(column: Column[str], parameter: str) -> ColumnElement[bool]:
    return column == bindparam(parameter, type_=column.type)


def _after(column: Column[datetime], parameter: str) -> ColumnElement[bool]:
    return column > bindparam(parameter, type_=column.type)
