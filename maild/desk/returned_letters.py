"""One builder for each kind of letter by which an agent's own mail comes back to him, and why. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk.glimpses import beginning_of, clock
from maild.effects import Letter
from maild.known import KnownAnswer
from maild.known_letter import COMMAND_FAILED, CROSSED, KEPT_AS_NOTE, TAKEN_BACK, UNVERIFIED
from maild.message import Address
from maild.outbox.hygiene import one_line
from maild.posted_answer import PostedAnswer
from maild.reason import Reason
from maild.ticket import Status, TicketView
from maild.tokens import LetterKind

MOST_OF_SUBJECT = 100


@dataclass(frozen=True, slots=True)
class HeldMail:
    """By what an agent knows a mail again. `at` is when it came; `ticket` the number of the one it is about, 0 for none."""

    subject: str
    at: datetime
    ticket: int


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
                "subject": beginning_of(one_line(held.subject), MOST_OF_SUBJECT),
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


def kept_as_note(agent: Agent, ticket: TicketView, why: str, text: str, readers: Sequence[str], settings: Settings) -> Letter:
    """MAIL.md A6: an agent's words stayed inside, though he may have meant them for the customer. `text`: all that would go to him.
    `readers`: customers to whom he has sent the mail himself."""
    letter = _returned(KEPT_AS_NOTE, agent, ticket, text, why, settings, internal=True)
    return replace(letter, values={**letter.values, "readers": tuple(readers)})


def taken_back(agent: Agent, ticket: TicketView, answer: PostedAnswer, by: Agent | None, settings: Settings) -> Letter:
    """MAIL.md A7: an agent's answer that did not go out, or not to all, back to him. What he replies is an answer, and he knows of no other
    than when he wrote this one (A11). Where nobody got it, it is sent after all as he wrote it if he says so. `by` None: by no person.
    """
    delayed, reached = answer.delayed, answer.reached
    why = "" if by is None or by.key == agent.key else by.name
    letter = _returned(TAKEN_BACK, agent, ticket, delayed.text if delayed else "", why, settings, internal=False)
    return replace(
        letter,
        about=delayed.incoming if delayed else None,
        offer=None if reached else "",
        as_of=answer.at,
        values={**letter.values, "reached": ", ".join(reached), "spam": ticket.status is Status.SPAM},
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
