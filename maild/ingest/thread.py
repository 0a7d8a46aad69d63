"""Which ticket a message belongs to: all evidence is collected, then judged by a fixed order (MAIL.md F1-F7). Pure.

Two steps around one question to the store: `ask` says what must be known, `find_thread` judges the answer. What then becomes of the ticket
(reopen, follow-up, …) is `maild.desk.lifecycle`.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice

from maild.aliases import ORIGINAL_ID_FIELDS, canonical
from maild.config.settings import Settings
from maild.ingest.bounce import Bounced
from maild.ingest.department import Departments
from maild.ingest.details import find_details
from maild.ingest.headers import find_identifiers
from maild.ingest.sender import Sender
from maild.known import Known, KnownCopy
from maild.known_letter import KnownLetter
from maild.message import AuthResult, InboundMessage
from maild.question import Question
from maild.reason import Reason
from maild.ticket import TicketView, follow_merges
from maild.tokens import LetterKind, LetterToken, Tokens

ADOPTION_AGE = timedelta(days=14)
MOST_FOREIGN_IDS = 200


class Strength(IntEnum):
    """MAIL.md F3: how much a piece of evidence is worth."""

    WEAK = 1
    MEDIUM = 2
    STRONG = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """One pointer from the message to a ticket. `grade` is F3's letter."""

    grade: str
    strength: Strength
    ticket: int
    text: str


@dataclass(frozen=True, slots=True)
class Thread:
    """`ticket` is where the message may be put, None for a new one. `evidence` holds every pointer found, strongest first; `chosen` the one
    that decided, `dissent` those of other grades that name another ticket (F4). `refused` says why a pointer was not followed;
    `follow_up_of` is the ticket a refused pointer named, `linked` the one another department has of the same conversation.

    `duplicate`: the mail this is another copy of (F1). `collision`: an id already used by another message. `own`: our own letter
    coming back (F2), `passed_on` if it is an agent's answer that we sent to another department of ours. `parent_internal`: it answers
    something the customer never saw (F11).
    """

    ticket: TicketView | None = None
    chosen: Evidence | None = None
    dissent: tuple[Evidence, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    refused: tuple[Reason, ...] = ()
    follow_up_of: int | None = None
    linked: int | None = None
    duplicate: KnownCopy | None = None
    variant: bool = False
    collision: bool = False
    own: KnownLetter | None = None
    passed_on: bool = False
    parent_internal: bool = False


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Who wants in: the sender, the persons he wrote to beside us, the tickets on which he was named; `collision` as in `Thread`.

    `is_house`: he wrote in the department's own name.
    """

    sender: Sender
    persons: frozenset[str]
    named_on: frozenset[int]
    collision: bool
    is_house: bool

    def doubt(self, grade: str) -> Reason | None:
        """Why a pointer that is no valid token is not believed of him."""
        if self.sender.authentication.verdict is AuthResult.FAIL and not self.is_house:
            return Reason("unauthenticated", "the sender failed authentication")
        if self.sender.distrust and not self.is_house:
            return self.sender.distrust
        if self.collision and grade in "deg":
            return Reason("id-collision", "this mail's id belongs to another message")
        return None

    def belongs_to(self, ticket: TicketView, grade: str) -> bool:
        """F6: he takes part; for an id that is known, he was named on the ticket; to be adopted (F7), one he writes to takes part.

        Of the house's own mail ids and tags are believed, and for the rest its addressees count (A15).
        """
        if self.sender.proven or (self.sender.address and ticket.role_of(self.sender.address.address)):
            return True
        if self.is_house and grade in "cde":
            return True
        if grade in "de":
            return ticket.number in self.named_on
        return (self.is_house or grade == "g") and any(ticket.role_of(person) for person in self.persons)


def ask(
    message: InboundMessage, sender: Sender, bounced: Bounced | None, tokens: Tokens, settings: Settings, *, is_house: bool = False
) -> Question:
    """What must be known to thread this message. Others add what they want to know before the store is asked, once."""
    identifiers = (*message.in_reply_to, *reversed(message.references))
    details = find_details(message, settings)
    own = tokens.read_message_id(message.message_id) or (_replaced(message, tokens) if is_house else None)
    letters = [token for identifier in identifiers if (token := tokens.read_message_id(identifier))]
    letters += [sender.token.token] if sender.token else []
    letters += [token for detail in details if (token := tokens.read_answer(detail))]
    returned = [bounce.letter for detail in details if (bounce := tokens.read_bounce(detail))]
    returned += [bounced.letter] if bounced else []
    house = [letter for identifier in identifiers if (letter := tokens.read_house_id(identifier)) is not None]
    replied = [ticket for detail in details if (ticket := tokens.read_reply(detail)) is not None]
    anchors = [ticket for identifier in identifiers if (ticket := tokens.read_anchor(identifier)) is not None]
    tags = [tag.ticket for tag in tokens.find_tags(message.subject)]
    return Question(
        message_id=message.message_id,
        fingerprint=message.fingerprint,
        ids=tuple(dict.fromkeys(identifiers)),
        tickets=frozenset([token.ticket for token in letters] + replied + anchors + tags),
        letters=frozenset([token.letter for token in letters] + returned + house),
        own_letter=own.letter if own else None,
        sender=sender.address.key if sender.address else "",
        aliases=_foreign_ids((message.message_id, *identifiers, *(message.report.returned_ids if message.report else ())), tokens),
        addressees=frozenset({sender.address.key} if sender.address else ()),
        pictures=frozenset(attachment.sha256 for attachment in message.attachments if attachment.is_small_picture),
    )


def _replaced(message: InboundMessage, tokens: Tokens) -> LetterToken | None:
    """O1a: the letter of ours whose copy this is, under an id the relay gave it. Only in the Sent folder: elsewhere anybody may say so."""
    kept = (identifier for field in ORIGINAL_ID_FIELDS for identifier in find_identifiers(message.field(field) or ""))
    return next((token for identifier in kept if (token := tokens.read_message_id(identifier))), None)


def _foreign_ids(identifiers: tuple[str, ...], tokens: Tokens) -> tuple[str, ...]:
    """Ids without a token of ours, which a relay may have given to a letter of ours."""
    foreign = (identifier for identifier in dict.fromkeys(map(canonical, identifiers)) if tokens.read_message_id(identifier) is None)
    return tuple(islice(foreign, MOST_FOREIGN_IDS))


def find_thread(
    message: InboundMessage,
    sender: Sender,
    departments: Departments,
    known: Known,
    tokens: Tokens,
    settings: Settings,
    now: datetime,
    *,
    is_house: bool = False,
) -> Thread:
    """The thread a message belongs to, with the evidence for it. `is_house`: it lay in a department's Sent folder (MAIL.md A15)."""
    details = find_details(message, settings)
    evidence = tuple(sorted(_evidence(message, sender, details, known, tokens), key=lambda item: -item.strength))
    here = [copy for copy in known.same_id if _was_for(copy, departments, settings)]
    duplicate, variant, collision = _compare_with_same_id(message, sender, here)
    twin, _, _ = _compare_with_same_id(message, sender, [copy for copy in known.same_id if copy not in here])
    partner = twin.ticket if twin else None
    passed_on_by = _passed_on_by(departments, known, settings)
    common = Thread(
        evidence=evidence,
        duplicate=duplicate,
        variant=variant,
        collision=collision,
        own=known.own,
        passed_on=passed_on_by is not None,
        linked=known.own.ticket if known.own and passed_on_by else partner,
        parent_internal=_has_internal_parent(message, sender, known, tokens),
    )
    persons = frozenset(person.key for person in (*message.to, *message.cc) if not settings.is_own_address(person.address))
    visitor = _Visitor(sender, persons, known.history.named_on, collision, is_house)
    others = departments.elsewhere | ({passed_on_by} if passed_on_by else set())
    return _choose(common, visitor, others, known, settings, now)


def _evidence(message: InboundMessage, sender: Sender, details: tuple[str, ...], known: Known, tokens: Tokens) -> Iterator[Evidence]:
    """F3's grades in F4's order."""
    yield from _address_evidence(details, known, tokens)
    yield from _token_evidence(message, sender, tokens)
    yield from _tag_evidence(message, tokens)
    yield from _id_evidence(message, known)
    for ticket in known.adopters:
        yield Evidence("g", Strength.WEAK, ticket, "a message of that ticket already refers to this one")


def _address_evidence(details: tuple[str, ...], known: Known, tokens: Tokens) -> Iterator[Evidence]:
    """(a) an address of ours with a valid MAC. Vacation programs answer the envelope sender, so that a bounce address counts too."""
    for detail in details:
        if (ticket := tokens.read_reply(detail)) is not None:
            yield Evidence("a", Strength.STRONG, ticket, "sent to the ticket's reply address")
        elif token := tokens.read_answer(detail):
            yield Evidence("a", Strength.STRONG, token.ticket, f"sent to the address for answers to our letter {token.letter}")
        elif (bounce := tokens.read_bounce(detail)) and (letter := known.letters.get(bounce.letter)) and letter.ticket is not None:
            yield Evidence("a", Strength.STRONG, letter.ticket, f"sent to the bounce address of our letter {bounce.letter}")


def _token_evidence(message: InboundMessage, sender: Sender, tokens: Tokens) -> Iterator[Evidence]:
    """(b) own Message-ID or anchor with a valid MAC; In-Reply-To first, then References right to left. An agent's visible line last."""
    for place, identifiers in (("In-Reply-To", message.in_reply_to), ("References", tuple(reversed(message.references)))):
        for identifier in identifiers:
            if token := tokens.read_message_id(identifier):
                yield Evidence("b", Strength.STRONG, token.ticket, f"{place} names our letter {token.letter}")
            elif (ticket := tokens.read_anchor(identifier)) is not None:
                yield Evidence("b", Strength.STRONG, ticket, f"{place} has the ticket's anchor")
    if sender.agent and sender.token:
        yield Evidence("b", Strength.STRONG, sender.token.token.ticket, f"agent token in {sender.token.place.value}")


def _tag_evidence(message: InboundMessage, tokens: Tokens) -> Iterator[Evidence]:
    """(c) tags with valid check characters, the last one first; else (f) the last of all (F4), or one subject could try many numbers."""
    tags = tuple(reversed(tokens.find_tags(message.subject)))
    for tag in tags:
        if tag.valid:
            yield Evidence("c", Strength.MEDIUM, tag.ticket, f"subject tag #{tag.ticket} with valid check characters")
    for tag in tags[:1]:
        if not tag.valid:
            yield Evidence("f", Strength.WEAK, tag.ticket, f"subject tag #{tag.ticket} without valid check characters")


def _id_evidence(message: InboundMessage, known: Known) -> Iterator[Evidence]:
    """(d) a stored foreign id in In-Reply-To, (e) the same in References."""
    for grade, place, identifiers in (
        ("d", "In-Reply-To", message.in_reply_to),
        ("e", "References", tuple(reversed(message.references))),
    ):
        for identifier in identifiers:
            if found := known.by_id.get(identifier):
                yield Evidence(grade, Strength.MEDIUM, found.ticket, f"{place} names a message of #{found.ticket}")


def _was_for(copy: KnownCopy, departments: Departments, settings: Settings) -> bool:
    """F10: whether that copy was read for these departments, too: for the one that splits, or for any of those that share a ticket."""
    split = {key for key in copy.departments if (queue := settings.queues.get(key)) and queue.split}
    if departments.primary.split and copy.departments:
        return departments.primary.key in copy.departments
    return not copy.departments or bool(copy.departments - split)


def _compare_with_same_id(message: InboundMessage, sender: Sender, copies: Iterable[KnownCopy]) -> tuple[KnownCopy | None, bool, bool]:
    """F1: (duplicate, is it a variant, is the id used by a different message). A settled copy counts before one in quarantine.

    Whoever was in Cc knows id and date of a mail, and may be here before it, under its author's name too; a variant is the same author's.
    """
    author = message.author.key if message.author else None
    has_failed = sender.authentication.verdict is AuthResult.FAIL
    copies = sorted(copies, key=lambda copy: copy.in_quarantine)
    for copy in copies:
        if copy.fingerprint == message.fingerprint:
            return copy, False, False
    for copy in copies:
        is_his = copy.author in (author, None) and (has_failed or not copy.failed)
        if is_his and message.date is not None and copy.date == _as_exact_as(copy, message.date):
            return copy, True, False
    return None, False, any(not copy.handed_in for copy in copies)


def _as_exact_as(copy: KnownCopy, date: datetime) -> datetime:
    """A12: a date that an agent's program has written out for him has no seconds."""
    is_rough = copy.handed_in and copy.date is not None and copy.date.second == 0
    return date.replace(second=0, microsecond=0) if is_rough else date


def _has_internal_parent(message: InboundMessage, sender: Sender, known: Known, tokens: Tokens) -> bool:
    """F11: the message answered was never shown to the customer. A token elsewhere is judged by A1a."""
    letter = known.letters.get(sender.token.token.letter) if sender.token else None
    if sender.agent and letter and letter.internal:
        # A relay may have replaced the note's id (O1a): then the ids below name only the customer's mail, the token the note itself.
        return True
    for identifier in (*message.in_reply_to, *reversed(message.references)):
        if stored := known.by_id.get(identifier):
            return stored.internal
        if token := tokens.read_message_id(identifier):
            named = known.letters.get(token.letter)
            return named is not None and named.internal
    return letter is not None and letter.internal


def _passed_on_by(departments: Departments, known: Known, settings: Settings) -> str | None:
    """F2: the queue whose agent's answer this is, if it really went to the department this mail is for; None for any other mail.

    What the mail says of its recipients is not enough: whoever has got the letter could send it on under another address.
    """
    own = known.own
    ticket = follow_merges(own.ticket or 0, known.tickets) if own and own.kind is LetterKind.ANSWER else None
    sent_to = (settings.queue_at(recipient) for recipient in known.own_recipients)
    if ticket is None or ticket.queue == departments.primary.key or departments.primary not in sent_to:
        return None
    return ticket.queue


def _choose(thread: Thread, visitor: _Visitor, elsewhere: Collection[str], known: Known, settings: Settings, now: datetime) -> Thread:
    """F4: the first pointer that resolves and whose door is open to this sender wins. Tickets of queues `elsewhere` are not looked for."""
    refused: list[Reason] = []
    named: list[int] = []
    linked: list[int] = []
    for item in thread.evidence:
        ticket = follow_merges(item.ticket, known.tickets)
        if ticket is None:
            refused.append(Reason("no-such-ticket", f"{item.text}, but there is no such ticket"))
        elif ticket.queue in elsewhere:
            refused.append(Reason("another-department", f"{item.text}, but #{ticket.number} is another department's"))
            linked.append(ticket.number)
        elif refusal := _refusal(item, ticket, visitor, settings, now):
            refused.append(refusal)
            named.append(ticket.number)
        else:
            dissent = tuple(other for other in thread.evidence if _disagrees(other, item, ticket, known))
            return replace(thread, ticket=ticket, chosen=item, dissent=dissent, refused=tuple(refused))
    return replace(thread, refused=tuple(refused), follow_up_of=next(iter(named), None), linked=next(iter(linked), thread.linked))


def _disagrees(other: Evidence, chosen: Evidence, ticket: TicketView, known: Known) -> bool:
    """F4: another grade names another ticket. One that this ticket follows is named by the same conversation."""
    target = follow_merges(other.ticket, known.tickets)
    return other.grade != chosen.grade and target is not None and target.number not in (ticket.number, ticket.follow_up_of)


def _refusal(item: Evidence, ticket: TicketView, visitor: _Visitor, settings: Settings, now: datetime) -> Reason | None:
    """F6: who may append by this pointer. None: the door is open."""
    if item.strength is Strength.STRONG:
        return None
    if doubt := visitor.doubt(item.grade):
        return Reason(doubt.code, f"{item.text}, but {doubt.text}")
    if item.grade == "c" and settings.trust.tag_grants == "anybody":
        return None
    if visitor.sender.carrier and not visitor.is_house:
        # P14: whom a Reply-To names takes part in nothing; anybody could have named him.
        return Reason("named-by-a-machine", f"{item.text}, but the sender is only named by a form or list")
    if item.grade == "g" and now - ticket.created > ADOPTION_AGE:
        return Reason("too-old", f"{item.text}, but the ticket is older than {ADOPTION_AGE.days} days")
    if visitor.belongs_to(ticket, item.grade):
        return None
    return Reason("not-a-participant", f"{item.text}, but {visitor.sender.address or 'the sender'} takes no part in #{ticket.number}")
