"""Recording: what no mail has caused, a command or a job, is written in the caller's transaction with what the rules make of it."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from maild.background import Behind, Sought
from maild.config.settings import Settings
from maild.consequences import with_consequences
from maild.desk.audience import agent_homes
from maild.effects import Decision
from maild.known import Known
from maild.office import Office
from maild.outbox.guard import windows
from maild.question import Question
from maild.store import backgrounds
from maild.store.apply import Applied, apply
from maild.store.engine import Transaction
from maild.store.recall import recall_about
from maild.ticket import TicketView
from maild.writing_desk import composing


def record(tx: Transaction, decision: Decision, office: Office, now: datetime) -> Applied:
    """Write everything the decision means, and ask the rules about all that happens by it (see `apply`)."""
    desk = office.desk
    whole = with_consequences(decision, desk.rules, partial(ask_about, tx, desk.settings, now), desk.settings, now)
    return apply(
        tx,
        whole,
        now=now,
        compose=composing(tx, office, now),
        incoming=None,
        first_number=desk.settings.desk.first_number,
        follow=desk.timing.follow,
    )


def ask_about(tx: Transaction, settings: Settings, now: datetime, ticket: TicketView, aspects: frozenset[Sought]) -> Known:
    """What must be known of a ticket where no mail is about it, before rules have their say (`maild.consequences`)."""
    question = Question("", agents=agent_homes(settings), queues=tuple(settings.queues), windows=windows(settings.limits))
    known = recall_about(tx, ticket, question, now)
    behind = Behind(aspects, ticket.number, ticket.requester.key)
    return replace(known, background=backgrounds.find(tx, behind, now)) if aspects else known
