"""Recall: everything the store knows that bears on one message, asked in as few indexed queries as can be, before anything is decided."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from maild.aliases import canonical
from maild.effects import IncomingState
from maild.ingest.arrival import Part
from maild.known import Known, KnownCopy, KnownMessage
from maild.known_letter import BouncedLetter, KnownLetter
from maild.message import AuthResult
from maild.question import Question
from maild.store import (
    absences,
    answered,
    backgrounds,
    customers,
    delayed_answers,
    errands,
    firings,
    letter_aliases,
    regroupings,
    said,
    suppressions,
    welcomes,
)
from maild.store.caps import count_sent
from maild.store.counters import await_turn
from maild.store.engine import AnyRow, Transaction
from maild.store.history import find_history
from maild.store.letter_aliases import Alias
from maild.store.letters import text_of
from maild.store.prepared import Prepared
from maild.store.retention import EXPIRED
from maild.store.tables.mail_in import incoming
from maild.store.tables.mail_out import deliveries
from maild.store.tables.tickets import attachments, message_references, messages, tags
from maild.store.views import with_merge_targets
from maild.ticket import TicketView
from maild.tokens import LetterToken

MOST_ADOPTERS = 20
MOST_NAMED = 20
MOST_COPIES = 50

_COPIES = Prepared(
    select(
        incoming.c.id,
        incoming.c.fingerprint,
        incoming.c.date,
        incoming.c.ticket,
        incoming.c.state,
        incoming.c.reason_code,
        incoming.c.author_key,
        incoming.c.auth,
        incoming.c.folder,
        incoming.c.departments,
    )
    .where(
        incoming.c.message_id == bindparam("id", type_=incoming.c.message_id.type),
        incoming.c.state.in_((IncomingState.DONE.value, IncomingState.QUARANTINED.value)),
    )
    .order_by((incoming.c.fingerprint == bindparam("fingerprint", type_=incoming.c.fingerprint.type)).desc(), incoming.c.id)
    .limit(MOST_COPIES)
)
_MESSAGES = Prepared(
    select(messages.c.message_id, messages.c.ticket, messages.c.internal, messages.c.agent, incoming.c.fingerprint)
    .outerjoin(incoming, incoming.c.id == messages.c.incoming)
    .where(messages.c.message_id.in_(bindparam("ids", expanding=True)))
    .order_by(messages.c.id)
)
_RECIPIENTS = Prepared(select(deliveries.c.recipient_key).where(deliveries.c.letter == bindparam("letter")).order_by(deliveries.c.id))
_ADOPTERS = Prepared(
    select(messages.c.ticket)
    .join(message_references, message_references.c.message == messages.c.id)
    .where(message_references.c.reference == bindparam("id", type_=message_references.c.reference.type))
    .order_by(messages.c.id.desc())
    .limit(MOST_ADOPTERS)
)
_HANDED_IN = (
    select(
        incoming.c.id,
        incoming.c.departments,
        messages.c.ticket,
        messages.c.author_address,
        func.coalesce(messages.c.shown, messages.c.at).label("date"),
    )
    .join(incoming, incoming.c.id == messages.c.incoming)
    .where(
        messages.c.message_id == bindparam("id", type_=messages.c.message_id.type),
        messages.c.agent.is_(None),
        incoming.c.message_id != messages.c.message_id,
    )
    .order_by(messages.c.id)
    .limit(MOST_COPIES)
)
_SEEN_PICTURES = Prepared(
    select(attachments.c.sha256)
    .join(messages, messages.c.id == attachments.c.message)
    .where(messages.c.ticket.in_(bindparam("tickets", expanding=True)), attachments.c.sha256.in_(bindparam("hashes", expanding=True)))
    .distinct()
)
_TAG_NAMES = Prepared(select(tags.c.tag).where(tags.c.tag.in_(bindparam("words", expanding=True))).distinct())


def recall(tx: Transaction, question: Question, now: datetime) -> Known:
    """The store's answer for one message. In a writing transaction it first waits for its turn, so that the answer stays true."""
    if question.behind:
        return Known(background=backgrounds.find(tx, question.behind, now))
    await_turn(tx)
    adopters = tuple(dict.fromkeys(_ADOPTERS.read(tx, {"id": question.message_id}).scalars()))
    copies = (*_find_copies(tx, question), *(_find_handed_in(tx, question) if adopters else ()))
    found = _find_messages(tx, question.ids)
    on_tickets = {item.message.ticket for item in found}
    aliases = _find_aliases(tx, question.aliases, found)
    own_letter = next((alias.letter for alias in aliases if alias.alias == canonical(question.message_id)), question.own_letter)
    own_number = frozenset() if own_letter is None else frozenset({own_letter})
    by_number = answered.find_letters(tx, question.letters | own_number | {alias.letter for alias in aliases})
    own = by_number.get(own_letter or 0)
    found_beside = errands.find(tx, question.wanted)
    perhaps = (*(letter.ticket for letter in by_number.values()), *(copy.ticket for copy in copies))
    named = {
        *question.tickets,
        *found_beside.conversations,
        *question.wanted.files,
        *adopters,
        *on_tickets,
        *(ticket for ticket in perhaps if ticket is not None),
    }
    views = with_merge_targets(tx, named)
    here = frozenset(number for number, view in views.items() if view.queue in question.departments)
    with_files = {*found_beside.conversations, *(views if question.wanted.files or question.wanted.files_here else ())}
    notes, own_notes = said.find_notes(tx, question.notes_beside, views)
    requesters = frozenset(person.key for view in views.values() for person in (view.requester, view.addressee))
    return Known(
        tickets=views,
        same_id=copies,
        own=own,
        own_recipients=_find_recipients(tx, own.letter) if own else (),
        by_id=_first_by_id(found, here) | _returned_by_id(question.ids, aliases, by_number),
        letters=by_number,
        adopters=adopters,
        sent=count_sent(tx, question, requesters, now),
        last_words={number: words for number in views if (words := said.last_words_of(tx, number))},
        tag_names=_find_tag_names(tx, question.tags),
        bounced=_find_bounced(tx, question.bounced, now),
        suppressed=suppressions.find_holding(tx, question.addressees | question.agents | requesters, now),
        history=find_history(tx, question, views, on_tickets, now),
        aliases=_reported(aliases, by_number),
        earlier={number: said.earlier_on(tx, number) for number in views},
        notes=notes,
        own_notes=own_notes,
        customers_words={number: said.find_customers_words(tx, number) for number in views} if question.splits else {},
        own_answers=said.find_own_answers(tx, question),
        answers={number: said.find_answers(tx, number, question.notes_beside) for number in views if question.notes_beside},
        seen_pictures=_find_seen_pictures(tx, question.pictures, views),
        found=found_beside,
        away=absences.find_holding(tx, now),
        files={number: errands.files_of(tx, number) for number in with_files},
        welcome=welcomes.find(tx, question.welcomed) if question.welcomed else None,
        people={key: customers.find_person(tx, key) for key in sorted(question.named)[:MOST_NAMED]},
        quoted=text_of(tx, question.quoted) if question.quoted else "",
        regroupings={number: last for number in views if (last := regroupings.find_last(tx, number))} if question.undoes else {},
        waiting=delayed_answers.find_waiting_on(tx, views) if question.waits else {},
        posted={number: delayed_answers.find_posted(tx, number) for number in views} if question.undoes else {},
        fired=firings.find_on(tx, views) if question.resting else {},
    )


def recall_about(tx: Transaction, ticket: TicketView, question: Question, now: datetime) -> Known:
    """What must be known of a ticket before its people are written to because of something that no mail has caused."""
    customers = frozenset((ticket.requester.key, ticket.addressee.key))
    words = said.last_words_of(tx, ticket.number)
    return Known(
        sent=count_sent(tx, question, customers, now),
        last_words={ticket.number: words} if words else {},
        suppressed=suppressions.find_holding(tx, question.agents | customers, now),
        earlier={ticket.number: said.earlier_on(tx, ticket.number)},
        away=absences.find_holding(tx, now),
        fired=firings.find_on(tx, (ticket.number,)),
    )


def _find_copies(tx: Transaction, question: Question) -> tuple[KnownCopy, ...]:
    """Those that look the same first. Of the mail that is being read it finds what other departments have got of it."""
    rows = _COPIES.read(tx, {"id": question.message_id, "fingerprint": question.fingerprint})
    return tuple(
        KnownCopy(
            row.id,
            row.fingerprint or "",
            row.date,
            row.ticket,
            _is_kept_out(row),
            row.author_key,
            row.auth == AuthResult.FAIL.value,
            row.folder == Part.JUNK.value,
            frozenset(row.departments or ()),
        )
        for row in rows
    )


def _find_handed_in(tx: Transaction, question: Question) -> tuple[KnownCopy, ...]:
    """The very mail where an agent has forwarded it: on its ticket it refers to itself, and came in under the id of his."""
    rows = tx.execute(_HANDED_IN, {"id": question.message_id})
    return tuple(
        KnownCopy(
            row.id,
            "",
            row.date,
            row.ticket,
            in_quarantine=False,
            author=row.author_address.casefold(),
            departments=frozenset(row.departments or ()),
            handed_in=True,
        )
        for row in rows
    )


def _is_kept_out(row: AnyRow) -> bool:
    """In quarantine, or once there and meanwhile forgotten."""
    return bool(row.state == IncomingState.QUARANTINED.value or row.reason_code == EXPIRED.code)


@dataclass(frozen=True, slots=True)
class _Found:
    """A message of a ticket, and the fingerprint of the mail it came in; None for what was written at the command line."""

    message: KnownMessage
    fingerprint: str | None


def _find_messages(tx: Transaction, ids: Collection[str]) -> tuple[_Found, ...]:
    """Oldest first."""
    if not ids:
        return ()
    rows = _MESSAGES.read(tx, {"ids": list(ids)})
    return tuple(_Found(KnownMessage(row.message_id or "", row.ticket, row.internal, row.agent), row.fingerprint) for row in rows)


def _find_aliases(tx: Transaction, ids: Collection[str], found: Iterable[_Found]) -> tuple[Alias, ...]:
    """MAIL.md O1a. An id that somebody's mail has is that mail's, whatever anybody says."""
    taken = {canonical(item.message.message_id) for item in found}
    return tuple(alias for alias in letter_aliases.find(tx, ids) if alias.alias not in taken)


def _reported(aliases: Iterable[Alias], by_number: Mapping[int, KnownLetter]) -> Mapping[str, LetterToken]:
    """What our relay has reported stands for the letter itself."""
    named = ((alias.alias, by_number[alias.letter]) for alias in aliases if alias.by_relay and alias.letter in by_number)
    return {alias: LetterToken(letter.kind, letter.ticket or 0, letter.letter, letter.agent) for alias, letter in named}


def _returned_by_id(ids: Iterable[str], aliases: Iterable[Alias], by_number: Mapping[int, KnownLetter]) -> dict[str, KnownMessage]:
    """What a report has returned counts like the id of a stored mail, by whatever form of it a message names it."""
    letters = {alias.alias: by_number.get(alias.letter) for alias in aliases if not alias.by_relay}
    named = ((identifier, letters.get(canonical(identifier))) for identifier in ids)
    return {
        identifier: KnownMessage(identifier, letter.ticket, letter.internal) for identifier, letter in named if letter and letter.ticket
    }


def _first_by_id(found: Iterable[_Found], own: Collection[int]) -> dict[str, KnownMessage]:
    """An id used twice belongs to the first who used it (MAIL.md F1, collision). Of the same mail on two tickets (F10), that on `own`."""
    by_id: dict[str, _Found] = {}
    for item in found:
        first = by_id.setdefault(item.message.message_id, item)
        is_same_mail = item.fingerprint is not None and item.fingerprint == first.fingerprint
        if is_same_mail and item.message.ticket in own and first.message.ticket not in own:
            by_id[item.message.message_id] = item
    return {identifier: item.message for identifier, item in by_id.items()}


def _find_bounced(tx: Transaction, letter: int | None, now: datetime) -> BouncedLetter | None:
    if letter is None:
        return None
    recipients = _find_recipients(tx, letter)
    return BouncedLetter(letter, recipients, suppressions.count_bounces(tx, recipients, now))


def _find_recipients(tx: Transaction, letter: int) -> tuple[str, ...]:
    return tuple(_RECIPIENTS.read(tx, {"letter": letter}).scalars())


def _find_seen_pictures(tx: Transaction, pictures: Collection[str], tickets: Collection[int]) -> frozenset[str]:
    if not pictures or not tickets:
        return frozenset()
    return frozenset(_SEEN_PICTURES.read(tx, {"tickets": list(tickets), "hashes": list(pictures)}).scalars())


def _find_tag_names(tx: Transaction, words: Collection[str]) -> frozenset[str]:
    return frozenset(_TAG_NAMES.read(tx, {"words": list(words)}).scalars()) if words else frozenset()
