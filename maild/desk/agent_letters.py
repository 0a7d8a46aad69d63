"""One builder for each kind of letter that tells agents what has happened. Pure; how a letter looks is `maild.outbox.compose`.

An agent's own words, back to him, are `maild.desk.returned_letters`; what he asked the desk, `control_letters`; his tasks, `task_letters`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.answered import Answered
from maild.desk.glimpses import Remark, beginning_of, by_clock, clock, cut, fold_lines
from maild.effects import AddMessage, Letter
from maild.known import Earlier, KnownAnswer
from maild.message import Address
from maild.outbox.hygiene import one_line
from maild.task import open_tasks
from maild.ticket import MessageKind, ParticipantRole, TicketView
from maild.tokens import LetterKind

MOST_TICKETS = 200
MOST_OF_EARLIER = 200
MOST_OF_NOTE = 400


def notification(
    agent: Agent,
    ticket: TicketView,
    message: AddMessage,
    warnings: Sequence[Remark],
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
            "warnings": (*by_clock(warnings, settings.zone_of(agent.key)), *describe_bringer(message, settings)),
            "notes": tuple(fold_lines(f"{note.author}: {cut(note.words, MOST_OF_NOTE)}") for note in notes if note.words.strip()),
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
    return fold_lines(f"{head} {cut(past.words, MOST_OF_EARLIER)}") if inside else f"{head} {beginning_of(past.words, MOST_OF_EARLIER)}"


def mark_inside(past: Earlier, ticket: TicketView) -> str:
    """By whom or by which command it came to stand there, where the customer has never seen it; "" where she has, or has written it herself
    at another address of hers (`#same`)."""
    if past.third_party and ticket.role_of(past.third_party) is not ParticipantRole.REQUESTER:
        return "third party "
    return "#note " if past.is_note else "#from " if past.is_taken_down else ""


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
