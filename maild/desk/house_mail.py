"""Replies to a letter of the desk about itself: what is in quarantine, a stranger at a personal address, an alarm (MAIL.md A3, S5). Pure.

Such a letter carries no token of its reader's, so that a reply steers nothing; it is no request either, and whoever wrote it is told so.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.agent_letters import house_letter
from maild.desk.answered_letter import is_forward
from maild.desk.command import CommandFault
from maild.desk.control import find_asked
from maild.desk.control_mail import asking_of, tell_not_done
from maild.desk.opening_mail import opens_ticket
from maild.draft import Draft
from maild.effects import Effect, IncomingState
from maild.message import Address, MessageClass
from maild.outbox.guard import cap_refusal, post
from maild.reading import Reading
from maild.reason import Reason
from maild.tokens import LetterKind

WHAT_TO_DO = (
    "a reply to such a letter does nothing. An admin lets in what is kept out, by `maild message release NUMBER`. What is meant for a "
    "customer goes in a reply to the last notification of the ticket, and the subject help in a new mail gets you every command there is"
)


def decide_house_answer(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """Whoever may read such a letter is told what to do instead; None for any other mail, and for an agent's for which nothing
    vouches (A4)."""
    if not _answers_the_house(reading) or opens_ticket(reading, settings) or find_asked(reading.message, reading.sender, settings):
        return None
    reason = Reason("house_letter", "answers a letter of the desk about itself, which a reply does nothing to")
    told = Draft(IncomingState.DONE, reason)
    author, agent = reading.message.author, settings.agents.get(reading.sender.agent or "")
    if agent and (reading.sender.vouched or reading.circumstances.released):
        fault = CommandFault(0, WHAT_TO_DO)
        return replace(told, beside=tell_not_done(reading.title, (fault,), asking_of(reading, agent, settings, now), reading))
    is_admin = author is not None and author.key in {admin.casefold() for admin in settings.desk.admins}
    return replace(told, effects=tuple(_tell_admin(author, reading, settings))) if author and is_admin and agent is None else None


def _answers_the_house(reading: Reading) -> bool:
    if reading.thread.ticket or reading.nature.message_class is not MessageClass.HUMAN or reading.circumstances.quiet:
        return False
    if reading.message.forwarded or is_forward(reading.message):
        return False
    named = (*reading.message.in_reply_to, *reading.message.references)
    letters = (letter for letter in reading.known.letters.values() if letter.message_id in named)
    return any((letter.kind, letter.ticket, letter.agent) == (LetterKind.NOTIFICATION, None, None) for letter in letters)


def _tell_admin(author: Address, reading: Reading, settings: Settings) -> Iterator[Effect]:
    """At the address that the desk has of him, and not too often (L4): nothing proves that he has written."""
    queue, verdict = reading.departments.primary.key, reading.sender.authentication.verdict
    if cap_refusal(author, queue, verdict, reading.known.sent, settings) is None:
        letter = house_letter("attention", queue, Address("", author.address), settings, warnings=(f"Nothing was done: {WHAT_TO_DO}.",))
        yield from post(replace(letter, automatic=True), settings)
