"""Recall: everything the store knows that bears on one message, asked in as few indexed queries as can be, before anything is decided."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, select

from maild.aliases import canonical
from maild.known import Found, Known, KnownCopy, KnownMessage
from maild.known_letter import BouncedLetter, KnownLetter
from maild.question import Question
from maild.store import (
    absences,
    answered,
    backgrounds,
    copies,
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
from maild.store.engine import Transaction
from maild.store.history import find_history
from maild.store.letter_aliases import Alias
from maild.store.letters import text_of
from maild.store.prepared import Prepared
from maild.store.tables.mail_in import incoming
from maild.store.tables.mail_out import deliveries
from maild.store.tables.tickets import attachments, message_references, messages, tags
from maild.store.views import with_merge_targets
from maild.ticket import TicketView
from maild.tokens import LetterToken

MOST_ADOPTERS = 20
MOST_NAMED = 20
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
    pointers = _follow_pointers(tx, question)
    views = with_merge_targets(tx, pointers.tickets)
    known = _with_people(_about(tx, question, pointers, views), tx, question, pointers, now)
    return _with_what_is_asked_for(_with_what_was_said(known, tx, question), tx, question)


@dataclass(frozen=True, slots=True)
class _Message:
    """A message of a ticket, and the fingerprint of the mail it came in; None for what was written at the command line."""

    message: KnownMessage
    fingerprint: str | None


@dataclass(frozen=True, slots=True)
class _Pointers:
    """What a message points at. `own_letter` is the number of the letter of ours that it is itself, `beside` what an agent asks the desk,
    `named` are tickets by number."""

    same_id: tuple[KnownCopy, ...]
    adopters: tuple[int, ...]
    messages: tuple[_Message, ...]
    aliases: tuple[Alias, ...]
    letters: Mapping[int, KnownLetter]
    own_letter: int | None
    beside: Found
    named: frozenset[int]

    @property
    def on_tickets(self) -> frozenset[int]:
        """The tickets on which the ids that it names are."""
        return frozenset(item.message.ticket for item in self.messages)

    @property
    def tickets(self) -> frozenset[int]:
        """All candidates, before merges are followed."""
        perhaps = (*(letter.ticket for letter in self.letters.values()), *(copy.ticket for copy in self.same_id))
        certain = (*self.named, *self.beside.conversations, *self.adopters, *self.on_tickets)
        return frozenset((*certain, *(ticket for ticket in perhaps if ticket is not None)))


def _follow_pointers(tx: Transaction, question: Question) -> _Pointers:
    adopters = tuple(dict.fromkeys(_ADOPTERS.read(tx, {"id": question.message_id}).scalars()))
    same_id = (*copies.find_all(tx, question), *(copies.find_handed_in(tx, question) if adopters else ()))
    found = _find_messages(tx, question.ids)
    aliases = _find_aliases(tx, question.aliases, found)
    own_letter = next((alias.letter for alias in aliases if alias.alias == canonical(question.message_id)), question.own_letter)
    own_number = frozenset() if own_letter is None else frozenset({own_letter})
    letters = answered.find_letters(tx, question.letters | own_number | {alias.letter for alias in aliases})
    beside = errands.find(tx, question.wanted)
    return _Pointers(same_id, adopters, found, aliases, letters, own_letter, beside, question.tickets | question.wanted.files)


def _about(tx: Transaction, question: Question, pointers: _Pointers, views: Mapping[int, TicketView]) -> Known:
    """The candidates, and what leads to them."""
    letters, own = pointers.letters, pointers.letters.get(pointers.own_letter or 0)
    here = frozenset(number for number, view in views.items() if view.queue in question.departments)
    return Known(
        tickets=views,
        same_id=pointers.same_id,
        own=own,
        own_recipients=_find_recipients(tx, own.letter) if own else (),
        by_id=_first_by_id(pointers.messages, here) | _returned_by_id(question.ids, pointers.aliases, letters),
        letters=letters,
        adopters=pointers.adopters,
        aliases=_reported(pointers.aliases, letters),
        tag_names=_find_tag_names(tx, question.tags),
        seen_pictures=_find_seen_pictures(tx, question.pictures, views),
        found=pointers.beside,
    )


def _with_people(known: Known, tx: Transaction, question: Question, pointers: _Pointers, now: datetime) -> Known:
    """Who writes, and who may be written to."""
    views = known.tickets
    requesters = frozenset(person.key for view in views.values() for person in (view.requester, view.addressee))
    return replace(
        known,
        history=find_history(tx, question, views, pointers.on_tickets, now),
        sent=count_sent(tx, question, requesters, now),
        suppressed=suppressions.find_holding(tx, question.addressees | question.agents | requesters, now),
        bounced=_find_bounced(tx, question.bounced, now),
        away=absences.find_holding(tx, now),
        welcome=welcomes.find(tx, question.welcomed) if question.welcomed else None,
        people={key: customers.find_person(tx, key) for key in sorted(question.named)[:MOST_NAMED]},
    )


def _with_what_was_said(known: Known, tx: Transaction, question: Question) -> Known:
    """On the candidates, and in the letter between whose lines an agent may have written."""
    views = known.tickets
    not_for_customers = said.find_notes(tx, question.notes_beside, views)
    return replace(
        known,
        last_words={number: words for number in views if (words := said.last_words_of(tx, number))},
        earlier={number: said.earlier_on(tx, number) for number in views},
        notes=not_for_customers.notes,
        own_notes=not_for_customers.own_notes,
        strangers=not_for_customers.strangers,
        customers_words={number: said.find_customers_words(tx, number) for number in views} if question.splits else {},
        own_answers=said.find_own_answers(tx, question),
        answers={number: said.find_answers(tx, number, question.notes_beside) for number in views if question.notes_beside},
        quoted=text_of(tx, question.quoted) if question.quoted else "",
    )


def _with_what_is_asked_for(known: Known, tx: Transaction, question: Question) -> Known:
    """What only some mails need of the candidates: what can be undone, what waits, which rules rest, files."""
    views, wanted = known.tickets, question.wanted
    with_files = {*known.found.conversations, *(views if wanted.files or wanted.files_here else ())}
    return replace(
        known,
        regroupings={number: last for number in views if (last := regroupings.find_last(tx, number))} if question.undoes else {},
        posted={number: delayed_answers.find_posted(tx, number) for number in views} if question.undoes else {},
        waiting=delayed_answers.find_waiting_on(tx, views) if question.waits else {},
        fired=firings.find_on(tx, views) if question.resting else {},
        files={number: errands.files_of(tx, number) for number in with_files},
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


def _find_messages(tx: Transaction, ids: Collection[str]) -> tuple[_Message, ...]:
    """Oldest first."""
    if not ids:
        return ()
    rows = _MESSAGES.read(tx, {"ids": list(ids)})
    return tuple(_Message(KnownMessage(row.message_id or "", row.ticket, row.internal, row.agent), row.fingerprint) for row in rows)


def _find_aliases(tx: Transaction, ids: Collection[str], found: Iterable[_Message]) -> tuple[Alias, ...]:
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


def _first_by_id(found: Iterable[_Message], own: Collection[int]) -> dict[str, KnownMessage]:
    """An id used twice belongs to the first who used it (MAIL.md F1, collision). Of the same mail on two tickets (F10), that on `own`."""
    by_id: dict[str, _Message] = {}
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
