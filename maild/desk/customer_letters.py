"""One builder for each kind of letter that leaves the desk: to customers, and to whom a rule forwards their words. Pure.

How a letter looks is `maild.outbox.compose`; what agents get stands in `maild.desk.agent_letters`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from maild.config.settings import Agent, Settings
from maild.desk.answered import NOTHING_ANSWERED, Answered
from maild.effects import AddMessage, Letter
from maild.message import Address, Attachment
from maild.outbox.copies import copied
from maild.sizes import describe_size
from maild.ticket import TicketView
from maild.tokens import LetterKind


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
        quoted="" if _answers_between(body) else shown.text,
        quoted_from=shown.author,
        attachments=tuple(item for item in attachments if may_be_relayed(item)),
        thread_headers=shown.thread_headers,
        automatic=False,
    )


def _answers_between(body: str) -> bool:
    """Whether the answer stands between her own lines: below it they would be there twice (MAIL.md O7: at most her last message)."""
    return any(line.startswith(">") for line in body.splitlines())


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
