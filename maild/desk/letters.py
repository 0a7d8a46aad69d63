"""One builder for each kind of letter the desk writes. Pure: what a letter says and to whom; how it looks is `maild.outbox.compose`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.effects import AddMessage, Letter
from maild.known import COMMAND_FAILED, CROSSED, KEPT_AS_NOTE, TAKEN_BACK, UNVERIFIED, Earlier, KnownAnswer, LastWords
from maild.message import Address, Attachment, InboundMessage
from maild.outbox.copies import copied
from maild.outbox.hygiene import fold_note, one_line
from maild.posted_answer import PostedAnswer
from maild.reason import Reason
from maild.sizes import describe_size
from maild.task import open_tasks
from maild.ticket import MessageKind, ParticipantRole, TicketView
from maild.tokens import LetterKind

MOST_TICKETS = 200
MOST_OF_EARLIER = 200
MOST_OF_NOTE = 400
MOST_OF_SUBJECT = 100
COPIED_THREAD_HEADERS = ("Thread-Topic", "Thread-Index")


@dataclass(frozen=True, slots=True)
class Answered:
    """The customer's message a letter answers: its id, its thread, and its words. All empty where he has not written yet.

    `at` is when it was recorded, None: now. `taken_down`, `forwarded_by`: as in `LastWords`.
    """

    message_id: str | None = None
    references: tuple[str, ...] = ()
    text: str = ""
    author: str = ""
    thread_headers: tuple[tuple[str, str], ...] = ()
    at: datetime | None = None
    taken_down: str | None = None
    forwarded_by: str = ""

    def shown_on(self, ticket: TicketView) -> "Answered":
        """What of it a letter to the requester may show (MAIL.md O7): only the thread, where an agent has written it, or where it was said
        before he was the requester."""
        return Answered(self.message_id, self.references) if self.taken_down or self.is_before(ticket) else self

    def is_before(self, ticket: TicketView) -> bool:
        """Whether it was said before the ticket's requester was that."""
        return self.at is not None and ticket.requester_since is not None and self.at <= ticket.requester_since


NOTHING_ANSWERED = Answered()


@dataclass(frozen=True, slots=True)
class HeldMail:
    """By what an agent knows a mail again. `at` is when it came; `ticket` the number of the one it is about, 0 for none."""

    subject: str
    at: datetime
    ticket: int


def answered_by(message: InboundMessage) -> Answered:
    """What a letter written in answer to this very message refers to (MAIL.md O2, O3)."""
    author = message.author
    references = (*message.references, message.message_id) if message.message_id_given else message.references
    identifier = message.message_id if message.message_id_given else None
    return Answered(identifier, references, message.new_text, (author.name or author.address) if author else "", thread_headers_of(message))


def thread_headers_of(message: InboundMessage) -> tuple[tuple[str, str], ...]:
    """By what Outlook knows a conversation (MAIL.md O3)."""
    return tuple((name, value) for name in COPIED_THREAD_HEADERS if (value := message.field(name)))


def answered_on(ticket: TicketView, words: LastWords | None) -> Answered:
    """What a letter written later refers to: the customer's last message on the ticket, if his words are known."""
    if words is None:
        return Answered(ticket.last_customer_id, ticket.references)
    said = (words.text, words.author, words.thread_headers, words.at, words.taken_down, words.forwarded_by)
    return Answered(ticket.last_customer_id, ticket.references, *said)


def acknowledgement(ticket: TicketView, answered: Answered, settings: Settings, template: str, values: Mapping[str, object]) -> Letter:
    """MAIL.md O7: the number, the department, what happens next; never a word of the customer's but, where he may have it, his subject."""
    return _to_customer(LetterKind.ACKNOWLEDGEMENT, template, ticket, answered, settings, values)


def status_notice(template: str, ticket: TicketView, answered: Answered, settings: Settings) -> Letter:
    """PRODUCT 5: waiting, closed, reopened, passed-on, passed-to-specialist."""
    return _to_customer(LetterKind.STATUS, template, ticket, answered, settings, {})


def oversize(kind: LetterKind, sender: Address, ticket: TicketView, answered: Answered, settings: Settings, max_size: int) -> Letter:
    """MAIL.md P13: who wrote too large a mail hears that only its beginning has arrived. `max_size` in bytes."""
    notice = _to_customer(kind, "oversize", ticket, answered, settings, {"limit": describe_size(max_size)})
    return replace(notice, recipients=(sender,))


def rule_reply(template: str, ticket: TicketView, answered: Answered, settings: Settings, values: Mapping[str, object]) -> Letter:
    """A rule's `reply`: automatic, so guarded and marked like an acknowledgement."""
    return _to_customer(LetterKind.ACKNOWLEDGEMENT, template, ticket, answered, settings, values)


def _to_customer(
    kind: LetterKind, template: str, ticket: TicketView, answered: Answered, settings: Settings, values: Mapping[str, object]
) -> Letter:
    """To the requester alone: the ids of a conversation that he was not in tell with whom it was. An answer goes to them all."""
    answered = NOTHING_ANSWERED if answered.is_before(ticket) else answered
    return Letter(
        kind=kind,
        template=template,
        queue=ticket.queue,
        recipients=(ticket.addressee,),
        languages=settings.language_of(ticket.queue, ticket.language),
        subject=ticket.subject,
        in_reply_to=answered.message_id,
        references=answered.references,
        thread_headers=answered.shown_on(ticket).thread_headers,
        values=dict(values),
    )


def answer(
    ticket: TicketView,
    author: Agent,
    body: str,
    attachments: Iterable[Attachment],
    without: Iterable[str],
    answered: Answered,
    settings: Settings,
    *,
    html: str = "",
) -> Letter:
    """An agent's answer under the department's name (MAIL.md A8, A9): to the requester and Cc participants, minus those who have it.

    `html` says what `body` says, as safe HTML, "" without any.
    """
    has_it = frozenset(address.casefold() for address in without)
    to = (ticket.addressee,) if _may_be_answered(ticket, has_it, settings) else ()
    cc = tuple(person for person in copied(ticket, settings) if person.key not in has_it)
    shown = answered.shown_on(ticket)
    return Letter(
        kind=LetterKind.ANSWER,
        template="answer",
        queue=ticket.queue,
        recipients=to or cc,
        cc=cc if to else (),
        author=author.key,
        languages=settings.language_of(ticket.queue, ticket.language),
        subject=ticket.subject,
        in_reply_to=answered.message_id,
        references=answered.references,
        body=body,
        body_html=html,
        quoted=shown.text,
        quoted_from=shown.author,
        attachments=tuple(item for item in attachments if may_be_relayed(item)),
        thread_headers=shown.thread_headers,
        automatic=False,
    )


def find_unreachable(ticket: TicketView, without: Iterable[str], settings: Settings) -> Address | None:
    """The requester to whom no answer can go, and nobody else is there to get one: the ticket's own department has written to itself.

    `without`: who has the answer already; whoever takes part and has it is reached.
    """
    has_it = frozenset(address.casefold() for address in without)
    others = tuple(person for person in ticket.cc if not settings.is_own_address(person.address))
    if _may_be_answered(ticket, frozenset(), settings) or any(person.key in has_it for person in others):
        return None
    return None if any(settings.agent_at(person.address) is None for person in others) else ticket.requester


def may_be_relayed(attachment: Attachment) -> bool:
    """Signatures, keys and visiting cards name the agent's own address (MAIL.md A8); pictures that stand in what was cut away stay behind
    with it (P11), and small inline pictures belong to his signature."""
    if attachment.is_personal or attachment.elided:
        return False
    return not attachment.is_small_picture


def _may_be_answered(ticket: TicketView, has_it: frozenset[str], settings: Settings) -> bool:
    """Another department that has asked gets its answer like anybody else (MAIL.md F2). Whoever wants letters elsewhere, and has it where
    he writes from, has it; a form that writes from the desk's own address is nobody."""
    addressee = ticket.addressee
    if ticket.reply_to and ticket.requester.key in has_it and not settings.is_own_address(ticket.requester.address):
        return False
    own = settings.queue_at(addressee.address)
    is_colleague = own is not None and own.key != ticket.queue and addressee.key not in has_it
    return is_colleague or _may_get(addressee, has_it, settings)


def _may_get(address: Address, has_it: frozenset[str], settings: Settings) -> bool:
    """Never to the desk itself, never twice."""
    return address.key not in has_it and not settings.is_own_address(address.address)


def notification(
    agent: Agent,
    ticket: TicketView,
    message: AddMessage,
    warnings: Sequence[str],
    settings: Settings,
    *,
    earlier: Sequence[Earlier] = (),
    snoozed_until: datetime | None = None,
) -> Letter:
    """An agent is told of a message on a ticket (MAIL.md O7); a reply to it goes where its first line says.

    `snoozed_until`: the ticket was out of its queue, and is back.
    `earlier` are the messages before it, and notes. Those of rules, made upon this very message, stand on the card, in full view; what an
    agent who answers between the lines quotes of either is cut away (`maild.desk.furniture`).
    """
    notes = tuple(past for past in earlier if past.is_note and past.at == message.at)
    before = tuple(past for past in earlier if past not in notes)
    is_in_copy = message.kind is MessageKind.CUSTOMER and ticket.role_of(message.author.address) is ParticipantRole.CC
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template="notification",
        queue=ticket.queue,
        recipients=(Address(agent.name, agent.email),),
        agent=agent.key,
        languages=settings.language_of(ticket.queue, settings.desk.language),
        subject=ticket.subject,
        body=message.visible or message.text,
        body_html=message.visible_html,
        quoted_from=message.author.name or message.author.address,
        values={
            "snoozed": clock(snoozed_until, agent, settings) if snoozed_until else "",
            "writer": str(message.author) if is_in_copy else "",
            "warnings": (*warnings, *describe_bringer(message, settings)),
            "notes": tuple(_fold_lines(f"{note.author}: {_cut(note.words, MOST_OF_NOTE)}") for note in notes if note.words.strip()),
            "history": tuple(_describe(past, ticket, agent, settings) for past in before),
        },
        attachments=tuple(attachment for attachment in message.attachments if not attachment.elided),
        automatic=False,
        internal=is_answered_inside(message, settings),
    )


def describe_bringer(message: AddMessage, settings: Settings) -> tuple[str, ...]:
    """Who has brought the words shown to the desk, where that was not their author: an agent has forwarded them (A12), or taken them
    down."""
    if message.kind is not MessageKind.CUSTOMER:
        return ()
    if message.agent is None:
        forwarder = settings.agent_at(message.forwarded_by)
        return (f"{forwarder.name} forwarded this mail.",) if forwarder else ()
    taker = settings.agents.get(message.agent)
    who, author = taker.name if taker else message.agent, message.author.address
    return (f"{who} took this down. {author} has not written it, and no answer quotes it.",)


def is_answered_inside(message: AddMessage, settings: Settings) -> bool:
    """MAIL.md A6: whether a reply to a notification of this message is a note: it is one itself, or the desk is set so."""
    return message.internal or settings.desk.default_visibility == "internal"


def _describe(past: Earlier, ticket: TicketView, agent: Agent, settings: Settings) -> str:
    """`2026-03-02 17:50 Ann Smith: Where is my order?`, by the reader's clock; `2026-03-02 17:51 #note Anna Ivanova: …` for a
    note, `#from Ann Smith` for what an agent has taken down, and `third party Eve Stone` for somebody else's words, line by line."""
    inside = mark_inside(past, ticket)
    head = f"{clock(past.at, agent, settings)} {inside}{past.author}:"
    return _fold_lines(f"{head} {_cut(past.words, MOST_OF_EARLIER)}") if inside else f"{head} {_beginning(past.words, MOST_OF_EARLIER)}"


def mark_inside(past: Earlier, ticket: TicketView) -> str:
    """By whom or by which command it came to stand there, where the customer has never seen it; "" where she has, or has written it herself
    at another address of hers (`#same`)."""
    if past.third_party and ticket.role_of(past.third_party) is not ParticipantRole.REQUESTER:
        return "third party "
    return "#note " if past.is_note else "#from " if past.is_taken_down else ""


def clock(at: datetime, agent: Agent, settings: Settings) -> str:
    """A moment by an agent's own clock."""
    return f"{at.astimezone(settings.zone_of(agent.key)):%Y-%m-%d %H:%M}"


def _fold_lines(text: str) -> str:
    """A note whose lines stay apart."""
    return "\n".join(map(fold_note, text.splitlines()))


def _beginning(text: str, most: int) -> str:
    """On one line, with a mark where more follows."""
    return _cut(" ".join(text.split()), most)


def _cut(text: str, most: int) -> str:
    """So many characters of it, up to the end of a word if there is one near, with a mark where more follows; no lines without words."""
    words = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    if len(words) <= most:
        return words
    whole = words[: most + 1].rsplit(None, 1)[0]
    return f"{whole if len(whole) > most // 2 else words[:most].rstrip()}…"


def alert(
    recipient: Address,
    agent: str | None,
    ticket: TicketView,
    template: str,
    settings: Settings,
    values: Mapping[str, object],
    body: str = "",
) -> Letter:
    """A rule's `notify`: a templated mail about a ticket to an agent, or to an admin who is none (`agent` None).

    A reply to it is a note: its first line does not say that it goes to the customer (MAIL.md A6).
    """
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template=template,
        queue=ticket.queue,
        recipients=(recipient,),
        agent=agent,
        languages=settings.language_of(ticket.queue, settings.desk.language),
        subject=ticket.subject,
        body=body,
        values=dict(values),
        automatic=False,
        internal=True,
    )


def forwarded(
    outsider: Address, ticket: TicketView, message: AddMessage, template: str, settings: Settings, values: Mapping[str, object]
) -> Letter:
    """A rule's `forward`: what a customer has written, with its files, to somebody outside. He gets no word and no id of what was before.

    A reply to it is a note, whoever writes it (MAIL.md F11).
    """
    return Letter(
        kind=LetterKind.STATUS,
        template=template,
        queue=ticket.queue,
        recipients=(outsider,),
        languages=settings.language_of(ticket.queue, settings.desk.language),
        subject=ticket.subject,
        body=message.visible,
        body_html=message.visible_html,
        quoted_from=str(message.author),
        values=dict(values),
        attachments=tuple(attachment for attachment in message.attachments if not attachment.elided),
        automatic=False,
        internal=True,
    )


def storm_digest(recipient: Address, agent: str | None, first: TicketView, named: Sequence[tuple[int, str]], settings: Settings) -> Letter:
    """MAIL.md L6: one mail for many new tickets, given by number and subject; a reply to it is a note on the first of them.

    `agent` None: the recipient is an admin who is none.
    """
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template="digest-storm",
        queue=first.queue,
        recipients=(recipient,),
        agent=agent,
        languages=settings.language_of(first.queue, settings.desk.language),
        subject=first.subject,
        values={
            "count": len(named),
            "sender": first.requester.domain,
            "asked": f"#show {named[0][0]}",
            "tickets": tuple({"number": number, "subject": subject} for number, subject in named[:MOST_TICKETS]),
        },
        automatic=False,
        internal=True,
    )


def flood_digest(agent: Agent, named: Sequence[tuple[TicketView, bool]], settings: Settings, now: datetime) -> Letter:
    """MAIL.md L4: one mail for many notifications; a reply to it is a note on the first of their tickets. Each ticket with whether it is
    back from a snooze; what of it the agent is to do by now stands below it."""
    first = named[0][0]
    letter = storm_digest(
        Address(agent.name, agent.email), agent.key, first, [(ticket.number, ticket.subject) for ticket, _ in named], settings
    )
    tickets = tuple(
        {"number": ticket.number, "subject": ticket.subject, "back": is_back, "tasks": _due_lines(ticket, agent, settings, now)}
        for ticket, is_back in named[:MOST_TICKETS]
    )
    return replace(letter, template="digest-notifications", values={**letter.values, "tickets": tickets})


def _due_lines(ticket: TicketView, agent: Agent, settings: Settings, now: datetime) -> tuple[str, ...]:
    """`2. check the invoice (2026-03-06 09:00)`, by the reader's clock."""
    return tuple(
        f"{task.number}. {one_line(task.title)} ({clock(task.due, agent, settings)})"
        for task in open_tasks(ticket.tasks)
        if task.agent == agent.key and task.due and task.due <= now
    )


def house_letter(template: str, queue: str, reader: Address, settings: Settings, **values: object) -> Letter:
    """A letter of the desk about itself, under a department's name. It carries no token: a reply to it steers nothing."""
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template=template,
        queue=queue,
        recipients=(reader,),
        languages=settings.language_of(queue, settings.desk.language),
        values=values,
        automatic=False,
    )


def unverified(agent: Agent, queue: str, reason: Reason, held: HeldMail, settings: Settings) -> Letter:
    """MAIL.md A4: an agent is told at his registered address that a mail under his name was held. Nothing of that mail is in it but its
    subject, by which he knows it; its number, by which an admin does, is the store's to add. It has a token of his, so that by one word of
    his that mail is let in (`maild.desk.letting_in`).

    It alone of the letters to agents counts against the caps (L4): whoever forges his name decides how many there would be.
    """
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template=UNVERIFIED,
        queue=queue,
        recipients=(Address(agent.name, agent.email),),
        agent=agent.key,
        languages=settings.language_of(queue, settings.desk.language),
        values={
            "why": reason.text,
            "held": {
                "subject": _beginning(one_line(held.subject), MOST_OF_SUBJECT),
                "at": clock(held.at, agent, settings),
                "ticket": held.ticket,
            },
        },
    )


def command_failed(
    agent: Agent, ticket: TicketView, why: str, text: str, settings: Settings, *, internal: bool, offer: str | None, about: int | None
) -> Letter:
    """MAIL.md A7, L9: the draft comes back with what is wrong, line by line; nothing was done.

    `internal`: the draft was to be a note, so an answer to this letter is one, too. `offer`, `about`: as in `Letter`.
    """
    letter = _returned(COMMAND_FAILED, agent, ticket, text, why, settings, internal=internal)
    mending = {"mendable": offer is not None, "offer": tuple((offer or "").splitlines())}
    return replace(letter, offer=offer, about=about, values={**letter.values, **mending})


def crossed(
    agent: Agent, ticket: TicketView, answers: Iterable[KnownAnswer], text: str, settings: Settings, *, offer: str | None
) -> Letter:
    """MAIL.md A11: an agent's answer is held, since colleagues have given these. `offer`: how it becomes a note, as in `ReturnedMail`."""
    shown = tuple(
        {"at": clock(answer.shown, agent, settings), "author": answer.author.name or answer.author.address, "text": answer.text}
        for answer in answers
    )
    letter = _returned(CROSSED, agent, ticket, text, "", settings, internal=False)
    return replace(letter, offer=offer, values={"answers": shown, "keepable": offer is not None})


def kept_as_note(agent: Agent, ticket: TicketView, why: Reason, text: str, settings: Settings) -> Letter:
    """MAIL.md A6: an agent's words stayed inside, though he may have meant them for the customer. `text`: all that would go to him."""
    return _returned(KEPT_AS_NOTE, agent, ticket, text, why.text, settings, internal=True)


def taken_back(agent: Agent, ticket: TicketView, answer: PostedAnswer, by: Agent, settings: Settings) -> Letter:
    """MAIL.md A7: an agent's answer that did not go out, or not to all, back to him. What he replies is an answer, and he knows of no other
    than when he wrote this one (A11). Where nobody got it, it is sent after all as he wrote it if he says so.
    """
    delayed, reached = answer.delayed, answer.reached
    why = "" if by.key == agent.key else by.name
    letter = _returned(TAKEN_BACK, agent, ticket, delayed.text if delayed else "", why, settings, internal=False)
    return replace(
        letter,
        about=delayed.incoming if delayed else None,
        offer=None if reached else "",
        as_of=answer.at,
        values={**letter.values, "reached": ", ".join(reached)},
    )


def held_back(agent: Agent, ticket: TicketView, why: str, text: str, incoming: int, settings: Settings) -> Letter:
    """MAIL.md A8, L9: what the desk adds to an agent's answer shows what the customer must not see. His words are not to blame: they have
    been looked at before. `text`: all he wrote; `incoming`: the mail that an admin lets go.
    """
    letter = _returned("held-back", agent, ticket, text, why, settings, internal=False)
    return replace(letter, values={**letter.values, "incoming": incoming})


def _returned(template: str, agent: Agent, ticket: TicketView, text: str, why: str, settings: Settings, *, internal: bool) -> Letter:
    """An agent's own words, back to him."""
    return Letter(
        kind=LetterKind.NOTIFICATION,
        template=template,
        queue=ticket.queue,
        recipients=(Address(agent.name, agent.email),),
        agent=agent.key,
        languages=settings.language_of(ticket.queue, settings.desk.language),
        subject=ticket.subject,
        body=text,
        quoted_from=settings.desk.name,
        automatic=False,
        internal=internal,
        values={"why": why},
    )


def customers_message(ticket: TicketView, answered: Answered) -> AddMessage:
    """What the customer wrote last, in the shape of a message, to show a colleague who takes over. He can answer it."""
    author = Address(answered.author or ticket.requester.name, ticket.requester.address)
    text, taker, forwarder = answered.text, answered.taken_down, answered.forwarded_by
    return AddMessage(MessageKind.CUSTOMER, author, ticket.updated, text, text, agent=taker, forwarded_by=forwarder)


def without_last_words(earlier: Iterable[Earlier], answered: Answered) -> tuple[Earlier, ...]:
    """What was said before what the customer wrote last, which is shown itself."""
    return tuple(past for past in earlier if past.is_note or not answered.text.startswith(past.words))


def colleagues_message(answer: KnownAnswer) -> AddMessage:
    """What a colleague has answered, in the shape of a message, to show it to whoever answered at the same time."""
    return AddMessage(MessageKind.AGENT, answer.author, answer.shown, answer.text, answer.text, agent=answer.agent)


def event_message(author: str, text: str, ticket: TicketView) -> AddMessage:
    """Something the desk itself reports on a ticket, in the shape of a note, for notifications."""
    return AddMessage(MessageKind.NOTE, Address(author, ticket.requester.address), ticket.updated, text, text, internal=True)
