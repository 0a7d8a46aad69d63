"""Refusals: an answer the relay takes for nobody is told like one that came back (MAIL.md O6, B4), and the address remembered (B5).

Everything happens in the transaction that records the refusal, so that it is told once.
"""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.reports import UNDELIVERABLE, tell_who_answered
from maild.desk.undeliverable import effects_of_refusal
from maild.effects import Decision, Effect, IncomingState
from maild.office import Office
from maild.outbox.delivery import DeliveryState
from maild.reason import Reason
from maild.store import letters, suppressions, tickets
from maild.store.apply import apply
from maild.store.engine import Transaction
from maild.store.letters import OutboxRow
from maild.tokens import LetterKind
from maild.writing_desk import composing


def tell_of_refusal(tx: Transaction, delivery: int, office: Office, now: datetime) -> None:
    """What follows from a delivery that has failed for good; nothing from one whose failure did not count.

    Raises:
        TemplateError: the letter that tells of it cannot be written.
    """
    row = letters.show(tx, delivery)
    if row.state is not DeliveryState.FAILED:
        return
    earlier = suppressions.count_bounces(tx, (row.recipient.casefold(),), now)
    consequences = tuple(effects_of_refusal(row.recipient.casefold(), row.error, sum(earlier.values()), now))
    decision = _decide(tx, row, consequences, office.desk.settings)
    first = office.desk.settings.desk.first_number
    apply(tx, decision, now=now, compose=composing(tx, office, now), incoming=None, first_number=first)


def _decide(tx: Transaction, row: OutboxRow, consequences: tuple[Effect, ...], settings: Settings) -> Decision:
    reason = Reason("refused", row.error)
    if row.kind is not LetterKind.ANSWER or row.ticket is None:
        return Decision(IncomingState.DONE, reason, effects=consequences)
    ticket = tickets.view(tx, row.ticket)
    after = replace(ticket, tags=ticket.tags | {UNDELIVERABLE})
    told = tell_who_answered(letters.find_author(tx, row.letter), ticket, f"{row.recipient}: {row.error}", settings)
    return Decision(IncomingState.DONE, reason, ticket, after, (*consequences, *told))
