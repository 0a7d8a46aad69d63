"""Recall: everything the store knows that bears on one message, asked in as few indexed queries as can be, before anything is decided."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import bindparam, false, select

from maild.effects import IncomingState
from maild.known import (
    MERGE_DEPTH,
    BouncedLetter,
    Known,
    KnownCopy,
    KnownLetter,
    KnownMessage,
    LastWords,
    Question,
)
from maild.store import suppressions
from maild.store.caps import count_sent
from maild.store.counters import await_turn
from maild.store.engine import AnyRow, Transaction
from maild.store.history import find_history
from maild.store.tables import (
    deliveries,
    incoming,
    letters,
    message_references,
    messages,
    tags,
)
from maild.store.views import ticket_views
from maild.ticket import MessageKind, Status, TicketView
from maild.tokens import LetterKind

MOST_ADOPTERS = 20
MOST_COPIES = 50

_COPIES = (
    select(incoming.c.id, incoming.c.fingerprint, incoming.c.date, incoming.c.ticket, incoming.c.state)
    .where(
        incoming.c.message_id == bindparam("id", type_=incoming.c.message_id.type),
        incoming.c.state.in_((IncomingState.DONE.value, IncomingState.QUARANTINED.value)),
    )
    .order_by((incoming.c.fingerprint == bindparam("fingerprint", type_=incoming.c.fingerprint.type)).desc(), incoming.c.id)
    .limit(MOST_COPIES)
)
_MESSAGES = (
    select(messages.c.message_id, messages.c.ticket, messages.c.internal)
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
    letters.c.author,
)
_LETTERS = _LETTER.where(letters.c.number.in_(bindparam("numbers", expanding=True)))
_RECIPIENTS = select(deliveries.c.recipient_key).where(deliveries.c.letter == bindparam("letter")).order_by(deliveries.c.id)
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
_TAG_NAMES = select(tags.c.tag).where(tags.c.tag.in_(bindparam("words", expanding=True))).distinct()


def recall(tx: Transaction, question: Question, now: datetime) -> Known:
    """The store's answer for one message. In a writing transaction it first waits for its turn, so that the answer stays true."""
    await_turn(tx)
    copies = _find_copies(tx, question)
    found = _find_messages(tx, question.ids)
    own_number = frozenset() if question.own_letter is None else frozenset({question.own_letter})
    by_number = _find_letters(tx, question.letters | own_number)
    own = by_number.get(question.own_letter or 0)
    adopters = tuple(dict.fromkeys(tx.execute(_ADOPTERS, {"id": question.message_id}).scalars()))
    perhaps = (*(letter.ticket for letter in by_number.values()), *(copy.ticket for copy in copies))
    named = {*question.tickets, *adopters, *(message.ticket for message in found), *(ticket for ticket in perhaps if ticket is not None)}
    views = _with_merge_targets(tx, named)
    requesters = frozenset(view.requester.key for view in views.values())
    return Known(
        tickets=views,
        same_id=copies,
        own=own,
        by_id=_first_by_id(found),
        letters=by_number,
        adopters=adopters,
        sent=count_sent(tx, question, requesters, now),
        last_words={number: words for number in views if (words := last_words_of(tx, number))},
        tag_names=_find_tag_names(tx, question.tags),
        bounced=_find_bounced(tx, question.bounced, now),
        suppressed=suppressions.find_holding(tx, question.addressees | question.agents | requesters, now),
        history=find_history(tx, question, views, {message.ticket for message in found}, now),
    )


def last_words_of(tx: Transaction, number: int) -> LastWords | None:
    """What the customer wrote last on a ticket and was not kept internal; None where there is nothing."""
    row = tx.execute(_LAST_WORDS, {"number": number}).first()
    return LastWords(row.visible, row.author_name or row.author_address) if row else None


def _find_copies(tx: Transaction, question: Question) -> tuple[KnownCopy, ...]:
    """Those that look the same first. The mail that is being read is not settled yet, so it never finds itself."""
    return tuple(
        KnownCopy(identifier, fingerprint or "", date, ticket, state == IncomingState.QUARANTINED.value)
        for identifier, fingerprint, date, ticket, state in tx.execute(
            _COPIES, {"id": question.message_id, "fingerprint": question.fingerprint}
        )
    )


def _find_messages(tx: Transaction, ids: Collection[str]) -> tuple[KnownMessage, ...]:
    """Oldest first."""
    if not ids:
        return ()
    rows = tx.execute(_MESSAGES, {"ids": list(ids)})
    return tuple(KnownMessage(message_id or "", ticket, internal) for message_id, ticket, internal in rows)


def _first_by_id(found: Iterable[KnownMessage]) -> Mapping[str, KnownMessage]:
    """An id used twice belongs to the first who used it (MAIL.md F1, collision)."""
    by_id: dict[str, KnownMessage] = {}
    for message in found:
        by_id.setdefault(message.message_id, message)
    return by_id


def _find_letters(tx: Transaction, numbers: Collection[int]) -> dict[int, KnownLetter]:
    if not numbers:
        return {}
    return {row.number: _known_letter(row) for row in tx.execute(_LETTERS, {"numbers": list(numbers)})}


def _known_letter(row: AnyRow) -> KnownLetter:
    return KnownLetter(
        letter=row.number,
        message_id=row.message_id,
        kind=LetterKind(row.kind),
        ticket=row.ticket,
        agent=row.agent,
        internal=row.internal,
        created=row.created,
        author=row.author,
    )


def _find_bounced(tx: Transaction, letter: int | None, now: datetime) -> BouncedLetter | None:
    if letter is None:
        return None
    recipients = tuple(tx.execute(_RECIPIENTS, {"letter": letter}).scalars())
    return BouncedLetter(letter, recipients, suppressions.count_bounces(tx, recipients, now))


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


def _find_tag_names(tx: Transaction, words: Collection[str]) -> frozenset[str]:
    return frozenset(tx.execute(_TAG_NAMES, {"words": list(words)}).scalars()) if words else frozenset()
