"""Answers that wait in the outbox (`send_after`) while their ticket is marked as spam: they go to nobody, nor do the notices behind them,
and come back to who wrote them (MAIL.md A7). Pure.

Whoever marks it need not lead: what is spam is answered by nobody, whosever answer it is. If it is none, its author sends it after all.
"""

from collections.abc import Iterator
from dataclasses import replace

from maild.background import Background
from maild.config.settings import Settings
from maild.desk import returned_letters
from maild.desk.take_back import effects_of, tell_taken_back
from maild.effects import Decision, Effect, RecordEvent, Withhold
from maild.outbox.guard import post
from maild.posted_answer import PostedAnswer, WaitingNotice
from maild.ticket import Status, TicketView


def becomes_spam(decision: Decision) -> bool:
    """Whether a ticket on which answers may wait is spam from now on."""
    before, after = decision.before, decision.after
    return before is not None and after is not None and after.status is Status.SPAM is not before.status


def with_mail_stopped(decision: Decision, ticket: TicketView, held_back: Background, settings: Settings) -> Decision:
    """The decision by which `ticket` becomes spam, with what becomes of the answers and notices that wait on it."""
    waiting = tuple(answer for answer in held_back.answers if answer.delayed and answer.stoppable)
    unread = sum(not answer.reached for answer in waiting)
    after = replace(ticket, agent_messages=ticket.agent_messages - unread)
    stopped = (effect for answer in waiting for effect in _stop(after, answer, _find_actor(decision), settings))
    withheld = (effect for notice in held_back.notices for effect in _withhold(notice))
    return replace(decision, after=after, effects=(*decision.effects, *stopped, *withheld))


def _find_actor(decision: Decision) -> str:
    """Who has marked it, by key; "" for a rule."""
    return next((effect.by for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == "spam"), "")


def _withhold(notice: WaitingNotice) -> Iterator[Effect]:
    yield Withhold(notice.letter)
    yield RecordEvent("notice_withheld", "maild", f"{notice.template}: the ticket is spam")


def _stop(ticket: TicketView, answer: PostedAnswer, actor: str, settings: Settings) -> Iterator[Effect]:
    yield from effects_of(answer)
    yield from tell_taken_back(ticket, ticket, answer, actor or "maild")
    if author := settings.agents.get(answer.author):
        letter = returned_letters.taken_back(author, ticket, answer, settings.agents.get(actor), settings)
        yield from post(letter, settings)
