"""What has been said on a ticket: as letters quote and show it, and as an agent's answer is held against it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, false, func, not_, or_, select, true

from maild.known import REPEATED_ANSWERS, Earlier, KnownAnswer, LastWords, OwnAnswer
from maild.message import Address
from maild.question import Question
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_in import incoming
from maild.store.tables.tickets import IS_TAKEN_DOWN, messages
from maild.ticket import MessageKind

MOST_EARLIER = 5
EARLIER_CHARACTERS = 400
MOST_NOTES = 100
ANSWER_CHARACTERS = 20_000


def messages_with(characters: int) -> Select[tuple[Any, ...]]:
    """What `read` wants to know of messages, with so much of their words."""
    return select(
        func.coalesce(messages.c.shown, messages.c.at).label("at"),
        messages.c.author_name,
        messages.c.author_address,
        func.substr(messages.c.visible, 1, characters).label("words"),
        messages.c.internal,
        IS_TAKEN_DOWN.label("is_taken_down"),
        messages.c.kind,
    )


_LAST_WORDS = Prepared(
    select(
        messages.c.visible,
        messages.c.author_name,
        messages.c.author_address,
        messages.c.thread_headers,
        messages.c.at,
        messages.c.agent,
        incoming.c.author_address.label("sender"),
    )
    .outerjoin(incoming, incoming.c.id == messages.c.incoming)
    .where(
        messages.c.ticket == bindparam("number"),
        messages.c.kind == MessageKind.CUSTOMER.value,
        messages.c.internal == false(),
    )
    .order_by(messages.c.id.desc())
    .limit(1)
)
_EARLIER = Prepared(
    messages_with(EARLIER_CHARACTERS)
    .where(
        messages.c.ticket == bindparam("number"),
        or_(
            messages.c.kind == MessageKind.THIRD_PARTY.value,
            and_(messages.c.kind.in_((MessageKind.CUSTOMER.value, MessageKind.AGENT.value)), messages.c.internal == false()),
            and_(messages.c.kind == MessageKind.NOTE.value, messages.c.internal == true()),
        ),
    )
    .order_by(messages.c.id.desc())
    .limit(MOST_EARLIER)
)
_NOTES = Prepared(
    select(
        messages.c.visible,
        messages.c.agent,
        messages.c.author_address,
        or_(messages.c.internal == true(), IS_TAKEN_DOWN).label("is_inside"),
        IS_TAKEN_DOWN.label("is_taken_down"),
    )
    .where(
        messages.c.ticket.in_(bindparam("tickets", expanding=True)),
        or_(messages.c.internal == true(), IS_TAKEN_DOWN, messages.c.kind == MessageKind.THIRD_PARTY.value),
    )
    .order_by(messages.c.id.desc())
    .limit(MOST_NOTES)
)
_CUSTOMERS_WORDS = (
    select(func.substr(messages.c.visible, 1, ANSWER_CHARACTERS))
    .where(
        messages.c.ticket == bindparam("number"),
        messages.c.kind == MessageKind.CUSTOMER.value,
        messages.c.internal == false(),
        not_(IS_TAKEN_DOWN),
    )
    .order_by(messages.c.id.desc())
    .limit(MOST_NOTES)
)
_ANSWERS = Prepared(
    select(
        messages.c.author_name,
        messages.c.author_address,
        messages.c.agent,
        func.coalesce(incoming.c.settled, messages.c.at).label("recorded"),
        func.coalesce(messages.c.shown, messages.c.at).label("dated"),
        func.substr(messages.c.visible, 1, ANSWER_CHARACTERS).label("said"),
    )
    .outerjoin(incoming, incoming.c.id == messages.c.incoming)
    .where(
        messages.c.ticket == bindparam("number"),
        messages.c.kind == MessageKind.AGENT.value,
        messages.c.internal == false(),
        or_(messages.c.agent.is_(None), messages.c.agent != bindparam("agent")),
    )
    .order_by(messages.c.id.desc())
    .limit(MOST_EARLIER)
)
_OWN_ANSWERS = Prepared(
    select(
        func.substr(messages.c.text, 1, ANSWER_CHARACTERS).label("said"),
        func.substr(messages.c.visible, 1, ANSWER_CHARACTERS).label("shown"),
    )
    .where(
        messages.c.agent == bindparam("agent"),
        messages.c.kind.in_((MessageKind.AGENT.value, MessageKind.NOTE.value)),
        messages.c.message_id != bindparam("id", type_=messages.c.message_id.type),
    )
    .order_by(messages.c.id.desc())
    .limit(REPEATED_ANSWERS)
)


def read(row: AnyRow) -> Earlier:
    third_party = row.author_address.casefold() if row.kind == MessageKind.THIRD_PARTY.value else ""
    return Earlier(row.at, row.author_name or row.author_address, row.words, row.internal, row.is_taken_down, third_party)


def last_words_of(tx: Transaction, number: int) -> LastWords | None:
    """What the customer wrote last on a ticket and was not kept internal; None where there is nothing."""
    row = _LAST_WORDS.read(tx, {"number": number}).first()
    if row is None:
        return None
    headers = tuple((name, value) for name, value in row.thread_headers or ())
    forwarded_by = row.sender if row.sender and row.sender.casefold() != row.author_address.casefold() else ""
    return LastWords(row.visible, row.author_name or row.author_address, headers, row.at, row.agent, forwarded_by)


def earlier_on(tx: Transaction, number: int) -> tuple[Earlier, ...]:
    """The last messages of a ticket that its customer knows, and the notes and third parties' words among them, the newest first."""
    return tuple(read(row) for row in _EARLIER.read(tx, {"number": number}))


@dataclass(frozen=True, slots=True)
class NotForCustomers:
    """What was said on tickets and is not for their customers, the newest first: `notes` of an agent's colleagues, of rules and third
    parties, and what agents have taken down; `own_notes`; and what `strangers` have written for all agents to see, as in `Known`."""

    notes: tuple[str, ...] = ()
    own_notes: tuple[str, ...] = ()
    strangers: tuple[tuple[str, str], ...] = ()


def find_notes(tx: Transaction, agent: str, tickets: Collection[int]) -> NotForCustomers:
    if not agent or not tickets:
        return NotForCustomers()
    rows = _NOTES.read(tx, {"tickets": list(tickets)}).all()
    inside = [row for row in rows if row.is_inside]
    return NotForCustomers(
        tuple(row.visible for row in inside if row.agent != agent or row.is_taken_down),
        tuple(row.visible for row in inside if row.agent == agent and not row.is_taken_down),
        tuple((row.author_address.casefold(), row.visible) for row in rows if not row.is_inside),
    )


def find_customers_words(tx: Transaction, number: int) -> tuple[str, ...]:
    """What customers have written on a ticket themselves, the newest first."""
    return tuple(tx.execute(_CUSTOMERS_WORDS, {"number": number}).scalars())


def find_answers(tx: Transaction, number: int, agent: str) -> tuple[KnownAnswer, ...]:
    """What others than this agent have answered publicly, the newest first. A mail says nothing before it has walked."""
    rows = _ANSWERS.read(tx, {"number": number, "agent": agent})
    return tuple(KnownAnswer(Address(row.author_name, row.author_address), row.agent, row.recorded, row.dated, row.said) for row in rows)


def find_own_answers(tx: Transaction, question: Question) -> tuple[OwnAnswer, ...]:
    """By mail only: whoever writes at the command line signs nothing. Fewer than three say nothing of a signature (P9)."""
    if not question.answers_of:
        return ()
    rows = _OWN_ANSWERS.read(tx, {"agent": question.answers_of, "id": question.message_id}).all()
    return tuple(OwnAnswer(row.said, row.shown) for row in rows) if len(rows) == REPEATED_ANSWERS else ()
