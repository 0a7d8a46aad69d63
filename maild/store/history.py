"""What the store knows of one sender: has he written before, how has he behaved of late, when did our machines last write to him."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, true

from maild.known import Conduct, History, RecentMail, guess_key, pair_key
from maild.question import Question
from maild.store import mutes
from maild.store.engine import AnyRow, Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_in import GUESSING, PASSED, incoming
from maild.store.tables.mail_out import AUTOMATIC, deliveries, letters
from maild.store.tables.tickets import message_names, messages, tickets
from maild.ticket import Status
from maild.waits import find_latest_end

MOST_RECENT = 200
LATELY = timedelta(hours=1)

_IS_RECENT = (incoming.c.settled > bindparam("since"), incoming.c.settled <= bindparam("latest"))
_RECENT = Prepared(
    select(incoming.c.ticket, incoming.c.wrong_tokens, incoming.c.is_prompt, incoming.c.text_hash, incoming.c.settled)
    .where(incoming.c.author_key == bindparam("sender", type_=incoming.c.author_key.type), *_IS_RECENT)
    .order_by(incoming.c.settled.desc())
    .limit(MOST_RECENT)
)
_HIS_TICKETS = select(tickets.c.number).where(
    tickets.c.requester_key == bindparam("sender", type_=tickets.c.requester_key.type),
    tickets.c.status != Status.SPAM.value,
)
_HAS_WRITTEN = _HIS_TICKETS.exists()
_WAS_ANSWERED = _HIS_TICKETS.where(tickets.c.agent_messages > 0).exists()
_DOMAIN_GUESSES = select(func.coalesce(func.sum(incoming.c.wrong_tokens), 0)).where(
    GUESSING, incoming.c.author_domain == bindparam("domain", type_=incoming.c.author_domain.type), *_IS_RECENT
)
_LAST_AUTOMATIC = (
    select(func.coalesce(deliveries.c.settled, deliveries.c.created, type_=deliveries.c.created.type))
    .where(AUTOMATIC, deliveries.c.recipient_key == bindparam("sender", type_=deliveries.c.recipient_key.type))
    .order_by(deliveries.c.created.desc())
    .limit(1)
)
_HAS_PASSED = select(incoming.c.id).where(PASSED, incoming.c.author_key == bindparam("sender", type_=incoming.c.author_key.type)).exists()
_FACTS = Prepared(select(_HAS_WRITTEN, _WAS_ANSWERED, _HAS_PASSED, _DOMAIN_GUESSES.scalar_subquery(), _LAST_AUTOMATIC.scalar_subquery()))
_NAMED_ON = Prepared(
    select(messages.c.ticket, messages.c.internal, messages.c.agent.is_not(None).label("by_agent"))
    .join(message_names, message_names.c.message == messages.c.id)
    .where(
        message_names.c.address == bindparam("sender", type_=message_names.c.address.type),
        messages.c.ticket.in_(bindparam("numbers", expanding=True)),
    )
    .distinct()
)


_SENT_ON = Prepared(
    select(letters.c.ticket, letters.c.internal, true().label("by_agent"))
    .join(deliveries, deliveries.c.letter == letters.c.number)
    .where(
        letters.c.ticket.in_(bindparam("numbers", expanding=True)),
        letters.c.agent.is_(None),
        deliveries.c.recipient_key == bindparam("sender", type_=deliveries.c.recipient_key.type),
    )
    .distinct()
)
"""Letters to others than agents; those of a rule that sends something on are internal."""


def find_history(tx: Transaction, question: Question, candidates: Collection[int], named_by_ids: Collection[int], now: datetime) -> History:
    """`candidates` are the tickets the message may belong to, `named_by_ids` those to which a foreign id led (MAIL.md F3d, F3e)."""
    sender = question.sender
    if not sender:
        return History()
    domain = sender.rpartition("@")[2]
    lately = {"since": now - LATELY, "latest": find_latest_end(now)}
    keys = [guess_key(sender), guess_key(domain), *(pair_key(number, sender) for number in candidates)]
    facts = _FACTS.read(tx, {"sender": sender, "domain": domain} | lately).one()
    has_written, was_answered, has_passed, domain_guesses, last_automatic = facts
    named = _find_named_on(tx, sender, {*candidates, *named_by_ids})
    recent = _RECENT.read(tx, {"sender": sender} | lately)
    return History(
        has_written=has_written,
        was_answered=was_answered,
        has_passed=has_passed,
        named_on=frozenset(item.ticket for item in named if item.ticket in named_by_ids),
        named_inside=_inside_only((*named, *_find_sent_on(tx, sender, candidates))),
        recent=tuple(_recent_mail(row) for row in recent),
        domain_guesses=domain_guesses or 0,
        muted=mutes.find_holding(tx, keys, now),
        last_automatic=last_automatic,
    )


def _recent_mail(row: AnyRow) -> RecentMail:
    return RecentMail(row.ticket, Conduct(row.wrong_tokens or 0, bool(row.is_prompt), row.text_hash or ""), row.settled)


def _find_named_on(tx: Transaction, sender: str, numbers: Collection[int]) -> Sequence[AnyRow]:
    """In what kinds of messages of these tickets the sender stood in To or Cc."""
    return _NAMED_ON.read(tx, {"sender": sender, "numbers": list(numbers)}).all() if numbers else ()


def _find_sent_on(tx: Transaction, sender: str, numbers: Collection[int]) -> Sequence[AnyRow]:
    """What kinds of letters of these tickets he was sent."""
    return _SENT_ON.read(tx, {"sender": sender, "numbers": list(numbers)}).all() if numbers else ()


def _inside_only(named: Iterable[AnyRow]) -> frozenset[int]:
    """F11: the tickets of which he got nothing but agents' notes, and what rules have sent on."""
    inside = frozenset(item.ticket for item in named if item.internal and item.by_agent)
    return inside - {item.ticket for item in named if not item.internal}
